"""One listing's way, step by step: why it is here, or why not; now, or as of an instant."""

from dataclasses import dataclass

from integrator.explain.standing import Standing, stand_at, stand_now
from integrator.explain.steps import Step, list_steps
from integrator.store.database import Database
from integrator.store.traces import find_traces


@dataclass(frozen=True, slots=True)
class Trace:
    """A listing's steps in order, where it stands after them, and that in a sentence."""

    platform: str
    external_id: str
    standing: Standing
    steps: tuple[Step, ...]

    @property
    def now(self) -> str:
        """Where it stands, in a sentence or two."""
        return self.standing.sentence


def trace_listing(database: Database, platform: str, external_id: str, *, as_of: float | None = None) -> Trace:
    """Everything the store knows of this id, or what it knew at `as_of` (POSIX seconds). Raises UnknownListing."""
    with database.read() as connection:
        rows = find_traces(connection, platform, external_id)
    steps = sorted(list_steps(rows), key=lambda step: step.at)
    if as_of is None:
        return Trace(platform, external_id, stand_now(rows), tuple(steps))
    before = tuple(step for step in steps if step.at <= as_of)
    return Trace(platform, external_id, stand_at(rows, as_of), before)
