"""What a run would take out of sight is judged together, then withdrawn with its proof, or held for a person.

What the platform said itself waits for this like what a complete read did not show. Every step may be done twice: a run
that was killed here is taken up and goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from integrator.record import End
from integrator.store.absences import Absent
from integrator.store.holds import HoldState, Named, find_deletions, leave_holds, open_hold, open_told_hold
from integrator.store.told import Told, find_answered, find_left_told, forget_told, has_told, inherit_told, load_told
from integrator.sync.absence import find_absences, withdraw_absent
from integrator.sync.commit import Committer
from integrator.sync.guards import Candidate, describe_deletions, look_at_shown, object_to, usually_visible

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
        settled = Settled()
        with self._committer.database.read() as connection:
            has_said = has_told(connection, self._run.id)
            told = load_told(connection, self._run.id) if has_said else []
            earlier = find_deletions(connection, self._run.id)
        # What was held once stays held, be the process that said so gone or not.
        is_held = any(not each.is_told for each in earlier)
        absent = [] if self._end is None or is_held else find_absences(self._committer, self._end)
        said = {each.key for each in told}
        absent = [each for each in absent if each.key not in said]
        if not self._hold([_candidate(each) for each in absent], told):
            while has_said:
                has_said = self._withdraw_some()
            if self._end is not None:
                settled.warnings = withdraw_absent(self._committer, self._end, absent)
        self._let_answered_go()
        settled.reason = self._find_reason()
        return settled

    def _inherit(self) -> None:
        """What runs that stopped left unsettled is judged with this one's."""
        run = self._run
        with self._committer.database.read() as connection:
            dead = find_left_told(connection, run.platform, str(run.lane), before=run.id)
        if dead:
            with self._committer.transaction() as connection:
                inherit_told(connection, dead, run=run.id)

    # Holding ---------------------------------------------------------------------------------------------------------

    def _hold(self, absent: Sequence[Candidate], told: Sequence[Told]) -> bool:
        """Whether the guard objects. What was told and what is absent are two holds: they are decided differently."""
        said = [_candidate(each) for each in told]
        every, run, now = [*said, *absent], self._run, self._committer.now()
        if not every:
            return False
        with self._committer.database.read() as connection:
            shown = look_at_shown(connection, run.platform, every, run=run.id, now=now)
        objection = object_to(every, seen=None if self._end is None else run.counters.seen, **shown)
        if objection is None:
            return False
        usual = usually_visible(shown["visible_before"], shown["visible_now"] + sum(shown["gone_by_account"].values()))
        by_account, reason = shown["visible_by_account"], objection.reason
        with self._committer.recording() as connection:
            if told:
                named = [Named(each.key, each.reason, each.said_at, each.merged_into) for each in told]
                diff = describe_deletions(said, usual=usual, visible_by_account=by_account)
                open_told_hold(
                    connection, run.platform, named, run=run.id, now=now, diff=diff,
                    reason=f"The platform itself withdrew listings. {reason}",
                )  # fmt: skip
            if absent:
                diff = describe_deletions(absent, usual=usual, visible_by_account=by_account)
                keys = [each.key for each in absent]
                open_hold(connection, run.platform, keys, run=run.id, reason=reason, diff=diff, now=now)
            forget_told(connection, run.id)
            run.counters.held += sum(each.visible for each in every)
        return True

    def _find_reason(self) -> str:
        with self._committer.database.read() as connection:
            holds = find_deletions(connection, self._run.id)
        return next((each.reason for each in holds if each.state is HoldState.OPEN), "")

    # Withdrawing -----------------------------------------------------------------------------------------------------

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
