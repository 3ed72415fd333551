"""Which parts of a text a query found: the same for every engine, since the tokens are ours."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from search.analysis import analyse_spans


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, marked when the query found it. Plain text: whoever shows it escapes it."""

    text: str
    marked: bool


def highlight(text: str, terms: Collection[str]) -> list[Piece]:
    """Cut a text into marked and plain pieces; joined they are the text again."""
    pieces = []
    done = 0
    for start, end in _joined(_places(text, terms)):
        pieces += [Piece(text[done:start], False), Piece(text[start:end], True)]
        done = end
    return [piece for piece in (*pieces, Piece(text[done:], False)) if piece.text]


def snippet(text: str, terms: Collection[str], *, length: int = 160) -> list[Piece]:
    """The part of a text around its first match, cut at blanks, or [] when nothing in it was found."""
    places = _places(text, terms)
    if not places:
        return []
    start = _word_start(text, max(0, places[0][0] - length // 3))
    end = len(text) if start + length >= len(text) else max(text.rfind(" ", start, start + length), start + length // 2)
    shown = ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
    return highlight(shown, terms)


def _places(text: str, terms: Collection[str]) -> list[tuple[int, int]]:
    wanted = frozenset(terms)
    return sorted({(span.start, span.end) for span in analyse_spans(text) if span.token in wanted})


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places that touch or overlap as one: pairs of Hangul share syllables."""
    joined: list[tuple[int, int]] = []
    for start, end in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _word_start(text: str, place: int) -> int:
    return 0 if place == 0 else text.find(" ", place) + 1 if 0 <= text.find(" ", place) < place + 20 else place
