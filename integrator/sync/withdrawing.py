"""What a platform says is gone, and what makes room for another product."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from integrator.listing import Withdrawal
from integrator.record import Lane
from integrator.store.holds import close_empty_holds
from integrator.store.listings import Known, ListingState, end_listings, find_earlier, remember_gone
from integrator.store.runs import Run
from integrator.store.told import Told, find_decided, stage_told
from integrator.store.versions import load_waiting
from integrator.store.withdrawals import Evidence, Proof, WithdrawalKind, save_proofs


def find_told(connection: Connection, known: Mapping[str, Known], told: Sequence[Withdrawal]) -> list[Told]:
    """Which of these known listings live, and have not changed since they were withdrawn."""
    waiting = load_waiting(connection, [old.key for old in known.values() if old.pending is not None])
    found = []
    for external_id, each in {each.external_id: each for each in reversed(told)}.items():
        old = known.get(external_id)
        if old is None or (old.state != ListingState.LIVE.value and old.pending is None):
            continue
        newest, statement = waiting.get(old.key), _state(each, old)
        if statement.said_at is None or (newest.updated_at if newest else old.updated_at) <= statement.said_at:
            found.append(statement)
    return found


def _state(told: Withdrawal, old: Known) -> Told:
    return Told(
        key=old.key,
        external_id=old.external_id,
        account_id=old.account_id,
        visible=old.visible,
        said_at=_said_at(told),
        reason=_reason(told),
        merged_into=told.merged_into,
    )


def let_wait(connection: Connection, told: Sequence[Told], *, run: Run, now: float) -> None:
    """These wait for the guards of this run; none that a person is to decide about, or has refused."""
    decided = find_decided(connection, told)
    waits = [each for each in told if each.key not in decided]
    stage_told(connection, waits, run=run.id, now=now, takes_over=run.lane == Lane.CHANGES)


def prove_told(told: Told) -> Proof:
    """The platform's word for it."""
    return _prove(told.key, told.said_at, told.reason, told.merged_into)


def prove_believed(told: Told, *, hold: int, by: str) -> Proof:
    """The platform's word for it, and a person's who did not doubt that."""
    return _prove(told.key, told.said_at, told.reason, told.merged_into, {"hold": hold, "by": by})


def _prove(
    key: int, said_at: float | None, reason: str, merged_into: str | None, evidence: Evidence | None = None
) -> Proof:
    text = f"The platform withdrew it ({reason}){', and a person believed it' if evidence else ''}."
    return Proof(key, WithdrawalKind.EXPLICIT, text, {"said_at": said_at, **(evidence or {})}, merged_into=merged_into)


def remember_unheard(
    connection: Connection, platform: str, told: Sequence[Withdrawal], *, run: int, now: float
) -> None:
    """Ids of which no record has come yet: an older one may still be under way in another lane."""
    dated = {each.external_id: each for each in told if each.external_id and each.at is not None}
    gone = [(external_id, _said_at(each) or 0.0) for external_id, each in dated.items()]
    keys = remember_gone(connection, platform, gone, run=run, now=now)
    proofs = [
        _prove(key, _said_at(each), _reason(each), each.merged_into)
        for key, each in zip(keys, dated.values(), strict=True)
    ]
    save_proofs(connection, proofs, run=run, now=now)


def end_earlier(
    connection: Connection, platform: str, later: Sequence[tuple[str, int]], *, run: int, now: float
) -> set[str]:
    """These (id, generation) are shown now: the products that had their ids end; gives the accounts touched."""
    earlier = find_earlier(connection, platform, later)
    keys = [each.key for each in earlier]
    if end_listings(connection, keys, ListingState.ENDED):
        close_empty_holds(connection, platform, now=now)
    reason = "The platform uses this id again for another product."
    save_proofs(connection, [Proof(key, WithdrawalKind.REUSED, reason, {}) for key in keys], run=run, now=now)
    return {each.account_id for each in earlier}


def _said_at(told: Withdrawal) -> float | None:
    return None if told.at is None else told.at.at.timestamp()


def _reason(told: Withdrawal) -> str:
    return told.reason or "no reason given"
