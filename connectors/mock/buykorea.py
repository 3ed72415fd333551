"""The mock of BuyKorea's calls. Source: BuyKorea guide 1.4, sections 1 to 5."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from connectors.mock import buykorea_codes as codes
from connectors.mock import buykorea_records as records
from connectors.mock import buykorea_wire as wire
from connectors.mock.catalogue import Catalogue
from connectors.mock.clock import WorldClock
from connectors.mock.days import DAY, DAY_ZERO, KST, PURGE_AFTER, moment
from connectors.mock.message import Request, Response, parse_query
from connectors.mock.rng import Numbers, mix, mix_array, stream_key
from connectors.mock.tampering import SOUND, Tampering

KEYS = {
    "aB3+Kx/9pQ7mZ2vT+8LrYw1dNc6/HsUe4GjF5oXiVtRk0nCyWbMzPlSgOq+DhJEfIuA/7T==": 1_000,
    "Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y==": 100_000,
}
EXPIRED_KEY = "Old+Key/0000000000000000000000000000000000000000000000000000000000=="
BURST = 30
_SWAPPED_ONE_IN = 50
_OPERATIONS = ("goodsList", "goodsDetail", "entpList", "codeList")
_MESSAGES = {
    "01": "APPLICATION_ERROR", "04": "HTTP_ERROR", "10": "INVALID_REQUEST_PARAMETER_ERROR",
    "11": "NO_MANDATORY_REQUEST_PARAMETERS_ERROR", "12": "NO_OPENAPI_SERVICE_ERROR",
    "22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR",
    "31": "DEADLINE_HAS_EXPIRED_ERROR", "99": "UNKNOWN_ERROR",
}  # fmt: skip
_FULL_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


class Refused(Exception):
    """The call is answered with this result code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    rows: int
    is_json: bool


def error(code: str) -> Response:
    """Gateway errors are XML with status 200, whatever was asked."""
    text = (
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg>"
        f"<returnAuthMsg>{_MESSAGES[code]}</returnAuthMsg><returnReasonCode>{code}</returnReasonCode>"
        "</cmmMsgHeader></OpenAPI_ServiceResponse>"
    )
    return Response(200, "text/xml;charset=UTF-8", text.encode())


class Quota:
    """Calls a key and Korean day, and calls within one second."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._used: dict[tuple[str, int], int] = {}
        self._recent: dict[str, deque[float]] = {}

    def spend(self, key: str) -> Response | None:
        day = (key, self._clock.second() // DAY)
        self._used[day] = self._used.get(day, 0) + 1
        recent, now = self._recent.setdefault(key, deque(maxlen=BURST + 1)), self._clock.elapsed()
        recent.append(now)
        if self._used[day] > KEYS[key]:
            return error("22")
        if len(recent) > BURST and now - recent[0] < 1.0:
            return Response(429, "text/plain", b"Too Many Requests")
        return None


class BuyKorea:
    def __init__(
        self, catalogue: Catalogue, clock: WorldClock, *, has_limits: bool = True, tampering: Tampering = SOUND
    ) -> None:
        self._catalogue, self._clock, self._tampering = catalogue, clock, tampering
        self._numbers = records.Numbers(catalogue.world)
        self._quota = Quota(clock) if has_limits else None
        self._calls: dict[str, int] = {}
        self._swap_key = stream_key(catalogue.world.seed, "swap")

    # --- the walk's order --------------------------------------------------------------------------------------

    @cached_property
    def _order(self) -> tuple[Numbers, Numbers]:
        """Slots as the list gives them, newest day first, and the negated day of each."""
        state, day = self._catalogue.state, self._catalogue.day
        index = np.arange(len(state.alive), dtype=np.int64)
        listed = state.alive | (state.withdrawn.astype(np.int64) + PURGE_AFTER > day)
        index = index[listed & self._tampering.keeps(index)]
        days = -(state.updated[index] // DAY).astype(np.int64)
        order = np.lexsort((mix_array(self._swap_key, index), days))
        return index[order], days[order]

    @cached_property
    def _sellers(self) -> tuple[Numbers, Numbers]:
        """Account of each listed slot, sorted, and where in the order it stands."""
        index, _ = self._order
        accounts = self._catalogue.world.account_numbers(self._catalogue.platform, len(self._catalogue.state.alive))
        listed = accounts[index]
        order = np.argsort(listed, kind="stable")
        return listed[order], order.astype(np.int64)

    # --- calls -------------------------------------------------------------------------------------------------

    def admit(self, request: Request) -> Response | str:
        """Everything before the parameters; the text is the key under which the answer may be recorded."""
        operation = request.path.removeprefix("/v1/")
        if operation not in _OPERATIONS or not request.path.startswith("/v1/"):
            return error("12")
        if request.method != "GET":
            return error("04")
        query = parse_query(request.query)
        key = query.pop("serviceKey", "") or query.pop("ServiceKey", "")
        if key not in KEYS:
            return error("11" if not key else "31" if key == EXPIRED_KEY else "30")
        refusal = self._quota.spend(key) if self._quota else None
        return refusal or f"{operation}?" + "&".join(f"{name}={query[name]}" for name in sorted(query))

    def answer(self, request: Request) -> Response:
        query = parse_query(request.query)
        try:
            page = _read_page(query)
            match request.path:
                case "/v1/goodsList":
                    return self._goods_list(query, page)
                case "/v1/goodsDetail":
                    return self._goods_detail(query, page)
                case "/v1/entpList":
                    return self._company_list(query, page)
                case _:
                    return self._code_list(query, page)
        except Refused as refusal:
            return error(refusal.code)

    def _goods_list(self, query: dict[str, str], page: Page) -> Response:
        index, days = self._order
        newest, oldest = -_read_day(query, "updDtTo", 10**6), -_read_day(query, "updDtFrom", -(10**6))
        low, high = int(np.searchsorted(days, newest, "left")), int(np.searchsorted(days, oldest, "right"))
        places = np.arange(low, max(low, high))
        if "entpSn" in query:
            places = self._of_seller(query["entpSn"], low, high)
        start = (page.number - 1) * page.rows
        shown = places[start : start + page.rows].copy()
        if len(shown) and start and self._is_swapped(query, page, days, int(places[start - 1]), int(shown[0])):
            shown[0] = places[start - 1]
        rows = [self._fields(int(index[place])) for place in shown]
        return self._envelope(rows, page, total=len(places))

    def _of_seller(self, number: str, low: int, high: int) -> Numbers:
        accounts, places = self._sellers
        account = self._numbers.account(_read_digits(number))
        left, right = np.searchsorted(accounts, account, "left"), np.searchsorted(accounts, account, "right")
        found = np.sort(places[left:right])
        return found[(found >= low) & (found < high)]

    def _is_swapped(self, query: dict[str, str], page: Page, days: Numbers, last: int, first: int) -> bool:
        """Two rows of one day change places across this border, in this call: one comes twice, the other not at all."""
        if days[last] != days[first]:
            return False
        name = f"{query.get('updDtFrom')}/{query.get('updDtTo')}/{query.get('entpSn')}/{page.rows}/{page.number}"
        turn = self._calls[name] = self._calls.get(name, 0) + 1
        return mix(self._swap_key, first * 64 + turn) % _SWAPPED_ONE_IN == 0

    def _fields(self, index: int) -> list[wire.Field]:
        fields = records.listing_fields(self._catalogue.listing(index), self._numbers, self._catalogue.day)
        return records.poisoned(fields, index) if self._tampering.poisons(index) else fields

    def _goods_detail(self, query: dict[str, str], page: Page) -> Response:
        if not query.get("goodsSn"):
            raise Refused("11")
        index = self._numbers.index(_read_digits(query["goodsSn"]))
        page = Page(1, 1, page.is_json)
        if not self._is_kept(index):
            return self._envelope([], page, total=0)
        listing = self._catalogue.listing(index)
        if listing.unusable == 1:
            return self._envelope([], page, total=0)
        return self._envelope([records.detail_fields(listing, self._numbers, self._catalogue.day)], page, total=1)

    def _is_kept(self, index: int) -> bool:
        """Whether the listing stands in the feed: shown, or hidden for less than 90 days."""
        state = self._catalogue.state
        if not 0 <= index < len(state.alive) or not self._tampering.keeps_one(index):
            return False
        return bool(state.alive[index]) or int(state.withdrawn[index]) + PURGE_AFTER > self._catalogue.day

    @cached_property
    def _companies(self) -> Numbers:
        world, platform = self._catalogue.world, self._catalogue.platform
        accounts = np.unique(world.account_numbers(platform, world.size))
        order = np.argsort(mix_array(self._swap_key + 1, accounts))
        return accounts[order][: 0 if self._tampering.is_empty else None]

    def _company_list(self, query: dict[str, str], page: Page) -> Response:
        accounts = self._companies
        if "entpSn" in query:
            accounts = accounts[accounts == self._numbers.account(_read_digits(query["entpSn"]))]
        start, seed = (page.number - 1) * page.rows, self._catalogue.world.seed
        rows = [
            records.company_fields(self._catalogue.accounts.statement(int(account)), self._numbers, seed)
            for account in accounts[start : start + page.rows]
        ]
        return self._envelope(rows, page, total=len(accounts))

    def _code_list(self, query: dict[str, str], page: Page) -> Response:
        if not query.get("grpCd"):
            raise Refused("11")
        rows = codes.rows(query["grpCd"], self._catalogue.day)
        start = (page.number - 1) * page.rows
        return self._envelope(rows[start : start + page.rows], page, total=len(rows))

    def _envelope(self, rows: list[list[wire.Field]], page: Page, *, total: int) -> Response:
        code, message = _result(page, total)
        now = moment(self._clock.second()).strftime("%Y%m%d%H%M%S")
        if page.is_json:
            inner = f'{{"item":{wire.to_json(rows)}}}' if rows else '""'
            text = (
                f'{{"response":{{"header":{{"resultCode":"{code}","resultMsg":"{message}","responseTime":"{now}"}},'
                f'"body":{{"items":{inner},"numOfRows":{page.rows},"pageNo":{page.number},"totalCount":{total}}}}}}}'
            )
            return Response(200, "application/json;charset=UTF-8", text.encode(), is_lasting=True)
        text = (
            f"{_FULL_HEAD}<response><header><resultCode>{code}</resultCode><resultMsg>{message}</resultMsg>"
            f"<responseTime>{now}</responseTime></header><body><items>{wire.to_xml(rows, 'item')}</items>"
            f"<numOfRows>{page.rows}</numOfRows><pageNo>{page.number}</pageNo><totalCount>{total}</totalCount></body></response>"
        )
        return Response(200, "application/xml;charset=UTF-8", text.encode(), is_lasting=True)


def _result(page: Page, total: int) -> tuple[str, str]:
    """One page in forty comes from a gateway that words its success in the older ways."""
    if not total:
        return "03", "NODATA_ERROR"
    gateway = page.number % 40
    return ("0000", "NORMAL_CODE") if gateway == 17 else ("00", "OK") if gateway == 29 else ("00", "NORMAL SERVICE.")


def _read_page(query: dict[str, str]) -> Page:
    kind = query.get("type", "xml").lower()
    if kind not in ("xml", "json"):
        raise Refused("10")
    number, rows = _read_digits(query.get("pageNo", "1")), _read_digits(query.get("numOfRows", "10"))
    if number < 1 or not 1 <= rows <= 100:
        raise Refused("10")
    return Page(number, rows, kind == "json")


def _read_digits(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refused("10")
    return int(text)


def _read_day(query: dict[str, str], name: str, default: int) -> int:
    """Days since day 0; an impossible day is refused."""
    text = query.get(name)
    if text is None:
        return default
    try:
        if len(text) != 8 or not text.isascii() or not text.isdigit():
            raise ValueError(text)
        return (datetime.strptime(text, "%Y%m%d").replace(tzinfo=KST) - DAY_ZERO).days
    except ValueError as trouble:
        raise Refused("10") from trouble
