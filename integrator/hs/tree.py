"""Sections, chapters and headings of the HS (edition 2022): which code stands where, and its name in buyers' words.

A section is written with two digits like a chapter ("06" is Chemicals); its words have a function of their own.
Names are ours, short enough for a filter; they describe what firms trade and bind nobody at a customs office.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

LANGUAGES = ("en", "ko", "es")

# The last chapter of each of the 21 sections. Chapter 77 is kept free by the HS.
_LAST_CHAPTERS = (5, 14, 15, 24, 27, 38, 40, 43, 46, 49, 63, 67, 70, 71, 83, 85, 89, 92, 93, 96, 97)
_FREE_CHAPTER = 77

# How many headings each chapter has, from 01 to 97: heading 3308 does not exist, whatever a listing says.
_HEADINGS = (
    6, 10, 9, 10, 11, 4, 14, 14, 10, 8, 9, 14, 2, 4, 22, 5, 4, 6, 5, 9, 6, 9, 9, 4, 30,
    21, 16, 53, 42, 6, 5, 15, 7, 7, 7, 6, 7, 27, 26, 17, 15, 6, 4, 21, 4, 2, 7, 23, 11, 7,
    13, 12, 11, 8, 16, 9, 5, 11, 11, 6, 17, 17, 10, 7, 7, 3, 4, 15, 14, 20, 18, 29, 26, 19, 8,
    16, 0, 6, 7, 7, 13, 15, 11, 87, 49, 9, 16, 7, 8, 33, 14, 9, 7, 6, 8, 20, 6,
)  # fmt: skip

# Six-digit codes that platforms still send and that HS 2022 has split or moved inside their heading.
_OBSOLETE = frozenset(
    ("851712", "851770", "852580", "853950", "854140", "902780", "940510", "940520", "940530", "940540", "940560")
)


def section_of(chapter: str) -> str | None:
    """The section ("01" to "21") of a chapter ("01" to "97"); None when there is no such chapter."""
    number = _number(chapter, 2)
    if number is None or number == _FREE_CHAPTER or not 1 <= number <= _LAST_CHAPTERS[-1]:
        return None
    return next(f"{section:02}" for section, last in enumerate(_LAST_CHAPTERS, 1) if number <= last)


def words(code: str, language: str) -> str | None:
    """The name of a chapter or a heading; None when the code or the language has none."""
    names = _words().get(code)
    return names.get(language) if names else None


def section_words(section: str, language: str) -> str | None:
    """The name of a section, "01" to "21"."""
    return words(f"S{section}", language)


def known_heading(code: str) -> bool:
    """Whether a heading has a name here. A plausible one may have none: its chapter's name then serves."""
    return len(code) == 4 and code in _words()


def plausible(hs6: str) -> bool:
    """Whether six digits can be an HS code of this or an earlier edition: its chapter has a heading of that number."""
    number = _number(hs6, 6)
    if number is None or section_of(hs6[:2]) is None:
        return False
    return 1 <= int(hs6[2:4]) <= _HEADINGS[int(hs6[:2]) - 1]


def is_obsolete(hs6: str) -> bool:
    """Whether the code left the HS in 2022; its heading still holds."""
    return hs6 in _OBSOLETE


def sections() -> Sequence[str]:
    """All sections in order."""
    return [f"{section:02}" for section in range(1, len(_LAST_CHAPTERS) + 1)]


def chapters_of(section: str) -> Sequence[str]:
    """The chapters of a section in order."""
    return [code for code in _words() if len(code) == 2 and section_of(code) == section]


def headings_of(chapter: str) -> Sequence[str]:
    """The headings of a chapter that have a name here, in order."""
    return [code for code in _words() if len(code) == 4 and code.startswith(chapter)]


def _number(code: str, digits: int) -> int | None:
    return int(code) if len(code) == digits and code.isascii() and code.isdigit() else None


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Mapping[str, str]]:
    text = files(__package__).joinpath("words.tsv").read_text("utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    languages = header[1:]
    return MappingProxyType({code: MappingProxyType(dict(zip(languages, names, strict=True))) for code, *names in rows})
