"""Rows of a drop to raw records. Their fields are made when first asked for: of an unchanged record, never."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import accumulate
from operator import itemgetter
from typing import Final

from connectors.gobizkorea.join import Joined, Placed, Row
from connectors.gobizkorea.manifest import Drop, DropTable
from connectors.gobizkorea.wire import ACCOUNT_ID, COLUMNS, ID, PLATFORM, Cells, digest, encode_record
from integrator.record import Kind, Record, Wire

PRODUCT_ID: Final = re.compile(r"GS[0-9]{13}")
# `C` + 7 digits + letter (guide 5); anything printable of that size is still somebody's id.
COMPANY_ID: Final = re.compile(r"[!-~]{1,20}")


class Layout:
    """Where the columns of one table stand in this drop."""

    __slots__ = ("columns", "known")

    def __init__(self, table: DropTable) -> None:
        self.columns = table.columns
        self.known = _pick(table.columns, COLUMNS[table.name])

    def name(self, cells: Row) -> dict[str, Wire]:
        """Cells by column."""
        return dict(zip(self.columns, cells, strict=True))


def _pick(columns: Sequence[str], known: Sequence[str]) -> Callable[[Row], Cells]:
    """Takes the known columns, in the guide's order, out of a row; those the drop does not have are empty."""
    if set(known) <= set(columns):
        return itemgetter(*(columns.index(column) for column in known))
    places = [columns.index(column) if column in columns else None for column in known]
    return lambda cells: tuple("" if place is None else cells[place] for place in places)


class ProductFields(Mapping[str, Wire]):
    """`{"product": {…}, "price_line": [{…}], "image": [{…}]}`, made from the joined rows when first looked into."""

    __slots__ = ("_fields", "_joined", "_layouts")

    def __init__(self, joined: Joined, layouts: tuple[Layout, Layout, Layout]) -> None:
        self._joined = joined
        self._layouts = layouts
        self._fields: dict[str, Wire] | None = None

    @property
    def fingerprint(self) -> bytes:
        """As `wire.fingerprint_product` of the fields, without making them."""
        product, price_line, image = self._layouts
        lines = [price_line.known(row) for row in self._joined.price_lines]
        images = [image.known(row) for row in self._joined.images]
        return digest(product.known(self._joined.cells), lines, images)

    def _make(self) -> dict[str, Wire]:
        if self._fields is None:
            product, price_line, image = self._layouts
            self._fields = {
                "product": product.name(self._joined.cells),
                "price_line": [price_line.name(row) for row in self._joined.price_lines],
                "image": [image.name(row) for row in self._joined.images],
            }
        return self._fields

    def __getitem__(self, name: str) -> Wire:
        return self._make()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._make())

    def __len__(self) -> int:
        return 3


class RecordMaker:
    """Makes the records of one drop, every one with the drop's number as its sequence."""

    def __init__(self, drop: Drop) -> None:
        self._seq = drop.seq
        tables = drop.tables
        self._product = Layout(tables["product"])
        self._company = Layout(tables["company"])
        self._layouts = (self._product, Layout(tables["price_line"]), Layout(tables["image"]))
        self._listing_at = _Places(drop.seq, tables["product"])
        self._account_at = _Places(drop.seq, tables["company"])
        self._id = self._product.columns.index(ID)
        self._account_id = self._company.columns.index(ACCOUNT_ID)

    def make_listing(self, joined: Joined) -> Record:
        """A product row with its price and image rows; a misshaped one as its bare cells."""
        cells, columns = joined.cells, self._product.columns
        fields = ProductFields(joined, self._layouts) if len(cells) == len(columns) else _misshaped(cells, columns)
        name = _readable(cells, self._id, PRODUCT_ID)
        record = self._make(Kind.LISTING, name, fields, self._listing_at, joined.number)
        return replace(record, outranked=True) if joined.outranked and name else record

    def make_account(self, placed: Placed) -> Record:
        """A company row."""
        cells, columns = placed.cells, self._company.columns
        is_whole = len(cells) == len(columns)
        fields = {"company": self._company.name(cells)} if is_whole else _misshaped(cells, columns)
        name = _readable(cells, self._account_id, COMPANY_ID)
        return self._make(Kind.ACCOUNT, name, fields, self._account_at, placed.number)

    def _make(self, kind: Kind, name: str, fields: Mapping[str, Wire], places: "_Places", number: int) -> Record:
        page, offset = places.find(number)
        return Record(PLATFORM, kind, name, fields, partial(encode_record, fields), page, offset, self._seq)


class _Places:
    """Where a row of a table stands: part and row within it."""

    def __init__(self, seq: int, table: DropTable) -> None:
        self._pages = [f"{seq}/{part.file}" for part in table.parts]
        self._first = [0, *accumulate(part.rows for part in table.parts)][:-1]

    def find(self, number: int) -> tuple[str, int]:
        place = bisect_right(self._first, number) - 1
        return self._pages[place], number - self._first[place]


def _misshaped(cells: Row, columns: Sequence[str]) -> dict[str, Wire]:
    return {"row": list(cells), "columns": len(columns)}


def _readable(cells: Row, place: int, pattern: re.Pattern[str]) -> str:
    text = cells[place] if len(cells) > place else ""
    return text if pattern.fullmatch(text) else ""
