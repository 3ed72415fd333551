"""Contacts: personal and registration data, kept apart from everything shown.

What a version says of its account's contact waits with it: it is saved when the version is released, and dropped when
that will never be. At most one version of a listing or an account waits, so its key is enough.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, insert, select, tuple_

from integrator.listing import Contact
from integrator.store.database import chunks, insert_for
from integrator.store.tables import contact, waiting_contact

FROM_ACCOUNT = "account"
FROM_LISTING = "listing"

# The key of what an account's own record says: no listing has it.
OWN = 0

_FIELDS = Contact.__slots__
_NOTHING = Contact()


@dataclass(frozen=True, slots=True)
class SaidContact:
    """What one version says of an account's contact. `listing_key`: OWN for the account's own record."""

    listing_key: int
    account_id: str
    contact: Contact

    @property
    def source(self) -> str:
        return FROM_ACCOUNT if self.listing_key == OWN else FROM_LISTING


def save_contacts(connection: Connection, platform: str, said: Iterable[SaidContact]) -> None:
    """Keep what released versions say; what is kept already is not written again.

    An account's own record takes the place of its last one. A listing's contact only adds to what other listings of the
    account said: a valid registration number beats another, two of one rank are settled by their text, so that the
    order of arrival does not matter.
    """
    spoken = list(said)
    before = _load(connection, platform, spoken)
    after = dict(before)
    for each in spoken:
        place = each.account_id, each.source
        after[place] = _add(after.get(place), each)
    changed = {place: each for place, each in after.items() if each != before.get(place, _NOTHING)}
    if changed:
        _upsert(connection, platform, changed)


def let_contacts_wait(connection: Connection, platform: str, said: Iterable[SaidContact]) -> None:
    """Keep what versions that wait say, apart from what is saved. What would change nothing does not wait."""
    spoken = list(said)
    saved = _load(connection, platform, spoken)
    rows = []
    for each in spoken:
        old = saved.get((each.account_id, each.source))
        if _add(old, each) != (old or _NOTHING):
            here = {"listing_key": each.listing_key, "platform": platform, "account_id": each.account_id}
            rows.append({**here, **_values(each.contact)})
    if rows:
        connection.execute(insert(waiting_contact), rows)


# Released or never ---------------------------------------------------------------------------------------------------


def of_listings(keys: Sequence[int]) -> Iterator[ColumnElement[bool]]:
    """What the waiting versions of these listings say, in pieces."""
    for piece in chunks(keys):
        yield waiting_contact.c.listing_key.in_(piece)


def of_accounts(refs: Sequence[tuple[str, str]]) -> Iterator[ColumnElement[bool]]:
    """What the waiting versions of these accounts say, by (platform, id), in pieces."""
    ref = tuple_(waiting_contact.c.platform, waiting_contact.c.account_id)
    for piece in chunks(refs, 400):
        yield (waiting_contact.c.listing_key == OWN) & ref.in_(piece)


def release_contacts(connection: Connection, pieces: Iterable[ColumnElement[bool]]) -> None:
    """The versions that these waited with are released."""
    for piece in pieces:
        by_platform: dict[str, list[SaidContact]] = {}
        for row in connection.execute(select(waiting_contact).where(piece)).all():
            said = SaidContact(row.listing_key, row.account_id, _contact_of(row))
            by_platform.setdefault(row.platform, []).append(said)
        for platform, spoken in by_platform.items():
            save_contacts(connection, platform, spoken)
        if by_platform:
            connection.execute(delete(waiting_contact).where(piece))


def drop_contacts(connection: Connection, pieces: Iterable[ColumnElement[bool]]) -> None:
    """The versions that these waited with will never be released."""
    for piece in pieces:
        connection.execute(delete(waiting_contact).where(piece))


# Reading -------------------------------------------------------------------------------------------------------------


def load_own_contacts(connection: Connection, platform: str, account_ids: Sequence[str]) -> dict[str, Contact]:
    """What these accounts' own records said when they were released last, by id."""
    return _load_own(connection, contact, contact.c.source == FROM_ACCOUNT, platform, account_ids)


def load_waiting_contacts(connection: Connection, platform: str, account_ids: Sequence[str]) -> dict[str, Contact]:
    """What waiting versions of these accounts say otherwise, by id."""
    return _load_own(connection, waiting_contact, waiting_contact.c.listing_key == OWN, platform, account_ids)


def _load_own(
    connection: Connection, table: Table, own: ColumnElement[bool], platform: str, account_ids: Sequence[str]
) -> dict[str, Contact]:
    found: dict[str, Contact] = {}
    for piece in chunks(account_ids):
        wanted = select(table).where(own, table.c.platform == platform, table.c.account_id.in_(piece))
        found.update((row.account_id, _contact_of(row)) for row in connection.execute(wanted))
    return found


def _load(connection: Connection, platform: str, said: Sequence[SaidContact]) -> dict[tuple[str, str], Contact]:
    found: dict[tuple[str, str], Contact] = {}
    for piece in chunks(sorted({(each.account_id, each.source) for each in said}), 400):
        wanted = select(contact).where(
            contact.c.platform == platform, tuple_(contact.c.account_id, contact.c.source).in_(piece)
        )
        for row in connection.execute(wanted.with_for_update()):
            found[row.account_id, row.source] = _contact_of(row)
    return found


def _contact_of(row: Row[tuple[object, ...]]) -> Contact:
    return Contact(brn=row.brn, brn_valid=row.brn_valid, person=row.person, phone=row.phone, email=row.email)


# Writing -------------------------------------------------------------------------------------------------------------


def _add(old: Contact | None, said: SaidContact) -> Contact:
    if old is None or said.source == FROM_ACCOUNT:
        return said.contact
    new = said.contact
    first = max((each for each in (old, new) if each.brn), key=lambda each: (each.brn_valid, each.brn), default=old)
    return Contact(
        brn=first.brn,
        brn_valid=first.brn_valid,
        person=max(old.person or "", new.person or "") or None,
        phone=max(old.phone or "", new.phone or "") or None,
        email=max(old.email or "", new.email or "") or None,
    )


def _upsert(connection: Connection, platform: str, contacts: Mapping[tuple[str, str], Contact]) -> None:
    statement = insert_for(connection, contact)
    statement = statement.on_conflict_do_update(
        index_elements=[contact.c.platform, contact.c.account_id, contact.c.source],
        set_={name: statement.excluded[name] for name in _FIELDS},
    )
    rows = [
        {"platform": platform, "account_id": account_id, "source": source, **_values(each)}
        for (account_id, source), each in sorted(contacts.items(), key=lambda item: item[0])
    ]
    connection.execute(statement, rows)


def _values(said: Contact) -> dict[str, object]:
    return {name: getattr(said, name) for name in _FIELDS}
