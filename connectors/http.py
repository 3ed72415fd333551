"""HTTP to one platform: bytes whole or refused, capped in size and time, retried by the common rules, secrets kept.

What a platform's own codes mean is decided by the reader that a call is given: it gets each answer and either returns
what it read or raises. FeedUnavailable and BytesRefused are tried again (at `retry_at`, where told); QuotaSpent,
FeedChanged and AccessRefused end the call at once.
"""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ProtocolError, TimeoutError

from connectors.decode import Inflater, refuse
from connectors.redaction import HIDE_QUERIES, Redaction
from integrator.errors import AccessRefused, BytesRefused, FeedChanged, FeedUnavailable, HanmaruError, QuotaSpent
from integrator.issues import ENCODING_INVALID, TOO_LARGE, TRUNCATED
from integrator.ports import Clock

T = TypeVar("T")
Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]

# Between the five tries of one call (common rule 9: growing from one second).
_PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0)
# Waited inside the run; a longer ban ends the run and keeps its place (reliability C3).
LONGEST_WAIT_S: Final = 15 * 60
_PIECE: Final = 1 << 16
_AGENT: Final = "Hanmaru/1 (product catalogue)"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `body` is unpacked, `raw_bytes` counts what came over the wire."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes
    raw_bytes: int

    @property
    def charset(self) -> str | None:
        """What the Content-Type header says of the encoding."""
        for part in self.headers.get("Content-Type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip().strip('"').lower() or None
        return None


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


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Headers = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    sink: "_Sink | None" = None

    @property
    def is_spoilt(self) -> bool:
        """Whether a repeat would write behind half a file."""
        return self.sink is not None and self.sink.written > 0


class _Sink:
    """Where a download goes, and whether anything went there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.written = 0

    def pour(self, pieces: Iterator[bytes]) -> None:
        for piece in pieces:
            self.written += len(piece)
            self._file.write(piece)


class Transport:
    """One platform's connection: one session, kept alive, without redirects, proxies or cookies of the environment."""

    def __init__(
        self, base_url: str, *, clock: Clock, secrets: Sequence[str] = (), limits: Limits | None = None
    ) -> None:
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._limits = limits or Limits()
        self._session = _open_session()
        self._redaction = Redaction(secrets)
        self.calls = 0
        self.bytes_read = 0
        logging.getLogger("urllib3.connectionpool").addFilter(HIDE_QUERIES)

    @property
    def host(self) -> str:
        """Host and port, without what else an address may hold."""
        parts = urlsplit(self._base)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def full_path(self, path: str) -> str:
        """The path as it stands in the request line, the base path included (GobizKOREA signs it)."""
        return urlsplit(self._base).path + path

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    # Calls -----------------------------------------------------------------------------------------------------------

    def get(
        self,
        path: str,
        *,
        query: str = "",
        headers: Headers | None = None,
        judge: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """GET. `query` is sent exactly as given, already encoded. `judge` decides instead of `check_status`."""
        return self.read(path, query=query, headers=headers, reader=_whole(judge or self.check_status))

    def post(
        self, path: str, *, body: bytes, headers: Headers, judge: Callable[[Answer], None] | None = None
    ) -> Answer:
        """POST, retried like GET: the platforms' POST calls (token, report) may be repeated."""
        call = _Call("POST", path, headers=headers, body=body)
        return self._repeat(call, _whole(judge or self.check_status))

    def read(self, path: str, *, query: str = "", headers: Headers | None = None, reader: Callable[[Answer], T]) -> T:
        """GET and give what `reader` makes of the answer; a body it refuses is asked for again."""
        return self._repeat(_Call("GET", path, query=query, headers=headers or {}), reader)

    def download(
        self,
        path: str,
        sink: BinaryIO,
        *,
        headers: Headers | None = None,
        judge: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """GET into `sink`, as sent. `judge` sees the answer before anything is written; `body` is empty for a 200.

        A try that broke off is repeated only while nothing was written, for the sink may be hashing what it gets:
        after that the caller begins again with a fresh one.
        """
        poured = _Sink(sink)
        call = _Call("GET", path, headers=headers or {}, sink=poured)
        answer = self._repeat(call, _whole(judge or self.check_status))
        return replace(answer, raw_bytes=poured.written or answer.raw_bytes)

    # What an answer means --------------------------------------------------------------------------------------------

    def check_status(self, answer: Answer) -> None:
        """The common rules (feeds/README 9) for a status that no platform code explains."""
        status = answer.status
        if 200 <= status < 300:
            return
        if 300 <= status < 400:
            raise FeedChanged(f"{self.host} answers with a redirect ({status}); none is followed", code="REDIRECT")
        if status == 429:
            raise FeedUnavailable(
                f"{self.host} says: too many requests", code="RATE_LIMITED", retry_at=self.told_wait(answer)
            )
        if status >= 500 or status < 200:
            raise FeedUnavailable(f"{self.host} answers {status}", code="HTTP_5XX", retry_at=self.told_wait(answer))
        if status in (401, 403):
            raise AccessRefused(f"{self.host} refuses our access ({status})", code="ACCESS_REFUSED")
        raise FeedChanged(f"{self.host} answers {status}, which its guide does not provide for", code=f"HTTP_{status}")

    def told_wait(self, answer: Answer) -> datetime | None:
        """When `Retry-After` (seconds or a date) lets us knock again; None when it says nothing readable."""
        text = answer.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            # Nine digits are 30 years: a longer number says no more, and would not fit a date.
            return self._clock.now() + timedelta(seconds=max(1, int(text[:9])))
        try:
            told = parsedate_to_datetime(text) if text else None
        except (ValueError, TypeError):
            return None
        return told.astimezone(UTC) if told and told.tzinfo else None

    # Tries -----------------------------------------------------------------------------------------------------------

    def _repeat(self, call: _Call, reader: Callable[[Answer], T]) -> T:
        waited, pauses = 0.0, iter(_PAUSES_S)
        while True:
            answered, trouble = self._try(call, reader)
            if trouble is None:
                return answered[0]
            pause = next(pauses, None)
            if pause is None or not _passes(trouble) or call.is_spoilt:
                break
            wait = self._wait_after(trouble, pause)
            waited += wait
            if waited > LONGEST_WAIT_S:
                break
            self._clock.sleep(wait)
        # Raised here, outside every handler, so that no library's exception (which holds the address) hangs on to it.
        raise trouble

    def _wait_after(self, trouble: HanmaruError, pause: float) -> float:
        told = trouble.retry_at if isinstance(trouble, FeedUnavailable) else None
        return max(pause, math.ceil((told - self._clock.now()).total_seconds())) if told else pause

    def _try(self, call: _Call, reader: Callable[[Answer], T]) -> tuple[tuple[T, ...], HanmaruError | None]:
        """One exchange: ((what was read,), None), or ((), what went wrong)."""
        self.calls += 1
        try:
            with self._send(call) as response:
                return (self._receive(call, response, reader),), None
        except HanmaruError as error:
            return (), self._redaction.scrub(error)
        except (requests.RequestException, HTTPError) as error:
            return (), self._describe(error)

    def _send(self, call: _Call) -> requests.Response:
        headers = dict(call.headers() if callable(call.headers) else call.headers)
        headers.setdefault("User-Agent", _AGENT)
        headers.setdefault("Accept-Encoding", "gzip" if call.sink is None else "identity")
        prepared = self._session.prepare_request(requests.Request(call.method, self._base, headers, data=call.body))
        # Set past the library's own quoting: keys and signatures need the exact characters.
        prepared.url = self._base + call.path + (f"?{call.query}" if call.query else "")
        timeout = (self._limits.connect_s, self._limits.read_s)
        # Straight to the adapter: a session that follows no redirect still reads its body, whole and past every cap.
        adapter = self._session.get_adapter(prepared.url)
        return adapter.send(prepared, stream=True, timeout=timeout, proxies={})

    def _receive(self, call: _Call, response: requests.Response, reader: Callable[[Answer], T]) -> T:
        if call.sink is not None and response.status_code == 200:
            return self._receive_part(call.sink, response, reader)
        limits, before = self._limits, self.bytes_read
        pieces = self._pieces(response, max_bytes=limits.page_bytes, deadline_s=limits.page_deadline_s)
        body = b"".join(_unpacked(pieces, response.headers.get("Content-Encoding", ""), limits))
        return reader(Answer(response.status_code, response.headers, body, self.bytes_read - before))

    def _receive_part(self, sink: _Sink, response: requests.Response, reader: Callable[[Answer], T]) -> T:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            refuse("a file came with a Content-Encoding", code=ENCODING_INVALID)
        accepted = reader(Answer(response.status_code, response.headers, b"", 0))
        limits = self._limits
        sink.pour(self._pieces(response, max_bytes=limits.part_bytes, deadline_s=limits.part_deadline_s))
        return accepted

    def _pieces(self, response: requests.Response, *, max_bytes: int, deadline_s: float) -> Iterator[bytes]:
        """The body as it came, piece by piece; refuses one that is cut, too long or too slow."""
        began, taken = self._clock.monotonic(), 0
        while piece := response.raw.read1(_PIECE, decode_content=False):
            taken += len(piece)
            self.bytes_read += len(piece)
            if taken > max_bytes:
                refuse(f"more than {max_bytes} bytes", code=TOO_LARGE)
            self._check_pace(taken, self._clock.monotonic() - began, deadline_s)
            yield piece
        told = response.headers.get("Content-Length", "")
        if told.isdigit() and int(told) != taken:
            refuse(f"{taken} bytes came of {told}", code=TRUNCATED)

    def _check_pace(self, taken: int, elapsed: float, deadline_s: float) -> None:
        stalls = elapsed > self._limits.patience_s and taken < elapsed * self._limits.slowest_rate
        if stalls or elapsed > deadline_s:
            raise FeedUnavailable(f"{self.host} sends too slowly: {taken} bytes in {elapsed:.0f} s", code="STALLED")

    def _describe(self, error: Exception) -> FeedUnavailable:
        """A network failure in words of ours: a library's text may hold the address, and the address the key."""
        if isinstance(error, (requests.Timeout, TimeoutError)):
            return FeedUnavailable(f"{self.host} does not answer in time", code="TIMEOUT")
        if isinstance(error, ProtocolError):
            return BytesRefused(f"{self.host} broke off in the middle of an answer", code=TRUNCATED)
        return FeedUnavailable(f"{self.host} cannot be reached ({type(error).__name__})", code="UNREACHABLE")


def _passes(trouble: HanmaruError) -> bool:
    return isinstance(trouble, FeedUnavailable) and not isinstance(trouble, QuotaSpent)


def _open_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0))
    return session


def _whole(judge: Callable[[Answer], None]) -> Callable[[Answer], Answer]:
    def reader(answer: Answer) -> Answer:
        judge(answer)
        return answer

    return reader


def _unpacked(pieces: Iterator[bytes], encoding: str, limits: Limits) -> Iterator[bytes]:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from pieces
        return
    if encoding not in ("gzip", "x-gzip"):
        refuse(f"an answer came packed as {encoding[:20]!r}, which was not asked for", code=ENCODING_INVALID)
    inflater = Inflater(max_bytes=limits.page_bytes, max_ratio=limits.page_ratio)
    for piece in pieces:
        yield from inflater.feed(piece)
    inflater.finish()
