"""HTTP to a platform: whole bytes or none, waits as told, secrets kept. Against a scripted server on a free port."""

import gzip
import io
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from connectors.http import Answer, Transport
from connectors.pace import Limits
from integrator.errors import AccessRefused, BytesRefused, FeedChanged, FeedUnavailable, QuotaSpent
from integrator.store.spool import DiskSpool

KEY = "aB3+Kx/9pQ7mZ2vT+8LrYw=="
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class FakeClock:
    """Only sleep and `skip` move it on; every pause is written down."""

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
        self.pauses: list[float] = []
        self.step = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        self.at += timedelta(seconds=self.step)
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += timedelta(seconds=seconds)


class ScriptedServer:
    """Answers each connection with the next bytes of its script and closes; keeps what it was asked."""

    def __init__(self) -> None:
        self.script: list[bytes] = []
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/feed"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            piece = connection.recv(65536)
            if not piece:
                return
            asked += piece
        self.asked.append(asked)
        connection.sendall(self.script.pop(0) if self.script else b"")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    yield server
    server.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def transport(server: ScriptedServer, clock: FakeClock) -> Iterator[Transport]:
    transport = Transport(server.url, clock=clock, secrets=[KEY], limits=Limits(page_bytes=200_000))
    yield transport
    transport.close()


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        "Connection: close",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def packed(body: bytes) -> bytes:
    return answer(body, "Content-Encoding: gzip")


TEXT = b'{"rows": "' + bytes(range(97, 123)) * 300 + b'"}'
GZIP = gzip.compress(TEXT)


def test_a_whole_gzip_body_is_unpacked_and_counted(server: ScriptedServer, transport: Transport) -> None:
    server.script = [packed(GZIP)]

    got = transport.get("/list")

    assert (got.status, got.body, got.raw_bytes) == (200, TEXT, len(GZIP))
    assert (transport.calls, transport.bytes_read) == (1, len(GZIP))
    assert got.headers["content-ENCODING"] == "gzip"


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(packed(GZIP[: len(GZIP) // 2]), id="halved"),
        pytest.param(packed(GZIP[:-8]), id="trailer missing"),
        pytest.param(packed(GZIP[:-3]), id="trailer cut"),
        pytest.param(packed(GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:]), id="checksum wrong"),
        pytest.param(packed(GZIP + GZIP), id="second member"),
        pytest.param(packed(GZIP + b"x"), id="bytes behind it"),
        pytest.param(packed(b""), id="packed nothing"),
        pytest.param(answer(TEXT, length=len(TEXT) + 1), id="short length"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n10\r\n0123", id="chunk cut"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n", id="last chunk missing"),
        pytest.param(answer(TEXT, "Content-Encoding: br"), id="packed unasked"),
    ],
)
def test_a_body_that_is_not_whole_is_refused(server: ScriptedServer, transport: Transport, cut: bytes) -> None:
    server.script = [cut] * 5

    with pytest.raises(BytesRefused):
        transport.get("/list")

    assert len(server.asked) == 5


def test_every_cut_of_a_gzip_body_is_refused(server: ScriptedServer, clock: FakeClock) -> None:
    small = gzip.compress(b'{"a":1}')
    for end in range(len(small)):
        server.script = [packed(small[:end])] * 5
        with pytest.raises(BytesRefused):
            Transport(server.url, clock=clock).get("/list")


def test_a_bomb_is_noticed_before_it_is_in_memory(server: ScriptedServer, transport: Transport) -> None:
    server.script = [packed(gzip.compress(b"\0" * 50_000_000))] * 5

    with pytest.raises(BytesRefused, match="unpacks to more than"):
        transport.get("/list")


def test_a_body_above_the_cap_is_refused(server: ScriptedServer, transport: Transport) -> None:
    server.script = [answer(b"x" * 200_001)] * 5

    with pytest.raises(BytesRefused, match="more than 200000 bytes"):
        transport.get("/list")


def test_a_dripping_body_ends_by_the_monotonic_clock(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    server.script = [answer(b"x" * 100)] * 5
    clock.step = 70

    with pytest.raises(FeedUnavailable, match="too slowly"):
        transport.get("/list")


def test_trouble_that_passes_is_tried_again_with_growing_pauses(
    server: ScriptedServer, transport: Transport, clock: FakeClock
) -> None:
    server.script = [
        b"",
        answer(b"", status="503 Down"),
        packed(GZIP[:20]),
        answer(b"no", status="500 No"),
        answer(b"yes"),
    ]

    assert transport.get("/list").body == b"yes"
    assert clock.pauses == [1, 2, 4, 8]


def test_a_call_is_tried_five_times_and_no_more(server: ScriptedServer, transport: Transport) -> None:
    server.script = [answer(b"", status="502 Bad")] * 9

    with pytest.raises(FeedUnavailable, match="502"):
        transport.get("/list")

    assert len(server.asked) == 5


@pytest.mark.parametrize(
    ("told", "pause"),
    [("37", 37), ("Mon, 14 Sep 2026 03:00:30 GMT", 30), ("Mon, 14 Sep 2020 03:00:30 GMT", 1), ("-5", 1), ("soon", 1)],
)
def test_a_ban_is_waited_for_as_told(
    server: ScriptedServer, transport: Transport, clock: FakeClock, told: str, pause: int
) -> None:
    server.script = [answer(b"", f"Retry-After: {told}", status="429 Slow"), answer(b"yes")]

    assert transport.get("/list").body == b"yes"
    assert clock.pauses == [pause]


@pytest.mark.parametrize("told", ["901", "3600", "99999999999999999999"])
def test_a_long_ban_ends_the_call_and_says_until_when(
    server: ScriptedServer, transport: Transport, clock: FakeClock, told: str
) -> None:
    server.script = [answer(b"", f"Retry-After: {told}", status="429 Slow"), answer(b"yes")]

    with pytest.raises(FeedUnavailable) as caught:
        transport.get("/list")

    assert caught.value.retry_at is not None
    assert caught.value.retry_at >= clock.at + timedelta(seconds=901)
    assert clock.pauses == []


@pytest.mark.parametrize(
    ("status", "error"),
    [("302 Found", FeedChanged), ("401 No", AccessRefused), ("403 No", AccessRefused), ("418 Teapot", FeedChanged)],
)
def test_what_will_not_pass_is_not_tried_again(
    server: ScriptedServer, transport: Transport, status: str, error: type[Exception]
) -> None:
    server.script = [answer(b"", "Location: http://elsewhere.example/", status=status), answer(b"yes")]

    with pytest.raises(error):
        transport.get("/list")

    assert len(server.asked) == 1


def test_a_reader_decides_what_an_answer_means(server: ScriptedServer, transport: Transport, clock: FakeClock) -> None:
    def reader(got: Answer) -> str:
        if got.body == b"busy":
            raise FeedUnavailable("busy", retry_at=clock.now() + timedelta(seconds=5))
        return got.body.decode().upper()

    server.script = [answer(b"busy"), answer(b"fine")]

    assert transport.read("/list", reader=reader) == "FINE"
    assert clock.pauses == [5]


def test_a_spent_quota_is_not_knocked_at_again(server: ScriptedServer, transport: Transport) -> None:
    def reader(_: Answer) -> None:
        raise QuotaSpent("spent")

    server.script = [answer(b"22")] * 2

    with pytest.raises(QuotaSpent):
        transport.read("/list", reader=reader)
    assert len(server.asked) == 1


# Answers that did not change -----------------------------------------------------------------------------------------


def read_text(transport: Transport, spool: DiskSpool) -> str:
    def reader(got: Answer) -> str:
        transport.check_status(got)
        return got.body.decode()

    return transport.read("/drop", reader=reader, spool=spool)


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ('ETag: "abc"', b'If-None-Match: "abc"'),
        ('ETag: W/"abc"', b'If-None-Match: W/"abc"'),
        ("Last-Modified: Mon, 14 Sep 2026 03:00:00 GMT", b"If-Modified-Since: Mon, 14 Sep 2026 03:00:00 GMT"),
    ],
)
def test_an_answer_that_has_a_name_is_not_sent_again(
    server: ScriptedServer, transport: Transport, tmp_path: Path, named: str, asked: bytes
) -> None:
    server.script = [answer(b"as it is", named), answer(b"", status="304 Not Modified")]
    spool = DiskSpool(tmp_path)

    assert [read_text(transport, spool), read_text(transport, spool)] == ["as it is", "as it is"]
    assert asked not in server.asked[0]
    assert asked in server.asked[1]
    assert transport.bytes_read == len(b"as it is")


def test_a_server_may_ignore_the_question(server: ScriptedServer, transport: Transport, tmp_path: Path) -> None:
    server.script = [answer(b"old", 'ETag: "1"'), answer(b"new", 'ETag: "2"'), answer(b"", status="304 Not Modified")]
    spool = DiskSpool(tmp_path)

    assert [read_text(transport, spool) for _ in range(3)] == ["old", "new", "new"]


def test_nothing_is_kept_of_an_answer_without_a_name(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    server.script = [answer(b"as it is")]

    read_text(transport, DiskSpool(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_nothing_is_kept_of_an_answer_that_is_refused(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    server.script = [answer(b"gone", 'ETag: "1"', status="404 Not Found")]

    with pytest.raises(FeedChanged):
        read_text(transport, DiskSpool(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_not_modified_is_no_answer_to_who_did_not_ask(
    server: ScriptedServer, transport: Transport, tmp_path: Path
) -> None:
    server.script = [answer(b"", status="304 Not Modified")]

    with pytest.raises(FeedChanged):
        read_text(transport, DiskSpool(tmp_path))


# What is sent --------------------------------------------------------------------------------------------------------


def test_path_and_query_are_sent_exactly_as_given(server: ScriptedServer, transport: Transport) -> None:
    server.script = [answer(b"")]

    transport.get("/a%20b~%7E", query="serviceKey=aB3%2BKx%2F9%3D&x=%E2%82%AC")

    assert server.asked[0].startswith(b"GET /feed/a%20b~%7E?serviceKey=aB3%2BKx%2F9%3D&x=%E2%82%AC HTTP/1.1\r\n")


def test_headers_may_be_made_anew_for_each_try(server: ScriptedServer, transport: Transport) -> None:
    marks = iter(["one", "two"])
    server.script = [answer(b"", status="500 No"), answer(b"yes")]

    transport.get("/list", headers=lambda: {"X-Mark": next(marks)})

    assert [mark in asked for mark, asked in zip([b"one", b"two"], server.asked, strict=True)] == [True, True]


def test_a_file_comes_as_sent(server: ScriptedServer, transport: Transport) -> None:
    server.script = [answer(GZIP, "Content-Type: application/gzip")]
    sink = io.BytesIO()

    got = transport.download("/part", sink)

    assert (got.status, got.body, got.raw_bytes, sink.getvalue()) == (200, b"", len(GZIP), GZIP)


def test_a_file_that_breaks_off_is_not_written_on_behind(server: ScriptedServer, transport: Transport) -> None:
    server.script = [answer(b"", status="500 No"), answer(GZIP[:50], length=len(GZIP)), answer(GZIP)]

    with pytest.raises(BytesRefused):
        transport.download("/part", io.BytesIO())

    assert len(server.asked) == 2


def test_nothing_is_written_of_an_answer_that_the_judge_refuses(server: ScriptedServer, transport: Transport) -> None:
    def judge(got: Answer) -> None:
        raise FeedChanged(got.headers["Content-Type"])

    server.script = [answer(b"{}", "Content-Type: application/json")]
    sink = io.BytesIO()

    with pytest.raises(FeedChanged, match="application/json"):
        transport.download("/part", sink, judge=judge)
    assert sink.getvalue() == b""


def break_off(server: ScriptedServer, transport: Transport) -> None:
    server.script = [b""] * 5
    transport.get("/list", query=f"serviceKey={KEY}")


def echo(server: ScriptedServer, transport: Transport) -> None:
    def reader(_: Answer) -> None:
        raise FeedChanged(f"bad key {quote(KEY, safe='')}")

    server.script = [answer(b"")]
    transport.read("/list", query=f"serviceKey={KEY}", reader=reader)


def no_server(server: ScriptedServer, transport: Transport) -> None:
    server.close()
    transport.get("/list", query=f"serviceKey={KEY}")


@pytest.mark.parametrize("fail", [break_off, echo, no_server])
def test_no_secret_is_left_in_an_exception_or_a_log(
    transport: Transport, caplog: pytest.LogCaptureFixture, fail: Callable[[ScriptedServer, Transport], None]
) -> None:
    server = ScriptedServer()
    caplog.set_level(logging.DEBUG)
    own = Transport(server.url, clock=FakeClock(), secrets=[KEY])

    with pytest.raises((FeedUnavailable, FeedChanged)) as caught:
        fail(server, own)

    error = caught.value
    said = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert "aB3" not in said
    assert error.__cause__ is None
    assert error.__context__ is None
