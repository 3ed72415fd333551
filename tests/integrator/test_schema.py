"""The exported form: cells, rows, and the schemas in docs/."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest

from integrator import export, issues
from integrator.listing import (
    Account,
    Availability,
    Category,
    Certificate,
    Contact,
    Grain,
    Hs,
    HsState,
    Image,
    Issue,
    Lead,
    Listing,
    Moment,
    Moq,
    Pack,
    Price,
    PriceState,
    PriceStep,
    QuantityState,
    Supply,
)

DOCS = Path(__file__).parents[2] / "docs"
DAY = Moment(datetime(2026, 9, 13, 15, tzinfo=UTC), Grain.DAY)
SECRET = Contact(
    brn="0018100017", brn_valid=True, person="Ha-on Kim", phone="+8220000001", email="sales@nurion.example"
)
STEPS = (
    PriceStep(1, 1000, Decimal("4.35"), None, "USD", "H87"),
    PriceStep(1001, 5000, Decimal("4.1"), None, "USD", "H87"),
)
RICH = Listing(
    platform="buykorea",
    external_id="3612915",
    account_id="1157771",
    account_name="NURION COSMETIC CO.,LTD.",
    names={"en": "Centella Cream 50ml", "ko": "병풀 크림 50ml"},
    visible=True,
    registered=DAY,
    updated=DAY,
    price=Price(PriceState.TIERED, STEPS),
    moq=Moq(QuantityState.STATED, Decimal(100), None, "H87"),
    lead=Lead(QuantityState.STATED, 7, 14),
    hs=Hs(HsState.EXACT10, "3304999000", "330499", "3304999000"),
    availability=Availability.ON_SALE,
    category=Category("020101", {"en": ("Beauty", "Cream")}, "2026-01"),
    certificates=(Certificate("EU_CPNP", "CPNP"),),
    packs=(Pack(Decimal(24), "H87", "CT"),),
    weight_kg=Decimal("0.12"),
    supply=Supply("100,000 PCS/Month", Decimal(100000), "H87", "MONTH"),
    images=(Image("https://img.buykorea.example/1.jpg", main=True),),
    issues=(Issue(issues.BRN_INVALID, "brn", "0018100018"), Issue(issues.HS_PADDED, "hs", "406900000")),
    contact=SECRET,
)
POOR = Listing(
    platform="tradekorea",
    external_id="P800105",
    account_id="209999",
    account_name=None,
    names={"en": "Hardcover Notebook A5"},
    visible=False,
    registered=None,
    updated=Moment(datetime(2026, 9, 5, tzinfo=UTC), Grain.SECOND),
    price=Price(PriceState.UNKNOWN),
    moq=Moq(QuantityState.UNKNOWN),
    lead=Lead(QuantityState.UNKNOWN),
    hs=Hs(HsState.MISSING),
)
ACCOUNT = Account(
    platform="gobizkorea",
    external_id="C0001201A",
    names={"ko": "주식회사 누리온코스메틱"},
    addresses={"ko": "서울 강남구 테헤란로 12"},
    zip="06559",
    markets=("미국", "일본"),
    updated=DAY,
    issues=(Issue(issues.PHONE_UNREADABLE, "phone", "02-x"),),
    contact=SECRET,
)


def rows() -> list[export.Row]:
    return [
        export.listing_row(RICH, generation=1, product_id="p1", seller_id="s1", visible=True),
        export.listing_row(POOR, generation=2, product_id=None, seller_id=None, visible=False),
    ]


# Cells as expected.md writes them -------------------------------------------------------------------------------------


def priced(step: PriceStep) -> Price:
    return Price(PriceState.PRICED if step.amount_to is None else PriceState.RANGE, (step,))


@pytest.mark.parametrize(
    ("price", "cell"),
    [
        (Price(PriceState.TIERED, STEPS), "tiered: 1..1000 4.35 USD/H87; 1001..5000 4.1 USD/H87"),
        (priced(PriceStep(1, None, Decimal("36.0"), None, "USD", "CT", "FOB")), "priced: 1..* 36.0 USD/CT FOB"),
        (priced(PriceStep(1, None, Decimal("1.2"), Decimal("1.5"), "USD")), "range: 1..* 1.2~1.5 USD/?"),
        (priced(PriceStep(1, None, Decimal(500), None, None, "BX", "FOB")), "priced: 1..* 500 ?/BX FOB"),
        (priced(PriceStep(1, None, Decimal("1E+3"), None, "KRW", "BX")), "priced: 1..* 1000 KRW/BX"),
        (Price(PriceState.HIDDEN), "hidden"),
        (Price(PriceState.NEGOTIABLE), "negotiable"),
        (Price(PriceState.UNKNOWN), "unknown"),
    ],
)
def test_a_price_is_written_as_people_note_it(price: Price, cell: str) -> None:
    assert export.write_price(price) == cell


@pytest.mark.parametrize(
    ("moq", "cell"),
    [
        (Moq(QuantityState.STATED, Decimal(100), None, "H87"), "100..* H87"),
        (Moq(QuantityState.STATED, Decimal(1000), Decimal(5000), "H87"), "1000..5000 H87"),
        (Moq(QuantityState.STATED, Decimal("0.5"), None, None), "0.5..* ?"),
        (Moq(QuantityState.HIDDEN), "hidden"),
        (Moq(QuantityState.NEGOTIABLE), "negotiable"),
        (Moq(QuantityState.UNKNOWN), "unknown"),
    ],
)
def test_a_minimum_order_is_written_as_people_note_it(moq: Moq, cell: str) -> None:
    assert export.write_moq(moq) == cell


@pytest.mark.parametrize(
    ("hs", "cell"),
    [
        (Hs(HsState.EXACT10, "9405.42-0000", "940542", "9405420000"), "9405.42-0000 → 940542 / 9405420000 (exact10)"),
        (Hs(HsState.PADDED, "30759", "030759"), "30759 → 030759 / - (padded)"),
        (Hs(HsState.PREFIX, "8413"), "8413 → - / - (prefix)"),
        (Hs(HsState.MISSING), "(empty) → - / - (missing)"),
    ],
)
def test_an_hs_code_is_written_as_people_note_it(hs: Hs, cell: str) -> None:
    assert export.write_hs(hs) == cell


@pytest.mark.parametrize(
    ("lead", "cell"),
    [
        (Lead(QuantityState.STATED, 7, 14), "7..14"),
        (Lead(QuantityState.STATED, 30, 30, business=True), "30..30b"),
        (Lead(QuantityState.STATED, 10, None), "10..?"),
        (Lead(QuantityState.STATED, 0, 10), "0..10"),
        (Lead(QuantityState.NEGOTIABLE), "negotiable"),
        (Lead(QuantityState.UNKNOWN), "-"),
    ],
)
def test_a_lead_time_is_written_as_people_note_it(lead: Lead, cell: str) -> None:
    assert export.write_lead(lead) == cell


def test_a_moment_is_written_in_utc_and_says_when_it_is_only_a_day() -> None:
    assert export.write_moment(DAY) == "2026-09-13T15:00:00Z/day"
    assert export.write_moment(replace(DAY, grain=Grain.SECOND)) == "2026-09-13T15:00:00Z"


# Rows -----------------------------------------------------------------------------------------------------------------


def test_a_row_carries_every_field_of_a_listing_but_the_contact() -> None:
    spread = {"external_id": "id", "lead": "lead_min_days", "hs": "hs6", "moq": "moq_minimum", "price": "price_steps"}
    expected = {spread.get(field.name, field.name) for field in fields(Listing)} - {"contact"}

    assert expected - set(rows()[0]) == set()


def test_an_account_row_carries_every_field_of_an_account_but_the_contact() -> None:
    expected = {field.name for field in fields(Account)} - {"contact", "external_id"}

    assert expected - set(export.account_row(ACCOUNT, seller_id="s1")) == set()


@pytest.mark.parametrize("row", [*rows(), export.account_row(ACCOUNT, seller_id=None)])
def test_no_contact_leaves_the_house(row: export.Row) -> None:
    text = json.dumps(row, ensure_ascii=False)

    assert "contact" not in row
    for secret in ("0018100017", "0018100018", "Ha-on Kim", "+8220000001", "sales@nurion.example", "02-x"):
        assert secret not in text


def test_an_issue_keeps_its_raw_value_unless_it_is_a_contact() -> None:
    assert rows()[0]["issues"] == [
        {"code": "BRN_INVALID", "field": "brn", "raw": ""},
        {"code": "HS_PADDED", "field": "hs", "raw": "406900000"},
    ]


def test_a_row_is_plain_json_with_decimal_text_and_utc() -> None:
    row = rows()[0]

    assert json.loads(json.dumps(row)) == row
    assert row["weight_kg"] == "0.12"
    assert row["updated_at"] == "2026-09-13T15:00:00Z"
    assert (row["id"], row["name"], row["moq"], row["generation"]) == (
        "3612915",
        "Centella Cream 50ml",
        "100..* H87",
        1,
    )


# Schemas --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows())
def test_a_listing_row_satisfies_its_schema(row: export.Row) -> None:
    jsonschema.Draft202012Validator(export.listing_schema()).validate(row)


def test_an_account_row_satisfies_its_schema() -> None:
    jsonschema.Draft202012Validator(export.account_schema()).validate(export.account_row(ACCOUNT, seller_id="s1"))


@pytest.mark.parametrize(
    "broken", [{"price_state": "cheap"}, {"surprise": 1}, {"moq_minimum": 100}, {"updated": "yesterday"}]
)
def test_the_schema_refuses_what_a_row_never_is(broken: dict[str, object]) -> None:
    validator = jsonschema.Draft202012Validator(export.listing_schema())

    assert not validator.is_valid({**rows()[0], **broken})


def test_the_schema_misses_a_field_that_is_absent() -> None:
    row = {name: value for name, value in rows()[0].items() if name != "lead"}

    assert not jsonschema.Draft202012Validator(export.listing_schema()).is_valid(row)


@pytest.mark.parametrize("name", ["listing", "account"])
def test_the_committed_schema_is_the_one_of_this_code(name: str, tmp_path: Path) -> None:
    """Where it is not: `python -m integrator.export docs` writes both anew."""
    export.write_schemas(tmp_path)
    file = f"{name}.schema.json"

    assert (DOCS / file).read_text("utf-8") == (tmp_path / file).read_text("utf-8")
    jsonschema.Draft202012Validator.check_schema(json.loads((DOCS / file).read_text("utf-8")))
