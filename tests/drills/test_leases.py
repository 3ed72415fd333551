"""Reliability A2, A4: of several workers on one feed one wins; a holder that slept through its lease writes no more.

Three ways to try it: random turns of leases on one clock; processes that all begin at once; a process stopped by
SIGSTOP at each of its pages and transactions, and woken when another has taken its run over and ended it.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from integrator.errors import LeaseLost
from integrator.store.database import Database
from integrator.store.leases import TERM_S, Lease, free_lease, renew_lease, take_lease
from integrator.store.runs import lose_dead_runs
from integrator.store.tables import metadata
from integrator.sync import commit
from integrator.sync.commit import Committer
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from integrator.sync.units import gather
from tests.drills.invariants import find_violations
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, Row, row

SEED = 20261122
LISTINGS: list[Row] = [row(f"{number:03}", account=f"A{number % 2}") for number in range(12)]
ACCOUNTS: list[Row] = [{"id": "A0", "name": "First"}, {"id": "A1", "name": "Second"}]
PAGES = 5  # one of accounts, four of listings
TURNS = 50
WORKERS = 4
DONE = "succeeded"


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that there is much to write when a sleeper wakes."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Makes a store in which nothing was read yet."""
    made: list[Database] = []

    def make() -> Database:
        made.append(Database(f"sqlite:///{tmp_path}/{len(made)}.db"))
        made[-1].migrate()
        return made[-1]

    yield make
    for each in made:
        each.close()


def unchecked(connection: object, held: Lease, *, now: float) -> None:
    """The planted bug: a write transaction that does not look at its lease."""


def open_feed() -> FakeConnector:
    return FakeConnector(listings=LISTINGS, accounts=ACCOUNTS)


def read(database: Database, feed: FakeConnector, *, at_s: float) -> Outcome:
    clock = FakeClock()
    clock.advance(at_s)
    return sync_feed(database, feed, clock, how=Slice(full=True))


def fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return child


def look(database: Database) -> dict[str, list[str]]:
    """The whole store."""
    with database.read() as connection:
        return {name: sorted(map(repr, connection.execute(each.select()))) for name, each in metadata.tables.items()}


# Random turns of the leases alone ------------------------------------------------------------------------------------


def take_turns(database: Database, chance: random.Random, *, renew: Callable[..., None]) -> list[str]:
    """Three workers take, write, free and sleep as it comes; each write is held against the newest taking."""
    now, newest, wrong = 0.0, 0, []
    mine: dict[str, Lease | None] = dict.fromkeys(("a", "b", "c"))
    for _ in range(TURNS):
        now += chance.choice((0.0, 1.0, TERM_S / 2, TERM_S + 1))
        worker = chance.choice(sorted(mine))
        held = mine[worker]
        with database.write() as connection:
            if held is None:
                held = take_lease(connection, "buykorea", "changes", holder=f"elsewhere:1:{worker}", now=now)
                if held is not None and held.fence <= newest:
                    wrong.append(f"number {held.fence} was given after {newest}")
                newest = max(newest, held.fence if held else 0)
                mine[worker] = held
            elif chance.random() < 0.2:
                free_lease(connection, held)
                mine[worker] = None
            else:
                try:
                    renew(connection, held, now=now)
                except LeaseLost:
                    mine[worker] = None
                    continue
                if held.fence < newest:
                    wrong.append(f"{worker} wrote with {held.fence} after {newest} was given")
    return wrong


def drill_turns(tally: Tally, database: Database, trials: int, *, renew: Callable[..., None] = renew_lease) -> None:
    for number in range(trials):
        with database.write() as connection:
            connection.execute(metadata.tables["lease"].delete())
        tally.count(*take_turns(database, random.Random(SEED + number), renew=renew))


def test_of_many_turns_no_write_comes_from_an_older_taking(
    fresh: Callable[[], Database], open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("leases, random turns", seed=SEED)

    drill_turns(tally, fresh(), 500 if is_full_drill else 20)

    assert tally.violations == []


def test_the_drill_of_turns_notices_a_lease_that_is_not_checked(
    fresh: Callable[[], Database], open_tally: OpenTally
) -> None:
    tally = open_tally("leases, random turns", seed=SEED, planted="lease not checked")

    drill_turns(tally, fresh(), 20, renew=unchecked)

    assert len(tally.violations) > 10


# Processes that begin at once ----------------------------------------------------------------------------------------


def race(database: Database) -> list[str]:
    """Four processes read the same feed; each outcome is one of those that leave nothing behind."""

    def work() -> None:
        os.read(start, 1)
        outcome = read(database, open_feed(), at_s=60)
        os._exit(
            0 if outcome.state in ("succeeded", "failed") and (outcome.run is None) != (outcome.state == DONE) else 1
        )

    start, go = os.pipe()
    database.close()
    children = [fork(work) for _ in range(WORKERS)]
    os.write(go, b"." * WORKERS)
    ends = [os.waitpid(child, 0)[1] for child in children]
    os.close(start)
    os.close(go)
    wrong = [f"a worker ended with {end}" for end in ends if end]
    if (shown := len(look(database)["listing"])) != len(LISTINGS):
        wrong.append(f"{shown} listings of {len(LISTINGS)} were kept")
    return wrong + find_violations(database, now=_seconds(60))


def _seconds(at_s: float) -> float:
    clock = FakeClock()
    clock.advance(at_s)
    return clock.now().timestamp()


def test_of_processes_that_begin_at_once_one_reads_at_a_time(
    fresh: Callable[[], Database], open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("leases, four processes at once", seed=SEED)

    for _ in range(50 if is_full_drill else 3):
        tally.count(*race(fresh()))

    assert tally.violations == []


# Stopped and woken ---------------------------------------------------------------------------------------------------


def sleep_at(place: int) -> Callable[[Database], None]:
    """A work that reads the feed and stops itself at a page (even places) or before a transaction (odd ones)."""
    left = [place // 2]

    def stop(*_: object) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
        left[0] -= 1

    def work(database: Database) -> None:
        feed = open_feed()
        if place % 2:
            begin = Committer.transaction

            def stop_and_begin(self: Committer) -> AbstractContextManager[Connection]:
                stop()
                return begin(self)

            Committer.transaction = stop_and_begin  # type: ignore[method-assign, assignment]
        else:
            feed.on_page = stop
        os._exit(0 if read(database, feed, at_s=60).state == "lost" else 1)

    return work


def wake_late(database: Database, place: int) -> list[str]:
    """A holder stopped at that place, its run taken over and ended by another, then woken."""
    work = sleep_at(place)
    database.close()
    sleeper = fork(lambda: work(database))
    if not os.WIFSTOPPED(os.waitpid(sleeper, os.WUNTRACED)[1]):
        return [f"place {place}: the holder ended before it came there"]
    late = 60 + TERM_S + 1
    with database.write() as connection:
        lose_dead_runs(connection, now=_seconds(late))
    outcome = read(database, open_feed(), at_s=late)
    wrong = [f"the next holder: {outcome.state} ({outcome.reason})"] if outcome.state != DONE else []
    before = look(database)
    os.kill(sleeper, signal.SIGCONT)
    if os.waitpid(sleeper, 0)[1]:
        wrong.append("the woken holder did not find its lease lost")
    after = look(database)
    wrong += [f"the woken holder changed {name}" for name in before if before[name] != after[name]]
    wrong += find_violations(database, now=_seconds(late))
    return [f"place {place}: {each}" for each in wrong]


def test_a_holder_woken_after_its_lease_writes_nothing(
    fresh: Callable[[], Database], open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("leases, stopped and woken", seed=SEED)
    places = range(2 * PAGES)

    for place in [*places] * 5 if is_full_drill else (0, 5, 8):
        tally.count(*wake_late(fresh(), place))

    assert tally.violations == []


def test_the_drill_of_sleepers_notices_a_lease_that_is_not_checked(
    fresh: Callable[[], Database], open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit, "renew_lease", unchecked)
    tally = open_tally("leases, stopped and woken", seed=SEED, planted="lease not checked")

    for place in (5, 8):
        tally.count(*wake_late(fresh(), place))

    assert len(tally.violations) > 1
