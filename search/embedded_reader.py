"""Reading one tantivy folder: questions to queries, hits and aggregations to answers."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import tantivy

from integrator.ports import DocumentVersion
from search.documents import SELLER_FACET, SEPARATOR, order_field, read_seal
from search.embedded_schema import build_schema
from search.engine import SCORE, Answer, Ask, AskedWord, Bucket, Found, rounded, sorted_buckets, span_values
from search.filters import BY_NAME, Clause, Filter, Kind

_Q = tantivy.Query
_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot

# Hits fetched beyond the page, to order those that score alike by key; many times as many while the border still ties.
_SPARE_HITS = 48
_MOST_TIES = 20_000

# More makers than a facet will ever show; the engine's own order among equal counts is not stable, so all are fetched.
_ALL_VALUES = 65_000

# Seals read at a time.
_SEALS = 20_000
_ID_LETTERS = SEPARATOR + "".join(map(chr, range(0x20, 0x7F)))


class FolderReader:
    """One folder as of its last commit; looks for a newer one before each question."""

    def __init__(self, folder: Path) -> None:
        self._meta = folder / "meta.json"
        self._schema = build_schema()
        self._index = tantivy.Index(self._schema, str(folder))
        # By hand: the library's own watcher is a thread, and threads do not survive a fork.
        self._index.config_reader("manual")
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._searcher = self._index.searcher()
        self._generation = ""

    def searcher(self) -> tantivy.Searcher:
        """The newest committed state."""
        stat = self._meta.stat()
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            with self._lock:
                self._index.reload()
                self._searcher = self._index.searcher()
                self._generation = str(json.loads(self._meta.read_bytes()).get("opstamp", 0))
                self._seen = seen
        return self._searcher

    def generation(self) -> str:
        """The stamp of the newest commit."""
        self.searcher()
        return self._generation

    def counts(self) -> tuple[int, int]:
        """Living documents and tombstones."""
        searcher = self.searcher()
        living = _total(searcher.search(self._living(), 1))
        return living, searcher.num_docs - living

    def ask(self, ask: Ask) -> Answer:
        """See Engine.ask."""
        searcher = self.searcher()
        query = self._query(ask, without=None)
        total, found = self._found(searcher, query, ask)
        return Answer(total, found, self._facets(searcher, ask) if ask.facets else {})

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """See Engine.frequencies."""
        searcher = self.searcher()
        return [searcher.doc_freq("text", term) for term in terms]

    def vocabulary(self) -> list[tuple[str, int]]:
        """See Engine.vocabulary."""
        return self.searcher().terms_with_prefix("words", "")

    def versions(self, keys: Sequence[int]) -> dict[int, tuple[int, int]]:
        """The stored version of each key that is there, tombstones included."""
        searcher = self.searcher()
        if not keys or not searcher.num_docs:
            return {}
        hits = searcher.search(_Q.term_set_query(self._schema, "key", list(keys)), len(keys) + 1, count=False).hits
        places = [place for _, place in hits]
        columns = [searcher.fast_field_values(name, places) for name in ("key", "epoch", "sequence")]
        return {key: (epoch, sequence) for key, epoch, sequence in zip(*columns, strict=True)}

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        return self._seals(self.searcher(), "")

    def _seals(self, searcher: tantivy.Searcher, prefix: str) -> Iterator[tuple[str, DocumentVersion, str]]:
        """In id order, a part of the alphabet at a time, so that memory stays the same for any number of documents."""
        found = searcher.terms_with_prefix("seal", prefix, filter_query=self._living(), limit=_SEALS + 1)
        if len(found) > _SEALS:
            for letter in _ID_LETTERS:
                yield from self._seals(searcher, prefix + letter)
            return
        yield from (read_seal(seal) for seal, _ in found)

    def _living(self) -> tantivy.Query:
        return _Q.term_query(self._schema, "live", "1", index_option="basic")

    def _query(self, ask: Ask, *, without: str | None) -> tantivy.Query:
        """The question, or all of it but one filter's part."""
        parts = [self._text(ask)] if ask.words else [_Q.const_score_query(self._living(), 0.0)]
        parts += [_Q.const_score_query(self._clause(clause), 0.0) for clause in ask.clauses_without(without)]
        return parts[0] if len(parts) == 1 else _Q.boolean_query([(_MUST, part) for part in parts])

    def _text(self, ask: Ask) -> tantivy.Query:
        words = [(_SHOULD, self._word(word)) for word in ask.words]
        return _Q.boolean_query(words, minimum_number_should_match=ask.required)

    def _word(self, word: AskedWord) -> tantivy.Query:
        tokens = [_Q.term_query(self._schema, "text", token, index_option="freq") for token in word.tokens]
        if len(tokens) == 1:
            return tokens[0]
        return _Q.boolean_query([(_SHOULD, token) for token in tokens], minimum_number_should_match=word.required)

    def _clause(self, clause: Clause) -> tantivy.Query:
        if clause.values:
            return _Q.term_set_query(self._schema, clause.field, list(clause.values))
        span = _Q.range_query(self._schema, clause.field, tantivy.FieldType.Float, clause.low, clause.high)
        if clause.within:
            classes = _Q.term_set_query(self._schema, "unit_class", list(clause.within))
            span = _Q.boolean_query([(_MUST, span), (_MUST, classes)])
        if not clause.unknown:
            return span
        missing = _Q.boolean_query([(_MUST, self._living()), (_NOT, _Q.exists_query(clause.field))])
        return _Q.boolean_query([(_SHOULD, span), (_SHOULD, missing)])

    def _found(self, searcher: tantivy.Searcher, query: tantivy.Query, ask: Ask) -> tuple[int, tuple[Found, ...]]:
        end = ask.offset + ask.limit
        if not ask.limit:
            return _total(searcher.search(query, 1)), ()
        if ask.order != SCORE:
            result = searcher.search(query, max(1, end), order_by_field=order_field(ask.order), order=tantivy.Order.Asc)
            places = [(0.0, place) for _, place in result.hits[ask.offset : end]]
            return _total(result), tuple(self._read(searcher, *place) for place in places)
        total, ranked = self._ranked(searcher, query, end)
        return total, tuple(self._read(searcher, score, place) for score, _, place in ranked[ask.offset : end])

    def _ranked(
        self, searcher: tantivy.Searcher, query: tantivy.Query, end: int
    ) -> tuple[int, list[tuple[float, int, tantivy.DocAddress]]]:
        """The first `end` hits and some more, by rounded score, then key."""
        wanted = end + _SPARE_HITS
        while True:
            result = searcher.search(query, wanted)
            hits = [(rounded(score), place) for score, place in result.hits]
            border_ties = 0 < end <= len(hits) < _total(result) and hits[-1][0] == hits[end - 1][0]
            if not border_ties or wanted >= _MOST_TIES:
                break
            wanted *= 8
        keys = searcher.fast_field_values("key", [place for _, place in hits])
        ranked = [(score, int(key or 0), place) for (score, place), key in zip(hits, keys, strict=True)]
        ranked.sort(key=lambda hit: (-hit[0], hit[1]))
        return _total(result), ranked

    def _read(self, searcher: tantivy.Searcher, score: float, place: tantivy.DocAddress) -> Found:
        document = searcher.doc(place)
        return Found(str(document.get_first("id")), score, bytes(document.get_first("card") or b""))

    def _facets(self, searcher: tantivy.Searcher, ask: Ask) -> dict[str, tuple[Bucket, ...]]:
        """Facets without a choice of their own share one pass; each of the others gets its own question."""
        counted: dict[str, tuple[Bucket, ...]] = {}
        shared = [name for name in ask.facets if name not in ask.filters and name != "price"]
        if shared:
            counted |= self._count(searcher, self._query(ask, without=None), shared)
        for name in ask.facets:
            if name not in counted:
                counted |= self._count(searcher, self._facet_query(ask, name), [name])
        return {name: counted[name] for name in ask.facets}

    def _facet_query(self, ask: Ask, name: str) -> tantivy.Query:
        query = self._query(ask, without=name)
        if name != "price" or not ask.price_classes:
            return query
        classes = self._clause(Clause("unit_class", values=ask.price_classes))
        return _Q.boolean_query([(_MUST, query), (_MUST, classes)])

    def _count(
        self, searcher: tantivy.Searcher, query: tantivy.Query, names: Sequence[str]
    ) -> dict[str, tuple[Bucket, ...]]:
        answer = searcher.aggregate(query, {name: _aggregation(BY_NAME[name]) for name in names})
        return {name: _buckets(BY_NAME[name], answer[name]["buckets"]) for name in names}


def _aggregation(row: Filter) -> dict[str, object]:
    if row.kind is not Kind.RANGE:
        field = SELLER_FACET if row.name == "seller" else row.name
        return {"terms": {"field": field, "size": _ALL_VALUES}}
    ends = [
        {name: end for name, end in (("from", low), ("to", high)) if end is not None}
        for _, low, high in span_values(row.edges)
    ]
    return {"range": {"field": row.name, "ranges": ends}}


def _buckets(row: Filter, found: Sequence[Mapping[str, object]]) -> tuple[Bucket, ...]:
    if row.kind is Kind.RANGE:
        by_start = {bucket.get("from"): int(str(bucket["doc_count"])) for bucket in found}
        return tuple(Bucket(value, by_start.get(low, 0)) for value, low, _ in span_values(row.edges))
    counts = {str(bucket["key"]): int(str(bucket["doc_count"])) for bucket in found}
    return sorted_buckets(counts, row.most)


def _total(result: tantivy.SearchResult) -> int:
    # The library's stub leaves the attribute out.
    return int(result.count)  # type: ignore[attr-defined]
