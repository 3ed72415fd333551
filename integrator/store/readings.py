"""Reading along: listings, rejections, unknowns, a page at a time, so that no size of catalogue fills the memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, func, select

from integrator.errors import InvalidQuery
from integrator.listing import Listing
from integrator.record import Kind
from integrator.store.accounts import list_kept_accounts
from integrator.store.catalogue import find_ids
from integrator.store.database import Database
from integrator.store.listings import ListingState
from integrator.store.rejections import list_kept_rejections
from integrator.store.sightings import list_kept
from integrator.store.tables import (
    detail,
    listing,
    rejection,
    run,
    unknown,
    version,
)

# Rows read in one transaction: an export must not keep old pages alive for its whole length.
_PAGE = 2_000
_KEPT = 500

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


# What a newer parser would read again --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """What a record was read as, and its name in the archive. `content` None: it was rejected."""

    kind: Kind
    external_id: str
    raw: bytes
    content: bytes | None


# Gives a page after a place, and the place that follows it.
_Source = Callable[[Connection, str, Any], tuple[list[KeptStatement], Any]]


def stream_kept(database: Database, platform: str, *, rejected: bool = False) -> Iterator[list[KeptStatement]]:
    """Newest statements of live listings, accounts and details, then standing rejections (`rejected`: these alone)."""
    usable: list[tuple[_Source, Any]] = [(_kept_accounts, ""), (_kept_listings, 0), (_kept_details, 0)]
    for source, after in (*([] if rejected else usable), (_kept_rejections, 0)):
        while True:
            with database.read() as connection:
                page, last = source(connection, platform, after)
            if not page:
                break
            yield page
            after = last


def _kept_accounts(connection: Connection, platform: str, after: str) -> tuple[list[KeptStatement], Any]:
    page = list_kept_accounts(connection, platform, after=after, limit=_KEPT)
    found = [KeptStatement(Kind.ACCOUNT, each.external_id, each.raw, each.content) for each in page]
    return found, page[-1].external_id if page else None


def _kept_listings(connection: Connection, platform: str, after: int) -> tuple[list[KeptStatement], Any]:
    page = list_kept(connection, platform, after=after, limit=_KEPT)
    found = [KeptStatement(Kind.LISTING, each.external_id, each.raw, each.content) for each in page]
    return found, page[-1].key if page else None


def _kept_details(connection: Connection, platform: str, after: int) -> tuple[list[KeptStatement], Any]:
    wanted = (
        select(detail.c.listing_key, listing.c.external_id, detail.c.raw, detail.c.content)
        .join(listing, listing.c.key == detail.c.listing_key)
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value, listing.c.key > after)
        .order_by(listing.c.key)
        .limit(_KEPT)
    )
    page = connection.execute(wanted).all()
    return [KeptStatement(Kind.DETAIL, row[1], row[2], row[3]) for row in page], page[-1][0] if page else None


def _kept_rejections(connection: Connection, platform: str, after: int) -> tuple[list[KeptStatement], Any]:
    page = list_kept_rejections(connection, platform, after=after, limit=_KEPT)
    return [KeptStatement(each.kind, each.external_id, each.raw, None) for each in page], page[-1].id if page else None
