"""Drift: a field that listings had and have no more, prices that jumped, a feed of another size than usual.

Counted in passing from the records that a run parsed. An unchanged record is not parsed and counts nowhere: a platform
that breaks a field changes its records, and only changed records can harm what is stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Final

from integrator.listing import HsState, Listing, PriceState, PriceStep, QuantityState
from integrator.record import Policies, Policy
from integrator.store.measures import Measures, Share

# A rate of fewer records than this says nothing.
COMPARABLE = 100

# A seller's taste moves a fill rate by a few points; a renamed field empties it.
POINTS = 0.20

# Prices that moved by over half are rare on any day; a lost decimal point or another currency moves all of them.
MOVED_SHARE = 0.30
_HALF = Decimal("0.5")

# What few listings have moves no fill rate: that most of them lost it is worth a warning.
_MOST = 0.5

# Chi-square of one degree: once in 600 by chance. Ten listings that lose a field while none gains it reach it.
_CHANCE = 10

# Fewer prices than this are not worth a word.
_WORTH_A_WORD = 10

# A walk that reads everything shows about as much as the last ones did.
_VOLUME_SHARE = 0.30

_FILLED: Final[Mapping[str, Callable[[Listing], object]]] = {
    "names.en": lambda said: said.names.get("en"),
    "names.ko": lambda said: said.names.get("ko"),
    "visible": lambda said: said.visible,
    "account_name": lambda said: said.account_name,
    "registered": lambda said: said.registered,
    "status": lambda said: said.status,
    "price": lambda said: said.price.state is not PriceState.UNKNOWN,
    "price.amount": lambda said: said.price.steps,
    "price.currency": lambda said: said.price.steps and said.price.steps[0].currency,
    "price.unit": lambda said: said.price.steps and said.price.steps[0].unit,
    "price.negotiable": lambda said: said.price.state is PriceState.NEGOTIABLE,
    "moq": lambda said: said.moq.state is not QuantityState.UNKNOWN,
    "moq.unit": lambda said: said.moq.unit,
    "lead": lambda said: said.lead.state is not QuantityState.UNKNOWN,
    "lead.days": lambda said: said.lead.min_days is not None,
    "hs": lambda said: said.hs.state is not HsState.MISSING,
    "category.code": lambda said: said.category.code,
    "category.path": lambda said: said.category.path,
    "summaries": lambda said: said.summaries,
    "descriptions": lambda said: said.descriptions,
    "brand": lambda said: said.brand,
    "model": lambda said: said.model,
    "seller_number": lambda said: said.seller_number,
    "attributes": lambda said: said.attributes,
    "certificates": lambda said: said.certificates,
    "keywords": lambda said: said.keywords,
    "origin": lambda said: said.origin,
    "payment": lambda said: said.payment,
    "terms": lambda said: said.terms,
    "transport": lambda said: said.transport,
    "port": lambda said: said.port,
    "packaging": lambda said: said.packaging,
    "packs": lambda said: said.packs,
    "weight_kg": lambda said: said.weight_kg is not None,
    "supply": lambda said: said.supply.text or said.supply.quantity,
    "supply.quantity": lambda said: said.supply.quantity is not None,
    "stock": lambda said: said.stock is not None,
    "sample": lambda said: said.sample is not None,
    "online_order": lambda said: said.online_order is not None,
    "quotation": lambda said: said.quotation is not None,
    "online_payment": lambda said: said.online_payment is not None,
    "images": lambda said: said.images,
    "images.main": lambda said: any(each.main for each in said.images),
    "url": lambda said: said.url,
    "slug": lambda said: said.slug,
}
FIELDS: Final = tuple(_FILLED)
_READ: Final = tuple(_FILLED.values())


@dataclass(slots=True)
class Measured:
    """What some parsed listings come to; adds up over batches."""

    parsed: int = 0
    pairs: int = 0
    moved: int = 0
    priced: int = 0
    filled: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    had: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    lost: list[int] = field(default_factory=lambda: [0] * len(FIELDS))
    gained: list[int] = field(default_factory=lambda: [0] * len(FIELDS))

    def add(self, listing: Listing, before: Listing | None) -> None:
        """One more parsed listing, and what was shown of it until now (None: nothing)."""
        now = _read_filled(listing)
        self.parsed += 1
        _count(self.filled, now)
        if before is None:
            return
        was = _read_filled(before)
        self.pairs += 1
        _count(self.had, was)
        _count(self.lost, [old and not new for old, new in zip(was, now, strict=True)])
        _count(self.gained, [new and not old for old, new in zip(was, now, strict=True)])
        self._compare_prices(before, listing)

    def shares(self) -> dict[str, Share]:
        """By name, as they are stored; what counts nothing is left out."""
        found = {"pairs": Share(self.pairs, self.pairs), "prices moved": Share(self.moved, self.priced)}
        for place, name in enumerate(FIELDS):
            found[f"filled {name}"] = Share(self.filled[place], self.parsed)
            for word, counts in (("had", self.had), ("lost", self.lost), ("gained", self.gained)):
                found[f"{word} {name}"] = Share(counts[place], self.pairs if counts[place] else 0)
        return {name: share for name, share in found.items() if share.whole}

    def _compare_prices(self, before: Listing, listing: Listing) -> None:
        old, new = _first_step(before), _first_step(listing)
        if old is None or new is None or (old.currency, old.unit) != (new.currency, new.unit):
            return
        self.priced += 1
        self.moved += abs(new.amount - old.amount) > _HALF * old.amount


def _read_filled(said: Listing) -> list[bool]:
    filled = [bool(read(said)) for read in _READ]
    for name in said.masked:  # hidden from this scope is not empty
        for place in _PLACES.get(name, ()):
            filled[place] = True
    return filled


_PLACES: Final[dict[str, tuple[int, ...]]] = {
    root: tuple(place for place, name in enumerate(FIELDS) if name.partition(".")[0] == root)
    for root in {name.partition(".")[0] for name in FIELDS}
}


def _count(sums: list[int], claims: Iterable[bool]) -> None:
    for place, claim in enumerate(claims):
        if claim:
            sums[place] += 1


def _first_step(said: Listing) -> PriceStep | None:
    return said.price.steps[0] if said.price.steps and said.price.steps[0].amount > 0 else None


# Judging -------------------------------------------------------------------------------------------------------------


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
    found = [each for name in FIELDS for each in _find_of_field(now, name, usual, recent, policies)]
    found.extend(_find_moved(now, recent, policies))
    return sorted(found, key=lambda each: each.policy is not Policy.HOLD)


def _find_of_field(
    now: Measures, name: str, usual: Sequence[Measures], recent: Sequence[Measures], policies: Policies
) -> list[Drift]:
    policy = policies.of_missing(name)
    if policy is Policy.ACCEPT:
        return []
    turn = _Turn.of(now, name)
    text = f"{name}: {turn.had:,} of {turn.pairs:,} changed listings had it, {turn.left:,} have it now."
    if turn.is_steep and _pool(turn, name, recent).is_drift:
        return [Drift(name, policy, text)]
    if turn.is_no_chance and (turn.is_steep or turn.net >= _MOST * turn.had):
        return [Drift(name, Policy.WARN, text)]
    filled = now.get(f"filled {name}", _NONE)
    before = [each[f"filled {name}"] for each in usual if f"filled {name}" in each]
    rates = [each.rate for each in before if each.whole >= COMPARABLE]
    if filled.whole >= COMPARABLE and rates and median(rates) - filled.rate >= POINTS:
        text = f"{name}: {filled.rate:.0%} of {filled.whole:,} listings read have it, usually {median(rates):.0%}."
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
        return cls(measures.get("pairs", _NONE).whole, had, lost, gained)

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
