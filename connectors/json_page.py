"""Pages in JSON: an envelope around rows, each row with its own bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from connectors.json_rows import mend_letters, scan_row
from connectors.refusal import refuse
from connectors.strict_json import check_shape, json_text, may_hold_surrogates, refuse_rest, scan, skip, unique
from integrator.record import Wire

# Where a row that is no object stands; no field of any guide has this name.
ROW: Final = "row"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read: the envelope (the rows' place holds None), the rows, and for each a function giving its bytes.

    `rows` is None where the envelope has no rows at that place; `found` is then what stands there instead ("" or null).
    `is_list` is False where one object stands in place of a list of one.
    """

    envelope: Wire
    rows: list[Wire] | None
    cuts: Sequence[Callable[[], bytes]] = ()
    found: Wire = None
    is_list: bool = True


def decode_json_page(body: bytes, path: Sequence[str]) -> Page:
    """Read a page whose rows stand at `path` (`("items",)`), as a list or as one object in place of a list of one.

    One pass gives the values and the places of the rows, so that the bytes of a row cost nothing until asked for. The
    envelope is read strictly; a row that is JSON but not sound costs only itself (see `json_rows`).
    """
    text = json_text(body)
    reader = _PageReader(text, tuple(path))
    envelope, end = reader.read(skip(text, 0), 0)
    refuse_rest(text, end)
    check_shape(envelope, text)
    rows = reader.rows
    if rows and may_hold_surrogates(text):
        rows = [mend_letters(row) for row in rows]
    return Page(envelope, rows, reader.cuts, reader.found, reader.is_list)


class _PageReader:
    """Walks the objects on the way to the rows itself and leaves everything else to the C scanner."""

    def __init__(self, text: str, path: tuple[str, ...]) -> None:
        self._text = text
        self._path = path
        self.rows: list[Wire] | None = None
        self.cuts: list[Callable[[], bytes]] = []
        self.found: Wire = None
        self.is_list = True

    def read(self, at: int, level: int) -> tuple[Wire, int]:
        opening = self._text[at : at + 1]
        if level == len(self._path):
            return self._read_rows(at, opening)
        if opening != "{":
            return scan(self._text, at)
        return self._read_object(at + 1, level)

    def _read_object(self, at: int, level: int) -> tuple[Wire, int]:
        pairs: list[tuple[str, Wire]] = []
        at = skip(self._text, at)
        if self._text[at : at + 1] == "}":
            return {}, at + 1
        while True:
            key, at = self._read_key(at)
            if key == self._path[level]:
                value, at = self.read(at, level + 1)
            else:
                value, at = scan(self._text, at)
            pairs.append((key, value))
            at, ended = self._after(at, "}")
            if ended:
                return unique(pairs), at

    def _read_key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            refuse(f"JSON is not well-formed: a key is missing at {at}")
        key, at = scan(self._text, at)
        at = skip(self._text, at)
        if self._text[at : at + 1] != ":":
            refuse(f"JSON is not well-formed: a colon is missing at {at}")
        return str(key), skip(self._text, at + 1)

    def _after(self, at: int, closing: str) -> tuple[int, bool]:
        at = skip(self._text, at)
        sign = self._text[at : at + 1]
        if sign == closing:
            return at + 1, True
        if sign != ",":
            refuse(f"JSON is not well-formed: a comma is missing at {at}")
        return skip(self._text, at + 1), False

    def _read_rows(self, at: int, opening: str) -> tuple[Wire, int]:
        if opening == "[":
            return None, self._read_list(at + 1)
        value, end = scan_row(self._text, at)
        if not isinstance(value, dict):
            self.found = value
            return value, end
        self.rows, self.is_list = [value], False
        self.cuts = [partial(_cut_text, self._text, at, end)]
        return None, end

    def _read_list(self, at: int) -> int:
        text, cuts = self._text, self.cuts
        rows: list[Wire] = []
        self.rows = rows
        at = skip(text, at)
        if text[at : at + 1] == "]":
            return at + 1
        while True:
            row, end = scan_row(text, at)
            rows.append(row)
            cuts.append(partial(_cut_text, text, at, end))
            at, ended = self._after(end, "]")
            if ended:
                return at


def _cut_text(text: str, start: int, end: int) -> bytes:
    # Strict UTF-8 reads and writes the same bytes, so this is the row exactly as sent.
    return text[start:end].encode("utf-8")


def as_objects(
    rows: Sequence[Wire], cuts: Sequence[Callable[[], bytes]]
) -> tuple[list[Mapping[str, Wire]], list[Callable[[], bytes]]]:
    """Rows and their bytes; what is no object is kept under the name `ROW`, to be rejected like any other record."""
    found: list[Mapping[str, Wire]] = [row if isinstance(row, dict) else {ROW: row} for row in rows]
    encoded = [
        cut if fields is row else partial(msgspec.json.encode, fields)
        for row, fields, cut in zip(rows, found, cuts, strict=True)
    ]
    return found, encoded
