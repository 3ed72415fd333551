"""Reliability B6: a full or failing disk stops a run cleanly, which says so and goes on by itself once there is room.

The database may grow by so many pages and no more (SQLite's max_page_count), or the spool's writes fail from the Nth
on. What was committed stays, the store is sound, the catalogue goes on being read; one more run, and all invariants
hold.
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from integrator.store.catalogue import count_visible
from integrator.store.database import Database
from integrator.store.pulse import read_pulses
from integrator.store.tables import run
from integrator.sync.commit import Committer
from integrator.sync.units import Unit
from tests.drills.crash.feeds import LongFeed, MockFeed, serving_two_days, take_small_pages
from tests.drills.crash.ground import Ground
from tests.drills.crash.world import FIRST, Said, World
from tests.drills.tally import OpenTally, Tally

SEED = 0  # nothing here is random


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    take_small_pages(monkeypatch)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def fill_after(pages: int) -> Callable[[Database], None]:
    """The database may grow by so many pages."""

    def begin(database: Database) -> None:
        @event.listens_for(database.engine, "connect")
        def limit(connection: Any, _entry: object) -> None:
            count = connection.execute("PRAGMA page_count").fetchone()[0]
            most.append(count + pages)
            connection.execute(f"PRAGMA max_page_count={most[0]}").fetchone()

        most: list[int] = []

    return begin


def fail_writes_from(number: int) -> Callable[[Database], None]:
    """The spool's disk takes so many pieces."""

    def begin(_database: Database) -> None:
        from integrator.store import spool

        write, left = spool._HashingFile.write, [number]

        def refuse(self: Any, piece: bytes) -> int:
            left[0] -= 1
            if left[0] < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(self, piece)

        spool._HashingFile.write = refuse  # type: ignore[method-assign]

    return begin


@dataclass(frozen=True, slots=True)
class Left:
    """What a run left: is the store sound, what do the run's row and the status page's reader say of it."""

    sound: str
    state: str
    reason: str
    told: str


def look(database: Database, platform: str) -> Left:
    """The catalogue is read too: that must always go."""
    newest = select(run.c.state, run.c.reason).order_by(run.c.id.desc()).limit(1)
    with database.read() as connection:
        count_visible(connection)
        sound = str(connection.execute(text("PRAGMA integrity_check")).scalar())
        last = connection.execute(newest).one()
        (pulse,) = read_pulses(connection, [platform], now=0.0)
    return Left(sound, last.state, last.reason, pulse.last.reason if pulse.last is not None else "")


def find_unclean(said: Said, left: Left) -> list[str]:
    """What a run that broke off should have said and left."""
    wrong = [] if left.sound == "ok" else [f"the store is damaged: {left.sound}"]
    if said.state != "incomplete":
        is_told = said.state in ("StorageUnavailable", "IndexUnavailable")
        return wrong + ([] if is_told else [f"it ended with {said.state} ({said.reason})"])
    # Where not even its row could be written, the next to look finds that its process is gone.
    said_where = (said.reason,) if left.state == "running" else (said.reason, left.reason, left.told)
    return wrong + [f"it says only {each!r}" for each in said_where if "disk" not in each]


def drill(tally: Tally, world: World, begin: Callable[[int], Callable[[Database], None]], steps: list[int]) -> int:
    """Tries each size of disk; how many of the runs broke off."""
    broken = 0
    for step in steps:
        what = f"{begin.__name__} {step}"
        world.begin_trial()
        said, wrong = world.try_in_trouble(begin(step)), list[str]()
        if said.state != "succeeded":
            broken += 1
            left = world.look(lambda database: look(database, world.feed.platform))
            wrong = [f"{what}: {each}" for each in find_unclean(said, left)]
        tally.count(*wrong, *world.recover(what))
    return broken


def test_a_full_database_stops_a_run_cleanly_and_it_goes_on(
    ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("B6 full disk, database", seed=SEED)

    broken = drill(tally, World(LongFeed(), FIRST, ground), fill_after, list(range(0, 100, 1 if is_full_drill else 12)))

    assert broken > tally.trials // 2
    assert tally.violations == []


def test_a_full_spool_stops_a_run_cleanly_and_it_goes_on(
    ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("B6 full disk, spool", seed=SEED)

    with serving_two_days() as urls:
        world = World(MockFeed("gobizkorea", urls), FIRST, ground)
        broken = drill(tally, world, fail_writes_from, [0, 1, 3] if is_full_drill else [1])

    assert broken == tally.trials
    assert tally.violations == []


def test_the_drill_notices_a_run_that_believes_itself_further_than_it_is(
    ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Committer.commit

    def believe_first(self: Committer, unit: Unit) -> None:
        if unit.last is not None:
            self.run.position = unit.last.position
        commit(self, unit)

    monkeypatch.setattr(Committer, "commit", believe_first)
    tally = open_tally("B6 full disk, database", seed=SEED, planted="a run believes itself further than it is")

    drill(tally, World(LongFeed(), FIRST, ground), fill_after, [10, 20, 30])

    assert tally.violations
