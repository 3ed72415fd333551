"""Release or hold: which disappearances and which whole runs wait for a person."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sqlalchemy import Connection

from integrator.record import UNKNOWN_FIELD, Json, Lane, Policies, Policy
from integrator.store.absences import count_visible, count_visible_of, visible_after_good_runs, visible_in_week
from integrator.store.measures import (
    Unknown,
    list_unknowns_of_run,
    load_measures,
    recent_measures,
    usual_measures,
    volumes_before,
)
from integrator.store.runs import Run
from integrator.store.waiting import count_waiting_sellers, find_hiding, find_waiting, find_waiting_accounts
from integrator.store.withdrawals import count_withdrawn
from integrator.sync.difference import describe_versions
from integrator.sync.drift import Drift, find_drift, find_volume_drift

# A day's ordinary withdrawals stay far below both; a broken export loses whole pages.
MANY_LISTINGS = 10
LARGE_SHARE = 0.10

# A seller with fewer visible listings than this may clear half of them in a day.
LARGE_SELLER = 20
SELLER_SHARE = 0.50

# What a catalogue may lose in a week, bit by bit, before a person looks.
WEEKLY_SHARE = 0.25

EXAMPLES = 20

# Of unknown values a sentence names so many.
_FEW = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listing that would not be shown any more."""

    key: int
    external_id: str
    account_id: str
    visible: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a feed a buyer sees.

    `now` is its visible count with what might go still in it, `before` that count after the last good runs, newest
    first, `in_week` the most it was after a good run in the last seven days. `gone_by_account` is what the same run has
    taken out of sight already: it is judged with what might go.
    """

    now: int
    before: Sequence[int] = ()
    by_account: Mapping[str, int] = field(default_factory=dict)
    in_week: int | None = None
    gone_by_account: Mapping[str, int] = field(default_factory=dict)

    @property
    def usual(self) -> int:
        """The median of what was visible after the last five good runs; where there was none, before this run."""
        return round(median(self.before[:5])) if self.before else self.now + sum(self.gone_by_account.values())


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something waits for a person, in a sentence, with what helps to decide."""

    reason: str
    diff: dict[str, Json]


# Deletions -----------------------------------------------------------------------------------------------------------


def object_to(candidates: Sequence[Candidate], shown: Shown, *, seen: int | None) -> Objection | None:
    """Why these disappearances are not believed, or None. Only what a buyer can see counts.

    `seen` is how many listing records a read of everything had; None where nobody expects any.
    """
    losing, gone = [each for each in candidates if each.visible], Counter(shown.gone_by_account)
    if not losing:
        return None
    sellers = Counter(each.account_id for each in losing)
    reason = (
        _find_shrinking(len(losing) + gone.total(), shown.usual, seen)
        or _find_bleeding(shown.now - len(losing), shown.in_week)
        or _find_emptied(sellers + gone, Counter(shown.by_account) + gone)
    )
    return None if reason is None else Objection(reason, describe_deletions(candidates, shown))


def describe_deletions(candidates: Sequence[Candidate], shown: Shown) -> dict[str, Json]:
    """What of a feed would not be shown any more: how many, for example which, and whose."""
    losing = [each for each in candidates if each.visible]
    sellers = Counter(each.account_id for each in losing)
    return {
        "listings": len(losing),
        "visible_before": shown.usual,
        "share": round(len(losing) / max(shown.usual, 1), 4),
        "examples": [each.external_id for each in losing[:EXAMPLES]],
        "sellers": [
            {"account_id": account_id, "listings": count, "visible_before": shown.by_account.get(account_id, count)}
            for account_id, count in sellers.most_common(EXAMPLES)
        ],
    }


def _find_shrinking(losing: int, usual: int, seen: int | None) -> str | None:
    if seen == 0:
        return f"The platform showed no listings at all; {losing:,} visible would disappear."
    if losing > MANY_LISTINGS and losing > LARGE_SHARE * usual:
        return f"{losing} of {usual} visible listings ({losing / max(usual, 1):.0%}) would disappear at once."
    return None


def _find_bleeding(left: int, in_week: int | None) -> str | None:
    lost = (in_week or 0) - left
    if in_week is None or lost <= MANY_LISTINGS or lost <= WEEKLY_SHARE * in_week:
        return None
    return f"Of {in_week} listings visible in the last seven days only {left} would be left."


def _find_emptied(sellers: Mapping[str, int], visible_by_account: Mapping[str, int]) -> str | None:
    emptied = [
        account_id
        for account_id, count in sellers.items()
        if visible_by_account.get(account_id, 0) >= LARGE_SELLER
        and count > SELLER_SHARE * visible_by_account[account_id]
    ]
    if not emptied:
        return None
    one = emptied[0]
    rest = f", and {len(emptied) - 1} more like it" if len(emptied) > 1 else ""
    return f"Seller {one} would lose {sellers[one]} of {visible_by_account[one]} visible listings{rest}."


def look_at_shown(
    connection: Connection, platform: str, candidates: Sequence[Candidate], *, run: int, now: float
) -> Shown:
    """What the store knows of a feed, as `object_to` wants it."""
    gone = count_withdrawn(connection, run)
    accounts = sorted({each.account_id for each in candidates if each.visible}.union(gone))
    return Shown(
        now=count_visible(connection, platform),
        before=visible_after_good_runs(connection, platform),
        by_account=count_visible_of(connection, platform, accounts),
        in_week=visible_in_week(connection, platform, now=now),
        gone_by_account=gone,
    )


# Whole runs ----------------------------------------------------------------------------------------------------------


def object_to_run(
    connection: Connection, run: Run, *, policies: Policies, now: float | None = None
) -> Objection | None:
    """Why nothing of this run may be released before a person has looked, or None.

    Only what the run parsed is judged: an unchanged record says nothing new. A first census has nothing to compare.
    """
    if run.first_census:
        return None
    reasons = [each.text for each in _find_drift(connection, run, policies) if each.policy is Policy.HOLD]
    hiding = [Candidate(each.key, each.external_id, each.account_id, True) for each in find_hiding(connection, run.id)]
    objection = _object_to_hiding(connection, run, hiding, now=run.started_at if now is None else now)
    if objection is not None:
        reasons.append(f"Changed records would hide what a buyer sees now. {objection.reason}")
    if not reasons:
        return None
    diff = describe_versions(
        find_waiting(connection, run=run.id),
        find_waiting_accounts(connection, run=run.id),
        sellers=count_waiting_sellers(connection, run.id),
    )
    return Objection(" ".join(reasons), {"reasons": list(reasons), **diff})


def warn_of_run(connection: Connection, run: Run, *, policies: Policies) -> list[str]:
    """What an operator should know of a run that is released all the same."""
    if run.first_census:
        return []
    found = [each.text for each in _find_drift(connection, run, policies) if each.policy is Policy.WARN]
    if run.lane == Lane.CENSUS:
        volume = find_volume_drift(run.counters.seen, volumes_before(connection, run.platform, before=run.id))
        found.extend([volume] if volume else [])
    return found


def _object_to_hiding(connection: Connection, run: Run, hiding: Sequence[Candidate], *, now: float) -> Objection | None:
    if len(hiding) <= min(MANY_LISTINGS, LARGE_SELLER // 2):
        return None  # too few for any rule: the counts need not be asked for
    shown = look_at_shown(connection, run.platform, hiding, run=run.id, now=now)
    return object_to(hiding, shown, seen=None)


def _find_drift(connection: Connection, run: Run, policies: Policies) -> list[Drift]:
    measured = load_measures(connection, run.id)
    usual = usual_measures(connection, run.platform, lane=run.lane, before=run.id) if measured else []
    recent = recent_measures(connection, run.platform, before=run.id) if measured else []
    found = find_drift(measured, usual=usual, recent=recent, policies=policies)
    return [*found, *_find_unknown(connection, run, policies)]


def _find_unknown(connection: Connection, run: Run, policies: Policies) -> list[Drift]:
    """Values and fields that appeared; one that asks for a person asks until a hold about it was approved."""
    found: dict[tuple[str, Policy], list[Unknown]] = {}
    for each in list_unknowns_of_run(connection, run.platform, run.id):
        policy = policies.of_unknown(each.field, each.value)
        if policy is Policy.HOLD and not each.is_approved:
            found.setdefault((each.field, policy), []).append(each)
        elif policy is not Policy.ACCEPT and each.first_run == run.id:
            found.setdefault((each.field, Policy.WARN), []).append(each)
    return [Drift(name, policy, _say_unknown(name, unknowns)) for (name, policy), unknowns in found.items()]


def _say_unknown(name: str, unknowns: Sequence[Unknown]) -> str:
    shown = ", ".join(repr(each.value) for each in unknowns[:_FEW])
    more = f" and {len(unknowns) - _FEW} more" if len(unknowns) > _FEW else ""
    what = "fields" if name == UNKNOWN_FIELD else f"values of {name}"
    return f"{name}: {what} that nobody here knows: {shown}{more}; see `hanmaru unknowns`."
