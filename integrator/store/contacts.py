"""Contacts: personal and registration data, kept apart from everything shown."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select, tuple_

from integrator.listing import Contact
from integrator.store.database import chunks, insert_for
from integrator.store.tables import contact

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
