"""Offers of one product as the page shows them: one block a platform, and what differs between them side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from integrator.listing import Lead, Listing, Moq, Price, PriceStep, QuantityState
from integrator.product import Offer
from search.filters import BY_NAME
from web import i18n
from web.i18n import gettext
from web.units import unit_words

_DASH = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a price: from how many, for how much."""

    count: str
    price: str
    per: str
    term: str


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """One listing as an offer."""

    platform: str
    external_id: str
    name: str
    name_lang: str | None
    account: str
    steps: list[Step]
    note: str  # instead of steps
    moq: str
    lead: str
    terms: list[str]
    availability: str
    updated: datetime
    seen: datetime
    stale: bool
    url: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison: a value for each offer, empty where it says nothing."""

    label: str
    values: list[str]
    differs: bool


def show_offer(offer: Offer, lang: str) -> ShownOffer:
    """An offer in words."""
    name_lang = next((each for each in (lang, "en", "ko", *offer.names) if each in offer.names), None)
    return ShownOffer(
        platform=offer.platform,
        external_id=offer.external_id,
        name=offer.names[name_lang] if name_lang else "",
        name_lang=None if name_lang == lang else name_lang,
        account=offer.account_name or "",
        steps=[_step(step, len(offer.price.steps) > 1, lang) for step in offer.price.steps],
        note="" if offer.price.steps else price_words(offer.price.state),
        moq=moq_words(offer.moq, lang),
        lead=lead_words(offer.lead),
        terms=list(offer.terms),
        availability=BY_NAME["availability"].value_label(offer.availability, lang),
        updated=offer.updated_at,
        seen=offer.seen_at,
        stale=offer.stale,
        url=offer.url if (offer.url or "").startswith(("https://", "http://")) else None,
    )


def price_words(state: str) -> str:
    """What to say where there is no amount."""
    words = {"negotiable": gettext("Price on request"), "hidden": gettext("Price for members of the platform")}
    return words.get(state, gettext("Price not stated"))


def moq_words(moq: Moq, lang: str) -> str:
    """A minimum order in the offer's own unit."""
    if moq.state == QuantityState.STATED and moq.minimum is not None:
        return i18n.quantity(moq.minimum, moq.unit, lang)
    return _state_words(moq.state)


def lead_words(lead: Lead) -> str:
    """A lead time as stated."""
    if lead.state == QuantityState.STATED:
        return i18n.days(lead.min_days, lead.max_days, business=lead.business)
    return _state_words(lead.state)


def _state_words(state: str) -> str:
    words = {
        QuantityState.NEGOTIABLE: gettext("On request"),
        QuantityState.HIDDEN: gettext("For members of the platform"),
    }
    return words.get(QuantityState(state), _DASH)


def _step(step: PriceStep, is_tier: bool, lang: str) -> Step:
    return Step(
        count=_count(step, lang) if is_tier else "",
        price=i18n.money_span(step.amount, step.amount_to, step.currency, lang),
        per=unit_words(step.unit, lang) if step.unit else "",
        term=step.term or "",
    )


def _count(step: PriceStep, lang: str) -> str:
    low = i18n.number(step.low, lang)
    if step.high is None:
        return gettext("%(low)s or more", low=low)
    return f"{low}–{i18n.number(step.high, lang)}"


# Side by side --------------------------------------------------------------------------------------------------------


def compare(offers: Sequence[Offer], listings: Mapping[tuple[str, str], Listing], lang: str) -> list[Row]:
    """Every matter that an offer speaks of, in one order; a row differs when two offers say different things."""
    rows = []
    for label, read in _matters(lang):
        values = [read(offer, listings.get((offer.platform, offer.external_id))) for offer in offers]
        said = {value.casefold() for value in values if value}
        if said:
            rows.append(Row(label, values, len(said) > 1))
    return rows


Reader = Callable[[Offer, Listing | None], str]


def _matters(lang: str) -> list[tuple[str, Reader]]:
    """What is compared: a label, and how an offer states it."""

    def of_listing(read: Callable[[Listing], str | None]) -> Reader:
        return lambda _, listing: (read(listing) or "") if listing else ""

    return [
        (gettext("Name in English"), lambda offer, _: offer.names.get("en", "")),
        (gettext("Name in Korean"), lambda offer, _: offer.names.get("ko", "")),
        (gettext("Price"), lambda offer, _: _whole_price(offer.price, lang)),
        (gettext("Minimum order"), lambda offer, _: moq_words(offer.moq, lang)),
        (gettext("Lead time"), lambda offer, _: lead_words(offer.lead)),
        (gettext("Delivery terms"), lambda offer, _: ", ".join(sorted(offer.terms))),
        (gettext("Brand"), of_listing(lambda listing: listing.brand)),
        (gettext("Model"), of_listing(lambda listing: listing.model)),
        (gettext("HS code"), of_listing(lambda listing: listing.hs.hs6)),
        (gettext("Origin"), of_listing(lambda listing: ", ".join(i18n.country(each, lang) for each in listing.origin))),
        (gettext("Certificates"), of_listing(_certificates)),
        (gettext("Packaging"), of_listing(lambda listing: listing.packaging)),
        (gettext("Weight"), of_listing(lambda listing: _weight(listing, lang))),
        (gettext("Port"), of_listing(lambda listing: listing.port)),
        (gettext("Payment"), of_listing(lambda listing: ", ".join(listing.payment))),
        (gettext("Supply ability"), of_listing(lambda listing: listing.supply.text)),
        (gettext("Sample"), of_listing(lambda listing: _yes_no(listing.sample))),
    ]


def _whole_price(price: Price, lang: str) -> str:
    """All steps in one text; what is not stated differs from nothing."""
    if not price.steps:
        return "" if price.state == "unknown" else price_words(price.state)
    steps = [_step(step, len(price.steps) > 1, lang) for step in price.steps]
    return "; ".join(f"{step.count}: {_priced(step)}" if step.count else _priced(step) for step in steps)


def _priced(step: Step) -> str:
    return " ".join(part for part in (step.price, f"/ {step.per}" if step.per else "", step.term) if part)


def _certificates(listing: Listing) -> str:
    return ", ".join(sorted({each.code or each.name for each in listing.certificates}))


def _weight(listing: Listing, lang: str) -> str:
    return "" if listing.weight_kg is None else i18n.quantity(listing.weight_kg, "KGM", lang)


def _yes_no(flag: bool | None) -> str:
    return "" if flag is None else gettext("Yes") if flag else gettext("No")
