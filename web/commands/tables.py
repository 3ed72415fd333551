"""Tables for people, on a terminal of any width: nothing is cut off; and JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

Cell = str | int | float | None


def write_table(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Aligned columns, numbers to the right."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[place]) for row in texts)]) for place, name in enumerate(names)]
    right = [all(isinstance(row[place], int | float) for row in rows) and bool(rows) for place in range(len(names))]
    lines = [list(names), *texts]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def write_time(at: float | None) -> str:
    """POSIX seconds as a person reads them, UTC."""
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.1f}" if abs(cell) >= 1 or not cell else f"{cell:.2g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, ensure_ascii=False))


def readable(row: Mapping[str, object], *, times: Sequence[str] = (), documents: Sequence[str] = ()) -> dict[str, Any]:
    """A row with its times as text and its JSON columns as JSON."""
    readable = dict(row)
    for name in times:
        at = row[name]
        readable[name] = write_time(at) if isinstance(at, float | int) else None
    for name in documents:
        text = row[name]
        readable[name] = json.loads(text) if isinstance(text, str) else None
    return readable
