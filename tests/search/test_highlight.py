"""What a query found is marked, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.highlight import Piece, highlight, snippet
from search.query import words_of


def _terms(text: str) -> tuple[str, ...]:
    return tuple(token for word in words_of(text) for token in word)


@pytest.mark.parametrize(
    ("text", "query", "marked"),
    [
        ("Moisturizing Face Cream 50ml", "creams moisturizer", ["Moisturizing", "Cream"]),
        ("홍삼농축액 세트", "홍삼 농축액", ["홍삼농축액"]),
        ("Café crème", "cafe", ["Café"]),
        ("Pump HX-220B", "hx220b", ["HX-220B"]),
        ("size 50 ml", "50ml", ["50 ml"]),
        ("<b>lamp</b>", "lamp", ["lamp"]),
        ("lamp", "pump", []),
    ],
)
def test_these_parts_are_marked(text: str, query: str, marked: list[str]):
    joined = "".join(f"[{piece.text}]" if piece.marked else piece.text for piece in highlight(text, _terms(query)))

    assert [part.split("]")[0] for part in joined.split("[")[1:]] == marked


def test_a_snippet_shows_the_first_match_with_its_neighbourhood():
    text = "word " * 100 + "ginseng extract " + "more " * 100

    pieces = snippet(text, _terms("ginseng"), length=80)

    shown = "".join(piece.text for piece in pieces)
    assert Piece("ginseng", True) in pieces
    assert shown.startswith("… word")
    assert shown.endswith("more …")
    assert len(shown) <= 90


def test_a_text_without_a_match_has_no_snippet():
    assert snippet("nothing here", _terms("ginseng")) == []


@given(st.text(), st.text(max_size=40))
def test_the_pieces_are_the_text_again(text: str, query: str):
    assert "".join(piece.text for piece in highlight(text, _terms(query))) == text
