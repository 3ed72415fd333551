"""One window of days, read until it is closed: until every row that the platform counts in it has been seen.

Rows of one day can change places across a page border, so that one comes twice and another not at all (guide 5). The
one that came twice tells the day; that day is read again, with other borders. What moves while it is read costs no
more than the calls that its walk has to spare; then the window is left open, and the walk is not proven. Where nothing
moves and rows are still missing, reading again shows the same: the window is finished seller by seller, within a
ceiling of its own.

Rows leave a window of past days (an edit moves them to today) and only join one that reaches to today. So while the
count stands still the set stands still, and distinct ids equal to it are proof; when it moves, counting begins anew.
Of past days it is proof as well when as many ids were ever seen as were counted in the beginning.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from typing import Final

from connectors.buykorea.calls import ACCOUNTS, LISTINGS, MOST_ROWS, Calls
from connectors.buykorea.envelope import WirePage
from connectors.buykorea.listing import read_id
from integrator.record import Wire

# Page sizes of the readings, prime to each other so that no two have a border in the same place.
_READINGS: Final = (MOST_ROWS, 89, 73, 97)
# After so many readings in a row that moved nothing and showed nothing new, another one will not help either.
_QUIET: Final = 2
# For finishing by seller: a fiftieth of a production key's day, 80 seconds below the burst limit.
MOST_SELLER_CALLS: Final = 2000

Row = tuple[Mapping[str, Wire], Callable[[], bytes]]
Rows = list[Row]


@dataclass(frozen=True, slots=True)
class Window:
    """Korean days, both included; None is open."""

    first: date | None
    last: date | None

    @property
    def query(self) -> dict[str, str]:
        """The window as the guide's parameters."""
        bounds = {"updDtFrom": self.first, "updDtTo": self.last}
        return {name: f"{day:%Y%m%d}" for name, day in bounds.items() if day is not None}

    def __str__(self) -> str:
        return f"{self.first or 'the beginning'} to {self.last or 'today'}"


@dataclass(slots=True)
class Tally:
    """What has been seen of one window. Memory: the ids of this window only."""

    left: int  # pages that may still be read before the window is given up
    is_past: bool  # no row can join it
    total: int = -1
    most: int = 0
    has_news: bool = False
    day: str = ""
    counted: set[str | bytes] = field(default_factory=set)
    given: set[str | bytes] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)  # days of rows that came twice
    sellers: dict[str, None] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Whether all that the platform counts has been seen."""
        return len(self.counted) == self.total or (self.is_past and len(self.given) == self.most)

    @classmethod
    def begin(cls, first: WirePage, *, is_past: bool, spare: int) -> "Tally":
        """For a window whose first page says how much there is: one reading, and `spare` calls for reading again."""
        return cls(left=ceil(first.total / MOST_ROWS) + spare, is_past=is_past)

    @property
    def is_given_up(self) -> bool:
        """Whether this window has had its share of calls."""
        return self.left <= 0

    def stand(self, page: WirePage) -> None:
        """Take the platform's count; when it moved, or midnight passed, what was counted before proves nothing."""
        if (page.total, page.day) != (self.total, self.day):
            self.total, self.day = page.total, page.day
            self.most = max(self.most, page.total)
            self.counted.clear()
            self.has_news = True

    def add(self, page: WirePage, seen: set[str | bytes]) -> Rows:
        """Count the rows of a page; gives those that this window has not given yet. `seen` is this reading's own."""
        self.left -= 1
        fresh: Rows = []
        for row, cut in zip(page.rows, page.cuts, strict=True):
            key = _key(row, cut)
            if key in seen:
                self.twice.add(str(row.get("UPD_DT")))
            seen.add(key)
            self.counted.add(key)
            if key not in self.given:
                self.given.add(key)
                self.has_news = True
                fresh.append((row, cut))
                self.sellers[read_id(row.get("ENTP_SN"))] = None
        return fresh


def _key(row: Mapping[str, Wire], cut: Callable[[], bytes]) -> str | bytes:
    number = row.get("GOODS_SN")
    # A row without a number is told apart by its bytes: the platform counts it too.
    return str(number) if number not in (None, "") else hashlib.blake2b(cut(), digest_size=16).digest()


def read_window(calls: Calls, window: Window, first: WirePage, tally: Tally) -> Iterator[Rows]:
    """The rows of a window, each once, until `tally.is_closed` or nothing helps. `first` is its page 1."""
    yield from _read_pages(calls, window, MOST_ROWS, tally, first)
    quiet = 0
    for size in _READINGS:
        if tally.is_closed or tally.is_given_up:
            return
        if quiet == _QUIET:
            yield from _read_sellers(calls, window, tally)
            return
        tally.has_news = False
        yield from _read_again(calls, window, size, tally)
        quiet = 0 if tally.has_news else quiet + 1


def _read_pages(calls: Calls, window: Window, size: int, tally: Tally, first: WirePage | None = None) -> Iterator[Rows]:
    seen: set[str | bytes] = set()
    for page in calls.pages(LISTINGS, {"numOfRows": size, **window.query}, first=first):
        tally.stand(page)
        yield tally.add(page, seen)
        if first is None and tally.is_given_up:
            return


def _read_again(calls: Calls, window: Window, size: int, tally: Tally) -> Iterator[Rows]:
    days = [day for text in sorted(tally.twice) if (day := read_date(text))]
    tally.twice.clear()
    parts = [Window(day, day) for day in days]
    today = read_date(tally.day)
    # What turns up in a day that rows can join is no proof that it was counted before.
    if not parts or window in parts or today is None or max(days) >= today:
        yield from _read_pages(calls, window, size, tally)
        return
    for part in parts:
        seen: set[str | bytes] = set()
        for page in calls.pages(LISTINGS, {"numOfRows": size, **part.query}):
            yield tally.add(page, seen)
            if tally.is_given_up:
                return


def _read_sellers(calls: Calls, window: Window, tally: Tally) -> Iterator[Rows]:
    """Ask for each seller's rows of the window: those met in it first, then all there are."""
    asked: set[str] = set()
    for left, seller in zip(range(MOST_SELLER_CALLS, 0, -1), _all_sellers(calls, tally), strict=False):
        if seller in asked or not seller:
            continue
        asked.add(seller)
        seen: set[str | bytes] = set()
        for page in calls.pages(LISTINGS, {"numOfRows": MOST_ROWS, "entpSn": seller, **window.query}):
            yield tally.add(page, seen)
        if len(tally.counted) >= tally.total or left == 1:
            break
    tally.stand(calls.ask(LISTINGS, {"pageNo": 1, "numOfRows": 1, **window.query}))


def _all_sellers(calls: Calls, tally: Tally) -> Iterator[str]:
    yield from tuple(tally.sellers)
    for page in calls.pages(ACCOUNTS, {"numOfRows": MOST_ROWS}):
        yield from (read_id(row.get("ENTP_SN")) for row in page.rows)


def read_date(text: str) -> date | None:
    """`YYYYMMDD` as a day; None when it is none."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])) if len(text) == 8 and text.isdigit() else None
    except ValueError:
        return None


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)


def undated(rows: Iterable[Row]) -> Rows:
    """Rows whose change day cannot be read: no window of days holds them."""
    return [(row, cut) for row, cut in rows if read_date(str(row.get("UPD_DT"))) is None]


def paired(page: WirePage) -> Rows:
    """The rows of a page with their bytes."""
    return list(zip(page.rows, page.cuts, strict=True))
