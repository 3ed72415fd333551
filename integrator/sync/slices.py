"""A sync to the end: slice after slice, with changes read in between while a census takes its time."""

from collections.abc import Iterator
from dataclasses import replace

from integrator.ports import Clock, Connector
from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.feeds import FeedState, load_states
from integrator.store.runs import RunState
from integrator.sync.lanes import is_due
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed

# How long a slice reads before another lane may have its turn.
SLICE_S = 300.0


def sync_to_end(database: Database, connector: Connector, clock: Clock, *, how: Slice) -> Iterator[Outcome]:
    """The outcome of each run in turn, the one asked for last.

    A first census that was begun is gone on with after the changes since its start; while any census goes on, changes
    are read whenever they are due.
    """
    return _Reading(database, connector, clock, how).go()


class _Reading:
    """One platform, read until nothing of what was asked for is left."""

    def __init__(self, database: Database, connector: Connector, clock: Clock, how: Slice) -> None:
        self._database = database
        self._connector = connector
        self._clock = clock
        # Where both lanes are one walk nothing waits for its turn, and a drop once joined is better read to its end.
        self._how = replace(how, limit_s=SLICE_S) if connector.separate_lanes else how

    def go(self) -> Iterator[Outcome]:
        for outcome in self._read(full=self._how.full):
            yield outcome
        may_go_on = outcome.state in (RunState.SUCCEEDED, RunState.HELD)
        if outcome.lane is Lane.CHANGES and may_go_on and self._state().feed.census_at is None:
            yield from self._read(full=True)

    def _read(self, *, full: bool) -> Iterator[Outcome]:
        """One run to its end, and what changes meanwhile."""
        spent_s = 0.0
        while True:
            outcome = sync_feed(self._database, self._connector, self._clock, how=replace(self._how, full=full))
            spent_s += outcome.seconds
            if outcome.state is not RunState.QUEUED:
                yield replace(outcome, seconds=spent_s)
                return
            full = outcome.lane is Lane.CENSUS
            if full and self._are_changes_due():
                yield from self._read(full=False)

    def _are_changes_due(self) -> bool:
        return is_due(self._state(), self._connector, Lane.CHANGES, self._clock.now().timestamp())

    def _state(self) -> FeedState:
        with self._database.read() as connection:
            now = self._clock.now().timestamp()
            return load_states(connection, [self._connector.platform], now=now)[0]
