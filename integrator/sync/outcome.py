"""What a sync says when it is over, and how far it is while it runs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from integrator.record import Lane
from integrator.store.runs import Counters, RunState

# (stage, done, total): records of the stage so far; total None while nobody knows.
Progress = Callable[[str, int, int | None], None]


def quiet(_stage: str, _done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


def count_of(number: int, thing: str) -> str:
    """A number with its noun: "1 record", "1,200 records"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


_SEE = "See `hanmaru holds list`."


def say_held(reason: str) -> str:
    """Why all that a run wrote waits."""
    return f"Nothing of it is shown before a person decides: {reason} {_SEE}"


def say_waiting(reason: str) -> str:
    """Why deletions wait; the rest of the run is shown."""
    return f"Deletions wait for a person: {reason} {_SEE}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run, as `hanmaru sync --json` prints it. `run` is None where none was begun (busy, dry run)."""

    platform: str
    state: RunState
    reason: str
    seconds: float
    counters: Counters = field(default_factory=Counters)
    run: int | None = None
    lane: Lane | None = None
    warnings: tuple[str, ...] = ()

    def as_row(self, *, index_writes: int = 0) -> dict[str, str | int | float]:
        """The row that `hanmaru sync --json` prints (docs/commands.md)."""
        counted = self.counters
        return {
            "platform": self.platform,
            "state": self.state.value,
            "reason": self.reason,
            "seen": counted.seen,
            "new": counted.new,
            "changed": counted.changed,
            "unchanged": counted.unchanged,
            "superseded": counted.superseded,
            "rejected": counted.rejected,
            "withdrawn": counted.withdrawn,
            "held": counted.held,
            "bytes": counted.bytes,
            "seconds": round(self.seconds, 3),
            "index_writes": index_writes or counted.index_writes,
        }
