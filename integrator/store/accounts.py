"""Accounts, and the contacts that are kept apart from everything shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, tuple_, update

from integrator.listing import Contact
from integrator.store.database import Prepared, chunks, insert_for
from integrator.store.listings import StaleState
from integrator.store.tables import account, contact


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What the store knows of one account."""

    external_id: str
    version: int
    fingerprint: bytes
    parser_version: int
    sequence: int
    seen_run: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """What a record says of an account, ready to be written. `was_version` 0: not known before."""

    external_id: str
    was_version: int
    fingerprint: bytes
    parser_version: int
    raw: bytes
    content: bytes
    sequence: int


def find_accounts(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, KnownAccount]:
    """The accounts known among these ids, by id."""
    wanted = select(
        account.c.external_id,
        account.c.version,
        account.c.fingerprint,
        account.c.parser_version,
        account.c.sequence,
        account.c.seen_run,
    ).where(account.c.platform == platform, account.c.external_id.in_(bindparam("ids", expanding=True)))
    found: dict[str, KnownAccount] = {}
    for piece in chunks(external_ids):
        for row in connection.execute(wanted, {"ids": piece}):
            found[row[0]] = KnownAccount(*tuple(row))
    return found


_mark_seen = Prepared(
    update(account)
    .where(account.c.platform == bindparam("of"), account.c.external_id == bindparam("id"))
    .values(seen_run=bindparam("run"), sequence=bindparam("number")),
    "run", "number", "of", "id",
)  # fmt: skip


def mark_accounts_seen(
    connection: Connection, platform: str, sightings: Iterable[tuple[str, int]], *, run: int
) -> None:
    """This run saw these accounts: (id, sequence) pairs."""
    _mark_seen.many(connection, [(run, sequence, platform, external_id) for external_id, sequence in sightings])


_ROW = (
    "platform", "external_id", "version", "fingerprint", "parser_version", "raw", "content", "sequence", "seen_run",
    "first_seen_at", "changed_at",
)  # fmt: skip

_insert_account = Prepared(insert(account).values({name: bindparam(name) for name in _ROW}), *_ROW)

_SAID = ("version", "fingerprint", "parser_version", "raw", "content", "sequence", "seen_run", "changed_at")

_change_account = Prepared(
    update(account)
    .where(
        account.c.platform == bindparam("of"),
        account.c.external_id == bindparam("id"),
        account.c.version == bindparam("was_version"),
    )
    .values({name: bindparam(f"to_{name}") for name in _SAID}),
    *(f"to_{name}" for name in _SAID), "of", "id", "was_version",
)  # fmt: skip


def save_accounts(
    connection: Connection, platform: str, said: Sequence[AccountStatement], *, run: int, now: float
) -> None:
    """New accounts, and another version of known ones. Raises StaleState."""
    new = [
        (
            platform, each.external_id, 1, each.fingerprint, each.parser_version, each.raw, each.content,
            each.sequence, run, now, now,
        )
        for each in said
        if each.was_version == 0
    ]  # fmt: skip
    changed = [
        (
            each.was_version + 1, each.fingerprint, each.parser_version, each.raw, each.content, each.sequence, run,
            now, platform, each.external_id, each.was_version,
        )
        for each in said
        if each.was_version
    ]  # fmt: skip
    _insert_account.many(connection, new)
    if _change_account.many(connection, changed) != len(changed):
        raise StaleState


def load_account_contents(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, bytes]:
    """Account as JSON, by id."""
    found: dict[str, bytes] = {}
    for piece in chunks(external_ids):
        wanted = select(account.c.external_id, account.c.content).where(
            account.c.platform == platform, account.c.external_id.in_(piece)
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """Where an account's record is kept."""

    external_id: str
    sequence: int
    raw: bytes


def list_kept_accounts(connection: Connection, platform: str, *, after: str, limit: int) -> list[KeptAccount]:
    """Accounts after this id, in its order."""
    wanted = (
        select(account.c.external_id, account.c.sequence, account.c.raw)
        .where(account.c.platform == platform, account.c.external_id > after)
        .order_by(account.c.external_id)
        .limit(limit)
    )
    return [KeptAccount(*row) for row in connection.execute(wanted)]


# Contacts ------------------------------------------------------------------------------------------------------------

FROM_ACCOUNT = "account"
FROM_LISTING = "listing"


def save_contacts(connection: Connection, platform: str, contacts: Mapping[tuple[str, str], Contact]) -> set[str]:
    """Keep contacts by (account id, source); gives the accounts whose contact is another than before.

    A listing's contact only adds to what other listings of the account said: a valid registration number beats another,
    two of one rank are settled by their text, so that the order of arrival does not matter.
    """
    if not contacts:
        return set()
    before = _load_contacts(connection, platform, list(contacts))
    changed = {}
    for place, said in contacts.items():
        old = before.get(place)
        merged = _merge_contact(old, said) if old is not None and place[1] == FROM_LISTING else said
        if merged != old:
            changed[place] = merged
    if changed:
        _upsert_contacts(connection, platform, changed)
    return {account_id for account_id, _ in changed}


def _load_contacts(
    connection: Connection, platform: str, places: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Contact]:
    found: dict[tuple[str, str], Contact] = {}
    for piece in chunks(places, 400):
        wanted = select(contact).where(
            contact.c.platform == platform, tuple_(contact.c.account_id, contact.c.source).in_(piece)
        )
        for row in connection.execute(wanted):
            found[row.account_id, row.source] = Contact(
                brn=row.brn, brn_valid=row.brn_valid, person=row.person, phone=row.phone, email=row.email
            )
    return found


def _merge_contact(old: Contact, new: Contact) -> Contact:
    first = max((each for each in (old, new) if each.brn), key=lambda each: (each.brn_valid, each.brn), default=old)
    return Contact(
        brn=first.brn,
        brn_valid=first.brn_valid,
        person=max(old.person or "", new.person or "") or None,
        phone=max(old.phone or "", new.phone or "") or None,
        email=max(old.email or "", new.email or "") or None,
    )


def _upsert_contacts(connection: Connection, platform: str, contacts: Mapping[tuple[str, str], Contact]) -> None:
    statement = insert_for(connection, contact)
    said = ("brn", "brn_valid", "person", "phone", "email")
    statement = statement.on_conflict_do_update(
        index_elements=[contact.c.platform, contact.c.account_id, contact.c.source],
        set_={name: statement.excluded[name] for name in said},
    )
    rows = [
        {
            "platform": platform,
            "account_id": account_id,
            "source": source,
            **{name: getattr(each, name) for name in said},
        }
        for (account_id, source), each in contacts.items()
    ]
    connection.execute(statement, rows)
