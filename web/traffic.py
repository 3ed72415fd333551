"""How many requests a web server answered, how, and how fast, counted over all its processes.

The counts lie in memory that the processes share since they were forked. Each has a row of its own, so nobody waits for
another, and one that is killed leaves nothing locked; whoever comes after it goes on in its row.
"""

import mmap
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Final

from flask import Flask, Response, g, request

# Statuses with a cell of their own; any other is counted with its class, 5xx for example.
_SINGLE: Final = (200, 301, 302, 304, 400, 404, 405, 500, 503)
STATUSES: Final = (*map(str, _SINGLE), "1xx", "2xx", "3xx", "4xx", "5xx")

# Upper ends of the spans in which durations are counted, and beyond the last.
BOUNDS_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

NO_ROUTE: Final = "none"
_MOST_ROUTES = 64
_SPANS = len(BOUNDS_S) + 1
_WIDTH = len(STATUSES) + _SPANS + 1  # the last cell: seconds in all
_ROW = _MOST_ROUTES * _WIDTH


@dataclass(frozen=True, slots=True)
class Answered:
    """The answers of one route: how many by status, and by span of time (`BOUNDS_S`, then longer)."""

    route: str
    statuses: dict[str, int]
    spans: tuple[int, ...]
    seconds: float


class Traffic:
    """Counts of at most `rows` processes at a time; made before they part."""

    def __init__(self, *, rows: int = 1) -> None:
        self._rows = rows
        # Anonymous memory: children of this process have the very same.
        self._cells = memoryview(mmap.mmap(-1, rows * _ROW * 8)).cast("d")
        self._row = 0
        self._lock = Lock()

    def take_row(self, number: int) -> None:
        """This process counts in that row from now on."""
        self._row, self._lock = number % self._rows, Lock()

    def watch(self, app: Flask) -> None:
        """Count every request of the application, its routes being complete."""
        routes = list_routes(app)
        places = {name: place for place, name in enumerate(routes)}

        @app.before_request
        def begin() -> None:
            g.began = time.perf_counter()

        @app.after_request
        def end(response: Response) -> Response:
            place = places[request.endpoint if request.endpoint in places else NO_ROUTE]
            self.note(place, response.status_code, time.perf_counter() - g.get("began", time.perf_counter()))
            return response

    def note(self, place: int, status: int, seconds: float) -> None:
        """One answer of the route at this place of `list_routes`."""
        name = str(status) if status in _SINGLE else f"{status // 100}xx"
        first = self._row * _ROW + place * _WIDTH
        with self._lock:
            self._cells[first + STATUSES.index(name)] += 1
            self._cells[first + len(STATUSES) + bisect_left(BOUNDS_S, seconds)] += 1
            self._cells[first + _WIDTH - 1] += seconds

    def totals(self, app: Flask) -> Iterator[Answered]:
        """What all processes answered so far, routes that nobody asked for left out."""
        rows = [self._cells[start : start + _ROW] for start in range(0, self._rows * _ROW, _ROW)]
        summed = [sum(each) for each in zip(*rows, strict=True)]
        for place, route in enumerate(list_routes(app)):
            cells = summed[place * _WIDTH : (place + 1) * _WIDTH]
            counts = [int(each) for each in cells[:-1]]
            statuses = {name: count for name, count in zip(STATUSES, counts, strict=False) if count}
            if statuses:
                yield Answered(route, statuses, tuple(counts[len(STATUSES) :]), cells[-1])


def list_routes(app: Flask) -> list[str]:
    """The names of the routes, the same in every process, and the one for addresses that lead nowhere."""
    return [*sorted({rule.endpoint for rule in app.url_map.iter_rules()}), NO_ROUTE][-_MOST_ROUTES:]
