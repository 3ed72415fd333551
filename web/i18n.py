"""Languages of the pages: which one a request is in, and numbers, money, times and units in it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, get_currency_precision
from flask import Flask, g, request
from flask_babel import Babel
from flask_babel import gettext as _gettext
from flask_babel import ngettext as _ngettext

from search.words import LANGUAGES
from web.units import unit_words

# Each language's own name for itself.
NAMES = {"en": "English", "ko": "한국어", "es": "Español"}
DEFAULT = LANGUAGES[0]

# A unit price may be a fraction of a cent; more places than this say nothing to a buyer.
_MOST_PLACES = 4
_NO_BREAK = "\u00a0"


def set_languages(app: Flask) -> None:
    """Pages speak the language of their address; what has none, the browser's."""
    app.config["BABEL_DEFAULT_LOCALE"] = DEFAULT
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=language)


def language() -> str:
    """The language of this request."""
    known = g.get("lang")
    return known if known in LANGUAGES else preferred_language()


def preferred_language() -> str:
    """What the browser likes best of ours."""
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def gettext(text: str, /, **values: object) -> str:
    """A text in this request's language."""
    return str(_gettext(text, **values))


def ngettext(one: str, many: str, num: int, /, **values: object) -> str:
    """The same for a count."""
    return str(_ngettext(one, many, num, **values))


def number(value: Decimal | int, lang: str) -> str:
    """A number as it is, with the language's own separators."""
    return format_decimal(value, locale=lang, decimal_quantization=False)


def money(amount: Decimal, currency: str | None, lang: str) -> str:
    """An amount with its ISO code, `USD 2.29`: a sign alone leaves open whose dollar it is."""
    written = _amount(amount, currency, lang)
    return f"{currency}{_NO_BREAK}{written}" if currency else written


def money_span(amount: Decimal, amount_to: Decimal | None, currency: str | None, lang: str) -> str:
    """One amount, or the two ends of a range under one code."""
    written = money(amount, currency, lang)
    return written if amount_to is None else f"{written}–{_amount(amount_to, currency, lang)}"


def _amount(amount: Decimal, currency: str | None, lang: str) -> str:
    """The places that are stated, and at least those the currency has."""
    least = get_currency_precision(currency) if currency else 0
    stated = max(0, -int(amount.normalize().as_tuple().exponent))
    places = max(least, min(stated, _MOST_PLACES))
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    rounded = amount.quantize(Decimal(1).scaleb(-places))
    return format_decimal(rounded, pattern, locale=lang, decimal_quantization=False)


def quantity(count: Decimal, unit: str | None, lang: str) -> str:
    """A count with its unit: `500 pieces`, `500개`, `500 piezas`; a count alone where the unit is not known."""
    written = number(count.normalize() if count % 1 else count.to_integral_value(), lang)
    if not unit:
        return written
    return f"{written}{'' if lang == 'ko' else _NO_BREAK}{unit_words(unit, lang, many=count != 1)}"


def days(low: int | None, high: int | None, *, business: bool = False) -> str:
    """A lead time; an open end stays open."""
    if low is not None and high is not None and low != high:
        text = gettext("%(low)s–%(high)s days", low=low, high=high)
    elif low is not None and high is None:
        text = gettext("%(low)s days or more", low=low)
    elif high is not None:
        text = ngettext("%(num)s day", "%(num)s days", high)
        text = text if low is not None else gettext("up to %(time)s", time=text)
    else:
        return gettext("Not stated")
    return gettext("%(time)s (business days)", time=text) if business else text


def written_days(text: str) -> str:
    """A lead time as the merge writes it: `7..21`, `5..?`, `10..24b`."""
    low, _, high = text.rstrip("b").partition("..")
    return days(*(int(end) if end.isdigit() else None for end in (low, high)), business=text.endswith("b"))


def age(then: datetime, now: datetime, lang: str) -> str:
    """How long ago, in words: `2 hours ago`."""
    seconds = min(0, int((then - now).total_seconds()))
    if seconds > -60:
        return gettext("just now")
    return format_timedelta(seconds, add_direction=True, threshold=1.2, locale=lang)


def span(seconds: int, lang: str) -> str:
    """How long, in words: `2 hours`."""
    return format_timedelta(seconds, threshold=1.2, locale=lang)


def day(when: datetime | date, lang: str) -> str:
    """A day, in words."""
    return format_date(when, "medium", locale=lang)


def country(code: str, lang: str) -> str:
    """A country's name."""
    return Locale.parse(lang).territories.get(code) or code


def at(seconds: float) -> datetime:
    """POSIX seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)
