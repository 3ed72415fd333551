"""What any engine can be asked, and what it answers: plain values, no engine's own language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from integrator.ports import IndexWriter
from search.filters import Clause

SCORE = "score"


@dataclass(frozen=True, slots=True)
class AskedWord:
    """One word of a question: a document holds it that has `required` of its tokens; only then do they score."""

    tokens: tuple[str, ...]
    required: int


@dataclass(frozen=True, slots=True)
class Ask:
    """A question in words and clauses.

    A document matches when it holds at least `required` of `words` (all do when there are none) and meets every
    clause. A facet ignores its own filter's clause. `order` is SCORE or a key of `Prepared.orders`. Equal asks
    have equal answers as long as the generation stays.
    """

    words: tuple[AskedWord, ...] = ()
    required: int = 0
    clauses: tuple[tuple[str, Clause], ...] = ()  # by filter
    order: str = SCORE
    offset: int = 0
    limit: int = 24
    facets: tuple[str, ...] = ()
    price_classes: tuple[str, ...] = ()  # whose prices the price facet counts

    def clauses_without(self, name: str | None) -> list[Clause]:
        """Every clause but one filter's own."""
        return [clause for each, clause in self.clauses if each != name]

    @property
    def filters(self) -> frozenset[str]:
        """The names of the filters with a clause."""
        return frozenset(name for name, _ in self.clauses)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One value of a facet and how many documents have it; a span is written `10..50`, its upper end left out."""

    value: str
    count: int
    label: str | None = None  # its own name, where the catalogue is who knows it (makers)


@dataclass(frozen=True, slots=True)
class Found:
    """One document found: its id, its score rounded to five digits, and its card as stored."""

    product_id: str
    score: float
    card: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """How many match in all, the page asked for, and the facets by name (most frequent first, then by value)."""

    total: int
    found: tuple[Found, ...] = ()
    facets: Mapping[str, tuple[Bucket, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Status:
    """What an index says of itself."""

    engine: str
    generation: str  # changes with every commit and every swap
    documents: int
    tombstones: int
    bytes: int
    analysis: int
    previous: str | None = None
    problem: str | None = None  # why it cannot be used, and what to do


class Engine(Protocol):
    """The reading side. Every method raises IndexUnavailable when the index cannot be read."""

    def generation(self) -> str:
        """A name of what is visible now; equal names, equal answers."""

    def ask(self, ask: Ask) -> Answer:
        """Equal scores are ordered by key, so that every engine and every day gives the same order."""

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """In how many documents each token stands, about."""

    def vocabulary(self) -> Iterable[tuple[str, int]]:
        """The catalogue's own words, folded and unstemmed, with the number of documents that have them, about."""


class SearchIndex(Engine, IndexWriter, Protocol):
    """Both sides of one index, and its care."""

    def status(self) -> Status:
        """Figures for people; never raises."""

    def rollback(self) -> str:
        """Go back to the index before the last rebuild and tell its name; IndexUnavailable when there is none."""

    def close(self) -> None:
        """Let go of locks and files; what was not committed is lost."""


def rounded(score: float) -> float:
    """Five significant digits: engines differ behind them, by the order in which they add."""
    return float(f"{score:.5g}")


def span_values(edges: Sequence[float]) -> list[tuple[str, float | None, float | None]]:
    """The spans between edges, open at both ends: name, from (included), to (left out)."""
    ends = [None, *edges, None]
    return [(f"{_end(low)}..{_end(high)}", low, high) for low, high in pairwise(ends)]


def _end(edge: float | None) -> str:
    return "" if edge is None else f"{edge:g}"


def sorted_buckets(counts: Mapping[str, int], most: int) -> tuple[Bucket, ...]:
    """Counts to buckets, the most frequent first, then by value. A maker's value holds its name after a tab."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:most]
    return tuple(Bucket(value, count) for value, count in rows)
