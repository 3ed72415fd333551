"""The world's clock starts at noon of its day and runs with real seconds; signatures are checked by the real one."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from connectors.mock.days import DAY


class WorldClock:
    """Seconds since midnight (Korea) of day 0."""

    def __init__(self, day: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self.day = day
        self._start = day * DAY + DAY // 2
        self._ticks, self._began = ticks, ticks()

    def elapsed(self) -> float:
        return self._ticks() - self._began

    def second(self) -> int:
        return self._start + int(self.elapsed())


def real_now() -> datetime:
    return datetime.now(UTC)
