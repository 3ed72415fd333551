"""Marks are made once, leased, finished, tried again, set aside."""

import pytest
from sqlalchemy import select, update

from integrator.record import Lane
from integrator.store import leases
from integrator.store.leases import TERM_S, name_holder
from integrator.store.runs import Run, RunState, begin_run, end_run
from integrator.store.tables import worklist
from integrator.store.worklist import (
    ATTEMPTS,
    count_set_aside,
    count_waiting,
    find_left,
    finish,
    give_back,
    kept,
    mark,
    take,
)
from tests.fakes.clock import FakeClock


@pytest.fixture
def connection(database):
    with database.write() as open_connection:
        yield open_connection


def _ids(marks) -> list[str]:
    return [each.account_id for each in marks]


def test_marking_twice_is_one_piece_of_work(connection) -> None:
    mark(connection, "buykorea", ["A1", "A1"], run=1, now=1)
    mark(connection, "buykorea", ["A1"], run=2, now=2)

    assert _ids(take(connection, holder="one", now=3)) == ["A1"]


def test_the_oldest_come_first_and_no_more_than_asked_for(connection) -> None:
    mark(connection, "buykorea", ["B"], run=1, now=1)
    mark(connection, "buykorea", ["A"], run=1, now=2)

    assert _ids(take(connection, holder="one", now=3, limit=1)) == ["B"]


def test_what_one_has_taken_no_other_gets_before_the_lease_runs_out(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)
    take(connection, holder="one", now=1)

    assert take(connection, holder="two", now=2) == []
    assert _ids(take(connection, holder="two", now=2 + TERM_S)) == ["A"]


def test_what_a_dead_process_of_this_host_had_taken_is_free_at_once(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)
    take(connection, holder="one", now=1)
    host = name_holder().partition(":")[0]
    connection.execute(update(worklist).values(holder=f"{host}:4194999:one"))

    assert _ids(take(connection, holder="two", now=2)) == ["A"]


def test_finished_work_leaves(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)

    finish(connection, take(connection, holder="one", now=1))

    assert count_waiting(connection) == 0


def test_work_marked_again_meanwhile_stays_and_is_free_at_once(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)
    taken = take(connection, holder="one", now=1)
    mark(connection, "buykorea", ["A"], run=2, now=2)

    finish(connection, taken)

    assert _ids(take(connection, holder="two", now=3)) == ["A"]


def test_what_fails_again_and_again_is_set_aside_with_its_reason(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)
    now = 1.0
    for _ in range(ATTEMPTS):
        taken = take(connection, holder="one", now=now)
        give_back(connection, taken, reason="too strange", now=now, wait_s=10)
        now += 11

    assert take(connection, holder="one", now=now) == []
    assert (count_waiting(connection), count_set_aside(connection)) == (0, 1)


def test_a_new_mark_gives_what_was_set_aside_another_chance(connection) -> None:
    test_what_fails_again_and_again_is_set_aside_with_its_reason(connection)
    mark(connection, "buykorea", ["A"], run=2, now=1000)

    assert _ids(take(connection, holder="one", now=1000)) == ["A"]


def test_waiting_can_be_counted_by_run(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=1)
    mark(connection, "buykorea", ["B"], run=2, now=1)

    assert (count_waiting(connection), count_waiting(connection, [2])) == (2, 1)


def _find_left(connection, *, now: float) -> str | None:
    found = find_left(connection, now=now, rested_s=15)
    return None if found is None else found.account_id


def test_what_nobody_took_is_left_when_whoever_marked_it_had_time(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=100)

    assert (_find_left(connection, now=114), _find_left(connection, now=115)) == (None, "A")


def test_what_a_run_under_way_marked_is_not_left(connection) -> None:
    begun = begin_run(connection, Run(0, "buykorea", Lane.CENSUS, 1, 100.0), now=100)
    mark(connection, "buykorea", ["A"], run=begun.id, now=100)

    assert _find_left(connection, now=200) is None
    end_run(connection, begun, RunState.CANCELLED, reason="", now=200)
    assert _find_left(connection, now=200) == "A"


def test_what_somebody_works_on_is_left_when_his_lease_has_run_out(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=100)
    take(connection, holder="one", now=100)

    assert (_find_left(connection, now=100 + TERM_S), _find_left(connection, now=101 + TERM_S)) == (None, "A")


def test_what_a_dead_process_of_this_host_had_taken_is_left_at_once(connection) -> None:
    mark(connection, "buykorea", ["A"], run=1, now=100)
    take(connection, holder="one", now=100)
    host = name_holder().partition(":")[0]
    connection.execute(update(worklist).values(holder=f"{host}:4194999:one"))

    assert _find_left(connection, now=101) == "A"


def test_what_is_set_aside_is_not_left(connection) -> None:
    test_what_fails_again_and_again_is_set_aside_with_its_reason(connection)

    assert _find_left(connection, now=10_000) is None


def test_what_is_kept_stays_taken_however_long_it_takes(database, monkeypatch) -> None:
    clock = FakeClock()
    with database.write() as connection:
        mark(connection, "buykorea", ["A"], run=1, now=clock.now().timestamp())
        take(connection, holder="one", now=clock.now().timestamp())
    clock.advance(TERM_S + 1)
    monkeypatch.setattr(leases, "TERM_S", 0.04)  # how often it is renewed

    with kept(database, holder="one", clock=clock):
        until = _wait_for_lease(database, after=clock.now().timestamp())

    assert until == clock.now().timestamp() + TERM_S


def _wait_for_lease(database, *, after: float) -> float:
    while True:
        with database.read() as connection:
            until = connection.execute(select(worklist.c.lease_until)).scalar_one()
        if until > after:
            return float(until)
