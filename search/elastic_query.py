"""Questions to request bodies, and responses to answers; pure. Never a query language, a script or a wildcard."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from search.documents import SELLER_FACET, order_field
from search.engine import SCORE, Answer, Ask, AskedWord, Bucket, Found, rounded, sorted_buckets, span_values
from search.filters import BY_NAME, Clause, Filter, Kind

Body = dict[str, Any]

# Nobody reads on to the end of so many; counting on would only cost.
MOST_COUNTED = 1_000_000

LIVING: Body = {"term": {"live": True}}


def ask_body(ask: Ask, *, start: int, size: int) -> Body:
    """The body that answers `ask` with the hits from `start` on, in the engine's order of scores, and the facets.

    A facet ignores its own filter: clauses of asked facets narrow the hits afterwards, and each other facet by itself.
    """
    later = [(name, clause) for name, clause in ask.clauses if name in ask.facets]
    body: Body = {
        "query": _query(ask, [clause for name, clause in ask.clauses if name not in ask.facets]),
        "from": start,
        "size": size,
        "track_total_hits": MOST_COUNTED,
        "_source": False,
    }
    if size:
        body |= {"sort": sort_of(ask), "stored_fields": ["card"]}
    if later:
        body["post_filter"] = {"bool": {"filter": [_clause(clause) for _, clause in later]}}
    if ask.facets:
        body["aggs"] = {name: _facet(ask, name, later) for name in ask.facets}
    return body


def steps_body(ask: Ask, *, size: int, after: Sequence[object] | None) -> Body:
    """Only the places of the next hits, to walk far into a result."""
    query = _query(ask, [clause for _, clause in ask.clauses])
    body: Body = {"query": query, "size": size, "sort": sort_of(ask), "track_total_hits": False}
    return body | {"_source": False, "stored_fields": "_none_"} | ({"search_after": list(after)} if after else {})


def sort_of(ask: Ask) -> list[Body]:
    """By score, equal ones by key; every other order has no two equal."""
    if ask.order == SCORE:
        return [{"_score": {"order": "desc"}}, {"key": {"order": "asc"}}]
    return [{order_field(ask.order): {"order": "asc"}}]


def frequencies_body(terms: Sequence[str]) -> Body:
    """In how many documents each token stands."""
    counted = {str(place): {"term": {"text": term}} for place, term in enumerate(terms)}
    return {"size": 0, "track_total_hits": False, "aggs": {"terms": {"filters": {"filters": counted}}}}


def values_body(field: str, *, size: int, after: str | None) -> Body:
    """The next values of a field in their order, with the number of documents that have each."""
    composite: Body = {"size": size, "sources": [{"value": {"terms": {"field": field}}}]}
    if after is not None:
        composite["after"] = {"value": after}
    return {"size": 0, "track_total_hits": False, "aggs": {"values": {"composite": composite}}}


def seals_body(*, size: int, after: Sequence[object] | None) -> Body:
    """The next documents in the order of their seals; tombstones, which have none, come last.

    By order, not by an aggregation: over 200,000 documents that took four times as long a page.
    """
    body: Body = {"size": size, "sort": [{"seal": {"order": "asc", "missing": "_last"}}], "track_total_hits": False}
    return body | {"_source": False, "stored_fields": "_none_"} | ({"search_after": list(after)} if after else {})


def preference_of(ask: Ask) -> str:
    """One name a question, the same on all its pages: they are read from the same copies of the shards.

    Copies score a little differently while deleted documents count.
    """
    mark = repr((ask.words, ask.required, ask.clauses, ask.order))
    return blake2b(mark.encode("utf-8", "replace"), digest_size=8).hexdigest()


def read_answer(ask: Ask, response: Mapping[str, Any]) -> Answer:
    """The answer of the page that was asked for as it stands."""
    found = tuple(read_found(hit, ask.order) for hit in response["hits"]["hits"])
    facets = {name: _read_facet(BY_NAME[name], response["aggregations"][name]) for name in ask.facets}
    return Answer(int(response["hits"]["total"]["value"]), found, facets)


def read_found(hit: Mapping[str, Any], order: str) -> Found:
    """One hit, its score rounded."""
    score = score_of(hit) if order == SCORE else 0.0
    return Found(str(hit["_id"]), score, str(hit["fields"]["card"][0]).encode())


def score_of(hit: Mapping[str, Any]) -> float:
    """The rounded score of a hit that was sorted by it."""
    return rounded(float(hit["sort"][0]))


def read_frequencies(terms: Sequence[str], response: Mapping[str, Any]) -> list[int]:
    """The counts of `frequencies_body`, in the order of its terms."""
    buckets = response["aggregations"]["terms"]["buckets"]
    return [int(buckets[str(place)]["doc_count"]) for place in range(len(terms))]


def read_values(response: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The values of `values_body` with their counts."""
    buckets = response["aggregations"]["values"]["buckets"]
    return [(str(bucket["key"]["value"]), int(bucket["doc_count"])) for bucket in buckets]


def _query(ask: Ask, clauses: Sequence[Clause]) -> Body:
    """Words score, the rest only narrows. Tombstones have no words, so that only a question without any names them."""
    narrowing = [_clause(clause) for clause in clauses]
    if not ask.words:
        return {"bool": {"filter": [LIVING, *narrowing]}}
    words: Body = {"bool": {"should": [_word(word) for word in ask.words], "minimum_should_match": ask.required}}
    return {"bool": {"must": [words], "filter": narrowing}} if narrowing else words


def _word(word: AskedWord) -> Body:
    tokens: list[Body] = [{"term": {"text": token}} for token in word.tokens]
    if len(tokens) == 1:
        return tokens[0]
    return {"bool": {"should": tokens, "minimum_should_match": word.required}}


def _clause(clause: Clause) -> Body:
    if clause.values:
        return {"terms": {clause.field: list(clause.values)}}
    ends = {name: end for name, end in (("gte", clause.low), ("lte", clause.high)) if end is not None}
    span: Body = {"range": {clause.field: ends}}
    if clause.within:
        span = {"bool": {"filter": [span, {"terms": {"unit_class": list(clause.within)}}]}}
    if not clause.unknown:
        return span
    missing: Body = {"bool": {"must_not": [{"exists": {"field": clause.field}}]}}
    return {"bool": {"should": [span, missing], "minimum_should_match": 1}}


def _facet(ask: Ask, name: str, later: Sequence[tuple[str, Clause]]) -> Body:
    counted = _counted(BY_NAME[name])
    narrowing = [_clause(clause) for other, clause in later if other != name]
    if name == "price" and ask.price_classes:
        narrowing.append(_clause(Clause("unit_class", values=ask.price_classes)))
    return {"filter": {"bool": {"filter": narrowing}}, "aggs": {"counted": counted}} if narrowing else counted


def _counted(row: Filter) -> Body:
    if row.kind is Kind.RANGE:
        spans = [
            {name: end for name, end in (("from", low), ("to", high)) if end is not None}
            for _, low, high in span_values(row.edges)
        ]
        return {"range": {"field": row.name, "ranges": spans}}
    field = SELLER_FACET if row.name == "seller" else row.name
    # Each shard tells more than are shown, so that the sums of several are right for all but the rarest.
    return {"terms": {"field": field, "size": row.most, "shard_size": row.most * 5 + 100}}


def _read_facet(row: Filter, told: Mapping[str, Any]) -> tuple[Bucket, ...]:
    buckets = told.get("counted", told)["buckets"]
    if row.kind is Kind.RANGE:
        by_start = {bucket.get("from"): int(bucket["doc_count"]) for bucket in buckets}
        return tuple(Bucket(value, by_start.get(low, 0)) for value, low, _ in span_values(row.edges))
    return sorted_buckets({str(bucket["key"]): int(bucket["doc_count"]) for bucket in buckets}, row.most)
