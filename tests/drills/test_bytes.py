"""Reliability C1: a body that is not whole, in any of nine shapes (packed or plain) and cut anywhere, is refused."""

import gzip
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests

from connectors.decode import decode_json, decode_xml
from connectors.http import Transport
from integrator.errors import BytesRefused
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 9
CHUNK = 97
PACKED = ("Content-Encoding: gzip",)

Read = Callable[[str], bytes]
Cut = Callable[[bytes, random.Random], bytes]


class Server:
    """Gives every caller the same bytes, then closes."""

    def __init__(self) -> None:
        self.reply = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
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
        connection.sendall(self.reply)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


# Answers -------------------------------------------------------------------------------------------------------------


def send(body: bytes, *headers: str, length: int | None = None) -> bytes:
    """An answer that tells its length: the body's own, or another."""
    return close_delimit(body, f"Content-Length: {len(body) if length is None else length}", *headers)


def close_delimit(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", "Connection: close", "Content-Type: application/octet-stream", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def chunk(body: bytes) -> bytes:
    """The body in chunks, with the empty one that ends it."""
    pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in [*pieces, b""])


def cut_off(body: bytes, dice: random.Random, *, keep: int = 0, spare: int = 1) -> bytes:
    """At least `keep` bytes of the front, and at least `spare` bytes less than all."""
    return body[: dice.randrange(keep, len(body) - spare + 1)]


def damage_trailer(packed: bytes, dice: random.Random) -> bytes:
    """One byte of checksum or length is another."""
    place = len(packed) - dice.randrange(1, 9)
    return packed[:place] + bytes([packed[place] ^ dice.randrange(1, 256)]) + packed[place + 1 :]


@dataclass(frozen=True, slots=True)
class Shape:
    """A way not to be whole. `is_page`: HTTP cannot know, and the page's own reader must refuse it."""

    name: str
    make: Cut
    is_page: bool = False


def short_length(body: bytes, dice: random.Random, *headers: str) -> bytes:
    return send(cut_off(body, dice), *headers, length=len(body))


def cut_chunks(body: bytes, dice: random.Random, *headers: str) -> bytes:
    """Before the last chunk, which has no content: with it the body would be whole."""
    return close_delimit(cut_off(chunk(body), dice, spare=len(b"0\r\n\r\n")), "Transfer-Encoding: chunked", *headers)


def pack(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


SHAPES = [
    Shape("gzip halved", lambda page, dice: send(cut_off(pack(page), dice, spare=9), *PACKED)),
    Shape("gzip trailer missing", lambda page, dice: send(pack(page)[: -dice.randrange(1, 9)], *PACKED)),
    Shape("gzip trailer wrong", lambda page, dice: send(damage_trailer(pack(page), dice), *PACKED)),
    Shape("length short, gzip", lambda page, dice: short_length(pack(page), dice, *PACKED)),
    Shape("length short, plain", short_length),
    Shape("close-delimited, gzip", lambda page, dice: close_delimit(cut_off(pack(page), dice), *PACKED)),
    Shape("close-delimited, plain", lambda page, dice: close_delimit(cut_off(page, dice)), is_page=True),
    Shape("chunk cut, gzip", lambda page, dice: cut_chunks(pack(page), dice, *PACKED)),
    Shape("chunk cut, plain", cut_chunks),
    Shape(
        "second gzip member",
        lambda page, dice: send(pack(page) + cut_off(pack(b"[]" + page), dice, keep=1, spare=0), *PACKED),
    ),
    Shape("bytes behind, gzip", lambda page, dice: send(pack(page) + dice.randbytes(dice.randrange(1, 40)), *PACKED)),
    Shape("bytes behind, plain", lambda page, dice: send(page + b"x" * dice.randrange(1, 40)), is_page=True),
    Shape("page ends early, gzip", lambda page, dice: send(pack(cut_off(page, dice)), *PACKED), is_page=True),
    Shape("page ends early, plain", lambda page, dice: send(cut_off(page, dice)), is_page=True),
]


# Pages ---------------------------------------------------------------------------------------------------------------


def write_json(dice: random.Random) -> bytes:
    rows = [{"id": f"{number:06}", "name": f"핸드 크림 {dice.random()}"} for number in range(dice.randrange(5, 40))]
    return json.dumps({"rows": rows}, ensure_ascii=False).encode()


def write_xml(dice: random.Random) -> bytes:
    rows = "".join(f"<row><name>핸드 크림 {dice.random()}</name></row>" for _ in range(dice.randrange(5, 40)))
    return f'<?xml version="1.0" encoding="UTF-8"?><response><rows>{rows}</rows></response>'.encode()


PAGES = [(write_json, decode_json), (write_xml, decode_xml)]


# The drill -----------------------------------------------------------------------------------------------------------


def drill(tally: Tally, server: Server, read: Read, *, cuts: int) -> None:
    dice = random.Random(tally.seed)
    for shape in SHAPES:
        for number in range(cuts):
            write, decode = PAGES[number % 2]
            page = write(dice)
            server.reply = shape.make(page, dice)
            tally.count(*find_acceptance(shape, server.url, read, decode))


def find_acceptance(shape: Shape, url: str, read: Read, decode: Callable[[bytes], object]) -> Iterator[str]:
    try:
        body = read(url)
        if shape.is_page:
            decode(body)
    except (BytesRefused, requests.RequestException):
        return
    yield f"{shape.name}: {len(body)} bytes were accepted"


def read_whole(url: str) -> bytes:
    transport = Transport(url, clock=FakeClock())
    try:
        return transport.get("/page").body
    finally:
        transport.close()


def read_trustingly(url: str) -> bytes:
    """What the library takes for the body."""
    return requests.get(url, timeout=10).content


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_no_body_that_is_not_whole_is_accepted(server: Server, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("bytes", seed=SEED)

    drill(tally, server, read_whole, cuts=100 if is_full_drill else 10)

    assert tally.violations == []


@pytest.mark.parametrize(("write", "decode"), PAGES)
def test_the_same_pages_are_accepted_whole(server: Server, write, decode) -> None:
    """Else a reader that refuses everything would pass the drill."""
    page = write(random.Random(SEED))
    whole = [
        send(page),
        send(pack(page), *PACKED),
        close_delimit(page),
        close_delimit(pack(page), *PACKED),
        close_delimit(chunk(page), "Transfer-Encoding: chunked"),
        close_delimit(chunk(pack(page)), "Transfer-Encoding: chunked", *PACKED),
    ]
    for reply in whole:
        server.reply = reply

        got = read_whole(server.url)

        assert got == page
        decode(got)


def test_the_drill_notices_a_reader_that_trusts_the_library(server: Server, open_tally: OpenTally) -> None:
    tally = open_tally("bytes", seed=SEED, planted="the library's own body")

    drill(tally, server, read_trustingly, cuts=10)

    fooled = {each.partition(":")[0] for each in tally.violations}
    assert {"gzip halved", "gzip trailer missing", "close-delimited, gzip", "second gzip member"} <= fooled
