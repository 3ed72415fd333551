"""An IndexDocument made ready for any engine: tokens, filter values, numbers, orders, and what a hit brings back."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

import msgspec

from integrator.ports import DocumentVersion, IndexDocument
from search.analysis import analyse, last_syllables, surface_words
from search.filters import FILTERS, Kind

# The shape of what is stored; an index of another shape must be rebuilt.
DOCUMENT_VERSION = 1

# How often the tokens of a source are repeated in the one text field (docs/search.md): BM25F, made when indexing.
TITLE, KIND, BRAND, BODY, PLAIN = 6, 3, 2, 2, 1

# The beginning of a text says what it is about; more makes documents longer and their other words count less.
BODY_CHARACTERS = 600
PLAIN_CHARACTERS = 400
SUMMARY_CHARACTERS = 240


@dataclass(frozen=True, slots=True)
class Card:
    """What a hit shows without the database. The first text of the body is cut for it."""

    listings: tuple[tuple[str, str], ...]
    titles: dict[str, str]
    seller_id: str = ""
    seller_name: str = ""
    platforms: tuple[str, ...] = ()
    brand: str | None = None
    models: tuple[str, ...] = ()
    summary: str = ""
    section: str | None = None
    chapter: str | None = None
    heading: str | None = None
    certificates: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    price_state: str = "unknown"
    unit_class: str | None = None
    price_usd: Decimal | None = None
    moq: Decimal | None = None
    lead_days: int | None = None
    sample: bool | None = None
    online_order: bool | None = None
    availability: str = "unknown"
    offer_count: int = 1
    image: str | None = None
    updated_at: int = 0
    stored: dict[str, str] = field(default_factory=dict)

    def title(self, lang: str) -> str:
        """The name in a language, else in English, else in Korean, else any."""
        order = (lang, "en", "ko", *self.titles)
        return next((self.titles[each] for each in order if each in self.titles), "")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One document for any engine. `text` is ready tokens, `words` the vocabulary's; `orders` rise with the rank."""

    product_id: str
    key: int
    version: DocumentVersion
    digest: str
    text: str
    words: str
    terms: dict[str, list[str]]
    numbers: dict[str, float]
    orders: dict[str, int]
    card: bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Card)


def read_card(card: bytes) -> Card:
    """A stored card."""
    return _decoder.decode(card)


@lru_cache(maxsize=4096)
def key_of(product_id: str) -> int:
    """The number that orders equal hits and finds a document: 63 bits, the same in every engine and for ever."""
    return int.from_bytes(blake2b(product_id.encode(), digest_size=8).digest(), "big") >> 1


def prepare(document: IndexDocument) -> Prepared:
    """Analyse a document; raises ValueError for one that no engine could keep."""
    if not document.product_id or len(document.product_id) > 200 or not document.product_id.isprintable():
        raise ValueError("a product id is 1 to 200 printable characters")
    key = key_of(document.product_id)
    return Prepared(
        product_id=document.product_id,
        key=key,
        version=document.version,
        digest=document.digest,
        text=_text(document),
        words=_words(document),
        terms=_terms(document),
        numbers=_numbers(document),
        orders=_orders(document, key),
        card=_card(document),
    )


def _sources(document: IndexDocument) -> Iterable[tuple[str, int]]:
    """Each text with its weight."""
    yield " \n".join(document.titles.values()), TITLE
    yield _phrases(document.models), KIND
    yield _phrases(document.kind_words), KIND
    yield document.brand or "", BRAND
    yield " \n".join(document.body)[:BODY_CHARACTERS], BODY
    for texts in (document.attributes, document.keywords, document.certificates):
        yield _phrases(texts)[:PLAIN_CHARACTERS], PLAIN
    yield _phrases(document.hs_words), PLAIN
    yield document.seller_name, PLAIN


def _phrases(texts: Iterable[str]) -> str:
    # A line end between two texts: no quantity or pair of letters reaches across it.
    return " \n".join(texts)


def _text(document: IndexDocument) -> str:
    tokens: list[str] = []
    tails: list[str] = []
    for text, weight in _sources(document):
        if text:
            tokens += _cached(text, weight) if weight == KIND else analyse(text) * weight
            if not text.isascii():
                tails += last_syllables(text)
    return " ".join(tokens + tails)


@lru_cache(maxsize=20_000)
def _cached(text: str, weight: int) -> list[str]:
    """Category words are the same for all goods of a heading."""
    return analyse(text) * weight


def _words(document: IndexDocument) -> str:
    title = " \n".join((*document.titles.values(), document.brand or "", document.seller_name))
    return " ".join(sorted(surface_words(title) | _kind_surface(document.kind_words)))


@lru_cache(maxsize=20_000)
def _kind_surface(kind_words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(surface_words(" \n".join(kind_words)))


def _terms(document: IndexDocument) -> dict[str, list[str]]:
    return {row.name: list(dict.fromkeys(row.terms(document))) for row in FILTERS if row.terms}


def _numbers(document: IndexDocument) -> dict[str, float]:
    found = {row.name: row.number(document) for row in FILTERS if row.number and row.kind is Kind.RANGE}
    return {name: float(number) for name, number in found.items() if number is not None}


def _card(document: IndexDocument) -> bytes:
    summary = document.body[0][:SUMMARY_CHARACTERS] if document.body else ""
    shared = {name: getattr(document, name) for name in Card.__dataclass_fields__ if name != "summary"}
    return _encoder.encode({**shared, "summary": summary})


# Orders: one whole number a document for each sort, smaller first. Its high bits are the value, with what is not known
# at the end; its low bits are the key, so that no two documents are equal and every engine gives the same order.

_KEY_BITS = 31
_VALUE_BITS = 32
_UNIT_CLASSES = ("piece", "kg", "litre", "metre", "set")
_UNKNOWN = (1 << _VALUE_BITS) - 1


def _orders(document: IndexDocument, key: int) -> dict[str, int]:
    values = {
        "newest": _UNKNOWN - max(0, min(document.updated_at, _UNKNOWN)),
        "price": _price_order(document),
        "moq": _UNKNOWN if document.moq is None else _float_bits(document.moq),
        "lead": _UNKNOWN if document.lead_days is None else max(0, document.lead_days),
    }
    low = key >> (63 - _KEY_BITS)
    return {name: value << _KEY_BITS | low for name, value in values.items()}


def _price_order(document: IndexDocument) -> int:
    """Prices compare inside one unit class, so the classes come one after the other."""
    if document.price_usd is None or document.unit_class not in _UNIT_CLASSES:
        return _UNKNOWN
    return _UNIT_CLASSES.index(document.unit_class) << 29 | _float_bits(document.price_usd) >> 2


def _float_bits(number: Decimal) -> int:
    """The bits of a single-precision float: they rise with the number when it is not negative."""
    bits: int = struct.unpack(">I", struct.pack(">f", min(max(float(number), 0.0), 1e30)))[0]
    return bits
