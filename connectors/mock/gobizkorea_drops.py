"""Drops: rows as gzip parts with a manifest. Source: GobizKOREA guide 2.1, sections 3 to 5."""

import csv
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from threading import Event

import numpy as np

from connectors.mock import gobizkorea_rows as rows
from connectors.mock.catalogue import Catalogue, Listing
from connectors.mock.days import DAY, DRIFT_DAY, Days, moment
from connectors.mock.rng import mix, mix_array, remainders
from connectors.mock.tampering import Spoilt, Tampering
from connectors.mock.world import GOBIZKOREA, Recent, World

FIRST_FULL = 100_250
"""The number of day 0's full drop; each day takes 25 numbers."""
PART_ROWS = 50_000
_TWICE_PER_MILLE = 3
_ORPHANS_PER_MILLE = 1
_RENAMED = {"수정일": "변경일"}
_FILLING, _FILLING_MB = b"0\r\n" * 349_525, 256


@dataclass(frozen=True, slots=True)
class Drop:
    """One number of the series: the full drop of a day (hour -1) or the delta of one hour."""

    seq: int

    @property
    def day(self) -> int:
        return (self.seq - FIRST_FULL) // 25

    @property
    def hour(self) -> int:
        return (self.seq - FIRST_FULL) % 25 - 1

    @property
    def is_full(self) -> bool:
        return self.hour < 0

    @property
    def covers_to(self) -> int:
        return self.day * DAY + (self.hour + 1) * 3600

    @property
    def created(self) -> int:
        return self.covers_to + 300


class Table:
    """Writes one table's parts; every part begins with the header line. `spoilt`: see there."""

    def __init__(self, name: str, columns: tuple[str, ...], folder: Path, spoilt: Spoilt | None = None) -> None:
        self.name, self.columns, self._folder, self._spoilt = name, columns, folder, spoilt
        if spoilt is Spoilt.COLUMN:
            self.columns = tuple(_RENAMED.get(column, column) for column in columns)
        self.parts: list[dict[str, object]] = []
        self.rows = 0
        self._open()

    def _open(self) -> None:
        self._text = StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._packed: list[bytes] = []
        self._count = 0
        self._writer.writerow(self.columns)

    def add(self, row: Iterable[str]) -> None:
        if self._count == PART_ROWS:
            self.close()
            self._open()
        self._writer.writerow(row)
        self._count += 1
        if self._count % 500 == 0:
            self._pack()

    def _pack(self) -> None:
        self._packed.append(self._packer.compress(self._encode(self._text.getvalue())))
        self._text.seek(0)
        self._text.truncate()

    def _encode(self, text: str) -> bytes:
        if self._spoilt is Spoilt.ENCODING:
            return text.encode()
        body = text.encode("cp949")
        return body[:-2] + b"\xff\r\n" if body and self._spoilt is Spoilt.BYTES else body

    def close(self) -> None:
        self._pack()
        if self._spoilt is Spoilt.SIZE:
            self._packed += [self._packer.compress(_FILLING) for _ in range(_FILLING_MB)]
        body = b"".join([*self._packed, self._packer.flush()])
        file = f"{self.name}-{len(self.parts) + 1:04d}.csv.gz"
        (self._folder / file).write_bytes(body)
        digest = hashlib.sha256(body).hexdigest()
        self.parts.append({"file": file, "rows": self._count, "bytes": len(body), "sha256": digest})
        self.rows += self._count


class Renderer:
    """Turns a drop into files. The folder then holds `manifest.json`, written last, and the parts."""

    def __init__(self, world: World, tampering: Tampering, stop: Event) -> None:
        self._world, self._tampering, self._stop = world, tampering, stop
        self._numbers = rows.Numbers(world)
        self._days = Days(world, GOBIZKOREA)
        self._catalogues: Recent[int, Catalogue] = Recent(lambda day: Catalogue(world, GOBIZKOREA, day), 2)
        self._accounts = np.unique(world.account_numbers(GOBIZKOREA, world.size))

    def render(self, drop: Drop, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        columns = _product_columns(drop.day)
        tables = (
            Table("product", columns, folder, self._tampering.spoilt), Table("price_line", rows.PRICE_LINE, folder),
            Table("image", rows.IMAGE, folder), Table("company", rows.COMPANY, folder),
        )  # fmt: skip
        for listing in self._listings(drop):
            if self._stop.is_set():
                return
            self._add(listing, tables, columns)
        catalogue_day = drop.day - 1 if drop.is_full else drop.day
        self._add_companies(drop, tables[3], catalogue_day)
        for table in tables:
            table.close()
        document = json.dumps(_manifest(drop, tables), ensure_ascii=False, indent=1)
        waiting = folder / "manifest.part"
        waiting.write_text(document, encoding="utf-8")
        waiting.rename(folder / "manifest.json")

    def _listings(self, drop: Drop) -> Iterator[Listing]:
        if drop.is_full:
            yield from self._standing(drop)
        else:
            yield from self._edited(drop)

    def _standing(self, drop: Drop) -> Iterator[Listing]:
        """What is shown at 00:00: yesterday's last state without what is withdrawn at this midnight."""
        before = self._catalogues.get(drop.day - 1)
        after = self._days.state(drop.day)
        count = len(before.state.alive)
        leaves = after.withdrawn[:count] == drop.day
        index = np.arange(count, dtype=np.int64)
        index = index[before.state.alive & ~leaves & self._tampering.keeps(index)]
        for number in index:
            yield before.listing(int(number))

    def _edited(self, drop: Drop) -> Iterator[Listing]:
        """Rows whose last change of the day falls into this hour, and a tenth of the next hour's as they were."""
        now, earlier = self._catalogues.get(drop.day), None
        index = np.arange(len(now.state.alive), dtype=np.int64)
        hours = now.state.updated // 3600 - drop.day * 24
        kept = now.state.alive & self._tampering.keeps(index)
        for number in index[kept & (hours == drop.hour)]:
            yield now.listing(int(number))
        twice = kept & (hours == drop.hour + 1) & (remainders(mix_array(12, index), 10) == 0) & (now.state.revision > 0)
        for number in index[twice]:
            earlier = earlier or self._catalogues.get(drop.day - 1)
            if number < len(earlier.state.alive) and earlier.state.alive[number]:
                yield earlier.listing(int(number))

    def _add(self, listing: Listing, tables: tuple[Table, ...], columns: tuple[str, ...]) -> None:
        product, price_line, image, _ = tables
        row = rows.product_row(listing, self._numbers)
        if self._tampering.poisons(listing.index):
            row.update(_POISONS[listing.index % len(_POISONS)])
        if listing.unusable == 5:
            # Three fields where the header has 27; the number is that of no sound product.
            product.add([row["상품번호"], "칸이 모자란 행", "Short row"])
            return
        if not listing.unusable and mix(13, listing.index) % 1000 < _TWICE_PER_MILLE:
            product.add([{**row, "수정일": row["등록일"], "최소주문량": "100 EA"}.get(name, "") for name in columns])
        product.add([row.get(name, "") for name in columns])
        number = row["상품번호"]
        for line in rows.price_rows(listing, number):
            price_line.add(line)
        for line in rows.image_rows(listing, number):
            image.add(line)
        if mix(14, listing.index) % 1000 == 0:
            price_line.add([f"GS19990101{listing.index % 100_000:05d}", "1", "FOB", "USD", "1", "EA", "", "상품 없음"])

    def _add_companies(self, drop: Drop, table: Table, day: int) -> None:
        catalogue = self._catalogues.get(day)
        accounts = self._accounts
        if not drop.is_full:
            renamed = self._days.rename_days(accounts) == drop.day
            accounts = accounts[renamed & (remainders(mix_array(15, accounts), 11) == drop.hour)]
        elif self._tampering.is_empty:
            accounts = accounts[:0]
        for account in accounts[remainders(mix_array(16, accounts), 1000) >= _ORPHANS_PER_MILLE]:
            table.add(rows.company_row(catalogue.accounts.statement(int(account)), self._numbers, self._world.seed))


_POISONS: tuple[dict[str, str], ...] = (
    {"상품명(국문)": "", "상품명(영문)": ""},
    {"수정일": "20261399"},
    {"업체번호": ""},
)


def _product_columns(day: int) -> tuple[str, ...]:
    """From the drift on two columns change places and one is added."""
    if day < DRIFT_DAY:
        return rows.PRODUCT
    number, korean, english, *others = rows.PRODUCT
    return (number, english, korean, *others, rows.CARBON)


def feed_version(day: int) -> str:
    return "2.2" if day >= DRIFT_DAY else "2.1"


def _manifest(drop: Drop, tables: tuple[Table, ...]) -> dict[str, object]:
    return {
        "seq": drop.seq, "kind": "FULL" if drop.is_full else "DELTA", "baseSeq": None if drop.is_full else drop.seq - 1,
        "feedVersion": feed_version(drop.day), "createdAt": moment(drop.created).isoformat(),
        "coversFrom": None if drop.is_full else moment(drop.covers_to - 3600).isoformat(),
        "coversTo": moment(drop.covers_to).isoformat(), "encoding": "CP949", "lineEnd": "CRLF",
        "tables": {
            table.name: {"columns": list(table.columns), "rows": table.rows, "parts": table.parts} for table in tables
        },
    }  # fmt: skip
