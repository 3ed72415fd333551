"""Answers of a server in their frames, whole or not: nine shapes of a body that is not whole, packed and plain."""

import gzip
import random
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 97
PACKED = ("Content-Encoding: gzip",)

Cut = Callable[[bytes, random.Random], bytes]


class Server:
    """Gives every caller the bytes that `answer` makes of the question (head and body), then closes."""

    def __init__(self, answer: Callable[[bytes, bytes], bytes]) -> None:
        self._make = answer
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
        while not _is_whole(asked):
            piece = connection.recv(65536)
            if not piece:
                return
            asked += piece
        head, _, body = asked.partition(b"\r\n\r\n")
        with suppress(ConnectionError):
            connection.sendall(self._make(head, body))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(timeout=5)


def _is_whole(asked: bytes) -> bool:
    head, end, body = asked.partition(b"\r\n\r\n")
    told = re.search(rb"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
    return bool(end) and len(body) >= (int(told[1]) if told else 0)


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
