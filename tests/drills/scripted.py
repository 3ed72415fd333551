"""A host that answers each request with whatever a drill wants, byte by byte if it must; keeps what it was asked."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

Reply = Callable[[bytes], Iterable[bytes]]


class Host:
    """One connection, one request; `reply` gets the request's head and gives the pieces to send."""

    def __init__(self, reply: Reply = lambda _: ()) -> None:
        self.reply = reply
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.open: set[socket.socket] = set()

    @contextmanager
    def serving(self) -> Iterator["Host"]:
        """Listens inside the block; what is still being sent at its end is cut off."""
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            for each in list(self.open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            # Each in a thread of its own: one that drips must not keep the next caller waiting.
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        self.open.add(connection)
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            self.asked.append(head)
            for piece in self.reply(head):
                connection.sendall(piece)
        self.open.discard(connection)


def answer(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer that closes its connection."""
    lines = (f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
