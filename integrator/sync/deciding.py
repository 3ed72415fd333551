"""A person decides about a hold: what is still missing is withdrawn, or it stays."""

from integrator.errors import InvalidQuery
from integrator.ports import Clock
from integrator.store.absences import find_still_absent
from integrator.store.database import Database, chunks
from integrator.store.holds import Hold, HoldState, decide_hold, find_hold, keys_of_hold
from integrator.store.listings import ListingState, end_listings
from integrator.store.withdrawals import Proof, WithdrawalKind, save_proofs
from integrator.store.worklist import mark


def approve_hold(database: Database, number: int, *, by: str, clock: Clock) -> int:
    """Withdraw the listings of this hold that nothing has seen since it was made; gives how many."""
    hold = _require_open(database, number)
    now = clock.now().timestamp()
    with database.read() as connection:
        gone = find_still_absent(connection, list(keys_of_hold(connection, number)), since=hold.created_at)
    reason = "It is absent from a complete read, and a person believed it."
    for piece in chunks(gone, 1000):
        keys = [each.key for each in piece]
        proofs = [Proof(key, WithdrawalKind.ABSENCE, reason, {"hold": number, "by": by}) for key in keys]
        with database.write() as connection:
            end_listings(connection, keys, ListingState.WITHDRAWN)
            save_proofs(connection, proofs, run=hold.run, now=now)
            mark(connection, hold.platform, {each.account_id for each in piece}, run=hold.run, now=now)
    with database.write() as connection:
        decide_hold(connection, number, HoldState.APPROVED, by=by, now=now)
    return len(gone)


def reject_hold(database: Database, number: int, *, by: str, clock: Clock) -> None:
    """The listings stay; the same absence does not hold them again."""
    _require_open(database, number)
    with database.write() as connection:
        decide_hold(connection, number, HoldState.REJECTED, by=by, now=clock.now().timestamp())


def _require_open(database: Database, number: int) -> Hold:
    with database.read() as connection:
        hold = find_hold(connection, number)
    if hold is None:
        raise InvalidQuery(f"There is no hold {number}: see `hanmaru holds list`.")
    if hold.state is not HoldState.OPEN:
        raise InvalidQuery(f"Hold {number} is {hold.state.value} already; nothing was changed.")
    return hold
