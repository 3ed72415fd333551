"""Reliability A1: killed at any instant, one more run loses nothing and doubles nothing (I1 to I10).

A census and a changes run of each platform and of the fake one, from the feed to the index, each in a forked child that
sends itself SIGKILL at its Nth instant (`crash/points.py`), N = 1, 2, 3 … to a run that nobody kills. After each, one
more run, and then all invariants. The same with SIGSTOP: the holder sleeps past its lease, another one takes over, and
the woken one writes nothing (A2).

The sample kills at the first, the middle and the last of every distinct instant, in the first feed and lane that has it
(the fake one's runs are the shortest), and at a commit in the middle of every other. A store that an earlier kill has
left just so, row for row, is not mended twice.
"""

import resource
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import pytest

from tests.databases import BACKENDS, SQLITE
from tests.drills.crash.feeds import PLATFORMS, FakeFeed, Feed, MockFeed, serving_two_days, take_small_pages
from tests.drills.crash.ground import Ground
from tests.drills.crash.home import Home, NewHome
from tests.drills.crash.planted import (
    plant_acknowledged_first,
    plant_lease_unchecked,
    plant_place_first,
    plant_release_first,
    plant_spool_forgotten,
)
from tests.drills.crash.points import BEGIN, COMMIT, kind_of
from tests.drills.crash.server_home import ServerHome
from tests.drills.crash.world import CENSUS, CHANGES, LANES, Lane, World
from tests.drills.tally import OpenTally, Tally
from tests.servers.postgres import PostgresServer

SEED = 0  # nothing here is random

Trial = Callable[[World, int], tuple[bool, list[str]]]


@pytest.fixture(scope="module")
def feeds() -> Iterator[dict[str, Feed]]:
    with pytest.MonkeyPatch.context() as patch, serving_two_days() as urls:
        take_small_pages(patch)
        each: list[Feed] = [FakeFeed(), *(MockFeed(platform, urls) for platform in PLATFORMS)]
        yield {feed.name: feed for feed in each}


@pytest.fixture(scope="module", params=BACKENDS)
def new_home(request: pytest.FixtureRequest) -> NewHome:
    """How a home on this kind of database is begun."""
    if request.param == SQLITE:
        return Home
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda folder: ServerHome(folder, server)


@pytest.fixture(scope="module")
def ground(
    new_home: NewHome, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    """In memory where the system has room for files there: a kill leaves what the kernel holds, flushed or not."""
    memory = Path("/dev/shm")
    folder = Path(
        tempfile.mkdtemp(prefix="hanmaru-", dir=memory if memory.is_dir() else tmp_path_factory.getbasetemp())
    )
    yield Ground(folder, new_home, mends_all=request.config.getoption("--drills") == "full")
    shutil.rmtree(folder)


# Which instants ------------------------------------------------------------------------------------------------------


def few(numbers: Sequence[int], count: int = 3) -> list[int]:
    """The first, the last, and others evenly between them."""
    last = len(numbers) - 1
    return [numbers[place] for place in sorted({last * step // (count - 1) for step in range(count)})]


def numbers_of(world: World, is_wanted: Callable[[str], bool]) -> list[int]:
    """The instants with such names."""
    return [number for number, name in enumerate(world.clean.points, start=1) if is_wanted(name)]


def sample(worlds: Sequence[World]) -> Iterator[list[int]]:
    """The instants to try in each of them; see above."""
    known: set[str] = set()
    for world in worlds:
        names = set(world.clean.points) - known
        known |= names
        numbers = {number for name in names for number in few(numbers_of(world, name.__eq__))}
        yield sorted(numbers | {few(numbers_of(world, COMMIT.__eq__))[1]})


def spread(numbers: Sequence[int]) -> Iterator[int]:
    """All of them, wide apart at first, then what lies between."""
    given: set[int] = set()
    count = 3
    while len(given) < len(numbers):
        yield from (each for each in few(numbers, count) if each not in given)
        given.update(few(numbers, count))
        count = 2 * count - 1


def rests(world: World) -> list[int]:
    """Where a holder may sleep without a lock of the database's in its hand: before a transaction, about an exchange.

    From the taking of the lease to its giving back; what comes after sleeps under other leases.
    """
    found: list[int] = []
    has_lease = is_open = False
    for number, name in enumerate(world.clean.points[: world.clean.synced], start=1):
        if has_lease and not is_open and (name == BEGIN or kind_of(name) == "exchanges"):
            found.append(number)
        is_open = name == BEGIN or (is_open and name != COMMIT)
        has_lease = has_lease or name == COMMIT
    return found


def attempt(trial: Trial, world: World, numbers: Iterable[int], tally: Tally) -> None:
    """The trial at each of these instants.

    The line tells how many were of which sort, and the processor's seconds: others may be at work beside.
    """
    kinds, before = Counter[str](), cpu_s()
    for number in numbers:
        has_come, wrong = trial(world, number)
        tally.count(*wrong, *([] if has_come else [f"{world.name}: no instant {number}"]))
        kinds[kind_of(world.clean.points[number - 1])] += 1
    tally.figures = {kind: str(count) for kind, count in sorted(kinds.items())} | {"cpu": f"{cpu_s() - before:.1f}"}


def cpu_s() -> float:
    """What this process and its children have used."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


# The code as it is ---------------------------------------------------------------------------------------------------


def test_a_run_killed_at_any_instant_is_made_whole_by_one_more(
    feeds: dict[str, Feed], ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    worlds = [World(feed, lane, ground) for feed in feeds.values() for lane in LANES]
    tallies = [open_tally(f"A1 crash sweep, {world.name}", seed=SEED) for world in worlds]
    everything = (range(1, len(world.clean.points) + 1) for world in worlds)

    for world, numbers, tally in zip(worlds, everything if is_full_drill else sample(worlds), tallies, strict=True):
        attempt(World.kill_at, world, numbers, tally)

    assert [wrong for tally in tallies for wrong in tally.violations] == []
    assert not any(world.kill_at(len(world.clean.points) + 1)[0] for world in worlds)
    assert sum(tally.trials for tally in tallies) > (2500 if is_full_drill else 150)


def test_a_holder_that_slept_past_its_lease_writes_nothing(
    feeds: dict[str, Feed], ground: Ground, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tallies = []

    for feed in list(feeds.values()) if is_full_drill else [feeds["fake"]]:
        for lane in LANES if is_full_drill else (CENSUS, CHANGES):
            world = World(feed, lane, ground)
            tallies.append(open_tally(f"A2 crash sweep, asleep, {world.name}", seed=SEED))
            attempt(World.stop_at, world, rests(world) if is_full_drill else few(rests(world)), tallies[-1])

    assert [wrong for tally in tallies for wrong in tally.violations] == []
    assert all(tally.trials >= 3 for tally in tallies)


# Bugs that it must find ----------------------------------------------------------------------------------------------


Plant = Callable[[pytest.MonkeyPatch], None]

# The bug, where it is planted, which instants are tried, by whom.
PLANTED: dict[str, tuple[Plant, str, Lane, Callable[[str], bool]]] = {
    "the place before its records": (plant_place_first, "fake", CENSUS, COMMIT.__eq__),
    "acknowledged before the index's commit": (
        plant_acknowledged_first, "fake", CENSUS, lambda name: kind_of(name) == "index",
    ),
    "the spool forgotten": (plant_spool_forgotten, "gobizkorea", CENSUS, COMMIT.__eq__),
    "release before the guards": (plant_release_first, "fake", CHANGES, COMMIT.__eq__),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_the_sweep_finds_the_planted_bug(
    bug: str, feeds: dict[str, Feed], ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant, of, lane, is_tried = PLANTED[bug]
    plant(monkeypatch)
    tally = open_tally("A1 crash sweep", seed=SEED, planted=bug)
    world = World(feeds[of], lane, ground)

    attempt(World.kill_at, world, until_found(spread(numbers_of(world, is_tried)), tally), tally)

    assert tally.violations


def test_the_sweep_finds_a_lease_that_nobody_checks(
    feeds: dict[str, Feed], ground: Ground, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant_lease_unchecked(monkeypatch)
    tally = open_tally("A2 crash sweep, asleep", seed=SEED, planted="the lease unchecked")
    world = World(feeds["fake"], CENSUS, ground)

    attempt(World.stop_at, world, until_found(spread(rests(world)), tally), tally)

    assert tally.violations


def until_found(numbers: Iterable[int], tally: Tally) -> Iterator[int]:
    """One violation is enough."""
    return takewhile(lambda _number: not tally.violations, numbers)
