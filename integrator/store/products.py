"""Products, and the listings they are made from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from integrator.resolve.members import RawMember
from integrator.resolve.sellers import Ref
from integrator.store.database import chunks, insert_for
from integrator.store.identities import ids_by_platform
from integrator.store.prepared import Prepared
from integrator.store.tables import detail, listing, product, product_listing, version


def load_members(connection: Connection, refs: Iterable[Ref]) -> list[tuple[Ref, RawMember]]:
    """Live listings of these accounts, each with its account."""
    found: list[tuple[Ref, RawMember]] = []
    for platform, ids in ids_by_platform(refs).items():
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
