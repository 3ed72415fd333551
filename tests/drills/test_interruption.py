"""Reliability A1, I1, I2, I6: killed before any SQL statement of a census, one more run loses and doubles nothing.

The parent makes a store of yesterday's listings. Each trial copies it and forks; the child reads today's list and kills
itself with SIGKILL as its Nth statement (COMMIT included) is about to run; the parent runs the census once more.
"""

import mmap
import os
import re
import shutil
import signal
import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Select, event, select

from integrator.record import Batch, End, Lane, Plan
from integrator.store.database import Database
from integrator.store.runs import Counters, save_run
from integrator.store.tables import (
    account,
    archive,
    feed,
    lease,
    listing,
    rejection,
    run,
    version,
    withdrawal,
    worklist,
)
from integrator.sync.commit import Committer
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from integrator.sync.units import Unit, gather
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, Row, row

SEED = 0  # nothing here is random
PAGE = 3
ACCOUNTS: list[Row] = [{"id": "A1", "name": "First"}, {"id": "A2", "name": "Second"}]
YESTERDAY = [row(f"{number:03}", account="A1" if number % 2 else "A2") for number in range(6)]
# One changed, one unusable, one gone and one new; the rest as it was. Two pages, behind one of accounts.
TODAY = [
    {**YESTERDAY[0], "price": "4.20", "updated": 2000},
    YESTERDAY[1],
    {**YESTERDAY[2], "name": "", "updated": 2000},
    YESTERDAY[3],
    YESTERDAY[5],
    row("900", account="A2"),
]
RECORDS = len(ACCOUNTS) + len(TODAY)
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
    "rejections": select(rejection.c.external_id, rejection.c.fingerprint, rejection.c.code, rejection.c.resolved_at),
    "withdrawals": select(listing.c.external_id, withdrawal.c.kind, withdrawal.c.undone_at).join_from(
        withdrawal, listing
    ),
    "worklist": select(worklist.c.platform, worklist.c.account_id),
    "feed": select(feed.c.watermark, feed.c.accounts_day),
}  # fmt: skip

CONSERVED = ("seen", "new", "changed", "unchanged", "superseded", "rejected")

Facts = dict[str, list[str]]


class Shared:
    """A number that a forked child counts up and its parent reads, however the child ends."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    def add(self, count: int) -> None:
        self._memory[:8] = struct.pack("q", self.value + count)

    @property
    def value(self) -> int:
        return int(struct.unpack("q", self._memory[:8])[0])


@dataclass
class CountedFeed(FakeConnector):
    """Counts what its walks give out."""

    given: Shared = field(default_factory=Shared)

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        for piece in super().fetch(plan):
            if isinstance(piece, Batch) and plan.lane is Lane.CENSUS:
                self.given.add(len(piece.records))
            yield piece


class World:
    """A store of yesterday, copied for each trial."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._yesterday = folder / "yesterday.db"
        database = Database(f"sqlite:///{self._yesterday}")
        database.migrate()
        self.sync(database, open_feed(YESTERDAY), minutes=0)
        with database.write() as connection:
            connection.execute(worklist.delete())
        database.close()
        self.statements: list[str] = []
        self.expected = self._read_uninterrupted()

    def copy(self) -> Database:
        """A fresh store of yesterday. The file is whole: its last connection was closed in order."""
        for left in self._folder.glob("trial.db*"):
            left.unlink()
        shutil.copy(self._yesterday, self._folder / "trial.db")
        return Database(f"sqlite:///{self._folder}/trial.db")

    def sync(self, database: Database, platform: FakeConnector, *, minutes: int) -> Outcome:
        clock = FakeClock()
        clock.advance(60 * minutes)
        return sync_feed(database, platform, clock, how=Slice(full=True))

    def _read_uninterrupted(self) -> Facts:
        database = self.copy()
        trace(database, self.statements.append)
        outcome = self.sync(database, open_feed(TODAY), minutes=1)
        assert (outcome.state, outcome.counters.rejected, outcome.counters.withdrawn) == ("succeeded", 1, 1)
        traced = len(self.statements)
        facts = read_facts(database)
        del self.statements[traced:]  # the drill's own
        database.close()
        return facts

    def kill_at(self, number: int) -> tuple[bool, list[str]]:
        """Whether the child was killed at that statement, and what is wrong after one more run."""
        database, platform = self.copy(), open_feed(TODAY)
        status = fork(lambda: self._die_at(database, platform, number))
        if not os.WIFSIGNALED(status):
            return False, [] if status == 0 else [f"statement {number}: the child ended with {status}"]
        allowed = RECORDS + (RECORDS if is_over(database) else PAGE)
        outcome = self.sync(database, platform, minutes=2)
        wrong = [f"the next run: {outcome.state} ({outcome.reason})"] if outcome.state != "succeeded" else []
        wrong += compare(self.expected, read_facts(database))
        wrong += find_faults_of_runs(database)
        if platform.given.value > allowed:
            wrong.append(f"{platform.given.value} records were read, {allowed} at most were needed")
        database.close()
        return True, [f"statement {number}: {each}" for each in wrong]

    def _die_at(self, database: Database, platform: FakeConnector, number: int) -> None:
        left = [number]

        def count(_statement: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        trace(database, count)
        self.sync(database, platform, minutes=1)


def open_feed(listings: list[Row]) -> CountedFeed:
    return CountedFeed(listings=listings, accounts=list(ACCOUNTS), gone={"004"}, page=PAGE)


def trace(database: Database, told: Callable[[str], object]) -> None:
    """Tell every statement that SQLite is about to run, each row of a many-row one for itself."""

    @event.listens_for(database.engine, "connect")
    def set_up(connection, _entry) -> None:
        connection.set_trace_callback(told)


def fork(work: Callable[[], None]) -> int:
    """Do the work in a child of this very process; gives its wait status."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def is_over(database: Database) -> bool:
    """Whether the killed census had said its last word already, so that the next is another census."""
    with database.read() as connection:
        last = connection.execute(select(run.c.id, run.c.state).order_by(run.c.id.desc()).limit(1)).one()
    return (last.id, last.state) == (2, "succeeded")


def read_facts(database: Database) -> Facts:
    with database.read() as connection:
        return {name: sorted(map(repr, connection.execute(wanted))) for name, wanted in KEPT.items()}


def compare(expected: Facts, got: Facts) -> Iterator[str]:
    for name, rows in expected.items():
        if rows != got[name]:
            lost, other = set(rows) - set(got[name]), set(got[name]) - set(rows)
            yield f"{name}: {len(lost)} lost, {len(other)} other, {len(got[name])} rows for {len(rows)}"


def find_faults_of_runs(database: Database) -> Iterator[str]:
    with database.read() as connection:
        runs = connection.execute(select(run)).mappings().all()
        holders = list(connection.execute(select(lease.c.holder).where(lease.c.holder.is_not(None))))
    for each in runs:
        counted = Counters(**{name: each[name] for name in CONSERVED})
        if not counted.is_conserved():
            yield f"run {each['id']} does not add up: {counted}"
        if each["state"] in ("running", "queued"):
            yield f"run {each['id']} is {each['state']} for ever"
    if holders:
        yield "the lease was kept"


def sample(statements: list[str]) -> list[int]:
    """The first, middle and last place of each distinct statement, counted from 1."""
    places: dict[str, list[int]] = defaultdict(list)
    for number, statement in enumerate(statements, start=1):
        shape = re.sub(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b", "?", statement)
        places[re.sub(r"\?(?:, \?)+", "?", shape)].append(number)
    return sorted({number for each in places.values() for number in (each[0], each[len(each) // 2], each[-1])})


def drill(tally: Tally, world: World, numbers: Iterable[int]) -> None:
    for number in numbers:
        was_killed, wrong = world.kill_at(number)
        tally.count(*wrong)
        if not was_killed:
            return


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that there is something between the first commit and the last."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


def test_a_census_killed_at_any_statement_is_made_whole_by_one_more_run(
    tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    world = World(tmp_path)
    tally = open_tally("interruption", seed=SEED)
    last = len(world.statements) + 1

    drill(tally, world, range(1, last + 1) if is_full_drill else sample(world.statements))

    assert tally.trials == last if is_full_drill else tally.trials > 50
    assert tally.violations == []


def test_the_drill_notices_a_place_committed_before_its_records(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Committer.commit

    def place_first(self: Committer, unit: Unit) -> None:
        if unit.last is not None:
            with self.transaction() as connection:
                save_run(connection, replace(self.run, position=unit.last.position), now=self.now())
        commit(self, unit)

    monkeypatch.setattr(Committer, "commit", place_first)
    world = World(tmp_path)
    tally = open_tally("interruption", seed=SEED, planted="the place before its records")

    drill(tally, world, sample(world.statements))

    assert len(tally.violations) > 5
