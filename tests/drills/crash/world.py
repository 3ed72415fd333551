"""One feed, one lane and a store: what a run without a kill comes to, and what a killed one comes to after one more."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from integrator.errors import HanmaruError
from integrator.merge.price import Rates
from integrator.ports import IndexWriter
from integrator.publish.publisher import publish
from integrator.record import Batch, Kind, Plan
from integrator.resolve.partition import resolve_marked
from integrator.store.database import Database
from integrator.store.tables import (
    account,
    account_version,
    archive,
    edge,
    feed,
    listing,
    metadata,
    product,
    product_listing,
    rejection,
    run,
    seller_account,
    version,
    withdrawal,
)
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from search.embedded import EmbeddedIndex
from search.memory import MemoryIndex
from tests.drills.crash.feeds import Feed
from tests.drills.crash.points import PointedIndex, Points, do_in_child, fork
from tests.drills.invariants import Given, find_uncommitted, find_untrue, find_violations
from tests.fakes.clock import FakeClock

RATES = Rates("2026-09-14", {"USD": Decimal(1), "KRW": Decimal("0.00075"), "EUR": Decimal("1.1")})

# What does not depend on when a thing was read, and by how many runs.
KEPT: dict[str, Select] = {
    "listings": select(
        listing.c.external_id, listing.c.generation, listing.c.account_id, listing.c.state, listing.c.visible,
        listing.c.hidden_reason, listing.c.version, listing.c.fingerprint, listing.c.updated_at,
        listing.c.rejected_at.is_not(None),
    ),
    "versions": select(
        listing.c.external_id, version.c.version, version.c.state, version.c.fingerprint, version.c.raw,
        version.c.content,
    ).join_from(version, listing),
    "archive": select(archive.c.hash, archive.c.kind, archive.c.external_id),
    "accounts": select(account.c.external_id, account.c.version, account.c.fingerprint, account.c.content),
    "account versions": select(
        account_version.c.external_id, account_version.c.version, account_version.c.state,
        account_version.c.fingerprint,
    ),
    "rejections": select(rejection.c.external_id, rejection.c.fingerprint, rejection.c.code),
    "withdrawals": select(listing.c.external_id, withdrawal.c.kind).join_from(withdrawal, listing),
    "feed": select(feed.c.watermark, feed.c.accounts_day, feed.c.census_at.is_not(None)),
    "products": select(product.c.id, product.c.seller_id, product.c.visible, product.c.heading),
    "members": select(listing.c.external_id, product_listing.c.product_id).join_from(product_listing, listing),
    "sellers": select(seller_account.c.account_id, seller_account.c.seller_id),
    "edges": select(edge.c.kind, edge.c.left, edge.c.right, edge.c.verdict),
}  # fmt: skip

Facts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Lane:
    """What the run under the knife does. `is_first`: the store has read nothing yet."""

    name: str
    full: bool
    is_first: bool = False


FIRST = Lane("first census", full=True, is_first=True)
CENSUS = Lane("census", full=True)
CHANGES = Lane("changes", full=False)


@dataclass(frozen=True, slots=True)
class Home:
    """One store with its index, its spool, and a log of what was asked and given.

    `url` and `copy_to` know that the database is a file in the folder; for a server a subclass says it otherwise.
    """

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/hanmaru.db"

    def log(self, kind: str, said: object) -> None:
        """What a killed process did stays written."""
        with (self.folder / "log").open("a") as file:
            file.write(json.dumps([kind, said]) + "\n")

    def logged(self, kind: str) -> list[Any]:
        file = self.folder / "log"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [said for of, said in map(json.loads, lines) if of == kind]

    def copy_to(self, folder: Path) -> "Home":
        """The same state elsewhere; nobody has this one open."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder)
        return type(self)(folder)


@dataclass(frozen=True, slots=True)
class Clean:
    """A run that nobody killed: its instants, the first of them those of the sync; what it left, and what it asked."""

    points: list[str]
    synced: int
    facts: Facts
    state: str
    batches: int
    pages: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a run in trouble came to: its state, or the error that whoever began it was told."""

    state: str
    reason: str


class Ground:
    """Where the trials of all worlds take place, one after the other, each on a copy of its world's store.

    Its database and all that a process loads but once are warm: children begin with what this process has.
    """

    def __init__(self, folder: Path, home: type[Home] = Home) -> None:
        self.folder = folder
        self.answer = folder / "answer"
        self.home = home
        self.trial = home(folder / "trial")
        self.database = Database(self.trial.url)


class World:
    """A feed and a lane on a ground. Trials are children's work: this process holds no thread and no connection."""

    def __init__(self, feed: Feed, lane: Lane, ground: Ground) -> None:
        self.feed, self.lane, self._ground = feed, lane, ground
        self._answer = ground.answer
        self._before = ground.home(ground.folder / self.name.replace(", ", "-").replace(" ", "-"))
        self._before.folder.mkdir(parents=True)
        do_in_child(self._prepare, self._answer)
        self._warm()
        self.begin_trial()
        self.clean: Clean = do_in_child(self._work_cleanly, self._answer)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.feed.name}, {self.lane.name}"

    def _prepare(self) -> None:
        database = Database(self._before.url)
        database.migrate()
        if not self.lane.is_first:
            index = EmbeddedIndex(self._before.folder / "index")
            outcome = self._work(self._before, database, index, minutes=0, later=False)
            assert outcome.state == "succeeded", outcome
            (self._before.folder / "log").unlink()
        database.close()

    def _warm(self) -> None:
        """Once in this process, with an index that leaves no thread behind."""
        home, database, index = self._before.copy_to(self._ground.trial.folder), self._ground.database, MemoryIndex()
        self._work(home, database, index, minutes=1)
        find_violations(database, now=0.0, index=index)
        read_facts(database)
        database.engine.dispose()

    # Working ---------------------------------------------------------------------------------------------------------

    def _work(
        self,
        home: Home,
        database: Database,
        index: IndexWriter,
        *,
        minutes: int,
        later: bool = True,
        synced: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """From the feed to the index; `synced` is called between the sync and the rest."""
        clock = FakeClock()
        clock.advance(60 * minutes, days=self.feed.days if later else 0)
        connector: Any = _Logged(self.feed.open(later=later, clock=clock, spool=home.folder / "spool"), home)
        outcome = sync_feed(database, connector, clock, how=Slice(full=self.lane.full))
        synced()
        resolve_marked(database, clock=clock, rates=RATES)
        publish(database, index)
        return outcome

    def _work_watched(self, points: Points, *, minutes: int) -> Outcome:
        """The same on the ground's own store, told instant by instant; in a child."""
        home = self._ground.trial
        points.watch(lambda question: home.log("asked", question))
        index: Any = PointedIndex(EmbeddedIndex(home.folder / "index"), points)
        try:
            return self._work(home, self._ground.database, index, minutes=minutes, synced=points.note)
        finally:
            index.close()

    def _work_cleanly(self) -> Clean:
        points, home = Points(), self._ground.trial
        outcome = self._work_watched(points, minutes=1)
        names = list(points.names)
        wrong = self._judge(minutes=1)
        assert (outcome.state, wrong) == ("succeeded", []), (outcome, wrong)
        facts = read_facts(self._ground.database)
        return Clean(names, points.noted, facts, outcome.state, self._batches(home), self._pages(home))

    def _batches(self, home: Home) -> int:
        return sum(bool(ids) for _, ids in home.logged("given"))

    def _pages(self, home: Home) -> int:
        return sum(not self.feed.is_repeatable(question) for question in home.logged("asked"))

    # Dying -----------------------------------------------------------------------------------------------------------

    def kill_at(self, number: int) -> tuple[bool, list[str]]:
        """Whether the run was killed at that instant, and what is wrong after one more run."""
        self.begin_trial()
        child = fork(lambda: self._work_watched(Points(number), minutes=1), self._answer)
        child.wait()
        if not child.was_killed:
            return False, []
        wrong = do_in_child(self._recover, self._answer)
        return True, [f"{self.name}, killed at {self._describe(number)}: {each}" for each in wrong]

    def stop_at(self, number: int) -> tuple[bool, list[str]]:
        """The holder sleeps past its lease at that instant, another takes over, and the woken one writes nothing."""
        self.begin_trial()
        child = fork(lambda: self._work_watched(Points(number, signal.SIGSTOP), minutes=1), self._answer)
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
        self._before.copy_to(self._ground.trial.folder)

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
            outcome = self._work_watched(Points(), minutes=1)
        except HanmaruError as error:
            return Said(type(error).__name__, str(error))
        return Said(outcome.state.value, outcome.reason)

    def look(self, work: Callable[[Database], Any]) -> Any:
        """What the work finds in the trial's store; in a child."""
        return do_in_child(lambda: work(self._ground.database), self._answer)

    def _describe(self, number: int) -> str:
        names = self.clean.points
        return f"{number} ({names[number - 1][:100] if number <= len(names) else 'another'})"

    def _recover(self) -> list[str]:
        """One more run, and what is wrong before and after it."""
        home, database, clean = self._ground.trial, self._ground.database, self.clean
        given = [Given(place, tuple((Kind(kind), each) for kind, each in ids)) for place, ids in home.logged("given")]
        wrong = find_uncommitted(database, self.feed.platform, given)
        wrong += find_shown_early(database, self.feed.platform)
        was_over = is_over(database, self.feed.platform)
        outcome = self._work_watched(Points(), minutes=3)
        if outcome.state != clean.state:
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
        return wrong + find_untrue(database, {self.feed.platform: self.feed.visible(is_first=self.lane.is_first)})


class _Logged:
    """A connector that writes down what its walks give."""

    def __init__(self, connector: Any, home: Home) -> None:
        self._connector = connector
        self._home = home

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def fetch(self, plan: Plan) -> Iterator[Any]:
        for piece in self._connector.fetch(plan):
            if isinstance(piece, Batch) and not plan.asks:
                ids = [(each.kind, each.external_id) for each in piece.records if each.kind is not Kind.WITHDRAWAL]
                self._home.log("given", (piece.position, ids))
            yield piece


def find_shown_early(database: Database, platform: str) -> Iterator[str]:
    """What a run shows before its walk has ended, and so before its guards have judged it."""
    begun = select(run.c.id).where(run.c.platform == platform, run.c.walk_end.is_(None), run.c.first_census.is_(False))
    with database.read() as connection:
        for table in (version, account_version):
            early = select(table.c.version).where(
                table.c.state == "released",
                table.c.version > 1,
                table.c.run.in_(begun.where(run.c.state != "succeeded")),
            )
            yield from (f"a version of {table.name} is shown before the guards" for _ in connection.execute(early))


def is_over(database: Database, platform: str) -> bool:
    """Whether the killed run had said its last word already, so that the next is another walk."""
    newest = select(run.c.state, run.c.started_at).where(run.c.platform == platform).order_by(run.c.id.desc()).limit(1)
    with database.read() as connection:
        states = connection.execute(newest).first()
    return states is not None and states.state == "succeeded"


def read_facts(database: Database) -> Facts:
    with database.read() as connection:
        return {name: sorted(map(repr, connection.execute(wanted))) for name, wanted in KEPT.items()}


def read_everything(database: Database) -> Facts:
    with database.read() as connection:
        return {each.name: sorted(map(repr, connection.execute(select(each)))) for each in metadata.sorted_tables}


def compare(expected: Facts, got: Facts) -> Iterator[str]:
    """What differs, table by table."""
    for name, rows in expected.items():
        if rows != got[name]:
            lost, other = sorted(set(rows) - set(got[name])), sorted(set(got[name]) - set(rows))
            example = f", e.g. {[each[0][:200] for each in (lost, other) if each]}"
            yield f"I2: {name}: {len(lost)} lost, {len(other)} other, {len(got[name])} rows for {len(rows)}{example}"
