"""Measures of runs: what drift is judged against."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, exists, select

from integrator.record import Lane
from integrator.store.database import insert_for
from integrator.store.holds import HoldKind, HoldState
from integrator.store.runs import RunState
from integrator.store.tables import hold, measure, run, unknown

# So many runs back a usual rate is looked for.
RUNS = 8

# Of so many runs, all platforms' together, measures are kept: a month of hourly ones, and eight daily censuses of each.
KEPT_RUNS = 5_000


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int

    @property
    def rate(self) -> float:
        return self.part / self.whole if self.whole else 0.0


# What one run came to, by name: "filled F" of all parsed; "had F", "lost F", "gained F" of the "pairs" that were shown
# before; "prices moved" of those that can be compared.
Measures = Mapping[str, Share]


def save_measures(connection: Connection, run_id: int, measured: Measures) -> None:
    """Add what one batch came to."""
    rows = [{"run": run_id, "name": name, "part": each.part, "whole": each.whole} for name, each in measured.items()]
    if not rows:
        return
    statement = insert_for(connection, measure)
    statement = statement.on_conflict_do_update(
        index_elements=[measure.c.run, measure.c.name],
        set_={
            "part": measure.c.part + statement.excluded.part,
            "whole": measure.c.whole + statement.excluded.whole,
        },
    )
    connection.execute(statement, rows)


def forget_measures(connection: Connection, *, before: int) -> None:
    """Nobody compares with runs so long before this one any more."""
    connection.execute(delete(measure).where(measure.c.run < before - KEPT_RUNS))


def load_measures(connection: Connection, run_id: int) -> Measures:
    """What one run came to so far."""
    return _load(connection, [run_id]).get(run_id, {})


def usual_measures(connection: Connection, platform: str, *, lane: str, before: int) -> list[Measures]:
    """The last good runs of a lane before this one that parsed anything, newest first."""
    good = _measured_runs(platform, before).where(run.c.lane == lane, run.c.state == RunState.SUCCEEDED.value)
    return _of_runs(connection, good)


def recent_measures(connection: Connection, platform: str, *, before: int) -> list[Measures]:
    """The last runs of any lane that ended with a judgement, newest first; what a person approved counts no more."""
    judged = [RunState.SUCCEEDED.value, RunState.HELD.value]
    approved = exists().where(
        hold.c.run == run.c.id, hold.c.kind == HoldKind.RUN.value, hold.c.state == HoldState.APPROVED.value
    )
    recent = _measured_runs(platform, before).where(run.c.state.in_(judged), ~run.c.first_census, ~approved)
    return _of_runs(connection, recent)


def volumes_before(connection: Connection, platform: str, *, before: int) -> list[int]:
    """How many listing records the last good censuses showed, newest first."""
    wanted = (
        select(run.c.seen)
        .where(
            run.c.platform == platform,
            run.c.lane == Lane.CENSUS.value,
            run.c.state == RunState.SUCCEEDED.value,
            run.c.id < before,
        )
        .order_by(run.c.id.desc())
        .limit(RUNS)
    )
    return list(connection.execute(wanted).scalars())


def _measured_runs(platform: str, before: int) -> Select[int]:
    return (
        select(run.c.id)
        .where(run.c.platform == platform, run.c.id < before, exists().where(measure.c.run == run.c.id))
        .order_by(run.c.id.desc())
        .limit(RUNS)
    )


def _of_runs(connection: Connection, wanted: Select[int]) -> list[Measures]:
    runs = list(connection.execute(wanted).scalars())
    found = _load(connection, runs)
    return [found.get(each, {}) for each in runs]


def _load(connection: Connection, runs: list[int]) -> dict[int, dict[str, Share]]:
    found: dict[int, dict[str, Share]] = {}
    wanted = select(measure.c.run, measure.c.name, measure.c.part, measure.c.whole).where(measure.c.run.in_(runs))
    for row in connection.execute(wanted):
        found.setdefault(row.run, {})[row.name] = Share(row.part, row.whole)
    return found


# Unknown values and fields -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value or wire field that nobody knows. `is_approved`: a person approved a held run since it first came."""

    field: str
    value: str
    count: int
    first_run: int
    is_approved: bool


def list_unknowns_of_run(connection: Connection, platform: str, run_id: int, *, limit: int = 200) -> list[Unknown]:
    """What this run met that no table knows, the most frequent first."""
    approved = exists().where(
        hold.c.platform == platform,
        hold.c.kind == HoldKind.RUN.value,
        hold.c.state == HoldState.APPROVED.value,
        hold.c.run >= unknown.c.first_run,
    )
    wanted = (
        select(unknown.c.field, unknown.c.value, unknown.c["count"], unknown.c.first_run, approved)
        .where(unknown.c.platform == platform, unknown.c.last_run == run_id)
        .order_by(unknown.c["count"].desc(), unknown.c.field, unknown.c.value)
        .limit(limit)
    )
    return [Unknown(*row) for row in connection.execute(wanted)]
