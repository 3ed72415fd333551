"""Requests and responses as plain values; `server.py` turns them from and into bytes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    raw_path: str
    """As in the request line, without `?`, with the whole base path: what GobizKOREA signs."""
    path: str
    """Below the platform's base path, still percent-encoded."""
    query: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    sent: int | None = None
    """Fewer bytes of the body to send before the connection is cut, against the stated length."""
    pace: int | None = None
    """Bytes of the body a second; None: all at once."""
    is_dropped: bool = False
    """No answer at all: the connection is closed."""
    is_lasting: bool = False
    """May be recorded and given again."""


def parse_query(query: str) -> dict[str, str]:
    """The last of equal names counts; `+` is a blank, as in any form."""
    found: dict[str, str] = {}
    for piece in query.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            found[unquote_plus(name)] = unquote_plus(value)
    return found


def to_json(
    document: object, status: int = 200, *, headers: tuple[tuple[str, str], ...] = (), lasting: bool = False
) -> Response:
    """Compact JSON in UTF-8, as the platforms send it."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, JSON, body, headers, is_lasting=lasting)


def to_spaced_json(
    document: object, status: int = 200, *, headers: tuple[tuple[str, str], ...] = (), lasting: bool = False
) -> Response:
    """JSON with blanks after `,` and `:`: tokens, single suppliers and GobizKOREA's errors come this way."""
    return Response(status, JSON, json.dumps(document, ensure_ascii=False).encode(), headers, is_lasting=lasting)
