"""The read side: products for pages, and streams for exports. Nothing here writes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_

from integrator.errors import UnknownProduct
from integrator.listing import Listing
from integrator.product import Product, Receipt, Seller
from integrator.store.database import Database
from integrator.store.tables import (
    edge,
    judgement,
    ledger,
    listing,
    product,
    product_listing,
    seller,
    seller_account,
    version,
)

_decode_product = msgspec.json.Decoder(Product).decode
_decode_receipt = msgspec.json.Decoder(Receipt).decode
_decode_seller = msgspec.json.Decoder(Seller).decode
_decode_listing = msgspec.json.Decoder(Listing).decode

# Rows fetched at a time by a stream; each fetch is a short transaction of its own, so that a slow reader blocks nobody.
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Redirect:
    """An old id: the product lives on under `to`, one hop away."""

    to: str


def load_product(connection: Connection, product_id: str) -> Product | Redirect | None:
    """The product under this id with today's ages, where it went, or None for an id never given."""
    content = connection.execute(
        select(product.c.content, product.c.visible).where(product.c.id == product_id)
    ).one_or_none()
    if content is None:
        leads_to = connection.execute(select(ledger.c.leads_to).where(ledger.c.id == product_id)).scalar_one_or_none()
        return Redirect(leads_to) if leads_to else None
    stored = _decode_product(content.content)
    if not content.visible:
        return replace(stored, visible=False, offers=())
    return _with_ages(connection, stored)


def _with_ages(connection: Connection, stored: Product) -> Product:
    """Offers as last seen: a run that finds a listing unchanged moves its age without touching the product."""
    wanted = (
        select(
            listing.c.platform, listing.c.external_id, listing.c.generation, listing.c.seen_at, listing.c.rejected_at
        )
        .join(product_listing, product_listing.c.listing_key == listing.c.key)
        .where(product_listing.c.product_id == stored.product_id)
    )
    ages = {(row[0], row[1], row[2]): (row[3], row[4]) for row in connection.execute(wanted)}
    offers = []
    for offer in stored.offers:
        seen = ages.get((offer.platform, offer.external_id, offer.generation))
        if seen is not None:
            at = datetime.fromtimestamp(seen[0], UTC)
            offer = replace(offer, seen_at=at, stale=seen[1] is not None)
        offers.append(offer)
    return replace(stored, offers=tuple(offers))


def require_product(connection: Connection, product_id: str) -> Product:
    """The product under this id, followed over its redirect. Raises UnknownProduct."""
    found = load_product(connection, product_id)
    if isinstance(found, Redirect):
        found = load_product(connection, found.to)
    if not isinstance(found, Product):
        raise UnknownProduct(f"There is no product {product_id}, and there never was.")
    return found


def load_listings(connection: Connection, product_id: str) -> list[tuple[int, bool, Listing]]:
    """(generation, visible, listing) of a product's live listings, by platform and id."""
    wanted = (
        select(listing.c.generation, listing.c.visible, version.c.content)
        .join(product_listing, product_listing.c.listing_key == listing.c.key)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(product_listing.c.product_id == product_id)
        .order_by(listing.c.platform, listing.c.external_id)
    )
    return [(row[0], bool(row[1]), _decode_listing(row[2])) for row in connection.execute(wanted)]


def load_edges(connection: Connection, product_id: str) -> list[Receipt]:
    """Receipts that touch the product's listings: what joined them, and the strongest that was refused."""
    wanted = (
        select(listing.c.platform, listing.c.external_id, listing.c.generation)
        .join(product_listing, product_listing.c.listing_key == listing.c.key)
        .where(product_listing.c.product_id == product_id)
    )
    refs = [f"{row[0]}:{row[1]}:{row[2]}" for row in connection.execute(wanted)]
    owner = select(product.c.seller_id).where(product.c.id == product_id).scalar_subquery()
    rows = connection.execute(
        select(edge.c.receipt).where(
            edge.c.kind == "product", edge.c.seller_id == owner, or_(edge.c.left.in_(refs), edge.c.right.in_(refs))
        )
    ).scalars()
    found = [_decode_receipt(row) for row in rows]
    return sorted(found, key=lambda each: (each.verdict != "same", -each.score, each.left, each.right))


def load_seller_edges(connection: Connection, seller_id: str) -> list[Receipt]:
    """Receipts that joined the seller's accounts, or kept one out."""
    rows = connection.execute(
        select(edge.c.receipt).where(edge.c.kind == "seller", edge.c.seller_id == seller_id)
    ).scalars()
    found = [_decode_receipt(row) for row in rows]
    return sorted(found, key=lambda each: (each.verdict != "same", -each.score, each.left, each.right))


def load_seller(connection: Connection, seller_id: str) -> Seller | Redirect | None:
    """The seller under this id, where it went, or None for an id never given."""
    content = connection.execute(select(seller.c.content).where(seller.c.id == seller_id)).scalar_one_or_none()
    if content is not None:
        return _decode_seller(content)
    leads_to = connection.execute(select(ledger.c.leads_to).where(ledger.c.id == seller_id)).scalar_one_or_none()
    return Redirect(leads_to) if leads_to else None


def find_product_of(connection: Connection, platform: str, external_id: str) -> str | None:
    """The product a live listing belongs to."""
    wanted = (
        select(product_listing.c.product_id)
        .join(listing, listing.c.key == product_listing.c.listing_key)
        .where(listing.c.platform == platform, listing.c.external_id == external_id, listing.c.state == "live")
    )
    return connection.execute(wanted).scalars().first()


def count_visible(connection: Connection) -> int:
    """How many products a buyer may see."""
    return int(
        connection.execute(select(func.count()).select_from(product).where(product.c.visible.is_(True))).scalar_one()
    )


# Streams -------------------------------------------------------------------------------------------------------------


def _stream(database: Database, wanted: Select[Any], *keys: ColumnElement[Any]) -> Iterator[tuple[Any, ...]]:
    """Rows in the order of the key columns, which the statement selects first; page by page, never all in memory."""
    last: tuple[Any, ...] | None = None
    while True:
        page = wanted.order_by(*keys).limit(_PAGE)
        if last is not None:
            page = page.where(tuple_(*keys) > tuple_(*last) if len(keys) > 1 else keys[0] > last[0])
        with database.read() as connection:
            rows = [tuple(row) for row in connection.execute(page)]
        yield from rows
        if len(rows) < _PAGE:
            return
        last = rows[-1][: len(keys)]


def stream_digests(database: Database) -> Iterator[tuple[str, str]]:
    """(product id, document digest) of every visible product, by id."""
    wanted = select(product.c.id, product.c.digest).where(product.c.visible.is_(True))
    for row in _stream(database, wanted, product.c.id):
        yield str(row[0]), bytes(row[1]).hex()


def stream_visible(database: Database) -> Iterator[bytes]:
    """Every visible product as JSON, by id."""
    wanted = select(product.c.id, product.c.content).where(product.c.visible.is_(True))
    for row in _stream(database, wanted, product.c.id):
        yield row[1]


def stream_products(database: Database) -> Iterator[Product]:
    """Every product a buyer may see, by id."""
    return map(_decode_product, stream_visible(database))


def stream_sellers(database: Database) -> Iterator[Seller]:
    """Every seller, by id."""
    for row in _stream(database, select(seller.c.id, seller.c.content), seller.c.id):
        yield _decode_seller(row[1])


def stream_clusters(database: Database) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(product id, [platform, id] pairs of its visible listings), by product id."""
    wanted = (
        select(product_listing.c.product_id, listing.c.key, listing.c.platform, listing.c.external_id)
        .join(listing, listing.c.key == product_listing.c.listing_key)
        .where(listing.c.visible.is_(True))
    )
    current: str | None = None
    pairs: list[tuple[str, str]] = []
    for row in _stream(database, wanted, product_listing.c.product_id, listing.c.key):
        if row[0] != current:
            if current is not None:
                yield current, sorted(pairs)
            current, pairs = str(row[0]), []
        pairs.append((str(row[2]), str(row[3])))
    if current is not None:
        yield current, sorted(pairs)


def stream_receipts(database: Database) -> Iterator[tuple[str, Receipt]]:
    """(kind, receipt) of every decided pair."""
    wanted = select(edge.c.kind, edge.c.left, edge.c.right, edge.c.receipt)
    for row in _stream(database, wanted, edge.c.kind, edge.c.left, edge.c.right):
        yield str(row[0]), _decode_receipt(row[3])


def stream_ids(database: Database) -> Iterator[dict[str, object]]:
    """Every id ever given: kind, founder, when, and where it leads."""
    columns = (ledger.c.id, ledger.c.kind, ledger.c.founder, ledger.c.minted_at, ledger.c.leads_to, ledger.c.retired_at)
    names = ("id", "kind", "founder", "minted_at", "leads_to", "retired_at")
    for row in _stream(database, select(*columns), ledger.c.id):
        yield dict(zip(names, row, strict=True))


def stream_judgements(database: Database) -> Iterator[dict[str, object]]:
    """Everything people said, in order."""
    names = ("id", "kind", "left", "right", "verdict", "by", "reason", "at")
    wanted = select(*(judgement.c[name] for name in names))
    for row in _stream(database, wanted, judgement.c.id):
        yield dict(zip(names, row, strict=True))


def find_ids(connection: Connection, keys: list[int]) -> dict[int, tuple[str | None, str | None]]:
    """(product id, seller id) of listings by their key."""
    wanted = (
        select(listing.c.key, product_listing.c.product_id, seller_account.c.seller_id)
        .outerjoin(product_listing, product_listing.c.listing_key == listing.c.key)
        .outerjoin(
            seller_account,
            (seller_account.c.platform == listing.c.platform) & (seller_account.c.account_id == listing.c.account_id),
        )
        .where(listing.c.key.in_(keys))
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(wanted)}
