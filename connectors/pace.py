"""How fast an answer must come: one deadline over head and body, and a rate below which a line counts as dead.

A timeout of a socket is one read's: a byte every few seconds would keep it content for ever, in the head as in the
body. So the clock is looked at wherever bytes come in, under everything that parses them.
"""

import http.client
import io
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from integrator.errors import FeedUnavailable
from integrator.ports import Clock

_NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one answer: by default a page has 32 MB decoded, a drop's part 512 MB as it was sent."""

    page_bytes: int = 32 * 1024 * 1024
    page_ratio: int = 100
    page_deadline_s: float = 120.0
    part_bytes: int = 512 * 1024 * 1024
    part_deadline_s: float = 3600.0
    connect_s: float = 10.0
    read_s: float = 30.0
    # A line that gives less than this for so long is a stall, however alive it looks.
    slowest_rate: int = 1000
    patience_s: float = 15.0


class Pace:
    """The time of one call at a time: `begin` starts it, `count` is told of every piece that comes in."""

    def __init__(self, host: str, *, clock: Clock, limits: Limits) -> None:
        self._host = host
        self._clock = clock
        self._limits = limits
        self._began = 0.0
        self._deadline_s = _NEVER
        self._first: float | None = None
        self._taken = 0

    def begin(self, deadline_s: float) -> None:
        """A call begins now and is over, head and body, within `deadline_s`."""
        self._began, self._deadline_s = self._clock.monotonic(), deadline_s
        self._first, self._taken = None, 0

    def extend(self, deadline_s: float) -> None:
        """The call turned out to be a long one."""
        self._deadline_s = deadline_s

    def wait_s(self) -> float:
        """How long the next read may wait. Raises FeedUnavailable (STALLED) when no time is left."""
        elapsed = self._clock.monotonic() - self._began
        if elapsed > self._deadline_s:
            self._give_up(elapsed)
        return max(0.001, min(self._limits.read_s, self._deadline_s - elapsed))

    def count(self, taken: int) -> None:
        """So many bytes came in. Raises FeedUnavailable (STALLED) when they come too slowly, or too late."""
        now = self._clock.monotonic()
        if self._first is None:
            self._first = now
        self._taken += taken
        flowing = now - self._first
        is_slow = flowing > self._limits.patience_s and self._taken < flowing * self._limits.slowest_rate
        if is_slow or now - self._began > self._deadline_s:
            self._give_up(now - self._began)

    def _give_up(self, elapsed: float) -> None:
        text = f"{self._host} sends too slowly: {self._taken} bytes in {elapsed:.0f} s"
        raise FeedUnavailable(text, code="STALLED")


def open_session(pace: Pace) -> requests.Session:
    """One kept-alive connection whose reads keep to `pace`; no proxies, cookies or sign-ins of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, _PacedAdapter(pace))
    return session


class _PacedAdapter(HTTPAdapter):
    def __init__(self, pace: Pace) -> None:
        super().__init__(pool_connections=1, pool_maxsize=2, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = _make_pools(partial(_PacedResponse, pace))


def _make_pools(response: Callable[..., http.client.HTTPResponse]) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        response_class = response  # type: ignore[assignment]

    class Encrypted(HTTPSConnection):
        response_class = response  # type: ignore[assignment]

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


class _PacedResponse(http.client.HTTPResponse):
    """Reads its socket through the pace, status line and headers included."""

    def __init__(self, pace: Pace, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_PacedSocket(sock, pace), *args, **kwargs)  # type: ignore[arg-type]


class _PacedSocket:
    def __init__(self, sock: socket.socket, pace: Pace) -> None:
        self._sock = sock
        self._pace = pace

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_PacedFile(self._sock, self._pace))


class _PacedFile(io.RawIOBase):
    def __init__(self, sock: socket.socket, pace: Pace) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        wait = self._pace.wait_s()
        if wait != self._sock.gettimeout():
            self._sock.settimeout(wait)
        taken = self._raw.readinto(buffer)
        self._pace.count(taken or 0)
        return taken

    def close(self) -> None:
        self._raw.close()
        super().close()
