"""Signed calls to the drop server, and what its error codes mean (guide sections 2 and 6)."""

import hashlib
import hmac
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO, Final, TypeVar

from connectors import Access
from connectors.admission import LONGEST_WAIT_S
from connectors.decode import decode_json
from connectors.gobizkorea.drop import check_size
from connectors.gobizkorea.manifest import Drop, Part, read_index, read_manifest
from connectors.http import Answer, Transport
from integrator.errors import (
    AccessRefused,
    BytesRefused,
    FeedChanged,
    FeedUnavailable,
    HanmaruError,
    InvalidSetting,
    QuotaSpent,
)
from integrator.ports import Budget, Clock, Spool, Window
from integrator.record import Batch, End, Lane

T = TypeVar("T")

KOREA: Final = timedelta(hours=9)
_STAMP: Final = "%Y%m%dT%H%M%SZ"
# Between two looks at a drop that is not there yet and does not say when it will be.
_NOT_READY_S: Final = 60.0
# Tries for one file: each costs one of its ten downloads a day.
DOWNLOADS: Final = 3
# Of each file, a key and Korean day (guide 6).
DOWNLOADS_A_DAY: Final = 10


class NotReady(FeedUnavailable):
    """The drop is announced, or due, and not there yet (GB-4041)."""


class Expired(FeedChanged):
    """The drop is no longer kept (GB-4100)."""


class _Cut(BytesRefused):
    """The line broke off: worth another download, unlike a file that is not the one its manifest promises."""


def sign(secret: str, *, method: str, path: str, query: str, stamp: str, body: bytes) -> str:
    """The signature of one call; `path` as in the request line, with the base path, without `?`."""
    pieces = "&".join(sorted(query.split("&"), key=str.encode))
    text = "\n".join((method, path, pieces, stamp, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode("ascii"), text.encode(), hashlib.sha256).hexdigest()


class DropServer:
    """The platform's calls. Its clock is learnt twice: for signing from GB-4012, for everything else from `asOf`."""

    def __init__(self, access: Access, *, clock: Clock, budget: Budget | None = None) -> None:
        self._key, self._secret = _credential(access, "id"), _credential(access, "secret")
        self._clock = clock
        self._transport = Transport(access.base_url, clock=clock, secrets=[self._secret], budget=budget)
        self._downloads_a_day = access.calls or DOWNLOADS_A_DAY
        self._skew: timedelta | None = None
        self._ahead = timedelta()  # platform's world minus our clock

    def walking(self, lane: Lane, pieces: Iterator[Batch | End]) -> Iterator[Batch | End]:
        """See `Transport.walking`."""
        return self._transport.walking(lane, pieces)

    @property
    def bytes_read(self) -> int:
        """Bytes so far, as they came over the wire."""
        return self._transport.bytes_read

    def read_index(self) -> dict[str, Any]:
        """The drops that can be had now. Never kept: it carries the platform's clock."""
        index = self._patiently(lambda: self._read("/drop/v2/manifest.json", read_index))
        self._ahead = index["asOf"] - self._clock.now()
        return index

    def read_manifest(self, seq: int, spool: Spool) -> Drop:
        """The manifest of one drop; waits for one that is being made."""
        path = f"/drop/v2/{seq}/manifest.json"
        return self._patiently(lambda: self._read(path, lambda wire: read_manifest(wire, seq=seq), spool))

    def download(self, seq: int, part: Part, spool: Spool) -> None:
        """One part into the spool. Raises BytesRefused when it is not the file that its manifest promises."""
        self._patiently(lambda: self._download(f"/drop/v2/{seq}/{part.file}", part, spool))

    def report_refused(self, seq: int) -> None:
        """Tell the platform that its drop is broken. Optional, so a platform that will not hear stops nothing.

        The report that a drop is good is never made: whether it was kept is known only after the last of it is gone
        from here.
        """
        body, path = b'{"seq":%d,"status":"REJECTED"}' % seq, "/drop/v2/ack"
        headers = self._headers("POST", path, body=body, more={"Content-Type": "application/json"})
        with suppress(HanmaruError):
            self._transport.post(path, body=body, headers=headers, judge=lambda answer: None)

    # Calls ------------------------------------------------------------------------------------------------------------

    def _read(self, path: str, reader: Callable[[Any], T], spool: Spool | None = None) -> T:
        def read(answer: Answer) -> T | None:
            self._judge(answer)
            return None if _is_not_ready(answer) else reader(decode_json(answer.body))

        headers, patient = self._headers("GET", path), self._or_not_ready(read)
        found = self._transport.read(path, headers=headers, reader=patient, spool=spool)
        if isinstance(found, NotReady):
            raise found
        return found

    def _or_not_ready(self, read: Callable[[Answer], T | None]) -> Callable[[Answer], T | NotReady]:
        """A drop that is not there is an answer, not trouble: the transport would knock again after a second."""

        def reader(answer: Answer) -> T | NotReady:
            found = read(answer)
            return self._not_ready(answer) if found is None else found

        return reader

    def _download(self, path: str, part: Part, spool: Spool) -> None:
        for left in reversed(range(DOWNLOADS)):
            try:
                with spool.create(part.sha256) as sink:
                    check_size(self._pour(path, sink), part)
                return
            except _Cut as error:
                if not left:
                    raise BytesRefused(f"{part.file}: {error}", code=error.code) from None
                self._clock.sleep(DOWNLOADS - left)

    def _pour(self, path: str, sink: BinaryIO) -> int:
        def judge(answer: Answer) -> None:
            self._judge_part(answer, path)

        headers, day = self._headers("GET", path), partial(self._make_day, path)
        try:
            answer = self._transport.download(path, sink, headers=headers, judge=judge, counted=day)
        except BytesRefused as error:
            raise _Cut(str(error), code=error.code) from None
        if _is_not_ready(answer):
            raise self._not_ready(answer)
        return answer.raw_bytes

    def _not_ready(self, answer: Answer) -> NotReady:
        told = self._transport.told_wait(answer)
        retry_at = told or self._clock.now() + timedelta(seconds=_NOT_READY_S)
        return NotReady("GobizKOREA's drop is not there yet", code="GB-4041", retry_at=retry_at)

    def _patiently(self, ask: Callable[[], T]) -> T:
        waited = 0.0
        while True:
            try:
                return ask()
            except NotReady as error:
                wait = self._until(error.retry_at)
                waited += wait
                if waited > LONGEST_WAIT_S:
                    raise
            self._clock.sleep(wait)

    def _until(self, moment: datetime | None) -> float:
        return max(1.0, math.ceil((moment - self._clock.now()).total_seconds())) if moment else _NOT_READY_S

    def _headers(
        self, method: str, path: str, *, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Callable[[], Mapping[str, str]]:
        """Made anew for every try: a signature lives five minutes, and a wait between tries may last fifteen."""

        def headers() -> dict[str, str]:
            stamp = (self._clock.now() + (self._skew or timedelta())).astimezone(UTC).strftime(_STAMP)
            full = self._transport.full_path(path)
            signature = sign(self._secret, method=method, path=full, query="", stamp=stamp, body=body)
            return {"X-GB-Key": self._key, "X-GB-Date": stamp, "X-GB-Signature": signature, **(more or {})}

        return headers

    # Codes ------------------------------------------------------------------------------------------------------------

    def _judge(self, answer: Answer) -> None:
        if answer.status == 200 or _is_not_ready(answer):
            return
        error = read_error(answer)
        code = str(error.get("code", ""))
        if code == "GB-4012":
            self._correct_clock(error)
        if code in ("GB-4010", "GB-4011", "GB-4013"):
            raise AccessRefused(f"GobizKOREA refuses our key ({code})", code=code)
        if code == "GB-4100":
            raise Expired("GobizKOREA no longer keeps this drop", code=code)
        if code == "GB-4290":
            text = "GobizKOREA's downloads of this file are used up for today"
            raise QuotaSpent(text, code=code, retry_at=self._make_day("").ends_at)
        self._transport.check_status(answer)

    def _judge_part(self, answer: Answer, path: str) -> None:
        try:
            self._judge(answer)
        except QuotaSpent:
            day = self._make_day(path)
            self._transport.learn(day, used=day.calls)
            raise
        if answer.status == 200 and answer.headers.get("Content-Type", "").lower().startswith("application/json"):
            # Seen in place of a part (guide 6): passing trouble under a good status.
            raise FeedUnavailable("GobizKOREA sent an error document in place of a file", code="GB-5000")

    def _correct_clock(self, error: Mapping[str, Any]) -> None:
        told = _read_stamp(error.get("serverTime"))
        if self._skew is not None or told is None:
            raise AccessRefused("GobizKOREA refuses our clock even after it was corrected", code="GB-4012")
        self._skew = told - self._clock.now()
        raise FeedUnavailable("GobizKOREA's clock is not ours; corrected by the difference", code="GB-4012")

    def _make_day(self, path: str) -> Window:
        """The Korean day of the platform's clock, in which the downloads of this file count; its end in our clock."""
        korean = self._clock.now() + self._ahead + KOREA
        midnight = korean.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return Window(f"{korean:%Y%m%d} {path}", self._downloads_a_day, midnight - KOREA - self._ahead)


def read_error(answer: Answer) -> Mapping[str, Any]:
    """The error document of an answer, or nothing when it has none."""
    try:
        error = decode_json(answer.body)
    except BytesRefused:
        return {}
    return error if isinstance(error, dict) else {}


def _is_not_ready(answer: Answer) -> bool:
    return answer.status == 404 and read_error(answer).get("code") == "GB-4041"


def _read_stamp(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def _credential(access: Access, name: str) -> str:
    try:
        return access.credentials[name]
    except KeyError:
        raise InvalidSetting(f"GobizKOREA needs the credential `{name}`") from None
