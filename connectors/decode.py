"""Bytes to values, strictly: JSON, XML, CP949 and gzip are whole and well-formed, or refused with a reason.

Every function raises BytesRefused; what comes out holds text, integers, decimals as text, lists and mappings only.
"""

import re
import zlib
from collections.abc import Iterator
from typing import Final

from lxml import etree

from connectors.json_page import ROW, Page, as_objects, decode_json_page
from connectors.json_rows import decode_row
from connectors.refusal import refuse
from connectors.strict_json import MAX_DEPTH, decode_json
from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID, NOT_WELL_FORMED, TOO_LARGE, TRUNCATED

__all__ = [
    "MAX_DEPTH", "ROW", "Inflater", "Page", "as_objects", "cut_xml", "decode_cp949", "decode_json", "decode_json_page",
    "decode_row", "decode_xml", "refuse",
]  # fmt: skip

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
            refuse(f"a packed body unpacks to more than {self._max_bytes} bytes", code=TOO_LARGE)
        # Below a mebibyte a high ratio is harmless, and common in short, repetitive pages.
        if self._given > max(1 << 20, self._taken * self._max_ratio):
            refuse(f"a packed body unpacks to more than {self._max_ratio} times its size", code=TOO_LARGE)
