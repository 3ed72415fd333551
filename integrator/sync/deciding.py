"""A person decides about a hold: what it names and still waits is withdrawn or released, or it stays as it is."""

from collections.abc import Sequence

from sqlalchemy import Connection

from integrator.errors import InvalidQuery
from integrator.ports import Clock
from integrator.store.absences import find_still_absent
from integrator.store.database import Database, chunks
from integrator.store.holds import (
    Hold,
    HoldKind,
    HoldState,
    decide_hold,
    find_hold,
    keep_listings,
    keys_of_hold,
    leave_holds,
)
from integrator.store.listings import ListingState, end_listings
from integrator.store.told import find_held_told
from integrator.store.withdrawals import Evidence, Proof, WithdrawalKind, save_proofs
from integrator.store.worklist import mark
from integrator.sync.release import BATCH, reject_held, release_held
from integrator.sync.withdrawing import prove_believed

# Deletions in one transaction.
_PIECE = 1_000


def approve_hold(database: Database, number: int, *, by: str, reason: str = "", clock: Clock) -> int:
    """Withdraw or release what this hold names and still waits; gives how many, never more than its ceiling.

    Deletions: listings that nothing has seen since, or that have not changed since their platform withdrew them. Of a
    run: versions that nothing newer has replaced. A rejected hold of deletions may be approved later: what is absent,
    or as it was when it was withdrawn, goes after all.
    """
    hold = _require_undecided(database, number, or_kept=True)
    settle = _delete if hold.kind is HoldKind.DELETIONS else _release
    done = settle(database, hold, by=by, clock=clock)
    with database.write(hold.platform) as connection:
        now = clock.now().timestamp()
        decide_hold(connection, number, HoldState.APPROVED, by=by, reason=reason, now=now)
    return done


def reject_hold(database: Database, number: int, *, by: str, reason: str = "", clock: Clock) -> int:
    """Leave everything as it is shown; gives how many listings or versions that settles.

    Deletions: the same absence, or the same withdrawal said again, does not hold the listings again. Of a run: the
    versions are dropped and remembered, so that the same records come to nothing and others are judged anew.
    """
    hold = _require_undecided(database, number, or_kept=False)
    now = clock.now().timestamp()
    with database.write(hold.platform) as connection:
        decide_hold(connection, number, HoldState.REJECTED, by=by, reason=reason, now=now)
        if hold.kind is HoldKind.RUN:
            return reject_held(connection, hold, now=now)
        keep_listings(connection, list(keys_of_hold(connection, number)), now=now)
    return hold.waiting


def _release(database: Database, hold: Hold, *, by: str, clock: Clock) -> int:
    del by  # the hold itself keeps who decided; a released version needs no proof
    left, done = hold.waiting if hold.ceiling is None else hold.ceiling, 0
    while left > 0:
        with database.write(hold.platform) as connection:
            released = release_held(connection, hold, ceiling=min(left, BATCH), now=clock.now().timestamp())
        if not released:
            break
        left, done = left - released, done + released
    return done


def _delete(database: Database, hold: Hold, *, by: str, clock: Clock) -> int:
    with database.read() as connection:
        named = list(keys_of_hold(connection, hold.id))
    done = 0
    for piece in chunks(named, _PIECE):
        now = clock.now().timestamp()
        with database.write(hold.platform) as connection:
            gone = _find_gone(connection, hold, piece, by=by)
            keys = [proof.listing_key for proof, _ in gone]
            end_listings(connection, keys, ListingState.WITHDRAWN)
            save_proofs(connection, [proof for proof, _ in gone], run=hold.run, now=now)
            mark(connection, hold.platform, {account_id for _, account_id in gone}, run=hold.run, now=now)
            leave_holds(connection, hold.platform, keys, now=now, but=hold.id)
        done += len(gone)
    return done


def _find_gone(connection: Connection, hold: Hold, named: Sequence[int], *, by: str) -> list[tuple[Proof, str]]:
    """The proofs that those of these listings are gone which still are, each with its account."""
    if hold.is_told:
        told = find_held_told(connection, hold.id, named)
        return [(prove_believed(each, hold=hold.id, by=by), each.account_id) for each in told]
    reason, evidence = "It is absent from a complete read, and a person believed it.", Evidence(hold=hold.id, by=by)
    absent = find_still_absent(connection, named, since=hold.created_at)
    return [(Proof(each.key, WithdrawalKind.ABSENCE, reason, evidence), each.account_id) for each in absent]


def require_hold(database: Database, number: int) -> Hold:
    """The hold, whatever became of it. Raises InvalidQuery."""
    with database.read() as connection:
        hold = find_hold(connection, number)
    if hold is None:
        raise InvalidQuery(f"There is no hold {number}: see `hanmaru holds list`.")
    return hold


def require_open_run(database: Database, number: int) -> Hold:
    """An open hold of a whole run: only that has records to read again. Raises InvalidQuery."""
    hold = _require_undecided(database, number, or_kept=False)
    if hold.kind is not HoldKind.RUN:
        raise InvalidQuery(f"Hold {number} is about deletions: no record is there to read again.")
    return hold


def _require_undecided(database: Database, number: int, *, or_kept: bool) -> Hold:
    hold = require_hold(database, number)
    is_kept = hold.state is HoldState.REJECTED and hold.kind is HoldKind.DELETIONS
    if hold.state is not HoldState.OPEN and not (or_kept and is_kept):
        raise InvalidQuery(f"Hold {number} is {hold.state.value} already; nothing was changed.")
    return hold
