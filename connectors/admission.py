"""May we call now, and again? What one process asks of a platform's budget before each try and after it."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from integrator.errors import FeedUnavailable, HanmaruError, QuotaSpent, RetriesSpent
from integrator.ports import Budget, Clock, Window
from integrator.record import Lane

# The window in which a call counts, asked for at each try; None: the platform has not told it yet.
Counted = Callable[[], Window | None]

# Waited inside the run; a longer ban ends the run and keeps its place (reliability C3).
LONGEST_WAIT_S: Final = 15 * 60
# Waited for a platform that rests after failures: the first rests, so that a sync right after an outage goes through.
LONGEST_REST_S: Final = 60
# Between the five tries of one call (common rule 9: growing from one second).
_PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0)
# Of a run's calls so many may be tried again, beyond some that are free.
FREE_RETRIES: Final = 20
RETRY_SHARE: Final = 0.1


class Admission:
    """One process's way through a platform's budget; without a budget nothing but the retries is counted."""

    def __init__(self, budget: Budget | None, *, clock: Clock) -> None:
        self._budget = budget
        self._clock = clock
        self._lane: Lane | None = None
        self.calls = 0
        self.retries = 0

    @contextmanager
    def serving(self, lane: Lane) -> Iterator[None]:
        """Calls inside are made for this lane; a walk inside a walk (an account asked for singly) serves the outer."""
        outer, self._lane = self._lane, self._lane or lane
        try:
            yield
        finally:
            self._lane = outer
            if outer is None and self._budget is not None:
                self._budget.give_back()

    def begin(self) -> "Tries":
        """The tries of one call."""
        self.calls += 1
        return Tries(self, self._clock)

    def ask(self, counted: Counted | None) -> None:
        """Raises FeedUnavailable or QuotaSpent when no call may be made now."""
        if self._budget is None:
            return
        self._budget.check()
        if counted is not None:
            self._budget.take(counted(), lane=self._lane or Lane.CHANGES)

    def note(self, trouble: HanmaruError | None) -> None:
        """What became of a try; a wait that the platform asked for holds for every process."""
        if self._budget is None:
            return
        self._budget.note(trouble)
        if (
            isinstance(trouble, FeedUnavailable)
            and trouble.retry_at is not None
            and not isinstance(trouble, QuotaSpent)
        ):
            self._budget.ban(trouble.retry_at, reason=str(trouble))

    def learn(self, window: Window, *, used: int) -> None:
        """See `ports.Budget`."""
        if self._budget is not None:
            self._budget.learn(window, used=used)

    def count_retry(self, trouble: HanmaruError) -> None:
        """Raises RetriesSpent when so many were needed that trying on only adds to the trouble."""
        if self.retries + 1 > FREE_RETRIES + RETRY_SHARE * self.calls:
            text = f"{self.retries} of {self.calls} calls had to be tried again, the last because: {trouble}"
            raise RetriesSpent(text, code="RETRIES_SPENT")
        self.retries += 1


class Tries:
    """The tries of one call: five at the most, with growing pauses, or as long as the platform says."""

    def __init__(self, admission: Admission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock
        self._pauses = iter(_PAUSES_S)
        self._waited = 0.0

    def admit(self, counted: Counted | None) -> None:
        """Gives way as soon as the call may be made; raises what forbids it when that is too far off."""
        while True:
            try:
                return self._admission.ask(counted)
            except FeedUnavailable as refusal:
                if not self._sleep(self._until(refusal), longest=_patience_for(refusal)):
                    raise
            # Asked again: another process may have met a ban meanwhile.

    def wait_after(self, trouble: HanmaruError) -> bool:
        """Pause before the next try; False when there is none."""
        pause = next(self._pauses, None)
        if pause is None or not isinstance(trouble, FeedUnavailable) or isinstance(trouble, QuotaSpent):
            return False
        wait = max(pause, self._until(trouble))
        if self._waited + wait > LONGEST_WAIT_S:
            return False
        self._admission.count_retry(trouble)
        return self._sleep(wait, longest=LONGEST_WAIT_S)

    def _sleep(self, wait: float, *, longest: float) -> bool:
        if self._waited + wait > longest:
            return False
        self._waited += wait
        self._clock.sleep(wait)
        return True

    def _until(self, trouble: FeedUnavailable) -> float:
        """Whole seconds to the moment that the trouble names; 0 when it names none."""
        if trouble.retry_at is None:
            return 0.0
        return max(0.0, math.ceil((trouble.retry_at - self._clock.now()).total_seconds()))


def _patience_for(refusal: FeedUnavailable) -> float:
    return LONGEST_REST_S if refusal.code == "RESTING" else LONGEST_WAIT_S
