"""An IndexDocument made ready for any engine: tokens, filter values, numbers, orders, and what a hit brings back."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b

import msgspec

from integrator.ports import DocumentVersion, IndexDocument
from search.analysis import ANALYSIS_VERSION, join_tokens, last_syllables, split_runs, surface_words
from search.filters import FILTERS

# Raise it with every change of what is stored.
DOCUMENT_VERSION = 1

# Analysis and document together; an index of another shape is not asked but rebuilt.
SHAPE = f"{ANALYSIS_VERSION}.{DOCUMENT_VERSION}"

ORDERS = ("newest", "price", "moq", "lead")
TERM_FIELDS = tuple(row.name for row in FILTERS if row.terms)
NUMBER_FIELDS = tuple(row.name for row in FILTERS if row.number)

# A maker's facet needs the name beside the id; the filter asks for the id alone.
SELLER_FACET = "seller_named"

# Stands between the parts of a seal; lower than any character of a product id, so that seals order as the ids do.
SEPARATOR = "\x1f"

# How often the tokens of a source are repeated in the one text field (docs/search.md): BM25F, made when indexing.
TITLE, KIND, BRAND, BODY, PLAIN = 6, 3, 2, 2, 1

# The beginning of a text says what it is about; more makes documents longer and their other words count less.
BODY_CHARACTERS = 400
PLAIN_CHARACTERS = 300
SUMMARY_CHARACTERS = 240

# Far above what the longest honest texts give; more would only be somebody's try.
MOST_TEXT = 1_000_000


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
    """One document for any engine. `text` is ready tokens, `words` the vocabulary's; `orders` rise with the rank.

    `maker` is the seller's id and name, as its facet counts them; "" for none.
    """

    product_id: str
    key: int
    version: DocumentVersion
    digest: str
    text: str
    words: str
    terms: dict[str, tuple[str, ...]]
    numbers: dict[str, float]
    orders: dict[str, int]
    maker: str
    card: bytes

    @property
    def seal(self) -> str:
        """What this document is, in one value that can be listed: id, version and digest."""
        version = self.version
        return SEPARATOR.join((self.product_id, str(version.epoch), str(version.sequence), self.digest))


_TERMS = [(row.name, row.terms) for row in FILTERS if row.terms]
_NUMBERS = [(row.name, row.number) for row in FILTERS if row.number]

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Card)


def order_field(order: str) -> str:
    """The field that a sort reads; numbers of filters have the plain names."""
    return f"{order}_order"


def read_seal(seal: str) -> tuple[str, DocumentVersion, str]:
    """Id, version and digest of a document by its seal."""
    product_id, epoch, sequence, digest = seal.split(SEPARATOR)
    return product_id, DocumentVersion(int(epoch), int(sequence)), digest


def read_card(card: bytes) -> Card:
    """A stored card."""
    return _decoder.decode(card)


@lru_cache(maxsize=4096)
def key_of(product_id: str) -> int:
    """The number that orders equal hits and finds a document: 63 bits, the same in every engine and for ever."""
    return int.from_bytes(blake2b(product_id.encode(), digest_size=8).digest(), "big") >> 1


def prepare(document: IndexDocument) -> Prepared:
    """Analyse a document; raises ValueError for one that no engine could keep."""
    if (
        not document.product_id
        or len(document.product_id) > 200
        or not (document.product_id.isascii() and document.product_id.isprintable())
    ):
        raise ValueError("a product id is 1 to 200 printable ASCII characters")
    key = key_of(document.product_id)
    text, words = _text_and_words(document)
    if len(text) > MOST_TEXT:
        raise ValueError("the text is too long")
    return Prepared(
        product_id=document.product_id,
        key=key,
        version=document.version,
        digest=document.digest,
        text=text,
        words=words,
        terms=_terms(document),
        numbers=_numbers(document),
        orders=_orders(document, key),
        maker=f"{document.seller_id}\t{document.seller_name}" if document.seller_id else "",
        card=_card(document),
    )


def _text_and_words(document: IndexDocument) -> tuple[str, str]:
    """The weighted field of tokens, and the words that typing errors are mended from."""
    title = split_runs(_lines(document.titles.values()))
    named = split_runs(f"{document.brand or ''} \n{document.seller_name}")
    kind_text, kind_words = _kind(document.kind_words)
    body = split_runs(_lines(document.body)[:BODY_CHARACTERS])
    plain = split_runs(_lines(_plain(document)))
    brand = join_tokens(split_runs(document.brand)) if document.brand else ""
    weighted = (
        (join_tokens(title), TITLE),
        (join_tokens(split_runs(_lines(document.models))), KIND),
        (kind_text, KIND),
        (brand, BRAND),
        (join_tokens(body), BODY),
        (join_tokens(plain), PLAIN),
        (join_tokens(named), PLAIN),
    )
    parts = [f"{text} " * weight for text, weight in weighted if text]
    tails = " ".join(last_syllables((*title, *body, *plain, *named)))
    return "".join((*parts, tails)), " ".join(sorted(surface_words((*title, *named)) | kind_words))


def _lines(texts: Iterable[str]) -> str:
    # A line end between two texts: no quantity or pair of letters reaches across it.
    return " \n".join(texts)


def _plain(document: IndexDocument) -> Iterable[str]:
    """What weighs least: said by the seller in lists, or of the kind rather than the goods."""
    for texts in (document.attributes, document.keywords, document.certificates, document.hs_words):
        yield _lines(texts)[:PLAIN_CHARACTERS]


@lru_cache(maxsize=20_000)
def _kind(kind_words: tuple[str, ...]) -> tuple[str, frozenset[str]]:
    """Category words, the same for all goods of a heading: their tokens, and they themselves."""
    runs = split_runs(_lines(kind_words))
    return " ".join((join_tokens(runs), *last_syllables(runs))), frozenset(surface_words(runs))


def _terms(document: IndexDocument) -> dict[str, tuple[str, ...]]:
    found = ((name, tuple(read(document))) for name, read in _TERMS)
    # An engine would count a value twice that is there twice.
    return {name: values if len(values) < 2 else tuple(dict.fromkeys(values)) for name, values in found}


def _numbers(document: IndexDocument) -> dict[str, float]:
    found = ((name, read(document)) for name, read in _NUMBERS)
    return {name: float(number) for name, number in found if number is not None}


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
