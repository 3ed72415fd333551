"""A clock that a test moves; sleeping moves it too."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """`ports.Clock`, standing still until told."""

    def __init__(self, at: datetime = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)) -> None:
        self._at = at
        self._elapsed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float = 0.0, *, days: float = 0.0) -> None:
        """Let time pass."""
        self._at += timedelta(seconds=seconds, days=days)
        self._elapsed += seconds + days * 86_400
