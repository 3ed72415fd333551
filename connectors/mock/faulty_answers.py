"""Faults of whole answers: none, late, another one than was asked for, or a refusal of the guide's own."""

import json
from dataclasses import replace

from connectors.mock import buykorea, gobizkorea
from connectors.mock.clock import WorldClock
from connectors.mock.days import DAY
from connectors.mock.fault import Fault, is_data, is_later_page
from connectors.mock.message import Request, Response, parse_query, to_json
from connectors.mock.tradekorea_access import error

_SLOW_RATE = 200
_HOUR = 3600
_CALLS = 5
_HTML = "text/html;charset=UTF-8"
_TROUBLE = b"<html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>"
_CLOSED = (
    '<!DOCTYPE html><html lang="ko"><head><meta charset="UTF-8"><title>시스템 점검 안내</title></head>'
    "<body><h1>시스템 점검 중입니다.</h1><p>02:00 ~ 06:00 (System maintenance)</p></body></html>"
)


class Down(Fault):
    def before(self, platform: str, request: Request) -> Response | None:
        return Response(503, "text/plain", b"", is_dropped=True)


class Slow(Fault):
    def after(self, platform: str, request: Request, response: Response) -> Response:
        return replace(response, pace=_SLOW_RATE)


class Flaky(Fault):
    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self._calls = 0

    def before(self, platform: str, request: Request) -> Response | None:
        self._calls += 1
        if self._calls % 3:
            return None
        if platform == "gobizkorea":
            return gobizkorea.error("GB-5000")
        if platform == "tradekorea":
            return to_json({"error": {"code": "INTERNAL", "message": "Internal error"}}, 500)
        return Response(500, _HTML, _TROUBLE)


class UsedUp(Fault):
    """A window of a few calls: BuyKorea's and GobizKOREA's is the Korean day, tradeKorea's an hour."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self._window = (-1, 0)

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response):
            return response
        now, length = self._clock.second(), _HOUR if platform == "tradekorea" else DAY
        window, used = self._window
        used = used + 1 if window == now // length else 1
        self._window = (now // length, used)
        if platform == "buykorea":
            return buykorea.error("22") if used > _CALLS else response
        if platform == "gobizkorea":
            return gobizkorea.error("GB-4290") if used > _CALLS else response
        return _limited(response, used, left_s=length - now % length)


def _limited(response: Response, used: int, *, left_s: int) -> Response:
    headers = (
        ("X-RateLimit-Limit", str(_CALLS)),
        ("X-RateLimit-Remaining", str(max(0, _CALLS - used))),
        ("X-RateLimit-Reset", str(left_s)),
    )
    if used <= _CALLS:
        others = tuple(each for each in response.headers if not each[0].startswith("X-RateLimit-"))
        return replace(response, headers=(*headers, *others))
    refused = error(429, "RATE_LIMITED", "Too many requests")
    return replace(refused, headers=(*headers, ("Retry-After", str(left_s))))


class ErrorWith200(Fault):
    def after(self, platform: str, request: Request, response: Response) -> Response:
        if response.status != 200 or not is_later_page(platform, request, response):
            return response
        if platform == "buykorea":
            return buykorea.error("99")
        if platform == "gobizkorea":
            return gobizkorea.error("GB-5000", status=200)
        return to_json({"error": {"code": "UNAVAILABLE", "message": "Please try again later"}})


class Maintenance(Fault):
    def before(self, platform: str, request: Request) -> Response | None:
        return Response(200, _HTML, _CLOSED.encode())


class Redirect(Fault):
    """To the sound address of the same call: whoever follows would never notice."""

    def before(self, platform: str, request: Request) -> Response | None:
        place = f"/{platform}{request.path}" + (f"?{request.query}" if request.query else "")
        return Response(302, _HTML, b"<html><body>Moved</body></html>", (("Location", place),))


class RepeatedPage(Fault):
    """Later pages of a list hold what its first page held, under their own number (BuyKorea) or cursor (tradeKorea)."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self._first: dict[str, bytes] = {}

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if not is_data(platform, request, response):
            return response
        query = parse_query(request.query)
        number, cursor = query.pop("pageNo", "1"), query.pop("cursor", "")
        walk = f"{request.path}?{sorted(query.items())}"
        if number == "1" and not cursor:
            self._first[walk] = response.body
            return response
        body = self._first.get(walk, response.body)
        body = body.replace(b'"pageNo":1,', f'"pageNo":{number},'.encode())
        return replace(response, body=body.replace(b"<pageNo>1<", f"<pageNo>{number}<".encode()))


class ExpiredCursor(Fault):
    """Every third cursor of the walk over products has run out."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self._calls = 0

    def after(self, platform: str, request: Request, response: Response) -> Response:
        if request.path != "/v1/products" or response.status != 200 or "cursor" not in parse_query(request.query):
            return response
        self._calls += 1
        if self._calls % 3:
            return response
        text = "Cursors are valid for 10 minutes; start again"
        return error(400, "CURSOR_EXPIRED", text, asOf=json.loads(response.body)["asOf"])
