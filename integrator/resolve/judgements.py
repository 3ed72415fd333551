"""What people decided: append-only, attributed, outranking every rule.

A judgement names two listings (or accounts) by 'platform:id'. The last word on a pair counts; "unsure" takes an earlier
one back. A decision that cannot hold together with the others is refused, not stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from integrator.errors import ContradictoryJudgement

SAME, DIFFERENT, UNSURE = "same", "different", "unsure"
VERDICTS = (SAME, DIFFERENT, UNSURE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's verdict on a pair; `left` < `right`, each 'platform:id'."""

    kind: str  # product, seller
    left: str
    right: str
    verdict: str
    by: str
    reason: str
    at: float


def make_judgement(kind: str, one: str, other: str, verdict: str, *, by: str, reason: str = "", at: float) -> Judgement:
    """A judgement with its pair in order. Raises ContradictoryJudgement for a thing against itself."""
    if one == other:
        raise ContradictoryJudgement(f"{one} cannot be judged against itself.")
    if verdict not in VERDICTS:
        raise ValueError(f"A verdict is one of {', '.join(VERDICTS)}, not {verdict!r}.")
    return Judgement(kind, min(one, other), max(one, other), verdict, by, reason, at)


def current(judgements: Iterable[Judgement]) -> dict[tuple[str, str], str]:
    """The last word on each pair, in the order given; pairs that someone became unsure of are left out."""
    last: dict[tuple[str, str], str] = {}
    for judgement in judgements:
        last[judgement.left, judgement.right] = judgement.verdict
    return {pair: verdict for pair, verdict in last.items() if verdict != UNSURE}


def require_consistent(standing: Mapping[tuple[str, str], str], new: Judgement) -> None:
    """Raises ContradictoryJudgement when `new` cannot hold beside what stands: a chain of "same" over a "different"."""
    after = {**standing, (new.left, new.right): new.verdict}
    groups = _groups([pair for pair, verdict in after.items() if verdict == SAME])
    for (left, right), verdict in after.items():
        if verdict == DIFFERENT and left in groups and groups.get(right) is groups[left]:
            raise ContradictoryJudgement(
                f"{new.left} and {new.right} cannot be {new.verdict}: {left} and {right} were judged different, "
                f"yet a chain of judgements makes them the same. Take one back with the verdict 'unsure' first."
            )


def _groups(pairs: Sequence[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for left, right in pairs:
        joined = groups.get(left, {left}) | groups.get(right, {right})
        for member in joined:
            groups[member] = joined
    return groups
