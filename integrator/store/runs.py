"""Runs: one row a walk, with counters that must add up and the position from which it goes on."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from integrator.record import Json, Lane
from integrator.store.tables import feed, lease, run


class RunState(StrEnum):
    """The states (docs/commands.md). `queued`: a slice ended on schedule, its successor goes on."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    HELD = "held"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


# Kept records through today's parser: a run, but no walk.
REPLAY = "replay"

# A place in a walk is worth going on from for this long; after it the platform's list has moved on too far.
RESUME_WITHIN_S = 6 * 3600.0

_RESUMABLE = (RunState.QUEUED, RunState.RUNNING, RunState.INCOMPLETE, RunState.CANCELLED, RunState.LOST)


@dataclass(slots=True)
class Counters:
    """What a run has counted so far. For listing records: seen = new + changed + unchanged + superseded + rejected."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    superseded: int = 0
    rejected: int = 0
    accounts_seen: int = 0
    accounts_changed: int = 0
    accounts_rejected: int = 0
    details_seen: int = 0
    withdrawals_seen: int = 0
    withdrawn: int = 0
    held: int = 0
    calls: int = 0
    bytes: int = 0
    index_writes: int = 0

    def add(self, other: "Counters") -> None:
        """Add what another has counted."""
        for name in COUNTERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def is_conserved(self) -> bool:
        """Whether every listing record seen is in exactly one of the five."""
        return self.seen == self.new + self.changed + self.unchanged + self.superseded + self.rejected


COUNTERS = tuple(each.name for each in fields(Counters))


@dataclass(slots=True)
class Run:
    """A run under way. Changed in memory by the walk, written with each commit unit."""

    id: int
    platform: str
    lane: str  # a Lane, or REPLAY
    fence: int
    started_at: float
    first_census: bool = False
    watermark: dict[str, Json] | None = None
    position: dict[str, Json] | None = None
    platform_clock: float | None = None
    scope: str | None = None
    stage: str = ""
    stage_done: int = 0
    stage_total: int | None = None
    counters: Counters = field(default_factory=Counters)
    warnings: list[str] = field(default_factory=list)
    visible_after: int | None = None


def write_json(value: object) -> str:
    """JSON text for a column."""
    return msgspec.json.encode(value).decode()


def begin_run(connection: Connection, begun: Run, *, now: float) -> Run:
    """A new row, running; gives the run with its id."""
    values = {
        "platform": begun.platform,
        "lane": str(begun.lane),
        "state": RunState.RUNNING.value,
        "first_census": begun.first_census,
        "started_at": now,
        "heartbeat_at": now,
        "fence": begun.fence,
        "watermark": write_json(begun.watermark),
    }
    key = connection.execute(insert(run).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has its key
    begun.id, begun.started_at = int(key[0]), now
    return begun


def find_resumable(connection: Connection, platform: str, lane: Lane, *, now: float) -> Run | None:
    """The last run of this lane, if it stopped half-way not long ago; its place is worth going on from."""
    last = select(run).where(run.c.platform == platform, run.c.lane == lane.value).order_by(run.c.id.desc()).limit(1)
    row = connection.execute(last).mappings().first()
    if row is None or row["position"] is None or RunState(row["state"]) not in _RESUMABLE:
        return None
    return _run_of(row) if row["heartbeat_at"] > now - RESUME_WITHIN_S else None


def resume_run(connection: Connection, resumed: Run, *, fence: int) -> Run:
    """The same run goes on, under a new lease. Its heartbeat waits for a commit: no place is resumed for ever."""
    values = {"state": RunState.RUNNING.value, "reason": "", "ended_at": None, "fence": fence}
    connection.execute(update(run).where(run.c.id == resumed.id).values(values))
    resumed.fence = fence
    return resumed


def close_orphans(connection: Connection, platform: str, lane: Lane, *, but: int | None, now: float) -> None:
    """Runs whose process is gone are lost: whoever holds the lease says so."""
    here = (run.c.platform == platform) & (run.c.lane == lane.value)
    orphan = here & run.c.state.in_([RunState.RUNNING.value, RunState.QUEUED.value]) & (run.c.id != (but or 0))
    reason = "The process ended without a word; what it had committed stays."
    connection.execute(update(run).where(orphan).values(state=RunState.LOST.value, reason=reason, ended_at=now))


def save_run(connection: Connection, saved: Run, *, now: float) -> None:
    """Counters, position and stage as they are now."""
    connection.execute(update(run).where(run.c.id == saved.id).values(**_values_of(saved), heartbeat_at=now))


def end_run(connection: Connection, ended: Run, state: RunState, *, reason: str, now: float) -> None:
    """The run's last word, unless another process has taken the run up since."""
    values = {"state": state.value, "reason": reason, "ended_at": None if state is RunState.QUEUED else now}
    mine = (run.c.id == ended.id) & (run.c.fence == ended.fence)
    connection.execute(update(run).where(mine).values(**_values_of(ended), **values))


def _values_of(saved: Run) -> dict[str, object]:
    return {
        **asdict(saved.counters),
        "position": None if saved.position is None else write_json(saved.position),
        "platform_clock": saved.platform_clock,
        "scope": saved.scope,
        "stage": saved.stage,
        "stage_done": saved.stage_done,
        "stage_total": saved.stage_total,
        "warnings": write_json(saved.warnings),
        "visible_after": saved.visible_after,
    }


def add_index_writes(connection: Connection, run_id: int, count: int) -> None:
    """Documents written to the index on this run's account."""
    statement = update(run).where(run.c.id == run_id).values(index_writes=run.c.index_writes + count)
    connection.execute(statement)


def list_runs(connection: Connection, *, platform: str | None = None, limit: int = 20) -> list[RowMapping]:
    """The newest runs, newest first."""
    wanted = select(run).order_by(run.c.id.desc()).limit(limit)
    if platform is not None:
        wanted = wanted.where(run.c.platform == platform)
    return list(connection.execute(wanted).mappings())


def _run_of(row: RowMapping) -> Run:
    return Run(
        id=row["id"],
        platform=str(row["platform"]),
        lane=row["lane"],
        fence=row["fence"],
        started_at=row["started_at"],
        first_census=bool(row["first_census"]),
        watermark=msgspec.json.decode(str(row["watermark"] or "null")),
        position=msgspec.json.decode(str(row["position"] or "null")),
        platform_clock=row["platform_clock"],
        scope=row["scope"],
        counters=Counters(**{name: row[name] for name in COUNTERS}),
        warnings=msgspec.json.decode(str(row["warnings"])),
    )


# Feeds ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Feed:
    """What lasts between the runs of one platform."""

    platform: str
    watermark: dict[str, Json] | None
    platform_clock: float | None
    accounts_day: str | None
    census_at: float | None
    changes_at: float | None
    scope: str | None
    paused: bool


def register_feeds(connection: Connection, platforms: Iterable[str]) -> None:
    """A row for every platform there is, so that the scheduler sees them before their first run."""
    known = set(connection.execute(select(feed.c.platform)).scalars())
    for platform in sorted(set(platforms) - known):
        connection.execute(insert(feed).values(platform=platform))


def load_feed(connection: Connection, platform: str) -> Feed:
    """The feed's row, made if it is not there."""
    row = connection.execute(select(feed).where(feed.c.platform == platform)).mappings().first()
    if row is None:
        return Feed(platform, None, None, None, None, None, None, False)
    return Feed(
        platform,
        msgspec.json.decode(row["watermark"] or "null"),
        row["platform_clock"],
        row["accounts_day"],
        row["census_at"],
        row["changes_at"],
        row["scope"],
        row["paused"],
    )


def save_feed(connection: Connection, platform: str, **values: object) -> None:
    """Change the named columns of the feed's row."""
    if values:
        connection.execute(update(feed).where(feed.c.platform == platform).values(values))


@dataclass(frozen=True, slots=True)
class Due:
    """A lane whose time has come."""

    platform: str
    lane: Lane


# A feed that just failed is left alone for this long before the scheduler asks it again.
RETRY_AFTER_S = 300.0


def due_feeds(connection: Connection, now: float) -> list[Due]:
    """What the scheduler should start now: the successor of a slice at once, a census or changes when they are due."""
    due = []
    for row in connection.execute(select(feed).where(~feed.c.paused).order_by(feed.c.platform)).mappings():
        lane = _due_lane(connection, row, now)
        if lane is not None:
            due.append(Due(row["platform"], lane))
    return due


def _due_lane(connection: Connection, row: RowMapping, now: float) -> Lane | None:
    last = connection.execute(
        select(run.c.state, run.c.lane, run.c.ended_at)
        .where(run.c.platform == row["platform"], run.c.lane.in_([Lane.CHANGES.value, Lane.CENSUS.value]))
        .order_by(run.c.id.desc())
        .limit(1)
    ).first()
    if last is not None and last.state == RunState.QUEUED.value:
        return Lane(last.lane)
    if last is not None and last.state == RunState.RUNNING.value:
        # A run whose lease has run out belongs to a process that is gone: its lane goes on at once.
        return None if _is_read_now(connection, row["platform"], now) else Lane(last.lane)
    if last is not None and last.state != RunState.SUCCEEDED.value and (last.ended_at or 0) > now - RETRY_AFTER_S:
        return None
    if _is_census_due(connection, row, now):
        return Lane.CENSUS
    if row["changes_at"] is None or row["changes_at"] < now - row["changes_every_s"]:
        return Lane.CHANGES
    return None


def _is_census_due(connection: Connection, row: RowMapping, now: float) -> bool:
    since = now - row["census_every_s"]
    if row["census_at"] is not None and row["census_at"] >= since:
        return False
    # A held census proved as much as it can until a person decides; reading everything again at once changes nothing,
    # and the hold it would open in place of the old one has another number.
    held = select(func.max(run.c.ended_at)).where(
        run.c.platform == row["platform"], run.c.lane == Lane.CENSUS.value, run.c.state == RunState.HELD.value
    )
    held_at = connection.execute(held).scalar()
    return held_at is None or held_at < since


def _is_read_now(connection: Connection, platform: str, now: float) -> bool:
    held = select(lease.c.holder).where(
        lease.c.platform == platform, lease.c.holder.is_not(None), lease.c.expires_at > now
    )
    return connection.execute(held.limit(1)).first() is not None
