"""Numbers as the three feeds write them."""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue

# How a number may look inside a longer text; `number_of` then says whether it is one.
NUMBER = r"[0-9][0-9.,]{0,17}"

_PLAIN = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,10})?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}(?:,[0-9]{3}){0,3}(?:\.[0-9]{1,10})?")
_DECIMAL_COMMA = re.compile(r"[0-9]{1,12},[0-9]{1,2}")
_EUROPEAN = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}(?:\.[0-9]{3}){0,3},[0-9]{1,2}")
_LONGEST = 40
_NOTHING: Reading[None] = Reading(None)


@lru_cache(maxsize=8192)
def number_of(text: str) -> Decimal | None:
    """`3.2`, `1,250`, `1,250.00`: comma is thousands. None for anything else."""
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    return Decimal(text.replace(",", "")) if _GROUPED.fullmatch(text) else None


def quoted_number_of(text: str) -> Decimal | None:
    """As `number_of`, and `3,50` or `1.250,00`: a comma before one or two last digits is decimal (tradeKorea 6)."""
    if _DECIMAL_COMMA.fullmatch(text) or _EUROPEAN.fullmatch(text):
        return Decimal(text.replace(".", "").replace(",", "."))
    return number_of(text)


def decimal_of(raw: object) -> Decimal | None:
    """A number from the wire, or numeric text; None when it is neither."""
    if isinstance(raw, Decimal):
        return raw if raw.is_finite() else None
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw) if abs(raw) < 10**18 else None
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return None
    text = raw.strip()
    if not text.startswith("-"):
        return number_of(text)
    number = number_of(text[1:])
    return None if number is None else -number


def read_int(raw: object, *, field: str, maximum: int = 10**9) -> Reading[int | None]:
    """A whole number from 0 to `maximum`, also as text; None when empty or unreadable."""
    if type(raw) is str and raw.isdecimal() and raw.isascii() and len(raw) < 10:
        raw = int(raw)
    if type(raw) is int and 0 <= raw <= maximum:
        return Reading(raw)
    if is_empty(raw):
        return _NOTHING
    number = decimal_of(raw)
    if number is None or not 0 <= number <= maximum or number != number.to_integral_value():
        return Reading(None, (make_issue(codes.NUMBER_UNREADABLE, field, str(raw)[:200]),))
    return Reading(int(number))


def read_decimal(raw: object, *, field: str, places: int = 6) -> Reading[Decimal | None]:
    """A number of 0 or more, rounded (and flagged) to `places`; None when empty or unreadable."""
    if is_empty(raw):
        return _NOTHING
    number = decimal_of(raw)
    if number is None or not 0 <= number < 10**15:
        return Reading(None, (make_issue(codes.NUMBER_UNREADABLE, field, str(raw)[:200]),))
    try:
        rounded = round(number, places)
    except InvalidOperation:
        return Reading(None, (make_issue(codes.NUMBER_UNREADABLE, field, str(raw)[:200]),))
    if rounded == number:
        return Reading(number)
    return Reading(rounded, (make_issue(codes.NUMBER_ROUNDED, field, str(raw)[:200]),))
