"""A product as the index needs it, and the digest that says whether it changed. Public facts only."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import msgspec
from msgspec.structs import replace

from integrator.hs import tree
from integrator.merge.product import strip_tags
from integrator.ports import DocumentVersion, IndexDocument
from integrator.product import CategoryChoice, Chosen, Offer, Product

# Raise it when the same product should give another document: each product is published again when it is next touched.
FORM = 1
_BODY_CHARS = 1_500
_LANGUAGES = ("en", "ko", "es")
_NO_VERSION = DocumentVersion(0, 0)
_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(tuple[int, IndexDocument]).decode


@dataclass(frozen=True, slots=True)
class Draft:
    """A product's document as canonical JSON with its form, without version and digest; and its digest (BLAKE2b-128).

    Small enough to hand from the process that merged the product to the one that publishes it.
    """

    digest: str
    content: bytes

    def at(self, version: DocumentVersion) -> IndexDocument:
        """The document at the version it is to be written with."""
        _, bare = _decode(self.content)
        return replace(bare, version=version, digest=self.digest)


def draft_of(product: Product) -> Draft:
    """The draft of a product's document."""
    content = _encode((FORM, _document(product)))
    return Draft(blake2b(content, digest_size=16).hexdigest(), content)


def make_document(product: Product, version: DocumentVersion) -> IndexDocument:
    """The document of a visible product, at the version it is to be written with."""
    bare = _document(product)
    return replace(bare, version=version, digest=blake2b(_encode((FORM, bare)), digest_size=16).hexdigest())


def digest_of(product: Product) -> str:
    """BLAKE2b-128 of the product's document as canonical JSON, without version and digest."""
    return draft_of(product).digest


def _document(product: Product) -> IndexDocument:
    headline, values = product.headline, product.values
    codes = [*_all_values(values.get("model")), *_all_values(values.get("seller_number"))]
    return IndexDocument(
        product_id=product.product_id,
        version=_NO_VERSION,
        digest="",
        listings=tuple(sorted((offer.platform, offer.external_id) for offer in product.offers)),
        titles=_titles(product),
        kind_words=_category_words(product.category),
        brand=_value(product, "brand"),
        models=tuple(dict.fromkeys(codes)),
        attributes=tuple(f"{name}: {value}" for name, value in product.attributes),
        keywords=product.keywords,
        body=_body(product),
        hs_words=_words_of(sorted({code[:4] for code in _all_values(values.get("hs6"))})),
        seller_id=product.seller_id,
        seller_name=product.seller_name,
        platforms=tuple(sorted({offer.platform for offer in product.offers})),
        section=product.category.section,
        chapter=product.category.chapter,
        heading=product.category.heading,
        hs6=tuple(sorted(set(_all_values(values.get("hs6"))))),
        certificates=product.certificates,
        terms=tuple(sorted({term for offer in product.offers for term in _terms(offer)})),
        origin=tuple((_value(product, "origin") or "").split(",")) if "origin" in values else (),
        price_state=headline.state,
        unit_class=headline.unit_class,
        price_usd=headline.price_usd,
        moq=headline.moq,
        lead_days=headline.lead_days,
        sample=_flag(product, "sample"),
        online_order=_flag(product, "online_order"),
        availability=_availability(product),
        offer_count=len(product.offers),
        image=product.images[0].url if product.images else None,
        updated_at=int(product.updated_at.timestamp()) if product.updated_at else 0,
        stored=_stored(product),
    )


def _all_values(chosen: Chosen | None) -> list[str]:
    return [chosen.value, *(loser.value for loser in chosen.losers)] if chosen else []


def _value(product: Product, name: str) -> str | None:
    chosen = product.values.get(name)
    return chosen.value if chosen else None


def _flag(product: Product, name: str) -> bool | None:
    """Yes when any offer says yes: a buyer who wants it finds the product by that offer."""
    said = _all_values(product.values.get(name))
    return None if not said else "yes" in said


def _titles(product: Product) -> dict[str, str]:
    """The chosen name first; other platforms' wordings follow it, so that they can be found too."""
    titles = {}
    for language, chosen in product.names.items():
        titles[language] = chosen.value
        others = [loser.value for loser in chosen.losers if loser.value.casefold() != chosen.value.casefold()]
        if others:
            titles[f"{language}-other"] = " · ".join(dict.fromkeys(others))
    return titles


def _words_of(codes: Iterable[str]) -> tuple[str, ...]:
    found = (tree.words(code, language) for code in codes for language in _LANGUAGES)
    return tuple(dict.fromkeys(word for word in found if word))


@lru_cache(maxsize=4_096)
def _category_words(category: CategoryChoice) -> tuple[str, ...]:
    words = _words_of(code for code in (category.heading, category.chapter) if code)
    if category.section is None:
        return words
    of_section = (tree.section_words(category.section, language) for language in _LANGUAGES)
    return tuple(dict.fromkeys((*words, *(word for word in of_section if word))))


def _body(product: Product) -> tuple[str, ...]:
    texts = []
    for name in sorted(product.values):
        if name.startswith(("summary.", "description.")):
            texts.append(strip_tags(product.values[name].value)[:_BODY_CHARS])
    return tuple(text for text in texts if text)


def _terms(offer: Offer) -> set[str]:
    return {*offer.terms, *(step.term for step in offer.price.steps if step.term)}


def _availability(product: Product) -> str:
    said = {offer.availability for offer in product.offers}
    return next((word for word in ("on_sale", "unknown", "sold_out", "not_on_sale") if word in said), "unknown")


def _stored(product: Product) -> dict[str, str]:
    """What a result card shows: texts only, so that every engine keeps them alike."""
    headline = product.headline
    lead = product.values.get("lead")
    card = {
        **{f"name.{language}": chosen.value for language, chosen in product.names.items()},
        "seller": product.seller_name,
        "platform": headline.platform,
        "price_state": headline.state,
        "amount": "" if headline.amount is None else f"{headline.amount:f}",
        "amount_to": "" if headline.amount_to is None else f"{headline.amount_to:f}",
        "currency": headline.currency or "",
        "unit": headline.unit or "",
        "term": headline.term or "",
        "lead": lead.value if lead else "",
        "moq": "" if headline.moq is None else f"{headline.moq.normalize():f}",
        "rate_day": headline.rate_day or "",
    }
    return {name: value for name, value in card.items() if value}
