"""Edges to clusters: greedily by score, under constraints. Never plain connected components.

The outcome is a function of the sketches and the judgements alone: ties are broken by the listings' own names, so the
order of arrival plays no part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from integrator.resolve.blocks import candidates
from integrator.resolve.scorer import Rarity, Score, rarity_of, score
from integrator.resolve.sketch import Sketch

SAME, DIFFERENT = "same", "different"
Pair = tuple[int, int]


class Decided(msgspec.Struct, frozen=True):
    """A pair with its verdict: an edge that joined a cluster, or a strong one that was refused and why."""

    left: int
    right: int
    verdict: str
    score: Score
    block: str
    reason: str  # "", or what refused the pair


@dataclass(frozen=True, slots=True)
class Clustering:
    """Groups of positions (each sorted, and sorted by their first) and the pairs that were decided."""

    groups: tuple[tuple[int, ...], ...]
    decided: tuple[Decided, ...]


class _Scores:
    """Scores of one seller's pairs, each worked out once."""

    def __init__(self, sketches: Sequence[Sketch], rarity: Rarity) -> None:
        self._sketches = sketches
        self._rarity = rarity
        self._known: dict[Pair, Score] = {}

    def compete(self, left: int, right: int) -> bool:
        """Two offers in one place: a seller seldom lists a product twice there, unless the pair itself says so."""
        return self._sketches[left].platform == self._sketches[right].platform

    def of(self, left: int, right: int) -> Score:
        pair = (left, right) if left < right else (right, left)
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = score(self._sketches[pair[0]], self._sketches[pair[1]], self._rarity)
        return known


def cluster(sketches: Sequence[Sketch], judged: Mapping[Pair, str] | None = None) -> Clustering:
    """Cluster one seller's listings. `judged` maps pairs of positions (smaller first) to "same" or "different"."""
    verdicts = judged or {}
    scores = _Scores(sketches, rarity_of(sketches))
    blocks = candidates(sketches)
    groups: dict[int, tuple[int, ...]] = {position: (position,) for position in range(len(sketches))}
    decided: list[Decided] = []
    for left, right in sorted(pair for pair, verdict in verdicts.items() if verdict == SAME):
        decided.append(Decided(left, right, SAME, scores.of(left, right), "judgement", ""))
        _join(groups, left, right)
    accepted = [(pair, scores.of(*pair)) for pair in blocks]
    accepted = [(pair, found) for pair, found in accepted if found.accepted]
    accepted.sort(key=lambda edge: (-edge[1].total, sketches[edge[0][0]].ref, sketches[edge[0][1]].ref))
    for (left, right), found in accepted:
        if groups[left] is groups[right]:
            continue
        reason = _refusal(groups[left], groups[right], scores, verdicts)
        verdict = DIFFERENT if reason else SAME
        decided.append(Decided(left, right, verdict, found, blocks[left, right], reason))
        if not reason:
            _join(groups, left, right)
    found_groups = sorted({id(group): group for group in groups.values()}.values())
    return Clustering(tuple(found_groups), tuple(decided))


def _join(groups: dict[int, tuple[int, ...]], left: int, right: int) -> None:
    joined = tuple(sorted({*groups[left], *groups[right]}))
    for member in joined:
        groups[member] = joined


def _refusal(left: Iterable[int], right: Iterable[int], scores: _Scores, verdicts: Mapping[Pair, str]) -> str:
    """Why two groups may not become one; empty when they may."""
    total, count = 0.0, 0
    for ours in left:
        for theirs in right:
            pair = (ours, theirs) if ours < theirs else (theirs, ours)
            verdict = verdicts.get(pair)
            if verdict == DIFFERENT:
                return "judgement"
            if verdict == SAME:
                continue
            found = scores.of(*pair)
            if found.veto is not None:
                return found.veto
            if scores.compete(*pair) and not found.accepted:
                return "same_platform"
            total += found.total
            count += 1
    return "average" if count and total / count <= 0.0 else ""
