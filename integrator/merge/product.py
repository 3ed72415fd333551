"""A product as a view over its listings. Every shown value names the rule that chose it, its source and what lost."""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from integrator.listing import Detail, Image, Lead, Listing, Price, QuantityState
from integrator.merge.category import Guesses, choose_category
from integrator.merge.price import Rates, choose_headline
from integrator.product import Chosen, Headline, Offer, Product, Source

# Rule -> what it says, for pages and receipts.
RULES: dict[str, tuple[str, str]] = {
    "only": ("the only value given", "하나뿐인 값"),
    "newest": ("from the listing changed last", "가장 최근에 바뀐 상품 정보의 값"),
    "majority": ("what most listings say", "가장 많은 상품 정보가 말하는 값"),
    "richest": ("the fullest text", "가장 자세한 글"),
    "clearest": ("the clearest name: complete, not in capitals, not a bare code", "가장 알아보기 쉬운 이름"),
}
_MOST_IMAGES, _MOST_KEYWORDS, _MOST_ATTRIBUTES = 12, 20, 40
# A losing text is shown as a beginning only; the whole stands in its listing.
_LOSER_CHARS = 160
_TAG = re.compile(r"<[^>]*>")


class Member(msgspec.Struct, frozen=True):
    """A listing as the merge sees it: the released statement, its detail, and what the store says of it."""

    listing: Listing
    generation: int
    visible: bool
    seen_at: datetime
    stale: bool = False
    detail: Detail | None = None


def strip_tags(text: str) -> str:
    """Cleaned HTML as plain text in one line."""
    bare = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return " ".join(bare.split())


def merge(
    members: Sequence[Member], *, product_id: str, seller_id: str, seller_name: str, guesses: Guesses, rates: Rates
) -> Product:
    """The view over a product's listings. Only visible ones speak; without any, all do and nothing is offered."""
    visible = [member for member in members if member.visible]
    speaking = sorted(visible or members, key=_newest_first)
    listings = [member.listing for member in speaking]
    offers = [_offer(member) for member in speaking] if visible else []
    return Product(
        product_id=product_id,
        seller_id=seller_id,
        seller_name=seller_name,
        names=_names(listings),
        offers=tuple(offers),
        category=choose_category(listings, guesses),
        headline=choose_headline(list(zip(offers, listings, strict=True)), rates) if offers else _nothing(listings[0]),
        visible=bool(visible),
        values=_values(speaking),
        certificates=_certificates(speaking),
        keywords=_unique((word for listing in listings for word in listing.keywords), _MOST_KEYWORDS),
        attributes=_attributes(listings),
        images=_images(speaking),
        updated_at=max(listing.updated.at for listing in listings),
    )


def _newest_first(member: Member) -> tuple[float, str, str]:
    return -member.listing.updated.at.timestamp(), member.listing.platform, member.listing.external_id


def _offer(member: Member) -> Offer:
    listing = member.listing
    return Offer(
        platform=listing.platform,
        external_id=listing.external_id,
        generation=member.generation,
        account_id=listing.account_id,
        account_name=listing.account_name,
        names=listing.names,
        price=_shown_price(listing),
        moq=listing.moq,
        lead=listing.lead,
        url=listing.url,
        availability=listing.availability.value,
        updated_at=listing.updated.at,
        seen_at=member.seen_at,
        terms=listing.terms,
        images=listing.images[:1],
        stale=member.stale,
    )


def _shown_price(listing: Listing) -> Price:
    """A hidden price has no steps, whatever came with it."""
    return Price(listing.price.state) if listing.price.state == "hidden" else listing.price


def _nothing(listing: Listing) -> Headline:
    return Headline(listing.platform, listing.external_id, "none_offered", "unknown")


# Choosing ------------------------------------------------------------------------------------------------------------

Rule = Callable[[Sequence[Source]], Source]


def _newest(sources: Sequence[Source]) -> Source:
    return sources[0]  # members come newest first


def _majority(sources: Sequence[Source]) -> Source:
    counts = Counter(source.value.casefold() for source in sources)
    return max(sources, key=lambda source: counts[source.value.casefold()])  # the newest of equals: max keeps the first


def _richest(sources: Sequence[Source]) -> Source:
    return max(sources, key=lambda source: len(source.value))


def _clearest(sources: Sequence[Source]) -> Source:
    return max(sources, key=lambda source: _clarity(source.value))


def _clarity(name: str) -> tuple[bool, bool, int]:
    words = name.split()
    cased = not name.isupper() and not (name.islower() and name.isascii())
    return len(words) > 1, cased, min(len(words), 9) - max(0, len(name) - 90) // 10


_CHOOSERS: dict[str, Rule] = {"newest": _newest, "majority": _majority, "richest": _richest, "clearest": _clearest}


def _choose(rule: str, sources: Sequence[Source]) -> Chosen:
    if len(sources) == 1:
        return Chosen(sources[0].value, "only", sources[0])
    chosen = _CHOOSERS[rule](sources)
    losers = tuple(
        Source(each.platform, each.external_id, each.value[:_LOSER_CHARS])
        for each in sources
        if each is not chosen and each.value != chosen.value
    )
    return Chosen(chosen.value, rule, Source(chosen.platform, chosen.external_id, chosen.value[:_LOSER_CHARS]), losers)


def _names(listings: Sequence[Listing]) -> dict[str, Chosen]:
    found: dict[str, list[Source]] = {}
    for listing in listings:
        for language, name in listing.names.items():
            found.setdefault(language, []).append(Source(listing.platform, listing.external_id, name))
    return {language: _choose("clearest", found[language]) for language in sorted(found)}


def _written_lead(lead: Lead) -> str | None:
    if lead.state is not QuantityState.STATED:
        return None
    low, high = lead.min_days, lead.max_days
    return f"{'?' if low is None else low}..{'?' if high is None else high}{'b' if lead.business else ''}"


def _written_decimal(number: Decimal | None) -> str | None:
    return None if number is None else f"{number.normalize():f}"


def _written_flag(flag: bool | None) -> str | None:
    return None if flag is None else "yes" if flag else "no"


# Field -> (rule, how one listing states it).
_FIELDS: dict[str, tuple[str, Callable[[Listing], str | None]]] = {
    "brand": ("majority", lambda listing: listing.brand),
    "model": ("majority", lambda listing: listing.model),
    "seller_number": ("newest", lambda listing: listing.seller_number),
    "hs6": ("majority", lambda listing: listing.hs.hs6),
    "hsk10": ("majority", lambda listing: listing.hs.hsk10),
    "origin": ("majority", lambda listing: ",".join(listing.origin) or None),
    "lead": ("newest", lambda listing: _written_lead(listing.lead)),
    "port": ("newest", lambda listing: listing.port),
    "packaging": ("newest", lambda listing: listing.packaging),
    "weight_kg": ("newest", lambda listing: _written_decimal(listing.weight_kg)),
    "supply": ("newest", lambda listing: listing.supply.text),
    "payment": ("newest", lambda listing: ", ".join(listing.payment) or None),
    "sample": ("newest", lambda listing: _written_flag(listing.sample)),
    "online_order": ("newest", lambda listing: _written_flag(listing.online_order)),
}


def _values(members: Sequence[Member]) -> dict[str, Chosen]:
    values: dict[str, Chosen] = {}
    listings = [member.listing for member in members]
    for name, (rule, read) in _FIELDS.items():
        sources = [
            Source(listing.platform, listing.external_id, value) for listing in listings if (value := read(listing))
        ]
        if sources:
            values[name] = _choose(rule, sources)
    values.update(_texts("summary", members, lambda member: [member.listing.summaries]))
    values.update(
        _texts(
            "description",
            members,
            lambda member: [member.detail.descriptions if member.detail else {}, member.listing.descriptions],
        )
    )
    return values


def _texts(
    name: str, members: Sequence[Member], read: Callable[[Member], list[dict[str, str]]]
) -> Iterable[tuple[str, Chosen]]:
    found: dict[str, list[Source]] = {}
    for member in members:
        for texts in read(member):
            for language, text in texts.items():
                if text:
                    source = Source(member.listing.platform, member.listing.external_id, text)
                    found.setdefault(language, []).append(source)
    return [(f"{name}.{language}", _choose("richest", found[language])) for language in sorted(found)]


def _unique(values: Iterable[str], most: int) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for value in values:
        found.setdefault(value.casefold(), value)
    return tuple(found.values())[:most]


def _certificates(members: Sequence[Member]) -> tuple[str, ...]:
    stated = [certificate for member in members for certificate in member.listing.certificates]
    stated += [certificate for member in members if member.detail for certificate in member.detail.certificates]
    return tuple(sorted({certificate.code or certificate.name for certificate in stated}))


def _attributes(listings: Sequence[Listing]) -> tuple[tuple[str, str], ...]:
    found: dict[str, tuple[str, str]] = {}
    for listing in listings:
        for attribute in listing.attributes:
            found.setdefault(attribute.name.casefold(), (attribute.name, attribute.value))
    return tuple(found.values())[:_MOST_ATTRIBUTES]


def _images(members: Sequence[Member]) -> tuple[Image, ...]:
    found: dict[str, Image] = {}
    for member in members:
        own = (*member.listing.images, *(member.detail.images if member.detail else ()))
        for image in sorted(own, key=lambda each: (not each.main, each.order, each.url)):
            found.setdefault(image.url, image)
    return tuple(found.values())[:_MOST_IMAGES]
