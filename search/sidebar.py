"""What a page shows of the filters: groups with counts, and chips of what is chosen. Words and addresses, no markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from search.engine import Bucket
from search.filters import BY_NAME, FILTERS, Filter, Kind, Selection
from search.query import Query
from search.searching import Facets
from search.words import UNKNOWN, say

Parameters = list[tuple[str, str]]

# Values of a filter that are shown at once; the rest stands behind "more".
TOP = 7

_WORDS = {
    "from": {"en": "from {}", "ko": "{} 이상", "es": "desde {}"},
    "to": {"en": "up to {}", "ko": "{} 이하", "es": "hasta {}"},
    "between": {"en": "{} to {}", "ko": "{}~{}", "es": "de {} a {}"},
}


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a filter. `parameters` is the address with it switched over; `level` its depth in a tree."""

    value: str
    label: str
    count: int
    chosen: bool
    parameters: Parameters
    level: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One filter in the sidebar. A range has `low`, `high` and `unknown` as chosen, and options for its usual spans."""

    name: str
    kind: Kind
    label: str
    options: tuple[Option, ...]
    selection: Selection
    bounds: tuple[str, ...] = ()
    unknown_label: str = ""

    @property
    def top(self) -> tuple[Option, ...]:
        """What is shown at once: the first few, and all that are chosen."""
        return (*self.options[:TOP], *(option for option in self.options[TOP:] if option.chosen))

    @property
    def rest(self) -> tuple[Option, ...]:
        """What is shown on demand."""
        return tuple(option for option in self.options[TOP:] if not option.chosen)


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice in words, and the address without it."""

    name: str
    label: str
    value: str
    parameters: Parameters


def sidebar(query: Query, facets: Facets) -> list[Group]:
    """A group for each counted filter, in the registry's order; what is chosen stays listed, at 0 if need be."""
    return [_group(row, query, facets[row.name]) for row in FILTERS if row.name in facets]


def chips(query: Query, facets: Facets | None = None) -> list[Chip]:
    """What is chosen, in words. Makers are named by `facets` when these were counted."""
    return [
        chip for name, choice in query.filters.items() for chip in _chips(BY_NAME[name], choice, query, facets or {})
    ]


def value_label(row: Filter, bucket: Bucket, lang: str) -> str:
    """A counted value in words."""
    return bucket.label or (
        _span_label(bucket.value, lang) if row.kind is Kind.RANGE else row.value_label(bucket.value, lang)
    )


def _group(row: Filter, query: Query, buckets: Sequence[Bucket]) -> Group:
    choice = query.filters.get(row.name, Selection())
    make = {Kind.RANGE: _span_options, Kind.TREE: _tree_options}.get(row.kind, _value_options)
    options = tuple(make(row, query, buckets, choice))
    return Group(
        name=row.name,
        kind=row.kind,
        label=row.label(query.lang),
        options=options,
        selection=choice,
        bounds=row.bounds,
        unknown_label=say(UNKNOWN, query.lang) if row.kind is Kind.RANGE else "",
    )


def _value_options(row: Filter, query: Query, buckets: Sequence[Bucket], choice: Selection) -> Iterable[Option]:
    if row.kind is Kind.FLAG:
        buckets = [bucket for bucket in buckets if bucket.value == "yes" or bucket.value in choice.values]
    missing = [Bucket(value, 0) for value in choice.values if value not in {bucket.value for bucket in buckets}]
    ordered = sorted((*buckets, *missing), key=lambda bucket: _place(row, bucket))
    return [_option(row, query, bucket, choice) for bucket in ordered]


def _place(row: Filter, bucket: Bucket) -> tuple[int, int, str]:
    fixed = row.order.index(bucket.value) if bucket.value in row.order else len(row.order)
    return fixed, -bucket.count, bucket.value


def _option(row: Filter, query: Query, bucket: Bucket, choice: Selection, level: int = 0) -> Option:
    chosen = bucket.value in choice.values
    other = query.without_value(row.name, bucket.value) if chosen else query.with_value(row.name, bucket.value)
    label = value_label(row, bucket, query.lang)
    return Option(bucket.value, label, bucket.count, chosen, other.parameters(), level)


def _span_options(row: Filter, query: Query, buckets: Sequence[Bucket], choice: Selection) -> Iterable[Option]:
    """The usual spans that hold something, each an address that asks for it instead."""
    for bucket in buckets:
        low, _, high = bucket.value.partition("..")
        ends = {"min": low, "max": high}
        wanted = [(f"{row.name}_{bound}", ends[bound]) for bound in row.bounds if ends[bound]]
        if bucket.count and wanted:
            rest = [pair for pair in query.turn_to(1).parameters() if pair[0] not in row.parameters]
            label = _span_label(bucket.value if "min" in row.bounds else f"..{high}", query.lang)
            yield Option(bucket.value, label, bucket.count, False, [*rest, *wanted])


def _tree_options(row: Filter, query: Query, buckets: Sequence[Bucket], choice: Selection) -> Iterable[Option]:
    """Sections; below a chosen one its chapters; below a chosen chapter its headings. Parents come before children."""
    opened = {ancestor for value in choice.values for ancestor in lineage(value)}
    # What is chosen stays reachable from its section though nothing is left in it.
    counts = dict.fromkeys(sorted(opened), 0) | {bucket.value: bucket.count for bucket in buckets}
    children: dict[str | None, list[str]] = {}
    for value in counts:
        children.setdefault(_parent(value), []).append(value)

    def walk(parent: str | None, level: int) -> Iterable[Option]:
        for value in sorted(children.get(parent, ()), key=lambda each: (-counts[each], each)):
            yield _option(row, query, Bucket(value, counts[value]), choice, level)
            if value in opened:
                yield from walk(value, level + 1)

    return walk(None, 0)


def lineage(value: str) -> tuple[str, ...]:
    """A tree value with what is above it, from the section down: `3304` is (`S06`, `33`, `3304`)."""
    parent = _parent(value)
    return (*lineage(parent), value) if parent else (value,)


def _parent(value: str) -> str | None:
    from integrator.hs.tree import section_of

    if value == "none" or value.startswith("S"):
        return None
    if len(value) == 4:
        return value[:2]
    section = section_of(value)
    return f"S{section}" if section else None


def _chips(row: Filter, choice: Selection, query: Query, facets: Mapping[str, Sequence[Bucket]]) -> Iterable[Chip]:
    label = row.label(query.lang)
    if row.kind is Kind.RANGE:
        low, high = (f"{end:f}" if end is not None else "" for end in (choice.low, choice.high))
        words = _span_label(f"{low}..{high}", query.lang)
        unknown = f" ({say(UNKNOWN, query.lang)})" if choice.unknown else ""
        yield Chip(row.name, label, words + unknown, query.without_filter(row.name).parameters())
        return
    named = {bucket.value: bucket.label for bucket in facets.get(row.name, ())}
    for value in choice.values:
        words = named.get(value) or row.value_label(value, query.lang)
        yield Chip(row.name, label, words, query.without_value(row.name, value).parameters())


def _span_label(value: str, lang: str) -> str:
    low, _, high = value.partition("..")
    kind = "between" if low and high else ("from" if low else "to")
    return say(_WORDS[kind], lang).format(*(end for end in (low, high) if end))
