"""Typing errors, mended from the catalogue's own words. Engines never guess: they only ever get words that exist."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

# Letters from which one error is forgiven, and two: shorter words have too many neighbours. Korean is counted in
# letters, not syllables.
ONE_ERROR_FROM = 4
TWO_ERRORS_FROM = 8
_HANGUL_ONE_FROM = 6

# Words considered of each length, the most frequent ones; a mend that the catalogue hardly knows helps nobody.
_MOST_OF_A_LENGTH = 20_000


@dataclass(slots=True)
class Vocabulary:
    """Words by length in letters, the most frequent first; build it with `from_counts`."""

    counts: dict[str, int] = field(default_factory=dict)
    _by_length: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def from_counts(cls, counts: Iterable[tuple[str, int]]) -> "Vocabulary":
        """Words as `surface_words` gives them, with the number of documents that have each."""
        known = {word: count for word, count in counts if word.isalpha()}
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in sorted(known, key=lambda each: (-known[each], each)):
            letters = _letters(word)
            if len(by_length[len(letters)]) < _MOST_OF_A_LENGTH:
                by_length[len(letters)].append(letters)
        return cls(known, dict(by_length))

    def mend(self, word: str) -> str | None:
        """The likeliest word that was meant: the nearest, then the most frequent. None: as typed is best.

        `word` is folded. Known words are never mended, nor is anything with a digit.
        """
        if word in self.counts or not word.isalpha():
            return None
        letters = _letters(word)
        errors = errors_forgiven(word)
        found = [
            (distance, -self.counts.get(_word(each), 0), _word(each))
            for length in range(len(letters) - errors, len(letters) + errors + 1)
            for each, distance in self._near(letters, length, errors)
        ]
        return min(found)[2] if found else None

    def _near(self, letters: str, length: int, errors: int) -> list[tuple[str, int]]:
        if not errors:
            return []
        known = self._by_length.get(length, [])
        found = extract(letters, known, scorer=OSA.distance, score_cutoff=errors, limit=None)
        return [(word, distance) for word, distance, _ in found]


def errors_forgiven(word: str) -> int:
    """How many letters of a word may be wrong, missing, too many or swapped."""
    letters = len(_letters(word))
    is_hangul = letters != len(word)
    if letters < (_HANGUL_ONE_FROM if is_hangul else ONE_ERROR_FROM):
        return 0
    return 1 if letters < TWO_ERRORS_FROM * (2 if is_hangul else 1) else 2


def _letters(word: str) -> str:
    """A Hangul syllable is two or three letters; other scripts are what they are."""
    return unicodedata.normalize("NFD", word)


def _word(letters: str) -> str:
    return unicodedata.normalize("NFC", letters)
