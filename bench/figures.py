"""One figure, its bound, and how a run prints them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` against `bound` in `unit`; `at_least` says which side is good; None as bound: told, not judged."""

    name: str
    value: float
    unit: str
    bound: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether the value is on the good side of its bound."""
        if self.bound is None:
            return True
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def print_figures(figures: Sequence[Figure], *, title: str, to: Path) -> None:
    """A table for people on stdout, the same as JSON in a file."""
    table = Table(title=title)
    for heading in ("figure", "measured", "bound", "", "note"):
        table.add_column(heading, justify="right" if heading in {"measured", "bound"} else "left")
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        bound = "" if figure.bound is None else f"{sign} {figure.bound:,g} {figure.unit}"
        verdict = "" if figure.bound is None else ("holds" if figure.holds else "MISSED")
        table.add_row(figure.name, f"{figure.value:,.4g} {figure.unit}", bound, verdict, figure.note)
    Console(width=150).print(table)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(json.dumps([asdict(figure) | {"holds": figure.holds} for figure in figures], indent=1) + "\n")
