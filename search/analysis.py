"""Text to tokens: the one analysis, used when indexing and when asking, so that engines only compare exact tokens.

Latin words are folded (case, accents) and stemmed, Chinese, Japanese and Korean runs become overlapping pairs, codes
and quantities are kept whole and in parts: `LB-F100` is `lbf100 lb f100 100`, `50 ml` and `50ml` are `50ml 50 ml`.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# Raise it with every change of tokens: an index of another version must be rebuilt before it can be asked.
ANALYSIS_VERSION = 1

# A word of feed text longer than this is no word (an address, a base64 blob); its beginning is enough to find it by.
LONGEST_RUN = 64

_HANGUL = "가-힣"
_CJK = f"{_HANGUL}\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_LETTER = rf"[^\W_{_CJK}]"
_UNITS = (
    "ml|cl|dl|l|mg|kg|g|oz|lbs?|mm|cm|km|m|kw|w|kv|v|mah|ah|khz|mhz|ghz|hz|kpa|mpa|gb|mb|tb|pcs|pc|ea|inch|ft|rpm|hp"
)

# In this order: a quantity with its unit, a word or code with inner signs, a run of a script without blanks.
_RUN = re.compile(
    rf"(?P<amount>(?<![^\W_])\d+(?:[.,]\d+)*)\s?(?P<unit>{_UNITS})(?![a-z0-9])"
    rf"|(?P<number>\d+(?:[.,]\d+)+(?!{_LETTER}))"
    rf"|(?P<word>{_LETTER}+(?:[-./&'_+]{_LETTER}+)*)"
    rf"|(?P<pairs>[{_CJK}]+)"
)
_SIGNS = re.compile(r"[-./&'_+]")
_ATOMS = re.compile(r"\d+|[^\W\d_]+")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_INVISIBLE = re.compile(r"[\u0300-\u036f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def _fold_table() -> dict[int, str]:
    """Latin and Greek letters to their bare form. Kana and Hangul stay: there a mark is another sound."""
    ranges = (range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000))
    letters = (chr(code) for span in ranges for code in span)
    bare = {ord(letter): unicodedata.normalize("NFD", letter)[0] for letter in letters}
    signs = {"’": "'", "‘": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "⁄": "/", "×": " ", "·": " "}
    whole = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ς": "σ"}
    return {code: letter for code, letter in bare.items() if ord(letter) != code} | str.maketrans(signs | whole)


_FOLD = _fold_table()


def fold(text: str) -> str:
    """The form in which texts are compared: NFKC, lower case, no accents, nothing invisible."""
    if text.isascii():
        return text.lower()
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).lower()).translate(_FOLD)
    return folded if unicodedata.is_normalized("NFC", folded) else unicodedata.normalize("NFC", folded)


def analyse(text: str) -> list[str]:
    """The tokens of a text in its order, with repetitions."""
    tokens: list[str] = []
    for run in _RUN.findall(fold(text)):
        tokens += _tokens(*run)
    return tokens


def last_syllables(text: str) -> list[str]:
    """The last character of each unspaced run of two or more.

    Indexed once beside the pairs, so that a noun of one syllable (김, 솥, 면) finds the compounds that end in it; a
    query never asks for it.
    """
    return [pairs[-1] for *_, pairs in _RUN.findall(fold(text)) if len(pairs) > 1]


@dataclass(frozen=True, slots=True)
class Span:
    """A token and the part of the original text it stands for."""

    token: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text as it was written, where it stands, and its tokens."""

    text: str
    start: int
    end: int
    tokens: tuple[str, ...]
    folded: str
    is_name: bool  # letters of one script alone; a code or a quantity is not, and is never corrected


def split_words(text: str) -> list[Word]:
    """The words behind `analyse`, with offsets into `text`."""
    folded, origin = _fold_with_origin(text)
    return [_word(text, match, origin) for match in _RUN.finditer(folded)]


def analyse_spans(text: str) -> list[Span]:
    """The tokens of `analyse`, each with its place in `text`: pairs singly, parts of a code with the whole code."""
    return [span for word in split_words(text) for span in _spans(word, text)]


def surface_words(text: str) -> set[str]:
    """Folded words without their stems, for the vocabulary that typos are corrected from; never codes or numbers."""
    words: set[str] = set()
    for _, _, _, word, pairs in _RUN.findall(fold(text)):
        if pairs:
            words.add(pairs[:LONGEST_RUN])
        elif word:
            words.update(part for part in _SIGNS.split(word) if part.isalpha() and len(part) <= LONGEST_RUN)
    return words


def _tokens(amount: str, unit: str, number: str, word: str, pairs: str) -> tuple[str, ...]:
    if pairs:
        return _pairs(pairs)
    if word:
        return _word_tokens(word[:LONGEST_RUN])
    return _amount_tokens(amount, unit) if amount else _number_tokens(number[:LONGEST_RUN])


@lru_cache(maxsize=200_000)
def _pairs(run: str) -> tuple[str, ...]:
    return (run,) if len(run) == 1 else tuple(map("".join, pairwise(run)))


@lru_cache(maxsize=200_000)
def _word_tokens(word: str) -> tuple[str, ...]:
    if word.isalpha():
        return (_stem(word),)
    parts = [part for part in _SIGNS.split(word.removesuffix("'s")) if part]
    tokens = ["".join(parts)] if any(map(str.isdigit, word)) else _letters_joined(parts, word)
    for part in parts:
        tokens.append(_stem(part) if part.isalpha() else part)
        # A single letter of a code finds too much to be worth a token.
        tokens += [atom for atom in _ATOMS.findall(part) if atom != part and (atom.isdigit() or len(atom) > 1)]
    return tuple(dict.fromkeys(tokens))


def _letters_joined(parts: list[str], word: str) -> list[str]:
    """`anti-aging` is also asked for as `antiaging`; `face/body` is two words."""
    return ["".join((*parts[:-1], _stem(parts[-1])))] if len(parts) == 2 and "-" in word else []


@lru_cache(maxsize=50_000)
def _amount_tokens(amount: str, unit: str) -> tuple[str, ...]:
    numbers = _number_tokens(amount)
    return (f"{numbers[0]}{unit}", *numbers, unit)


@lru_cache(maxsize=50_000)
def _number_tokens(number: str) -> tuple[str, ...]:
    if _THOUSANDS.fullmatch(number):
        return (number.replace(",", ""),)
    return (number,) if "," not in number else tuple(part for part in number.split(",") if part)


# A stemmer keeps state between calls, so each thread has its own.
_local = threading.local()


def _stem(word: str) -> str:
    """One stemmer for all Latin text: the English one also takes Spanish plurals off (figures in docs/search.md)."""
    if len(word) < 3 or not word.isascii():
        return word
    stemmer = getattr(_local, "stemmer", None)
    if stemmer is None:
        import Stemmer  # loaded at the first word: no command that never searches pays for it

        stemmer = _local.stemmer = Stemmer.Stemmer("english")
    stem: str = stemmer.stemWord(word)
    return stem


def _word(text: str, match: re.Match[str], origin: list[int]) -> Word:
    run = match.group()
    tokens = _tokens(*(match.group(name) or "" for name in ("amount", "unit", "number", "word", "pairs")))
    start, end = origin[match.start()], origin[match.end() - 1] + 1
    # A letter with marks behind it ends after them.
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return Word(text[start:end], start, end, tokens, run, run.isalpha())


def _spans(word: Word, text: str) -> Iterator[Span]:
    if len(word.tokens) > 1 and len(word.tokens) == len(word.text) - 1 and word.is_name:
        yield from (Span(token, word.start + at, word.start + at + 2) for at, token in enumerate(word.tokens))
    else:
        yield from (Span(token, word.start, word.end) for token in word.tokens)


def _fold_with_origin(text: str) -> tuple[str, list[int]]:
    """`fold(text)`, and for each of its characters the place in `text` it came from."""
    folded = fold(text)
    if text.isascii():
        return folded, list(range(len(text)))
    pieces = [(at, fold(cluster)) for at, cluster in _clusters(text)]
    if "".join(piece for _, piece in pieces) != folded:
        # Rare: letters that only join across what looked like a border. Places are then shares of the whole.
        return folded, [at * len(text) // max(1, len(folded)) for at in range(len(folded))]
    return folded, [at for at, piece in pieces for _ in piece]


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Letters with what belongs to them: marks, and the parts of a Hangul syllable written in letters."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or not (unicodedata.combining(text[at]) or "\u1160" <= text[at] <= "\u11ff"):
            yield start, text[start:at]
            start = at
