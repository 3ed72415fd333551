"""The three mock platforms in this process, read through the real connectors on a clock that only moves when told."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from sqlalchemy import select

from connectors import CONNECTORS, Access
from connectors.mock.platforms import Mock
from connectors.mock.settings import Settings
from connectors.mock.truth import facts
from integrator.ports import Clock
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.store.tables import listing
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from tests.drills.listening import listening
from tests.fakes.clock import FakeClock

PLATFORMS = {platform.name: platform for platform in CONNECTORS}


class FastClock(FakeClock):
    """Goes on by itself, many times as fast as time does; for what a platform does to a waiting reader."""

    def __init__(self, clock: FakeClock, *, times: int) -> None:
        super().__init__(clock.now())
        self._began, self._times = monotonic(), times

    def monotonic(self) -> float:
        return super().monotonic() + (monotonic() - self._began) * self._times


@dataclass(frozen=True, slots=True)
class World:
    """What the mock serves."""

    seed: int
    size: int
    day: int

    def visible(self, platform: str) -> set[str]:
        """The ids that a buyer may see on this day."""
        told = facts(self.seed, self.size, self.day)
        return {fact.id for fact in told if fact.platform == platform and fact.visible}


@contextmanager
def serving(world: World, clock: FakeClock) -> Iterator[str]:
    """The mock's address; its clocks are the reader's."""
    settings = Settings(world.seed, world.size, world.day, has_limits=False)
    mock = Mock(settings, ticks=clock.monotonic, now=clock.now)
    try:
        with listening(mock.handle) as url:
            yield url
    finally:
        mock.close()


@dataclass(frozen=True, slots=True)
class Home:
    """A store with its spool, in a folder of its own."""

    folder: Path

    @classmethod
    def begin(cls, folder: Path) -> "Home":
        folder.mkdir()
        home = cls(folder)
        with home.open() as database:
            database.migrate()
        return home

    def copy(self, folder: Path) -> "Home":
        """The same state elsewhere; nobody has this one open."""
        shutil.copytree(self.folder, folder)
        return Home(folder)

    @contextmanager
    def open(self) -> Iterator[Database]:
        database = Database(f"sqlite:///{self.folder}/hanmaru.db")
        try:
            yield database
        finally:
            database.close()

    def sync(self, platform: str, url: str, clock: Clock, *, full: bool = True) -> Outcome:
        """Read this platform at this address."""
        found = PLATFORMS[platform]
        access = Access(url, {each.name: each.test_value for each in found.credentials})
        with self.open() as database:
            budget = SharedBudget.open(database, platform=platform, key=url, clock=clock, label=found.label)
            connector = found.open(access, clock=clock, spool=DiskSpool(self.folder / "spool"), budget=budget)
            return sync_feed(database, connector, clock, how=Slice(full=full))

    def visible(self, platform: str) -> set[str]:
        """The ids that buyers see."""
        wanted = select(listing.c.external_id).where(
            listing.c.platform == platform, listing.c.state == "live", listing.c.visible
        )
        with self.open() as database, database.read() as connection:
            return set(connection.execute(wanted).scalars())
