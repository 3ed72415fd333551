"""The one registry of filters: what can be filtered, how a value is written, read, asked for and named.

Mapping, parsing, address, clause, facet, sidebar, chip and API parameter all come from the rows of `FILTERS`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from integrator.errors import InvalidQuery
from integrator.hs.tree import words
from integrator.ports import IndexDocument
from search.words import LABELS, say, value_words

# More would make a query that nobody typed; the longest honest list is that of categories.
MOST_VALUES = 50
LONGEST_VALUE = 100
LARGEST_NUMBER = 10**12


class Kind(StrEnum):
    """How a filter is asked: some of its values, a span of numbers, yes or no, or branches of a tree."""

    TERMS = "terms"
    RANGE = "range"
    FLAG = "flag"
    TREE = "tree"


@dataclass(frozen=True, slots=True)
class Selection:
    """What a buyer chose in one filter: `values` (any of them), or a span with `unknown` to keep what is not stated."""

    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    unknown: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.values and self.low is None and self.high is None


@dataclass(frozen=True, slots=True)
class Clause:
    """What an engine is asked for one filter: documents with any of `values` in `field`, or a number within the span.

    With `unknown`, documents that have no number at all match too. With `within`, a number counts only beside one of
    these unit classes.
    """

    field: str
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unknown: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """One row of the registry. `name` is the engine's field, the address's parameter and the key of every word."""

    name: str
    kind: Kind
    about: str  # a sentence for the API's readers
    terms: Callable[[IndexDocument], Iterable[str]] | None = None
    number: Callable[[IndexDocument], Decimal | int | None] | None = None
    spelling: Callable[[str], str] = str.strip
    order: tuple[str, ...] = ()  # values in a fixed order; else by count
    bounds: tuple[str, ...] = ()  # which ends a span may have: min, max
    edges: tuple[float, ...] = ()  # where the facet of a span is cut
    most: int = 60  # values a facet tells at most

    @property
    def parameters(self) -> tuple[str, ...]:
        """Its parameters in an address, in order."""
        if self.kind is not Kind.RANGE:
            return (self.name,)
        return (*(f"{self.name}_{bound}" for bound in self.bounds), f"{self.name}_unknown")

    def label(self, lang: str) -> str:
        return say(LABELS[self.name], lang)

    def value_label(self, value: str, lang: str) -> str:
        """A value in buyers' words."""
        return _SPECIAL_WORDS.get(self.name, value_words)(self.name, value, lang)


def _country_words(_: str, value: str, lang: str) -> str:
    from babel import Locale

    return Locale.parse(lang).territories.get(value) or value


def _category_words(name: str, value: str, lang: str) -> str:
    return value_words(name, value, lang) if value == "none" else words(value, lang) or value


_SPECIAL_WORDS: Mapping[str, Callable[[str, str, str], str]] = {
    "origin": _country_words,
    "category": _category_words,
}


def category_path(document: IndexDocument) -> tuple[str, ...]:
    """Section, chapter and heading as tree values (`S06`, `33`, `3304`); one that has none is unclassified."""
    if not document.section:
        return ("none",)
    return tuple(part for part in (f"S{document.section}", document.chapter, document.heading) if part)


def _yes_no(value: bool | None) -> tuple[str, ...]:
    return () if value is None else ("yes" if value else "no",)


def _read_yes_no(value: str) -> str:
    word = value.strip().lower()
    if word not in {"yes", "no", "true", "false", "1", "0"}:
        raise InvalidQuery(f"“{value[:LONGEST_VALUE]}” is not yes or no")
    return "yes" if word in {"yes", "true", "1"} else "no"


def _upper(value: str) -> str:
    return value.strip().upper()


def _lower(value: str) -> str:
    return value.strip().lower()


def _category(value: str) -> str:
    word = value.strip().upper()
    return word if word != "NONE" else "none"


FILTERS: tuple[Filter, ...] = (
    Filter(
        "category",
        Kind.TREE,
        "HS section (S06), chapter (33) or heading (3304), or none for what is not classified.",
        terms=category_path,
        spelling=_category,
        most=1500,
    ),
    Filter("platform", Kind.TERMS, "Platform with an offer.", terms=lambda d: d.platforms, spelling=_lower),
    Filter("certificate", Kind.TERMS, "Certificate stated.", terms=lambda d: d.certificates, spelling=_upper),
    Filter("term", Kind.TERMS, "Incoterm offered.", terms=lambda d: d.terms, spelling=_upper),
    Filter(
        "price",
        Kind.RANGE,
        "Headline price in US dollars per unit of the chosen unit_class (piece when none is chosen).",
        number=lambda d: d.price_usd,
        bounds=("min", "max"),
        edges=(1, 5, 10, 50, 100, 500, 1000, 10000),
    ),
    Filter(
        "unit_class",
        Kind.TERMS,
        "What the headline price is for.",
        terms=lambda d: (d.unit_class,) if d.unit_class else (),
        spelling=_lower,
        order=("piece", "kg", "litre", "metre", "set"),
    ),
    Filter(
        "moq",
        Kind.RANGE,
        "Minimum order quantity of the headline offer.",
        number=lambda d: d.moq,
        bounds=("max",),
        edges=(10, 50, 100, 500, 1000, 5000),
    ),
    Filter(
        "lead",
        Kind.RANGE,
        "Lead time of the headline offer in days.",
        number=lambda d: d.lead_days,
        bounds=("max",),
        edges=(8, 15, 31, 61, 91),
    ),
    Filter("sample", Kind.FLAG, "Whether samples are sent.", terms=lambda d: _yes_no(d.sample), spelling=_read_yes_no),
    Filter(
        "online_order",
        Kind.FLAG,
        "Whether the platform takes the order online.",
        terms=lambda d: _yes_no(d.online_order),
        spelling=_read_yes_no,
    ),
    Filter(
        "price_state",
        Kind.TERMS,
        "What the seller says about the price.",
        terms=lambda d: (d.price_state,),
        spelling=_lower,
        order=("priced", "range", "tiered", "hidden", "negotiable", "unknown"),
    ),
    Filter(
        "availability",
        Kind.TERMS,
        "Whether the goods can be had now.",
        terms=lambda d: (d.availability,),
        spelling=_lower,
        order=("on_sale", "sold_out", "not_on_sale", "unknown"),
    ),
    Filter("origin", Kind.TERMS, "Country of origin, ISO 3166 alpha-2.", terms=lambda d: d.origin, spelling=_upper),
    Filter("seller", Kind.TERMS, "Maker, by id.", terms=lambda d: (d.seller_id,) if d.seller_id else ()),
)

BY_NAME: Mapping[str, Filter] = {row.name: row for row in FILTERS}
PARAMETERS: Mapping[str, Filter] = {parameter: row for row in FILTERS for parameter in row.parameters}

# A price by the piece and one by the kilogram do not compare: a question names one class of units. Most goods are sold
# by the piece.
DEFAULT_UNIT_CLASS = "piece"


def read_selections(pairs: Iterable[tuple[str, str]]) -> dict[str, Selection]:
    """`name=value` pairs to what was chosen, by filter, in the registry's order.

    A span is given by its ends (`price_min=1`, `price_max=10`), or at once (`price=1..10`, `moq=100` for at most 100);
    `price_unknown=yes` keeps what is not stated. Empty values count as not given: a form sends its empty fields.
    Raises InvalidQuery, with what to change.
    """
    chosen: dict[str, Selection] = {}
    for name, raw in pairs:
        row = PARAMETERS.get(name) or BY_NAME.get(name)
        if row is None:
            raise InvalidQuery(f"There is no filter “{name[:LONGEST_VALUE]}”. Filters: {', '.join(PARAMETERS)}")
        if raw.strip():
            chosen[row.name] = _with(chosen.get(row.name, Selection()), row, name, raw)
    for name, selection in chosen.items():
        _check(name, selection)
    return {row.name: chosen[row.name] for row in FILTERS if row.name in chosen and not chosen[row.name].is_empty}


def write_selections(chosen: Mapping[str, Selection]) -> list[tuple[str, str]]:
    """The pairs of an address, in one order, so that equal choices have equal addresses."""
    return [pair for row in FILTERS if row.name in chosen for pair in _pairs(row, chosen[row.name])]


def price_classes(chosen: Mapping[str, Selection]) -> tuple[str, ...]:
    """The unit classes whose prices are compared: those chosen, else the usual one."""
    return chosen["unit_class"].values if "unit_class" in chosen else (DEFAULT_UNIT_CLASS,)


def clauses(chosen: Mapping[str, Selection]) -> dict[str, Clause]:
    """What the engine is asked, by the filter that asks it."""
    return {name: _clause(BY_NAME[name], choice, chosen) for name, choice in chosen.items() if not choice.is_empty}


def _clause(row: Filter, choice: Selection, chosen: Mapping[str, Selection]) -> Clause:
    if row.kind is not Kind.RANGE:
        return Clause(row.name, values=choice.values)
    low, high = (None if end is None else float(end) for end in (choice.low, choice.high))
    within = price_classes(chosen) if row.name == "price" else ()
    return Clause(row.name, low=low, high=high, unknown=choice.unknown, within=within)


def _with(selection: Selection, row: Filter, name: str, raw: str) -> Selection:
    if row.kind is not Kind.RANGE:
        value = row.spelling(raw)
        if len(value) > LONGEST_VALUE:
            raise InvalidQuery(f"{name} is too long: a value has at most {LONGEST_VALUE} characters")
        return Selection(values=tuple(dict.fromkeys((*selection.values, value))))
    low, high, unknown = selection.low, selection.high, selection.unknown
    if name == f"{row.name}_unknown":
        unknown = _read_yes_no(raw) == "yes"
    elif name == f"{row.name}_min":
        low = _read_number(name, raw)
    elif name == f"{row.name}_max" or ".." not in raw:
        high = _read_number(name, raw)
    else:
        low, high = (_read_number(name, end) if end.strip() else None for end in raw.split("..", 1))
    return Selection(low=low, high=high, unknown=unknown)


def _read_number(name: str, raw: str) -> Decimal:
    try:
        number = Decimal(raw.strip().replace(",", "")) if len(raw) <= 20 else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not 0 <= number <= LARGEST_NUMBER:
        raise InvalidQuery(f"{name} must be a number of 0 or more, such as 12.5")
    return number


def _check(name: str, selection: Selection) -> None:
    if len(selection.values) > MOST_VALUES:
        raise InvalidQuery(f"{name} takes at most {MOST_VALUES} values")
    if selection.low is not None and selection.high is not None and selection.low > selection.high:
        raise InvalidQuery(f"{name}_min must not be above {name}_max")
    if selection.low is not None and "min" not in BY_NAME[name].bounds:
        raise InvalidQuery(f"{name} has no lower end: write {name}_max")


def _pairs(row: Filter, choice: Selection) -> list[tuple[str, str]]:
    if row.kind is not Kind.RANGE:
        return [(row.name, value) for value in sorted(choice.values)]
    ends = {"min": choice.low, "max": choice.high}
    pairs = [(f"{row.name}_{bound}", f"{ends[bound]:f}") for bound in row.bounds if ends[bound] is not None]
    return [*pairs, (f"{row.name}_unknown", "yes")] if choice.unknown and pairs else pairs
