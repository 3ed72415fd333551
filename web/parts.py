"""What a request reaches of its process: the wiring and the finder, made once by `create_app`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, cast

from flask import current_app

from web.wiring import Wiring

if TYPE_CHECKING:
    from search.searching import Finder
    from web.viewings import Viewings

_KEY = "hanmaru"


@dataclass
class Parts:
    """One web process's parts. The first request opens them, after the server has forked."""

    wiring: Wiring

    def __post_init__(self) -> None:
        self._lock = Lock()

    @cached_property
    def _finder(self) -> "Finder":
        from search.searching import Finder

        return Finder(self.wiring.index)

    @property
    def finder(self) -> "Finder":
        """Searches the index; one for all threads, since it keeps the vocabulary."""
        with self._lock:
            return self._finder

    @cached_property
    def viewings(self) -> "Viewings":
        """Counts the products looked at."""
        from web.viewings import Viewings

        return Viewings(self.write_viewings, clock=self.wiring.clock)

    def write_viewings(self, counts: Mapping[str, int]) -> None:
        """Add how often each product was looked at."""
        from integrator.store.viewings import add_viewings

        with self.wiring.database.write() as connection:
            add_viewings(connection, counts, now=self.wiring.clock.now().timestamp())

    def install(self, extensions: dict[str, object]) -> None:
        """Where `parts()` finds them."""
        extensions[_KEY] = self


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return cast("Parts", current_app.extensions[_KEY])
