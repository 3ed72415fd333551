"""What people see of the calls that are left, bans and rests."""

from datetime import timedelta

import pytest

from integrator.errors import FeedUnavailable
from integrator.ports import Window
from integrator.record import Lane
from integrator.store.allowances import Allowance, Spent, load_allowances
from integrator.store.breakers import IN_A_ROW, REST_S
from integrator.store.budgets import SharedBudget


@pytest.fixture
def shop(database, clock):
    return SharedBudget.open(database, platform="shop", key="k", clock=clock)


def _see(database, clock) -> Allowance:
    with database.read() as connection:
        return load_allowances(connection, ["shop", "never"], now=clock.now().timestamp())["shop"]


def test_a_platform_never_asked_allows_what_nobody_knows_yet(database, clock):
    with database.read() as connection:
        assert load_allowances(connection, ["never"], now=clock.now().timestamp()) == {"never": Allowance()}


def test_the_window_nearest_to_its_end_of_calls_is_shown_until_it_is_over(shop, database, clock):
    ends_at = clock.now() + timedelta(hours=1)
    for name, taken in (("20260914 /a.gz", 1), ("20260914 /b.gz", 3), ("20260914 /c.gz", 2)):
        for _ in range(taken):
            shop.take(Window(name, 10, ends_at), lane=Lane.CHANGES)

    assert _see(database, clock).spent == Spent(3, 10, ends_at.timestamp())
    clock.advance(3600)
    assert _see(database, clock).spent is None


def test_a_ban_is_shown_while_it_lasts(shop, database, clock):
    until = clock.now() + timedelta(minutes=40)
    shop.ban(until, reason="too many")

    assert _see(database, clock) == Allowance(banned_until=until.timestamp())
    clock.advance(40 * 60)
    assert _see(database, clock) == Allowance()


def test_a_rest_is_shown_from_the_failure_that_began_it_to_its_end(shop, database, clock):
    for _ in range(IN_A_ROW):
        shop.note(FeedUnavailable("it answers 503", code="HTTP_5XX"))
    began = clock.now().timestamp()
    clock.advance(REST_S - 1)

    assert _see(database, clock).resting_since == began
    clock.advance(1)
    assert _see(database, clock).resting_since is None


def test_another_credential_s_calls_are_not_shown(shop, database, clock):
    shop.take(Window("minute", 2, clock.now() + timedelta(minutes=1)), lane=Lane.CHANGES)

    SharedBudget.open(database, platform="shop", key="another", clock=clock)

    assert _see(database, clock) == Allowance()
