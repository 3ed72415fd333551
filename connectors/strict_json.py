"""JSON, strictly: whole, unique keys, real numbers, whole letters, bounded depth; or refused with a reason.

What comes out holds text, integers, decimals as text, lists and mappings only. Reading is most of what an unchanged
feed costs, so nearly all rows take a quick way whose soundness is checked from outside.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from connectors.refusal import refuse
from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID, NOT_WELL_FORMED
from integrator.record import Wire

# Feeds nest five deep at most; 64 leaves room for growth and keeps every walk over a value far from the stack's end.
MAX_DEPTH: Final = 64
# No field of any guide has more than 18 digits; longer runs are an attack on the number parser.
MAX_DIGITS: Final = 40
# Exponents are not sent by any platform; this many digits either way is still a number a database can hold.
MAX_EXPONENT: Final = 30

_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")


def _unique(pairs: list[tuple[str, Wire]]) -> dict[str, Wire]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        refuse("JSON object with a key given twice")
    return fields


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        refuse("JSON number with too many digits")
    return int(text)


def _fraction(text: str) -> str:
    """A number with a point or an exponent, as its own text: a float would not hold the digits that were sent."""
    if len(text) > MAX_DIGITS:
        refuse("JSON number with too many digits")
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        refuse("JSON number out of range")
    return text


def _constant(name: str) -> NoReturn:
    refuse(f"JSON with {name}, which is no number")


# The C scanner with hooks: one call into Python for each object and each number, none for texts.
_SCANNER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


# Without the hook for objects, three times as fast; what it cannot see is checked from outside, or read again strictly.
_QUICK: Final = json.JSONDecoder(parse_float=_fraction, parse_constant=_constant)
_LARGEST: Final = 10**MAX_DIGITS
_QUICK_DEPTH: Final = 8


def json_text(body: bytes) -> str:
    """The text of a JSON body. Refuses what is not UTF-8, or begins with a byte order mark."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BytesRefused("body is not UTF-8", code=ENCODING_INVALID) from error
    if text.startswith("\ufeff"):
        refuse("JSON begins with a byte order mark")
    return text


def decode_json(body: bytes) -> Wire:
    """Read a JSON body; numbers come as int, or as their own text when they have a point or an exponent."""
    text = json_text(body)
    value, end = _scan(text, _skip(text, 0))
    if _skip(text, end) != len(text):
        refuse("JSON goes on after its end")
    _check_shape(value, text)
    return value


def _scan(text: str, start: int) -> tuple[Wire, int]:
    try:
        return _SCANNER.raw_decode(text, start)
    except RecursionError:
        refuse("JSON nests too deep")
    except ValueError as error:
        # The parser's own message names a place, never the text; its exception holds the whole body, so it is let go.
        reason = f"JSON is not well-formed: {getattr(error, 'msg', 'unreadable')} at {getattr(error, 'pos', 0)}"
        raise BytesRefused(reason, code=NOT_WELL_FORMED) from None


def _scan_row(text: str, start: int) -> tuple[Wire, int]:
    """As `_scan` and the checks of `_check_shape` for one row, quickly where the row is like nearly all rows."""
    try:
        value, end = _QUICK.raw_decode(text, start)
    except (RecursionError, ValueError):
        value, end = None, start
    if end > start and _has_unique_keys(value, text, start, end):
        return value, end
    value, end = _scan(text, start)
    _check_depth(value)
    return value, end


def _has_unique_keys(value: Wire, text: str, start: int, end: int) -> bool:
    """Whether no key came twice, nothing nests deep and no number is long; False also where that cannot be told.

    Where no quote is followed by a blank, every key is followed by `":`, which may stand inside texts too. So the
    keys that were read are at most the keys that were sent, and these at most the places of `":`: all three are
    equal only if no key was given twice.
    """
    # Of the blanks only the space may stand inside a text; the others are found faster alone than behind a quote.
    find = text.find
    if not find('" ', start, end) == find("\n", start, end) == find("\r", start, end) == find("\t", start, end) == -1:
        return False
    keys = _count_keys(value)
    return keys >= 0 and keys == text.count('":', start, end)


def _count_keys(value: Wire) -> int:
    """Keys of all objects inside; -1 when something nests deep or a number is long."""
    keys = 0
    level: list[Wire] = [value] if isinstance(value, dict | list) else []
    for _ in range(_QUICK_DEPTH if level else 0):
        inside: list[Wire] = []
        for outer in level:
            values: Iterable[Wire] = ()
            if isinstance(outer, dict):
                keys += len(outer)
                values = outer.values()
            elif isinstance(outer, list):
                values = outer
            # Nearly all are texts, which neither nest nor count.
            for inner in [inner for inner in values if type(inner) is not str]:
                kind = type(inner)
                if kind is dict or kind is list:
                    inside.append(inner)
                elif isinstance(inner, int) and not -_LARGEST < inner < _LARGEST:
                    return -1
        if not inside:
            return keys
        level = inside
    return -1


def _skip(text: str, start: int) -> int:
    if text[start : start + 1] > " ":
        return start
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _check_shape(value: Wire, text: str) -> None:
    """Depth and lone surrogates: two rare faults, looked for only where the text could hold them."""
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value)
    _check_letters(value, text)


def _check_letters(value: Wire, text: str) -> None:
    if "\\u" in text and _ESCAPED_SURROGATE.search(text):
        _check_surrogates(value)


def _check_depth(value: Wire) -> None:
    level: list[Wire] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if type(inner) is dict or type(inner) is list]
        if not level:
            return
    refuse(f"JSON nests deeper than {MAX_DEPTH}")


def _inside(value: Wire) -> Sequence[Wire]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _check_surrogates(value: Wire) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BytesRefused("JSON text with half a surrogate pair", code=NOT_WELL_FORMED) from None


# Pages: an envelope around rows, each row with its own bytes --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A page as read: the envelope (the rows' place holds None), the rows, and for each a function giving its bytes.

    `rows` is None where the envelope has no rows at that place; `found` is then what stands there instead ("" or null).
    """

    envelope: Wire
    rows: list[Wire] | None
    cuts: Sequence[Callable[[], bytes]] = ()
    found: Wire = None


def decode_json_page(body: bytes, path: Sequence[str]) -> Page:
    """Read a page whose rows stand at `path` (`("items",)`), as a list or as one object in place of a list of one.

    One pass gives the values and the places of the rows, so that the bytes of a row cost nothing until asked for.
    """
    text = json_text(body)
    reader = _PageReader(text, tuple(path))
    envelope, end = reader.read(_skip(text, 0), 0)
    if _skip(text, end) != len(text):
        refuse("JSON goes on after its end")
    _check_depth(envelope)
    _check_letters([envelope, reader.rows], text)
    return Page(envelope, reader.rows, reader.cuts, reader.found)


class _PageReader:
    """Walks the objects on the way to the rows itself and leaves everything else to the C scanner."""

    def __init__(self, text: str, path: tuple[str, ...]) -> None:
        self._text = text
        self._path = path
        self.rows: list[Wire] | None = None
        self.cuts: list[Callable[[], bytes]] = []
        self.found: Wire = None

    def read(self, at: int, level: int) -> tuple[Wire, int]:
        opening = self._text[at : at + 1]
        if level == len(self._path):
            return self._read_rows(at, opening)
        if opening != "{":
            return _scan(self._text, at)
        return self._read_object(at + 1, level)

    def _read_object(self, at: int, level: int) -> tuple[Wire, int]:
        pairs: list[tuple[str, Wire]] = []
        at = _skip(self._text, at)
        if self._text[at : at + 1] == "}":
            return {}, at + 1
        while True:
            key, at = self._read_key(at)
            if key == self._path[level]:
                value, at = self.read(at, level + 1)
            else:
                value, at = _scan(self._text, at)
            pairs.append((key, value))
            at, ended = self._after(at, "}")
            if ended:
                return _unique(pairs), at

    def _read_key(self, at: int) -> tuple[str, int]:
        if self._text[at : at + 1] != '"':
            refuse(f"JSON is not well-formed: a key is missing at {at}")
        key, at = _scan(self._text, at)
        at = _skip(self._text, at)
        if self._text[at : at + 1] != ":":
            refuse(f"JSON is not well-formed: a colon is missing at {at}")
        return str(key), _skip(self._text, at + 1)

    def _after(self, at: int, closing: str) -> tuple[int, bool]:
        at = _skip(self._text, at)
        sign = self._text[at : at + 1]
        if sign == closing:
            return at + 1, True
        if sign != ",":
            refuse(f"JSON is not well-formed: a comma is missing at {at}")
        return _skip(self._text, at + 1), False

    def _read_rows(self, at: int, opening: str) -> tuple[Wire, int]:
        if opening == "[":
            return None, self._read_list(at + 1)
        value, end = _scan_row(self._text, at)
        if not isinstance(value, dict):
            self.found = value
            return value, end
        self.rows = [value]
        self.cuts = [partial(_cut_text, self._text, at, end)]
        return None, end

    def _read_list(self, at: int) -> int:
        text, cuts = self._text, self.cuts
        rows: list[Wire] = []
        self.rows = rows
        at = _skip(text, at)
        if text[at : at + 1] == "]":
            return at + 1
        while True:
            row, end = _scan_row(text, at)
            rows.append(row)
            cuts.append(partial(_cut_text, text, at, end))
            at, ended = self._after(end, "]")
            if ended:
                return at


def _cut_text(text: str, start: int, end: int) -> bytes:
    # Strict UTF-8 reads and writes the same bytes, so this is the row exactly as sent.
    return text[start:end].encode("utf-8")
