"""Where a store lies, and how it is copied."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from integrator.record import Batch, Kind, Plan


@dataclass(frozen=True, slots=True)
class Home:
    """One store with its index, its spool, and a log of what was asked and given: all of it files in the folder.

    On a server the database is no file: a subclass says by `url`, `make` and `copy_to` where it is and how a new one
    comes about, empty or out of another (`CREATE DATABASE … TEMPLATE …`). Nobody has a home open that is copied.
    """

    folder: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/hanmaru.db"

    def make(self) -> Self:
        """Begin it, without tables."""
        self.folder.mkdir()
        return self

    def copy_to(self, other: Self) -> Self:
        """The same state there, whatever was there."""
        shutil.rmtree(other.folder, ignore_errors=True)
        shutil.copytree(self.folder, other.folder)
        return other

    # The log ---------------------------------------------------------------------------------------------------------

    def log(self, kind: str, said: object) -> None:
        """What a killed process did stays written."""
        with (self.folder / "log").open("a") as file:
            file.write(json.dumps([kind, said]) + "\n")

    def logged(self, kind: str) -> list[Any]:
        return [said for of, said in map(json.loads, self.log_text().splitlines()) if of == kind]

    def log_text(self) -> str:
        file = self.folder / "log"
        return file.read_text("utf-8") if file.exists() else ""

    def forget_log(self) -> None:
        (self.folder / "log").unlink(missing_ok=True)


# A home in this folder; nothing is made yet.
NewHome = Callable[[Path], Home]


class Logged:
    """A connector that writes down what its walks give."""

    def __init__(self, connector: Any, home: Home) -> None:
        self._connector = connector
        self._home = home

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def fetch(self, plan: Plan) -> Iterator[Any]:
        for piece in self._connector.fetch(plan):
            if isinstance(piece, Batch) and not plan.asks:
                ids = [(each.kind, each.external_id) for each in piece.records if each.kind is not Kind.WITHDRAWAL]
                self._home.log("given", (piece.position, ids))
            yield piece
