"""A first census that takes days, on an injected clock: kills, restarts and daily quotas; changes stay fresh meanwhile.

The scheduler's rules choose each slice. A kill leaves the run `running` and its lease held, as SIGKILL does.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from integrator.errors import QuotaSpent
from integrator.record import Batch, End, Lane, Plan
from integrator.store import leases
from integrator.store.database import Database
from integrator.store.feeds import FeedState, load_states
from integrator.store.listings import ListingState
from integrator.store.runs import lose_dead_runs
from integrator.store.tables import listing
from integrator.sync import lanes, run
from integrator.sync.lanes import find_due, freshness_target_s
from integrator.sync.run import Slice, sync_feed
from integrator.sync.slices import SLICE_S
from integrator.sync.units import gather
from tests.drills.invariants import find_violations
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, row

SEED = 20261123
PAGES_A_DAY = 20
PAGE_S = 60.0
STEP_S = 300.0
A_KILL_IN = 10  # pages


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours is to run after it."""


@dataclass
class SlowFeed(FakeConnector):
    """A platform that answers slowly and lets the census have so many pages a day."""

    time: FakeClock = field(default_factory=FakeClock)
    chance: random.Random = field(default_factory=random.Random)
    census_pages: dict[int, int] = field(default_factory=dict)  # by day
    kills: int = 0

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        self.clock = self.time.now()
        for piece in super().fetch(plan):
            if isinstance(piece, Batch):
                self.spend(plan.lane)
            yield piece

    def spend(self, lane: Lane) -> None:
        self.time.advance(PAGE_S if lane is Lane.CENSUS else 1.0)
        if lane is not Lane.CENSUS:
            return
        today = self.time.now().toordinal()
        if self.census_pages.get(today, 0) >= PAGES_A_DAY:
            tomorrow = self.time.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
            raise QuotaSpent("The day's calls are used up.", retry_at=tomorrow)
        self.census_pages[today] = self.census_pages.get(today, 0) + 1
        if self.chance.randrange(A_KILL_IN) == 0:
            self.kills += 1
            raise Killed


@contextmanager
def dying_at_once(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """From a kill on, neither the run's last word nor the lease's return is written."""
    with patch.context() as inner:
        end, free = run._Attempt._end, leases.free_lease
        dead: list[bool] = []

        def end_unless_dead(self, verdict):
            if "Killed" in verdict.reason:
                dead.append(True)
                return self._outcome(verdict)
            return end(self, verdict)

        inner.setattr(run._Attempt, "_end", end_unless_dead)
        inner.setattr(
            "integrator.sync.run.free_lease", lambda connection, lease: None if dead else free(connection, lease)
        )
        yield


def live(database: Database, feed: SlowFeed, patch: pytest.MonkeyPatch, tally: Tally, *, most_days: int) -> None:
    """Let the scheduler's rules have the feed read until its census has ended; each slice is a trial."""
    begun = feed.time.now()
    while (state := look(database, feed.time)).feed.census_at is None:
        now = feed.time.now().timestamp()
        if feed.time.now() - begun > timedelta(days=most_days):
            tally.count(f"after {most_days} days the census had not ended")
            return
        due = find_due(state, feed, now)
        if due is None:
            feed.time.advance(STEP_S)
            continue
        try:
            with dying_at_once(patch):
                sync_feed(database, feed, feed.time, how=Slice(full=due.lane is Lane.CENSUS, limit_s=SLICE_S))
        except Killed:
            pass
        tally.count(*find_stale(look(database, feed.time), feed.time.now().timestamp()))


def look(database: Database, time: FakeClock) -> FeedState:
    now = time.now().timestamp()
    with database.write() as connection:
        lose_dead_runs(connection, now=now)
        return load_states(connection, ["buykorea"], now=now)[0]


def find_stale(state: FeedState, now: float) -> list[str]:
    """Changes can be read from the first page of listings on, and are then as fresh as their target says."""
    read_at = state.read_at(Lane.CHANGES)
    is_stale = read_at is not None and now - read_at > freshness_target_s(state, Lane.CHANGES)
    return [f"changes are {now - read_at:.0f} s old"] if is_stale and read_at is not None else []


def judge(database: Database, feed: SlowFeed, pages: int) -> list[str]:
    """Nothing lost, and no more pages read than there are, the repeated ones of each kill and each day's end aside."""
    with database.read() as connection:
        states = [each.state for each in connection.execute(listing.select())]
    wrong = [] if states == [ListingState.LIVE.value] * len(feed.listings) else [f"{len(states)} listings were kept"]
    read, stops = sum(feed.census_pages.values()), feed.kills + len(feed.census_pages)
    if read > pages + stops:
        wrong.append(f"{read} pages were read of {pages}, with {stops} stops")
    return wrong + find_violations(database, now=feed.time.now().timestamp())


@pytest.fixture
def open_feed(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], SlowFeed]:
    """A feed whose census takes so many days; a commit a page, an hour's changes one listing."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))

    def make(days: int) -> SlowFeed:
        rows = [row(f"{number:05}") for number in range(days * PAGES_A_DAY * 3)]
        return SlowFeed(
            listings=rows, tells_watermark=True, changed_only=["00001"], chance=random.Random(SEED), time=FakeClock()
        )

    return make


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/h.db")
    made.migrate()
    yield made
    made.close()


def test_a_census_of_days_ends_whole_while_changes_stay_fresh(
    database: Database,
    open_feed: Callable[[int], SlowFeed],
    open_tally: OpenTally,
    monkeypatch: pytest.MonkeyPatch,
    is_full_drill: bool,
) -> None:
    days = 21 if is_full_drill else 2
    feed = open_feed(days)
    tally = open_tally(f"long census, {days} days", seed=SEED)

    live(database, feed, monkeypatch, tally, most_days=2 * days + 2)
    tally.count(*judge(database, feed, days * PAGES_A_DAY))

    assert feed.kills > days
    assert tally.violations == []


def test_the_drill_notices_changes_that_wait_for_the_census(
    database: Database,
    open_feed: Callable[[int], SlowFeed],
    open_tally: OpenTally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_due = lanes.is_due

    def census_first(state, ways, lane, now):
        waits = lane is Lane.CHANGES and state.read_at(Lane.CHANGES) is not None and state.feed.census_at is None
        return not waits and is_due(state, ways, lane, now)

    monkeypatch.setattr(lanes, "is_due", census_first)
    tally = open_tally("long census, 2 days", seed=SEED, planted="changes wait for the census")

    live(database, open_feed(2), monkeypatch, tally, most_days=6)

    assert len(tally.violations) > 3
