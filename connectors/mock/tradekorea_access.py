"""tradeKorea's tokens, scopes, limit and error documents. Source: tradeKorea guide 1.2, sections 1, 4 and 5."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote_plus

from connectors.mock.clock import WorldClock
from connectors.mock.message import Request, Response, parse_query, to_json, to_spaced_json
from connectors.mock.rng import stream_key

TOKEN_LIFE = 1800
CALLS_A_MINUTE = 60
_WINDOW = 60
_CLIENTS = {
    "tkc-test-member": ("mS3-9fQ2xV7bL1kT", ("public", "member")),
    "tkc-test-public": ("pS8-4rW6nD0cH5jY", ("public",)),
}
_CHALLENGE = (("WWW-Authenticate", 'Bearer realm="tradekorea", error="invalid_token"'),)


class Refused(Exception):
    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def error(status: int, code: str, message: str, /, **more: object) -> Response:
    return to_json({"error": {"code": code, "message": message, **more}}, status)


def invalid_parameter(name: str) -> Response:
    return error(400, "INVALID_PARAMETER", f"The parameter {name} is missing or out of range", parameter=name)


@dataclass(slots=True)
class Token:
    client: str
    scope: str
    issued: float
    calls: int = 0


class Access:
    """Tokens live for 30 minutes from issue; `token_calls` makes them end earlier, in the middle of a walk."""

    def __init__(self, clock: WorldClock, *, token_calls: int | None) -> None:
        self._clock, self._token_calls = clock, token_calls
        self._tokens: dict[str, Token] = {}
        self._granted = 0

    def grant(self, request: Request) -> Response:
        if request.method != "POST":
            return error(405, "METHOD_NOT_ALLOWED", "Use POST")
        form = parse_query(request.body.decode("utf-8", "replace"))
        client, secret = _credentials(request, form)
        known, scopes = _CLIENTS.get(client, ("", ()))
        if not known or known != secret:
            return to_json({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "client_credentials":
            return to_json({"error": "unsupported_grant_type"}, 400)
        scope = form.get("scope") or "public"
        if scope not in scopes:
            return to_json({"error": "invalid_scope"}, 400)
        return self._issue(client, scope)

    def _issue(self, client: str, scope: str) -> Response:
        self._granted += 1
        word = stream_key(client, scope, self._granted, id(self)).to_bytes(8, "little")
        text = base64.urlsafe_b64encode(b"token-" + word).decode().rstrip("=")
        self._tokens[text] = Token(client, scope, self._clock.elapsed())
        return to_spaced_json({"access_token": text, "token_type": "Bearer", "expires_in": TOKEN_LIFE, "scope": scope})

    def token_of(self, request: Request) -> Token:
        """Raises Refused for a missing, unknown or ended token."""
        text = _bearer(request)
        if text is None:
            raise Refused(error(401, "UNAUTHORIZED", "An access token is required"))
        token = self._tokens.get(text)
        if token is None or self._clock.elapsed() - token.issued >= TOKEN_LIFE:
            raise Refused(_invalid_token())
        token.calls += 1
        if self._token_calls is not None and token.calls > self._token_calls:
            del self._tokens[text]
            raise Refused(_invalid_token())
        return token

    def scope_of(self, request: Request) -> str:
        return self._tokens[_bearer(request) or ""].scope

    def client_of(self, request: Request) -> str | None:
        token = self._tokens.get(_bearer(request) or "")
        return token.client if token else None


def _invalid_token() -> Response:
    document = {"error": {"code": "INVALID_TOKEN", "message": "The access token is unknown or expired"}}
    return to_json(document, 401, headers=_CHALLENGE)


def _bearer(request: Request) -> str | None:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" and text.strip() else None


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client), unquote_plus(secret)


class Window:
    """60 calls a minute per client: a fixed window that begins with the first call after the last one ended."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[float, int]] = {}

    def spend(self, client: str) -> None:
        """Counts the call; raises Refused when the window's calls are used up."""
        began, used = self._windows.get(client, (-_WINDOW, 0))
        now = self._clock.elapsed()
        if now - began >= _WINDOW:
            began, used = now, 0
        self._windows[client] = (began, used + 1)
        if used >= CALLS_A_MINUTE:
            wait = (("Retry-After", str(self._left(client))),)
            document = {"error": {"code": "RATE_LIMITED", "message": "Too many requests"}}
            raise Refused(to_json(document, 429, headers=wait))

    def _left(self, client: str) -> int:
        began, _ = self._windows[client]
        return max(1, int(began + _WINDOW - self._clock.elapsed() + 0.999))

    def headers(self, client: str) -> tuple[tuple[str, str], ...]:
        if client not in self._windows:
            return ()
        _, used = self._windows[client]
        return (
            ("X-RateLimit-Limit", str(CALLS_A_MINUTE)),
            ("X-RateLimit-Remaining", str(max(0, CALLS_A_MINUTE - used))),
            ("X-RateLimit-Reset", str(self._left(client))),
        )
