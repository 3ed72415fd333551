"""One row of a platform's recorded list, replaced by another; and the row as its connector would have read it."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.decode import decode_json_page
from tests.drills.stage import Stage

Row = dict[str, object]
# A row as it goes into the list again: the JSON text of an object, or the cells of a line.
Poison = Callable[[Row], str | list[str]]


@dataclass(frozen=True, slots=True)
class Fields:
    """What the guide calls the fields that matter most, and others of every sort."""

    id: str
    names: tuple[str, ...]
    seller: str
    updated: str
    others: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        return (self.id, *self.names, self.seller, self.updated, *self.others)


FIELDS = {
    "buykorea": Fields(
        "GOODS_SN", ("ENG_GOODS_NM", "KOR_GOODS_NM"), "ENTP_SN", "UPD_DT",
        ("SUMRY_CN", "PRC_SCTN", "MOQ_QTY", "HS_CD", "PRC_EXPSR_YN", "MAIN_IMG_URL", "CRTFC_CD"),
    ),
    "gobizkorea": Fields(
        "상품번호", ("상품명(영문)", "상품명(국문)"), "업체번호", "수정일",
        ("상세설명(영문)", "최소주문량", "HS부호", "재고수량", "중량(kg)", "상태", "사업자등록번호"),
    ),
    "tradekorea": Fields(
        "productNo", ("name",), "supplier", "updatedAt",
        ("summary", "priceText", "minimumOrder", "attributes", "images", "viewCount", "registeredAt", "maskedFields"),
    ),
}  # fmt: skip

_PAGES = {
    "buykorea": ("GET /v1/goodsList?type=json&pageNo=1&numOfRows=100", ("response", "body", "items", "item")),
    "tradekorea": ("GET /v1/products?limit=50", ("items",)),
}
_DROP = "GET /drop/v2/100250/"
_PART = "product-0001.csv.gz"


def read_row_id(stage: Stage, number: int) -> str:
    """The id of a row of the first page."""
    row, _ = _read_row(stage, number)
    return str(row[FIELDS[stage.platform].id])


def replace_row(stage: Stage, number: int, poison: Poison) -> dict[str, bytes]:
    """The answers to give in place of the recorded ones."""
    row, put = _read_row(stage, number)
    return put(poison(row))


def _read_row(stage: Stage, number: int) -> tuple[Row, Callable[[str | list[str]], dict[str, bytes]]]:
    return _read_object(stage, number) if stage.platform in _PAGES else _read_line(stage, number)


def _read_object(stage: Stage, number: int) -> tuple[Row, Callable[[str | list[str]], dict[str, bytes]]]:
    question, path = _PAGES[stage.platform]
    body = stage.body_of(question)
    cut = decode_json_page(body, path).cuts[number]()

    def put(text: str | list[str]) -> dict[str, bytes]:
        return {question: body.replace(cut, str(text).encode(), 1)}

    return json.loads(cut), put


def _read_line(stage: Stage, number: int) -> tuple[Row, Callable[[str | list[str]], dict[str, bytes]]]:
    text = gzip.decompress(stage.body_of(_DROP + _PART)).decode("cp949")
    lines = list(csv.reader(io.StringIO(text, newline="")))

    def put(cells: str | list[str]) -> dict[str, bytes]:
        lines[1 + number] = list(cells)
        return _write_drop(stage, lines)

    return dict(zip(lines[0], lines[1 + number], strict=True)), put


def _write_drop(stage: Stage, lines: list[list[str]]) -> dict[str, bytes]:
    sheet = io.StringIO(newline="")
    csv.writer(sheet, lineterminator="\r\n").writerows(lines)
    part = gzip.compress(sheet.getvalue().encode("cp949"), mtime=0)
    manifest = json.loads(stage.body_of(_DROP + "manifest.json"))
    (told,) = manifest["tables"]["product"]["parts"]
    told |= {"bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()}
    return {_DROP + _PART: part, _DROP + "manifest.json": json.dumps(manifest, ensure_ascii=False).encode()}


# Poisons -------------------------------------------------------------------------------------------------------------

DEEP = "[" * 80 + "]" * 80
VALUES = (
    "null", "true", "0", "-1", "1.5", "-0", "1e400", "NaN", "-Infinity", '""', '"-"', "[]", "{}", "[[]]", '[{"a":1}]',
    '{"a":{}}', "9" * 30, "9" * 400, '"' + "9" * 400 + '"', r'"\ud83d"', r'"\u0000"', r'"a\u202eb\u200b"',
    '"<script>x</script>"', '"' + "긴" * 300_000 + '"', '"a\tb\u0001"', DEEP, '"₩1,234"', '"20261399"', '"../../x"',
)  # fmt: skip
CELLS = (
    "", "-", " ", "NaN", "-Infinity", "1e400", "-0", "-1", "1.5", "true", "null", "[]", "{}", "9" * 30, "9" * 400,
    "\x00", "a\x00b", "a\x01b", 'a"b', "a\r\nb", "a,b", "<script>x</script>", "긴" * 100_000, "￦1,234", "20261399",
    "../../x", "?" * 50, "=1+1", "0x1F", "１２",
)  # fmt: skip


def poisons_of(platform: str) -> dict[str, Poison]:
    """By name; some two hundred a platform."""
    if platform == "gobizkorea":
        found = {f"{name} = {cell[:12]!r}": _cell(name, cell) for name in FIELDS[platform].all for cell in CELLS}
        return found | SHAPES_OF_LINES
    found = {f"{name} = {value[:12]}": _value(name, value) for name in FIELDS[platform].all for value in VALUES}
    found |= {f"no {name}": _without(name) for name in FIELDS[platform].all}
    found |= {f"{name} twice": _twice(name) for name in FIELDS[platform].all}
    return found | SHAPES_OF_OBJECTS


def _write(row: Mapping[str, object], **raw: str) -> str:
    pairs = [f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in row.items()]
    return "{" + ",".join([*pairs, *(f"{json.dumps(name)}:{value}" for name, value in raw.items())]) + "}"


def _value(name: str, value: str) -> Poison:
    return lambda row: _write({key: inner for key, inner in row.items() if key != name}, **{name: value})


def _without(name: str) -> Poison:
    return lambda row: _write({key: inner for key, inner in row.items() if key != name})


def _twice(name: str) -> Poison:
    return lambda row: _write(row, **{name: '"another"'})


def _cell(name: str, cell: str) -> Poison:
    return lambda row: [cell if key == name else str(inner) for key, inner in row.items()]


def _cells(row: Row) -> list[str]:
    return [str(cell) for cell in row.values()]


SHAPES_OF_OBJECTS: dict[str, Poison] = {
    "null": lambda _: "null",
    "a text": lambda _: '"gone"',
    "a number": lambda _: "7",
    "a list": lambda row: f"[{_write(row)}]",
    "an empty object": lambda _: "{}",
    "a nest": lambda _: DEEP,
    "every value null": lambda row: _write(dict.fromkeys(row)),
    "every value a list": lambda row: _write({name: [value] for name, value in row.items()}),
    "in an object": lambda row: f'{{"row":{_write(row)}}}',
    "names in capitals turned": lambda row: _write({name.swapcase(): value for name, value in row.items()}),
    "ten thousand fields more": lambda row: _write({**row, **{f"X{number}": number for number in range(10_000)}}),
}
SHAPES_OF_LINES: dict[str, Poison] = {
    "a cell less": lambda row: _cells(row)[:-1],
    "a cell more": lambda row: [*_cells(row), "x"],
    "one cell": lambda row: _cells(row)[:1],
    "the first cell lost": lambda row: _cells(row)[1:],
    "a thousand cells": lambda row: _cells(row) * 40,
    "every cell empty": lambda row: ["" for _ in row],
    "cells turned": lambda row: _cells(row)[::-1],
}
