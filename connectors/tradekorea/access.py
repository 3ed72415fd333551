"""tradeKorea's calls: token and scope, the limit of calls, and what the error codes mean (guide 1, 4 and 5)."""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import quote

from connectors import Access
from connectors.decode import decode_json, decode_json_page, decode_row, refuse
from connectors.http import Answer, Transport
from connectors.pace import Limits
from integrator.clean.dates import read_instant
from integrator.errors import AccessRefused, BytesRefused, FeedChanged, FeedUnavailable, InvalidSetting
from integrator.ports import Budget, Clock, Window
from integrator.record import Batch, End, Lane, Wire

T = TypeVar("T")

MEMBER: Final = "member"
PUBLIC: Final = "public"
LIMIT: Final = 50
# A token that has less than this left is renewed first: a call refused for its token counts against the limit, and
# before a call the rest of a minute may have to be waited for.
_TOKEN_MARGIN_S: Final = 80.0


class CursorExpired(FeedChanged):
    """The cursor is older than its ten minutes: the walk begins again from what it has."""


class TombstonesGone(FeedChanged):
    """Asked for tombstones from before the oldest that are kept; `oldest` is raw text."""

    oldest: object = None


class Gone(FeedChanged):
    """A product that was withdrawn (410) or never was (404); `told` is the error object."""

    told: Mapping[str, Wire]


class _TokenSpent(FeedChanged):
    """401 INVALID_TOKEN: unknown or run out."""


class _ScopeRefused(FeedChanged):
    """400 invalid_scope: this client does not have it."""


@dataclass(frozen=True, slots=True)
class WirePage:
    """One page: the platform's clock at the walk's first page, the rows with their bytes, and what follows."""

    as_of: datetime
    as_of_text: str
    rows: tuple[Wire, ...]
    cuts: tuple[Callable[[], bytes], ...]
    cursor: str | None  # None: the end


class Calls:
    """Asks for pages and single records with a token of one scope, never more often than the limit allows."""

    def __init__(
        self, access: Access, *, clock: Clock, limits: Limits | None = None, budget: Budget | None = None
    ) -> None:
        client, secret = _credential(access, "client_id"), _credential(access, "client_secret")
        self._basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        self._clock = clock
        secrets = [secret, self._basic]
        self._transport = Transport(access.base_url, clock=clock, secrets=secrets, limits=limits, budget=budget)
        self._scope: str | None = None
        self._token = ""
        self._token_ends = 0.0
        self._is_limited = True  # until an answer carries no limit: its operator has switched it off
        self._minute: Window | None = None

    @property
    def scope(self) -> str:
        """The scope of our token; signs in if there is none yet. It never changes afterwards."""
        if self._scope is None:
            self._renew_token()
        return self._scope or PUBLIC

    def ask_page(self, path: str, query: Mapping[str, str]) -> WirePage:
        """One page of a list."""
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in {**query, "limit": str(LIMIT)}.items())
        return self._ask(path, text, self._read_page)

    def ask_one(self, path: str, name: str) -> tuple[dict[str, Wire], bytes]:
        """A single record and its bytes. Raises Gone."""
        return self._ask(f"{path}/{quote(name, safe='')}", "", self._read_one)

    def walking(self, lane: Lane, pieces: Iterator[Batch | End]) -> Iterator[Batch | End]:
        """See `Transport.walking`."""
        return self._transport.walking(lane, pieces)

    # Calls ------------------------------------------------------------------------------------------------------------

    def _ask(self, path: str, query: str, reader: Callable[[Answer], T]) -> T:
        for _ in range(2):
            if self._clock.monotonic() >= self._token_ends:
                self._renew_token()
            counted = self._window if self._is_limited else None
            try:
                return self._transport.read(path, query=query, headers=self._headers, reader=reader, counted=counted)
            except _TokenSpent:
                self._token_ends = 0.0
        refusal = AccessRefused("tradeKorea refuses a token that it has just given", code="INVALID_TOKEN")
        self._transport.note(refusal)
        raise refusal

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _window(self) -> Window | None:
        return self._minute

    def _read_page(self, answer: Answer) -> WirePage:
        self._note_limit(answer)
        if answer.status != 200:
            self._refuse(answer)
        page = decode_json_page(answer.body, ("items",))
        envelope = page.envelope
        if not isinstance(envelope, dict):
            refuse("a page is no JSON object")
        if envelope.get("error") is not None:
            self._refuse(answer)
        as_of_text, more, cursor = envelope.get("asOf"), envelope.get("hasMore"), envelope.get("nextCursor")
        as_of = read_instant(as_of_text, field="asOf").value if isinstance(as_of_text, str) else None
        if page.rows is None or not page.is_list or not isinstance(more, bool) or as_of is None:
            refuse("a page is not as the guide has it")
        if more and not (isinstance(cursor, str) and cursor):
            refuse("a page says that more follows, and has no cursor")
        return WirePage(as_of.at, str(as_of_text), tuple(page.rows), tuple(page.cuts), str(cursor) if more else None)

    def _read_one(self, answer: Answer) -> tuple[dict[str, Wire], bytes]:
        self._note_limit(answer)
        if answer.status != 200:
            self._refuse(answer)
        record = decode_row(answer.body)
        if not isinstance(record, dict):
            refuse("a single record is no JSON object")
        if record.get("error") is not None:
            self._refuse(answer)
        return record, answer.body

    def _note_limit(self, answer: Answer) -> None:
        """The limit as every answer tells it (guide 4), refused ones too; calls of other processes are in it."""
        limit, left, reset = (_read_whole(answer, f"X-RateLimit-{name}") for name in ("Limit", "Remaining", "Reset"))
        self._is_limited = limit is not None
        if limit is None or left is None or reset is None:
            return
        ends_at = self._clock.now() + timedelta(seconds=max(1, reset))
        self._minute = Window("minute", limit, ends_at)
        self._transport.learn(self._minute, used=limit - left)

    # Codes ------------------------------------------------------------------------------------------------------------

    def _refuse(self, answer: Answer) -> NoReturn:
        """Raises what the error object means, whatever the status it came with."""
        error = _read_error(answer)
        code = str(error.get("code", ""))
        if code in ("INTERNAL", "UNAVAILABLE", "RATE_LIMITED"):
            wait = self._transport.told_wait(answer)
            raise FeedUnavailable(f"tradeKorea answers {answer.status} {code}", code=code, retry_at=wait)
        if code == "INVALID_TOKEN":
            raise _TokenSpent("tradeKorea's token has run out", code=code)
        if code == "UNAUTHORIZED":
            raise AccessRefused("tradeKorea refuses our token", code=code)
        if code == "CURSOR_EXPIRED":
            raise CursorExpired("tradeKorea's cursor has expired", code=code)
        if code in ("PRODUCT_WITHDRAWN", "NOT_FOUND"):
            gone = Gone("tradeKorea does not have this record", code=code)
            gone.told = error
            raise gone
        if code == "TOMBSTONES_GONE":
            past = TombstonesGone("tradeKorea no longer keeps tombstones that old", code=code)
            past.oldest = error.get("oldest")
            raise past
        self._transport.check_status(answer)
        raise FeedChanged(f"tradeKorea answers with the error {code[:40]!r}", code=code[:40] or "ERROR")

    # Token ------------------------------------------------------------------------------------------------------------

    def _renew_token(self) -> None:
        """A token of the scope we have, or at first of the highest we may have."""
        if self._scope is None:
            try:
                self._obtain(MEMBER)
            except _ScopeRefused:
                self._obtain(PUBLIC)
            return
        try:
            self._obtain(self._scope)
        except _ScopeRefused:
            text = f"tradeKorea no longer gives the scope {self._scope}"
            raise AccessRefused(text, code="invalid_scope") from None

    def _obtain(self, scope: str) -> None:
        body = f"grant_type=client_credentials&scope={scope}".encode()
        headers = {"Authorization": f"Basic {self._basic}", "Content-Type": "application/x-www-form-urlencoded"}
        answer = self._transport.post("/oauth/token", body=body, headers=headers, judge=self._judge_token)
        told = decode_json(answer.body)
        token = told.get("access_token") if isinstance(told, dict) else None
        if not isinstance(told, dict) or not isinstance(token, str) or not _is_token(token):
            raise BytesRefused("tradeKorea's token answer is not as the guide has it")
        self._token, self._scope = token, str(told.get("scope") or scope)
        life = int(text) if (text := str(told.get("expires_in", ""))).isdigit() and len(text) < 9 else 0
        self._token_ends = self._clock.monotonic() + max(life - min(_TOKEN_MARGIN_S, life / 2), 1.0)

    def _judge_token(self, answer: Answer) -> None:
        error = _read_token_error(answer)
        if error == "invalid_scope":
            raise _ScopeRefused("tradeKorea does not give this client the scope", code=error)
        if error:
            raise AccessRefused(f"tradeKorea refuses to sign us in ({error[:40]})", code=error[:40])
        self._transport.check_status(answer)


def _read_whole(answer: Answer, name: str) -> int | None:
    text = answer.headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _read_error(answer: Answer) -> Mapping[str, Any]:
    told = _read_object(answer)
    error = told.get("error")
    return error if isinstance(error, dict) else {}


def _read_token_error(answer: Answer) -> str:
    error = _read_object(answer).get("error")
    return error if isinstance(error, str) else ""


def _read_object(answer: Answer) -> Mapping[str, Any]:
    try:
        told = decode_json(answer.body)
    except BytesRefused:
        return {}
    return told if isinstance(told, dict) else {}


def _is_token(text: str) -> bool:
    return 0 < len(text) < 4096 and text.isascii() and text.isprintable() and " " not in text


def _credential(access: Access, name: str) -> str:
    found = access.credentials.get(name, "")
    if not found:
        raise InvalidSetting(f"tradeKorea needs its client's sign-in: set HANMARU_TRADEKOREA_{name.upper()}")
    return found
