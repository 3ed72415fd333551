"""One feed, one lane and a store: what a run without a kill comes to, and what a killed one comes to after one more.

A run has two stages, each in a process of its own: the sync, then resolving and publishing. They share nothing but the
store, so a death in the second is tried from a store in which the first has ended.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from integrator.errors import HanmaruError
from integrator.merge.price import Rates
from integrator.ports import IndexWriter
from integrator.publish.publisher import publish
from integrator.record import Kind
from integrator.resolve.partition import resolve_marked
from integrator.store.database import Database
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from search.embedded import EmbeddedIndex
from search.memory import MemoryIndex
from tests.drills.crash.facts import (
    Facts,
    compare,
    find_shown_early,
    is_over,
    read_everything,
    read_facts,
    read_state,
)
from tests.drills.crash.feeds import Feed
from tests.drills.crash.ground import Ground
from tests.drills.crash.home import Home, Logged
from tests.drills.crash.points import OUTSIDE, PointedIndex, Points, do_in_child, fork, kind_of
from tests.drills.invariants import Given, find_uncommitted, find_untrue, find_violations
from tests.fakes.clock import FakeClock

RATES = Rates("2026-09-14", {"USD": Decimal(1), "KRW": Decimal("0.00075"), "EUR": Decimal("1.1")})


@dataclass(frozen=True, slots=True)
class Lane:
    """What the run under the knife does. `is_first`: the store has read nothing yet."""

    name: str
    full: bool
    is_first: bool = False


FIRST = Lane("first census", full=True, is_first=True)
CENSUS = Lane("census", full=True)
CHANGES = Lane("changes", full=False)
LANES = (CENSUS, CHANGES, FIRST)


@dataclass(frozen=True, slots=True)
class Clean:
    """A run that nobody killed: its instants, the first of them those of the sync; what it left, and what it asked."""

    points: list[str]
    synced: int
    facts: Facts
    batches: int
    pages: int

    def outside_before(self, number: int) -> int:
        """How many of the instants before this one lay outside of the database."""
        return sum(kind_of(name) in OUTSIDE for name in self.points[: number - 1])


@dataclass(frozen=True, slots=True)
class Said:
    """What a run in trouble came to: its state, or the error that whoever began it was told."""

    state: str
    reason: str


class World:
    """A feed and a lane on a ground. Trials are children's work: this process holds no thread and no connection."""

    def __init__(self, feed: Feed, lane: Lane, ground: Ground) -> None:
        self.feed, self.lane, self._ground = feed, lane, ground
        self._answer = ground.answer
        self._visible = feed.visible(is_first=lane.is_first)
        empty = ground.empty()
        self._before = empty if lane.is_first else ground.store(f"{feed.name}-read", self._read_before, of=empty)
        self._synced = ground.new_home(ground.folder / f"{feed.name}-{lane.name.replace(' ', '-')}-synced")
        self._mended: dict[bytes, list[str]] = {}
        self._warm()
        self.begin_trial()
        self.clean: Clean = do_in_child(self._work_cleanly, self._answer)

    @property
    def name(self) -> str:
        """For people."""
        kind = "SQLite" if self._ground.database.is_file else "PostgreSQL"
        return f"{self.feed.name}, {self.lane.name}, {kind}"

    def _read_before(self, home: Home) -> None:
        database, index = Database(home.url), EmbeddedIndex(home.folder / "index")
        outcome = self._sync(home, database, minutes=0, later=False)
        assert outcome.state == "succeeded", outcome
        self._settle(database, index, minutes=0, later=False)
        home.forget_log()
        database.close()

    def _warm(self) -> None:
        """Once in this process, with an index that leaves no thread behind."""
        self.begin_trial()
        database, index = self._ground.database, MemoryIndex()
        self._sync(self._ground.trial, database, minutes=1)
        self._settle(database, index, minutes=1)
        find_violations(database, now=0.0, index=index)
        read_facts(database)
        database.engine.dispose()

    # Working ---------------------------------------------------------------------------------------------------------

    def _sync(self, home: Home, database: Database, *, minutes: int, later: bool = True) -> Outcome:
        """From the feed to the store."""
        clock = self._clock(minutes, later=later)
        connector: Any = Logged(self.feed.open(later=later, clock=clock, spool=home.folder / "spool"), home)
        return sync_feed(database, connector, clock, how=Slice(full=self.lane.full))

    def _settle(self, database: Database, index: IndexWriter, *, minutes: int, later: bool = True) -> None:
        """From the store to the index."""
        resolve_marked(database, clock=self._clock(minutes, later=later), rates=RATES)
        publish(database, index)

    def _clock(self, minutes: int, *, later: bool) -> FakeClock:
        clock = FakeClock()
        clock.advance(60 * minutes, days=self.feed.days if later else 0)
        return clock

    def _sync_watched(self, points: Points, *, minutes: int = 1) -> Outcome:
        """On the ground's own store, told instant by instant; in a child."""
        home = self._ground.trial
        points.watch(lambda question: home.log("asked", question))
        return self._sync(home, self._ground.database, minutes=minutes)

    def _settle_watched(self, points: Points, *, minutes: int = 1) -> None:
        """The second stage likewise."""
        index: Any = PointedIndex(EmbeddedIndex(self._ground.trial.folder / "index"), points)
        try:
            self._settle(self._ground.database, index, minutes=minutes)
        finally:
            index.close()

    def _work(self, *, minutes: int) -> Outcome:
        """Both stages, watched for what is asked."""
        points = Points()
        outcome = self._sync_watched(points, minutes=minutes)
        self._settle_watched(points, minutes=minutes)
        return outcome

    def _work_cleanly(self) -> Clean:
        points, home, database = Points(), self._ground.trial, self._ground.database
        outcome = self._sync_watched(points)
        synced = len(points.names)
        database.engine.dispose()
        home.copy_to(self._synced)
        self._settle_watched(points)
        names = list(points.names)
        wrong = self._judge(minutes=1)
        assert (outcome.state, wrong) == ("succeeded", []), (outcome, wrong)
        return Clean(names, synced, read_facts(database), self._batches(home), self._pages(home))

    def _batches(self, home: Home) -> int:
        return sum(bool(ids) for _, ids in home.logged("given"))

    def _pages(self, home: Home) -> int:
        return sum(not self.feed.is_repeatable(question) for question in home.logged("asked"))

    # Dying -----------------------------------------------------------------------------------------------------------

    def kill_at(self, number: int) -> tuple[bool, list[str]]:
        """Whether the run was killed at that instant, and what is wrong after one more run."""
        synced = self.clean.synced
        if number <= synced:
            self.begin_trial()
            child = fork(lambda: self._sync_watched(Points(number)), self._answer)
        else:
            self._synced.copy_to(self._ground.trial)
            child = fork(lambda: self._settle_watched(Points(number - synced).watch()), self._answer)
        child.wait()
        if not child.was_killed:
            return False, []
        outside = self.clean.outside_before(number)
        left, wrong = do_in_child(lambda: self._mend(outside), self._answer)
        self._mended[left] = wrong
        return True, [f"{self.name}, killed at {self._describe(number)}: {each}" for each in wrong]

    def stop_at(self, number: int) -> tuple[bool, list[str]]:
        """The holder sleeps past its lease at that instant, another takes over, and the woken one writes nothing."""
        self.begin_trial()
        child = fork(lambda: self._sync_watched(Points(number, signal.SIGSTOP)), self._answer)
        if not child.wait():
            return False, []
        answer = self._ground.folder / "second answer"
        wrong = do_in_child(self._recover, answer)
        before = do_in_child(lambda: read_everything(self._ground.database), answer)
        child.wake()
        after = do_in_child(lambda: read_everything(self._ground.database), answer)
        wrong += compare(before, after)
        return True, [f"{self.name}, asleep at {self._describe(number)}: {each}" for each in wrong]

    def begin_trial(self) -> None:
        """The store as it was before the run."""
        self._before.copy_to(self._ground.trial)

    def try_in_trouble(self, begin: Callable[[Database], None]) -> Said:
        """What a run says for which there is trouble, begun in its process alone."""
        said = do_in_child(lambda: self._work_in_trouble(begin), self._answer)
        assert isinstance(said, Said)
        return said

    def recover(self, what: str) -> list[str]:
        """What is wrong after one more run, without trouble."""
        return [f"{self.name}, {what}: {each}" for each in do_in_child(self._recover, self._answer)]

    def _work_in_trouble(self, begin: Callable[[Database], None]) -> Said:
        begin(self._ground.database)
        try:
            outcome = self._work(minutes=1)
        except HanmaruError as error:
            return Said(type(error).__name__, str(error))
        return Said(outcome.state.value, outcome.reason)

    def look(self, work: Callable[[Database], Any]) -> Any:
        """What the work finds in the trial's store; in a child."""
        return do_in_child(lambda: work(self._ground.database), self._answer)

    def _describe(self, number: int) -> str:
        names = self.clean.points
        return f"{number} ({names[number - 1][:100] if number <= len(names) else 'another'})"

    def _mend(self, outside: int) -> tuple[bytes, list[str]]:
        """What a killed run left, as a digest, and what is wrong with it; known already if another left the same.

        `outside`: how much it had done outside of the database.
        """
        if self._ground.mends_all:
            return b"", self._recover()
        told = f"{outside} {self._ground.trial.log_text()}"
        left = blake2b(read_state(self._ground.database) + told.encode()).digest()
        return left, self._mended[left] if left in self._mended else self._recover()

    def _recover(self) -> list[str]:
        """One more run, and what is wrong before and after it."""
        home, database, clean = self._ground.trial, self._ground.database, self.clean
        given = [Given(place, tuple((Kind(kind), each) for kind, each in ids)) for place, ids in home.logged("given")]
        wrong = find_uncommitted(database, self.feed.platform, given)
        wrong += find_shown_early(database, self.feed.platform)
        was_over = is_over(database, self.feed.platform)
        outcome = self._work(minutes=3)
        if outcome.state != "succeeded":
            wrong.append(f"the next run: {outcome.state} ({outcome.reason})")
        wrong += self._judge(minutes=3)
        wrong += compare(clean.facts, read_facts(database))
        for name, found, once in (
            ("batches", self._batches(home), clean.batches),
            ("pages", self._pages(home), clean.pages),
        ):
            allowed = once + (once if was_over else self.feed.repeats)
            if found > allowed:
                wrong.append(f"I10: {found} {name} were read, {allowed} at most were needed")
        return wrong

    def _judge(self, *, minutes: int) -> list[str]:
        now = FakeClock().now() + timedelta(days=self.feed.days, minutes=minutes)
        index, database = EmbeddedIndex(self._ground.trial.folder / "index"), self._ground.database
        wrong = find_violations(database, now=now.timestamp(), index=index)
        return wrong + find_untrue(database, {self.feed.platform: self._visible})
