"""The mock's HTTP server: one asyncio loop, keep-alive, bytes exactly as the platforms would send them.

Small on purpose: a web framework costs more a call than a recorded answer does, and would mend what faults must break.
"""

import asyncio
import contextlib
import functools
import json
import logging
import signal
from collections.abc import Callable
from http import HTTPStatus
from typing import TextIO

import httptools

from connectors.mock.message import Response
from connectors.mock.platforms import Mock
from connectors.mock.settings import Settings

_MAX_BODY = 1 << 20
Handler = Callable[[str, str, dict[str, str], bytes], Response]


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered in the order in which they came."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._transport: asyncio.Transport | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._target, self._headers, self._body = b"", dict[str, str](), b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._send(Response(400, "text/plain", b"Bad Request"), is_last=True)

    # --- called by the parser ----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._target, self._headers, self._body = b"", {}, b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        if name.lower() == b"expect" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body[: _MAX_BODY - len(self._body)]

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("latin-1")
        try:
            response = self._handle(method, self._target.decode("latin-1"), self._headers, self._body)
        except Exception:
            # The parser would call it a bad request; it is the mock that failed.
            logging.getLogger(__name__).exception("no answer to %s %s", method, self._target)
            response = Response(500, "text/plain", b"the mock failed; see its log")
        self._send(response, is_last=not self._parser.should_keep_alive(), has_body=method != "HEAD")

    # --- answers -----------------------------------------------------------------------------------------------

    def _send(self, response: Response, *, is_last: bool, has_body: bool = True) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if response.is_dropped:
            transport.abort()
            return
        body = response.body if response.sent is None else response.body[: response.sent]
        is_last = is_last or response.sent is not None
        head, body = _head(response, is_last=is_last), body if has_body else b""
        if response.pace is not None:
            transport.write(head)
            self._drip(transport, body, response.pace, is_last=is_last)
            return
        transport.write(head + body)
        if is_last:
            transport.close()

    def _drip(self, transport: asyncio.Transport, body: bytes, pace: int, *, is_last: bool) -> None:
        """A tenth of a second's bytes now, the rest later."""
        step = max(1, pace // 10)
        transport.write(body[:step])
        if len(body) > step and not transport.is_closing():
            asyncio.get_running_loop().call_later(
                0.1, functools.partial(self._drip, transport, body[step:], pace, is_last=is_last)
            )
        elif is_last:
            transport.close()


def _head(response: Response, *, is_last: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        f"Content-Type: {response.content_type}",
        *(f"{name}: {value}" for name, value in response.headers),
        f"Content-Length: {len(response.body)}",
    ]
    if is_last:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def _run(mock: Mock, host: str, port: int, out: TextIO) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Signals cannot be caught outside the main thread; there the caller cancels the task.
        with contextlib.suppress(RuntimeError, ValueError, NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: Connection(mock.handle), host, port, backlog=512)
    address = server.sockets[0].getsockname()
    shown = f"[{address[0]}]" if ":" in address[0] else address[0]
    print(json.dumps({"url": f"http://{shown}:{address[1]}"}), file=out, flush=True)
    await stop.wait()
    server.close()


def serve(settings: Settings, *, host: str, port: int, out: TextIO) -> None:
    """Listens until SIGTERM or SIGINT; the address goes to `out` once it does."""
    mock = Mock(settings)
    try:
        asyncio.run(_run(mock, host, port, out))
    finally:
        mock.close()
