"""A BuyKorea small enough to read: a list that moves while it is read, in memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import pytest

from connectors.admission import Admission, Counted
from connectors.buykorea.calls import Calls
from connectors.buykorea.feed import BuyKorea
from connectors.http import Answer, Transport
from integrator.errors import FeedUnavailable, QuotaSpent
from integrator.ports import Window

KEY = "Zx8/Qm+4Lr2TyVb9+NcKd0WsGh6/JfPe3UaXo1iRt5Ek7vCyMbBzSlHgOq+AnDuIwFj/1Y=="


class FakeClock:
    """Moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 14, 2, 22, 33, tzinfo=UTC)
        self.pauses: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass
class FakeBuyKorea:
    """Stands in for Transport. `rows` maps a listing's number to its change day; hooks change the world."""

    rows: dict[int, date] = field(default_factory=dict)
    sellers: dict[int, int] = field(default_factory=dict)
    companies: list[int] = field(default_factory=list)
    time: str = "20260914112233"
    calls: int = 0
    bytes_read: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    before: Callable[["FakeBuyKorea", dict[str, str]], None] = lambda world, query: None
    shown: Callable[["FakeBuyKorea", dict[str, str], list[int]], list[int]] = lambda world, query, page: page
    answers: list[Answer] = field(default_factory=list)  # given instead, while there are any
    check_status = Transport.check_status
    told_wait = Transport.told_wait
    host = "buykorea.example"
    _clock: Any = None

    walking = Transport.walking
    retries: int = 0
    _priced: tuple[int, int, int] = (0, 0, 0)
    learned: list[tuple[Window, int]] = field(default_factory=list)

    @property
    def _admission(self) -> Admission:
        return Admission(None, clock=self._clock)

    def learn(self, window: Window, *, used: int) -> None:
        self.learned.append((window, used))

    def read(self, path: str, *, query: str, reader: Callable[[Answer], Any], counted: Counted) -> Any:
        for tried in range(5):
            try:
                return reader(self.answer(path, dict(parse_qsl(query, keep_blank_values=True))))
            except FeedUnavailable as trouble:
                if tried == 4 or isinstance(trouble, QuotaSpent):
                    raise
        raise AssertionError

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        self.calls += 1
        self.asked.append((path, query))
        if self.answers:
            return self.answers.pop(0)
        self.before(self, query)
        numbers = self.companies if path == "/v1/entpList" else self.select(query)
        rows, page = int(query["numOfRows"]), int(query["pageNo"])
        part = self.shown(self, query, numbers[(page - 1) * rows : page * rows])
        make = self.company if path == "/v1/entpList" else self.listing
        body = self.envelope([make(number) for number in part], total=len(numbers), page=page)
        self.bytes_read += len(body)
        return Answer(200, {"Content-Type": "application/json;charset=UTF-8"}, body, len(body))

    def select(self, query: dict[str, str]) -> list[int]:
        low, high = query.get("updDtFrom", "0"), query.get("updDtTo", "9")
        seller = query.get("entpSn")
        found = [
            (_text(day), number)
            for number, day in self.rows.items()
            if seller is None or str(self.sellers.get(number, 1157771)) == seller
        ]
        return [number for day, number in sorted(found, reverse=True) if low <= day <= high]

    def listing(self, number: int) -> dict[str, object]:
        day = self.rows.get(number)
        return {
            "GOODS_SN": number, "ENG_GOODS_NM": f"Face Cream No. {number}", "PRC_EXPSR_YN": "Y", "PRC_NEGO_YN": "Y",
            "PRC_SCTN": "", "MOQ_EXPSR_YN": "N", "ENTP_SN": self.sellers.get(number, 1157771), "APRV_STS": "승인완료",
            "EXPSR_YN": "Y", "REG_DT": "20200101", "UPD_DT": f"{day:%Y%m%d}" if day else "20260931",
        }  # fmt: skip

    def company(self, number: int) -> dict[str, object]:
        return {"ENTP_SN": number, "ENG_ENTP_NM": f"Firm {number} Co., Ltd."}

    def envelope(
        self, rows: list[dict[str, object]], *, total: int, page: int, rows_asked: int = 0, **more: int
    ) -> bytes:
        items: object = {"item": rows[0] if len(rows) == 1 else rows} if rows else ""
        code = "00" if total else "03"
        found = {
            "header": {"resultCode": code, "resultMsg": "NORMAL SERVICE.", "responseTime": self.time},
            "body": {"items": items, "numOfRows": 100, "pageNo": page, "totalCount": total},
        }
        return json.dumps({"response": found}, ensure_ascii=False).encode()


@lru_cache
def _text(day: date) -> str:
    return f"{day:%Y%m%d}"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def world(clock: FakeClock) -> FakeBuyKorea:
    return FakeBuyKorea(_clock=clock)


@pytest.fixture
def calls(world: FakeBuyKorea, clock: FakeClock) -> Calls:
    return Calls(world, key=KEY, clock=clock)  # type: ignore[arg-type]


@pytest.fixture
def connector(calls: Calls) -> BuyKorea:
    return BuyKorea(calls)
