"""Reliability F2: migrations killed at any of their statements leave the old schema or the new one, nothing between.

Up, with rows and without, and down again, each in a forked child that sends itself SIGKILL before its Nth statement.
After each kill the schema is that of before, or of after; then the same migration is run to its end.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import DBAPIError

from integrator.store.database import Database
from integrator.sync.run import sync_feed
from tests.databases import Databases
from tests.drills.crash.points import Points, do_in_child, fork
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, row

SEED = 0  # nothing here is random


@dataclass(frozen=True, slots=True)
class Way:
    """One migration: from a schema that `begin` makes, by `go`."""

    name: str
    begin: Callable[[Database], None]
    go: Callable[[Database], None]


def fill(database: Database) -> None:
    """Rows that age 1 knows: made at today's age, then taken back."""
    database.migrate()
    feed = FakeConnector(listings=[row(f"{number:03}") for number in range(20)], accounts=[{"id": "A1", "name": "One"}])
    outcome = sync_feed(database, feed, FakeClock())
    assert outcome.state == "succeeded", outcome
    database.unmigrate(to="0001")


def leave(database: Database) -> None:
    """Nothing at all, but a place for it."""
    if database.is_file:
        Path(str(database.engine.url.database)).parent.mkdir(parents=True)


WAYS = (
    Way("up from nothing", leave, Database.migrate),
    Way("up with rows", fill, Database.migrate),
    Way("down", Database.migrate, Database.unmigrate),
)


def describe(database: Database) -> list[str]:
    """Tables with their columns and indexes, and how many rows each has."""
    with database.read() as connection:
        schema, found = inspect(connection), []
        for name in sorted(schema.get_table_names()):
            columns = [f"{each['name']} {each['type']} {each['nullable']}" for each in schema.get_columns(name)]
            indexes = sorted(str(each["name"]) for each in schema.get_indexes(name))
            rows = connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()  # noqa: S608 - our own names
            found.append(f"{name}: {columns} {indexes} {rows}")
    return found


class Trials:
    """One way, each time on a database of its own."""

    def __init__(self, way: Way, databases: Databases, folder: Path) -> None:
        self._way, self._databases, self._answer = way, databases, folder / "answer"
        with self._begun() as database:
            self._before = describe(database)
            database.close()
            self.points: list[str] = do_in_child(lambda: self._go_watched(database, Points()), self._answer)
            self._after = describe(database)

    @contextmanager
    def _begun(self) -> Iterator[Database]:
        """No connection is open when a child begins."""
        with self._databases.lend(migrated=False) as database:
            self._way.begin(database)
            database.close()
            yield database

    def _go_watched(self, database: Database, points: Points) -> list[str]:
        points.watch()
        self._way.go(database)
        return points.names

    def kill_at(self, number: int) -> Iterator[str]:
        """What is wrong after a death there."""
        with self._begun() as database:
            child = fork(lambda: self._go_watched(database, Points(last=number)), self._answer)
            child.wait()
            if not child.was_killed:
                yield f"{self._way.name}: no instant {number}"
            left = describe(database)
            if left not in (self._before, self._after):
                yield f"{self._way.name}, killed before {self.points[number - 1][:60]}: the schema is between two"
            self._way.go(database)
            if describe(database) != self._after:
                yield f"{self._way.name}, killed before {self.points[number - 1][:60]}: it is not whole after one more"


def drill(tally: Tally, trials: Trials, numbers: Sequence[int]) -> None:
    for number in numbers:
        try:
            tally.count(*trials.kill_at(number))
        except DBAPIError as error:
            tally.count(f"killed before statement {number}, it never ends: {str(error.orig)[:100]}")


def choose(points: Sequence[str], *, every: bool) -> list[int]:
    """All of them; or the first, the last, and some between."""
    last = len(points)
    return list(range(1, last + 1)) if every else sorted({1 + (last - 1) * step // 3 for step in range(4)})


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_migration_killed_anywhere_leaves_the_old_schema_or_the_new(
    way: Way, databases: Databases, backend: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"F2 migrations on {backend}, {way.name}", seed=SEED)
    trials = Trials(way, databases, tmp_path)

    drill(tally, trials, choose(trials.points, every=is_full_drill))

    assert tally.violations == []
    assert len(trials.points) > 30


def test_the_drill_notices_a_migration_in_several_transactions(
    databases: Databases, backend: str, tmp_path: Path, open_tally: OpenTally
) -> None:
    tally = open_tally(f"F2 migrations on {backend}", seed=SEED, planted="each statement for itself")

    def commit(_connection: Any, cursor: Any, *_: Any) -> None:
        cursor.connection.commit()

    event.listen(Engine, "after_cursor_execute", commit)
    try:
        trials = Trials(WAYS[0], databases, tmp_path)
        drill(tally, trials, choose(trials.points, every=False)[1:3])
    finally:
        event.remove(Engine, "after_cursor_execute", commit)

    assert tally.violations
