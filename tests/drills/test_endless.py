"""Reliability C2: whatever comes, however slowly, a call is over in its time and takes little memory.

The line is slowed where the bytes come in, on a clock that only moves with them: a byte a second needs no waiting.
"""

import gzip
import io
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Final

import pytest

from connectors.http import Transport
from connectors.pace import Limits, Pace
from integrator.errors import FeedUnavailable
from tests.drills.scripted import Host, answer
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 0  # nothing here is random
MB: Final = 1 << 20
MOST_GROWTH_MB = 256
TRIES = 5
PAUSES_S = 1 + 2 + 4 + 8
SLACK_S = 2.0

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = bytes(MB)
FIVE_GB = 5000


@dataclass(frozen=True, slots=True)
class Case:
    """An answer, and how many bytes of it a second lets through; None: as fast as it goes."""

    name: str
    pieces: Callable[[], Iterable[bytes]]
    rate: int | None = None
    is_file: bool = False


def stated(size: int, *headers: bytes) -> bytes:
    return HEAD + b"".join(header + b"\r\n" for header in headers) + b"Content-Length: %d\r\n\r\n" % size


@cache
def bomb() -> bytes:
    packed = gzip.compress(bytes(60 * MB), 9)
    return stated(len(packed), b"Content-Encoding: gzip") + packed


def drips() -> Iterator[Case]:
    """Something small that takes long, in each part of an answer."""
    small = answer(b"x" * 3000)
    for rate in (1, 10, 900):
        yield Case(f"an answer at {rate} bytes/s", lambda: [small * 30], rate=rate)
        yield Case(f"chunks at {rate} bytes/s", lambda: chain([CHUNKED], repeat(b"1\r\nx\r\n", 60_000)), rate=rate)
        yield Case(f"headers at {rate} bytes/s", lambda: chain([HEAD], repeat(b"X: " + b"y" * 60_000, 20)), rate=rate)
    yield Case("a long body at 2,000 bytes/s", lambda: chain([stated(10 * MB)], repeat(ZEROS, 10)), rate=2000)
    yield Case("a file at 900 bytes/s", lambda: chain([stated(10 * MB)], repeat(ZEROS, 10)), rate=900, is_file=True)
    yield Case("interim answers without end", lambda: repeat(b"HTTP/1.1 100 Continue\r\n\r\n", 400_000), rate=20_000)
    end_less = b"X: y\r\n" * 1000
    yield Case("trailers without end", lambda: chain([CHUNKED, b"0\r\n"], repeat(end_less, 2000)), rate=20_000)


def floods() -> Iterator[Case]:
    """Something large as fast as the line carries it."""
    yield Case("a body of 5 GB", lambda: chain([stated(FIVE_GB * MB)], repeat(ZEROS, FIVE_GB)))
    yield Case("a file of 5 GB", lambda: chain([stated(FIVE_GB * MB)], repeat(ZEROS, FIVE_GB)), is_file=True)
    yield Case("a body without an end", lambda: chain([HEAD + b"\r\n"], repeat(ZEROS, FIVE_GB)))
    yield Case("chunks without an end", lambda: chain([CHUNKED], repeat(b"100000\r\n" + ZEROS + b"\r\n", FIVE_GB)))
    yield Case("a bomb of gzip", lambda: [bomb()])
    yield Case("a header of 10 MB", lambda: [HEAD, b"X: ", *repeat(b"y" * MB, 10), b"\r\n\r\n"])
    yield Case("10 MB of headers", lambda: [HEAD, *repeat(b"X: y\r\n" * 1000, 1700), b"\r\n"])
    yield Case("a chunk's size of 10 MB", lambda: [CHUNKED, *repeat(b"1" * MB, 10)])
    yield Case("a status line of 10 MB", lambda: [b"HTTP/1.1 200 ", *repeat(b"y" * MB, 10)])


class Nowhere(io.BytesIO):
    """A file that keeps nothing: what is measured is the reader's own memory."""

    def write(self, piece: Any) -> int:
        return len(piece)


class Line:
    """Every read lets `rate` bytes through and takes a second; what is left waits for the next."""

    def __init__(self, clock: FakeClock, rate: int | None) -> None:
        self._clock = clock
        self._rate = rate

    def lay(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read, clock, rate = socket.SocketIO.readinto, self._clock, self._rate

        def slowly(self: socket.SocketIO, buffer: Any) -> int | None:
            if rate is None:
                return read(self, buffer)
            clock.advance(1.0)
            return read(self, memoryview(buffer)[:rate])

        monkeypatch.setattr(socket.SocketIO, "readinto", slowly)


def call(case: Case, limits: Limits, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One call against one case: what it broke."""
    clock = FakeClock()
    deadline_s = limits.part_deadline_s if case.is_file else limits.page_deadline_s
    cap = limits.part_bytes if case.is_file else limits.page_bytes
    with (
        monkeypatch.context() as patch,
        Host(lambda _: case.pieces()).serving() as host,
        closing(Transport(host.url, clock=clock, limits=limits)) as transport,
    ):
        Line(clock, case.rate).lay(patch)
        try:
            transport.download("/part", Nowhere()) if case.is_file else transport.get("/list")
            if case.rate is None:
                yield f"{case.name}: it was taken"
        except FeedUnavailable:
            pass
        most_s = TRIES * (deadline_s + SLACK_S) + PAUSES_S
        if clock.monotonic() > most_s:
            yield f"{case.name}: over after {clock.monotonic():.0f} s instead of {most_s:.0f}"
        if transport.bytes_read > transport.calls * (cap + MB):
            yield f"{case.name}: {transport.bytes_read / MB:.0f} MB taken in {transport.calls} tries"


def forget_peak() -> float:
    """Begin a new peak of this process's memory; gives what it holds now, in MB."""
    Path("/proc/self/clear_refs").write_text("5")
    return read_memory("VmRSS")


def read_memory(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def drill(tally: Tally, cases: Iterable[Case], limits: Limits, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in cases:
        before = forget_peak()
        wrong = [*call(case, limits, monkeypatch)]
        grown = read_memory("VmHWM") - before
        if grown > MOST_GROWTH_MB:
            wrong.append(f"{case.name}: memory grew by {grown:.0f} MB")
        tally.count(*wrong)


def test_any_body_is_over_in_its_time_and_takes_little_memory(
    open_tally: OpenTally, is_full_drill: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = open_tally("C2 endless", seed=SEED)
    # The sample's caps are smaller, for speed alone; the full drill keeps to those in force.
    limits = Limits() if is_full_drill else Limits(page_bytes=4 * MB, part_bytes=8 * MB, page_deadline_s=30)

    drill(tally, chain(drips(), floods()), limits, monkeypatch)

    assert tally.violations == []


def test_the_drill_notices_a_line_that_nobody_times(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pace, "wait_s", lambda self: 30.0)
    monkeypatch.setattr(Pace, "count", lambda self, taken: None)
    tally = open_tally("C2 endless", seed=SEED, planted="a timeout of each read alone")

    drill(tally, [case for case in drips() if case.rate == 1][:1], Limits(page_deadline_s=30), monkeypatch)

    assert tally.violations


def test_the_drill_notices_a_body_without_a_cap(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = Transport._pieces

    def uncapped(self: Transport, response: Any, *, max_bytes: int) -> Iterator[bytes]:
        return pieces(self, response, max_bytes=1 << 60)

    monkeypatch.setattr(Transport, "_pieces", uncapped)
    tally = open_tally("C2 endless", seed=SEED, planted="no cap on a body")
    body = Case("a body of 32 MB", lambda: chain([stated(32 * MB)], repeat(ZEROS, 32)))

    drill(tally, [body], Limits(page_bytes=4 * MB), monkeypatch)

    assert tally.violations
