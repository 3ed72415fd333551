"""Marks are made once, leased, finished, tried again, set aside."""

import pytest
from sqlalchemy import update

from integrator.store.leases import name_holder
from integrator.store.tables import worklist
from integrator.store.worklist import (
    ATTEMPTS,
    LEASE_S,
    count_set_aside,
    count_waiting,
    finish,
    give_back,
    mark,
    take,
)


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
    assert _ids(take(connection, holder="two", now=2 + LEASE_S)) == ["A"]


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
