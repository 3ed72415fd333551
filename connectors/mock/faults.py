"""Faults by address: what `/faulty/FAULT/PLATFORM/…` does to sound answers.

down           every call is cut off without an answer.
flaky          every third call is a 500.
truncated      bodies of lists and files end early: BuyKorea and tradeKorea against their stated length, GobizKOREA's
               parts as half-written files (right manifest, short file).
token-expiry   tradeKorea's tokens end after three calls, in the middle of a walk.
empty          everything answers, nothing is in it.
shrunk         four listings in ten are missing, consistently: counts, drops, walks and single calls agree.
error-200      after the first page (or before the product parts) error documents come with HTTP 200.
poisoned       two sound records in a hundred cannot be used; their ids stay readable.
"""

from dataclasses import dataclass, field, replace

from connectors.mock import buykorea, gobizkorea
from connectors.mock.message import Request, Response, parse_query, to_json
from connectors.mock.tampering import SOUND, Tampering

_ALL = ("buykorea", "gobizkorea", "tradekorea")
_PAGE = b"<html><head><title>500</title></head><body><h1>Internal Server Error</h1></body></html>"


class Fault:
    """One fault on one platform; `before` may answer instead of the platform, `after` may change its answer."""

    def before(self, platform: str, request: Request) -> Response | None:
        return None

    def after(self, platform: str, request: Request, response: Response) -> Response:
        return response


class Down(Fault):
    def before(self, platform: str, request: Request) -> Response | None:
        return Response(503, "text/plain", b"", is_dropped=True)


class Flaky(Fault):
    def __init__(self) -> None:
        self._calls = 0

    def before(self, platform: str, request: Request) -> Response | None:
        self._calls += 1
        if self._calls % 3:
            return None
        if platform == "gobizkorea":
            return gobizkorea.error("GB-5000")
        if platform == "tradekorea":
            return to_json({"error": {"code": "INTERNAL", "message": "Internal error"}}, 500)
        return Response(500, "text/html;charset=UTF-8", _PAGE)


class Truncated(Fault):
    def after(self, platform: str, request: Request, response: Response) -> Response:
        if response.status != 200 or request.path == "/oauth/token" or request.path.endswith("manifest.json"):
            return response
        half = len(response.body) // 2
        if platform == "gobizkorea":
            return replace(response, body=response.body[:half]) if request.path.endswith(".gz") else response
        return replace(response, sent=half)


class ErrorWith200(Fault):
    def after(self, platform: str, request: Request, response: Response) -> Response:
        if response.status != 200 or not _is_later_page(platform, request, response):
            return response
        if platform == "buykorea":
            return buykorea.error("99")
        if platform == "gobizkorea":
            return gobizkorea.error("GB-5000", status=200)
        return to_json({"error": {"code": "UNAVAILABLE", "message": "Please try again later"}})


def _is_later_page(platform: str, request: Request, response: Response) -> bool:
    """Everything but a first page with more behind it, so that walks break in their middle, and short ones at once."""
    query = parse_query(request.query)
    if platform == "gobizkorea":
        return "/product-" in request.path
    if platform == "buykorea":
        return query.get("pageNo", "1") != "1" or request.path != "/v1/goodsList"
    return request.path.startswith("/v1/") and ("cursor" in query or b'"hasMore":true' not in response.body)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is known of a fault before it is used."""

    kind: type[Fault] = Fault
    platforms: tuple[str, ...] = _ALL
    tampering: Tampering = field(default=SOUND)
    token_calls: int | None = None

    def begin(self) -> Fault:
        return self.kind()


FAULTS: dict[str, Plan] = {
    "down": Plan(Down),
    "flaky": Plan(Flaky),
    "truncated": Plan(Truncated),
    "token-expiry": Plan(platforms=("tradekorea",), token_calls=3),
    "empty": Plan(tampering=Tampering(is_empty=True)),
    "shrunk": Plan(tampering=Tampering(is_shrunk=True)),
    "error-200": Plan(ErrorWith200),
    "poisoned": Plan(tampering=Tampering(is_poisoned=True)),
}
