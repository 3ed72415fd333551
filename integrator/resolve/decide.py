"""The use case of a person's decision: refuse what cannot hold, keep the rest, and have it worked out."""

from sqlalchemy import Connection

from integrator.errors import UnknownListing
from integrator.resolve.judgements import Judgement, current, make_judgement, require_consistent
from integrator.store import edges, products, sellers, worklist
from integrator.store.database import CATALOGUE, Database

# Judgements belong to no run of a feed.
_NO_RUN = 0


def decide(
    database: Database, kind: str, one: str, other: str, verdict: str, *, by: str, reason: str = "", now: float
) -> Judgement:
    """Keep a judgement on two listings or, with kind "seller", two accounts ('platform:id' each); mark their accounts.

    Raises UnknownListing for a thing that never was, ContradictoryJudgement for a decision that cannot hold.
    """
    made = make_judgement(kind, one, other, verdict, by=by, reason=reason, at=now)
    with database.write(CATALOGUE) as connection:
        owners = [_find_owner(connection, kind, name) for name in (made.left, made.right)]
        require_consistent(_standing(connection, made), made)
        edges.add_judgement(connection, made)
        for platform, account_id in owners:
            worklist.mark(connection, platform, [account_id], run=_NO_RUN, now=now)
    return made


def _find_owner(connection: Connection, kind: str, name: str) -> tuple[str, str]:
    platform, _, external_id = name.partition(":")
    if kind == "seller":
        if sellers.load_seller_ids(connection, [(platform, external_id)]):
            return platform, external_id
        raise UnknownListing(f"No account {name} is known; write it as platform:id.")
    owner = products.find_account_of(connection, platform, external_id)
    if owner is None:
        raise UnknownListing(f"No listing {name} is known; write it as platform:id.")
    return platform, owner


def _standing(connection: Connection, made: Judgement) -> dict[tuple[str, str], str]:
    """All judgements in reach of the pair: along chains, a decision far away can forbid this one."""
    reached: set[str] = set()
    frontier = {made.left, made.right}
    standing: dict[tuple[str, str], str] = {}
    while frontier:
        found = current(edges.load_judgements(connection, made.kind, frontier))
        reached |= frontier
        standing.update(found)
        frontier = {name for pair in found for name in pair} - reached
    return standing
