"""Release or hold: what may become visible, and which disappearances wait for a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from integrator.record import Json
from integrator.store.listings import VersionState
from integrator.store.runs import Run

# A day's ordinary withdrawals stay far below both; a broken export loses whole pages.
MANY_LISTINGS = 10
LARGE_SHARE = 0.10

# A seller with fewer visible listings than this may clear half of them in a day.
LARGE_SELLER = 20
SELLER_SHARE = 0.50

_EXAMPLES = 20


def release(_run: Run) -> VersionState:
    """What a version becomes in its own transaction. Batch by batch: every version is released as it is written."""
    return VersionState.RELEASED


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listing that a complete read did not show."""

    key: int
    external_id: str
    account_id: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """Why deletions wait for a person, in a sentence, with what helps to decide."""

    reason: str
    diff: dict[str, Json]


def object_to(
    candidates: Sequence[Candidate],
    *,
    seen: int,
    visible_now: int,
    visible_before: Sequence[int],
    visible_by_account: Mapping[str, int],
) -> Objection | None:
    """Why these deletions are not believed, or None. Only what a buyer can see counts.

    `seen` is how many listing records the census had, `visible_now` the feed's visible count with the candidates still
    in it, `visible_before` that count after the last good runs, newest first.
    """
    losing = [each for each in candidates if each.visible]
    if not losing:
        return None
    usual = round(median(visible_before[:5])) if visible_before else visible_now
    sellers = Counter(each.account_id for each in losing)
    reason = _find_reason(len(losing), usual, seen, sellers, visible_by_account)
    if reason is None:
        return None
    diff: dict[str, Json] = {
        "listings": len(losing),
        "visible_before": usual,
        "share": round(len(losing) / max(usual, 1), 4),
        "examples": [each.external_id for each in losing[:_EXAMPLES]],
        "sellers": [
            {"account_id": account_id, "listings": count, "visible_before": visible_by_account.get(account_id, count)}
            for account_id, count in sellers.most_common(_EXAMPLES)
        ],
    }
    return Objection(reason, diff)


def _find_reason(
    losing: int, usual: int, seen: int, sellers: Mapping[str, int], visible_by_account: Mapping[str, int]
) -> str | None:
    if seen == 0:
        return f"The platform showed no listings at all; {losing:,} visible would disappear."
    if losing > MANY_LISTINGS and losing > LARGE_SHARE * usual:
        return f"{losing} of {usual} visible listings ({losing / max(usual, 1):.0%}) would disappear at once."
    emptied = [
        account_id
        for account_id, count in sellers.items()
        if visible_by_account.get(account_id, 0) >= LARGE_SELLER
        and count > SELLER_SHARE * visible_by_account[account_id]
    ]
    if emptied:
        one = emptied[0]
        rest = f", and {len(emptied) - 1} more like it" if len(emptied) > 1 else ""
        return f"Seller {one} would lose {sellers[one]} of {visible_by_account[one]} visible listings{rest}."
    return None
