"""Sightings: which run saw a listing last, since when it cannot be read, and where its record is kept."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, func, select, update

from integrator.store.database import chunks
from integrator.store.listings import HIDDEN_STALE, ListingState
from integrator.store.prepared import Prepared
from integrator.store.tables import listing, version

_mark_seen = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"), listing.c.seen_run < bindparam("later_than"))
    .values(seen_run=bindparam("run"), seen_at=bindparam("at"), sequence=bindparam("number"), kept_at=None),
    "run", "at", "number", "of", "later_than",
)  # fmt: skip


def mark_seen(connection: Connection, sightings: Iterable[tuple[int, int]], *, run: int, now: float) -> None:
    """This run saw these listings: (key, sequence) pairs. A later run's mark stays."""
    _mark_seen.many(connection, [(run, now, sequence, key, run) for key, sequence in sightings])


_reject = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"))
    .values(
        rejected_at=case((listing.c.rejected_at.is_(None), bindparam("at")), else_=listing.c.rejected_at),
        seen_run=case((listing.c.seen_run < bindparam("run"), bindparam("run")), else_=listing.c.seen_run),
        seen_at=bindparam("at"),
        sequence=bindparam("number"),
        kept_at=None,
    ),
    "run", "at", "number", "of",
)  # fmt: skip


def mark_rejected(connection: Connection, sightings: Iterable[tuple[int, int]], *, run: int, now: float) -> None:
    """These listings are there, but their newest record cannot be used: the last good version stays."""
    _reject.many(connection, [(run, now, sequence, key) for key, sequence in sightings])


# Thirty days without a usable record: what we show is then too old to be shown.
STALE_AFTER_S = 30 * 86_400.0


def hide_stale(connection: Connection, platform: str, *, now: float) -> list[tuple[int, str]]:
    """Hide what has not been readable for 30 days; gives the listings, each with its account."""
    old = (
        (listing.c.platform == platform)
        & (listing.c.state == ListingState.LIVE.value)
        & listing.c.visible
        & (listing.c.rejected_at < now - STALE_AFTER_S)
    )
    found = [(row[0], row[1]) for row in connection.execute(select(listing.c.key, listing.c.account_id).where(old))]
    if found:
        connection.execute(update(listing).where(old).values(visible=False, hidden_reason=HIDDEN_STALE))
    return found


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a listing was seen last, and what follows from it."""

    key: int
    run: int
    at: float
    kept_at: float | None
    rejected_at: float | None


def load_sightings(connection: Connection, keys: Sequence[int]) -> list[Sighting]:
    """The last sighting of each listing."""
    columns = (listing.c.key, listing.c.seen_run, listing.c.seen_at, listing.c.kept_at, listing.c.rejected_at)
    found: list[Sighting] = []
    for piece in chunks(keys):
        wanted = select(*columns).where(listing.c.key.in_(piece))
        found.extend(Sighting(*row) for row in connection.execute(wanted))
    return found


_restore = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"))
    .values(
        seen_run=bindparam("run"),
        seen_at=bindparam("at"),
        kept_at=bindparam("kept"),
        rejected_at=bindparam("rejected"),
    ),
    "run", "at", "kept", "rejected", "of",
)  # fmt: skip


def restore_sightings(connection: Connection, sightings: Iterable[Sighting], *, usable: Container[int]) -> None:
    """Put sightings back as they were: reading kept bytes again is no sight of a listing.

    `usable`: listings whose newest record was unusable and now is not.
    """
    rows = [
        (each.run, each.at, each.kept_at, None if each.key in usable else each.rejected_at, each.key)
        for each in sightings
    ]
    _restore.many(connection, rows)


@dataclass(frozen=True, slots=True)
class KeptListing:
    """Where the record of a live listing's newest version is kept, and how it was read."""

    key: int
    external_id: str
    sequence: int
    raw: bytes
    content: bytes


def list_kept(connection: Connection, platform: str, *, after: int, limit: int) -> list[KeptListing]:
    """Live listings after this key, in its order: of each the version that waits, else the one that is shown."""
    newest = func.coalesce(listing.c.pending, listing.c.version)
    wanted = (
        select(listing.c.key, listing.c.external_id, listing.c.sequence, version.c.raw, version.c.content)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == newest))
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value, listing.c.key > after)
        .order_by(listing.c.key)
        .limit(limit)
    )
    return [KeptListing(*row) for row in connection.execute(wanted)]
