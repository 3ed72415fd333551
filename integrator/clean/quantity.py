"""Quantities and times: minimum order, packs, supply ability, lead time, units, plain numbers."""

import re
import unicodedata
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.numbers import NUMBER, number_of, read_decimal, read_int
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue
from integrator.clean.units import plain_unit, read_unit, unit_code
from integrator.listing import Issue, Lead, Moq, Pack, QuantityState, Supply

__all__ = [
    "is_negotiable", "lead_of", "read_decimal", "read_int", "read_lead", "read_moq", "read_pack", "read_supply",
    "read_unit",
]  # fmt: skip

# The guides' longest field of this kind has 100 characters.
_LONGEST = 120
_MOST = 10**9
# Ten years: more is a slip of the keyboard, not a lead time.
_MOST_DAYS = 3650

_NO_MOQ = Moq(QuantityState.UNKNOWN)
_NO_LEAD = Lead(QuantityState.UNKNOWN)
_MOQ_MISSING: Reading[tuple[Moq, tuple[Pack, ...]]] = Reading((_NO_MOQ, ()))
_NO_PACK: Reading[Pack | None] = Reading(None)
_NO_SUPPLY = Reading(Supply())
_LEAD_MISSING = Reading(_NO_LEAD)

_NEGOTIABLE = re.compile(r"협의|문의|상담|negotia|contact|inquir|enquir|request for quot|to be discussed")
_VARIES = re.compile(r"상이|differs?\b|varies|depends")
_LEADING = re.compile(
    r"(?:벌크|최소(?: ?(?:주문|구매|발주))?(?: ?수?량)?|moq|min(?:imum)?\.?(?: order)?(?: (?:quantity|qty))?"
    r"|at least|from)[ .:]*"
)
_AT_LEAST = re.compile(r"(?: ?이상| ?부터| or more| and up| ?\+| ?~)$")
_BRACKET = re.compile(r" ?\(([^()]*)\)$")
# A unit in a text: no digits, but for the square metre.
_WORD = r"m2|[^0-9~+()\-]{1,24}?"
_AMOUNT = re.compile(rf"({NUMBER}) ?\+? ?(?:x )?({_WORD}|[24]0 ?[a-z' ]{{2,20}})?")
_SPAN = re.compile(rf"({NUMBER}) ?({_WORD})? ?[~-] ?({NUMBER}) ?({_WORD})?")


# Raised, lowered and circled digits and fractions: compatibility forms would make 102 of 10². A bracket that stands
# open is part of no number and of no unit, so what holds one cannot be read.
_NO_DIGIT = re.compile(
    r"(?<![A-Za-z])[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2089\u2150-\u218b\u2460-\u249b\u24ea-\u24ff\u2776-\u2793]"
)


def smooth(raw: str) -> str:
    """Lower case, compatibility forms (㎏, m², full-width digits, wave dashes), single blanks; cut to a sane length."""
    text = raw[:_LONGEST]
    text = unicodedata.normalize("NFKC", text if text.isascii() else _NO_DIGIT.sub("(", text)).lower()
    text = text.replace("〜", "~").replace("∼", "~").replace("–", "-").replace("—", "-").replace("(s)", "")
    return " ".join(text.replace("(es)", "").split())


def is_negotiable(text: str) -> bool:
    """Whether a smoothed text is the statement "let us talk" and carries no number of its own."""
    return _NEGOTIABLE.search(text) is not None and not any(letter.isdigit() for letter in text)


def read_moq(raw: str | None, *, field: str = "moq") -> Reading[tuple[Moq, tuple[Pack, ...]]]:
    """A minimum order as GobizKOREA and tradeKorea write it, and the pack sizes it mentions.

    `100 EA`, `1,000개부터`, `1,000 ~ 5,000개`, `벌크 최소 500kg`, `협의`, `품목별 상이`; `500 Piece(s)`,
    `500 - 1,000 Sets`, `100+ pcs`, `1 Carton (24 pcs)`, `1 x 20ft container`, `Negotiable`.
    """
    return _read_moq(raw[:_LONGEST], field) if raw else _MOQ_MISSING


@lru_cache(maxsize=16384)
def _read_moq(raw: str, field: str) -> Reading[tuple[Moq, tuple[Pack, ...]]]:
    if is_empty(raw):
        return _MOQ_MISSING
    text = smooth(raw)
    if is_negotiable(text):
        return Reading((Moq(QuantityState.NEGOTIABLE), ()))
    text, remark = _split_bracket(text)
    text = _AT_LEAST.sub("", _strip_leading(text))
    found: list[Issue] = []
    moq = _span(text, raw, field, found) or _amount(text, raw, field, found)
    if moq is None:
        code = codes.MOQ_VARIES if _VARIES.search(text) else codes.MOQ_UNREADABLE
        return Reading((_NO_MOQ, ()), (make_issue(code, field, raw),))
    if moq.unit is None and not found:
        found.append(make_issue(codes.MOQ_UNIT_MISSING, field, raw))
    pack = _pack_in(remark, moq.unit)
    return Reading((moq, (pack,) if pack else ()), tuple(found))


def _split_bracket(text: str) -> tuple[str, str]:
    bracket = _BRACKET.search(text)
    return (text[: bracket.start()], bracket[1]) if bracket else (text, "")


def _strip_leading(text: str) -> str:
    for _ in range(3):
        leading = _LEADING.match(text)
        if leading is None:
            return text
        text = text[leading.end() :]
    return text


def _amount(text: str, raw: str, field: str, found: list[Issue]) -> Moq | None:
    container = _container(text)
    if container is not None:
        return container
    parts = _AMOUNT.fullmatch(text)
    if parts is None:
        return None
    minimum = number_of(parts[1])
    if minimum is None or not 0 < minimum <= _MOST:
        return None
    return Moq(QuantityState.STATED, minimum, None, _unit(parts[2], raw, field, found))


_CONTAINER = re.compile(
    rf"(?:({NUMBER}) ?x? )?([24]0) ?(?:ft|feet|foot|')(?: ?(?:hq|hc|dry|gp))?(?: ?(?:containers?|컨테이너|fcl))?"
)


def _container(text: str) -> Moq | None:
    parts = _CONTAINER.fullmatch(text)
    minimum = number_of(parts[1] or "1") if parts else None
    if parts is None or minimum is None or not 0 < minimum <= _MOST:
        return None
    return Moq(QuantityState.STATED, minimum, None, f"{parts[2]}FT")


def _span(text: str, raw: str, field: str, found: list[Issue]) -> Moq | None:
    parts = _SPAN.fullmatch(text)
    if parts is None:
        return None
    low, high = number_of(parts[1]), number_of(parts[3])
    if low is None or high is None or not (0 < low <= _MOST and 0 < high <= _MOST):
        return None
    first, second = parts[2], parts[4] or parts[2]
    if first and unit_code(first) != unit_code(second):
        return None
    if low > high:
        low, high = high, low
        found.append(make_issue(codes.MOQ_SWAPPED, field, raw))
    return Moq(QuantityState.STATED, low, high, _unit(second, raw, field, found))


def _unit(text: str | None, raw: str, field: str, found: list[Issue]) -> str | None:
    if text is None:
        return None
    unit = unit_code(text)
    if unit is None:
        found.append(make_issue(codes.UNIT_UNKNOWN, field, text))
    return unit


# Packs and supply ----------------------------------------------------------------------------------------------------

_PACK = re.compile(rf"({NUMBER}) ?({_WORD}) ?(?:/|per|in a) ?({_WORD})")
_PACK_LABEL = re.compile(rf"quantity per (pack|box|carton|bag|set) ?: ?({NUMBER}) ?({_WORD})?")
_SUPPLY = re.compile(rf"({NUMBER}) ?({_WORD}) ?(?:/|per|a) ?(day|week|month|year|일|주|월|년|연)")
_SUPPLY_KOREAN = re.compile(rf"(일|주|월|년|연)(?:간|산)? ?({NUMBER}) ?({_WORD})")
_PERIODS = {
    "day": "DAY", "week": "WEEK", "month": "MONTH", "year": "YEAR",
    "일": "DAY", "주": "WEEK", "월": "MONTH", "년": "YEAR", "연": "YEAR",
}  # fmt: skip


def read_pack(raw: str | None, *, field: str) -> Reading[Pack | None]:
    """A pack size stated in a free text: `12 packs/CTN`, `12봉/CTN`, `24 pcs per carton`, `Quantity per Pack: 50`.

    Most packaging texts state none; that is None, and no issue.
    """
    return _read_packaging(raw[:_LONGEST]) if raw else _NO_PACK


@lru_cache(maxsize=8192)
def _read_packaging(raw: str) -> Reading[Pack | None]:
    return _NO_PACK if is_empty(raw) else Reading(_read_pack(smooth(raw)))


def _read_pack(text: str) -> Pack | None:
    label = _PACK_LABEL.fullmatch(text)
    if label:
        # "Quantity per pack" without a unit counts pieces: nothing else is counted.
        return _pack(label[2], label[3] or "pcs", label[1])
    parts = _PACK.fullmatch(text)
    return _pack(parts[1], parts[2], parts[3]) if parts else None


def _pack_in(remark: str, outer: str | None) -> Pack | None:
    """The bracket of `1 Carton (24 pcs)`, or one that is a pack size by itself: `(50 pcs/box)`."""
    parts = _AMOUNT.fullmatch(remark)
    itself = _read_pack(remark)
    if itself or outer is None or parts is None or parts[2] is None:
        return itself
    return _pack(parts[1], parts[2], outer)


def _pack(number: str, inner: str, outer: str) -> Pack | None:
    quantity, unit = number_of(number), unit_code(inner)
    around = outer if outer.isupper() else unit_code(outer)
    if quantity is None or unit is None or around is None or unit == around or not 0 < quantity <= _MOST:
        return None
    return Pack(quantity, unit, around)


def read_supply(raw: str | None) -> Reading[Supply]:
    """Supply ability as given, with quantity, unit and period where it reads `10,000 PCS/Month` or `월 1000Set`."""
    return _read_supply(raw.strip()[:_LONGEST], raw[:_LONGEST]) if raw and not is_empty(raw) else _NO_SUPPLY


@lru_cache(maxsize=8192)
def _read_supply(given: str, raw: str) -> Reading[Supply]:
    text = smooth(raw)
    parts = _SUPPLY.fullmatch(text)
    korean = None if parts else _SUPPLY_KOREAN.fullmatch(text)
    if parts:
        number, unit, period = parts[1], parts[2], parts[3]
    elif korean:
        period, number, unit = korean[1], korean[2], korean[3]
    else:
        return Reading(Supply(given))
    quantity, code = number_of(number), unit_code(unit)
    if quantity is None or not 0 < quantity <= _MOST:
        return Reading(Supply(given))
    unknown = () if code else (make_issue(codes.UNIT_UNKNOWN, "supply", plain_unit(unit)),)
    return Reading(Supply(given, quantity, code, _PERIODS[period]), unknown)


# Lead time -----------------------------------------------------------------------------------------------------------

_DAYS = r"(business days?|working days?|영업일|days?|일|weeks?|주일?)"
_LEAD = re.compile(rf"({NUMBER}) ?(?:[~-] ?({NUMBER}) ?)?{_DAYS}")
_WITHIN = re.compile(r"(?:within|in|up to) | ?(?:이내|안에)$")
_AFTER = re.compile(r" ?(?:after [a-z /'.]{1,60}|(?:소요|정도 소요))$")
_LEAD_FROM = re.compile(r"(?: or more| ?이상)$")


def lead_of(min_days: int | None, max_days: int | None) -> Lead:
    """Two numbers of days, None or 0 meaning not given (BuyKorea); put in order if they came upside down."""
    low, high = min_days or None, max_days or None
    if low is None and high is None:
        return _NO_LEAD
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Lead(QuantityState.STATED, low, high)


def read_lead(raw: str | None, *, field: str = "lead") -> Reading[Lead]:
    """A lead time as GobizKOREA and tradeKorea write it, in days; weeks are seven days, business days stay such.

    `7~14일`, `30 영업일`, `6~10주`, `협의`; `15 days`, `2 - 3 weeks`, `30 business days`,
    `Within 10 days after deposit` (0 to 10).
    """
    return _read_lead(raw[:_LONGEST], field) if raw else _LEAD_MISSING


@lru_cache(maxsize=8192)
def _read_lead(raw: str, field: str) -> Reading[Lead]:
    if is_empty(raw):
        return _LEAD_MISSING
    text = smooth(raw)
    if is_negotiable(text):
        return Reading(Lead(QuantityState.NEGOTIABLE))
    text = _AFTER.sub("", _split_bracket(text)[0])
    within, at_least = _WITHIN.search(text), _LEAD_FROM.search(text)
    parts = _LEAD.fullmatch(_LEAD_FROM.sub("", _WITHIN.sub("", text)))
    days = _days(parts) if parts else None
    if parts is None or days is None:
        return Reading(_NO_LEAD, (make_issue(codes.LEAD_UNREADABLE, field, raw),))
    low, high = days
    business = parts[3].startswith(("business", "working", "영업"))
    if parts[2] is None and within:
        return Reading(Lead(QuantityState.STATED, 0, high, business))
    if parts[2] is None and at_least:
        return Reading(Lead(QuantityState.STATED, low, None, business))
    swapped = (make_issue(codes.LEAD_SWAPPED, field, raw),) if low > high else ()
    return Reading(Lead(QuantityState.STATED, min(low, high), max(low, high), business), swapped)


def _days(parts: re.Match[str]) -> tuple[int, int] | None:
    factor = 7 if parts[3].startswith(("week", "주")) else 1
    low = number_of(parts[1])
    high = number_of(parts[2]) if parts[2] else low
    if low is None or high is None or low % 1 or high % 1 or max(low, high) * factor > _MOST_DAYS:
        return None
    return int(low) * factor, int(high) * factor
