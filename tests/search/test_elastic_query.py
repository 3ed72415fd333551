"""Questions to Elasticsearch are pure values, and hold nothing that a buyer could turn into a query of his own."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from integrator.ports import DocumentVersion, IndexDocument
from search.documents import prepare
from search.elastic_query import ask_body, preference_of, read_answer
from search.elastic_schema import index_mapping, living_body, pack_version, tombstone_body
from search.filters import FILTERS
from tests.search.elastic_bodies import GOLDEN, make_ask, make_bodies

# What a request may be made of; a query language, a script or a pattern is none of it.
_QUERIES = {"bool", "term", "terms", "range", "exists"}


@pytest.mark.parametrize("name", sorted(make_bodies()))
def test_each_request_is_the_one_that_was_read_and_kept(name: str):
    kept = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))

    assert json.loads(json.dumps(make_bodies()[name])) == kept


def test_every_file_kept_is_of_a_request_still_made():
    assert {file.stem for file in GOLDEN.iterdir()} == set(make_bodies())


def _queries(node: object) -> Iterator[str]:
    """The kinds of query in a body."""
    if isinstance(node, list):
        for each in node:
            yield from _queries(each)
    elif isinstance(node, dict):
        for name, inner in node.items():
            if name in ("query", "filter", "must", "should", "must_not", "post_filter"):
                for each in inner if isinstance(inner, list) else [inner]:
                    yield from each
            yield from _queries(inner)


def test_questions_are_made_of_plain_queries_only():
    choices = "category=33&moq_max=5&moq_unknown=yes&price=1..10&seller=*&certificate=a OR b"
    body = ask_body(make_ask(choices, facets=("seller", "price", "category")), start=0, size=24)

    assert set(_queries(body)) == _QUERIES


def test_what_a_buyer_typed_stands_in_a_body_only_as_a_value():
    hostile = '{"query_string": {"query": "*"}}'
    ask = make_ask(f"seller={hostile}", facets=("seller",))

    body = ask_body(ask, start=0, size=24)

    assert body["post_filter"] == {"bool": {"filter": [{"terms": {"seller": [hostile]}}]}}


def test_pages_of_a_question_are_read_from_the_same_copies_and_other_questions_from_others():
    ask = make_ask("platform=buykorea")

    assert preference_of(replace(ask, offset=240, limit=10)) == preference_of(ask)
    assert preference_of(make_ask("platform=tradekorea")) != preference_of(ask)


def test_totals_are_counted_to_a_bound():
    assert ask_body(make_ask(), start=0, size=24)["track_total_hits"] == 1_000_000


def test_a_facet_that_found_nothing_is_empty():
    ask = make_ask(facets=("platform", "moq"), limit=0)
    told = {"platform": {"buckets": []}, "moq": {"counted": {"buckets": []}}}

    answer = read_answer(ask, {"hits": {"total": {"value": 0}, "hits": []}, "aggregations": told})

    assert answer.facets["platform"] == ()
    assert {bucket.count for bucket in answer.facets["moq"]} == {0}


def test_the_mapping_takes_every_filter_of_the_registry_and_nothing_unknown():
    mapping = index_mapping()
    fields = mapping["properties"]

    assert mapping["dynamic"] == "strict"
    assert isinstance(fields, dict)
    assert {row.name for row in FILTERS} <= set(fields)


def test_a_document_has_no_field_that_the_mapping_lacks():
    document = IndexDocument(
        "p1", DocumentVersion(1, 1), "d", (("buykorea", "1"),), {"en": "lamp"}, price_usd=Decimal(3), seller_id="s1"
    )
    fields = index_mapping()["properties"]
    assert isinstance(fields, dict)

    assert set(living_body(prepare(document))) | set(tombstone_body()) <= set(fields)


def test_versions_as_one_number_rise_as_the_pairs_do():
    pairs = [(0, 0), (0, 1), (1, 0), (1, 2**40 - 1), (2, 0), (2**23 - 1, 2**40 - 1)]

    packed = [pack_version(DocumentVersion(*pair)) for pair in pairs]

    assert packed == sorted(set(packed))
    assert packed[-1] == 2**63 - 1


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1), (2**23, 0), (0, 2**40)])
def test_a_version_that_does_not_fit_is_refused(pair: tuple[int, int]):
    with pytest.raises(ValueError, match="63 bits"):
        pack_version(DocumentVersion(*pair))
