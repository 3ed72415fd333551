"""Figures for a monitor that asks four times a minute: each costs the same however large the catalogue is.

Runs are counted over the last day, and what waits is counted up to `MOST_COUNTED`: more than that is as alarming.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from integrator.store.holds import HoldState
from integrator.store.tables import hold, outbox, run, worklist

DAY_S = 86_400.0
MOST_COUNTED = 100_000

OUTCOMES = ("new", "changed", "unchanged", "superseded", "rejected", "withdrawn", "held")


@dataclass(frozen=True, slots=True)
class RunsOfDay:
    """The runs of one feed, lane and state that began in the last day. `records` by outcome, in the order of OUTCOMES.

    `seconds`: from their beginning to their end, those that have one.
    """

    platform: str
    lane: str
    state: str
    count: int
    seconds: float
    calls: int
    records: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, and what waits for a person. `oldest_at`: since when the first of them waits (POSIX seconds)."""

    waiting: int
    set_aside: int
    oldest_at: float | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """What answers: `PostgreSQL 15.14`, for example; its encoding, and how many may still connect."""

    name: str
    encoding: str
    connections_left: int


def describe_server(connection: Connection) -> Server:
    """The database's server; of a file, the library that reads it, which anybody may use."""
    if connection.dialect.name == "sqlite":
        version = connection.execute(select(func.sqlite_version())).scalar_one()
        return Server(f"SQLite {version}", "UTF8", MOST_COUNTED)
    said = {name: connection.execute(select(func.current_setting(name))).scalar_one() for name in _SAID}
    taken = connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
    left = int(said["max_connections"]) - int(said["superuser_reserved_connections"]) - int(taken.scalar_one())
    return Server(f"PostgreSQL {said['server_version']}", str(said["server_encoding"]), left)


_SAID = ("server_version", "server_encoding", "max_connections", "superuser_reserved_connections")


def count_runs(connection: Connection, platforms: Iterable[str], *, now: float) -> list[RunsOfDay]:
    """The runs of the last day, by platform, lane and state."""
    by = (run.c.platform, run.c.lane, run.c.state)
    sums = (func.count(), func.sum(run.c.ended_at - run.c.started_at), func.sum(run.c.calls))
    wanted = (
        select(*by, *sums, *(func.sum(run.c[name]) for name in OUTCOMES))
        .where(run.c.platform.in_(sorted(platforms)), run.c.started_at > now - DAY_S)
        .group_by(*by)
        .order_by(*by)
    )
    return [
        RunsOfDay(platform, lane, state, count, float(seconds or 0), int(calls), tuple(map(int, records)))
        for platform, lane, state, count, seconds, calls, *records in connection.execute(wanted)
    ]


def count_outbox_bounded(connection: Connection) -> Backlog:
    """What the index is still to be told."""
    first = select(outbox.c.set_aside.label("aside")).order_by(outbox.c.sequence).limit(MOST_COUNTED)
    waiting, set_aside = _count(connection, first)
    wanted = select(outbox.c.queued_at).where(outbox.c.set_aside.is_(False)).order_by(outbox.c.sequence).limit(1)
    return Backlog(waiting, set_aside, connection.execute(wanted).scalar())


def count_worklist_bounded(connection: Connection) -> Backlog:
    """The accounts whose sellers and products are still to be worked out."""
    return Backlog(*_count(connection, select(worklist.c.set_aside.is_not(None).label("aside")).limit(MOST_COUNTED)))


def _count(connection: Connection, rows: Select[Any]) -> tuple[int, int]:
    """(not set aside, set aside) among these rows."""
    few = rows.subquery()
    counted = {bool(row[0]): row[1] for row in connection.execute(select(few.c.aside, func.count()).group_by("aside"))}
    return counted.get(False, 0), counted.get(True, 0)


def count_open_holds(connection: Connection) -> dict[str, int]:
    """Holds that wait for a person, by platform."""
    is_open = hold.c.state == HoldState.OPEN.value
    rows = connection.execute(select(hold.c.platform, func.count()).where(is_open).group_by(hold.c.platform))
    return {str(row[0]): int(row[1]) for row in rows}
