"""Counts which products are looked at, beside the requests: no page waits for it, and it may lose the last minute."""

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock, Thread
from typing import Final

import structlog

from integrator.ports import Clock

# One short write for so many views, or for those of so long.
MOST_VIEWS: Final = 100
LONGEST_S: Final = 60.0

Write = Callable[[Mapping[str, int]], None]


def _in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="viewings", daemon=True).start()


class Viewings:
    """One web process's counts; `write` puts them into the database, `beside` runs it where nobody waits."""

    def __init__(
        self, write: Write, *, clock: Clock, beside: Callable[[Callable[[], None]], None] = _in_a_thread
    ) -> None:
        self._write = write
        self._clock = clock
        self._beside = beside
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self._views = 0
        self._since = clock.monotonic()
        self._is_writing = False

    def note(self, product_id: str) -> None:
        """A product's page was asked for."""
        with self._lock:
            self._counts[product_id] += 1
            self._views += 1
            is_long_ago = self._clock.monotonic() - self._since >= LONGEST_S
            if self._is_writing or not (self._views >= MOST_VIEWS or is_long_ago):
                return
            taken, self._counts, self._views = self._counts, Counter(), 0
            self._since, self._is_writing = self._clock.monotonic(), True
        self._beside(lambda: self._flush(taken))

    def _flush(self, taken: Mapping[str, int]) -> None:
        from sqlalchemy.exc import SQLAlchemyError

        from integrator.errors import StorageUnavailable

        try:
            self._write(taken)
        except (SQLAlchemyError, StorageUnavailable) as error:
            # A busy database: these views are not worth another try.
            structlog.get_logger().warning("views not counted", views=sum(taken.values()), reason=type(error).__name__)
        finally:
            with self._lock:
                self._is_writing = False
