"""A hit as its card shows it: words and formats decided here, so that the template only places them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from integrator.hs import tree
from search.documents import Card
from search.filters import BY_NAME
from search.highlight import Piece, highlight, snippet
from search.searching import Hit
from web import i18n
from web.buyers.offers import price_words
from web.i18n import gettext
from web.units import unit_words

_MOST_CERTIFICATES = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One card. `title_lang` and `summary_lang` are set when the text is in another language than the page."""

    product_id: str
    title: list[Piece]
    title_lang: str | None
    excerpt: list[Piece]
    icon: str
    kind: str  # the heading or chapter, in words
    seller: list[Piece]
    price: str | None
    per: str
    price_note: str
    term: str
    moq: str | None
    lead: str | None
    certificates: list[str]
    more_certificates: int
    platforms: tuple[str, ...]
    offers: int
    updated: datetime | None


def show_hit(hit: Hit, terms: tuple[str, ...], lang: str) -> Shown:
    """A hit in a language, with what the query found marked."""
    card = hit.card
    title, title_lang = _title(card, lang)
    pieces = highlight(title, terms) if terms else [Piece(title, False)]
    found = any(piece.marked for piece in pieces)
    certificates = [_certificate(code, lang) for code in card.certificates]
    return Shown(
        product_id=hit.product_id,
        title=pieces,
        title_lang=title_lang,
        excerpt=[] if found or not terms else _excerpt(card, terms, shown=title),
        icon=f"s{card.section}" if card.section else "box",
        kind=_kind(card, lang),
        seller=highlight(card.seller_name, terms) if terms else [Piece(card.seller_name, False)],
        price=_price(card, lang),
        per=_per(card, lang),
        price_note=_price_note(card),
        term=card.stored.get("term", ""),
        moq=_moq(card, lang),
        lead=i18n.written_days(card.stored["lead"]) if "lead" in card.stored else None,
        certificates=certificates[:_MOST_CERTIFICATES],
        more_certificates=max(0, len(certificates) - _MOST_CERTIFICATES),
        platforms=card.platforms,
        offers=card.offer_count,
        updated=i18n.at(card.updated_at) if card.updated_at else None,
    )


def _title(card: Card, lang: str) -> tuple[str, str | None]:
    """The name and, unless it is the page's own language, the language it is in."""
    order = dict.fromkeys((lang, "en", "ko", *card.titles))
    known = next((each for each in order if card.titles.get(each)), None)
    if known is None:
        return gettext("Product without a name"), None
    return card.titles[known], None if known == lang else known.partition("-")[0]


def _excerpt(card: Card, terms: tuple[str, ...], *, shown: str) -> list[Piece]:
    """Where the words stand when the shown title has none of them."""
    texts = [card.brand or "", " ".join(card.models), *card.titles.values(), card.summary]
    return next((pieces for text in texts if text and text != shown and (pieces := snippet(text, terms))), [])


def _certificate(code: str, lang: str) -> str:
    return BY_NAME["certificate"].value_label(code, lang).partition(" (")[0]


def _kind(card: Card, lang: str) -> str:
    """The narrowest category that has words."""
    found = (tree.words(code, lang) for code in (card.heading, card.chapter) if code)
    return next((words for words in found if words), "")


def _price(card: Card, lang: str) -> str | None:
    stored = card.stored
    if "amount" not in stored:
        return None
    amount_to = Decimal(stored["amount_to"]) if "amount_to" in stored else None
    return i18n.money_span(Decimal(stored["amount"]), amount_to, stored.get("currency"), lang)


def _per(card: Card, lang: str) -> str:
    unit = card.stored.get("unit")
    return unit_words(unit, lang) if unit and "amount" in card.stored else ""


def _price_note(card: Card) -> str:
    if "amount" not in card.stored:
        return price_words(card.price_state)
    return gettext("by quantity") if card.price_state == "tiered" else ""


def _moq(card: Card, lang: str) -> str | None:
    return None if card.moq is None else i18n.quantity(card.moq, card.unit_class, lang)
