"""Feeds: what lasts between the runs of one platform, and how each of its lanes stands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, RowMapping, select, update

from integrator.record import Json, Lane
from integrator.store.database import insert_for
from integrator.store.leases import Lease, find_holders
from integrator.store.runs import RunState, write_json
from integrator.store.tables import breaker, feed, run


@dataclass(frozen=True, slots=True)
class Feed:
    """What lasts between the runs of one platform. Times are POSIX seconds, None: never."""

    platform: str
    watermark: dict[str, Json] | None = None
    platform_clock: float | None = None
    accounts_day: str | None = None
    census_at: float | None = None
    changes_at: float | None = None
    scope: str | None = None
    paused: bool = False
    changes_every_s: int = 3600
    census_every_s: int = 86_400
    detail_every_s: int = 3600

    def every_s(self, lane: Lane) -> int:
        """How often this lane is to be read."""
        every = {Lane.CHANGES: self.changes_every_s, Lane.CENSUS: self.census_every_s, Lane.DETAIL: self.detail_every_s}
        return every[lane]


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run of a lane. `has_place`: something of it is left to do, and it is known where."""

    id: int
    state: RunState
    ended_at: float | None
    not_before: float | None
    has_place: bool
    slices: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed with all that its lanes' turns depend on.

    `runs` has the newest run of each lane that ever ran, `held` the leases that are held now by the lane they are for,
    `details_at` is the end of the last good detail run, `banned_until` when the platform may be called again.
    """

    feed: Feed
    runs: Mapping[Lane, LastRun]
    held: Mapping[str, Lease]
    details_at: float | None = None
    banned_until: float | None = None

    def read_at(self, lane: Lane) -> float | None:
        """When this lane was last read well."""
        return {Lane.CHANGES: self.feed.changes_at, Lane.CENSUS: self.feed.census_at, Lane.DETAIL: self.details_at}[
            lane
        ]


def register_feeds(connection: Connection, platforms: Iterable[str]) -> None:
    """A row for every platform there is, so that the scheduler sees them before their first run."""
    known = set(connection.execute(select(feed.c.platform)).scalars())
    for platform in sorted(set(platforms) - known):
        connection.execute(insert_for(connection, feed).values(platform=platform).on_conflict_do_nothing())


def load_feed(connection: Connection, platform: str) -> Feed:
    """The feed as its row has it, or as it is before there is one."""
    row = connection.execute(select(feed).where(feed.c.platform == platform)).mappings().first()
    return Feed(platform) if row is None else _feed_of(row)


def save_feed(connection: Connection, platform: str, **values: object) -> None:
    """Change the named columns of the feed's row."""
    if values:
        connection.execute(update(feed).where(feed.c.platform == platform).values(values))


def begin_changes(connection: Connection, platform: str, watermark: dict[str, Json]) -> None:
    """Where changes begin while the first census is under way; a place that is there already stays."""
    is_new = (feed.c.platform == platform) & feed.c.census_at.is_(None) & feed.c.watermark.is_(None)
    connection.execute(update(feed).where(is_new).values(watermark=write_json(watermark)))


def load_states(connection: Connection, platforms: Iterable[str], *, now: float) -> list[FeedState]:
    """How these feeds and their lanes stand at `now`, in the order asked for."""
    feeds = {str(row["platform"]): _feed_of(row) for row in connection.execute(select(feed)).mappings()}
    banned = select(breaker.c.platform, breaker.c.banned_until).where(breaker.c.banned_until > now)
    bans = {row.platform: row.banned_until for row in connection.execute(banned)}
    held = find_holders(connection, now=now)
    states = []
    for platform in platforms:
        runs = {lane: last for lane in Lane if (last := _last_run(connection, platform, lane)) is not None}
        state = FeedState(
            feeds.get(platform) or Feed(platform),
            runs,
            {lane: each for (of, lane), each in held.items() if of == platform},
            _details_at(connection, platform) if Lane.DETAIL in runs else None,
            bans.get(platform),
        )
        states.append(state)
    return states


def _feed_of(row: RowMapping) -> Feed:
    names = (name for name in Feed.__slots__ if name != "watermark")
    return Feed(watermark=msgspec.json.decode(row["watermark"] or "null"), **{name: row[name] for name in names})


def _last_run(connection: Connection, platform: str, lane: Lane) -> LastRun | None:
    here = (run.c.platform == platform) & (run.c.lane == lane.value)
    row = connection.execute(select(run).where(here).order_by(run.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    has_place = row["position"] is not None or row["walk_end"] is not None
    return LastRun(
        id=row["id"],
        state=RunState(row["state"]),
        ended_at=row["ended_at"],
        not_before=row["not_before"],
        has_place=has_place,
        slices=row["slices"],
        reason=row["reason"],
    )


def _details_at(connection: Connection, platform: str) -> float | None:
    good = (run.c.platform == platform) & (run.c.lane == Lane.DETAIL.value) & (run.c.state == RunState.SUCCEEDED.value)
    wanted = select(run.c.ended_at).where(good).order_by(run.c.id.desc()).limit(1)
    return connection.execute(wanted).scalar()
