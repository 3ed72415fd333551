"""The one analysis: what a text is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis import (
    analyse,
    analyse_spans,
    asked_tokens,
    fold,
    join_tokens,
    last_syllables,
    split_runs,
    split_words,
    surface_words,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Face Creams", ["face", "cream"]),
        ("moisturizing moisturizer", ["moistur", "moistur"]),
        ("50ml", ["50ml", "50", "ml"]),
        ("50 ml", ["50ml", "50", "ml"]),
        ("50 ㎖", ["50ml", "50", "ml"]),
        ("1.5kW", ["1.5kw", "1.5", "kw"]),
        ("1,000 pcs", ["1000pcs", "1000", "pcs"]),
        ("LB-F100", ["lbf100", "lb", "f100", "100"]),
        ("KF94", ["kf94", "kf", "94"]),
        ("anti-aging", ["antiage", "anti", "age"]),
        ("face/body", ["face", "bodi"]),
        ("men's", ["men"]),
        ("홍삼농축액", ["홍삼", "삼농", "농축", "축액"]),
        ("김", ["김"]),
        ("化粧品", ["化粧", "粧品"]),
        ("ｈｅｌｌｏ　１２３", ["hello", "123"]),
        ("홍삼240g", ["홍삼", "240g", "240", "g"]),
        ("Łódź Straße", ["lodz", "strass"]),
        ("крем", ["крем"]),
        ("()[]{}*?\"'", []),
        ("", []),
    ],
)
def test_a_text_becomes_these_tokens(text: str, tokens: list[str]):
    assert analyse(text) == tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("cosméticos", "cosmetico"),
        ("máquinas", "maquina"),
        ("lociones", "locion"),
        ("jabones", "jabon"),
        ("cremas", "crema"),
        ("aceites", "aceite"),
        ("lámparas", "lampara"),
        ("bombas", "bomba"),
        ("filtros", "filtro"),
        ("masks", "mask"),
        ("batteries", "battery"),
        ("50ML", "50 ml"),
        ("é", "e\u0301"),
        ("홍삼", "홍삼"),
        ("lamp\u200b", "lamp"),
        ("\u202elamp", "lamp"),
    ],
)
def test_two_ways_to_write_it_have_the_same_tokens(one: str, other: str):
    assert analyse(one) == analyse(other)


@pytest.mark.parametrize(
    ("one", "other"), [("50 ml", "100 ml"), ("1.5kW", "15kW"), ("가", "각"), ("か", "が"), ("LB1", "LB2")]
)
def test_two_different_things_have_different_tokens(one: str, other: str):
    assert analyse(one) != analyse(other)


def test_a_quantity_is_asked_for_as_a_whole():
    assert asked_tokens("50 ml") == ("50ml",)
    assert asked_tokens("kf94") == ("kf94", "kf", "94")


def test_last_syllables_are_those_of_unspaced_runs_of_two_or_more():
    assert last_syllables(split_runs("조미김 김 seaweed 50ml")) == ["김"]


def test_surface_words_are_whole_words_without_codes():
    assert surface_words(split_runs("Anti-aging Creams KF94 50ml 홍삼농축액 LB-F100")) == {
        "anti",
        "aging",
        "creams",
        "홍삼농축액",
        "lb",
    }


def test_words_know_where_they_stand():
    words = split_words("Café, KF94 (홍삼)")

    assert [(each.text, each.start, each.is_name) for each in words] == [
        ("Café", 0, True),
        ("KF94", 6, False),
        ("홍삼", 12, True),
    ]


def test_pairs_have_places_of_their_own_and_codes_have_one():
    text = "LB-F100 홍삼농"

    assert [(span.token, text[span.start : span.end]) for span in analyse_spans(text)] == [
        ("lbf100", "LB-F100"),
        ("lb", "LB-F100"),
        ("f100", "LB-F100"),
        ("100", "LB-F100"),
        ("홍삼", "홍삼"),
        ("삼농", "삼농"),
    ]


@given(st.text())
def test_any_text_is_analysed_without_blanks_in_tokens(text: str):
    for token in analyse(text):
        assert token
        assert token.split() == [token]


@given(st.text())
def test_spans_are_the_tokens_of_the_analysis_inside_the_text(text: str):
    spans = analyse_spans(text)

    assert [span.token for span in spans] == analyse(text)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str):
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_joined_tokens_are_the_tokens(text: str):
    assert join_tokens(split_runs(text)).split(" ") == (analyse(text) or [""])
