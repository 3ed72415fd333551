"""What a run would take out of sight is judged together, then withdrawn with its proof, or held for a person.

What the platform said itself waits for this like what a complete read did not show. Every step may be done twice: a run
that was killed here is taken up and goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrator.record import End
from integrator.store.absences import Absent
from integrator.store.holds import Hold, HoldState, Named, find_deletions, leave_holds, open_hold, open_told_hold
from integrator.store.told import Told, find_answered, find_left_told, forget_told, has_told, inherit_told, load_told
from integrator.sync.absence import find_absences, withdraw_absent
from integrator.sync.commit import Committer
from integrator.sync.guards import Candidate, Objection, Shown, describe_deletions, look_at_shown, object_to

# Withdrawals in one transaction.
_PIECE = 1_000


@dataclass(slots=True)
class Settled:
    """What became of a run's disappearances. `reason`: why some of them wait for a person ("": none does)."""

    reason: str = ""
    warnings: list[str] = field(default_factory=list)


def settle(committer: Committer, end: End | None = None) -> Settled:
    """Withdraw what the platform said is gone and what the end of a complete read proves gone, or hold all of it."""
    return _Settling(committer, end).go()


class _Settling:
    """The disappearances of one run."""

    def __init__(self, committer: Committer, end: End | None) -> None:
        self._committer = committer
        self._run = committer.run
        self._end = end if end is not None and end.census else None

    def go(self) -> Settled:
        self._inherit()
        told, absent = self._find_told(), self._find_absent()
        said = {each.key for each in told}
        absent = [each for each in absent if each.key not in said]
        warnings: list[str] = []
        said_gone, missed = list(map(_candidate, told)), list(map(_candidate, absent))
        shown = self._look_at_shown([*said_gone, *missed])
        objection = self._object_to([*said_gone, *missed], shown)
        # What the platform names may stand where what it merely does not show is not believed.
        is_told_held = objection is not None and self._object_to(said_gone, shown) is not None
        if objection is not None and shown is not None:
            self._hold(told if is_told_held else [], absent, objection, shown)
        if not is_told_held:
            self._withdraw_told()
        if objection is None and self._end is not None:
            warnings = withdraw_absent(self._committer, self._end, absent)
        self._let_answered_go()
        return Settled(self._find_reason(), warnings)

    def _find_told(self) -> list[Told]:
        with self._committer.database.read() as connection:
            return load_told(connection, self._run.id)

    def _find_absent(self) -> list[Absent]:
        """What was held once stays held, be the process that said so gone or not."""
        if self._end is None or any(not each.is_told for each in self._find_holds()):
            return []
        return find_absences(self._committer, self._end)

    def _find_holds(self) -> list[Hold]:
        with self._committer.database.read() as connection:
            return find_deletions(connection, self._run.id)

    def _find_reason(self) -> str:
        return next((each.reason for each in self._find_holds() if each.state is HoldState.OPEN), "")

    def _inherit(self) -> None:
        """What runs that stopped left unsettled is judged with this one's."""
        run = self._run
        with self._committer.database.read() as connection:
            dead = find_left_told(connection, run.platform, str(run.lane), before=run.id)
        if dead:
            with self._committer.transaction() as connection:
                inherit_told(connection, dead, run=run.id)

    # Holding ---------------------------------------------------------------------------------------------------------

    def _look_at_shown(self, gone: Sequence[Candidate]) -> Shown | None:
        """None where nobody is gone: then nothing need be counted."""
        if not gone:
            return None
        run = self._run
        with self._committer.database.read() as connection:
            return look_at_shown(connection, run.platform, gone, run=run.id, now=self._committer.now())

    def _object_to(self, gone: Sequence[Candidate], shown: Shown | None) -> Objection | None:
        if shown is None:
            return None
        return object_to(gone, shown, seen=None if self._end is None else self._run.counters.seen)

    def _hold(self, told: Sequence[Told], absent: Sequence[Absent], objection: Objection, shown: Shown) -> None:
        """What was told and what is absent are two holds: they are decided differently."""
        run, now, reason = self._run, self._committer.now(), objection.reason
        said, missed = list(map(_candidate, told)), list(map(_candidate, absent))
        with self._committer.recording() as connection:
            if told:
                diff, why = describe_deletions(said, shown), f"The platform itself withdrew listings. {reason}"
                named = [Named(each.key, each.reason, each.said_at, each.merged_into) for each in told]
                open_told_hold(connection, run.platform, named, run=run.id, reason=why, diff=diff, now=now)
                forget_told(connection, run.id)
            if absent:
                diff, keys = describe_deletions(missed, shown), [each.key for each in absent]
                open_hold(connection, run.platform, keys, run=run.id, reason=reason, diff=diff, now=now)
            run.counters.held += sum(each.visible for each in (*said, *missed))

    # Withdrawing -----------------------------------------------------------------------------------------------------

    def _withdraw_told(self) -> None:
        with self._committer.database.read() as connection:
            may_be_more = has_told(connection, self._run.id)
        while may_be_more:
            may_be_more = self._withdraw_some()

    def _withdraw_some(self) -> bool:
        """One transaction's worth; whether there may be more. What does not stand any more is forgotten."""
        committer, run = self._committer, self._run
        with committer.recording() as connection:
            told = load_told(connection, run.id, limit=_PIECE)
            committer.withdraw_told(connection, told)
            run.counters.withdrawn += len(told)
            is_full = len(told) == _PIECE
            forget_told(connection, run.id, up_to=told[-1].key if is_full else None)
        return is_full

    def _let_answered_go(self) -> None:
        """What waits for a person and has changed or ended since it was withdrawn does not wait any more."""
        platform = self._run.platform
        with self._committer.database.read() as connection:
            answered = find_answered(connection, platform)
        if answered:
            with self._committer.transaction() as connection:
                leave_holds(connection, platform, answered, now=self._committer.now())


def _candidate(gone: Told | Absent) -> Candidate:
    return Candidate(gone.key, gone.external_id, gone.account_id, gone.visible)
