"""The small feeds that the sweep reads: the fake platform, and the three real ones served by the mock."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from connectors import CONNECTORS, Access
from integrator.ports import Clock, Connector
from integrator.store.spool import DiskSpool
from tests.drills.mock_world import World, serving
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, Row, row

PLATFORMS = {platform.name: platform for platform in CONNECTORS}


class Feed(Protocol):
    """One platform on an earlier day and on a later one. `days`: how far the two are apart.

    `repeats`: how many batches and pages lie between two places of a walk, so that a kill may cost them.
    """

    @property
    def name(self) -> str: ...

    @property
    def platform(self) -> str: ...

    @property
    def days(self) -> int: ...

    @property
    def repeats(self) -> int: ...

    def open(self, *, later: bool, clock: Clock, spool: Path) -> Connector:
        """Its connector on that day."""

    def visible(self, *, is_first: bool) -> set[str]:
        """What buyers are to see on the later day; `is_first`: nothing was read on the earlier one."""

    def is_repeatable(self, question: str) -> bool:
        """Whether each beginning of a walk asks this anew: it is no page."""


# The fake platform ---------------------------------------------------------------------------------------------------

ACCOUNTS: list[Row] = [{"id": "A1", "name": "First"}, {"id": "A2", "name": "Second"}]
EARLIER = [row(f"{number:03}", account="A1" if number % 2 else "A2") for number in range(6)]
# One changed, one unusable, one gone and one new with a seller nobody has named before; the rest as it was.
LATER = [
    {**EARLIER[0], "price": "4.20", "updated": 2000},
    EARLIER[1],
    {**EARLIER[2], "name": "", "updated": 2000},
    EARLIER[3],
    EARLIER[5],
    row("900", account="A3"),
]


class FakeFeed:
    """Two pages of listings behind one of accounts, and a tombstone."""

    name = "fake"
    platform = "buykorea"
    days = 1
    repeats = 1

    def open(self, *, later: bool, clock: Clock, spool: Path) -> Connector:
        return FakeConnector(
            listings=LATER if later else EARLIER,
            accounts=[ACCOUNTS[0], {"id": "A2", "name": "Second, renamed"}] if later else ACCOUNTS,
            tombstones=[{"id": "004", "reason": "SELLER"}] if later else [],
            gone={"004"},
            clock=FakeClock().now() + timedelta(days=self.days if later else 0),
        )

    def visible(self, *, is_first: bool) -> set[str]:
        # What cannot be used any more keeps its last good version.
        return {"000", "001", "003", "005", "900"} | (set() if is_first else {"002"})

    def is_repeatable(self, question: str) -> bool:
        return False


# The mock platforms --------------------------------------------------------------------------------------------------

SEED, SIZE, DAYS = 3, 14, 2

# What opens a walk, or only asks where it stands.
OPENINGS = ("/oauth/token", "manifest.json", "numOfRows=1&", "numOfRows=1 ")


class LongFeed(FakeFeed):
    """Many listings and nothing else: something to fill a disk with."""

    name = "long"

    def open(self, *, later: bool, clock: Clock, spool: Path) -> Connector:
        rows = [row(f"{number:03}", name=f"Cream {number:03} {'of many words ' * 40}") for number in range(60)]
        return FakeConnector(listings=rows, accounts=ACCOUNTS, page=6)

    def visible(self, *, is_first: bool) -> set[str]:
        return {f"{number:03}" for number in range(60)}


@dataclass(frozen=True, slots=True)
class MockFeed:
    """A platform of the mock; `urls` are its address on the earlier day and on the later one."""

    platform: str
    urls: tuple[str, str]
    days: int = DAYS

    @property
    def name(self) -> str:
        return self.platform

    @property
    def repeats(self) -> int:
        # BuyKorea's places are windows of days: the question how wide, and a few pages.
        return 3 if self.platform == "buykorea" else 1

    def open(self, *, later: bool, clock: Clock, spool: Path) -> Connector:
        found = PLATFORMS[self.platform]
        access = Access(
            f"{self.urls[later]}/{self.platform}", {each.name: each.test_value for each in found.credentials}
        )
        return found.open(access, clock=clock, spool=DiskSpool(spool))

    def visible(self, *, is_first: bool) -> set[str]:
        return World(SEED, SIZE, DAYS).visible(self.platform)

    def is_repeatable(self, question: str) -> bool:
        return any(each in f"{question} " for each in OPENINGS)


@contextmanager
def serving_two_days() -> Iterator[tuple[str, str]]:
    """The mock on both days, each in a process of its own, so that whoever forks here has one thread."""
    begun = [_serve(day) for day in (0, DAYS)]
    try:
        yield (begun[0][1], begun[1][1])
    finally:
        for pid, _ in begun:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _serve(day: int) -> tuple[int, str]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        with os.fdopen(reader) as told:
            return pid, told.readline().strip()
    try:
        clock = FakeClock()
        clock.advance(days=day)
        with serving(World(SEED, SIZE, day), FakeClock(clock.now())) as url:
            os.write(writer, f"{url}\n".encode())
            os.close(writer)
            signal.pause()
    finally:
        os._exit(1)


def take_small_pages(patch: pytest.MonkeyPatch) -> None:
    """Feeds of a few records come in several batches, each committed by itself."""
    from integrator.sync.units import gather

    patch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))
    for module in ("calls", "feed", "windows"):
        patch.setattr(f"connectors.buykorea.{module}.MOST_ROWS", 6)
    patch.setattr("connectors.buykorea.feed.WINDOW_ROWS", 6)
    patch.setattr("connectors.gobizkorea.feed.BATCH", 6)
    patch.setattr("connectors.tradekorea.access.LIMIT", 6)
