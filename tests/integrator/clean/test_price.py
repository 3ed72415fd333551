"""Prices: the text of tradeKorea, the steps of BuyKorea, the lines of GobizKOREA."""

import pytest

from integrator import issues
from integrator.clean.price import QuotedLine, price_of_lines, price_of_upper_steps, read_price_text
from integrator.export import write_price


def found(reading: object) -> list[str]:
    return [issue.code for issue in reading.issues]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("raw", "basis", "cell", "codes"),
    [
        ("US $ 3.50 ~ 4.20 / Piece", "FOB", "range: 1..* 3.50~4.20 USD/H87 FOB", []),
        ("USD 3.50/pc (FOB Busan)", None, "priced: 1..* 3.50 USD/H87 FOB", []),
        ("FOB Incheon US$12.5 per Set", "CIF", "priced: 1..* 12.5 USD/SET FOB", []),
        ("USD 3.5 per pc FOB Busan, Korea", None, "priced: 1..* 3.5 USD/H87 FOB", []),
        ("$1.2-1.5", None, "range: 1..* 1.2~1.5 USD/?", [issues.PRICE_UNIT_MISSING]),
        ("KRW 12,000 / EA", None, "priced: 1..* 12000 KRW/H87", []),
        ("￦12,000 / EA", None, "priced: 1..* 12000 KRW/H87", []),
        ("₩12,000 / EA", None, "priced: 1..* 12000 KRW/H87", []),
        ("12,000원/개", None, "priced: 1..* 12000 KRW/H87", []),
        ("EUR 3,50 / Piece", "EXW", "priced: 1..* 3.50 EUR/H87 EXW", []),
        ("EUR 1,234 / Piece", None, "priced: 1..* 1234 EUR/H87", []),
        ("EUR 1.250,00 / Set", None, "priced: 1..* 1250.00 EUR/SET", []),
        ("¥ 500 / box", "FOB", "priced: 1..* 500 ?/BX FOB", [issues.CURRENCY_UNKNOWN]),
        ("￥500 / box", "FOB", "priced: 1..* 500 ?/BX FOB", [issues.CURRENCY_UNKNOWN]),
        ("JPY 500 / box", None, "priced: 1..* 500 JPY/BX", []),
        ("US $ 4.20 ~ 3.50 / Piece", None, "range: 1..* 3.50~4.20 USD/H87", [issues.PRICE_SWAPPED]),
        ("US $ 4 / ㎡", None, "priced: 1..* 4 USD/MTK", []),
        ("US $ 4 ~ 4 / Piece", None, "priced: 1..* 4 USD/H87", []),
        ("USD 3.50 - USD 4.00 / kg", None, "range: 1..* 3.50~4.00 USD/KGM", []),
        ("US $ 3 / pallet", None, "priced: 1..* 3 USD/?", [issues.UNIT_UNKNOWN]),
        ("3.50 / Piece", None, "priced: 1..* 3.50 ?/H87", [issues.CURRENCY_UNKNOWN]),
        ("Negotiable", "FOB", "negotiable", []),
        ("Contact supplier for latest price", None, "negotiable", []),
        ("협의", None, "negotiable", []),
        ("Request for Quotation", None, "negotiable", []),
        ("", "FOB", "unknown", []),
        (None, None, "unknown", []),
        ("-", None, "unknown", []),
        ("US $ 0 / Piece", None, "unknown", [issues.PRICE_PLACEHOLDER]),
        ("US $ 999999 / Piece", None, "unknown", [issues.PRICE_PLACEHOLDER]),
        ("KRW 999,999 / Set", None, "priced: 1..* 999999 KRW/SET", []),
        ("cheap", None, "unknown", [issues.PRICE_UNREADABLE]),
        ("EUR 0,500 / kg", None, "unknown", [issues.PRICE_UNREADABLE]),
        ("US $ 1,2,3 / Piece", None, "unknown", [issues.PRICE_UNREADABLE]),
        ("US $ 5 / Piece", "XXX", "priced: 1..* 5 USD/H87", [issues.CODE_UNKNOWN]),
    ],
)
def test_a_price_text_is_read(raw: str | None, basis: str | None, cell: str, codes: list[str]) -> None:
    reading = read_price_text(raw, basis=basis)

    assert write_price(reading.value) == cell
    assert found(reading) == codes


def upper(amount: str, maximum: int, unit: str = "PCS") -> QuotedLine:
    return QuotedLine(amount, "USD", unit, None, maximum=maximum)


@pytest.mark.parametrize(
    ("lines", "cell", "codes"),
    [
        ([upper("43.5", 1000), upper("42", 5000)], "tiered: 1..1000 43.5 USD/H87; 1001..5000 42 USD/H87", []),
        ([upper("42.5", 99_999_999)], "priced: 1..* 42.5 USD/H87", []),
        ([upper("6.9", 1000)], "priced: 1..1000 6.9 USD/H87", []),
        (
            [upper("34", 5000, "CARTONS"), upper("36", 500, "CARTONS")],
            "tiered: 1..500 36 USD/CT; 501..5000 34 USD/CT",
            [issues.PRICE_STEPS_SORTED],
        ),
        (
            [upper("2.1", 1000), upper("2.4", 5000)],
            "tiered: 1..1000 2.1 USD/H87; 1001..5000 2.4 USD/H87",
            [issues.PRICE_RISES],
        ),
        ([upper("0", 1000), upper("42", 5000)], "priced: 1001..5000 42 USD/H87", [issues.PRICE_PLACEHOLDER]),
        ([upper("999999", 99_999_999)], "unknown", [issues.PRICE_PLACEHOLDER]),
        ([upper("x", 1000)], "unknown", [issues.PRICE_UNREADABLE]),
        ([upper("5", 1000, "PALLET")], "priced: 1..1000 5 USD/?", [issues.UNIT_UNKNOWN]),
        ([upper("5", 1000), upper("5", 1000)], "priced: 1..1000 5 USD/H87", []),
        ([upper("5", 1000), upper("4", 1000)], "priced: 1..1000 5 USD/H87; 1..1000 4 USD/H87", []),
        ([], "unknown", []),
    ],
)
def test_steps_by_upper_end(lines: list[QuotedLine], cell: str, codes: list[str]) -> None:
    reading = price_of_upper_steps(lines)

    assert write_price(reading.value) == cell
    assert found(reading) == codes


def line(
    amount: str | None, minimum: int | None = None, *, currency: str = "USD", unit: str = "EA", term: str = "FOB"
) -> QuotedLine:
    return QuotedLine(amount, currency, unit, term, minimum=minimum)


@pytest.mark.parametrize(
    ("lines", "cell", "codes"),
    [
        ([line("3.2")], "priced: 1..* 3.2 USD/H87 FOB", []),
        ([line("1,250", currency="KRW", term="")], "priced: 1..* 1250 KRW/H87", []),
        (
            [line("4.3"), line("5,900", 1000, currency="KRW", unit="개", term="EXW")],
            "priced: 1..* 4.3 USD/H87 FOB; 1000..* 5900 KRW/H87 EXW",
            [],
        ),
        (
            [line("34.5", 500, unit="CTN"), line("36.0", 10, unit="CTN")],
            "tiered: 10..499 36.0 USD/CT FOB; 500..* 34.5 USD/CT FOB",
            [],
        ),
        (
            [line("3.25"), line("480", currency="JPY", term="CIF")],
            "priced: 1..* 3.25 USD/H87 FOB; 1..* 480 JPY/H87 CIF",
            [],
        ),
        ([line("38"), line("협의", currency="KRW", term="EXW")], "priced: 1..* 38 USD/H87 FOB", []),
        ([line("5", 1), line("협의", 1000)], "priced: 1..999 5 USD/H87 FOB", []),
        ([line("협의")], "negotiable", []),
        ([line("0")], "unknown", [issues.PRICE_PLACEHOLDER]),
        ([line("999999")], "unknown", [issues.PRICE_PLACEHOLDER]),
        ([line("999999", currency="KRW")], "priced: 1..* 999999 KRW/H87 FOB", []),
        ([line("-")], "unknown", []),
        ([line(None)], "unknown", []),
        ([line("3,50")], "unknown", [issues.PRICE_UNREADABLE]),
        ([line("-3")], "unknown", [issues.PRICE_UNREADABLE]),
        ([line("3", currency="XYZ")], "priced: 1..* 3 ?/H87 FOB", [issues.CURRENCY_UNKNOWN]),
        ([line("3", unit="팔레트")], "priced: 1..* 3 USD/? FOB", [issues.UNIT_UNKNOWN]),
        ([line("3", 1), line("4", 500)], "tiered: 1..499 3 USD/H87 FOB; 500..* 4 USD/H87 FOB", [issues.PRICE_RISES]),
        ([], "unknown", []),
    ],
)
def test_lines_by_lower_end(lines: list[QuotedLine], cell: str, codes: list[str]) -> None:
    reading = price_of_lines(lines)

    assert write_price(reading.value) == cell
    assert found(reading) == codes
