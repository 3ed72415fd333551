"""HTTP to one platform: bytes whole or refused, capped in size and time, retried by the common rules, secrets kept.

What a platform's own codes mean is decided by the reader that a call is given: it gets each answer and either returns
what it read or raises. FeedUnavailable and BytesRefused are tried again (at `retry_at`, where told); QuotaSpent,
FeedChanged and AccessRefused end the call at once. Before each try the platform's budget is asked (docs/calls.md).
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ProtocolError, TimeoutError

from connectors.admission import Admission, Counted
from connectors.call import Call, Headers, Sink
from connectors.decode import Inflater, refuse
from connectors.pace import Limits, Pace, open_session
from connectors.redaction import HIDE_QUERIES, Redaction
from integrator.errors import AccessRefused, BytesRefused, FeedChanged, FeedUnavailable, HanmaruError
from integrator.issues import ENCODING_INVALID, TOO_LARGE, TRUNCATED
from integrator.ports import LONGEST_BAN, Budget, Clock, Kept, Spool, Window
from integrator.record import Batch, End, Lane

T = TypeVar("T")

_PIECE: Final = 1 << 16


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


class Transport:
    """One platform's connection: one session, kept alive, without redirects, proxies or cookies of the environment."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        secrets: Sequence[str] = (),
        limits: Limits | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._clock = clock
        self._limits = limits or Limits()
        self._pace = Pace(self.host, clock=clock, limits=self._limits)
        self._session = open_session(self._pace)
        self._redaction = Redaction(secrets)
        self._admission = Admission(budget, clock=clock)
        self.calls = 0
        self.bytes_read = 0
        self._priced = (0, 0, 0)
        for name in ("urllib3.connectionpool", "urllib3.connection"):
            logging.getLogger(name).addFilter(HIDE_QUERIES)

    @property
    def retries(self) -> int:
        """Calls that were tried again."""
        return self._admission.retries

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

    def walking(self, lane: Lane, pieces: Iterator[Batch | End]) -> Iterator[Batch | End]:
        """A walk whose calls are made for this lane, each piece with what it cost.

        What was reserved of the budget and not used is given back at the end.
        """
        with self._admission.serving(lane):
            for piece in pieces:
                now, before = (self.calls, self.bytes_read, self.retries), self._priced
                self._priced = now
                calls, taken, again = (count - told for count, told in zip(now, before, strict=True))
                yield replace(piece, calls=calls, bytes_read=taken, retries=again)

    def learn(self, window: Window, *, used: int) -> None:
        """The platform has told how many calls of a window are used."""
        self._admission.learn(window, used=used)

    def note(self, trouble: HanmaruError) -> None:
        """A platform's refusal that showed only over several calls."""
        self._admission.note(trouble)

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
        call = Call("POST", path, headers=headers, body=body)
        return self._repeat(call, _whole(judge or self.check_status))

    def read(
        self,
        path: str,
        *,
        query: str = "",
        headers: Headers | None = None,
        reader: Callable[[Answer], T],
        counted: Counted | None = None,
        spool: Spool | None = None,
    ) -> T:
        """GET and give what `reader` makes of the answer; a body it refuses is asked for again.

        `counted` names the window in which the platform counts this call; None: it does not. An answer that the
        platform gives a name (ETag, Last-Modified) is kept in `spool`, and is not sent again until it changes.
        """
        call = Call("GET", path, query=query, headers=headers or {}, counted=counted)
        if spool is None:
            return self._repeat(call, reader)
        address = self._base + path
        known = spool.recall(address)
        found, answer = self._repeat(replace(call, known=known), lambda answer: (reader(answer), answer))
        fresh = Kept(answer.body, answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""))
        is_new = answer.status == 200 and (known is None or fresh.body is not known.body)
        if is_new and (fresh.etag or fresh.last_modified):
            spool.keep(address, fresh)
        return found

    def download(
        self,
        path: str,
        sink: BinaryIO,
        *,
        headers: Headers | None = None,
        judge: Callable[[Answer], None] | None = None,
        counted: Counted | None = None,
    ) -> Answer:
        """GET into `sink`, as sent. `judge` sees the answer before anything is written; `body` is empty for a 200.

        A try that broke off is repeated only while nothing was written, for the sink may be hashing what it gets:
        after that the caller begins again with a fresh one.
        """
        poured = Sink(sink)
        call = Call("GET", path, headers=headers or {}, sink=poured, counted=counted)
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
                f"{self.host} says that we call too often", code="RATE_LIMITED", retry_at=self.told_wait(answer)
            )
        if status >= 500 or status < 200:
            raise FeedUnavailable(f"{self.host} answers {status}", code="HTTP_5XX", retry_at=self.told_wait(answer))
        if status in (401, 403):
            raise AccessRefused(f"{self.host} refuses our access ({status})", code="ACCESS_REFUSED")
        raise FeedChanged(f"{self.host} answers {status}, which its guide does not provide for", code=f"HTTP_{status}")

    def told_wait(self, answer: Answer) -> datetime | None:
        """When `Retry-After` (seconds or a date) lets us knock again, in a day at most; None: nothing readable."""
        text = answer.headers.get("Retry-After", "").strip()
        now = self._clock.now()
        latest = now + LONGEST_BAN
        if text.isascii() and text.isdigit():
            # Nine digits are 30 years: a longer number says no more, and would not fit a date.
            return min(latest, now + timedelta(seconds=max(1, int(text[:9]))))
        try:
            told = parsedate_to_datetime(text) if text else None
        except (ValueError, TypeError):
            return None
        return min(latest, told.astimezone(UTC)) if told and told.tzinfo else None

    # Tries -----------------------------------------------------------------------------------------------------------

    def _repeat(self, call: Call, reader: Callable[[Answer], T]) -> T:
        tries = self._admission.begin()
        while True:
            tries.admit(call.counted)
            answered, trouble = self._try(call, reader)
            self._admission.note(trouble)
            if trouble is None:
                return answered[0]
            if call.is_spoilt or not tries.wait_after(trouble):
                break
        # Raised here, outside every handler, so that no library's exception (which holds the address) hangs on to it.
        raise trouble

    def _try(self, call: Call, reader: Callable[[Answer], T]) -> tuple[tuple[T, ...], HanmaruError | None]:
        """One exchange: ((what was read,), None), or ((), what went wrong)."""
        self.calls += 1
        self._pace.begin(self._limits.page_deadline_s)
        try:
            with self._send(call) as response:
                return (self._receive(call, response, reader),), None
        except HanmaruError as error:
            return (), self._redaction.scrub(error)
        except (requests.RequestException, HTTPError) as error:
            return (), self._describe(error)

    def _send(self, call: Call) -> requests.Response:
        asked = requests.Request(call.method, self._base, call.make_headers(), data=call.body)
        prepared = self._session.prepare_request(asked)
        # Set past the library's own quoting: keys and signatures need the exact characters.
        prepared.url = self._base + call.path + (f"?{call.query}" if call.query else "")
        timeout = (self._limits.connect_s, self._limits.read_s)
        # Straight to the adapter: a session that follows no redirect still reads its body, whole and past every cap.
        adapter = self._session.get_adapter(prepared.url)
        return adapter.send(prepared, stream=True, timeout=timeout, proxies={})

    def _receive(self, call: Call, response: requests.Response, reader: Callable[[Answer], T]) -> T:
        if call.sink is not None and response.status_code == 200:
            return self._receive_part(call.sink, response, reader)
        limits, before = self._limits, self.bytes_read
        pieces = self._pieces(response, max_bytes=limits.page_bytes)
        body = b"".join(_unpacked(pieces, response.headers.get("Content-Encoding", ""), limits))
        answer = Answer(response.status_code, response.headers, body, self.bytes_read - before)
        if call.known is not None and answer.status == 304:
            answer = replace(answer, status=200, body=call.known.body)
        return reader(answer)

    def _receive_part(self, sink: Sink, response: requests.Response, reader: Callable[[Answer], T]) -> T:
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            refuse("a file came with a Content-Encoding", code=ENCODING_INVALID)
        accepted = reader(Answer(response.status_code, response.headers, b"", 0))
        self._pace.extend(self._limits.part_deadline_s)
        sink.pour(self._pieces(response, max_bytes=self._limits.part_bytes))
        return accepted

    def _pieces(self, response: requests.Response, *, max_bytes: int) -> Iterator[bytes]:
        """The body as it came, piece by piece; refuses one that is cut or too long."""
        taken = 0
        while piece := response.raw.read1(_PIECE, decode_content=False):
            taken += len(piece)
            self.bytes_read += len(piece)
            if taken > max_bytes:
                refuse(f"more than {max_bytes} bytes", code=TOO_LARGE)
            yield piece
        told = response.headers.get("Content-Length", "")
        if told.isdigit() and int(told) != taken:
            refuse(f"{taken} bytes came of {told}", code=TRUNCATED)

    def _describe(self, error: Exception) -> FeedUnavailable:
        """A network failure in words of ours: a library's text may hold the address, and the address the key."""
        if isinstance(error, (requests.Timeout, TimeoutError)):
            return FeedUnavailable(f"{self.host} does not answer in time", code="TIMEOUT")
        if isinstance(error, ProtocolError):
            return BytesRefused(f"{self.host} broke off in the middle of an answer", code=TRUNCATED)
        return FeedUnavailable(f"{self.host} cannot be reached ({type(error).__name__})", code="UNREACHABLE")


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
