"""What identifies accounts: their facts, the keys worked out of them, and how crowded a key is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from integrator.listing import Account, Contact
from integrator.resolve.sellers import NAME, AccountFacts, Key, Ref
from integrator.store.database import chunks
from integrator.store.prepared import Prepared
from integrator.store.tables import account, contact, listing, seller_key, version

_decode_account = msgspec.json.Decoder(Account).decode


def ids_by_platform(refs: Iterable[Ref]) -> dict[str, list[str]]:
    """Account ids of each platform, in order."""
    found: dict[str, list[str]] = {}
    for platform, account_id in sorted(refs):
        found.setdefault(platform, []).append(account_id)
    return found


def load_facts(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, AccountFacts]:
    """What identifies each account; one without an account record is known by its listings."""
    found: dict[Ref, AccountFacts] = {}
    for platform, ids in ids_by_platform(refs).items():
        for piece in chunks(ids):
            found.update(_load_facts(connection, platform, piece))
    return found


def _load_facts(connection: Connection, platform: str, ids: Sequence[str]) -> dict[Ref, AccountFacts]:
    contacts: dict[str, list[Contact]] = {}
    wanted = select(contact).where(contact.c.platform == platform, contact.c.account_id.in_(ids))
    for row in connection.execute(wanted.order_by(contact.c.account_id, contact.c.source)).all():
        said = Contact(row.brn, bool(row.brn_valid), row.person, row.phone, row.email)
        contacts.setdefault(row.account_id, []).append(said)
    accounts = load_accounts(connection, [(platform, each) for each in ids])
    unknown = [each for each in ids if (platform, each) not in accounts]
    names = _names_by_listing(connection, platform, unknown)
    found: dict[Ref, AccountFacts] = {}
    for each in ids:
        known = accounts.get((platform, each))
        own = tuple(contacts.get(each, ()))
        if known is None:
            found[platform, each] = AccountFacts((platform, each), names.get(each, ()), own)
        else:
            spelled = (known.name, *known.names.values())
            found[platform, each] = AccountFacts((platform, each), spelled, own, known.homepage, known.zip)
    return found


def load_accounts(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, Account]:
    """The accounts that have a record of their own."""
    found: dict[Ref, Account] = {}
    for platform, ids in ids_by_platform(refs).items():
        for piece in chunks(ids):
            wanted = select(account.c.external_id, account.c.content).where(
                account.c.platform == platform, account.c.external_id.in_(piece)
            )
            found.update(((platform, row[0]), _decode_account(row[1])) for row in connection.execute(wanted).all())
    return found


class _AccountName(msgspec.Struct):
    account_name: str | None = None


_decode_name = msgspec.json.Decoder(_AccountName).decode


def _names_by_listing(connection: Connection, platform: str, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    if not ids:
        return {}
    found: dict[str, set[str]] = {}
    wanted = (
        select(listing.c.account_id, version.c.content)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.platform == platform, listing.c.account_id.in_(ids))
    )
    for account_id, content in connection.execute(wanted).all():
        name = _decode_name(content).account_name
        if name:
            found.setdefault(account_id, set()).add(name)
    return {account_id: tuple(sorted(names)) for account_id, names in found.items()}


def load_keys(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, frozenset[Key]]:
    """The keys each account had when it was last worked out."""
    wanted: dict[Ref, set[Key]] = {ref: set() for ref in refs}
    for platform, ids in ids_by_platform(wanted).items():
        for piece in chunks(ids):
            statement = select(seller_key.c.account_id, seller_key.c.kind, seller_key.c.value).where(
                seller_key.c.platform == platform, seller_key.c.account_id.in_(piece)
            )
            for account_id, kind, value in connection.execute(statement).all():
                wanted[platform, account_id].add((kind, value))
    return {ref: frozenset(keys) for ref, keys in wanted.items()}


_insert_key = Prepared(
    insert(seller_key).values({name: bindparam(name) for name in ("kind", "value", "platform", "account_id")}),
    "kind", "value", "platform", "account_id",
)  # fmt: skip
_here = (seller_key.c.platform == bindparam("p")) & (seller_key.c.account_id == bindparam("a"))
_delete_key = Prepared(
    delete(seller_key).where(_here, seller_key.c.kind == bindparam("k"), seller_key.c.value == bindparam("v")),
    "k", "v", "p", "a",
)  # fmt: skip


def change_keys(
    connection: Connection, before: Mapping[Ref, frozenset[Key]], after: Mapping[Ref, frozenset[Key]]
) -> None:
    """Write what differs between two states of the same accounts."""
    gone = [(*key, *ref) for ref in after for key in sorted(before.get(ref, frozenset()) - after[ref])]
    new = [(*key, *ref) for ref in after for key in sorted(after[ref] - before.get(ref, frozenset()))]
    _delete_key.many(connection, gone)
    _insert_key.many(connection, new)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many accounts, and how many names among them, hold a key."""

    holders: int
    names: int


def count_crowds(connection: Connection, keys: Iterable[Key], *, most_holders: int) -> dict[Key, Crowd]:
    """How crowded each key is. Names are counted only where they can matter: from two to `most_holders` holders."""
    found: dict[Key, Crowd] = {}
    for kind, values in _by_kind(keys).items():
        for piece in chunks(values):
            counted = (
                select(seller_key.c.value, func.count())
                .where(seller_key.c.kind == kind, seller_key.c.value.in_(piece))
                .group_by(seller_key.c.value)
            )
            holders: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted).all()}
            few = [value for value, count in holders.items() if 1 < count <= most_holders]
            names = _count_names(connection, kind, few)
            found.update({(kind, value): Crowd(count, names.get(value, 1)) for value, count in holders.items()})
    return found


def _count_names(connection: Connection, kind: str, values: Sequence[str]) -> dict[str, int]:
    # Two look-ups by index; asked for as one join, a planner without statistics walks every name there is.
    wanted = select(seller_key.c.value, seller_key.c.platform, seller_key.c.account_id).where(
        seller_key.c.kind == kind, seller_key.c.value.in_(values)
    )
    held = [(value, (platform, account_id)) for value, platform, account_id in connection.execute(wanted)]
    known = load_keys(connection, {ref for _, ref in held})
    names: dict[str, set[str]] = {}
    for value, ref in held:
        names.setdefault(value, set()).update(name for each, name in known[ref] if each == NAME)
    return {value: len(found) for value, found in names.items()}


def find_holders(connection: Connection, keys: Iterable[Key]) -> set[Ref]:
    """The accounts that hold any of these keys."""
    found: set[Ref] = set()
    for kind, values in _by_kind(keys).items():
        for piece in chunks(values):
            wanted = select(seller_key.c.platform, seller_key.c.account_id).where(
                seller_key.c.kind == kind, seller_key.c.value.in_(piece)
            )
            found.update((row[0], row[1]) for row in connection.execute(wanted).all())
    return found


def _by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, value in sorted(keys):
        found.setdefault(kind, []).append(value)
    return found
