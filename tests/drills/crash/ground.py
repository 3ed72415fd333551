"""Where trials take place: a store that each begins anew, out of stores that are made once."""

from collections.abc import Callable
from pathlib import Path

from integrator.store.database import Database
from tests.drills.crash.home import Home, NewHome
from tests.drills.crash.points import do_in_child


class Ground:
    """Where the trials of all worlds take place, one after the other, each on a copy of a store made once.

    Its database and all that a process loads but once are warm: children begin with what this process has.
    `mends_all`: every killed run is followed by one more; else only one that left what none before it has left.
    """

    def __init__(self, folder: Path, new_home: NewHome = Home, *, mends_all: bool = True) -> None:
        self.folder = folder
        self.answer = folder / "answer"
        self.new_home = new_home
        self.mends_all = mends_all
        self.trial = new_home(folder / "trial")
        self.database = Database(self.trial.url)
        self._made: dict[str, Home] = {}

    def empty(self) -> Home:
        """A store that has read nothing yet."""
        return self.store("empty", _migrate)

    def store(self, name: str, fill: Callable[[Home], None], *, of: Home | None = None) -> Home:
        """The store of this name; made once, empty or as a copy, and filled in a child."""
        if name not in self._made:
            home = self.new_home(self.folder / name)
            home = of.copy_to(home) if of is not None else home.make()
            do_in_child(lambda: fill(home), self.answer)
            self._made[name] = home
        return self._made[name]


def _migrate(home: Home) -> None:
    database = Database(home.url)
    database.migrate()
    database.close()
