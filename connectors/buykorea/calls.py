"""BuyKorea's calls: the key, the result codes of section 4, the platform's clock, and pages that cannot be true."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from math import ceil
from typing import Final, NoReturn
from urllib.parse import quote, unquote, urlencode

from connectors.buykorea.envelope import NOTHING, PASSING, QUOTA, REFUSED, SOUND, WirePage, read_page
from connectors.http import Answer, Transport
from integrator.clean.dates import KOREA
from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable, QuotaSpent
from integrator.ports import Clock, Window
from integrator.record import Batch, End, Lane, Wire

LISTINGS: Final = "/v1/goodsList"
DETAIL: Final = "/v1/goodsDetail"
ACCOUNTS: Final = "/v1/entpList"
MOST_ROWS: Final = 100  # guide 1: 101 or more is code 10

# Section 2: of a production key, over all operations; counted on the platform's Korean day.
CALLS_A_DAY: Final = 100_000
# Section 4: more than 30 calls within a second are refused. Once that has happened we keep a little below it.
_GAP_AFTER_BURST_S: Final = 1 / 25

Query = Mapping[str, str | int]


class Calls:
    """Asks one question at a time and gives sound pages only; `now` is the platform's clock as last seen."""

    def __init__(self, transport: Transport, *, key: str, clock: Clock, calls_a_day: int = CALLS_A_DAY) -> None:
        self._transport = transport
        # Handed out in two forms: one with % is the encoded one. On the wire it is encoded exactly once (guide 2).
        self._key = quote(unquote(key) if "%" in key else key, safe="")
        self._clock = clock
        self._gap_s = 0.0
        self._calls_a_day = calls_a_day
        self._day: Window | None = None
        self.now: datetime | None = None
        self.listed = 0  # questions about listings

    def ask(self, path: str, query: Query) -> WirePage:
        """One call. Raises FeedUnavailable, QuotaSpent, AccessRefused or FeedChanged as section 4 has it."""
        if self._gap_s:
            self._clock.sleep(self._gap_s)
        text = f"serviceKey={self._key}&type=json&{urlencode(query)}"
        number = int(query.get("pageNo", 1))
        self.listed += path == LISTINGS
        page = self._transport.read(
            path, query=text, reader=lambda answer: self._judge(answer, path, number), counted=lambda: self._day
        )
        self.now = page.clock
        if self._day is None or self._day.name != page.day:
            self._day = self._make_day(page.clock)
        return page

    def pages(self, path: str, query: Query, *, first: WirePage | None = None) -> Iterator[WirePage]:
        """All pages of a list, in order, to where its last `totalCount` says it ends.

        Raises FeedChanged for a page that comes twice, or an empty one where rows should be: faults, not ends.
        """
        size = int(query["numOfRows"])
        page = first or self.ask(path, {**query, "pageNo": 1})
        # A list may grow while it is read; one that runs away from its reader must end all the same.
        ceiling = 2 * ceil(page.total / size) + 10
        yield page
        for number in range(2, ceiling + 1):
            if (number - 1) * size >= page.total:
                return
            before, page = page, self.ask(path, {**query, "pageNo": number})
            _refuse_repeated(before, page, size)
            if not page.rows and (number - 1) * size < page.total:
                raise FeedChanged(f"BuyKorea sent an empty page {number} of a list of {page.total}", code="EMPTY_PAGE")
            yield page

    def walking(self, lane: Lane, pieces: Iterator[Batch | End]) -> Iterator[Batch | End]:
        """See `Transport.walking`."""
        return self._transport.walking(lane, pieces)

    def _judge(self, answer: Answer, path: str, number: int) -> WirePage:
        if answer.status == 429:
            self._gap_s = _GAP_AFTER_BURST_S
        self._transport.check_status(answer)
        page = read_page(answer)
        if page.code not in SOUND and page.code != NOTHING:
            self._refuse(page.code)
        if page.rows and page.number is not None and page.number != number:
            raise FeedUnavailable(f"BuyKorea sent page {page.number} for page {number}", code="OTHER_PAGE")
        if page.rows and all(_is_foreign(path, row) for row in page.rows):
            raise FeedUnavailable("BuyKorea sent a page of another list", code="OTHER_LIST")
        if number == 1 and page.total and not page.rows:
            raise FeedChanged(f"BuyKorea sent an empty first page of a list of {page.total}", code="EMPTY_PAGE")
        return page

    def _refuse(self, code: str) -> NoReturn:
        if code in PASSING:
            raise FeedUnavailable(f"BuyKorea reports passing trouble ({code})", code=f"BK-{code}")
        if code == QUOTA:
            day = self._day or self._make_day(self._clock.now())
            self._transport.learn(day, used=day.calls)
            raise QuotaSpent("BuyKorea's calls for today are used up", code="BK-22", retry_at=day.ends_at)
        if code in REFUSED:
            raise AccessRefused(f"BuyKorea refuses the service key ({code}): ask its operator", code=f"BK-{code}")
        raise FeedChanged(f"BuyKorea refuses the call itself ({code})", code=f"BK-{code}")

    def _make_day(self, told: datetime) -> Window:
        """The Korean day of the platform's clock; its end is told in our own."""
        korean = told.astimezone(KOREA)
        midnight = (korean + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Window(f"{korean:%Y%m%d}", self._calls_a_day, self._clock.now() + (midnight - korean))


def _is_foreign(path: str, row: Mapping[str, Wire]) -> bool:
    """A listing carries its seller's number too, so its own number is what tells the lists apart."""
    return ("GOODS_SN" in row) == (path == ACCOUNTS)


def _refuse_repeated(before: WirePage, page: WirePage, size: int) -> None:
    # Rows of one day may come in any order, but the same hundred in the same order twice is a list that stands still,
    # unless a whole page of new rows has pushed them on.
    is_pushed = page.total - before.total >= size
    if size > 1 and len(page.rows) == size and page.rows == before.rows and not is_pushed:
        raise FeedChanged("BuyKorea sent the same page twice in a row", code="REPEATED_PAGE")
