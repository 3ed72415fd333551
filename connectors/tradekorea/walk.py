"""tradeKorea's walk: suppliers, products, tombstones, each along a chain of cursors (guide 3).

A watermark is `{"as_of": …}`, the platform's clock when the last walk's products began, as it was sent. A position is
written by `Place`. A chain that broke (CURSOR_EXPIRED) is begun again with the last readable time: it stays whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from connectors.decode import as_objects
from connectors.tradekorea.access import Calls, CursorExpired, TombstonesGone, WirePage
from connectors.tradekorea.wire import KNOWN, PLATFORM, PRODUCT_ID, SUPPLIER_ID
from integrator.clean.dates import KOREA, read_instant
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.record import Batch, End, Json, Kind, Lane, Plan, Record, Wire

# A record dated ahead must not move the place where a broken chain begins again beyond what has been read. A walk of
# a million products at the guide's limit takes six hours, so one day is ahead of any honest edit during it.
_AHEAD: Final = timedelta(days=1)
# How long ago a clock may have been turned back that we meet for the first time now: feeds are read each hour or so.
_TURNED_BACK: Final = timedelta(days=1)
# Beginnings again from the same place, and empty pages in a row: more is a loop, not a walk.
_MOST_RESTARTS: Final = 3
_MOST_EMPTY: Final = 200


@dataclass(frozen=True, slots=True)
class Stage:
    """One list to walk; `since` names its time parameter, `time` the field of its rows that the order follows."""

    name: str
    path: str
    kind: Kind
    key: str
    since: str = ""
    time: str = ""


ACCOUNTS: Final = Stage("accounts", "/v1/suppliers", Kind.ACCOUNT, "id")
LISTINGS: Final = Stage("listings", "/v1/products", Kind.LISTING, "productNo", "updatedAfter", "updatedAt")
WITHDRAWALS: Final = Stage("withdrawals", "/v1/tombstones", Kind.WITHDRAWAL, "productNo", "since", "withdrawnAt")
_STAGES: Final = {stage.name: stage for stage in (ACCOUNTS, LISTINGS, WITHDRAWALS)}
_IDS: Final = {
    Kind.LISTING: PRODUCT_ID,
    Kind.DETAIL: PRODUCT_ID,
    Kind.WITHDRAWAL: PRODUCT_ID,
    Kind.ACCOUNT: SUPPLIER_ID,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk stands.

    `since` is the time parameter of this chain, `last` the last readable time of its rows, `as_of` the platform's clock
    when the products began, `begun` the time parameter of the walk's first chain of products.
    """

    stage: str
    cursor: str | None = None
    since: str | None = None
    last: str | None = None
    as_of: str | None = None
    begun: str | None = None
    scope: str | None = None

    @classmethod
    def read(cls, position: Mapping[str, Json]) -> Self:
        """A position that `write` made."""
        return cls(**position)  # type: ignore[arg-type]

    def write(self) -> dict[str, Json]:
        """Plain JSON, for the core to store."""
        return {name: getattr(self, name) for name in self.__slots__}


class Walk:
    """One walk over the lists that its plan asks for."""

    def __init__(self, calls: Calls, plan: Plan) -> None:
        self._calls = calls
        self._plan = plan
        told = (plan.watermark or {}).get("as_of")
        self._watermark = told if isinstance(told, str) else None
        self._warnings: list[str] = []
        self._unknown: dict[str, int] = {}
        self._place = Place("")
        self._used: set[int] = set()
        self._before: tuple[Wire, ...] = ()
        self._quiet = 0  # empty pages in a row
        self._restarts = 0  # beginnings again from the same place

    def run(self) -> Iterator[Batch | End]:
        """Batches, then the End."""
        self._place = self._find_place(self._calls.scope)
        yield from self._walk_stage()
        while (following := self._next_stage()) is not None:
            self._place = following
            yield from self._walk_stage()
        yield self._end()

    def _find_place(self, scope: str) -> Place:
        since = None if self._plan.lane is Lane.CENSUS else self._watermark
        if self._plan.position:
            place = Place.read(self._plan.position)
            # A cursor belongs to its scope; what was read in another one stays, and the chain goes on from there.
            return place if place.scope == scope else self._restarted(replace(place, scope=scope))
        if self._plan.accounts:
            return Place(ACCOUNTS.name, begun=since, scope=scope)
        return Place(LISTINGS.name, since=since, begun=since, scope=scope)

    def _next_stage(self) -> Place | None:
        place = self._place
        fresh = replace(place, cursor=None, last=None)
        if place.stage == ACCOUNTS.name:
            return replace(fresh, stage=LISTINGS.name, since=place.begun)
        if place.stage == LISTINGS.name:
            # Also what was withdrawn while the products were read; before a first census nothing needs withdrawing.
            return replace(fresh, stage=WITHDRAWALS.name, since=_earlier(place.begun or self._watermark, place.as_of))
        return None

    def _walk_stage(self) -> Iterator[Batch]:
        """One list to its end."""
        stage = _STAGES[self._place.stage]
        self._used, self._before, self._quiet, self._restarts = set(), (), 0, 0
        while True:
            page = self._ask(stage)
            if page is None:
                continue
            self._check(stage, page)
            ended = page.cursor is None
            self._place = self._after(stage, page)
            records = self._make_records(stage, page)
            yield self._batch(records, self._next_stage() if ended else self._place, page)
            if ended:
                return

    def _ask(self, stage: Stage) -> WirePage | None:
        """The next page; None when the chain had to be begun again."""
        place = self._place
        query = {
            name: value for name, value in ((stage.since, place.since), ("cursor", place.cursor)) if name and value
        }
        try:
            page = self._calls.ask_page(stage.path, query)
        except CursorExpired:
            self._place = self._restarted(place)
            return None
        except TombstonesGone as past:
            self._shorten(past)
            return None
        if stage is LISTINGS and place.as_of is None and self._is_back(page):
            return None
        return page

    def _restarted(self, place: Place) -> Place:
        since = place.last or place.since
        # A second with more rows than one cursor's life can read would be begun again for ever.
        self._restarts = self._restarts + 1 if since == place.since else 1
        if self._restarts > _MOST_RESTARTS:
            raise FeedUnavailable("tradeKorea's cursors expire before they can be used", code="CURSOR_EXPIRED")
        self._used, self._before = set(), ()
        self._warnings.append(f"The walk over {place.stage} was begun again: its cursor had expired")
        return replace(place, cursor=None, since=since)

    def _shorten(self, past: TombstonesGone) -> None:
        self._warnings.append("Withdrawals older than 30 days are no longer told; only a full walk finds them")
        oldest = (
            past.oldest if isinstance(past.oldest, str) and read_instant(past.oldest, field="oldest").value else None
        )
        if self._restarts or oldest is None:
            oldest = self._place.as_of
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            raise past
        self._place = replace(self._place, cursor=None, since=oldest)

    def _is_back(self, page: WirePage) -> bool:
        """Whether the platform's clock is before the time asked from: then it is asked from a day before that clock.

        What was edited between the turning back and now is dated before now too.
        """
        since = read_instant(self._place.since, field="since").value
        if since is None or page.as_of >= since.at:
            return False
        self._warnings.append(f"tradeKorea's clock went back to {page.as_of_text}; read from a day before")
        since_then = (page.as_of - _TURNED_BACK).astimezone(KOREA).isoformat(timespec="seconds")
        self._place = replace(self._place, cursor=None, since=since_then, begun=since_then)
        return True

    # Pages ------------------------------------------------------------------------------------------------------------

    def _check(self, stage: Stage, page: WirePage) -> None:
        """Refuses another list's page, and the faults that read for ever, or nothing while looking busy (guide 3)."""
        if page.rows and all(_is_foreign(stage, row) for row in page.rows):
            raise FeedChanged(f"tradeKorea sent something else in place of {stage.name}", code="OTHER_LIST")
        if page.rows and page.rows == self._before:
            raise FeedChanged("tradeKorea sent the same page twice", code="REPEATED_PAGE")
        if self._place.cursor is not None:
            self._used.add(hash(self._place.cursor))
        if page.cursor is not None and hash(page.cursor) in self._used:
            raise FeedChanged("tradeKorea gave a cursor that was used before", code="CURSOR_LOOP")
        self._quiet = 0 if page.rows else self._quiet + 1
        if self._quiet > _MOST_EMPTY:
            raise FeedChanged("tradeKorea sends empty pages without end", code="EMPTY_PAGE")
        self._before = page.rows

    def _after(self, stage: Stage, page: WirePage) -> Place:
        place = self._place
        as_of = page.as_of_text if stage is LISTINGS and place.as_of is None else place.as_of
        return replace(place, cursor=page.cursor, as_of=as_of, last=_last_time(stage, page) or place.last)

    def _make_records(self, stage: Stage, page: WirePage) -> tuple[Record, ...]:
        known, pattern, key = KNOWN[stage.kind], _IDS[stage.kind], stage.key
        scope, name = self._place.scope, f"{stage.path}?{page.as_of_text}"
        records = []
        for offset, (fields, cut) in enumerate(zip(*as_objects(page.rows, page.cuts), strict=True)):
            if not fields.keys() <= known:
                self._count_unknown(stage, fields.keys() - known)
            given = fields.get(key)
            external_id = given if isinstance(given, str) and pattern.fullmatch(given) else ""
            records.append(Record(PLATFORM, stage.kind, external_id, fields, cut, name, offset, scope=scope))
        return tuple(records)

    def _count_unknown(self, stage: Stage, names: Iterable[str]) -> None:
        for name in names:
            path = f"{stage.name}.{str(name)[:60]}"
            self._unknown[path] = self._unknown.get(path, 0) + 1

    def _batch(self, records: tuple[Record, ...], follows: Place | None, page: WirePage) -> Batch:
        position = (follows or self._place).write()
        stage = self._place.stage
        as_of = self._place.as_of
        watermark: dict[str, Json] | None = {"as_of": as_of} if as_of is not None else None
        return Batch(records, position, clock=page.as_of, stage=stage, watermark=watermark)

    def _end(self) -> End:
        place = self._place
        clock = read_instant(place.as_of, field="asOf").value
        return End(
            complete=True,
            census=place.begun is None,
            watermark={"as_of": place.as_of},
            clock=clock.at if clock else None,
            scope=place.scope,
            unknown_fields=self._unknown,
            warnings=tuple(dict.fromkeys(self._warnings)),
        )


def _earlier(left: str | None, right: str | None) -> str | None:
    if left is None or right is None:
        return left or right
    first, second = read_instant(left, field="since").value, read_instant(right, field="since").value
    return left if first and second and first.at <= second.at else right


def _is_foreign(stage: Stage, row: Wire) -> bool:
    """Products and tombstones share their key, so the time that orders a list must be there too."""
    return not isinstance(row, dict) or stage.key not in row or (bool(stage.time) and stage.time not in row)


def _last_time(stage: Stage, page: WirePage) -> str | None:
    """The last row's time that can be read and is not dated ahead; None where a list has no order by time."""
    if not stage.time:
        return None
    latest: datetime = page.as_of + _AHEAD
    for row in reversed(page.rows):
        given = row.get(stage.time) if isinstance(row, dict) else None
        moment = read_instant(given, field=stage.time).value if isinstance(given, str) else None
        if moment is not None and moment.at <= latest:
            return str(given)
    return None
