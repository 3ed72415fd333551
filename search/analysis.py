"""Text to tokens: the one analysis, used when indexing and when asking, so that engines only compare exact tokens.

Latin words are folded (case, accents) and stemmed, Chinese, Japanese and Korean runs become overlapping pairs, codes
and quantities are kept whole and in parts: `LB-F100` is `lbf100 lb f100 100`, `50 ml` and `50ml` are `50ml 50 ml`.
"""

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

# Raise it with every change of tokens: an index of another version must be rebuilt before it can be asked.
ANALYSIS_VERSION = 1

# A word of feed text longer than this is no word (an address, a base64 blob); its beginning is enough to find it by.
LONGEST_RUN = 64

_CJK = "가-힣\u3005\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_UNITS = (
    "ml|cl|dl|l|mg|kg|g|oz|lbs?|mm|cm|km|m|kw|w|kv|v|mah|ah|khz|mhz|ghz|hz|kpa|mpa|gb|mb|tb|pcs|pc|ea|inch|ft|rpm|hp"
)

# A run is what tokens are made of. In this order: a quantity with its unit, a number with a sign inside, a word or code
# with inner signs, a run of a script without blanks, a word of any other script. Each begins with a set of characters,
# which is what the regular expression engine tells alternatives apart by without trying them.
_RUN = re.compile(
    rf"[0-9]+(?:[.,][0-9]+)*\s?(?:{_UNITS})(?![a-z0-9])"
    rf"|[0-9]+(?:[.,][0-9]+)+(?![a-z0-9])"
    rf"|[a-z0-9]+(?:[-./&'_+][a-z0-9]+)*"
    rf"|[{_CJK}]+"
    rf"|[^\W_a-z0-9{_CJK}]+"
)
_PAIRED = re.compile(rf"[{_CJK}]+")
_FIRST_PAIRED = "\u3004"  # cheaper to compare with than the pattern, and below all that it matches
_AMOUNT = re.compile(rf"([0-9]+(?:[.,][0-9]+)*)\s?({_UNITS})")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)+")
_SIGNS = re.compile(r"[-./&'_+]")
_ATOMS = re.compile(r"[0-9]+|[a-z]+")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
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
# Most Korean text holds none of these; looking is much cheaper than translating.
_TO_FOLD = re.compile(f"[{''.join(map(re.escape, map(chr, _FOLD)))}]")


def fold(text: str) -> str:
    """The form in which texts are compared: NFKC, lower case, no accents, nothing invisible."""
    if text.isascii():
        return text.lower()
    folded = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text).lower())
    if _TO_FOLD.search(folded):
        folded = folded.translate(_FOLD)
    return folded if unicodedata.is_normalized("NFC", folded) else unicodedata.normalize("NFC", folded)


def split_runs(text: str) -> list[str]:
    """The folded runs of a text, in its order: what the functions below make tokens of."""
    return _RUN.findall(fold(text))


def analyse(text: str) -> list[str]:
    """The tokens of a text in its order, with repetitions."""
    return [token for run in split_runs(text) for token in tokens_of(run)]


def join_tokens(runs: Iterable[str]) -> str:
    """The tokens of runs with blanks between them, as an engine's field takes them."""
    return " ".join(map(_joined.__getitem__, runs))


def last_syllables(runs: Iterable[str]) -> list[str]:
    """The last character of each unspaced run of two or more.

    Indexed once beside the pairs, so that a noun of one syllable (김, 솥, 면) finds the compounds that end in it; a
    query never asks for it.
    """
    return [run[-1] for run in runs if run > _FIRST_PAIRED and len(run) > 1 and _PAIRED.match(run)]


def surface_words(runs: Iterable[str]) -> set[str]:
    """Words without their stems, for the vocabulary that typos are corrected from; never codes or numbers."""
    parts = (part for run in runs for part in ((run,) if run.isalpha() else _SIGNS.split(run)))
    return {part for part in parts if part.isalpha() and len(part) <= LONGEST_RUN}


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


@lru_cache(maxsize=16_384)
def tokens_of(run: str) -> tuple[str, ...]:
    """The tokens of one folded run."""
    if _PAIRED.match(run):
        return (run,) if len(run) == 1 else tuple(map("".join, pairwise(run)))
    if amount := _AMOUNT.fullmatch(run):
        numbers = _number_tokens(amount[1])
        return (f"{numbers[0]}{amount[2]}", *numbers, amount[2])
    return _number_tokens(run) if _NUMBER.fullmatch(run) else _word_tokens(run[:LONGEST_RUN])


def asked_tokens(run: str) -> tuple[str, ...]:
    """What a query asks for of one run: of a quantity the whole alone, since `50` and `ml` stand in any goods' text."""
    tokens = tokens_of(run)
    return tokens[:1] if _AMOUNT.fullmatch(run) else tokens


# The words that goods share are far fewer; the rest are codes and numbers that hardly come again.
_MOST_JOINED = 40_000


class _JoinedTokens(dict[str, str]):
    """Run to joined tokens: goods share most of their words, so that looking up is nearly all the work of indexing."""

    def __missing__(self, run: str) -> str:
        if len(self) >= _MOST_JOINED:
            self.clear()
        joined = self[run] = " ".join(tokens_of(run))
        return joined


_joined = _JoinedTokens()


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


def _number_tokens(number: str) -> tuple[str, ...]:
    number = number[:LONGEST_RUN]
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
    start, end = origin[match.start()], origin[match.end() - 1] + 1
    # A letter with marks behind it ends after them.
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return Word(text[start:end], start, end, tokens_of(run), run, run.isalpha())


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
