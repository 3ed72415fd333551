"""Typing errors are mended from the catalogue's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.vocabulary import Vocabulary, errors_forgiven

WORDS = [
    ("shampoo", 50),
    ("ginseng", 40),
    ("cosmetics", 30),
    ("waterproof", 20),
    ("lamp", 9),
    ("lamps", 2),
    ("홍삼", 12),
]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.from_counts([*WORDS, ("kf94", 99), ("camp", 9), ("화장품", 5)])


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("shampo", "shampoo"),
        ("gingseng", "ginseng"),
        ("gniseng", "ginseng"),
        ("cosmetcis", "cosmetics"),
        ("waterprooof", "waterproof"),
        ("watrproff", "waterproof"),
        ("화장폼", "화장품"),
        ("lmap", "lamp"),
    ],
)
def test_an_error_is_mended(vocabulary: Vocabulary, typed: str, meant: str):
    assert vocabulary.mend(typed) == meant


@pytest.mark.parametrize("typed", ["shampoo", "kf95", "lam", "xyzzyx", "sxaxpoo", "gixxexxg", "삼", "50ml", ""])
def test_what_is_known_short_far_or_a_code_stays_as_typed(vocabulary: Vocabulary, typed: str):
    assert vocabulary.mend(typed) is None


def test_the_nearer_word_wins_then_the_more_frequent():
    vocabulary = Vocabulary.from_counts([("silicone", 5), ("silicon", 900), ("masks", 10), ("marks", 3)])

    assert vocabulary.mend("silicome") == "silicone"
    assert vocabulary.mend("maaks") == "masks"


def test_one_error_is_forgiven_from_four_letters_and_two_from_eight():
    assert [errors_forgiven("a" * count) for count in (3, 4, 7, 8)] == [0, 1, 1, 2]


@given(st.text(max_size=40))
def test_any_text_is_mended_to_a_known_word_or_left(text: str):
    vocabulary = Vocabulary.from_counts(WORDS)

    assert vocabulary.mend(text) in {None, *(word for word, _ in WORDS)}
