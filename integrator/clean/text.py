"""Texts: plain, HTML, names by script, lists."""

import re
import unicodedata
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.html import read_html
from integrator.clean.plain import HANGUL, is_empty, read_text
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Issue

__all__ = ["fold", "is_empty", "read_html", "read_list", "read_names", "read_text"]

NAME_LIMIT = 500
_MOST_PARTS = 200
_NONE: Reading[tuple[str, ...]] = Reading(())
_LETTER = re.compile(r"[^\W_]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")


def read_names(*, en: str | None, ko: str | None) -> Reading[dict[str, str]]:
    """Names by the script they are written in, whatever the field was called; {} when there is none.

    A name without Hangul is not Korean. One that only repeats the other, or speaks a language that already has a
    name, is left out and flagged.
    """
    found: list[Issue] = []
    names: dict[str, str] = {}
    for said, raw in (("en", en), ("ko", ko)):
        name = _read_name(raw, found)
        if name is None:
            continue
        language = _language(name, said)
        if any(_repeats(name, other) for other in names.values()):
            found.append(make_issue(codes.NAME_REPEATED, "names", name))
        elif language in names and language != said:
            found.append(make_issue(codes.NAME_OTHER_SCRIPT, "names", name))
        else:
            _place(names, language, name, found)
            if language != said:
                found.append(make_issue(codes.NAME_OTHER_SCRIPT, "names", name))
    return Reading(names, tuple(found))


def _place(names: dict[str, str], language: str, name: str, found: list[Issue]) -> None:
    # The Korean field's own Korean name wins over Hangul found in the English field.
    if language in names:
        found.append(make_issue(codes.NAME_OTHER_SCRIPT, "names", names[language]))
    names[language] = name


def _repeats(name: str, other: str) -> bool:
    # Names of different scripts need no folding, and that is the common case.
    return _has_hangul(name) == _has_hangul(other) and fold(name) == fold(other)


def _has_hangul(text: str) -> bool:
    return not text.isascii() and HANGUL.search(text) is not None


def _read_name(raw: str | None, found: list[Issue]) -> str | None:
    reading = read_text(raw, field="names", limit=NAME_LIMIT)
    found.extend(reading.issues)
    name = reading.value
    if name is None or not _LETTER.search(name):
        return None
    return " ".join(name.split()) if "\n" in name else name


def _language(name: str, said: str) -> str:
    if not _has_hangul(name):
        return "en" if said == "en" or _LATIN.search(name) else said
    if said == "ko":
        return "ko"
    hangul = len(HANGUL.findall(name))
    # A syllable says about as much as three Latin letters: "LED 투광등 LB-F100" is Korean, "Kimchi (김치)" is not.
    return "ko" if 3 * hangul > len(_LATIN.findall(name)) else "en"


def fold(text: str) -> str:
    """For comparing: compatibility forms, case and blanks do not count."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def read_list(raw: str | None, *, field: str, separators: str = ",") -> Reading[tuple[str, ...]]:
    """The parts between any of `separators`, cleaned; empty and repeated ones (case aside) are left out."""
    if not raw:
        return _NONE
    return _read_short_list(raw, field, separators) if len(raw) <= 200 else _read_list(raw[:20_000], field, separators)


def _read_list(raw: str, field: str, separators: str) -> Reading[tuple[str, ...]]:
    if is_empty(raw):
        return _NONE
    found: list[Issue] = []
    parts: dict[str, str] = {}
    for part in re.split(f"[{re.escape(separators)}]", raw)[:_MOST_PARTS]:
        reading = read_text(part.strip(), field=field, limit=1000)
        found.extend(reading.issues)
        if reading.value is not None:
            parts.setdefault(reading.value.casefold(), reading.value)
    return Reading(tuple(parts.values()), tuple(found))


# Payment terms, business types and many keywords are the same for all of a seller's listings.
_read_short_list = lru_cache(maxsize=4096)(_read_list)
