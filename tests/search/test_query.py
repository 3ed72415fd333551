"""A question as a value: read from an address and written back to one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.errors import InvalidQuery
from search.query import LONGEST_TEXT, MOST_TERMS, clean_text, read_query, relaxed_of, required_of, words_of


def test_an_empty_address_is_the_whole_catalogue():
    query = read_query([])

    assert (query.text, query.words, dict(query.filters), query.sort, query.page) == ("", (), {}, "relevance", 1)
    assert query.parameters() == []


def test_the_address_of_a_query_has_one_form():
    pairs = [
        ("page", "2"),
        ("platform", "TRADEKOREA"),
        ("q", " face   cream "),
        ("platform", "buykorea"),
        ("sort", "price"),
    ]

    query = read_query(pairs)

    assert query.parameters() == [
        ("q", "face cream"),
        ("platform", "buykorea"),
        ("platform", "tradekorea"),
        ("sort", "price"),
        ("page", "2"),
    ]
    assert read_query(query.parameters()) == read_query(read_query(query.parameters()).parameters())


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("sort", "cheapest")], "sort must be one of"),
        ([("page", "0")], "page must be"),
        ([("page", "²")], "page must be"),
        ([("size", "1000")], "size must be"),
        ([("page", "42")], "too deep"),
        ([("utm_source", "x")], "no filter"),
    ],
)
def test_what_cannot_be_read_is_refused(pairs: list[tuple[str, str]], says: str):
    with pytest.raises(InvalidQuery, match=says):
        read_query(pairs)


def test_an_unknown_language_is_refused():
    with pytest.raises(InvalidQuery, match="lang must be one of"):
        read_query([], lang="xx")


def test_choosing_goes_back_to_the_first_page_and_paging_keeps_the_choice():
    query = read_query([("q", "lamp"), ("page", "3")])

    chosen = query.with_value("platform", "buykorea")

    assert chosen.page == 1
    assert chosen.turn_to(2).filters == chosen.filters
    assert chosen.without_value("platform", "buykorea").filters == {}
    assert chosen.without_filter("platform").parameters() == [("q", "lamp")]
    assert chosen.without_filters().text == "lamp"
    assert chosen.sort_by("price").sort == "price"


def test_small_words_are_left_out_unless_they_are_all():
    assert words_of("cream for the face") == (("cream",), ("face",))
    assert words_of("crema para la cara") == (("crema",), ("cara",))
    assert words_of("the") == (("the",),)


def test_a_token_is_asked_for_once():
    assert words_of("mask masks MASK") == (("mask",),)


def test_no_query_asks_for_more_than_the_most_terms():
    words = words_of(" ".join(f"w{number}x" for number in range(200)))

    assert sum(map(len, words)) <= MOST_TERMS


def test_two_words_are_both_required_and_five_allow_two_to_miss():
    assert [required_of(count) for count in range(6)] == [0, 1, 2, 2, 3, 3]
    assert [relaxed_of(count) for count in range(7)] == [1, 1, 1, 1, 1, 1, 2]


@given(st.text())
def test_any_text_is_cleaned_to_one_short_line(text: str):
    cleaned = clean_text(text)

    assert len(cleaned) <= LONGEST_TEXT
    assert cleaned == " ".join(cleaned.split())
    assert clean_text(cleaned) == cleaned


@given(st.text())
def test_any_text_can_be_asked_for(text: str):
    query = read_query([("q", text)])

    assert len(query.terms) == len(set(query.terms)) <= MOST_TERMS
    assert read_query(query.parameters()) == query
