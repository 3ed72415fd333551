"""Accounts: what is known of each, and the few writes that a record can cause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, exists, func, insert, select, update

from integrator.listing import Contact
from integrator.store.account_versions import (
    IS_PENDING,
    AccountVersion,
    add_versions,
    count_versions,
    held_in,
    supersede,
)
from integrator.store.contacts import (
    OWN,
    SaidContact,
    let_contacts_wait,
    load_own_contacts,
    load_waiting_contacts,
    save_contacts,
)
from integrator.store.database import chunks
from integrator.store.listings import StaleState
from integrator.store.prepared import Prepared
from integrator.store.tables import account, account_version, listing, version
from integrator.store.versions import VersionState, pending_in


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What the store knows of one account.

    `version` is the one shown, `pending` the one that waits; the rest is of the newest record taken in.
    """

    external_id: str
    version: int
    fingerprint: bytes
    parser_version: int
    sequence: int
    seen_run: int
    pending: int | None


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """What a record says of an account, ready to be written.

    `known` None: not known before; `contact` None: this scope may not see it.
    """

    external_id: str
    known: KnownAccount | None
    fingerprint: bytes
    parser_version: int
    raw: bytes
    content: bytes
    sequence: int
    contact: Contact | None


_KNOWN = tuple(account.c[name] for name in KnownAccount.__slots__)


def find_accounts(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, KnownAccount]:
    """The accounts known among these ids, by id."""
    wanted = select(*_KNOWN).where(
        account.c.platform == platform, account.c.external_id.in_(bindparam("ids", expanding=True))
    )
    found: dict[str, KnownAccount] = {}
    for piece in chunks(external_ids):
        for row in connection.execute(wanted, {"ids": piece}):
            found[row[0]] = KnownAccount(*tuple(row))
    return found


def find_unknown_accounts(connection: Connection, platform: str, *, run: int | None, limit: int) -> list[str]:
    """Accounts that versions pending in a run name (None: that any listing names) and of which no record came."""
    if run is None:
        named = select(listing.c.account_id).where(listing.c.platform == platform)
    else:
        named = select(version.c.account_id).where(pending_in(run), version.c.account_id.is_not(None))
    (account_id,) = named.selected_columns
    is_known = exists().where(account.c.platform == platform, account.c.external_id == account_id)
    wanted = named.where(~is_known, account_id != "").distinct().order_by(account_id).limit(limit)
    return list(connection.execute(wanted).scalars())


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


def add_accounts(
    connection: Connection, platform: str, said: Sequence[AccountStatement], *, run: int, now: float
) -> None:
    """Accounts never seen. They are shown at once: there is nothing that they could spoil."""
    rows = [
        (
            platform, each.external_id, 1, each.fingerprint, each.parser_version, each.raw, each.content,
            each.sequence, run, now, now,
        )
        for each in said
    ]  # fmt: skip
    _insert_account.many(connection, rows)
    numbered = [(each, 1) for each in said]
    _write_versions(connection, platform, numbered, run=run, now=now, state=VersionState.RELEASED)


# Nobody wrote since the state was read.
_AS_READ = (
    account.c.platform == bindparam("of"),
    account.c.external_id == bindparam("id"),
    account.c.version == bindparam("was_version"),
    func.coalesce(account.c.pending, 0) == bindparam("was_pending"),
)

_READ = ("fingerprint", "parser_version", "sequence", "seen_run")
_SHOWN = ("version", "raw", "content", "changed_at")

_show = Prepared(
    update(account)
    .where(*_AS_READ)
    .values({name: bindparam(f"to_{name}") for name in (*_READ, *_SHOWN)} | {"pending": None}),
    *(f"to_{name}" for name in (*_READ, *_SHOWN)), "of", "id", "was_version", "was_pending",
)  # fmt: skip

_let_wait = Prepared(
    update(account).where(*_AS_READ).values({name: bindparam(f"to_{name}") for name in (*_READ, "pending")}),
    *(f"to_{name}" for name in (*_READ, "pending")), "of", "id", "was_version", "was_pending",
)  # fmt: skip

_confirm = Prepared(
    update(account).where(*_AS_READ).values({name: bindparam(f"to_{name}") for name in _READ}),
    *(f"to_{name}" for name in _READ), "of", "id", "was_version", "was_pending",
)  # fmt: skip


def change_accounts(
    connection: Connection,
    platform: str,
    said: Sequence[AccountStatement],
    *,
    run: int,
    now: float,
    state: VersionState,
) -> None:
    """Another version of known accounts, in `state`; what waited until now is superseded. Raises StaleState."""
    if not said:
        return
    numbers = count_versions(connection, platform, [each.external_id for each in said])
    # An account of a database older than its versions has none of them, and yet a number.
    numbered = [(each, max(numbers.get(each.external_id, 0), _as_read(platform, each)[2]) + 1) for each in said]
    if state is VersionState.RELEASED:
        shown = [
            (*_read(each, run), number, each.raw, each.content, now, *_as_read(platform, each))
            for each, number in numbered
        ]
        touched = _show.many(connection, shown)
    else:
        waiting = [(*_read(each, run), number, *_as_read(platform, each)) for each, number in numbered]
        touched = _let_wait.many(connection, waiting)
    if touched != len(said):
        raise StaleState
    supersede(connection, [(platform, each.external_id, each.known.pending) for each in said if each.known])
    _write_versions(connection, platform, numbered, run=run, now=now, state=state)


def confirm_accounts(connection: Connection, platform: str, said: Sequence[AccountStatement], *, run: int) -> None:
    """Records that read differently and yet say nothing new: remember how they read. Raises StaleState."""
    rows = [(*_read(each, run), *_as_read(platform, each)) for each in said]
    if _confirm.many(connection, rows) != len(rows):
        raise StaleState


def _write_versions(
    connection: Connection,
    platform: str,
    numbered: Sequence[tuple[AccountStatement, int]],
    *,
    run: int,
    now: float,
    state: VersionState,
) -> None:
    versions = [
        AccountVersion(
            platform, each.external_id, number, each.fingerprint, each.parser_version, each.raw, each.content,
            each.sequence,
        )
        for each, number in numbered
    ]  # fmt: skip
    add_versions(connection, versions, run=run, now=now, state=state)
    contacts = [SaidContact(OWN, each.external_id, each.contact) for each, _ in numbered if each.contact is not None]
    keep = save_contacts if state is VersionState.RELEASED else let_contacts_wait
    keep(connection, platform, contacts)


def _read(said: AccountStatement, run: int) -> tuple[bytes, int, int, int]:
    return said.fingerprint, said.parser_version, said.sequence, run


def _as_read(platform: str, said: AccountStatement) -> tuple[str, str, int, int]:
    known = said.known
    return platform, said.external_id, known.version if known else 0, (known.pending or 0) if known else 0


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """What is stored of an account: Account as JSON, and its contact, which is kept apart."""

    content: bytes
    contact: Contact


def load_newest_accounts(
    connection: Connection, platform: str, external_ids: Sequence[str]
) -> dict[str, StoredAccount]:
    """Accounts by id: what waits for release, else what is shown."""
    found: dict[str, bytes] = {}
    for piece in chunks(external_ids):
        here = (account.c.platform == platform) & account.c.external_id.in_(piece)
        wanted = (
            select(account.c.external_id, func.coalesce(account_version.c.content, account.c.content))
            .outerjoin(account_version, IS_PENDING)
            .where(here)
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    contacts = load_own_contacts(connection, platform, external_ids)
    contacts |= load_waiting_contacts(connection, platform, external_ids)
    return {each: StoredAccount(content, contacts.get(each, Contact())) for each, content in found.items()}


def load_shown_accounts(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, StoredAccount]:
    """Accounts by id: what is shown, whatever waits."""
    found: dict[str, bytes] = {}
    for piece in chunks(external_ids):
        here = (account.c.platform == platform) & account.c.external_id.in_(piece)
        found.update(
            (row[0], row[1]) for row in connection.execute(select(account.c.external_id, account.c.content).where(here))
        )
    contacts = load_own_contacts(connection, platform, external_ids)
    return {each: StoredAccount(content, contacts.get(each, Contact())) for each, content in found.items()}


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """Where the newest record of an account is kept, and what it was read as."""

    external_id: str
    sequence: int
    raw: bytes
    content: bytes


def list_kept_accounts(connection: Connection, platform: str, *, after: str, limit: int) -> list[KeptAccount]:
    """Accounts after this id, in its order."""
    newest = (func.coalesce(account_version.c[name], account.c[name]) for name in ("raw", "content"))
    wanted = (
        select(account.c.external_id, account.c.sequence, *newest)
        .outerjoin(account_version, IS_PENDING)
        .where(account.c.platform == platform, account.c.external_id > after)
        .order_by(account.c.external_id)
        .limit(limit)
    )
    return [KeptAccount(*row) for row in connection.execute(wanted)]


def list_held_accounts(
    connection: Connection, hold: int, *, after: str, limit: int, read_by: int | None = None
) -> list[KeptAccount]:
    """Accounts after this id with a version in a hold; `read_by`: of those that this parser version has read."""
    wanted = (
        select(account.c.external_id, account.c.sequence, account_version.c.raw, account_version.c.content)
        .join(account_version, IS_PENDING)
        .where(held_in(hold), account.c.external_id > after)
        .order_by(account.c.external_id)
        .limit(limit)
    )
    if read_by is not None:
        wanted = wanted.where(account.c.parser_version == read_by)
    return [KeptAccount(*row) for row in connection.execute(wanted)]
