"""HS codes as the three feeds write them."""

import re
import unicodedata
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Hs, HsState

_LONGEST = 40
_LABEL = re.compile(r"^(?:HSK?|H\.S\.)(?: ?CODE)?(?: ?NO\.?)? ?[:.\-]? ?", re.IGNORECASE)
_GROUPS = re.compile(r"[0-9]{1,12}(?:[ .\-][0-9]{1,8}){0,4}")
_NOTHING = Reading(Hs(HsState.MISSING))


def read_hs(raw: str | None) -> Reading[Hs]:
    """Six digits, ten (HSK), a lost leading zero put back (nine and five digits), or a prefix of fewer than six.

    The guides: BuyKorea sends six digits; GobizKOREA ten, with the zero of chapters 01 to 09 often lost; tradeKorea
    text such as `3304.99`, `HS 3304.99.9000`, `8413`. Where the text is punctuated, its first group says whether a
    zero was lost: `3304.9` lacks its last digit, `406.90` its first.
    """
    return _read_hs(raw[:_LONGEST]) if raw else _NOTHING


@lru_cache(maxsize=16384)
def _read_hs(raw: str) -> Reading[Hs]:
    if is_empty(raw):
        return _NOTHING
    given = " ".join(unicodedata.normalize("NFKC", raw).split())
    text = _LABEL.sub("", given)
    digits = "".join(letter for letter in text if letter.isdigit())
    if not _GROUPS.fullmatch(text) or not digits.isascii() or not digits.strip("0"):
        return _unreadable(given)
    if not digits.isdigit():
        return _unreadable(given)
    if len(digits) in (5, 9) and _lost_a_zero(text, digits):
        return Reading(_code(HsState.PADDED, given, f"0{digits}"), (make_issue(codes.HS_PADDED, "hs", given),))
    if len(digits) == 10:
        return Reading(_code(HsState.EXACT10, given, digits))
    if len(digits) in (6, 8, 9):
        # Eight digits are another country's code: its first six are the HS all the same.
        return Reading(_code(HsState.EXACT6, given, digits[:6]))
    if len(digits) < 6:
        return Reading(Hs(HsState.PREFIX, given), (make_issue(codes.HS_PREFIX, "hs", given),))
    return _unreadable(given)


def _lost_a_zero(text: str, digits: str) -> bool:
    first = re.split(r"[ .\-]", text, maxsplit=1)[0]
    return first == digits or len(first) == 3


def _code(state: HsState, given: str, digits: str) -> Hs:
    return Hs(state, given, digits[:6], digits if len(digits) == 10 else None)


def _unreadable(given: str) -> Reading[Hs]:
    return Reading(Hs(HsState.MISSING, given), (make_issue(codes.HS_UNREADABLE, "hs", given),))
