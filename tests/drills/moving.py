"""Two small platforms that move while they are read: between any two pages, as a script says (guides 5 and 3)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

from connectors.mock.message import Response, parse_query, to_json
from integrator.clean.dates import KOREA
from tests.drills.listening import listening
from tests.fakes.clock import FakeClock

BUYKOREA_ACCOUNT, TRADEKOREA_ACCOUNT = 1157771, "204871"
MOST_ROWS, MOST_ITEMS = 10, 7

# What happens before a call: its name, and which row it concerns (counted round the list).
Move = tuple[str, int]


@dataclass(slots=True)
class Row:
    """One listing; `take` counts its edits and stands in its name."""

    number: int
    at: datetime
    place: int  # among those of the same day or second
    take: int = 0
    visible: bool = True

    @property
    def name(self) -> str:
        return f"Face Cream {self.number}, take {self.take}"


@dataclass
class MovingFeed:
    """Rows, and the moves that are still to come; every listing call takes the next one."""

    clock: FakeClock
    rows: dict[int, Row] = field(default_factory=dict)
    gone: dict[int, datetime] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    ahead: timedelta = timedelta()
    """The platform's clock minus ours."""
    calls: int = 0
    steady: dict[int, int] = field(default_factory=dict)
    """Present since `watch`, with the number of edits each had then."""
    most: int = 0
    """The longest that the list was since then."""
    _before: bytes = b""
    _first: bytes = b""

    def now(self) -> datetime:
        return (self.clock.now() + self.ahead).astimezone(KOREA)

    def put(self, number: int, *, days_ago: int = 0, take: int = 0) -> None:
        self.rows[number] = Row(number, self.now() - timedelta(days=days_ago, seconds=number % 50), number, take)

    def watch(self) -> None:
        """From here on it counts calls, and who was there all the time."""
        self.calls, self.most = 0, len(self.rows)
        self.steady = {row.number: row.take for row in self.rows.values()}

    def turn(self) -> str:
        """Make the next move; gives its name if the answer itself is to be another one."""
        self.calls += 1
        name, place = self.moves.pop(0) if self.moves else ("stay", 0)
        row = sorted(self.rows.values(), key=lambda each: each.number)[place % len(self.rows)] if self.rows else None
        if row is not None:
            self._move(name, row)
        self.most = max(self.most, len(self.rows))
        return name

    def _move(self, name: str, row: Row) -> None:
        if name == "insert":
            self.put(max(self.rows) + 1)
        elif name == "delete":
            self.gone[row.number] = self.now()
            self.steady.pop(row.number, None)
            del self.rows[row.number]
        elif name == "edit":
            row.at, row.take = self.now(), row.take + 1
        elif name == "reorder":
            row.place = -row.place

    def spoil(self, move: str, body: bytes) -> bytes:
        """The page before once more, or the walk's first one: faults that must be noticed."""
        again = self._before if move == "again" else self._first if move == "cycle" else body
        self._before = body
        return again or body

    def begin(self, body: bytes) -> None:
        self._first = body


class MovingBuyKorea(MovingFeed):
    path = "/buykorea"

    def handle(self, _method: str, target: str, _headers: dict[str, str], _body: bytes) -> Response:
        path, _, text = target.removeprefix(f"{self.path}/v1/").partition("?")
        query = parse_query(text)
        if path == "goodsDetail":
            row = self.rows.get(int(query["goodsSn"]))
            return self._page([self._listing(row)] if row else [], total=int(row is not None), number=1)
        if path == "entpList":
            company = {"ENTP_SN": BUYKOREA_ACCOUNT, "ENG_ENTP_NM": "Trial Co., Ltd."}
            return self._page([company], total=1, number=1)
        return self._list(query)

    def _list(self, query: dict[str, str]) -> Response:
        move, number, size = self.turn(), int(query["pageNo"]), int(query["numOfRows"])
        low, high = query.get("updDtFrom", "0"), query.get("updDtTo", "9")
        found = [row for row in self.rows.values() if low <= f"{row.at:%Y%m%d}" <= high]
        found.sort(key=lambda row: (f"{row.at:%Y%m%d}", row.place), reverse=True)
        page = [self._listing(row) for row in found[(number - 1) * size : number * size]]
        # A page stands under the number that was asked for, whatever is on it.
        rows = self.spoil(move if number > 1 and size == MOST_ROWS else "", json.dumps(page).encode())
        if number == 1:
            self.begin(rows)
        return self._page(json.loads(rows), total=len(found), number=number)

    def _listing(self, row: Row) -> dict[str, object]:
        return {
            "GOODS_SN": row.number, "ENG_GOODS_NM": row.name, "PRC_EXPSR_YN": "Y", "PRC_NEGO_YN": "Y", "PRC_SCTN": "",
            "MOQ_EXPSR_YN": "N", "ENTP_SN": BUYKOREA_ACCOUNT, "APRV_STS": "승인완료",
            "EXPSR_YN": "Y" if row.visible else "N", "REG_DT": "20200101", "UPD_DT": f"{row.at:%Y%m%d}",
        }  # fmt: skip

    def _page(self, rows: list[dict[str, object]], *, total: int, number: int) -> Response:
        items: object = {"item": rows[0] if len(rows) == 1 else rows} if rows else ""
        found = {
            "header": {
                "resultCode": "00" if total else "03", "resultMsg": "NORMAL SERVICE.",
                "responseTime": f"{self.now():%Y%m%d%H%M%S}",
            },
            "body": {"items": items, "numOfRows": MOST_ROWS, "pageNo": number, "totalCount": total},
        }  # fmt: skip
        return to_json({"response": found})


class MovingTradeKorea(MovingFeed):
    path = "/tradekorea"
    began: datetime

    def handle(self, method: str, target: str, _headers: dict[str, str], _body: bytes) -> Response:
        path, _, text = target.removeprefix(self.path).partition("?")
        query = parse_query(text)
        if method == "POST":
            granted = {"access_token": "trial", "token_type": "Bearer", "expires_in": 1800, "scope": "member"}
            return to_json(granted)
        if path == "/v1/suppliers":
            supplier = {"id": TRADEKOREA_ACCOUNT, "name": "Trial Co., Ltd.", "country": "KR"}
            return self._page([{**supplier, "updatedAt": "2026-06-01T09:00:00+09:00"}], following=None)
        if path == "/v1/products":
            return self._products(query)
        if path == "/v1/tombstones":
            return self._tombstones(query)
        return self._single(int(unquote(path).rpartition("/P")[2]))

    def _products(self, query: dict[str, str]) -> Response:
        move = self.turn()
        if "cursor" not in query:
            self.began = self.now()
        since = datetime.fromisoformat(query.get("updatedAfter", "1970-01-01T00:00:00+09:00"))
        after = json.loads(query["cursor"]) if "cursor" in query else [0, 0]
        found = [row for row in self.rows.values() if row.at.replace(microsecond=0) >= since.replace(microsecond=0)]
        left = sorted(row for row in map(_key, found) if row > after)
        many = 0 if move == "pause" else MOST_ITEMS
        shown = left[:many]
        following = (shown[-1] if shown else after) if len(left) > many else None
        items = [self._product(self.rows[number]) for _, number in shown]
        page = self._page(items, following=following)
        body = self.spoil(move if "cursor" in query else "", page.body)
        if "cursor" not in query:
            self.begin(body)
        return Response(200, page.content_type, body)

    def _tombstones(self, query: dict[str, str]) -> Response:
        since = datetime.fromisoformat(query["since"])
        told = [(at, number) for number, at in self.gone.items() if at >= since]
        items: list[dict[str, object]] = [
            {"productNo": f"P{number}", "withdrawnAt": _text(at), "reason": "SELLER"} for at, number in sorted(told)
        ]
        return self._page(items, following=None)

    def _single(self, number: int) -> Response:
        if number in self.rows:
            return to_json({**self._product(self.rows[number]), "descriptionHtml": ""})
        code = "PRODUCT_WITHDRAWN" if number in self.gone else "NOT_FOUND"
        return to_json({"error": {"code": code, "message": "Gone"}}, 410 if number in self.gone else 404)

    def _product(self, row: Row) -> dict[str, object]:
        return {
            "productNo": f"P{row.number}", "slug": "trial",
            "url": f"https://www.tradekorea.example/product/detail/P{row.number}/trial.html", "name": row.name,
            "supplier": {"id": TRADEKOREA_ACCOUNT, "name": "Trial Co., Ltd.", "country": "KR"},
            "status": "ACTIVE" if row.visible else "HIDDEN", "registeredAt": "2025-03-10T09:00:00+09:00",
            "updatedAt": _text(row.at),
        }  # fmt: skip

    def _page(self, items: list[dict[str, object]], *, following: list[int] | None) -> Response:
        cursor = None if following is None else json.dumps(following)
        as_of = getattr(self, "began", self.now())
        return to_json(
            {"asOf": _text(as_of), "items": items, "hasMore": cursor is not None, "nextCursor": cursor},
        )


def _key(row: Row) -> list[int]:
    return [int(row.at.timestamp()), row.number]


def _text(at: datetime) -> str:
    return at.astimezone(KOREA).isoformat(timespec="seconds")


MOVING: dict[str, type[MovingBuyKorea] | type[MovingTradeKorea]] = {
    "buykorea": MovingBuyKorea,
    "tradekorea": MovingTradeKorea,
}


@dataclass(slots=True)
class Stage:
    """An address whose feed can be changed between trials."""

    url: str
    feed: MovingBuyKorea | MovingTradeKorea


@contextmanager
def playing(feed: MovingBuyKorea | MovingTradeKorea) -> Iterator[Stage]:
    """Serve whatever feed stands on the stage."""
    stage = Stage("", feed)
    with listening(lambda *asked: stage.feed.handle(*asked)) as url:
        stage.url = f"{url}{feed.path}"
        yield stage
