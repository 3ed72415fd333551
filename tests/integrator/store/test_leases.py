"""One holder at a time, and only the newest may write."""

from pathlib import Path

import pytest

from integrator.errors import LeaseLost
from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.leases import TERM_S, free_lease, name_holder, renew_lease, take_lease
from integrator.store.runs import Due, Run, RunState, begin_run, due_feeds, end_run, register_feeds, save_feed


@pytest.fixture
def connection(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/h.db")
    database.migrate()
    with database.write() as open_connection:
        yield open_connection


def _take(connection, *, now: float, holder: str = "elsewhere:1:a"):
    return take_lease(connection, "buykorea", "changes", holder=holder, now=now)


def test_a_held_lease_is_not_given_twice(connection) -> None:
    assert _take(connection, now=0) is not None
    assert _take(connection, now=1, holder="elsewhere:2:b") is None


def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_number(connection) -> None:
    first = _take(connection, now=0)
    second = _take(connection, now=TERM_S + 1, holder="elsewhere:2:b")

    assert second.fence > first.fence
    with pytest.raises(LeaseLost):
        renew_lease(connection, first, now=TERM_S + 2)


def test_renewing_keeps_it(connection) -> None:
    held = _take(connection, now=0)
    renew_lease(connection, held, now=TERM_S - 1)

    assert _take(connection, now=TERM_S + 1, holder="elsewhere:2:b") is None


def test_a_freed_lease_can_be_taken_and_its_number_still_rises(connection) -> None:
    first = _take(connection, now=0)
    free_lease(connection, first)

    assert _take(connection, now=1).fence == first.fence + 1


def test_freeing_late_takes_nothing_from_the_next_holder(connection) -> None:
    first = _take(connection, now=0)
    second = _take(connection, now=TERM_S + 1, holder="elsewhere:2:b")
    free_lease(connection, first)

    renew_lease(connection, second, now=TERM_S + 2)


def test_a_process_of_this_host_that_is_gone_holds_nothing(connection) -> None:
    host = name_holder().partition(":")[0]
    _take(connection, now=0, holder=f"{host}:4194999:dead")

    assert _take(connection, now=1, holder=name_holder()) is not None


def test_a_process_of_this_host_that_lives_holds_it(connection) -> None:
    _take(connection, now=0, holder=name_holder())

    assert _take(connection, now=1, holder=name_holder()) is None


# What is due ---------------------------------------------------------------------------------------------------------


def _ended(connection, state: RunState, *, at: float, lane: Lane = Lane.CHANGES) -> None:
    run = begin_run(connection, Run(0, "buykorea", lane, 1, at), now=at)
    end_run(connection, run, state, reason="", now=at)


def test_a_feed_never_read_is_due_for_a_census(connection) -> None:
    register_feeds(connection, ["buykorea"])

    assert due_feeds(connection, 0) == [Due("buykorea", Lane.CENSUS)]


def test_a_fresh_feed_is_not_due_and_an_old_one_is(connection) -> None:
    register_feeds(connection, ["buykorea"])
    save_feed(connection, "buykorea", census_at=0.0, changes_at=0.0)

    assert due_feeds(connection, 60) == []
    assert due_feeds(connection, 3601) == [Due("buykorea", Lane.CHANGES)]
    assert due_feeds(connection, 86_401) == [Due("buykorea", Lane.CENSUS)]


def test_a_paused_feed_is_never_due(connection) -> None:
    register_feeds(connection, ["buykorea"])
    save_feed(connection, "buykorea", paused=True)

    assert due_feeds(connection, 1e9) == []


def test_a_feed_that_just_failed_is_left_alone_for_a_while(connection) -> None:
    register_feeds(connection, ["buykorea"])
    _ended(connection, RunState.FAILED, at=1000)

    assert due_feeds(connection, 1100) == []
    assert due_feeds(connection, 1301) == [Due("buykorea", Lane.CENSUS)]


def test_a_held_census_is_read_again_only_when_the_next_one_would_be(connection) -> None:
    register_feeds(connection, ["buykorea"])
    save_feed(connection, "buykorea", census_at=0.0, changes_at=90_000.0)
    _ended(connection, RunState.HELD, at=90_000, lane=Lane.CENSUS)

    assert due_feeds(connection, 90_400) == []
    assert due_feeds(connection, 94_000) == [Due("buykorea", Lane.CHANGES)]
    assert due_feeds(connection, 90_001 + 86_400) == [Due("buykorea", Lane.CENSUS)]


def test_a_slice_s_successor_is_due_at_once(connection) -> None:
    register_feeds(connection, ["buykorea"])
    save_feed(connection, "buykorea", census_at=0.0, changes_at=0.0)
    _ended(connection, RunState.QUEUED, at=10, lane=Lane.CENSUS)

    assert due_feeds(connection, 11) == [Due("buykorea", Lane.CENSUS)]


def test_a_run_whose_process_is_gone_is_due_once_its_lease_has_run_out(connection) -> None:
    register_feeds(connection, ["buykorea"])
    save_feed(connection, "buykorea", census_at=0.0, changes_at=0.0)
    begin_run(connection, Run(0, "buykorea", Lane.CHANGES, 1, 10), now=10)
    _take(connection, now=10)

    assert due_feeds(connection, 20) == []
    assert due_feeds(connection, 20 + TERM_S) == [Due("buykorea", Lane.CHANGES)]
