"""What a call waits for before it is made: bans, rests and windows, all told by a budget."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from connectors.admission import Admission
from integrator.errors import FeedUnavailable, QuotaSpent, RetriesSpent
from integrator.ports import Window
from integrator.record import Lane
from tests.fakes.clock import FakeClock


class FakeBudget:
    """Refuses as told, until the time it tells; writes down what it is told."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.refusals: list[FeedUnavailable] = []
        self.taken: list[Lane] = []
        self.banned: list[float] = []
        self.returned = 0

    def check(self) -> None:
        while self.refusals:
            refusal = self.refusals[0]
            assert refusal.retry_at is not None
            if refusal.retry_at > self._clock.now():
                raise refusal
            self.refusals.pop(0)

    def take(self, window: Window | None, *, lane: Lane) -> None:
        self.taken.append(lane)

    def learn(self, window: Window, *, used: int) -> None: ...

    def ban(self, until: object, *, reason: str) -> None:
        self.banned.append(round((until - self._clock.now()).total_seconds()))  # type: ignore[operator]

    def note(self, trouble: object) -> None: ...

    def give_back(self) -> None:
        self.returned += 1


Refuse = Callable[..., None]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget(clock: FakeClock) -> FakeBudget:
    return FakeBudget(clock)


@pytest.fixture
def admission(budget: FakeBudget, clock: FakeClock) -> Admission:
    return Admission(budget, clock=clock)


@pytest.fixture
def refuse(budget: FakeBudget, clock: FakeClock) -> Refuse:
    def refuse_for(seconds: float, *, code: str, kind: type[FeedUnavailable] = FeedUnavailable) -> None:
        budget.refusals.append(kind("not now", code=code, retry_at=clock.now() + timedelta(seconds=seconds)))

    return refuse_for


@pytest.mark.parametrize(("code", "seconds"), [("BANNED", 900), ("RESTING", 60), ("QUOTA_SPENT", 37)])
def test_a_wait_that_is_short_is_waited_out(admission, refuse, clock, code, seconds):
    refuse(seconds, code=code, kind=QuotaSpent if code == "QUOTA_SPENT" else FeedUnavailable)

    admission.begin().admit(None)

    assert clock.slept == [seconds]


@pytest.mark.parametrize(("code", "seconds"), [("BANNED", 901), ("RESTING", 61), ("QUOTA_SPENT", 40_000)])
def test_a_long_wait_ends_the_call_at_once(admission, refuse, clock, code, seconds):
    refuse(seconds, code=code)

    with pytest.raises(FeedUnavailable) as refused:
        admission.begin().admit(None)

    assert refused.value.retry_at == clock.now() + timedelta(seconds=seconds)
    assert clock.slept == []


def test_waits_add_up_over_one_call(admission, refuse, clock):
    refuse(600, code="BANNED")
    tries = admission.begin()
    tries.admit(None)
    refuse(600, code="BANNED")

    with pytest.raises(FeedUnavailable):
        tries.admit(None)

    assert clock.slept == [600]


def test_a_call_that_nobody_counts_takes_nothing(admission, budget):
    admission.begin().admit(None)

    assert budget.taken == []


def test_calls_of_a_walk_inside_a_walk_are_the_outer_ones(admission, budget):
    with admission.serving(Lane.CHANGES):
        with admission.serving(Lane.DETAIL):
            admission.begin().admit(lambda: None)
        assert budget.returned == 0

    with admission.serving(Lane.DETAIL):
        admission.begin().admit(lambda: None)

    assert budget.taken == [Lane.CHANGES, Lane.DETAIL]
    assert budget.returned == 2


def test_a_wait_that_the_platform_asks_for_is_told_to_all(admission, budget, clock):
    admission.note(FeedUnavailable("wait", retry_at=clock.now() + timedelta(seconds=5)))
    admission.note(QuotaSpent("spent", retry_at=clock.now() + timedelta(hours=5)))
    admission.note(FeedUnavailable("down"))
    admission.note(None)

    assert budget.banned == [5]


def test_a_tenth_of_the_calls_may_be_tried_again_beyond_twenty(admission):
    down = FeedUnavailable("down")
    for _ in range(22):
        assert admission.begin().wait_after(down)

    # The 23rd call allows 22.3.
    last = admission.begin()
    with pytest.raises(RetriesSpent, match="down"):
        last.wait_after(down)
    assert admission.retries == 22


def test_without_a_budget_every_call_is_made(clock):
    free = Admission(None, clock=clock)

    with free.serving(Lane.CENSUS):
        free.begin().admit(lambda: None)

    assert clock.slept == []
