"""A drop's rows joined by product number in bounded memory.

Rows of one product may stand in any part and order, and a drop may be larger than memory. So while the parts are
verified their rows are dealt out, by the number's checksum, to partitions in one temporary file; a partition is then
small enough to join in memory. The checksum is the same in every process, so a place in the order can be resumed.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from connectors.gobizkorea.manifest import Drop, DropTable
from connectors.gobizkorea.wire import CHANGED, ID

# Decoded bytes of one partition: its rows as Python text take about four times this.
_PARTITION_BYTES: Final = 16 << 20
_MOST_PARTITIONS: Final = 1024
# Rows that wait for their partition's next write; with many partitions they are what stays in memory.
_ROWS_A_WRITE: Final = 64
_LENGTH: Final = struct.Struct("<I")

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and its number within its table."""

    number: int
    cells: Row


@dataclass(frozen=True, slots=True)
class Joined:
    """One product row with its price and image rows. `cells` has another length than the columns in a misshaped row.

    `outranked`: another row of the same id in this drop counts.
    """

    number: int
    cells: Row
    price_lines: Sequence[Row]
    images: Sequence[Row]
    outranked: bool = False


@dataclass(slots=True)
class _Shelf:
    """What a partition holds of one table: rows not yet written, and where the written ones stand."""

    numbers: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    places: list[int] = field(default_factory=list)


class Join:
    """Takes the rows of a drop's four tables, then gives companies and joined products. Use as a context."""

    def __init__(self, drop: Drop, *, decoded_bytes: int, folder: Path | None = None) -> None:
        self._drop = drop
        # The spool's own disk when known: a system's /tmp may be memory.
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by __exit__
        self._count = min(_MOST_PARTITIONS, 1 + decoded_bytes // _PARTITION_BYTES)
        self._shelves = {name: [_Shelf() for _ in range(self._count)] for name in ("product", "price_line", "image")}
        self._companies = _Shelf()
        self._encode = msgspec.msgpack.Encoder().encode
        # Tuples of texts: the collector lets go of those at once, which lists it would look through again and again.
        self._decode = msgspec.msgpack.Decoder(tuple[list[int], list[tuple[str, ...]]]).decode
        self.misshaped: dict[str, int] = {}
        self.orphans: dict[str, int] = {}

    def __enter__(self) -> "Join":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the temporary file go."""
        self._file.close()

    # In ---------------------------------------------------------------------------------------------------------------

    def add(self, table: DropTable, rows: Iterator[Row], *, first: int) -> None:
        """Take a part's rows; `first` is the number of the first one within the table."""
        if table.name == "company":
            self._add_companies(rows, first)
        else:
            self._deal(table, rows, first)

    def _add_companies(self, rows: Iterator[Row], first: int) -> None:
        for number, row in enumerate(rows, first):
            self._put(self._companies, number, row)

    def _deal(self, table: DropTable, rows: Iterator[Row], first: int) -> None:
        shelves, count, key = self._shelves[table.name], self._count, table.columns.index(ID)
        width, is_product = len(table.columns), table.name == "product"
        for number, row in enumerate(rows, first):
            if len(row) != width and not is_product:
                # Which cell is missing nobody knows, so neither does anybody know whose row it is.
                self.misshaped[table.name] = self.misshaped.get(table.name, 0) + 1
                continue
            name = row[key] if len(row) > key else ""
            self._put(shelves[zlib.crc32(name.encode()) % count], number, row)

    def _put(self, shelf: _Shelf, number: int, row: Row) -> None:
        shelf.numbers.append(number)
        shelf.rows.append(row)
        if len(shelf.rows) >= _ROWS_A_WRITE:
            body = self._encode((shelf.numbers, shelf.rows))
            shelf.places.append(self._file.tell())
            self._file.write(_LENGTH.pack(len(body)) + body)
            shelf.numbers, shelf.rows = [], []

    # Out --------------------------------------------------------------------------------------------------------------

    def companies(self) -> Iterator[Placed]:
        """Company rows in file order."""
        return (Placed(number, row) for number, row in self._read(self._companies))

    def products(self) -> Iterator[Joined]:
        """Product rows with their side rows. Copies of one number follow each other, the one that counts last."""
        for partition in range(self._count):
            yield from self._join(partition)

    def _read(self, shelf: _Shelf) -> Iterator[tuple[int, Row]]:
        for place in shelf.places:
            self._file.seek(place)
            (length,) = _LENGTH.unpack(self._file.read(_LENGTH.size))
            numbers, rows = self._decode(self._file.read(length))
            yield from zip(numbers, rows, strict=True)
        yield from zip(shelf.numbers, shelf.rows, strict=True)

    def _join(self, partition: int) -> Iterator[Joined]:
        price_lines = self._group("price_line", partition)
        images = self._group("image", partition)
        copies = self._copies(partition)
        width = len(self._drop.tables["product"].columns)
        for table, side in (("price_line", price_lines), ("image", images)):
            lost = sum(len(rows) for key, rows in side.items() if key not in copies)
            self.orphans[table] = self.orphans.get(table, 0) + lost
        for key, rows in copies.items():
            if len(rows) > 1:
                rows.sort(key=self._rank)
            best, own_lines, own_images = len(rows) - 1, price_lines.get(key, ()), images.get(key, ())
            for place, (number, cells) in enumerate(rows):
                # Rows without an id are not copies of each other, and a misshaped row is rejected as such.
                outranked = place < best and bool(key) and len(cells) == width
                yield Joined(number, cells, own_lines, own_images, outranked)

    def _group(self, name: str, partition: int) -> dict[str, list[Row]]:
        key = self._drop.tables[name].columns.index(ID)
        found: dict[str, list[Row]] = {}
        for _, row in self._read(self._shelves[name][partition]):
            found.setdefault(row[key], []).append(row)
        return found

    def _copies(self, partition: int) -> dict[str, list[tuple[int, Row]]]:
        key = self._drop.tables["product"].columns.index(ID)
        found: dict[str, list[tuple[int, Row]]] = {}
        for number, row in self._read(self._shelves["product"][partition]):
            found.setdefault(row[key] if len(row) > key else "", []).append((number, row))
        return found

    def _rank(self, placed: tuple[int, Row]) -> tuple[bool, str, int]:
        """Within one drop the later 수정일 wins, then the later row (guide 4); a misshaped row never wins."""
        number, row = placed
        columns = self._drop.tables["product"].columns
        if len(row) != len(columns):
            return False, "", number
        changed = row[columns.index(CHANGED)].strip()
        return True, changed if len(changed) == 8 and changed.isdigit() else "", number
