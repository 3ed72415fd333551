"""BuyKorea's walk: accounts, then windows of days from the oldest to today, each closed by its count (guide 5).

From the oldest to the newest, because an edit moves a row to today: whatever leaves a window that is still to be read
turns up in the last one. So when every window has closed, everything that the platform shows has been seen, the days
since the walk began included, and nothing but the ids of one window was ever held in memory.
"""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

import msgspec

from connectors import Access
from connectors.buykorea import wire
from connectors.buykorea.calls import ACCOUNTS, CALLS_A_DAY, DETAIL, LISTINGS, MOST_ROWS, Calls
from connectors.buykorea.envelope import WirePage
from connectors.buykorea.listing import PLATFORM, parse, read_id
from connectors.buykorea.windows import Rows, Tally, Window, next_day, paired, read_date, read_window, undated
from connectors.http import Transport
from connectors.pace import Limits
from integrator.errors import FeedUnavailable, InvalidSetting
from integrator.ports import Budget, Clock, Parsed, Spool
from integrator.record import Ask, Batch, Confirmation, End, Json, Kind, Lane, Plan, Record, Wire

# Rows aimed at in one window: four borders, of which about one in twelve windows loses a row and is read again, and
# half a page wasted at its end. Larger windows are read again more often, smaller ones waste more.
WINDOW_ROWS: Final = 500
# Before this day the platform did not exist; where the oldest row does not tell its day, the walk begins here.
EARLIEST: Final = date(2000, 1, 1)
# Hidden listings leave the list after 90 days (guide 5): a client away longer learns of them by a census alone.
MEMORY_DAYS: Final = 90
# The order of companies is not defined: page sizes of the further readings, if the first did not show all of them.
ACCOUNT_READINGS: Final = (89, 73)
# At each end of the list; rows without a readable day are a handful, and more than that is another fault.
_UNDATED_PAGES: Final = 10
_ASKS_A_BATCH: Final = 20
# A list that grew shorter by a row has none where its last one stood; without a day to begin at, years are searched.
_TRIES_FOR_OLDEST: Final = 2
# What a first reading may cost: windows waste half a page at their ends, some are sized wrongly at first, and rows that
# move to today are read once more. Then the total.
_CALLS_A_PAGE: Final = 1.5
_LAST_CALLS: Final = 2


class BuyKorea:
    """The connector of BuyKorea (ports.Connector)."""

    platform = PLATFORM
    parser_version = 1
    confirmation = Confirmation.DETAIL_CALL
    separate_lanes = True
    policies = wire.POLICIES

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @classmethod
    def open(
        cls,
        access: Access,
        *,
        clock: Clock,
        spool: Spool,
        budget: Budget | None = None,
        limits: Limits | None = None,
    ) -> "BuyKorea":
        """A connector that is ready to fetch. The spool is not needed: pages are small."""
        key = access.credentials.get("key", "")
        if not key:
            raise InvalidSetting("BuyKorea needs a service key: set HANMARU_BUYKOREA_KEY")
        transport = Transport(access.base_url, clock=clock, secrets=[key], limits=limits, budget=budget)
        return cls(Calls(transport, key=key, clock=clock, calls_a_day=access.calls or CALLS_A_DAY))

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        """Batches, then one End (ports.Connector)."""
        if plan.lane is Lane.DETAIL:
            return self._calls.walking(plan.lane, self._fetch_asked(plan))
        return self._calls.walking(plan.lane, Walk(self._calls, plan).run())

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        """Kept bytes to fields (ports.Connector)."""
        return wire.decode(kind, body)

    def fingerprint(self, record: Record) -> bytes:
        """See `wire.fingerprint`."""
        return wire.fingerprint(record.kind, record.fields)

    def parse(self, record: Record) -> Parsed:
        """Wire to schema (ports.Connector)."""
        return parse(record)

    def _fetch_asked(self, plan: Plan) -> Iterator[Batch | End]:
        done = _int((plan.position or {}).get("asked"))
        for start in range(done, len(plan.asks), _ASKS_A_BATCH):
            asks = plan.asks[start : start + _ASKS_A_BATCH]
            records = tuple(record for ask in asks if (record := self._ask(ask)))
            yield self._batch(records, asked=start + len(asks), total=len(plan.asks))
        yield End(complete=True, clock=self._calls.now, total=len(plan.asks))

    def _batch(self, records: tuple[Record, ...], *, asked: int, total: int) -> Batch:
        return Batch(records, {"asked": asked}, clock=self._calls.now, stage="details", total=total)

    def _ask(self, ask: Ask) -> Record | None:
        if not read_id(ask.external_id):
            return None
        if ask.kind is Kind.ACCOUNT:
            return self._ask_account(ask.external_id)
        page = self._calls.ask(DETAIL, {"goodsSn": ask.external_id})
        if not page.rows:
            return _gone(ask.external_id, page)
        return _only(page, Kind.DETAIL, "GOODS_SN", ask.external_id)

    def _ask_account(self, number: str) -> Record | None:
        page = self._calls.ask(ACCOUNTS, {"pageNo": 1, "numOfRows": 1, "entpSn": number})
        return _only(page, Kind.ACCOUNT, "ENTP_SN", number) if page.rows else None


def _only(page: WirePage, kind: Kind, name: str, number: str) -> Record:
    row = page.rows[0]
    if read_id(row.get(name)) != number:
        raise FeedUnavailable(f"BuyKorea sent another record than {number}", code="OTHER_RECORD")
    return Record(PLATFORM, kind, number, row, page.cuts[0], page=f"{kind}/{number}")


def _gone(number: str, page: WirePage) -> Record:
    # The answer (code 03) names no listing, so what is kept is this note of question and answer.
    fields: dict[str, Wire] = {"GOODS_SN": number, "resultCode": page.code, "responseTime": page.time}
    return Record(PLATFORM, Kind.WITHDRAWAL, number, fields, lambda: msgspec.json.encode(fields), page=f"gone/{number}")


@dataclass(slots=True)
class _Place:
    """Where a walk stands: what a position is made of."""

    began: str  # the platform's clock at the first answer of the walk
    stage: str = "accounts"
    page: int = 1
    first: date | None = None  # where the next window begins; None: everything up to its end
    days: int = 1
    total: int = 0  # rows declared when the walk began
    counted: int = 0  # rows of closed windows
    calls: int = 0  # asked for listings so far
    open_windows: list[str] = field(default_factory=list)

    def as_position(self) -> dict[str, Json]:
        return {
            "began": self.began, "stage": self.stage, "page": self.page, "days": self.days, "total": self.total,
            "first": f"{self.first:%Y%m%d}" if self.first else None, "counted": self.counted,
            "calls": self.calls, "open": list(self.open_windows),
        }  # fmt: skip

    @classmethod
    def of(cls, position: Mapping[str, Json]) -> "_Place":
        windows = position.get("open")
        return cls(
            began=str(position["began"]), stage=str(position["stage"]), page=_int(position.get("page")),
            first=read_date(str(position.get("first"))), days=max(1, _int(position.get("days"))),
            total=_int(position.get("total")), counted=_int(position.get("counted")), calls=_int(position.get("calls")),
            open_windows=[str(window) for window in windows] if isinstance(windows, list) else [],
        )  # fmt: skip


class Walk:
    """One walk of changes or census, from its plan to its proof."""

    def __init__(self, calls: Calls, plan: Plan) -> None:
        self._calls = calls
        self._plan = plan
        self._is_census = plan.lane is Lane.CENSUS
        self._listed_before = calls.listed
        self._unknown: Counter[str] = Counter()
        self._warnings: list[str] = []

    def run(self) -> Iterator[Batch | End]:
        """Batches, then one End."""
        place = _Place.of(self._plan.position) if self._plan.position else self._begin()
        self._listed_before -= place.calls
        if place.stage == "accounts":
            yield from self._read_accounts(place)
        yield from self._read_windows(place)
        missing = 0
        if self._is_census:
            total = self._calls.ask(LISTINGS, {"pageNo": 1, "numOfRows": 1}).total
            missing = yield from self._read_undated(place, total)
            place.total = total
        yield self._end(place, missing)

    # The beginning -------------------------------------------------------------------------------------------------

    def _begin(self) -> _Place:
        """The first answer: its clock is the next watermark. Then where the walk begins."""
        since = self._since()
        page = self._calls.ask(LISTINGS, {"pageNo": 1, "numOfRows": 1, **Window(since, None).query})
        told = self._plan.watermark or {}
        if str(told.get("time", "")) > page.time:
            self._warnings.append(f"BuyKorea's clock went back, from {told['time']} to {page.time}")
            since = min(since, _day_of(page)) if since else None
        first = since or self._oldest(page)
        stage = "accounts" if self._plan.accounts else "listings"
        place = _Place(page.time, stage, first=first, total=page.total)
        place.days = self._guess_days(page, first)
        return place

    def _since(self) -> date | None:
        """The day of the last good run, that whole day again: days are the finest grain there is."""
        if self._is_census or not self._plan.watermark:
            return None
        day = read_date(str(self._plan.watermark.get("time", ""))[:8])
        return day

    def _oldest(self, page: WirePage) -> date:
        """The day of the last row, which is the oldest: where windows begin."""
        for _ in range(_TRIES_FOR_OLDEST):
            if page.total:
                page = self._calls.ask(LISTINGS, {"pageNo": page.total, "numOfRows": 1})
            if page.rows:
                return read_date(str(page.rows[0].get("UPD_DT"))) or EARLIEST
        return EARLIEST

    def _guess_days(self, page: WirePage, first: date) -> int:
        span = max(1, (_day_of(page) - first).days + 1)
        return max(1, min(span, span * WINDOW_ROWS // max(1, page.total)))

    # Accounts ------------------------------------------------------------------------------------------------------

    def _read_accounts(self, place: _Place) -> Iterator[Batch]:
        """The whole list; what its moving order hides from us is asked for singly when a listing names it."""
        seen = set[str]()
        skipped = (place.page - 1) * MOST_ROWS
        total = skipped
        for page in self._account_pages(place.page):
            place.page, total = place.page + 1, page.total
            batch = self._accounts(page, seen, place)
            if (place.page - 1) * MOST_ROWS >= total and len(seen) + skipped >= total:
                place.stage, place.page = "listings", 1
            yield replace(batch, position=place.as_position())
        for size in ACCOUNT_READINGS:
            if skipped or len(seen) >= total:
                break
            for page in self._calls.pages(ACCOUNTS, {"numOfRows": size}):
                total = page.total
                yield self._accounts(page, seen, place)
        if len(seen) + skipped < total:
            missing = total - len(seen) - skipped
            self._warnings.append(f"{missing} of {total} companies did not turn up in BuyKorea's list")
        place.stage, place.page = "listings", 1

    def _account_pages(self, number: int) -> Iterator[WirePage]:
        if number == 1:
            yield from self._calls.pages(ACCOUNTS, {"numOfRows": MOST_ROWS})
            return
        total = number * MOST_ROWS
        while (number - 1) * MOST_ROWS < total:
            page = self._calls.ask(ACCOUNTS, {"pageNo": number, "numOfRows": MOST_ROWS})
            number, total = number + 1, page.total
            yield page

    def _accounts(self, page: WirePage, seen: set[str], place: _Place) -> Batch:
        fresh = [(row, cut) for row, cut in paired(page) if str(row.get("ENTP_SN")) not in seen]
        seen.update(str(row.get("ENTP_SN")) for row, _ in fresh)
        records = self._records(Kind.ACCOUNT, fresh, f"entpList/{page.number}")
        return self._batch(records, place, "accounts", page.total)

    # Listings ------------------------------------------------------------------------------------------------------

    def _read_windows(self, place: _Place) -> Iterator[Batch]:
        is_first = place.counted == 0 and self._is_census
        while place.stage == "listings":
            window, page = self._choose(place, is_open=is_first)
            yield from self._read_window(place, window, page)
            is_first = False

    def _choose(self, place: _Place, *, is_open: bool) -> tuple[Window, WirePage]:
        """The next window, small enough or one day, with its first page. `is_open`: nothing older is to be left out."""
        while True:
            begins, today = place.first or EARLIEST, self._today(place)
            ends = begins + timedelta(days=place.days - 1)
            window = Window(None if is_open else begins, None if ends >= today else ends)
            page = self._calls.ask(LISTINGS, {"pageNo": 1, "numOfRows": MOST_ROWS, **window.query})
            span = (min(ends, today) - begins).days + 1
            if page.total <= 2 * WINDOW_ROWS or (span <= 1 and not (is_open and begins > EARLIEST)):
                return window, page
            if span <= 1:
                # Much is older than the row that seemed the oldest: begin where nothing can be.
                place.first, place.days = EARLIEST, (today - EARLIEST).days
            else:
                place.days = max(1, min(span - 1, span * WINDOW_ROWS // page.total))

    def _read_window(self, place: _Place, window: Window, page: WirePage) -> Iterator[Batch]:
        tally = Tally.begin(page, is_past=window.last is not None, spare=self._count_spare(place))
        held: Rows | None = None
        # The last rows go out with the position behind the window, so they are held back until it is known.
        for rows in read_window(self._calls, window, page, tally):
            if held is not None:
                yield self._listings(held, place, window)
            held = rows
        self._leave(place, window, tally)
        yield self._listings(held or [], place, window)

    def _count_left(self, place: _Place) -> int:
        """Calls that this walk may still make: whatever moves, it makes two for a page of the list, and ten."""
        return 2 * ceil(place.total / MOST_ROWS) + 10 - self._count_calls()

    def _count_spare(self, place: _Place) -> int:
        """Of these, what reading each page once leaves for reading some again."""
        pages = (place.total - place.counted) / MOST_ROWS
        return max(0, self._count_left(place) - ceil(_CALLS_A_PAGE * max(0, pages)) - _LAST_CALLS)

    def _count_calls(self) -> int:
        return self._calls.listed - self._listed_before

    def _leave(self, place: _Place, window: Window, tally: Tally) -> None:
        place.counted += tally.total if tally.is_closed else len(tally.counted)
        if not tally.is_closed and len(place.open_windows) < 20:
            place.open_windows.append(f"{window}: {len(tally.counted)} of {tally.total}")
        if window.last is None:
            place.stage = "end"
            return
        place.first = next_day(window.last)
        # Sized by what this one held, at most four times as long: days differ, and quiet years end.
        place.days = max(1, min(place.days * 4, place.days * WINDOW_ROWS // max(1, tally.total)))

    def _listings(self, rows: Rows, place: _Place, window: Window) -> Batch:
        return self._batch(self._records(Kind.LISTING, rows, f"goodsList/{window}"), place, "listings", place.total)

    def _read_undated(self, place: _Place, total: int) -> Generator[Batch, None, int]:
        """Rows outside all windows, if the whole list counts more than they did: they stand at its ends."""
        missing = total - place.counted
        if missing <= 0 or place.open_windows:
            return 0
        seen: set[str] = set()
        last = max(1, -(-total // MOST_ROWS))
        reach = min(_UNDATED_PAGES, missing // MOST_ROWS + 2)
        pages = {*range(1, min(last, reach) + 1), *range(max(1, last - reach + 1), last + 1)}
        if len(pages) > self._count_left(place):
            return missing
        for number in sorted(pages):
            page = self._calls.ask(LISTINGS, {"pageNo": number, "numOfRows": MOST_ROWS})
            rows = undated(paired(page))
            seen.update(str(row.get("GOODS_SN")) for row, _ in rows)
            yield self._listings(rows, place, Window(None, None))
        return max(0, missing - len(seen))

    # Parts ---------------------------------------------------------------------------------------------------------

    def _records(self, kind: Kind, rows: Rows, page: str) -> tuple[Record, ...]:
        name = "GOODS_SN" if kind is Kind.LISTING else "ENTP_SN"
        for row, _ in rows:
            self._unknown.update(wire.unknown_names(kind, row))
        return tuple(
            Record(PLATFORM, kind, read_id(row.get(name)), row, cut, page, place)
            for place, (row, cut) in enumerate(rows)
        )

    def _batch(self, records: tuple[Record, ...], place: _Place, stage: str, total: int) -> Batch:
        warnings, self._warnings = tuple(self._warnings), []
        place.calls = self._count_calls()
        return Batch(
            records, place.as_position(), clock=self._calls.now, stage=stage, total=total,
            warnings=warnings, watermark={"time": place.began},
        )  # fmt: skip

    def _end(self, place: _Place, missing: int) -> End:
        reasons = [f"days that would not close: {'; '.join(place.open_windows)}"] if place.open_windows else []
        reasons += [f"{missing} listings are counted that no window of days holds"] if missing else []
        return End(
            complete=not reasons,
            census=self._is_census,
            watermark=None if reasons else {"time": place.began},
            clock=self._calls.now,
            total=place.total,
            reason=". ".join(reasons),
            unknown_fields=dict(self._unknown),
            warnings=(*self._warnings, *self._long_absence(place)),
        )

    def _long_absence(self, place: _Place) -> list[str]:
        since, began = self._since(), read_date(place.began[:8])
        if since and began and (began - since).days > MEMORY_DAYS:
            return [f"not read for more than {MEMORY_DAYS} days: hidden listings may have left unseen, a census is due"]
        return []

    def _today(self, place: _Place) -> date:
        """The platform's day; no later than when the walk began, if its clock goes back meanwhile."""
        day = read_date(place.began[:8]) or EARLIEST
        return day if self._calls.now is None else max(day, _korean_date(self._calls.now))


def _korean_date(moment: datetime) -> date:
    return (moment + timedelta(hours=9)).date()


def _day_of(page: WirePage) -> date:
    return read_date(page.day) or EARLIEST


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0
