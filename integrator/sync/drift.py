"""Drift: a field that listings had and have no more, prices that jumped, a feed of another size than usual."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from integrator.record import Policies, Policy
from integrator.store.measures import Measures, Share
from integrator.sync.measuring import FIELDS, SELLER_FIELDS, pairs_of

# A rate of fewer records than this says nothing.
COMPARABLE = 100

# A seller's taste moves a fill rate by a few points; a renamed field empties it.
POINTS = 0.20

# Prices that moved by over half are rare on any day; a lost decimal point or another currency moves all of them.
MOVED_SHARE = 0.30

# What few listings have moves no fill rate: that most of them lost it is worth a warning.
_MOST = 0.5

# Chi-square of one degree: once in 600 by chance. Ten listings that lose a field while none gains it reach it.
_CHANCE = 10

# Fewer prices than this are not worth a word.
_WORTH_A_WORD = 10

# A walk that reads everything shows about as much as the last ones did.
_VOLUME_SHARE = 0.30


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is not as it was: the field, what its policy says, and a sentence."""

    field: str
    policy: Policy
    text: str


def find_drift(
    now: Measures, *, usual: Sequence[Measures], recent: Sequence[Measures], policies: Policies
) -> list[Drift]:
    """What drifted in a run, gravest first.

    `usual` are the last good runs of its lane, `recent` the last runs of any lane, newest first: a run of a few records
    is judged together with those before it, so that a broken feed does no harm in small portions either.
    """
    found = [each for name in (*FIELDS, *SELLER_FIELDS) for each in _find_of_field(now, name, usual, recent, policies)]
    found.extend(_find_moved(now, recent, policies))
    return sorted(found, key=lambda each: each.policy is not Policy.HOLD)


def _find_of_field(
    now: Measures, name: str, usual: Sequence[Measures], recent: Sequence[Measures], policies: Policies
) -> list[Drift]:
    policy = policies.of_missing(name)
    if policy is Policy.ACCEPT:
        return []
    turn = _Turn.of(now, name)
    text = f"{name}: {turn.had:,} of {turn.pairs:,} changed records had it, {turn.left:,} have it now."
    if turn.is_steep and _pool(turn, name, recent).is_drift:
        return [Drift(name, policy, text)]
    if turn.is_no_chance and (turn.is_steep or turn.net >= _MOST * turn.had):
        return [Drift(name, Policy.WARN, text)]
    filled = now.get(f"filled {name}", _NONE)
    before = [each[f"filled {name}"] for each in usual if f"filled {name}" in each]
    rates = [each.rate for each in before if each.whole >= COMPARABLE]
    if filled.whole >= COMPARABLE and rates and median(rates) - filled.rate >= POINTS:
        text = f"{name}: {filled.rate:.0%} of {filled.whole:,} records read have it, usually {median(rates):.0%}."
        return [Drift(name, policy, text)]
    return []


_NONE: Final = Share(0, 0)


@dataclass(frozen=True, slots=True)
class _Turn:
    """How a field changed among listings that were shown before: so many had it, lost it, gained it."""

    pairs: int
    had: int
    lost: int
    gained: int

    @classmethod
    def of(cls, measures: Measures, name: str) -> "_Turn":
        had, lost, gained = (measures.get(f"{word} {name}", _NONE).part for word in ("had", "lost", "gained"))
        return cls(measures.get(pairs_of(name), _NONE).whole, had, lost, gained)

    def __add__(self, other: "_Turn") -> "_Turn":
        return _Turn(self.pairs + other.pairs, self.had + other.had, self.lost + other.lost, self.gained + other.gained)

    @property
    def net(self) -> int:
        return self.lost - self.gained

    @property
    def left(self) -> int:
        return self.had - self.net

    @property
    def is_steep(self) -> bool:
        return self.pairs > 0 and self.net / self.pairs >= POINTS

    @property
    def is_no_chance(self) -> bool:
        """Whether sellers who fill and empty a field as they like would hardly come to this (McNemar's test)."""
        return self.net > 0 and self.net**2 >= _CHANCE * (self.lost + self.gained)

    @property
    def is_drift(self) -> bool:
        return self.pairs >= COMPARABLE and self.is_steep and self.is_no_chance


def _pool(turn: _Turn, name: str, recent: Sequence[Measures]) -> _Turn:
    for each in recent:
        if turn.pairs >= COMPARABLE:
            break
        turn += _Turn.of(each, name)
    return turn


def _find_moved(now: Measures, recent: Sequence[Measures], policies: Policies) -> list[Drift]:
    moved = now.get("prices moved", _NONE)
    if moved.rate <= MOVED_SHARE:
        return []
    text = f"price: {moved.part:,} of {moved.whole:,} changed prices moved by more than half."
    part, whole = moved.part, moved.whole
    for each in recent:
        if whole >= COMPARABLE:
            break
        more = each.get("prices moved", _NONE)
        part, whole = part + more.part, whole + more.whole
    if whole >= COMPARABLE and part / whole > MOVED_SHARE:
        return [Drift("price", policies.of_missing("price"), text)]
    return [Drift("price", Policy.WARN, text)] if moved.part >= _WORTH_A_WORD else []


def find_volume_drift(seen: int, usual: Sequence[int]) -> str | None:
    """A sentence when a whole read is much smaller or larger than the last ones."""
    if not usual:
        return None
    middle = median(usual)
    if middle < COMPARABLE or abs(seen - middle) <= _VOLUME_SHARE * middle:
        return None
    return f"The platform showed {seen:,} listings; it was {middle:,.0f} in the last {len(usual)} whole reads."
