"""Sightings: which run saw a listing last, since when it cannot be read, and where its record is kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, case, select, update

from integrator.store.database import Prepared, chunks
from integrator.store.listings import HIDDEN_STALE, ListingState
from integrator.store.tables import listing, version

_mark_seen = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"), listing.c.seen_run < bindparam("later_than"))
    .values(seen_run=bindparam("run"), seen_at=bindparam("at"), sequence=bindparam("number")),
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
    ),
    "run", "at", "number", "of",
)  # fmt: skip


def mark_rejected(connection: Connection, sightings: Iterable[tuple[int, int]], *, run: int, now: float) -> None:
    """These listings are there, but their newest record cannot be used: the last good version stays."""
    _reject.many(connection, [(run, now, sequence, key) for key, sequence in sightings])


# Thirty days without a usable record: what we show is then too old to be shown.
STALE_AFTER_S = 30 * 86_400.0


def hide_stale(connection: Connection, platform: str, *, now: float) -> list[str]:
    """Hide what has not been readable for 30 days; gives the accounts touched."""
    old = (
        (listing.c.platform == platform)
        & (listing.c.state == ListingState.LIVE.value)
        & listing.c.visible
        & (listing.c.rejected_at < now - STALE_AFTER_S)
    )
    accounts = list(connection.execute(select(listing.c.account_id).where(old).distinct()).scalars())
    if accounts:
        connection.execute(update(listing).where(old).values(visible=False, hidden_reason=HIDDEN_STALE))
    return accounts


def load_sightings(connection: Connection, keys: Sequence[int]) -> list[tuple[int, int, float]]:
    """(key, run, time) of the last sighting of each listing."""
    found: list[tuple[int, int, float]] = []
    for piece in chunks(keys):
        wanted = select(listing.c.key, listing.c.seen_run, listing.c.seen_at).where(listing.c.key.in_(piece))
        found.extend((row[0], row[1], row[2]) for row in connection.execute(wanted))
    return found


_restore = Prepared(
    update(listing).where(listing.c.key == bindparam("of")).values(seen_run=bindparam("run"), seen_at=bindparam("at")),
    "run", "at", "of",
)  # fmt: skip


def restore_sightings(connection: Connection, sightings: Iterable[tuple[int, int, float]]) -> None:
    """Put sightings back as they were: reading kept bytes again is no sight of a listing."""
    _restore.many(connection, [(run, at, key) for key, run, at in sightings])


@dataclass(frozen=True, slots=True)
class KeptListing:
    """Where the record of a live listing's released version is kept, and how it was read."""

    key: int
    external_id: str
    sequence: int
    raw: bytes
    content: bytes


def list_kept(connection: Connection, platform: str, *, after: int, limit: int) -> list[KeptListing]:
    """Live listings after this key, in its order."""
    wanted = (
        select(listing.c.key, listing.c.external_id, listing.c.sequence, version.c.raw, version.c.content)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value, listing.c.key > after)
        .order_by(listing.c.key)
        .limit(limit)
    )
    return [KeptListing(*row) for row in connection.execute(wanted)]
