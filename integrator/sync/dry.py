"""A dry run: fetch, parse and weigh, and write nothing. What it counts is what a run would do now."""

from integrator.errors import FeedChanged, FeedUnavailable
from integrator.ports import Clock, Connector
from integrator.record import End, Kind, Lane, Plan, Record
from integrator.store.absences import find_live
from integrator.store.database import Database
from integrator.store.feeds import load_feed
from integrator.store.runs import Counters, RunState
from integrator.sync.guards import Candidate, Shown, object_to
from integrator.sync.intake import Intake
from integrator.sync.outcome import Outcome, Progress, quiet
from integrator.sync.units import Unit, gather, in_rounds

# No run has this number, so no listing counts as seen by this one.
_NO_RUN = -1


def try_feed(
    database: Database, connector: Connector, clock: Clock, *, full: bool = False, progress: Progress = quiet
) -> Outcome:
    """What a sync of this platform would come to. Withdrawals are those it would weigh, before a call confirms them."""
    begun = clock.monotonic()
    with database.read() as connection:
        feed = load_feed(connection, connector.platform)
    lane = Lane.CENSUS if full or feed.census_at is None else Lane.CHANGES
    trial = _Trial(database, connector, progress)
    try:
        state, reason = trial.walk(Plan(lane, watermark=feed.watermark))
    except (FeedUnavailable, FeedChanged) as error:
        state, reason = RunState.FAILED, str(error)
    return Outcome(
        connector.platform, state, reason, clock.monotonic() - begun, trial.counters, lane=lane, warnings=trial.warnings
    )


class _Trial:
    def __init__(self, database: Database, connector: Connector, progress: Progress) -> None:
        self.counters = Counters()
        self.warnings: tuple[str, ...] = ()
        self._database = database
        self._connector = connector
        self._intake = Intake(connector, _NO_RUN)
        self._progress = progress
        self._seen: set[str] = set()

    def walk(self, plan: Plan) -> tuple[RunState, str]:
        done = 0
        for piece in gather(self._connector.fetch(plan)):
            if isinstance(piece, End):
                return self._judge(piece)
            self._weigh(piece)
            done += len(piece.records)
            self._progress(piece.last.stage if piece.last else "", done, piece.last.total if piece.last else None)
        raise AssertionError("a walk always ends with an End")

    def _weigh(self, unit: Unit) -> None:
        first, later, others = in_rounds(unit.records)
        fresh = [each for each in first if not self._is_copy(each)]
        copies = len(first) - len(fresh) + sum(len(each) for each in later)
        with self._database.read() as connection:
            taken = self._intake.weigh(connection, fresh)
        self.counters.add(taken.counters)
        self.counters.seen += copies
        self.counters.superseded += copies
        self.counters.withdrawals_seen += sum(each.kind is Kind.WITHDRAWAL for each in others)
        self.counters.calls += unit.calls
        self.counters.bytes += unit.bytes_read
        self.warnings += tuple(unit.warnings)

    def _is_copy(self, record: Record) -> bool:
        if record.kind is not Kind.LISTING or not record.external_id:
            return False
        if record.outranked or record.external_id in self._seen:
            return True
        self._seen.add(record.external_id)
        return False

    def _judge(self, end: End) -> tuple[RunState, str]:
        self.counters.calls += end.calls
        self.counters.bytes += end.bytes_read
        self.warnings += tuple(end.warnings)
        if not end.complete:
            return RunState.INCOMPLETE, f"The read is not proven complete: {end.reason or 'no reason given'}"
        if not end.census:
            return RunState.SUCCEEDED, "Nothing was written: this was a dry run."
        return self._judge_absences()

    def _judge_absences(self) -> tuple[RunState, str]:
        with self._database.read() as connection:
            live = find_live(connection, self._connector.platform)
        absent = [each for each in live if each.external_id not in self._seen]
        by_account: dict[str, int] = {}
        for each in live:
            by_account[each.account_id] = by_account.get(each.account_id, 0) + each.visible
        objection = object_to(
            [Candidate(each.key, each.external_id, each.account_id, each.visible) for each in absent],
            Shown(sum(each.visible for each in live), by_account=by_account),
            seen=self.counters.seen,
        )
        if objection is not None:
            self.counters.held = sum(each.visible for each in absent)
            return RunState.HELD, f"Nothing was written; deletions would wait for a person: {objection.reason}"
        self.counters.withdrawn = len(absent)
        return RunState.SUCCEEDED, "Nothing was written: this was a dry run."
