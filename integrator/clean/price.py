"""Prices: tradeKorea's text, BuyKorea's steps by upper end, GobizKOREA's lines."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from integrator import issues as codes
from integrator.clean.codes import TERMS
from integrator.clean.numbers import NUMBER, decimal_of, quoted_number_of
from integrator.clean.plain import is_empty
from integrator.clean.quantity import is_negotiable, smooth
from integrator.clean.reading import RAW_LIMIT, Reading, make_issue
from integrator.clean.units import read_unit, unit_code
from integrator.listing import Issue, Price, PriceState, PriceStep

# BuyKorea 6: this upper end means there is none.
OPEN_END = 99_999_999
# Common rule 4: what sellers type who want to give no price.
_PLACEHOLDER = Decimal(999_999)
_LARGEST = Decimal(10) ** 15
_LONGEST = 160

_UNKNOWN = Price(PriceState.UNKNOWN)
_NEGOTIABLE = Price(PriceState.NEGOTIABLE)

# ISO 4217 codes in circulation.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
CURRENCIES = frozenset(_CODES.split())
# `¥` is yen or yuan: a sign that names no currency.
_SIGNS = {
    "$": "USD",
    "us$": "USD",
    "us $": "USD",
    "₩": "KRW",
    "원": "KRW",
    "won": "KRW",
    "€": "EUR",
    "£": "GBP",
    "rmb": "CNY",
    "¥": None,
}

_CURRENCY = r"us ?\$|[$₩€£¥]|원|won|rmb|[a-z]{3}(?![a-z])"
_UNIT = r"m2|[^0-9/]{1,24}"
_QUOTE = re.compile(
    rf"(?P<before>{_CURRENCY})? ?(?P<low>{NUMBER}) ?(?P<middle>{_CURRENCY})?"
    rf"(?: ?(?:~|-|to) ?(?:{_CURRENCY})? ?(?P<high>{NUMBER}) ?(?P<after>{_CURRENCY})?)?"
    rf"(?: ?(?:/|per) ?(?P<unit>{_UNIT}))?"
)
_TERM = r"(exw|fca|cpt|cip|dpu|dap|ddp|fas|fob|cfr|cif)"
_TERM_FIRST = re.compile(rf"^\(?{_TERM}\b(?: (?!us ?\$|[a-z]{{3}} ?[0-9])[a-z.,]{{2,20}}){{0,3}}\)?[ :,]*")
_TERM_LAST = re.compile(rf"[ ,]*\(? ?{_TERM}\b[a-z .,]{{0,60}}\)?$")


class QuotedLine(NamedTuple):
    """One offer line as a feed sends it; `unit`, `currency` and `term` are raw text.

    `minimum` is where the line begins (GobizKOREA), `maximum` where it ends (BuyKorea); None: not given.
    """

    amount: str | Decimal | int | None
    currency: str | None
    unit: str | None
    term: str | None
    minimum: int | None = None
    maximum: int | None = None


# tradeKorea: text ----------------------------------------------------------------------------------------------------


def read_price_text(raw: str | None, *, basis: str | None) -> Reading[Price]:
    """A price as tradeKorea publishes it, e.g. `US $ 3.50 ~ 4.20 / Piece` or `FOB Incheon US$12.5 per Set`.

    `basis` is the term that holds when the text names none. Amounts are per quoted unit. "Negotiable" and "Contact
    supplier …" are negotiable, an empty text is unknown, as is anything that cannot be read (with an issue).
    Source: tradeKorea guide 6, priceText.
    """
    if raw is None or is_empty(raw):
        return Reading(_UNKNOWN)
    return _read_price_text(raw[:_LONGEST], basis[:20] if basis else None)


@lru_cache(maxsize=8192)
def _read_price_text(raw: str, basis: str | None) -> Reading[Price]:
    text = smooth(raw)
    if is_negotiable(text):
        return Reading(_NEGOTIABLE)
    found: list[Issue] = []
    text, term = _take_term(text)
    parts = _QUOTE.fullmatch(text)
    step = _quoted_step(parts, term or _basis(basis, found), raw, found) if parts else None
    if step is None:
        return Reading(_UNKNOWN, (*found, *_unless_told(codes.PRICE_UNREADABLE, raw, found)))
    state = PriceState.PRICED if step.amount_to is None else PriceState.RANGE
    return Reading(Price(state, (step,)), tuple(found))


def _unless_told(code: str, raw: str, found: Sequence[Issue]) -> tuple[Issue, ...]:
    told = any(issue.code == codes.PRICE_PLACEHOLDER for issue in found)
    return () if told else (make_issue(code, "price", raw),)


def _take_term(text: str) -> tuple[str, str | None]:
    """The Incoterm of a text with its place, taken out: "(FOB Busan)" behind, "FOB Incheon" in front."""
    for pattern in (_TERM_LAST, _TERM_FIRST):
        place = pattern.search(text)
        rest = (text[: place.start()] + text[place.end() :]).strip() if place else ""
        if place and any(letter.isdigit() for letter in rest):
            return rest, place[1].upper()
    return text, None


def _basis(basis: str | None, found: list[Issue]) -> str | None:
    if basis is None or is_empty(basis):
        return None
    term = basis.strip().upper()
    if term in TERMS:
        return term
    found.append(make_issue(codes.CODE_UNKNOWN, "price", basis))
    return None


def _quoted_step(parts: re.Match[str], term: str | None, raw: str, found: list[Issue]) -> PriceStep | None:
    low = quoted_number_of(parts["low"])
    high = quoted_number_of(parts["high"]) if parts["high"] else None
    if low is None or (parts["high"] and high is None) or max(low, high or low) >= _LARGEST:
        return None
    currency = _quoted_currency(parts["before"] or parts["middle"] or parts["after"], raw, found)
    if is_placeholder(low, currency) or (high is not None and is_placeholder(high, currency)):
        found.append(make_issue(codes.PRICE_PLACEHOLDER, "price", raw))
        return None
    if high is not None and high < low:
        low, high = high, low
        found.append(make_issue(codes.PRICE_SWAPPED, "price", raw))
    return PriceStep(
        1, None, low, None if high == low else high, currency, _quoted_unit(parts["unit"], raw, found), term
    )


def _quoted_currency(text: str | None, raw: str, found: list[Issue]) -> str | None:
    currency = None if text is None else _SIGNS.get(text, text.upper() if text.upper() in CURRENCIES else None)
    if currency is None:
        found.append(make_issue(codes.CURRENCY_UNKNOWN, "price", raw))
    return currency


def _quoted_unit(text: str | None, raw: str, found: list[Issue]) -> str | None:
    if text is None or is_empty(text):
        found.append(make_issue(codes.PRICE_UNIT_MISSING, "price", raw))
        return None
    unit = unit_code(text)
    if unit is None:
        found.append(make_issue(codes.UNIT_UNKNOWN, "price", text.strip()))
    return unit


def is_placeholder(amount: Decimal, currency: str | None) -> bool:
    """Common rule 4: a price of 0, or of 999999 US dollars."""
    return amount == 0 or (amount == _PLACEHOLDER and currency == "USD")


# BuyKorea and GobizKOREA: lines --------------------------------------------------------------------------------------


_Key = tuple[str | None, str | None, str | None]


class _Line(NamedTuple):
    """A line with unit, currency and term read; `at` orders it. `amount` None: it only bounds another step."""

    at: int
    amount: Decimal | None
    key: _Key

    def step(self, low: int, high: int | None) -> PriceStep:
        currency, unit, term = self.key
        return PriceStep(low, high, self.amount or Decimal(0), None, currency, unit, term)


def price_of_upper_steps(lines: Sequence[QuotedLine]) -> Reading[Price]:
    """BuyKorea's steps: each ends at `maximum`, included, and begins one above the step below it.

    Out of order they are sorted and flagged; 99999999 (or none) is an open end; a price that rises is kept and flagged.
    """
    found: list[Issue] = []
    read = [_read_line(line, line.maximum or OPEN_END, found) for line in lines[:_MOST_LINES]]
    steps: list[PriceStep] = []
    for group in _grouped(read):
        ends = [line.at for line in group]
        if ends != sorted(ends):
            found.append(make_issue(codes.PRICE_STEPS_SORTED, "price", ", ".join(map(str, ends))))
        distinct = sorted(set(ends))
        starts = dict(zip(distinct, [1, *(end + 1 for end in distinct)], strict=False))
        for line in sorted(group, key=_place):
            if line.amount is not None:
                steps.append(line.step(starts[line.at], None if line.at >= OPEN_END else line.at))
    return _price(steps, read, lines, found)


def price_of_lines(lines: Sequence[QuotedLine]) -> Reading[Price]:
    """GobizKOREA's lines: those that agree in currency, unit and term are steps from `minimum`, the rest side by side.

    Each step ends one below the next. A line that says 협의 or holds a placeholder still ends the step before it.
    """
    found: list[Issue] = []
    read = [_read_line(line, line.minimum or 1, found) for line in lines[:_MOST_LINES]]
    steps: list[PriceStep] = []
    for group in _grouped(read):
        starts = sorted({line.at for line in group})
        ends = dict(zip(starts, [start - 1 for start in starts[1:]], strict=False))
        steps += [
            line.step(line.at, ends.get(line.at)) for line in sorted(group, key=_place) if line.amount is not None
        ]
    return _price(steps, read, lines, found)


# Ten steps by BuyKorea's guide; whatever sends thousands is not quoting.
_MOST_LINES = 200


def _place(line: _Line) -> int:
    return line.at


def _grouped(lines: Iterable[_Line]) -> list[list[_Line]]:
    """By currency, unit and term, in the order of first appearance; a line sent twice counts once."""
    groups: dict[_Key, dict[_Line, None]] = {}
    for line in lines:
        groups.setdefault(line.key, {})[line] = None
    return [list(group) for group in groups.values()]


def _price(
    steps: Sequence[PriceStep], read: Sequence[_Line], lines: Sequence[QuotedLine], found: list[Issue]
) -> Reading[Price]:
    if not steps:
        stated = any(_says_negotiable(line.amount) for line in lines)
        return Reading(_NEGOTIABLE if stated else _UNKNOWN, tuple(found))
    _flag_rises(steps, found)
    starts: dict[_Key, set[int]] = {}
    for step in steps:
        starts.setdefault((step.currency, step.unit, step.term), set()).add(step.low)
    tiered = any(len(lows) > 1 for lows in starts.values())
    return Reading(Price(PriceState.TIERED if tiered else PriceState.PRICED, tuple(steps)), tuple(found))


def _flag_rises(steps: Sequence[PriceStep], found: list[Issue]) -> None:
    for before, step in pairwise(steps):
        alike = (before.currency, before.unit, before.term) == (step.currency, step.unit, step.term)
        if alike and step.low > before.low and step.amount > before.amount:
            found.append(make_issue(codes.PRICE_RISES, "price", f"{before.amount} -> {step.amount}"))


def _read_line(line: QuotedLine, at: int, found: list[Issue]) -> _Line:
    key = _read_key(_short(line.currency), _short(line.unit), _short(line.term))
    found.extend(key.issues)
    return _Line(max(1, min(at, OPEN_END)), _line_amount(line.amount, key.value[0], found), key.value)


def _short(text: str | None) -> str | None:
    return text[:RAW_LIMIT] if text else None


@lru_cache(maxsize=4096)
def _read_key(currency: str | None, unit: str | None, term: str | None) -> Reading[_Key]:
    """What lines must agree in to be steps of one price: currency, unit and term."""
    found: list[Issue] = []
    code = _line_currency(currency, found)
    counted = read_unit(unit, field="price")
    found.extend(counted.issues)
    return Reading((code, counted.value, _basis(term, found)), tuple(found))


def _line_amount(raw: str | Decimal | int | None, currency: str | None, found: list[Issue]) -> Decimal | None:
    amount = decimal_of(raw)
    if amount is None and (is_empty(raw) or _says_negotiable(raw)):
        return None
    if amount is None or not 0 <= amount < _LARGEST:
        found.append(make_issue(codes.PRICE_UNREADABLE, "price", str(raw)[:200]))
        return None
    if is_placeholder(amount, currency):
        found.append(make_issue(codes.PRICE_PLACEHOLDER, "price", str(raw)[:200]))
        return None
    return amount


def _says_negotiable(amount: object) -> bool:
    return isinstance(amount, str) and is_negotiable(smooth(amount))


def _line_currency(raw: str | None, found: list[Issue]) -> str | None:
    if raw is None or is_empty(raw):
        found.append(make_issue(codes.CURRENCY_UNKNOWN, "price"))
        return None
    currency = unicodedata.normalize("NFKC", raw[:12]).strip().upper()
    if currency in CURRENCIES:
        return currency
    found.append(make_issue(codes.CURRENCY_UNKNOWN, "price", raw))
    return None
