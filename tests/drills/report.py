"""Writes docs/drills.md: the promise of each drill, as its file says it, and what the last full run printed.

    python -m tests.drills.report

after `make drills`. A line of a drill that the last full run left out stays as it was.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
LINES: Final = ROOT / ".data" / "drills.txt"
PAGE: Final = ROOT / "docs" / "drills.md"

_HEAD: Final = """\
# Drills: promises, tried until they break

A drill plants trouble, over and over, and counts what breaks; 0 violations is the promise. `make test` tries each at a
stated sample, `make drills` everything (`K=words` only some); both end with one line a drill, and a full run keeps them
in `.data/drills.txt`. Each drill is also run against a planted bug, whose violations it must find: a drill that finds
none there is itself broken.

This page is written by `python -m tests.drills.report` out of the drills and of what the last full run printed.

| | promise | drill |
|---|---|---|
"""
_FIGURES: Final = """
## Figures

Full runs on two cores. Lines that name a planted bug count what the drill found of it.

```text
"""


def read_promise(path: Path) -> str:
    """The first sentence that a drill's file says of itself."""
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(said.partition("\n\n")[0].split())


def write_rows() -> Iterator[str]:
    for path in sorted(HERE.glob("test_*.py"), key=read_promise):
        code, promise = split_code(read_promise(path))
        yield f"| {code} | {promise} | [{path.stem}](../{path.relative_to(ROOT)}) |\n"


def split_code(promise: str) -> tuple[str, str]:
    """`Reliability C1: whole or refused.` as C1 and its words."""
    found = re.fullmatch(r"Reliability ((?:[A-Z][0-9]+(?:, )?)+): (.+)", promise)
    return (found[1], found[2]) if found else ("", promise)


def name_of(line: str) -> str:
    """`drill NAME: trials=…` without its figures."""
    return line.partition(": trials=")[0]


def merge(before: Iterable[str], now: Iterable[str]) -> list[str]:
    """One line a drill, the newest."""
    found = {name_of(line): line for line in (*before, *now) if line.startswith("drill ")}
    return [found[name] for name in sorted(found)]


def write() -> None:
    """Write the page anew."""
    before = PAGE.read_text("utf-8").splitlines() if PAGE.exists() else []
    now = LINES.read_text("utf-8").splitlines() if LINES.exists() else []
    lines = "".join(f"{line}\n" for line in merge(before, now))
    PAGE.write_text(_HEAD + "".join(write_rows()) + _FIGURES + lines + "```\n", "utf-8")


if __name__ == "__main__":
    write()
