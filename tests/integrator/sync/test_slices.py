"""Long readings: slices, bans, and changes that stay fresh while a census goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from integrator.errors import FeedUnavailable, QuotaSpent
from integrator.record import Lane
from integrator.sync.run import Slice
from integrator.sync.slices import sync_to_end
from integrator.sync.units import gather
from tests.fakes.clock import FakeClock
from tests.fakes.connector import row


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that an interruption finds something committed."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


def _fail(feed, error: BaseException, *, at: int = 4) -> None:
    feed.fail_at, feed.error = at, lambda: error


def _mend(feed) -> None:
    feed.fail_at = None


def _sync_to_end(world, *, full: bool = False):
    return list(sync_to_end(world.database, world.feed, world.clock, how=Slice(full=full)))


# Bans ----------------------------------------------------------------------------------------------------------------


def _in(clock: FakeClock, **span: float) -> datetime:
    return clock.now() + timedelta(seconds=60) + timedelta(**span)


def test_a_long_ban_ends_the_slice_and_its_successor_is_due_when_it_ends(world, feed, clock) -> None:
    _fail(feed, FeedUnavailable("too many calls", retry_at=_in(clock, hours=2)))
    first = world.sync()
    _mend(feed)

    assert (first.state, world.due()) == ("incomplete", None)
    clock.advance(7199)
    assert world.due() is None
    clock.advance(1)
    assert world.due() is Lane.CENSUS
    assert world.sync().run == first.run


def test_a_ban_met_at_the_first_call_is_no_failure(world, feed, clock) -> None:
    _fail(feed, QuotaSpent("used up", retry_at=_in(clock, hours=2)), at=0)

    assert world.sync().state == "incomplete"
    assert world.due() is None


def test_a_ban_of_years_counts_as_a_day(world, feed, clock) -> None:
    _fail(feed, FeedUnavailable("never again", retry_at=datetime(2036, 1, 1, tzinfo=UTC)))
    world.sync()

    clock.advance(86_399)
    assert world.due() is None
    clock.advance(1)
    assert world.due() is Lane.CENSUS


def test_a_sync_by_hand_inside_a_ban_says_so_and_calls_nobody(world, feed, clock) -> None:
    _fail(feed, FeedUnavailable("too many calls", retry_at=_in(clock, hours=2)))
    world.sync()
    _mend(feed)
    feed.plans = []

    outcome = world.sync()

    assert (outcome.state, outcome.run, feed.plans) == ("incomplete", None, [])
    assert "may be asked again from 2026-09-14 05:01 UTC" in outcome.reason


def test_a_ban_that_is_over_when_it_is_told_delays_nothing(world, feed, clock) -> None:
    _fail(feed, FeedUnavailable("busy", retry_at=clock.now()))
    world.sync()
    _mend(feed)

    assert world.sync().state == "succeeded"


# Slices --------------------------------------------------------------------------------------------------------------


def test_a_slice_begins_its_time_with_its_first_record(world, feed, clock) -> None:
    feed.accounts = []
    fetch = feed.fetch

    def slow_to_begin(plan):
        clock.advance(1000)
        return fetch(plan)

    feed.fetch = slow_to_begin

    assert world.sync(limit_s=300).state == "succeeded"


def test_a_slice_takes_a_batch_at_least(world, feed, clock) -> None:
    feed.on_page = lambda _page: clock.advance(100)

    slices = 1
    while world.sync(limit_s=0).state == "queued":
        slices += 1

    assert slices <= 9  # eight pages, and the end
    assert len(world.visible()) == 20
    assert world.rows("run")[0]["slices"] == slices


def test_a_sync_by_hand_reads_slice_after_slice_to_the_end(world, feed, clock) -> None:
    feed.on_page = lambda _page: clock.advance(200)

    (outcome,) = _sync_to_end(world)

    assert (outcome.state, outcome.counters.seen, outcome.seconds) == ("succeeded", 20, 1600)
    assert world.rows("run")[0]["slices"] == 3


# Changes beside a census ---------------------------------------------------------------------------------------------


@pytest.fixture
def begun(world, feed, clock):
    """A first census that stopped half-way; 003, which it has read, changed since, and nothing else."""
    feed.tells_watermark = True
    _fail(feed, FeedUnavailable("away"), at=5)
    assert world.sync().state == "incomplete"
    _mend(feed)
    clock.advance(3600)
    feed.clock = clock.now()
    feed.changed_only = ["003"]
    next(each for each in feed.listings if each["id"] == "003").update(price="9.00", updated=2000)
    return world


def test_a_sync_of_a_feed_whose_first_census_is_half_way_reads_changes_since_its_start_then_goes_on(
    begun, feed
) -> None:
    feed.plans = []

    outcomes = _sync_to_end(begun)

    assert [(each.lane, each.state) for each in outcomes] == [("changes", "succeeded"), ("census", "succeeded")]
    assert (feed.plans[0].lane, feed.plans[0].watermark) == ("changes", {"clock": 1_789_354_800.0})
    assert outcomes[1].run == 1
    assert len(begun.visible()) == 20


def test_a_census_that_ends_after_changes_were_read_leaves_their_place(begun, feed) -> None:
    _sync_to_end(begun)

    (kept,) = begun.rows("feed")
    assert kept["watermark"] == f'{{"clock":{feed.clock.timestamp()}}}'
    assert kept["census_at"] is not None


def test_changes_are_read_between_the_slices_of_a_census_whenever_they_are_due(synced, feed, clock) -> None:
    feed.tells_watermark = True
    feed.changed_only = []
    feed.on_page = lambda _page: clock.advance(1200)
    feed.listings = [*feed.listings, *(row(f"{number}") for number in range(100, 130))]

    outcomes = _sync_to_end(synced, full=True)

    lanes = [each.lane for each in outcomes]
    assert lanes[-1] == "census"
    assert lanes.count("changes") > 3
    assert {each.state for each in outcomes} == {"succeeded"}


def test_a_feed_of_one_walk_goes_on_with_its_census(world, feed) -> None:
    feed.separate_lanes, feed.tells_watermark = False, True
    _fail(feed, FeedUnavailable("away"), at=5)
    world.sync()
    _mend(feed)

    (outcome,) = _sync_to_end(world)

    assert (outcome.lane, outcome.state, outcome.run) == ("census", "succeeded", 1)
