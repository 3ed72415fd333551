"""One part of a drop, verified to its last byte while its rows are read.

The rows are good only when the iterator has ended: bytes, hash, gzip, CP949, header and row count are all checked by
then. Until every part of the drop has ended so, nothing of it may be used (guide 3).

A quote without its partner costs the drop: fields hold line breaks, so the text up to the next quote may be one field
or many rows, and only the row count tells that something is wrong.
"""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connectors.decode import Inflater
from connectors.gobizkorea.manifest import DropTable, Part
from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID, HASH, NOT_WELL_FORMED, ROWS, TRUNCATED

# A part has 4 GB decoded at the most. Deflate cannot pack better than 1032:1, so the size alone is the cap.
LARGEST_PART: Final = 4 << 30
_NO_RATIO: Final = 1100
_PIECE: Final = 1 << 18
# Descriptions have up to 100,000 letters; the csv module's own limit lies only just above that.
_LONGEST_FIELD: Final = 16 << 20


def is_whole(path: Path, part: Part) -> bool:
    """Whether a file is the one its manifest promises."""
    if path.stat().st_size != part.bytes:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == part.sha256


def check_size(taken: int, part: Part) -> None:
    """Refuses a file of another length than its manifest says."""
    if taken < part.bytes:
        raise BytesRefused(f"{part.file} ends after {taken} of {part.bytes} bytes", code=TRUNCATED)
    if taken > part.bytes:
        raise BytesRefused(f"{part.file} has {taken} bytes instead of {part.bytes}", code=HASH)


def decoded_bytes(path: Path) -> int:
    """What a gzip file says it unpacks to (its last four bytes): good for planning, believed by nobody."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return int.from_bytes(file.read(4), "little")


def read_part(path: Path, part: Part, table: DropTable) -> Iterator[list[str]]:
    """The part's rows. Raises BytesRefused (TRUNCATED, ENCODING_INVALID, ROWS, NOT_WELL_FORMED)."""
    rows = 0
    reader = _read_rows(path, part)
    if next(reader, None) != list(table.columns):
        raise BytesRefused(f"the header of {part.file} is not what its manifest says", code=NOT_WELL_FORMED)
    for row in reader:
        rows += 1
        if rows > part.rows:
            # At once: a bomb may hold a thousand times the rows that it states.
            raise BytesRefused(f"{part.file} holds more rows than the {part.rows} it states", code=ROWS)
        yield row
    if rows < part.rows:
        raise BytesRefused(f"{part.file} holds {rows} rows instead of {part.rows}", code=ROWS)


def _read_rows(path: Path, part: Part) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        yield from filter(None, csv.reader(_read_lines(path, part)))
    except csv.Error as error:
        raise BytesRefused(f"{part.file} is not CSV: {error}", code=NOT_WELL_FORMED) from error
    except UnicodeDecodeError as error:
        # Without its cause: that exception holds the bytes, and with them persons.
        raise BytesRefused(f"{part.file} is not CP949: {error.reason}", code=ENCODING_INVALID) from None
    except BytesRefused as error:
        raise BytesRefused(f"{part.file}: {error}", code=error.code) from error


def _read_lines(path: Path, part: Part) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("cp949")("strict")
    rest = ""
    for piece in _inflate(path):
        rest += decoder.decode(piece)
        end = rest.rfind("\n") + 1
        # `newline=""` keeps line breaks inside quoted fields as they were sent.
        yield from io.StringIO(rest[:end], newline="")
        rest = rest[end:]
        if len(rest) > _LONGEST_FIELD:
            raise BytesRefused("a line without end", code=NOT_WELL_FORMED)
    yield from io.StringIO(rest + decoder.decode(b"", final=True), newline="")


def _inflate(path: Path) -> Iterator[bytes]:
    inflater = Inflater(max_bytes=LARGEST_PART, max_ratio=_NO_RATIO)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield from inflater.feed(piece)
    inflater.finish()
