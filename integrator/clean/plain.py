"""Plain text: empty forms, escapes, invisible characters, mojibake and lost letters."""

import re
import unicodedata
from html import unescape

from ftfy.badness import is_bad

from integrator import issues as codes
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Issue

# Feed guides, common rule 4, in lower case. `na` is not here: it is Namibia.
EMPTY = frozenset(("", "-", "- / -", "-/-", "--", ".", "nan", "n/a", "none", "없음", "http://", "https://"))
_LONGEST_EMPTY = 12

_NOTHING: Reading[str | None] = Reading(None)

# Text that needs no repair, found with one pass over one character set: ASCII without `?`, and Hangul.
_is_plain = re.compile(r"[ ->@-~가-힣]*").fullmatch
# The same with all that a longer text may hold: nothing unseen in it, nothing to compose, nothing of a wrong encoding.
_is_seen = re.compile("[\t\n -~가-힣]*").fullmatch

_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLANK = "\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164\uffa0\u001f"
_BREAK = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")
# C0 and C1 controls, soft hyphen, zero-width and bidi marks, byte order mark, tags, non-characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1e\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
# Marks heaped on one letter cover the lines around it; no language writes more than four.
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_HEAPED = re.compile(f"({_MARK}{{4}}){_MARK}+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(f"[ {_BLANK}]+")
_AROUND_BREAK = re.compile(" ?\n ?")
_BREAKS = re.compile("\n{3,}")

HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_HIGH = re.compile("[\u0080-\u00ff]")
_HAN = re.compile("[\u4e00-\u9fff\uf900-\ufaff]")
# EUC-KR read as Latin-1: no language writes four accented letters or signs in a row.
_LATIN_RUN = re.compile("[\u00a1-\u00fe]{4}")
# In running text a question mark inside a word; `page?id=1` is an address, not a loss.
_LOST_INSIDE = re.compile(r"[A-Za-z]\?[a-z](?![a-z]*=)")
# A name asks nothing, so a question mark at a letter stands for a letter the platform could not write.
_LOST_IN_NAME = re.compile(r"[A-Za-z]\?|\?[A-Za-z]|\?\?")


def is_empty(raw: object) -> bool:
    """Whether the value means "not given" (feed guides, common rule 4)."""
    if isinstance(raw, str):
        return not raw or (len(raw) <= _LONGEST_EMPTY and raw.strip().lower() in EMPTY)
    return raw is None or raw == [] or raw == {} or raw == ()


def read_text(raw: str | None, *, field: str, limit: int = 10_000) -> Reading[str | None]:
    """Plain text, None when empty.

    References are unescaped at most twice, the result is NFC without invisible characters, blanks and breaks are
    evened out. Mojibake and lost letters stay as they are and are flagged: what was there cannot be known.
    """
    if not raw:
        return _NOTHING
    if len(raw) <= limit and _is_plain(raw) and "  " not in raw and raw[0] != " " != raw[-1] and _has_no_escape(raw):
        if len(raw) <= _LONGEST_EMPTY and raw.lower() in EMPTY:
            return _NOTHING
        return Reading(raw)
    return _repair(raw, field, limit)


def _has_no_escape(text: str) -> bool:
    return "&" not in text or _REFERENCE.search(text) is None


def _repair(raw: str, field: str, limit: int) -> Reading[str | None]:
    found: list[Issue] = []
    # Escapes are at most some ten times as long as what they stand for.
    text = _unescape(raw[: limit * 10], field, found)
    text = even_out(drop_unseen(text, field, found))
    if len(text) > limit:
        found.append(make_issue(codes.TEXT_TOO_LONG, field, raw))
        text = text[:limit].rstrip()
    if is_empty(text):
        return Reading(None, tuple(found))
    _flag_losses(text, field, found)
    return Reading(text, tuple(found))


def _unescape(text: str, field: str, found: list[Issue]) -> str:
    """One escape is how some feeds send text; a second one is a fault of the seller's or the platform's tool."""
    if "&" not in text:
        return text
    once = _REFERENCE.sub(_character, text)
    twice = _REFERENCE.sub(_character, once)
    if twice != once:
        found.append(make_issue(codes.TEXT_DOUBLE_ESCAPED, field, text))
    return twice


def _character(reference: re.Match[str]) -> str:
    return unescape(reference.group())


def drop_unseen(text: str, field: str, found: list[Issue]) -> str:
    """Breaks as one line feed; characters nobody can see removed and flagged; a lone surrogate is a lost letter."""
    even = text.replace("\r\n", "\n")
    if _is_seen(even):
        return even
    text = _BREAK.sub("\n", text)
    if _SURROGATE.search(text):
        text = _SURROGATE.sub("\ufffd", text)
    # Judged before the controls go: half of what is left of a broken encoding is controls.
    if _is_mojibake(text):
        found.append(make_issue(codes.TEXT_MOJIBAKE, field, text))
    if _UNSEEN.search(text):
        found.append(make_issue(codes.TEXT_CONTROL, field, text))
        text = _UNSEEN.sub("", text)
    text = text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)
    if _HEAPED.search(text):
        found.append(make_issue(codes.TEXT_CONTROL, field, text))
        text = _HEAPED.sub(r"\1", text)
    return text


def even_out(text: str) -> str:
    text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _BREAKS.sub("\n\n", _AROUND_BREAK.sub("\n", text))
    return text.strip()


def _is_mojibake(text: str) -> bool:
    """Whether the bytes were read in a wrong encoding somewhere: UTF-8 or EUC-KR as Latin-1, UTF-8 as CP949."""
    if _HIGH.search(text) and (_LATIN_RUN.search(text) or is_bad(text)):
        return True
    if not _HAN.search(text):
        return False
    again = text[:2000].encode("cp949", "replace").decode("utf-8", "replace")
    return len(HANGUL.findall(again)) > 2 * again.count("\ufffd") + 1


def _flag_losses(text: str, field: str, found: list[Issue]) -> None:
    lost = _LOST_IN_NAME if field == "names" else _LOST_INSIDE
    if "\ufffd" in text or ("?" in text and lost.search(text)):
        found.append(make_issue(codes.TEXT_LOST_LETTER, field, text))
