"""One holder at a time, and only the newest may write."""

import pytest

from integrator.errors import LeaseLost
from integrator.store.leases import TERM_S, free_lease, name_holder, renew_lease, take_lease


@pytest.fixture
def connection(database):
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
