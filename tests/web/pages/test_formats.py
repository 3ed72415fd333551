"""Numbers, money, times and quantities in each language."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask, g

from web import i18n


@pytest.mark.parametrize(
    ("amount", "currency", "lang", "written"),
    [
        ("2.29", "USD", "en", "USD 2.29"),
        ("2.2900", "USD", "en", "USD 2.29"),
        ("4.2", "USD", "en", "USD 4.20"),
        ("0.0125", "USD", "en", "USD 0.0125"),
        ("0.01249999", "USD", "en", "USD 0.0125"),
        ("12500", "KRW", "ko", "KRW 12,500"),
        ("1234.5", "EUR", "es", "EUR 1.234,50"),
        ("1E+3", "USD", "en", "USD 1,000.00"),
        ("7", None, "en", "7"),
    ],
)
def test_money_keeps_its_own_places_and_at_least_its_currencys(
    amount: str, currency: str | None, lang: str, written: str
) -> None:
    assert i18n.money(Decimal(amount), currency, lang).replace("\u00a0", " ") == written


def test_a_range_names_its_currency_once() -> None:
    assert i18n.money_span(Decimal(1), Decimal("2.5"), "USD", "en") == "USD\u00a01.00–2.50"


@pytest.mark.parametrize(
    ("count", "unit", "lang", "written"),
    [
        ("1", "H87", "en", "1 piece"),
        ("500", "H87", "en", "500 pieces"),
        ("500", "H87", "ko", "500개"),
        ("2", "SET", "es", "2 juegos"),
        ("0.5", "KGM", "es", "0,5 kg"),
        ("1000", None, "en", "1,000"),
        ("3", "XYZ", "en", "3 XYZ"),
        ("5", "litre", "en", "5 litres"),
    ],
)
def test_a_quantity_has_its_unit_in_words(count: str, unit: str | None, lang: str, written: str) -> None:
    assert i18n.quantity(Decimal(count), unit, lang).replace("\u00a0", " ") == written


@pytest.mark.parametrize(
    ("text", "lang", "written"),
    [
        ("7..21", "en", "7–21 days"),
        ("5..?", "en", "5 days or more"),
        ("?..21", "en", "up to 21 days"),
        ("1..1", "en", "1 day"),
        ("10..24b", "en", "10–24 days (business days)"),
        ("7..21", "ko", "7~21일"),
        ("3..3", "es", "3 días"),
    ],
)
def test_a_lead_time_keeps_its_open_ends_and_business_days(app: Flask, text: str, lang: str, written: str) -> None:
    with app.test_request_context():
        g.lang = lang

        assert i18n.written_days(text) == written


@pytest.mark.parametrize(
    ("lang", "seconds", "words"),
    [("en", 5, "just now"), ("en", 7200, "2 hours ago"), ("ko", 3 * 86_400, "3일 전"), ("es", -500, "ahora mismo")],
)
def test_an_age_is_told_in_words_and_never_in_the_future(app: Flask, lang: str, seconds: int, words: str) -> None:
    now = datetime(2026, 9, 14, tzinfo=UTC)
    with app.test_request_context():
        g.lang = lang

        assert i18n.age(now - timedelta(seconds=seconds), now, lang) == words
