"""Every implementation finds the same products in the same order, and counts the same."""

import itertools

import pytest

from search.engine import SearchIndex
from search.filters import BY_NAME
from search.query import read_query
from search.searching import Finder

TEXTS = [
    "",
    "face cream",
    "ginseng",
    "홍삼농축액",
    "홍삼 농축액 240g",
    "KF94 mask white",
    "LED flood light 100w",
    "centrifugal pump 1.5 kW stainless",
    "bombas",
    "iluminación premium",
    "nuriel organic herbal",
    "NU-12B",
    "크림",
    "waterproof portable smart mini natural white",
    "gingseng",
    "marterial steel",
    "no such goods anywhere",
]
CHOICES = [
    "",
    "platform=buykorea&platform=tradekorea",
    "certificate=CE&term=FOB",
    "category=33&category=S16",
    "category=none",
    "price_min=10&price_max=200",
    "price_max=50&price_unknown=yes",
    "unit_class=kg&price_max=100",
    "moq_max=50&lead_max=14",
    "lead_max=30&lead_unknown=yes&sample=yes",
    "origin=KR&availability=on_sale&price_state=priced",
    "seller=s1&seller=s2&online_order=yes",
]
SORTS = ["relevance", "newest", "price", "moq", "lead"]
FACETS = tuple(BY_NAME)


def _pairs(text: str, choice: str, **own: str) -> list[tuple[str, str]]:
    chosen = [tuple(pair.split("=")) for pair in choice.split("&") if pair]
    return [("q", text), *chosen, *own.items()]  # type: ignore[list-item]


@pytest.mark.parametrize("text", TEXTS)
def test_engines_rank_alike_for_every_choice(full: SearchIndex, reference: SearchIndex, text: str):
    finder, plain = Finder(full), Finder(reference)

    for choice in CHOICES:
        query = read_query(_pairs(text, choice))
        results, wanted = (each.search(query, facets=FACETS) for each in (finder, plain))

        assert results.total == wanted.total, (text, choice)
        assert [hit.product_id for hit in results.hits] == [hit.product_id for hit in wanted.hits], (text, choice)
        assert [hit.score for hit in results.hits] == pytest.approx([hit.score for hit in wanted.hits], rel=1e-4)
        assert results.facets == wanted.facets, (text, choice)
        assert (results.corrected, results.relaxed) == (wanted.corrected, wanted.relaxed)
        assert [hit.product_id for hit in results.close] == [hit.product_id for hit in wanted.close]


@pytest.mark.parametrize("sort", SORTS)
def test_engines_sort_and_page_alike(full: SearchIndex, reference: SearchIndex, sort: str):
    finder, plain = Finder(full), Finder(reference)

    for text, page in itertools.product(["", "cream", "white"], ["1", "2", "20"]):
        query = read_query(_pairs(text, "", sort=sort, page=page))
        results, wanted = (each.search(query) for each in (finder, plain))

        assert [hit.product_id for hit in results.hits] == [hit.product_id for hit in wanted.hits], (text, page)
        assert len(results.hits) == query.size


def test_pages_hold_every_result_once(full: SearchIndex):
    finder = Finder(full)
    query = read_query(_pairs("ginseng extract", "platform=gobizkorea", size="100"))
    total = finder.search(query).total

    pages = [finder.search(query.turn_to(page)).hits for page in range(1, total // 100 + 2)]

    ids = [hit.product_id for page in pages for hit in page]
    assert len(ids) == total == len(set(ids))


def test_a_facet_ignores_its_own_choice_and_heeds_the_others(full: SearchIndex):
    finder = Finder(full)
    open_query = read_query(_pairs("cream", "certificate=CE"))
    narrow = open_query.with_value("platform", "buykorea")

    before = finder.search(open_query, facets=("platform", "certificate"))
    after = finder.search(narrow, facets=("platform", "certificate"))

    counts = {bucket.value: bucket.count for bucket in before.facets["platform"]}
    assert after.facets["platform"] == before.facets["platform"]
    assert after.total == counts["buykorea"] < before.total
    assert {each.value: each.count for each in after.facets["certificate"]}["CE"] == after.total


def test_what_is_not_known_comes_last_in_every_sort(full: SearchIndex, corpus):
    finder = Finder(full)
    few = read_query(_pairs("NU-12B pump", "", size="100"))
    for sort, value in (("price", "price_usd"), ("moq", "moq"), ("lead", "lead_days")):
        values = [getattr(hit.card, value) for hit in finder.search(few.sort_by(sort)).hits]

        known = [each for each in values if each is not None]
        assert values[: len(known)] == known
        if sort != "price":  # prices rise inside one unit class, and classes follow each other
            assert known == sorted(known)


def test_prices_rise_inside_one_unit_class(full: SearchIndex):
    hits = Finder(full).search(read_query([("unit_class", "kg"), ("sort", "price"), ("size", "100")])).hits

    prices = [hit.card.price_usd for hit in hits if hit.card.price_usd is not None]
    assert len(prices) == len(hits)
    assert prices == sorted(prices)
    assert {hit.card.unit_class for hit in hits} == {"kg"}


def test_a_price_span_compares_within_one_unit_class(full: SearchIndex):
    hits = Finder(full).search(read_query([("price", "1..100"), ("size", "100")])).hits

    assert {hit.card.unit_class for hit in hits} == {"piece"}
    assert all(1 <= (hit.card.price_usd or 0) <= 100 for hit in hits)


def test_a_span_keeps_the_unknown_only_when_asked(full: SearchIndex):
    finder = Finder(full)
    strict = finder.search(read_query([("lead_max", "14")]))
    loose = finder.search(read_query([("lead_max", "14"), ("lead_unknown", "yes")]))

    assert all(hit.card.lead_days is not None and hit.card.lead_days <= 14 for hit in strict.hits)
    assert loose.total > strict.total
