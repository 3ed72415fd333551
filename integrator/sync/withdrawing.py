"""What a platform says is gone, and what makes room for another product."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from integrator.listing import Withdrawal
from integrator.store.holds import close_empty_holds
from integrator.store.listings import Known, ListingState, end_listings, find_earlier, remember_gone
from integrator.store.versions import load_waiting
from integrator.store.withdrawals import Proof, WithdrawalKind, save_proofs


@dataclass(slots=True)
class Told:
    """Listings to withdraw, each with its proof, and the accounts that had them."""

    keys: list[int] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    accounts: set[str] = field(default_factory=set)


def find_told(connection: Connection, known: Mapping[str, Known], told: Sequence[Withdrawal]) -> Told:
    """Which of these known listings live, and have not changed since they were withdrawn."""
    waiting = load_waiting(connection, [old.key for old in known.values() if old.pending is not None])
    found = Told()
    for external_id, each in {each.external_id: each for each in reversed(told)}.items():
        old, said_at = known.get(external_id), _said_at(each)
        if old is None or (old.state != ListingState.LIVE.value and old.pending is None):
            continue
        newest = waiting.get(old.key)
        if said_at is not None and (newest.updated_at if newest else old.updated_at) > said_at:
            continue
        found.keys.append(old.key)
        found.proofs.append(_prove(each, old.key))
        found.accounts.add(old.account_id)
    return found


def remember_unheard(
    connection: Connection, platform: str, told: Sequence[Withdrawal], *, run: int, now: float
) -> None:
    """Ids of which no record has come yet: an older one may still be under way in another lane."""
    dated = {each.external_id: each for each in told if each.external_id and each.at is not None}
    gone = [(external_id, _said_at(each) or 0.0) for external_id, each in dated.items()]
    keys = remember_gone(connection, platform, gone, run=run, now=now)
    proofs = [_prove(each, key) for key, each in zip(keys, dated.values(), strict=True)]
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


def _prove(told: Withdrawal, key: int) -> Proof:
    reason = f"The platform withdrew it ({told.reason or 'no reason given'})."
    evidence: dict[str, str | int | float | None] = {"said_at": _said_at(told)}
    return Proof(key, WithdrawalKind.EXPLICIT, reason, evidence, merged_into=told.merged_into)
