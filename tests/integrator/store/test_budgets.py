"""Calls, bans and rests that every process obeys; two budgets on one database stand for two processes."""

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import insert, select

from integrator.errors import AccessRefused, FeedUnavailable, QuotaSpent
from integrator.ports import Window
from integrator.record import Lane
from integrator.store.breakers import REST_S
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.tables import breaker, budget, run
from tests.fakes.clock import FakeClock

DOWN = FeedUnavailable("shop.example answers 503", code="HTTP_5XX")


@pytest.fixture
def open_budget(database, clock):
    def open_as(key: str = "server and key") -> SharedBudget:
        return SharedBudget.open(database, platform="shop", key=key, clock=clock)

    return open_as


def day(clock: FakeClock, *, calls: int = 24, name: str = "20260914", hours: float = 12) -> Window:
    return Window(name, calls, clock.now() + timedelta(hours=hours))


def spend(taker: SharedBudget, window: Window | None, *, lane: Lane = Lane.CHANGES, most: int = 10_000) -> int:
    """How many calls are given before the window is spent."""
    for given in range(most):
        try:
            taker.take(window, lane=lane)
        except QuotaSpent:
            return given
    return most


def used(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {row.window: row.used for row in connection.execute(select(budget.c.window, budget.c.used))}


# Windows -------------------------------------------------------------------------------------------------------------


def test_a_spent_window_says_when_it_ends(open_budget, clock):
    window = day(clock)
    taker = open_budget()
    assert spend(taker, window) == 24

    with pytest.raises(QuotaSpent) as spent:
        taker.take(window, lane=Lane.CHANGES)

    assert spent.value.retry_at == window.ends_at


@pytest.mark.parametrize("calls", [24, 5_000])
def test_processes_together_never_overdraw_a_window(database, open_budget, clock, calls):
    window = day(clock, calls=calls)
    takers = [open_budget() for _ in range(3)]
    barrier, given = Barrier(3), []

    def take_all(taker: SharedBudget) -> None:
        barrier.wait()
        given.append(spend(taker, window, most=calls + 1))

    threads = [Thread(target=take_all, args=(taker,)) for taker in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(given) == calls
    assert used(database) == {"20260914": calls}


@pytest.mark.parametrize(
    ("name", "lane", "said"),
    [
        ("minute", Lane.CHANGES, "Shop allows 24 calls in this minute, and all of them are used up"),
        (
            "20260914",
            Lane.CENSUS,
            "Shop allows 24 calls on 2026-09-14 (Korean time), and the 22 that are not kept for changes are used up",
        ),
        (
            "20260914 /drops/7/a.csv.gz",
            Lane.CHANGES,
            "Shop allows 24 calls for /drops/7/a.csv.gz on 2026-09-14 (Korean time), and all of them are used up",
        ),
    ],
)
def test_a_spent_window_is_told_in_a_sentence(database, clock, name, lane, said):
    taker = SharedBudget.open(database, platform="shop", key="k", clock=clock, label="Shop")
    spend(taker, day(clock, name=name), lane=lane)

    with pytest.raises(QuotaSpent) as spent:
        taker.take(day(clock, name=name), lane=lane)

    assert str(spent.value) == said


@pytest.mark.parametrize("lane", [Lane.CENSUS, Lane.DETAIL])
def test_other_lanes_leave_a_twelfth_for_changes(open_budget, clock, lane):
    window = day(clock)

    assert spend(open_budget(), window, lane=lane) == 22
    assert spend(open_budget(), window, lane=Lane.CHANGES) == 2


def test_the_next_window_begins_with_all_its_calls(open_budget, clock):
    taker = open_budget()
    spend(taker, day(clock))

    clock.advance(days=1)

    assert spend(taker, day(clock, name="20260915")) == 24


def test_a_window_of_the_same_name_begins_anew_after_its_end(open_budget, clock):
    taker = open_budget()
    spend(taker, Window("minute", 60, clock.now() + timedelta(seconds=60)))

    clock.advance(61)

    assert spend(taker, Window("minute", 60, clock.now() + timedelta(seconds=60))) == 60


def test_a_process_that_was_told_no_window_yet_obeys_the_last_one(open_budget, clock):
    spend(open_budget(), day(clock))

    with pytest.raises(QuotaSpent):
        open_budget().take(None, lane=Lane.CHANGES)


def test_calls_made_before_the_window_was_told_count_in_it(open_budget, clock):
    taker = open_budget()
    taker.take(None, lane=Lane.CHANGES)
    taker.take(None, lane=Lane.CHANGES)

    assert spend(taker, day(clock)) == 22


def test_what_was_reserved_and_not_made_is_given_back(database, open_budget, clock):
    taker = open_budget()
    taker.take(day(clock, calls=100_000), lane=Lane.CENSUS)
    assert used(database) == {"20260914": 100}

    taker.give_back()

    assert used(database) == {"20260914": 1}


def test_nothing_is_given_back_to_a_window_that_the_platform_calls_spent(database, open_budget, clock):
    window = day(clock, calls=100_000)
    taker = open_budget()
    taker.take(window, lane=Lane.CENSUS)
    open_budget().learn(window, used=100_000)

    taker.give_back()

    assert used(database) == {"20260914": 100_000}


def test_a_fast_walk_writes_once_in_a_hundred_calls(database, open_budget, clock):
    taker, window = open_budget(), day(clock, calls=100_000)
    taker.take(window, lane=Lane.CENSUS)
    before = used(database)

    for _ in range(99):
        taker.take(window, lane=Lane.CENSUS)

    assert used(database) == before


def test_the_platforms_own_count_wins_when_it_is_higher(open_budget, clock):
    window = day(clock)
    open_budget().learn(window, used=20)

    assert spend(open_budget(), window) == 4


def test_a_lower_count_of_the_platform_gives_nothing_back(open_budget, clock):
    window = day(clock)
    taker = open_budget()
    spend(taker, window)

    taker.learn(window, used=3)

    assert spend(taker, window) == 0


def test_files_have_windows_of_their_own(open_budget, clock):
    taker = open_budget()
    spend(taker, day(clock, calls=10, name="20260914 /a.gz"))

    assert spend(taker, day(clock, calls=10, name="20260914 /b.gz")) == 10


def test_rows_of_ended_windows_go(database, open_budget, clock):
    spend(open_budget(), day(clock, name="20260914"))
    clock.advance(days=4)

    spend(open_budget(), day(clock, name="20260918"))

    assert set(used(database)) == {"20260918"}


# Bans ----------------------------------------------------------------------------------------------------------------


def test_a_ban_holds_for_every_process_and_no_longer_than_told(open_budget, clock):
    other = open_budget()
    until = clock.now() + timedelta(minutes=40)
    open_budget().ban(until, reason="too many requests")

    with pytest.raises(FeedUnavailable, match="too many requests") as refused:
        other.check()
    assert (refused.value.code, refused.value.retry_at) == ("BANNED", until)

    clock.advance(40 * 60)
    other.check()


def test_a_ban_of_ten_years_counts_as_a_day(open_budget, clock):
    taker = open_budget()
    taker.ban(clock.now() + timedelta(days=3650), reason="go away")

    clock.advance(days=1)

    taker.check()


def test_a_shorter_ban_does_not_cut_a_longer_one(open_budget, clock):
    taker = open_budget()
    taker.ban(clock.now() + timedelta(hours=2), reason="long")
    taker.ban(clock.now() + timedelta(seconds=5), reason="short")
    clock.advance(3600)

    with pytest.raises(FeedUnavailable, match="long"):
        taker.check()


def test_another_server_or_credential_begins_anew(database, open_budget, clock):
    taker = open_budget("a key")
    taker.ban(clock.now() + timedelta(hours=2), reason="too many")
    spend(taker, day(clock))
    with database.write() as connection:
        values = {"platform": "shop", "lane": "changes", "state": "incomplete", "fence": 1, "started_at": 0.0}
        connection.execute(insert(run).values(**values, heartbeat_at=0.0, not_before=9e9))

    fresh = open_budget("a new key")

    fresh.check()
    assert spend(fresh, day(clock)) == 24
    with database.read() as connection:
        assert connection.execute(select(run.c.not_before)).scalar_one() is None


# Rests ---------------------------------------------------------------------------------------------------------------


def fail(taker: SharedBudget, times: int) -> None:
    for _ in range(times):
        taker.note(DOWN)


def is_resting(taker: SharedBudget) -> bool:
    try:
        taker.check()
    except FeedUnavailable as refusal:
        return refusal.code == "RESTING" and refusal.retry_at is not None
    return False


def test_five_failures_in_a_row_let_the_platform_rest(open_budget, clock):
    taker, other = open_budget(), open_budget()

    fail(taker, 4)
    assert not is_resting(other)
    fail(taker, 1)
    clock.advance(1)

    assert is_resting(other)


def test_an_answer_between_failures_breaks_the_row(open_budget):
    taker = open_budget()
    for _ in range(5):
        fail(taker, 3)
        taker.note(None)
        taker.note(None)
        taker.note(None)
        taker.note(None)

    assert not is_resting(taker)


def test_half_of_twenty_calls_failing_is_too_much(open_budget):
    taker = open_budget()
    for _ in range(9):
        taker.note(None)
        taker.note(DOWN)
    taker.note(None)
    assert not is_resting(taker)

    taker.note(DOWN)

    assert is_resting(taker)


def test_one_call_of_one_process_tries_a_rested_platform(open_budget, clock):
    first, second = open_budget(), open_budget()
    fail(first, 5)
    clock.advance(REST_S + 1)

    first.check()

    assert is_resting(second)
    first.note(None)
    clock.advance(1)
    assert not is_resting(second)


def test_each_failed_trial_doubles_the_rest_up_to_a_quarter_of_an_hour(open_budget, clock):
    taker, rests = open_budget(), []
    fail(taker, 5)
    for _ in range(7):
        with pytest.raises(FeedUnavailable) as refused:
            taker.check()
        assert refused.value.retry_at is not None
        rests.append((refused.value.retry_at - clock.now()).total_seconds())
        clock.advance(rests[-1])
        taker.check()
        taker.note(DOWN)

    assert rests == [30, 60, 120, 240, 480, 900, 900]


def test_a_trial_whose_process_died_is_tried_again(open_budget, clock):
    fail(open_budget(), 5)
    clock.advance(REST_S + 1)
    open_budget().check()

    clock.advance(151)

    assert not is_resting(open_budget())


def test_refused_credentials_are_not_knocked_with_again_for_a_quarter_of_an_hour(open_budget, clock):
    taker = open_budget()
    taker.note(AccessRefused("shop.example refuses our key"))
    clock.advance(14 * 60)
    assert is_resting(taker)

    clock.advance(61)

    assert not is_resting(taker)


@pytest.mark.parametrize(
    "answer",
    [
        QuotaSpent("spent", retry_at=datetime.fromtimestamp(0).astimezone()),
        FeedUnavailable("wait", retry_at=datetime.fromtimestamp(0).astimezone()),
    ],
)
def test_a_platform_that_asks_to_wait_is_well(open_budget, answer):
    taker = open_budget()
    for _ in range(9):
        taker.note(answer)

    assert not is_resting(taker)


def test_a_well_platform_costs_no_write(database, open_budget):
    taker = open_budget()
    with database.read() as connection:
        before = connection.execute(select(breaker)).all()

    for _ in range(100):
        taker.check()
        taker.note(None)

    with database.read() as connection:
        assert connection.execute(select(breaker)).all() == before
