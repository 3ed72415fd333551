"""Undoing a run: what it withdrew because it was absent is shown again, for thirty days."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from integrator.errors import InvalidQuery
from integrator.listing import Listing
from integrator.ports import Clock
from integrator.store.database import Database
from integrator.store.holds import note_kept
from integrator.store.listings import HIDDEN_SCOPE, HIDDEN_STALE, ListingState
from integrator.store.withdrawals import Disappeared, WithdrawalKind, bring_back, find_platform, list_disappeared
from integrator.store.worklist import mark

# After this an absence is history: the platform's own list has moved on, and what it showed then may be pruned.
UNDO_WITHIN_S = 30 * 86_400.0

# Listings in one transaction.
_PIECE = 1_000

_decode = msgspec.json.Decoder(Listing).decode


@dataclass(frozen=True, slots=True)
class Left:
    """A listing that stays as it is, and why."""

    external_id: str
    kind: str
    why: str


@dataclass(slots=True)
class Undone:
    """What an undo came to. `hold` names what it brought back: approving it takes them out again."""

    run: int
    platform: str
    back: int = 0
    hold: int | None = None
    left: list[Left] = field(default_factory=list)


def undo_run(database: Database, run_id: int, *, by: str, reason: str, clock: Clock) -> Undone:
    """Bring back what this run withdrew by absence; the same absence does not withdraw it again.

    Idempotent: what is back already is not touched. Raises InvalidQuery when there is no such run.
    """
    with database.read() as connection:
        platform = find_platform(connection, run_id)
    if platform is None:
        raise InvalidQuery(f"There is no run {run_id}: see `hanmaru runs`.")
    undone, after, keys = Undone(run_id, platform), 0, list[int]()
    while True:
        now = clock.now().timestamp()
        with database.write(platform) as connection:
            page = list_disappeared(connection, run_id, after=after, limit=_PIECE)
            back = _sort_out(page, undone, now=now)
            bring_back(connection, [(each, _is_shown(each)) for each in back], by=by, reason=reason, now=now)
            mark(connection, platform, {each.account_id for each in back}, run=run_id, now=now)
        keys.extend(each.key for each in back)
        if len(page) < _PIECE:
            break
        after = page[-1].id
    undone.back = len(keys)
    if keys:
        with database.write(platform) as connection:
            undone.hold = note_kept(
                connection, platform, keys, run=run_id, by=by, reason=reason, diff={"listings": len(keys)}, now=now
            )
    return undone


def _sort_out(page: Sequence[Disappeared], undone: Undone, *, now: float) -> list[Disappeared]:
    back = []
    for each in page:
        why = _say_why_not(each, now)
        if why is None:
            back.append(each)
        else:
            undone.left.append(Left(each.external_id, each.kind.value, why))
    return back


_NOT_UNDONE = {
    WithdrawalKind.EXPLICIT: "The platform said that it is gone: only the platform takes that back.",
    WithdrawalKind.REUSED: "Its id belongs to another product now.",
    WithdrawalKind.HIDDEN: "Its records cannot be used: a usable one shows it again.",
}


def _say_why_not(each: Disappeared, now: float) -> str | None:
    if each.kind in _NOT_UNDONE:
        return _NOT_UNDONE[each.kind]
    if each.state == ListingState.LIVE.value:
        return "It is there again already."
    if each.state == ListingState.ENDED.value:
        return _NOT_UNDONE[WithdrawalKind.REUSED]
    if not each.is_last:
        return "It was withdrawn once more since."
    return "More than 30 days have passed." if each.at < now - UNDO_WITHIN_S else None


def _is_shown(each: Disappeared) -> bool:
    """As before it was withdrawn: what its platform shows, unless we hid it."""
    if each.content is None or each.hidden_reason in (HIDDEN_STALE, HIDDEN_SCOPE):
        return False
    return _decode(each.content).visible
