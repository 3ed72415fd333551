"""One call to a platform, before it is made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from connectors.admission import Counted
from integrator.ports import Kept

Headers = Mapping[str, str] | Callable[[], Mapping[str, str]]

_AGENT: Final = "Hanmaru/1 (product catalogue)"


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: `query` as it goes on the wire, `known` the answer that we have, `sink` where a file goes."""

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Headers = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    sink: "Sink | None" = None
    counted: Counted | None = None
    known: Kept | None = field(default=None, repr=False)

    def make_headers(self) -> dict[str, str]:
        """Those of one try; the names of the answer we have ask for another one only."""
        headers = {**(self.headers() if callable(self.headers) else self.headers)}
        headers.setdefault("User-Agent", _AGENT)
        headers.setdefault("Accept-Encoding", "gzip" if self.sink is None else "identity")
        if self.known is not None:
            told = {"If-None-Match": self.known.etag, "If-Modified-Since": self.known.last_modified}
            headers |= {name: value for name, value in told.items() if value}
        return headers

    @property
    def is_spoilt(self) -> bool:
        """Whether a repeat would write behind half a file."""
        return self.sink is not None and self.sink.written > 0


class Sink:
    """Where a download goes, and whether anything went there."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.written = 0

    def pour(self, pieces: Iterator[bytes]) -> None:
        """Write them all."""
        for piece in pieces:
            self.written += len(piece)
            self._file.write(piece)
