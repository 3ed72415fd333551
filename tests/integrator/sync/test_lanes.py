"""Whose turn it is: changes before the census, the census before details, and nothing that may not be read now."""

import pytest
from sqlalchemy import insert, update

from integrator.record import Confirmation, Lane
from integrator.store.feeds import load_states, register_feeds, save_feed
from integrator.store.leases import TERM_S, take_lease
from integrator.store.runs import Run, RunState, begin_run, end_run, lose_dead_runs
from integrator.store.tables import breaker
from integrator.store.tables import run as run_table
from integrator.sync.lanes import Due, find_due, freshness_target_s, is_late
from tests.fakes.connector import FakeConnector

SEPARATE = FakeConnector()
ONE_WALK = FakeConnector(separate_lanes=False, confirmation=Confirmation.WHOLE_READ)
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture
def connection(database):
    with database.write() as open_connection:
        register_feeds(open_connection, ["buykorea"])
        yield open_connection


def _due(connection, now: float, *, ways: FakeConnector = SEPARATE) -> Due | None:
    (state,) = load_states(connection, ["buykorea"], now=now)
    return find_due(state, ways, now)


def _lane(connection, now: float, *, ways: FakeConnector = SEPARATE) -> Lane | None:
    due = _due(connection, now, ways=ways)
    return due.lane if due else None


def _read(connection, *, at: float) -> None:
    """A feed whose three lanes were read then."""
    save_feed(connection, "buykorea", census_at=at, changes_at=at, watermark='{"clock": 1}')
    _ended(connection, RunState.SUCCEEDED, lane=Lane.DETAIL, at=at)


def _ended(connection, state: RunState, *, lane: Lane, at: float, place: int | None = None, not_before=None) -> Run:
    run = begin_run(connection, Run(0, "buykorea", lane, 1, at), now=at)
    run.position = {"page": place} if place is not None else None
    run.not_before = not_before
    end_run(connection, run, state, reason="", now=at)
    return run


def test_a_feed_never_read_is_due_for_a_census(connection) -> None:
    assert _lane(connection, 0) is Lane.CENSUS
    assert _lane(connection, 0, ways=ONE_WALK) is Lane.CENSUS


def test_each_lane_is_due_when_its_own_interval_is_over_changes_first(connection) -> None:
    _read(connection, at=0)
    save_feed(connection, "buykorea", detail_every_s=7200)

    assert _lane(connection, 60) is None
    assert _lane(connection, HOUR) is Lane.CHANGES
    save_feed(connection, "buykorea", changes_at=DAY)
    assert _lane(connection, DAY - 1) is Lane.DETAIL
    assert _lane(connection, DAY) is Lane.CENSUS


def test_a_feed_of_one_walk_has_its_census_by_its_changes_and_no_details(connection) -> None:
    _read(connection, at=0)
    save_feed(connection, "buykorea", changes_at=100 * DAY)

    assert _lane(connection, 100 * DAY, ways=ONE_WALK) is None
    assert _lane(connection, 101 * DAY, ways=ONE_WALK) is Lane.CHANGES


def test_a_census_of_one_walk_that_was_begun_is_gone_on_with_first(connection) -> None:
    _read(connection, at=0)
    _ended(connection, RunState.QUEUED, lane=Lane.CENSUS, at=HOUR, place=3)

    assert _lane(connection, 2 * HOUR, ways=ONE_WALK) is Lane.CENSUS


def test_while_a_first_census_is_under_way_changes_follow_its_start(connection) -> None:
    _ended(connection, RunState.QUEUED, lane=Lane.CENSUS, at=10, place=3)
    assert _lane(connection, 11) is Lane.CENSUS
    save_feed(connection, "buykorea", watermark='{"clock": 1}')

    assert _lane(connection, 11) is Lane.CHANGES
    save_feed(connection, "buykorea", changes_at=20.0)
    assert _lane(connection, 21) is Lane.CENSUS
    assert _lane(connection, 21 + HOUR) is Lane.CHANGES


def test_a_paused_feed_is_never_due(connection) -> None:
    save_feed(connection, "buykorea", paused=True)

    assert _due(connection, 1e9) is None


def test_a_lane_that_just_failed_is_left_alone_for_a_while_and_the_others_are_not(connection) -> None:
    _read(connection, at=0)
    _ended(connection, RunState.FAILED, lane=Lane.CHANGES, at=DAY)

    assert _lane(connection, DAY + 1) is Lane.CENSUS
    assert _lane(connection, DAY + 301) is Lane.CHANGES


def test_a_held_census_is_read_again_only_when_the_next_one_would_be(connection) -> None:
    _read(connection, at=0)
    save_feed(connection, "buykorea", changes_at=90_000.0, detail_every_s=10**9)
    _ended(connection, RunState.HELD, lane=Lane.CENSUS, at=90_000)

    assert _due(connection, 90_400) is None
    assert _lane(connection, 94_000) is Lane.CHANGES
    save_feed(connection, "buykorea", changes_at=90_001 + DAY)
    assert _lane(connection, 90_001 + DAY) is Lane.CENSUS


def test_a_slice_s_successor_is_due_at_once_and_under_another_turn(connection) -> None:
    _read(connection, at=0)
    first = _ended(connection, RunState.QUEUED, lane=Lane.CENSUS, at=10, place=3)
    due = _due(connection, 11)
    connection.execute(update(run_table).values(slices=2))

    assert due == Due("buykorea", Lane.CENSUS, f"{first.id}-1")
    assert _due(connection, 11) == Due("buykorea", Lane.CENSUS, f"{first.id}-2")


def test_a_census_that_stopped_half_way_goes_on_though_the_last_whole_one_is_fresh(connection) -> None:
    _read(connection, at=1000)
    _ended(connection, RunState.INCOMPLETE, lane=Lane.CENSUS, at=1000, place=3)

    assert _lane(connection, 1301) is Lane.CENSUS


def test_a_census_that_a_restart_stopped_goes_on_at_once(connection) -> None:
    _read(connection, at=1000)
    _ended(connection, RunState.CANCELLED, lane=Lane.CENSUS, at=1000, place=3)

    assert _lane(connection, 1001) is Lane.CENSUS


def test_a_census_goes_on_however_long_it_waited(connection) -> None:
    _ended(connection, RunState.QUEUED, lane=Lane.CENSUS, at=10, place=3)

    assert _lane(connection, 30 * DAY) is Lane.CENSUS


def test_a_successor_waits_for_the_end_of_its_ban(connection) -> None:
    _read(connection, at=0)
    _ended(connection, RunState.INCOMPLETE, lane=Lane.CENSUS, at=10, place=3, not_before=2000.0)

    assert _due(connection, 1999) is None
    assert _lane(connection, 2000) is Lane.CENSUS


def test_a_banned_platform_has_no_turn_in_any_lane(connection) -> None:
    connection.execute(insert(breaker).values(platform="buykorea", key="k", state="closed", banned_until=2000.0))

    assert _due(connection, 1999) is None
    assert _lane(connection, 2000) is Lane.CENSUS


def test_a_feed_is_read_by_one_lane_at_a_time(connection) -> None:
    _read(connection, at=0)
    assert take_lease(connection, "buykorea", "census", holder="elsewhere:1:a", now=HOUR) is not None

    assert _due(connection, HOUR + 1) is None
    assert _lane(connection, HOUR + TERM_S) is Lane.CHANGES


def test_a_run_whose_process_is_gone_is_lost_and_its_lane_is_due(connection) -> None:
    _read(connection, at=0)
    lease = take_lease(connection, "buykorea", "census", holder="elsewhere:1:a", now=10)
    assert lease is not None
    run = begin_run(connection, Run(0, "buykorea", Lane.CENSUS, lease.fence, 10), now=10)
    run.position = {"page": 3}
    lose_dead_runs(connection, now=20)
    end = [each.state for each in connection.execute(run_table.select())]
    assert end == ["succeeded", "running"]

    lose_dead_runs(connection, now=10 + TERM_S)

    states = [each.state for each in connection.execute(run_table.select())]
    assert states == ["succeeded", "lost"]


def test_a_lane_is_late_when_two_of_its_intervals_have_passed(connection) -> None:
    _read(connection, at=0)
    (state,) = load_states(connection, ["buykorea"], now=0)

    assert freshness_target_s(state, Lane.CHANGES) == 2 * HOUR
    assert not is_late(state, Lane.CHANGES, 2 * HOUR - 1)
    assert is_late(state, Lane.CHANGES, 2 * HOUR)
