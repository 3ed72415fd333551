"""Reading along: listings, rejections, unknowns, a page at a time, so that no size of catalogue fills the memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, select

from integrator.errors import InvalidQuery, UnknownListing
from integrator.listing import Listing
from integrator.store.catalogue import find_ids
from integrator.store.database import Database
from integrator.store.tables import (
    archive,
    detail,
    hold,
    hold_listing,
    listing,
    rejection,
    run,
    unknown,
    version,
    withdrawal,
    worklist,
)

# Rows read in one transaction: an export must not keep old pages alive for its whole length.
_PAGE = 2_000

_decode_listing = msgspec.json.Decoder(Listing).decode


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A listing as the catalogue has it: the released version and what surrounds it."""

    listing: Listing
    generation: int
    visible: bool
    hidden_reason: str | None
    product_id: str | None
    seller_id: str | None


def stream_listings(database: Database) -> Iterator[StoredListing]:
    """Every listing with a released version, in the order of their first sight; hidden and withdrawn ones too."""
    last = 0
    while True:
        with database.read() as connection:
            page = _listings_after(connection, last)
            ids = find_ids(connection, [row.key for row in page])
        for row in page:
            product_id, seller_id = ids.get(row.key, (None, None))
            yield StoredListing(
                _decode_listing(row.content), row.generation, row.visible, row.hidden_reason, product_id, seller_id
            )
        if len(page) < _PAGE:
            return
        last = page[-1].key


@dataclass(frozen=True, slots=True)
class _Row:
    key: int
    generation: int
    visible: bool
    hidden_reason: str | None
    content: bytes


def _listings_after(connection: Connection, last: int) -> list[_Row]:
    wanted = (
        select(listing.c.key, listing.c.generation, listing.c.visible, listing.c.hidden_reason, version.c.content)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.key > last)
        .order_by(listing.c.key)
        .limit(_PAGE)
    )
    return [_Row(*row) for row in connection.execute(wanted)]


def stream_rejections(database: Database, *, every: bool = True) -> Iterator[RowMapping]:
    """Rejections in the order they came; `every` False: only those that still stand."""
    last = 0
    while True:
        wanted = select(rejection).where(rejection.c.id > last).order_by(rejection.c.id).limit(_PAGE)
        if not every:
            wanted = wanted.where(rejection.c.resolved_at.is_(None))
        with database.read() as connection:
            page = list(connection.execute(wanted).mappings())
        yield from page
        if len(page) < _PAGE:
            return
        last = page[-1]["id"]


def count_rejections(connection: Connection, *, platform: str | None = None) -> list[RowMapping]:
    """Standing rejections by platform, kind and gravest code, the most frequent first."""
    wanted = (
        select(
            rejection.c.platform,
            rejection.c.kind,
            rejection.c.code,
            func.count().label("records"),
            func.min(rejection.c.first_at).label("since"),
            func.max(rejection.c.last_at).label("last"),
        )
        .where(rejection.c.resolved_at.is_(None))
        .group_by(rejection.c.platform, rejection.c.kind, rejection.c.code)
        .order_by(func.count().desc(), rejection.c.platform, rejection.c.code)
    )
    if platform is not None:
        wanted = wanted.where(rejection.c.platform == platform)
    return list(connection.execute(wanted).mappings())


def find_examples(
    connection: Connection, *, code: str, platform: str | None = None, limit: int = 5
) -> list[RowMapping]:
    """The newest standing rejections of one code."""
    wanted = (
        select(rejection)
        .where(rejection.c.code == code, rejection.c.resolved_at.is_(None))
        .order_by(rejection.c.last_at.desc(), rejection.c.id.desc())
        .limit(limit)
    )
    if platform is not None:
        wanted = wanted.where(rejection.c.platform == platform)
    return list(connection.execute(wanted).mappings())


def list_unknowns(connection: Connection, *, platform: str | None = None, limit: int = 100) -> list[RowMapping]:
    """What no table of ours knows, the most frequent first."""
    wanted = (
        select(unknown)
        .order_by(unknown.c["count"].desc(), unknown.c.platform, unknown.c.field, unknown.c.value)
        .limit(limit)
    )
    if platform is not None:
        wanted = wanted.where(unknown.c.platform == platform)
    return list(connection.execute(wanted).mappings())


def find_run(connection: Connection, number: int) -> dict[str, Any]:
    """One run's row. Raises InvalidQuery."""
    found = connection.execute(select(run).where(run.c.id == number)).mappings().first()
    if found is None:
        raise InvalidQuery(f"There is no run {number}: see `hanmaru runs`.")
    return dict(found)


# One listing's way ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Traces:
    """Every row that speaks of one id, oldest first in each kind."""

    listings: list[RowMapping]
    versions: list[RowMapping]
    raws: list[RowMapping]
    rejections: list[RowMapping]
    withdrawals: list[RowMapping]
    holds: list[RowMapping]
    details: list[RowMapping]
    waiting: list[RowMapping]
    products: dict[int, tuple[str | None, str | None]]
    runs: dict[int, RowMapping]


def find_traces(connection: Connection, platform: str, external_id: str) -> Traces:
    """Raises UnknownListing when no row speaks of it and no record of it was ever kept."""
    here = (listing.c.platform == platform) & (listing.c.external_id == external_id)
    listings = list(connection.execute(select(listing).where(here).order_by(listing.c.generation)).mappings())
    keys = [row["key"] for row in listings]
    of_id = (rejection.c.platform == platform) & (rejection.c.external_id == external_id)
    rejections = list(connection.execute(select(rejection).where(of_id).order_by(rejection.c.id)).mappings())
    if not listings and not rejections:
        raise UnknownListing(f"No record of {platform} {external_id} was ever read: the platform has not shown it.")
    versions = _of_keys(connection, version, keys, version.c.version)
    raws = [row["raw"] for row in (*versions, *rejections)]
    columns = (archive.c.hash, archive.c.run, archive.c.page, archive.c.offset, archive.c.kept_at)
    accounts = [row["account_id"] for row in listings]
    held = select(hold, hold_listing.c.listing_key).join(hold_listing, hold_listing.c.hold == hold.c.id)
    runs = {row["run"] for row in versions} | {row["seen_run"] for row in listings}
    return Traces(
        listings=listings,
        versions=versions,
        raws=list(connection.execute(select(*columns).where(archive.c.hash.in_(raws))).mappings()),
        rejections=rejections,
        withdrawals=_of_keys(connection, withdrawal, keys, withdrawal.c.id),
        holds=list(connection.execute(held.where(hold_listing.c.listing_key.in_(keys)).order_by(hold.c.id)).mappings()),
        details=_of_keys(connection, detail, keys, detail.c.read_at),
        waiting=list(
            connection.execute(
                select(worklist).where(worklist.c.platform == platform, worklist.c.account_id.in_(accounts))
            ).mappings()
        ),
        products=find_ids(connection, keys),
        runs={row["id"]: row for row in connection.execute(select(run).where(run.c.id.in_(runs))).mappings()},
    )


def _of_keys(connection: Connection, table: object, keys: list[int], order: object) -> list[RowMapping]:
    wanted = select(table).where(table.c.listing_key.in_(keys)).order_by(order)  # type: ignore[call-overload, attr-defined]
    return list(connection.execute(wanted).mappings())
