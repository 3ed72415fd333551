"""What a fault is, and what all faults need to know of the platforms' calls."""

import re

from connectors.mock.clock import WorldClock
from connectors.mock.message import Request, Response, parse_query

PLATFORMS = ("buykorea", "gobizkorea", "tradekorea")
PAGED = ("buykorea", "tradekorea")
_DROP_MANIFEST = re.compile(r"/drop/v2/\d+/manifest\.json")


class Fault:
    """One fault on one platform; `before` may answer instead of the platform, `after` may change its answer."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock

    def before(self, platform: str, request: Request) -> Response | None:
        return None

    def after(self, platform: str, request: Request, response: Response) -> Response:
        return response


def is_data(platform: str, request: Request, response: Response) -> bool:
    """Whether this is an answer with records in it (and no sign-in, manifest, report or refusal)."""
    if response.status != 200:
        return False
    return request.path.endswith(".gz") if platform == "gobizkorea" else request.path.startswith("/v1/")


def is_later_page(platform: str, request: Request, response: Response) -> bool:
    """Everything but a first page with more behind it, so that walks break in their middle, and short ones at once."""
    query = parse_query(request.query)
    if platform == "gobizkorea":
        return "/product-" in request.path
    if platform == "buykorea":
        return query.get("pageNo", "1") != "1" or request.path != "/v1/goodsList"
    return request.path.startswith("/v1/") and ("cursor" in query or b'"hasMore":true' not in response.body)


def is_drop_manifest(request: Request) -> bool:
    """A manifest of one drop, not the index of all."""
    return _DROP_MANIFEST.fullmatch(request.path) is not None


def is_json(response: Response) -> bool:
    return response.content_type.startswith("application/json")
