"""Statements of resolving: keys, sellers, ledger, edges, judgements, products and their listings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from integrator.listing import Account, Contact
from integrator.product import Receipt, Seller
from integrator.resolve.judgements import Judgement
from integrator.resolve.members import RawMember
from integrator.resolve.sellers import NAME, AccountFacts, Key, Ref
from integrator.store.database import Prepared, chunks, insert_for
from integrator.store.tables import (
    account,
    category_guess,
    contact,
    detail,
    edge,
    judgement,
    ledger,
    listing,
    product,
    product_listing,
    seller,
    seller_account,
    seller_key,
    version,
)

_decode_account = msgspec.json.Decoder(Account).decode
_encode = msgspec.json.encode


def _by_platform(refs: Iterable[Ref]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for platform, account_id in sorted(refs):
        found.setdefault(platform, []).append(account_id)
    return found


# Accounts and their keys ---------------------------------------------------------------------------------------------


def load_facts(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, AccountFacts]:
    """What identifies each account; one without an account record is known by its listings."""
    found: dict[Ref, AccountFacts] = {}
    for platform, ids in _by_platform(refs).items():
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
    for platform, ids in _by_platform(refs).items():
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
    for platform, ids in _by_platform(wanted).items():
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


# Sellers -------------------------------------------------------------------------------------------------------------


def load_seller_ids(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, str]:
    """The seller each account belongs to now."""
    found: dict[Ref, str] = {}
    for platform, ids in _by_platform(refs).items():
        for piece in chunks(ids):
            wanted = select(seller_account.c.account_id, seller_account.c.seller_id).where(
                seller_account.c.platform == platform, seller_account.c.account_id.in_(piece)
            )
            found.update(((platform, row[0]), row[1]) for row in connection.execute(wanted).all())
    return found


def load_seller_accounts(connection: Connection, seller_ids: Iterable[str]) -> dict[str, list[Ref]]:
    """The accounts of each seller, in order."""
    found: dict[str, list[Ref]] = {}
    for piece in chunks(sorted(set(seller_ids))):
        wanted = select(seller_account).where(seller_account.c.seller_id.in_(piece))
        for row in connection.execute(wanted).all():
            found.setdefault(row.seller_id, []).append((row.platform, row.account_id))
    return {seller_id: sorted(refs) for seller_id, refs in found.items()}


def save_sellers(connection: Connection, sellers: Sequence[Seller], *, now: float) -> None:
    """Write sellers and whose accounts are theirs; their products are to be worked out again."""
    if not sellers:
        return
    statement = insert_for(connection, seller)
    changed = {name: statement.excluded[name] for name in ("content", "partition", "updated_at")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[seller.c.id], set_=changed),
        [{"id": each.seller_id, "content": _encode(each), "partition": None, "updated_at": now} for each in sellers],
    )
    owned = insert_for(connection, seller_account)
    owned = owned.on_conflict_do_update(
        index_elements=[seller_account.c.platform, seller_account.c.account_id],
        set_={"seller_id": owned.excluded.seller_id},
    )
    rows = [
        {"platform": platform, "account_id": account_id, "seller_id": each.seller_id}
        for each in sellers
        for platform, account_id in each.accounts
    ]
    connection.execute(owned, rows)


def delete_sellers(connection: Connection, seller_ids: Iterable[str]) -> None:
    """Sellers whose accounts all went to others; their pairs are decided anew under those."""
    for piece in chunks(sorted(set(seller_ids))):
        connection.execute(delete(edge).where(edge.c.seller_id.in_(piece)))
        connection.execute(delete(seller).where(seller.c.id.in_(piece)))


def load_sellers(connection: Connection, seller_ids: Iterable[str]) -> dict[str, tuple[Seller, bytes | None]]:
    """Sellers with the digest their products were last worked out from."""
    decode = msgspec.json.Decoder(Seller).decode
    found: dict[str, tuple[Seller, bytes | None]] = {}
    for piece in chunks(sorted(set(seller_ids))):
        wanted = select(seller.c.id, seller.c.content, seller.c.partition).where(seller.c.id.in_(piece))
        found.update((row[0], (decode(row[1]), row[2])) for row in connection.execute(wanted).all())
    return found


def unsettled_sellers(connection: Connection) -> list[str]:
    """Sellers whose products are still to be worked out."""
    return list(connection.execute(select(seller.c.id).where(seller.c.partition.is_(None))).scalars())


_settle = Prepared(
    update(seller).where(seller.c.id == bindparam("of")).values(partition=bindparam("digest")), "digest", "of"
)


def settle_sellers(connection: Connection, digests: Mapping[str, bytes]) -> None:
    """These sellers' products are worked out from states with these digests."""
    _settle.many(connection, [(digest, seller_id) for seller_id, digest in digests.items()])


# Listings of sellers -------------------------------------------------------------------------------------------------


def load_members(connection: Connection, refs: Iterable[Ref]) -> list[tuple[Ref, RawMember]]:
    """Live listings of these accounts, each with its account."""
    found: list[tuple[Ref, RawMember]] = []
    for platform, ids in _by_platform(refs).items():
        for piece in chunks(ids):
            wanted = (
                select(
                    listing.c.account_id,
                    listing.c.key,
                    listing.c.platform,
                    listing.c.external_id,
                    listing.c.generation,
                    listing.c.visible,
                    listing.c.seen_at,
                    listing.c.rejected_at.is_not(None),
                    version.c.content,
                    detail.c.content,
                    product_listing.c.product_id,
                    version.c.version,
                )
                .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
                .outerjoin(detail, detail.c.listing_key == listing.c.key)
                .outerjoin(product_listing, product_listing.c.listing_key == listing.c.key)
                .where(listing.c.platform == platform, listing.c.account_id.in_(piece), listing.c.state == "live")
            )
            for account_id, *row in connection.execute(wanted).all():
                found.append(((platform, account_id), RawMember(*row)))
    return found


def find_account_of(connection: Connection, platform: str, external_id: str) -> str | None:
    """The account that lists, or last listed, this id."""
    wanted = select(listing.c.account_id).where(listing.c.platform == platform, listing.c.external_id == external_id)
    return connection.execute(wanted.order_by(listing.c.generation.desc()).limit(1)).scalar_one_or_none()


# Ledger --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One id ever given."""

    id: str
    founder: str
    minted_at: float
    leads_to: str | None
    retired_at: float | None


def load_ledger(connection: Connection, ids: Iterable[str]) -> dict[str, LedgerRow]:
    """What the ledger knows of these ids."""
    found: dict[str, LedgerRow] = {}
    columns = (ledger.c.id, ledger.c.founder, ledger.c.minted_at, ledger.c.leads_to, ledger.c.retired_at)
    for piece in chunks(sorted(set(ids))):
        found.update(
            (row[0], LedgerRow(*row)) for row in connection.execute(select(*columns).where(ledger.c.id.in_(piece)))
        )
    return found


_mint = Prepared(
    insert(ledger).values({name: bindparam(name) for name in ("id", "kind", "founder", "minted_at")}),
    "id", "kind", "founder", "minted_at",
)  # fmt: skip


def write_minted(connection: Connection, kind: str, founders: Mapping[str, str], *, now: float) -> None:
    """New ids with their founders."""
    _mint.many(connection, [(each, kind, founder, now) for each, founder in founders.items()])


def revive(connection: Connection, ids: Iterable[str]) -> None:
    """Ids that had ended, leading nowhere, live again with their own founder."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(update(ledger).where(ledger.c.id.in_(piece)).values(retired_at=None))


def redirect(connection: Connection, leads: Mapping[str, str], *, now: float) -> None:
    """Retire ids in favour of others; whatever led to them leads on in one hop."""
    for old, new in sorted(leads.items()):
        connection.execute(update(ledger).where(ledger.c.id == old).values(leads_to=new, retired_at=now))
        connection.execute(update(ledger).where(ledger.c.leads_to == old).values(leads_to=new))


def retire(connection: Connection, ids: Iterable[str], *, now: float) -> None:
    """Ids whose things have ended without a successor."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(update(ledger).where(ledger.c.id.in_(piece)).values(retired_at=now))


# Edges and judgements ------------------------------------------------------------------------------------------------

_EDGE = ("kind", "left", "right", "seller_id", "verdict", "score", "release", "receipt", "decided_at")
_delete_edge = Prepared(
    delete(edge).where(
        edge.c.kind == bindparam("k"),
        edge.c.left == bindparam("l"),
        edge.c.right == bindparam("r"),
        edge.c.seller_id == bindparam("of"),
    ),
    "k", "l", "r", "of",
)  # fmt: skip


def replace_edges(
    connection: Connection, kind: str, edges: Iterable[tuple[str, Receipt]], sellers: Iterable[str], *, now: float
) -> int:
    """These are all edges of these sellers now: (seller id, receipt) pairs. An unchanged edge keeps its day."""
    gone: dict[tuple[str, str, str], bytes] = {}
    for piece in chunks(sorted(set(sellers))):
        # By seller alone: asked for the kind too, a planner without statistics walks every edge of it.
        wanted = select(edge.c.left, edge.c.right, edge.c.seller_id, edge.c.receipt, edge.c.kind)
        rows_of = connection.execute(wanted.where(edge.c.seller_id.in_(piece))).all()
        gone.update(((row[0], row[1], row[2]), row[3]) for row in rows_of if row[4] == kind)
    rows = []
    count = 0
    for seller_id, each in edges:
        body = _encode(each)
        count += 1
        if gone.pop((each.left, each.right, seller_id), None) != body:
            rows.append((kind, each.left, each.right, seller_id, each.verdict, each.score, each.release, body, now))
    _delete_edge.many(connection, [(kind, *place) for place in gone])
    # A pair whose accounts moved may still stand under their former seller.
    statement = insert_for(connection, edge).values({name: bindparam(name) for name in _EDGE})
    news = {name: statement.excluded[name] for name in _EDGE[3:]}
    statement = statement.on_conflict_do_update(index_elements=[edge.c.kind, edge.c.left, edge.c.right], set_=news)
    Prepared(statement, *_EDGE).many(connection, rows)
    return count


def add_judgement(connection: Connection, new: Judgement) -> None:
    """Keep what a person said."""
    values = {name: getattr(new, name) for name in ("kind", "left", "right", "verdict", "by", "reason", "at")}
    connection.execute(insert(judgement).values(**values))


def load_judgements(connection: Connection, kind: str, things: Iterable[str]) -> list[Judgement]:
    """Judgements on pairs that touch any of these ('platform:id'), in the order they were made."""
    found: dict[int, Judgement] = {}
    for piece in chunks(sorted(set(things))):
        for side in (judgement.c.left, judgement.c.right):
            for row in connection.execute(select(judgement).where(judgement.c.kind == kind, side.in_(piece))):
                found[row.id] = Judgement(row.kind, row.left, row.right, row.verdict, row.by, row.reason, row.at)
    return [found[number] for number in sorted(found)]


def has_judgements(connection: Connection, kind: str) -> bool:
    """Whether anybody ever judged anything of this kind: the usual day skips looking them up."""
    return connection.execute(select(judgement.c.id).where(judgement.c.kind == kind).limit(1)).first() is not None


# Products ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product ready to be written."""

    id: str
    seller_id: str
    visible: bool
    heading: str | None
    content: bytes
    digest: bytes
    made_from: bytes


def save_products(
    connection: Connection, rows: Sequence[ProductRow], listings: Sequence[tuple[int, str]], *, now: float
) -> None:
    """Write products and which listings are theirs."""
    if not rows:
        return
    fields = ("seller_id", "visible", "heading", "content", "digest", "made_from", "updated_at")
    statement = insert_for(connection, product).values({name: bindparam(name) for name in ("id", *fields)})
    statement = statement.on_conflict_do_update(
        index_elements=[product.c.id], set_={name: statement.excluded[name] for name in fields}
    )
    Prepared(statement, "id", *fields).many(
        connection, [(r.id, r.seller_id, r.visible, r.heading, r.content, r.digest, r.made_from, now) for r in rows]
    )
    owned = insert_for(connection, product_listing).values(
        {name: bindparam(name) for name in ("listing_key", "product_id")}
    )
    owned = owned.on_conflict_do_update(
        index_elements=[product_listing.c.listing_key], set_={"product_id": owned.excluded.product_id}
    )
    Prepared(owned, "listing_key", "product_id").many(connection, listings)


def find_products_of(connection: Connection, seller_ids: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """Ids of these sellers' products, with the seller and whether each is visible."""
    found: dict[str, tuple[str, bool]] = {}
    for piece in chunks(sorted(set(seller_ids))):
        wanted = select(product.c.id, product.c.seller_id, product.c.visible).where(product.c.seller_id.in_(piece))
        found.update((row[0], (row[1], row[2])) for row in connection.execute(wanted).all())
    return found


def load_made_from(connection: Connection, product_ids: Iterable[str]) -> dict[str, bytes]:
    """The digest of what each of these products was made from."""
    found: dict[str, bytes] = {}
    for piece in chunks(sorted(set(product_ids))):
        wanted = select(product.c.id, product.c.made_from).where(product.c.id.in_(piece))
        found.update((row[0], row[1]) for row in connection.execute(wanted).all())
    return found


def count_members(connection: Connection, product_ids: Iterable[str]) -> dict[str, int]:
    """How many live listings each of these products has now."""
    found: dict[str, int] = {}
    for piece in chunks(sorted(set(product_ids))):
        wanted = (
            select(product_listing.c.product_id, func.count())
            .join(listing, listing.c.key == product_listing.c.listing_key)
            .where(product_listing.c.product_id.in_(piece), listing.c.state == "live")
            .group_by(product_listing.c.product_id)
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted).all())
    return found


def hide_products(connection: Connection, ids: Iterable[str], *, now: float) -> None:
    """Products that nobody lists any more: the row stays for its page, without listings."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(update(product).where(product.c.id.in_(piece)).values(visible=False, updated_at=now))
        connection.execute(delete(product_listing).where(product_listing.c.product_id.in_(piece)))


def delete_products(connection: Connection, ids: Iterable[str]) -> None:
    """Products that were merged into others."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(delete(product).where(product.c.id.in_(piece)))


def drop_gone_listings(connection: Connection, product_ids: Iterable[str]) -> None:
    """Take listings that no longer live out of these products."""
    here = product_listing.c.listing_key == listing.c.key
    for piece in chunks(sorted(set(product_ids))):
        wanted = select(listing.c.key).join(product_listing, here)
        wanted = wanted.where(product_listing.c.product_id.in_(piece), listing.c.state != "live")
        for gone in chunks(connection.execute(wanted).scalars().all()):
            connection.execute(delete(product_listing).where(product_listing.c.listing_key.in_(gone)))


# Category table ------------------------------------------------------------------------------------------------------


def load_guess_counts(connection: Connection) -> list[tuple[str, str, str, int]]:
    """(platform, category code, heading, count)."""
    columns = (category_guess.c.platform, category_guess.c.code, category_guess.c.heading, category_guess.c.count)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(select(*columns))]


def replace_guess_counts(connection: Connection, counts: Mapping[tuple[str, str, str], int]) -> None:
    """Another table of what platform categories mean."""
    connection.execute(delete(category_guess))
    rows = [
        {"platform": platform, "code": code, "heading": heading, "count": count}
        for (platform, code, heading), count in sorted(counts.items())
    ]
    if rows:
        connection.execute(insert(category_guess), rows)


def sample_contents(connection: Connection, *, most: int) -> Iterator[bytes]:
    """Contents of the first released live listings, for the category table."""
    wanted = (
        select(version.c.content)
        .join(listing, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.state == "live")
        .order_by(listing.c.key)
        .limit(most)
    )
    yield from connection.execute(wanted.execution_options(yield_per=1_000)).scalars()


def count_live(connection: Connection) -> int:
    """How many listings live."""
    return int(
        connection.execute(select(func.count()).select_from(listing).where(listing.c.state == "live")).scalar_one()
    )
