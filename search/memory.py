"""An index in memory: the contract without an engine, for tests. It ranks as real engines do, and can lie."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from integrator.errors import IndexUnavailable
from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from search.analysis import ANALYSIS_VERSION
from search.documents import Prepared, key_of, prepare
from search.engine import SCORE, Answer, Ask, AskedWord, Bucket, Found, Status, rounded, sorted_buckets, span_values
from search.filters import BY_NAME, Clause, Kind

# BM25 as Lucene and tantivy have it.
_K1, _B = 1.2, 0.75


def _length_steps() -> list[int]:
    """The 256 document lengths that those engines tell apart: each is kept in one byte."""
    exact = list(range(24))
    coarse = [(step & 7 | 8) << (step >> 3) - 1 if step >> 3 else step & 7 for step in range(256 - 24)]
    return exact + [24 + length for length in coarse]


_LENGTHS = _length_steps()


@dataclass(slots=True)
class Lies:
    """What the fake pretends, as real engines have been seen to. By product id where it is about one document."""

    unavailable: bool = False  # it answers nothing
    is_full: bool = False  # it takes nothing (429, a write block), and still answers questions
    refused: dict[str, str] = field(default_factory=dict)  # an error of its own inside a good reply
    conflicts: set[str] = field(default_factory=set)  # written, and yet reported as a conflict
    lost_reply: bool = False  # written, and nobody told
    late: bool = False  # nobody told, and written only when `arrive` is called, the last first
    longest_value: int | None = None  # bytes of one filter value; a longer one is refused


@dataclass(slots=True)
class _Row:
    """A document, or, without `prepared`, a tombstone."""

    version: tuple[int, int]
    prepared: Prepared | None
    tokens: Counter[str] = field(default_factory=Counter)
    length: int = 0


class MemoryIndex:
    """A SearchIndex in this process alone. What was put is found after `commit`."""

    def __init__(self) -> None:
        self.lies = Lies()
        self._rows: dict[str, _Row] = {}
        self._pending: dict[str, _Row] = {}
        self._previous: dict[str, _Row] | None = None
        self._commits = 0
        self._late: list[tuple[str, _Row]] = []
        self._beside: MemoryIndex | None = None

    # Writing ---------------------------------------------------------------------------------------------------------

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """See IndexWriter.put."""
        self._take()
        acks = [self._put_one(document) for document in documents]
        return self._reply(acks)

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """See IndexWriter.drop."""
        self._take()
        acks = [self._keep(each, _Row((version.epoch, version.sequence), None)) for each, version in drops]
        return self._reply(acks)

    def commit(self) -> None:
        """See IndexWriter.commit."""
        self._answer()
        self._rows = self._rows | self._pending
        self._pending = {}
        self._commits += 1

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        self._answer()
        for product_id, row in sorted(self._rows.items()):
            if row.prepared:
                yield product_id, row.prepared.version, row.prepared.digest

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """See IndexWriter.rebuild. What is written meanwhile goes to both."""
        self._answer()
        fresh = self._beside = MemoryIndex()
        try:
            yield fresh
        finally:
            self._beside = None
        fresh.commit()
        self._previous, self._rows, self._pending = self._rows, fresh._rows, {}
        self._commits += 1

    def rollback(self) -> str:
        """See SearchIndex.rollback."""
        if self._previous is None:
            raise IndexUnavailable("there is no earlier index to go back to")
        self._rows, self._previous = self._previous, self._rows
        self._commits += 1
        return "previous"

    def close(self) -> None:
        """See SearchIndex.close."""
        self._pending = {}

    def arrive(self) -> None:
        """What was late comes in, the last first; found after the next commit."""
        late, self._late = self._late, []
        for product_id, row in reversed(late):
            self._store(product_id, row)

    # Reading ---------------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """See SearchIndex.status."""
        living = sum(1 for row in self._rows.values() if row.prepared)
        previous = None if self._previous is None else "previous"
        return Status("memory", str(self._commits), living, len(self._rows) - living, 0, ANALYSIS_VERSION, previous)

    def generation(self) -> str:
        """See Engine.generation."""
        self._answer()
        return str(self._commits)

    def ask(self, ask: Ask) -> Answer:
        """See Engine.ask."""
        self._answer()
        matches = self._matches(ask, without=None)
        score = self._scorer(ask.words)
        ranked = sorted((_rank(row, ask.order, score) for row in matches), key=lambda hit: hit[:2])
        page = ranked[ask.offset : ask.offset + ask.limit]
        found = tuple(Found(row.product_id, -first if ask.order == SCORE else 0.0, row.card) for first, _, row in page)
        own = {name: self._matches(ask, without=name) for name in ask.facets if name in ask.filters}
        facets = {name: self._facet(own.get(name, matches), name, ask.price_classes) for name in ask.facets}
        return Answer(len(matches), found, facets)

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """See Engine.frequencies."""
        self._answer()
        return [sum(1 for row in self._rows.values() if term in row.tokens) for term in terms]

    def vocabulary(self) -> list[tuple[str, int]]:
        """See Engine.vocabulary."""
        self._answer()
        return sorted(Counter(word for row in self._living() for word in set(row.words.split())).items())

    def _living(self) -> list[Prepared]:
        return [row.prepared for row in self._rows.values() if row.prepared]

    def _matches(self, ask: Ask, *, without: str | None) -> list[Prepared]:
        clauses = ask.clauses_without(without)
        return [row for row in self._living() if self._has_terms(row, ask) and all(_meets(row, c) for c in clauses)]

    def _has_terms(self, row: Prepared, ask: Ask) -> bool:
        tokens = self._rows[row.product_id].tokens
        return not ask.words or sum(1 for word in ask.words if _holds(tokens, word)) >= ask.required

    def _scorer(self, words: Sequence[AskedWord]) -> Callable[[Prepared], float]:
        terms = [token for word in words for token in word.tokens]
        rows = self._rows.values()
        count = max(1, len(rows))
        mean = sum(row.length for row in rows) / count or 1.0
        weights = {
            term: (1 + _K1) * math.log(1 + (count - found + 0.5) / (found + 0.5))
            for term, found in zip(terms, self.frequencies(terms), strict=True)
        }

        def score(prepared: Prepared) -> float:
            row = self._rows[prepared.product_id]
            shrink = _K1 * (1 - _B + _B * _LENGTHS[bisect_right(_LENGTHS, row.length) - 1] / mean)
            held = [token for word in words if _holds(row.tokens, word) for token in word.tokens]
            return rounded(sum(weights[t] * row.tokens[t] / (row.tokens[t] + shrink) for t in held))

        return score

    def _facet(self, matches: list[Prepared], name: str, price_classes: Sequence[str]) -> tuple[Bucket, ...]:
        row = BY_NAME[name]
        if row.kind is Kind.RANGE:
            if name == "price" and price_classes:
                matches = [each for each in matches if set(each.terms["unit_class"]) & set(price_classes)]
            numbers = [each.numbers[name] for each in matches if name in each.numbers]
            return tuple(
                Bucket(value, sum(1 for n in numbers if (low is None or n >= low) and (high is None or n < high)))
                for value, low, high in span_values(row.edges)
            )
        if name == "seller":
            return sorted_buckets(Counter(each.maker for each in matches if each.maker), row.most)
        return sorted_buckets(Counter(value for each in matches for value in each.terms[name]), row.most)

    def _put_one(self, document: IndexDocument) -> Ack:
        try:
            prepared = prepare(document)
        except ValueError as error:
            return Ack(document.product_id, ok=False, reason=str(error))
        tokens = Counter(prepared.text.split())
        version = (document.version.epoch, document.version.sequence)
        return self._keep(document.product_id, _Row(version, prepared, tokens, tokens.total()))

    def _keep(self, product_id: str, row: _Row) -> Ack:
        if reason := self.lies.refused.get(product_id) or self._limit(row):
            return Ack(product_id, ok=False, reason=reason)
        if self.lies.late:
            self._late.append((product_id, row))
            return Ack(product_id, ok=True)
        if not self._store(product_id, row):
            return Ack(product_id, ok=True, reason="an equal or newer version is there")
        if product_id in self.lies.conflicts:
            return Ack(product_id, ok=False, reason="version conflict")
        return Ack(product_id, ok=True)

    def _store(self, product_id: str, row: _Row) -> bool:
        """Whether it was newer than what is there."""
        if self._beside is not None:
            self._beside._store(product_id, row)
        kept = self._pending.get(product_id) or self._rows.get(product_id)
        if kept and kept.version >= row.version:
            return False
        self._pending[product_id] = row
        return True

    def _limit(self, row: _Row) -> str:
        most = self.lies.longest_value
        values = [value for each in row.prepared.terms.values() for value in each] if row.prepared and most else []
        return "immense term" if any(len(value.encode()) > (most or 0) for value in values) else ""

    def _take(self) -> None:
        self._answer()
        if self.lies.is_full:
            raise IndexUnavailable("the search index takes no more now")

    def _answer(self) -> None:
        if self.lies.unavailable:
            raise IndexUnavailable("the search index does not answer")

    def _reply(self, acks: list[Ack]) -> list[Ack]:
        if self.lies.lost_reply or self.lies.late:
            raise IndexUnavailable("the search index did not reply")
        return acks


def _rank(row: Prepared, order: str, score: Callable[[Prepared], float]) -> tuple[float, int, Prepared]:
    first = -score(row) if order == SCORE else row.orders[order]
    return first, key_of(row.product_id), row


def _holds(tokens: Counter[str], word: AskedWord) -> bool:
    return sum(1 for token in word.tokens if token in tokens) >= word.required


def _meets(row: Prepared, clause: Clause) -> bool:
    if clause.values:
        return not set(clause.values).isdisjoint(row.terms[clause.field])
    number = row.numbers.get(clause.field)
    if number is None:
        return clause.unknown
    if clause.within and set(clause.within).isdisjoint(row.terms["unit_class"]):
        return False
    return (clause.low is None or number >= clause.low) and (clause.high is None or number <= clause.high)
