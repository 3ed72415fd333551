"""Reliability A1: killed at any instant, one more run loses nothing and doubles nothing (I1 to I10).

A census and a changes run of each platform and of the fake one, from the feed to the index, each in a forked child that
sends itself SIGKILL at its Nth instant (`crash/points.py`), N = 1, 2, 3 … to a run that nobody kills. After each, one
more run, and then all invariants. The same with SIGSTOP: the holder sleeps past its lease, another one takes over, and
the woken one writes nothing (A2).

The sample takes of every distinct instant the first, the middle and the last one, in the first feed and lane that has
it (the fake one's runs are the shortest). What only reads is left to the full drill: nothing has changed since the
instant before it.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.drills.crash.feeds import PLATFORMS, FakeFeed, Feed, MockFeed, serving_two_days, take_small_pages
from tests.drills.crash.planted import (
    plant_acknowledged_first,
    plant_lease_unchecked,
    plant_place_first,
    plant_release_first,
    plant_spool_forgotten,
)
from tests.drills.crash.points import BEGIN
from tests.drills.crash.world import CENSUS, CHANGES, FIRST, Ground, Lane, World
from tests.drills.tally import OpenTally, Tally

SEED = 0  # nothing here is random

READS = ("SELECT", "BEGIN")

Place = tuple[World, int]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    take_small_pages(monkeypatch)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """In memory where the system has room for files there: a kill leaves what the kernel holds, flushed or not."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="hanmaru-", dir=memory)) if memory.is_dir() else tmp_path
    yield Ground(folder)
    shutil.rmtree(folder)


@contextmanager
def all_feeds() -> Iterator[list[Feed]]:
    with serving_two_days() as urls:
        yield [FakeFeed(), *(MockFeed(platform, urls) for platform in PLATFORMS)]


def sample(worlds: list[World]) -> list[Place]:
    """See above."""
    places: dict[str, list[Place]] = defaultdict(list)
    for world in worlds:
        for number, name in enumerate(world.clean.points, start=1):
            if not name.startswith(READS) and (not places[name] or places[name][0][0] is world):
                places[name].append((world, number))
    wanted = {place for each in places.values() for place in few(each)}
    return [
        (world, number) for world in worlds for of, number in sorted(wanted, key=lambda place: place[1]) if of is world
    ]


def sweep(world: World, tally: Tally) -> None:
    """Every instant, to the first run that ends by itself."""
    number, was_killed = 0, True
    while was_killed:
        number += 1
        was_killed, wrong = world.kill_at(number)
        tally.count(*wrong)


def kill(places: list[Place], tally: Tally) -> None:
    for world, number in places:
        was_killed, wrong = world.kill_at(number)
        tally.count(*wrong, *([] if was_killed else [f"{world.name}: no instant {number}"]))


def stop(places: list[Place], tally: Tally) -> None:
    for world, number in places:
        was_stopped, wrong = world.stop_at(number)
        tally.count(*wrong, *([] if was_stopped else [f"{world.name}: no instant {number}"]))


def is_rest(name: str) -> bool:
    """Where a holder may sleep without a lock of the database's in its hand."""
    return name == BEGIN or name.startswith("HTTP")


def rests(world: World) -> list[Place]:
    """Every such instant from the taking of the lease to its giving back; the rest sleeps under other leases."""
    names = list(enumerate(world.clean.points[: world.clean.synced], start=1))
    taken = next(number for number, name in names if name == "COMMIT")
    return [(world, number) for number, name in names if number > taken and is_rest(name)]


def few(places: list[Place], count: int = 3) -> list[Place]:
    """The first, the last, and others evenly between them."""
    last = len(places) - 1
    return [places[number] for number in sorted({last * step // (count - 1) for step in range(count)})]


# The code as it is ---------------------------------------------------------------------------------------------------


def test_a_run_killed_at_any_instant_is_made_whole_by_one_more(
    ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tallies = []

    with all_feeds() as feeds:
        runs = [(feed, lane) for feed in feeds for lane in (CENSUS, CHANGES, FIRST)]
        tried = runs if is_full_drill else [(feed, lane) for feed, lane in runs if lane is CENSUS or feed is feeds[0]]
        worlds = [World(feed, lane, ground) for feed, lane in tried]
        chosen = [] if is_full_drill else sample(worlds)
        for world in worlds:
            tallies.append(open_tally(f"A1 crash sweep, {world.name}", seed=SEED))
            if is_full_drill:
                sweep(world, tallies[-1])
            else:
                kill([place for place in chosen if place[0] is world], tallies[-1])

    assert sum(tally.trials for tally in tallies) > (2000 if is_full_drill else 60)
    assert [wrong for tally in tallies for wrong in tally.violations] == []


def test_a_holder_that_slept_past_its_lease_writes_nothing(
    ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("A2 crash sweep, asleep", seed=SEED)

    with all_feeds() as feeds:
        for feed in feeds if is_full_drill else feeds[:1]:
            for lane in (CENSUS, CHANGES):
                places = rests(World(feed, lane, ground))
                stop(places if is_full_drill else few(places), tally)

    assert tally.trials >= 6
    assert tally.violations == []


# Bugs that it must find ----------------------------------------------------------------------------------------------


Plant = Callable[[pytest.MonkeyPatch], None]

# The bug, where it is planted, which instants are tried, by whom.
PLANTED: dict[str, tuple[Plant, str, Lane, Callable[[str], bool]]] = {
    "the place before its records": (plant_place_first, "fake", CENSUS, lambda name: name == "COMMIT"),
    "acknowledged before the index's commit": (
        plant_acknowledged_first, "fake", CENSUS, lambda name: name.startswith("the index"),
    ),
    "the spool forgotten": (plant_spool_forgotten, "gobizkorea", CENSUS, lambda name: name == "COMMIT"),
    "release before the guards": (plant_release_first, "fake", CHANGES, lambda name: name == "COMMIT"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_the_sweep_finds_the_planted_bug(
    bug: str, ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, of, lane, is_tried = PLANTED[bug]
    plant(monkeypatch)
    tally = open_tally("A1 crash sweep", seed=SEED, planted=bug)

    with all_feeds() as feeds:
        (feed,) = (each for each in feeds if each.name == of)
        world = World(feed, lane, ground)
        names = enumerate(world.clean.points, start=1)
        kill(few([(world, number) for number, name in names if is_tried(name)], 5), tally)

    assert tally.violations


def test_the_sweep_finds_a_lease_that_nobody_checks(
    ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_lease_unchecked(monkeypatch)
    tally = open_tally("A2 crash sweep, asleep", seed=SEED, planted="the lease unchecked")
    world = World(FakeFeed(), CENSUS, ground)

    stop(few(rests(world)), tally)

    assert tally.violations
