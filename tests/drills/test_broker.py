"""Reliability A3: the broker may be emptied or killed at any moment; what is due begins within a minute, and once.

A scheduler and two workers, processes of their own, read three small platforms that are due every other second. Ticks
are shortened, and the bound by as much; all else takes the time it takes.
"""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event
from time import monotonic, sleep, time
from types import SimpleNamespace

import pytest
import redis
from rq import Queue
from sqlalchemy import select, update

from integrator.record import Confirmation
from integrator.store.database import Database
from integrator.store.feeds import register_feeds
from integrator.store.tables import feed, lease, run
from integrator.sync.lanes import Due
from integrator.sync.run import Slice, sync_feed
from tests.databases import Databases
from tests.drills.invariants import find_untrue, find_violations
from tests.drills.tally import OpenTally, Tally
from tests.fakes.connector import FakeConnector, Row, row
from tests.servers.redis_server import LoneRedis
from web import jobs
from web.pipeline import stoppable
from web.wiring import PLATFORMS, SystemClock
from web.worker import run_worker

SEED = 20261123
EVERY_S = 2
TICK_S = 0.3
WITHIN_S = 60 - (jobs.TICK_S - TICK_S)
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Ground:
    """Feeds whose platforms show as many listings as `shown` says, and the processes that read them."""

    database: Database
    broker: LoneRedis
    folder: Path

    @property
    def shown(self) -> list[str]:
        return [f"{number:03}" for number in range(int((self.folder / "shown").read_text()))]

    def show(self, count: int) -> None:
        (self.folder / "shown").write_text(str(count))

    def open_feed(self, platform: str) -> FakeConnector:
        listings = [row(each) for each in self.shown]
        accounts: list[Row] = [{"id": "A1", "name": f"Firm of {platform}"}]
        # A page takes its time: what comes meanwhile comes in the middle of a run.
        return FakeConnector(
            platform,
            listings=listings,
            accounts=accounts,
            confirmation=Confirmation.WHOLE_READ,
            on_page=lambda _: sleep(0.02),
        )

    def read(self, words: list[str]) -> tuple[int, str]:
        """What stands for a command in a process of its own."""
        with stoppable():
            if words[-1] not in PLATFORMS:
                return 0, ""
            outcome = sync_feed(self.database, self.open_feed(words[-1]), SystemClock(), how=Slice())
            return 0, outcome.state

    def begun_since(self, at: float) -> set[str]:
        wanted = select(run.c.platform).where(run.c.started_at > at)
        with self.database.read() as connection:
            return set(connection.execute(wanted).scalars())

    def is_quiet(self) -> bool:
        with self.database.read() as connection:
            return not connection.execute(select(lease.c.holder).where(lease.c.holder.is_not(None))).first()

    @contextmanager
    def process(self, work: Callable[[redis.Redis], None]) -> Iterator[None]:
        """A process that is told to stop at the end of the block."""
        self.database.close()
        child = os.fork()
        if child == 0:
            try:
                self._live(work)
            finally:
                os._exit(1)
        try:
            yield
        finally:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)

    def _live(self, work: Callable[[redis.Redis], None]) -> None:
        log = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        work(jobs.connect(self.broker.url))

    def schedule(self, connection: redis.Redis) -> None:
        ways = {name: self.open_feed(name) for name in PLATFORMS}
        jobs.run_scheduler(self.database, jobs.make_queue(connection), ways=ways, stop=Event())


@pytest.fixture
def ground(
    sqlite_databases: Databases, lone_redis: LoneRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ground]:
    with sqlite_databases.lend() as database:
        made = Ground(database, lone_redis, tmp_path)
        made.show(3)
        with database.write() as connection:
            register_feeds(connection, PLATFORMS)
            now = time()
            connection.execute(update(feed).values(census_at=now, changes_at=now, changes_every_s=EVERY_S))
        stand_ins = {name: SimpleNamespace(connector=made.open_feed(name)) for name in PLATFORMS}
        monkeypatch.setattr(jobs, "PLATFORMS", stand_ins)
        monkeypatch.setattr(jobs, "TICK_S", TICK_S)
        monkeypatch.setattr(jobs, "_run_and_tell", made.read)
        monkeypatch.setenv("HANMARU_HOME", str(tmp_path))
        monkeypatch.setenv("HANMARU_DATABASE_URL", database.url)
        yield made


def disturb(ground: Ground, how: str, dice: random.Random) -> None:
    """Returns when the broker answers again."""
    if how == "flush":
        with jobs.connect(ground.broker.url) as connection:
            connection.flushall()
        return
    ground.broker.kill()
    sleep(dice.random())
    ground.broker.start()


def wait_for_runs(ground: Ground, since: float, within_s: float) -> str:
    """What is due every two seconds has begun on every platform; else which have not."""
    until = monotonic() + within_s
    while missing := PLATFORMS.keys() - ground.begun_since(since):
        if monotonic() > until:
            return f"{', '.join(sorted(missing))} had not begun {within_s:.0f} s after the broker was back"
        sleep(0.02)
    return ""


def find_twice(database: Database) -> Iterator[str]:
    """Runs that began before their lane was due again."""
    with database.read() as connection:
        rows = connection.execute(select(run).order_by(run.c.platform, run.c.id)).all()
    for one, other in pairwise(rows):
        if one.platform == other.platform and other.started_at < one.ended_at + EVERY_S / 2:
            yield f"{one.platform} was read twice: {one.id} ended, and {other.id} began"


def drill(tally: Tally, ground: Ground, trouble: list[str]) -> None:
    dice = random.Random(SEED)
    slowest = 0.0
    with ground.process(run_worker), ground.process(run_worker):
        with ground.process(ground.schedule):
            for number, how in enumerate(trouble):
                sleep(dice.uniform(0, EVERY_S))
                disturb(ground, how, dice)
                ground.show(3 * number + 6)
                back_at = time()
                late = wait_for_runs(ground, back_at, WITHIN_S)
                slowest = max(slowest, time() - back_at)
                tally.count(*([f"{number}, {how}: {late}"] if late else []))
        until = monotonic() + 30
        while not ground.is_quiet() and monotonic() < until:
            sleep(0.02)
    tally.figures["slowest"] = f"{slowest:.1f}s"
    tally.violations += find_twice(ground.database)
    for platform in PLATFORMS:  # what was shown after the last run began
        sync_feed(ground.database, ground.open_feed(platform), SystemClock(), how=Slice())
    told = {platform: set(ground.shown) for platform in PLATFORMS}
    tally.violations += [*find_violations(ground.database, now=time()), *find_untrue(ground.database, told)]


def test_of_a_broker_that_is_emptied_or_killed_nothing_is_lost_or_done_twice(
    ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("A3 broker", seed=SEED)
    trouble = ["flush", "kill"] * 25 if is_full_drill else ["flush", "kill", "flush", "kill", "flush"]

    drill(tally, ground, trouble)

    assert tally.violations == []


def test_the_drill_notices_a_queue_that_is_taken_for_the_truth(
    ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, rung = jobs.ring, set[Due]()

    def ring_once(queue: Queue, due: Due) -> bool:
        """Whatever was queued once is in the queue, for all it knows."""
        is_new = due not in rung
        rung.add(due)
        return is_new and ring(queue, due)

    monkeypatch.setattr(jobs, "ring", ring_once)
    tally = open_tally("A3 broker", seed=SEED, planted="what was rung for is not rung for again")
    with ground.process(ground.schedule), jobs.connect(ground.broker.url) as connection:
        queue = jobs.make_queue(connection)
        while queue.count < len(PLATFORMS):
            sleep(0.02)
        connection.flushall()
        with ground.process(run_worker):
            tally.count(wait_for_runs(ground, 0.0, 3.0))

    assert tally.violations[0]
