"""Reliability C7: one sick platform never slows the others. Its walk hangs or fails while the two others are read.

Measured as the best of several rounds in turn, with and without the sick one: what a busy machine adds comes and goes,
what a sick platform adds stays.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from connectors import Access
from integrator.errors import HanmaruError
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.sync.run import Slice, sync_feed
from tests.drills.mock_world import PLATFORMS, World, serving
from tests.drills.scripted import Host, Reply, answer
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 7
MOST = 1.2
ROUNDS = 40

SICK, WELL = "buykorea", ("gobizkorea", "tradekorea")


class Stopped(BaseException):
    """The round is over; the sick platform's walk with it."""


class Impatient(FakeClock):
    """A clock of real waits, all of which end with the round."""

    def __init__(self) -> None:
        super().__init__()
        self.over = Event()

    def monotonic(self) -> float:
        return monotonic()

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        if self.over.wait(seconds):
            raise Stopped


def drip(over: Event) -> Reply:
    def reply(_: bytes) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"
        while not over.wait(0.05):
            yield b"x"

    return reply


def hang(over: Event) -> Reply:
    def reply(_: bytes) -> Iterable[bytes]:
        over.wait()
        yield b""

    return reply


def fail(_: Event) -> Reply:
    return lambda _: [answer(b"", status="503 Down")]


SICKNESSES: dict[str, Callable[[Event], Reply]] = {"drips": drip, "hangs": hang, "is down": fail}


class Installation:
    """One database that all three are read into."""

    def __init__(self, folder: Path, url: str) -> None:
        self.database = Database(f"sqlite:///{folder}/hanmaru.db")
        self.database.migrate()
        self._url, self._spool = url, DiskSpool(folder / "spool")
        for platform in WELL:
            self.sync(platform, FakeClock())

    def sync(self, platform: str, clock: FakeClock, *, url: str | None = None) -> None:
        found = PLATFORMS[platform]
        access = Access(url or f"{self._url}/{platform}", {each.name: each.test_value for each in found.credentials})
        budget = SharedBudget.open(self.database, platform=platform, key="k", clock=clock)
        connector = found.open(access, clock=clock, spool=self._spool, budget=budget)
        sync_feed(self.database, connector, clock, how=Slice(full=True))

    def read_the_well(self) -> float:
        """Seconds for another census of the two."""
        began = monotonic()
        for platform in WELL:
            self.sync(platform, FakeClock())
        return monotonic() - began

    @contextmanager
    def beside(self, sickness: Callable[[Event], Reply]) -> Iterator[None]:
        """The sick platform is read again and again inside the block."""
        clock = Impatient()
        with Host(sickness(clock.over)).serving() as host:
            thread = Thread(target=self._read_the_sick, args=(clock, host.url))
            thread.start()
            try:
                sleep(0.05)
                yield
            finally:
                clock.over.set()
                for each in list(host.open):
                    each.close()
        thread.join(timeout=60)

    def _read_the_sick(self, clock: Impatient, url: str) -> None:
        while not clock.over.is_set():
            try:
                self.sync(SICK, clock, url=url)
            except (Stopped, HanmaruError):
                return


def compare(installation: Installation, name: str, sickness: Callable[[Event], Reply]) -> Iterator[str]:
    """Rounds in turn until the best with the sick one is near the best without, or there are no more."""
    alone, beside = float("inf"), float("inf")
    for _ in range(ROUNDS):
        alone = min(alone, installation.read_the_well())
        with installation.beside(sickness):
            beside = min(beside, installation.read_the_well())
        if beside <= MOST * alone:
            return
    yield f"{SICK} {name}: the others take {beside:.2f} s instead of {alone:.2f}, {beside / alone:.2f} x"


def drill(tally: Tally, folder: Path, names: Iterable[str]) -> None:
    with serving(World(SEED, 200, 0), FakeClock()) as url:
        installation = Installation(folder, url)
        for name in names:
            tally.count(*compare(installation, name, SICKNESSES[name]))
        installation.database.close()


def test_a_sick_platform_slows_no_other(tmp_path: Path, open_tally: OpenTally) -> None:
    tally = open_tally("C7 sick", seed=SEED)

    drill(tally, tmp_path, SICKNESSES)

    assert tally.violations == []


def test_the_drill_notices_a_platform_that_is_waited_for_with_the_database_locked(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = Impatient.sleep
    tally = open_tally("C7 sick", seed=SEED, planted="a wait inside a transaction")
    databases: list[Database] = []
    begin = Installation.__init__

    def keep(self: Installation, folder: Path, url: str) -> None:
        begin(self, folder, url)
        databases.append(self.database)

    def locked(self: Impatient, seconds: float) -> None:
        with databases[0].write():
            self.over.wait(0.5)
        wait(self, seconds)

    monkeypatch.setattr(Installation, "__init__", keep)
    monkeypatch.setattr(Impatient, "sleep", locked)
    monkeypatch.setattr("tests.drills.test_sick.ROUNDS", 2)

    drill(tally, tmp_path, ["is down"])

    assert tally.violations
