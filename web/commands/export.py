"""`hanmaru export`: one row each, streamed, as JSON lines or CSV that is safe to open."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import click

from web.wiring import wired

if TYPE_CHECKING:
    from integrator.store.database import Database

Row = Mapping[str, object]

# A spreadsheet takes a cell that begins so for a formula, full-width forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@click.command()
@click.argument(
    "what",
    type=click.Choice(["listings", "products", "sellers", "clusters", "rejections", "judgements", "receipts", "ids"]),
)
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, writable=True), help="A file; by default standard output.")
def export(*, what: str, form: str, output: str | None) -> None:
    """Write WHAT, one row each. In CSV a text that a spreadsheet would run as a formula begins with an apostrophe."""
    with wired() as wiring, _opened(output) as file:
        rows = _SOURCES[what](wiring.database)
        (write_csv if form == "csv" else write_jsonl)(rows, file)


def write_jsonl(rows: Iterator[Row], file: TextIO) -> None:
    """One JSON object a line."""
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
        file.write("\n")


def write_csv(rows: Iterator[Row], file: TextIO) -> None:
    """A header of the first row's keys, then the rows; what is no single value is written as JSON."""
    first = next(rows, None)
    if first is None:
        return
    writer = csv.DictWriter(file, fieldnames=list(first), lineterminator="\r\n")
    writer.writeheader()
    writer.writerow({name: write_cell(value) for name, value in first.items()})
    for row in rows:
        writer.writerow({name: write_cell(value) for name, value in row.items()})


def write_cell(value: object) -> str:
    """A cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def _opened(output: str | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    with open(output, "w", encoding="utf-8", newline="") as file:
        yield file


def _listings(database: "Database") -> Iterator[Row]:
    from integrator.export import listing_row
    from integrator.store.readings import stream_listings

    for each in stream_listings(database):
        row = listing_row(
            each.listing,
            generation=each.generation,
            product_id=each.product_id,
            seller_id=each.seller_id,
            visible=each.visible,
        )
        yield {**row, "hidden_reason": None if each.visible else each.hidden_reason or row["hidden_reason"]}


def _products(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_products

    return map(_plain, stream_products(database))


def _sellers(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_sellers

    return map(_plain, stream_sellers(database))


def _clusters(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_clusters

    for product_id, pairs in stream_clusters(database):
        yield {"product_id": product_id, "listings": [list(pair) for pair in pairs]}


def _rejections(database: "Database") -> Iterator[Row]:
    from integrator.store.readings import stream_rejections

    for row in stream_rejections(database):
        yield {
            "platform": row["platform"],
            "kind": row["kind"],
            "id": row["external_id"],
            "code": row["code"],
            "reasons": json.loads(row["reasons"]),
            "page": row["page"],
            "offset": row["offset"],
            "raw": row["raw"].hex(),
            "first_run": row["first_run"],
            "last_run": row["last_run"],
            "first_at": _time(row["first_at"]),
            "last_at": _time(row["last_at"]),
            "resolved_at": _time(row["resolved_at"]),
        }


def _judgements(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_judgements

    for row in stream_judgements(database):
        yield {**row, "at": _time(row["at"])}


def _receipts(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_receipts

    for kind, receipt in stream_receipts(database):
        yield {"kind": kind, **_plain(receipt)}


def _ids(database: "Database") -> Iterator[Row]:
    from integrator.store.catalogue import stream_ids

    for row in stream_ids(database):
        yield {**row, "minted_at": _time(row["minted_at"]), "retired_at": _time(row["retired_at"])}


def _plain(value: object) -> Row:
    import msgspec

    plain: Row = msgspec.json.decode(msgspec.json.encode(value))
    return plain


def _time(at: object) -> str | None:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(at, int | float) else None


_SOURCES: Mapping[str, Callable[["Database"], Iterator[Row]]] = {
    "listings": _listings,
    "products": _products,
    "sellers": _sellers,
    "clusters": _clusters,
    "rejections": _rejections,
    "judgements": _judgements,
    "receipts": _receipts,
    "ids": _ids,
}
