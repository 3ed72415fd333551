"""Rows of a drop to raw records."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import Final

from connectors.gobizkorea.join import Joined, Placed, Row
from connectors.gobizkorea.manifest import Drop, DropTable
from connectors.gobizkorea.wire import ACCOUNT_ID, ID, PLATFORM, encode_record
from integrator.record import Kind, Record, Wire

PRODUCT_ID: Final = re.compile(r"GS[0-9]{13}")
# `C` + 7 digits + letter (guide 5); anything printable of that size is still somebody's id.
COMPANY_ID: Final = re.compile(r"[!-~]{1,20}")


class RecordMaker:
    """Makes the records of one drop, every one with the drop's number as its sequence."""

    def __init__(self, drop: Drop) -> None:
        self._seq = drop.seq
        tables = drop.tables
        self._product = tables["product"].columns
        self._price_line = tables["price_line"].columns
        self._image = tables["image"].columns
        self._company = tables["company"].columns
        self._listing_at = _Places(drop.seq, tables["product"])
        self._account_at = _Places(drop.seq, tables["company"])
        self._id = self._product.index(ID)
        self._account_id = self._company.index(ACCOUNT_ID)

    def make_listing(self, joined: Joined) -> Record:
        """A product row with its price and image rows; a misshaped one as its bare cells."""
        cells = joined.cells
        if len(cells) != len(self._product):
            fields = _misshaped(cells, self._product)
        else:
            fields = {
                "product": dict(zip(self._product, cells, strict=True)),
                "price_line": [dict(zip(self._price_line, row, strict=True)) for row in joined.price_lines],
                "image": [dict(zip(self._image, row, strict=True)) for row in joined.images],
            }
        return self._make(Kind.LISTING, _readable(cells, self._id, PRODUCT_ID), fields, self._listing_at, joined.number)

    def make_account(self, placed: Placed) -> Record:
        """A company row."""
        cells = placed.cells
        if len(cells) != len(self._company):
            fields = _misshaped(cells, self._company)
        else:
            fields = {"company": dict(zip(self._company, cells, strict=True))}
        name = _readable(cells, self._account_id, COMPANY_ID)
        return self._make(Kind.ACCOUNT, name, fields, self._account_at, placed.number)

    def _make(self, kind: Kind, name: str, fields: dict[str, Wire], places: "_Places", number: int) -> Record:
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
    return {"row": cells, "columns": len(columns)}


def _readable(cells: Row, place: int, pattern: re.Pattern[str]) -> str:
    text = cells[place] if len(cells) > place else ""
    return text if pattern.fullmatch(text) else ""
