"""Asking one index of Elasticsearch: pages in an order that holds, facets, and walks over all it has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from elasticsearch import Elasticsearch

from integrator.ports import DocumentVersion
from search import elastic_query as query
from search.documents import read_seal
from search.elastic_client import WRITE_S
from search.engine import SCORE, Answer, Ask

# What the engine gives at once, by its own limit; further on it is walked.
_MOST_AT_ONCE = 10_000
_KEEP = "1m"

# Hits fetched around the page, to order those that score alike by key; more while a border still ties.
_SPARE_HITS = (8, 64, 512, 4_096)

Body = dict[str, Any]


class Reader:
    """One alias, as of its last refresh. With several shards a word's weight is made of all of them."""

    def __init__(self, client: Elasticsearch, alias: str, *, shards: int) -> None:
        self._client = client
        self._alias = alias
        self._search_type = "dfs_query_then_fetch" if shards > 1 else None

    def ask(self, ask: Ask) -> Answer:
        """See Engine.ask."""
        if ask.order != SCORE or not ask.words or not ask.limit:
            return query.read_answer(ask, self._window(ask, ask.offset, ask.limit))
        response: Mapping[str, Any] = {}
        first = 0
        for spare in _SPARE_HITS:
            start = max(0, ask.offset - spare)
            first, size = ask.offset - start, ask.offset - start + ask.limit + spare
            response = self._window(ask, start, size)
            if not _is_torn(response["hits"]["hits"], first, first + ask.limit, start=start, size=size):
                break
        answer = query.read_answer(ask, response)
        keys = [hit["sort"][1] for hit in response["hits"]["hits"]]
        ranked = sorted(zip(answer.found, keys, strict=True), key=lambda hit: (-hit[0].score, hit[1]))
        return replace(answer, found=tuple(found for found, _ in ranked[first : first + ask.limit]))

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """See Engine.frequencies."""
        return query.read_frequencies(terms, self._search(query.frequencies_body(terms))) if terms else []

    def vocabulary(self) -> list[tuple[str, int]]:
        """See Engine.vocabulary."""
        words: list[tuple[str, int]] = []
        with self._point_in_time(None) as pit:
            while True:
                body = query.values_body("words", size=_MOST_AT_ONCE, after=words[-1][0] if words else None)
                some = query.read_values(self._search(body | pit))
                words += some
                if len(some) < _MOST_AT_ONCE:
                    return words

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        with self._point_in_time(None) as pit:
            after: Sequence[object] | None = None
            while True:
                hits = self._search(query.seals_body(size=_MOST_AT_ONCE, after=after) | pit)["hits"]["hits"]
                seals = [hit["sort"][0] for hit in hits if hit["sort"][0] is not None]
                yield from map(read_seal, seals)
                if len(seals) < _MOST_AT_ONCE:
                    return
                after = hits[-1]["sort"]

    def counts(self) -> tuple[int, int]:
        """Living documents and tombstones."""
        living = {"filters": {"filters": {word: {"term": {"live": word == "living"}} for word in ("living", "dead")}}}
        response = self._search({"size": 0, "track_total_hits": False, "aggs": {"live": living}})
        buckets = response["aggregations"]["live"]["buckets"]
        return int(buckets["living"]["doc_count"]), int(buckets["dead"]["doc_count"])

    def refresh(self) -> None:
        """What was written is found from now on."""
        self._client.options(request_timeout=WRITE_S).indices.refresh(index=self._alias)

    def _window(self, ask: Ask, start: int, size: int) -> Mapping[str, Any]:
        """The hits from `start` on, in the engine's order, with the facets."""
        preference = query.preference_of(ask)
        if start + size <= _MOST_AT_ONCE:
            return self._search(query.ask_body(ask, start=start, size=size), preference=preference)
        with self._point_in_time(preference) as pit:
            after: Sequence[object] | None = None
            while start:
                step = min(start, _MOST_AT_ONCE)
                hits = self._search(query.steps_body(ask, size=step, after=after) | pit)["hits"]["hits"]
                if len(hits) < step:
                    break
                after, start = hits[-1]["sort"], start - step
            # Beyond the end there is nothing to show, but still a total.
            body = query.ask_body(ask, start=0, size=0 if start else size)
            return self._search(body | pit | ({"search_after": after} if after and not start else {}))

    @contextmanager
    def _point_in_time(self, preference: str | None) -> Iterator[Body]:
        opened = self._client.open_point_in_time(index=self._alias, keep_alive=_KEEP, preference=preference)
        try:
            yield {"pit": {"id": opened["id"], "keep_alive": _KEEP}}
        finally:
            self._client.close_point_in_time(id=opened["id"])

    def _search(self, body: Body, *, preference: str | None = None) -> Mapping[str, Any]:
        index = None if "pit" in body else self._alias
        response = self._client.search(
            index=index,
            preference=preference,
            search_type=self._search_type,
            allow_partial_search_results=False,
            body=body,
        )
        found: Mapping[str, Any] = response.body
        return found


def _is_torn(hits: Sequence[Mapping[str, Any]], first: int, end: int, *, start: int, size: int) -> bool:
    """Whether hits that score like the page's first or last may lie outside of what was fetched."""
    if len(hits) <= first:
        return False
    scores = [query.score_of(hit) for hit in hits]
    front = start > 0 and scores[0] == scores[first]
    return front or (len(hits) == size and scores[-1] == scores[end - 1])
