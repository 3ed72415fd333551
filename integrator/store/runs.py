"""Runs: one row a walk, with counters that must add up and the position from which it goes on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, insert, select, update

from integrator.record import Json, Lane
from integrator.store.leases import find_holders
from integrator.store.tables import run


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

# A changes walk stopped longer ago than this begins anew from the watermark: the rest of an old one would not make
# the feed fresh. A census has no such age: whether its place still stands the platform decides.
RESUME_CHANGES_WITHIN_S = 6 * 3600.0

_LARGEST = 2**31 - 1  # of an Integer column

# Runs in these states are over; any other goes on from its place, if it has one.
_OVER = (RunState.SUCCEEDED, RunState.HELD)


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
    walk_end: str | None = None  # the End as JSON once it was read: nothing is left to walk
    not_before: float | None = None  # its successor may begin then
    retries: int = 0
    slices: int = 1
    cost: dict[str, float] = field(default_factory=dict)  # the receipt beyond the counters
    failed_place: str | None = None
    failed_times: int = 0


def add_cost(spent: Run, name: str, amount: float) -> None:
    """Count a cost of this run (parsed, cpu_seconds, …); written with its next commit."""
    spent.cost[name] = spent.cost.get(name, 0) + amount


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
    """The last run of this lane, if it stopped half-way; one whose walk is over goes on with what follows the walk."""
    last = select(run).where(run.c.platform == platform, run.c.lane == lane.value).order_by(run.c.id.desc()).limit(1)
    row = connection.execute(last).mappings().first()
    if row is None or RunState(row["state"]) in _OVER:
        return None
    if row["walk_end"] is not None:
        return _run_of(row)
    is_old = lane is Lane.CHANGES and row["heartbeat_at"] < now - RESUME_CHANGES_WITHIN_S
    return None if row["position"] is None or is_old else _run_of(row)


def resume_run(connection: Connection, resumed: Run, *, fence: int) -> Run:
    """The same run goes on in its next slice, under a new lease. Its heartbeat is that of its last commit."""
    resumed.fence, resumed.slices, resumed.not_before = fence, resumed.slices + 1, None
    values = {"state": RunState.RUNNING.value, "reason": "", "ended_at": None, "fence": fence}
    values |= {"slices": resumed.slices, "not_before": None}
    connection.execute(update(run).where(run.c.id == resumed.id).values(values))
    return resumed


def close_orphans(connection: Connection, platform: str, lane: Lane, *, but: int | None, now: float) -> None:
    """Other runs of this lane that are not over are lost: whoever holds the lease says so."""
    here = (run.c.platform == platform) & (run.c.lane == lane.value) & (run.c.id != (but or 0))
    _lose(connection, here & run.c.state.in_([RunState.RUNNING.value, RunState.QUEUED.value]), now=now)


def find_dead_runs(connection: Connection, *, now: float) -> list[int]:
    """Runs under way whose lease nobody holds any more."""
    return [number for number, _ in _find_dead(connection, now=now)]


def _find_dead(connection: Connection, *, now: float) -> list[tuple[int, int]]:
    """(id, fence) pairs."""
    wanted = select(run.c.id, run.c.platform, run.c.lane, run.c.fence).where(run.c.state == RunState.RUNNING.value)
    running = connection.execute(wanted).all()
    held = find_holders(connection, now=now) if running else {}
    dead = []
    for each in running:
        # Where a feed's lanes are one walk, its lease is that of the changes.
        leases = [held.get((each.platform, lane)) for lane in (each.lane, Lane.CHANGES.value)]
        if not any(found is not None and found.fence == each.fence for found in leases):
            dead.append((each.id, each.fence))
    return dead


def lose_dead_runs(connection: Connection, *, now: float) -> None:
    """Dead runs are lost, each until its next slice takes it up: no state waits for a person."""
    for number, fence in _find_dead(connection, now=now):
        # Meanwhile it may have ended, or gone on under another number.
        is_as_found = (run.c.id == number) & (run.c.fence == fence) & (run.c.state == RunState.RUNNING.value)
        _lose(connection, is_as_found, now=now)


def _lose(connection: Connection, which: ColumnElement[bool], *, now: float) -> None:
    reason = "Its process ended without a word; what it had committed stays, and the next slice goes on from there."
    connection.execute(update(run).where(which).values(state=RunState.LOST.value, reason=reason, ended_at=now))


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
        # What a platform declares is no number of ours: it may be any.
        "stage_total": None if saved.stage_total is None else min(saved.stage_total, _LARGEST),
        "warnings": write_json(saved.warnings),
        "visible_after": saved.visible_after,
        "walk_end": saved.walk_end,
        "not_before": saved.not_before,
        "retries": saved.retries,
        "cost": write_json(saved.cost),
        "failed_place": saved.failed_place,
        "failed_times": saved.failed_times,
    }


def add_index_writes(connection: Connection, run_id: int, count: int) -> None:
    """Documents written to the index on this run's account."""
    statement = update(run).where(run.c.id == run_id).values(index_writes=run.c.index_writes + count)
    connection.execute(statement)


def charge_run(connection: Connection, run_id: int, costs: Mapping[str, float]) -> None:
    """Put what was spent on a run's account after its last commit onto its receipt."""
    here = select(run.c.cost).where(run.c.id == run_id).with_for_update()
    cost: dict[str, float] = msgspec.json.decode(connection.execute(here).scalar_one())
    for name, amount in costs.items():
        cost[name] = cost.get(name, 0) + amount
    connection.execute(update(run).where(run.c.id == run_id).values(cost=write_json(cost)))


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
        walk_end=row["walk_end"],
        not_before=row["not_before"],
        retries=row["retries"],
        slices=row["slices"],
        cost=msgspec.json.decode(str(row["cost"])),
        failed_place=row["failed_place"],
        failed_times=row["failed_times"],
    )
