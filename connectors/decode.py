"""Bytes to values, strictly: JSON, XML, CP949 and gzip are whole and well-formed, or refused with a reason.

Every function raises BytesRefused; what comes out holds text, integers, decimals as text, lists and mappings only.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NoReturn

from lxml import etree

from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID, NOT_WELL_FORMED, TOO_LARGE, TRUNCATED
from integrator.record import Wire

# Feeds nest five deep at most; 64 leaves room for growth and keeps every walk over a value far from the stack's end.
MAX_DEPTH: Final = 64
# No field of any guide has more than 18 digits; longer runs are an attack on the number parser.
MAX_DIGITS: Final = 40
# Exponents are not sent by any platform; this many digits either way is still a number a database can hold.
MAX_EXPONENT: Final = 30

_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")


def refuse(reason: str, *, code: str = NOT_WELL_FORMED) -> NoReturn:
    """Raise BytesRefused for this reason."""
    raise BytesRefused(reason, code=code)


# JSON ----------------------------------------------------------------------------------------------------------------


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


def _skip(text: str, start: int) -> int:
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def _check_shape(value: Wire, text: str) -> None:
    """Depth and lone surrogates: two rare faults, looked for only where the text could hold them."""
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value)
    if _ESCAPED_SURROGATE.search(text):
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
    _check_shape([envelope, reader.rows], text)
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
        value, end = _scan(self._text, at)
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
            row, end = _scan(text, at)
            rows.append(row)
            cuts.append(partial(_cut_text, text, at, end))
            at, ended = self._after(end, "]")
            if ended:
                return at


def _cut_text(text: str, start: int, end: int) -> bytes:
    # Strict UTF-8 reads and writes the same bytes, so this is the row exactly as sent.
    return text[start:end].encode("utf-8")


# XML -----------------------------------------------------------------------------------------------------------------

_DECLARATION: Final = re.compile(rb"<\?xml\s[^>]{0,200}?\?>")
_DECLARED: Final = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PROLOG: Final = re.compile(rb"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)
_KOREAN: Final = frozenset({"euc-kr", "euckr", "cp949", "ms949", "uhc", "windows-949", "ks_c_5601-1987"})
_UTF8: Final = frozenset({"utf-8", "utf8"})
_BOM: Final = b"\xef\xbb\xbf"


def decode_xml(body: bytes, *, charset: str | None = None) -> etree._Element:
    """Read an XML body. `charset` is what the header said; where header, mark and declaration disagree, it is refused.

    No document type, so no entities and nothing fetched. A body labelled EUC-KR is read as CP949, its superset, which
    is what Korean servers send under that label.
    """
    marked = body.startswith(_BOM)
    bare = body[3:] if marked else body
    declaration = _DECLARATION.match(bare)
    declared = _DECLARED.search(declaration.group()) if declaration else None
    labels = {charset.lower()} if charset else set()
    labels |= {declared.group(1).decode("ascii").lower()} if declared else set()
    labels |= {"utf-8"} if marked else set()
    rest = _read_labelled(bare[declaration.end() :] if declaration else bare, labels)
    _refuse_doctype(rest)
    return _parse_xml(rest)


def _read_labelled(body: bytes, labels: set[str]) -> bytes:
    """The body in UTF-8, if all its labels name the same encoding and its bytes are valid in it."""
    if labels <= _UTF8:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BytesRefused("XML is not UTF-8", code=ENCODING_INVALID) from error
        return body
    if labels <= _KOREAN:
        return decode_cp949(body).encode("utf-8")
    refuse(f"XML under the labels {', '.join(sorted(labels))}", code=ENCODING_INVALID)


def _refuse_doctype(body: bytes) -> None:
    prolog = _PROLOG.match(body)
    if prolog and body[prolog.end() :].startswith(b"<!"):
        refuse("XML with a document type")


def _parse_xml(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (0, 0))
        raise BytesRefused(f"XML is not well-formed at {line}:{column}", code=NOT_WELL_FORMED) from None


def cut_xml(body: bytes, tag: str) -> list[tuple[int, int]]:
    """Where the outermost elements named `tag` (without attributes) begin and end in a well-formed body."""
    name = re.escape(tag.encode("ascii"))
    token = re.compile(rb"<!\[CDATA\[.*?\]\]>|<!--.*?-->|(<%b>)|(</%b>)|(<%b\s*/>)" % (name, name, name), re.DOTALL)
    return list(_spans(token.finditer(body)))


def _spans(tokens: Iterator[re.Match[bytes]]) -> Iterator[tuple[int, int]]:
    depth, start = 0, 0
    for token in tokens:
        if token.group(1):
            start = start if depth else token.start()
            depth += 1
        elif token.group(2):
            depth -= 1
            if not depth:
                yield start, token.end()
        elif token.group(3) and not depth:
            yield token.span()


# CP949 and gzip ------------------------------------------------------------------------------------------------------


def decode_cp949(body: bytes) -> str:
    """Microsoft's code page 949 (a superset of EUC-KR), strictly."""
    try:
        return body.decode("cp949")
    except UnicodeDecodeError as error:
        raise BytesRefused(f"byte {error.start} is not CP949", code=ENCODING_INVALID) from error


class Inflater:
    """One gzip member, piece by piece: whole with its trailer and nothing behind it, and within its caps.

    `feed` gives what a piece unpacks to; `finish` refuses a stream that has not ended. zlib checks CRC and length.
    """

    def __init__(self, *, max_bytes: int, max_ratio: int) -> None:
        self._stream = zlib.decompressobj(31)
        self._max_bytes = max_bytes
        self._max_ratio = max_ratio
        self._taken = 0
        self._given = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Unpacked pieces of at most one mebibyte, so that a bomb is noticed before it is in memory."""
        self._taken += len(piece)
        while piece:
            if self._stream.eof:
                refuse("gzip goes on after its end", code=TRUNCATED)
            out = self._unpack(piece)
            self._given += len(out)
            self._check_caps()
            piece = self._stream.unconsumed_tail or self._stream.unused_data
            if out:
                yield out

    def finish(self) -> None:
        """Refuses a stream without its end, checksum and length."""
        if not self._stream.eof:
            refuse("gzip ends early", code=TRUNCATED)

    def _unpack(self, piece: bytes) -> bytes:
        try:
            return self._stream.decompress(piece, 1 << 20)
        except zlib.error as error:
            raise BytesRefused("gzip is damaged", code=TRUNCATED) from error

    def _check_caps(self) -> None:
        if self._given > self._max_bytes:
            refuse(f"unpacks to more than {self._max_bytes} bytes", code=TOO_LARGE)
        # Below a mebibyte a high ratio is harmless, and common in short, repetitive pages.
        if self._given > max(1 << 20, self._taken * self._max_ratio):
            refuse(f"unpacks to more than {self._max_ratio} times its size", code=TOO_LARGE)
