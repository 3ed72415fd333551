"""Units, minimum orders, packs, supply ability and lead times in every form the guides list."""

from decimal import Decimal

import pytest

from integrator import issues
from integrator.clean.quantity import (
    lead_of,
    read_decimal,
    read_int,
    read_lead,
    read_moq,
    read_pack,
    read_supply,
    read_unit,
)
from integrator.export import write_lead, write_moq
from integrator.listing import Pack, Supply

UNITS = {
    "H87": "UNITS PCS EA Piece pc pcs 개 Piece(s) Pieces pcs. ea Units 대",
    "SET": "SETS SET Set 세트 Sets Set(s)",
    "BX": "BOXES BOX 박스 Box Box(es) 상자",
    "CT": "CARTONS CTN 카톤 Carton Carton(s)",
    "BG": "BAGS BAG 포 Bag 포대",
    "KGM": "KG ㎏ Kilogram kg Kg",
    "GRM": "G g",
    "TNE": "TON MT 톤 Ton",
    "LTR": "L 리터 Liter ℓ",
    "MLT": "ML ㎖",
    "MTR": "M 미터 Meter m",
    "MTK": "M2 ㎡ m²",
    "YRD": "YD yd",
    "RO": "ROLLS ROLL 롤 Roll",
    "PR": "PAIRS PAIR 켤레 Pair",
    "DZN": "DOZ Dozen",
    "PK": "packs 봉",
}


@pytest.mark.parametrize(("code", "spelling"), [(code, text) for code, all_ in UNITS.items() for text in all_.split()])
def test_every_spelling_of_a_unit_gives_its_code(code: str, spelling: str) -> None:
    assert read_unit(spelling, field="moq").value == code


def test_a_metric_ton_in_two_words_is_a_ton() -> None:
    assert read_unit("Metric Ton", field="moq").value == "TNE"


def test_a_unit_no_table_knows_is_none_and_named_in_the_issue() -> None:
    reading = read_unit("PALLET", field="price")

    assert reading.value is None
    assert [(issue.code, issue.field, issue.raw) for issue in reading.issues] == [
        (issues.UNIT_UNKNOWN, "price", "PALLET")
    ]


@pytest.mark.parametrize("raw", [None, "", "-"])
def test_a_missing_unit_is_no_issue(raw: str | None) -> None:
    assert (read_unit(raw, field="moq").value, read_unit(raw, field="moq").issues) == (None, ())


@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("100 EA", "100..* H87"),
        ("500EA", "500..* H87"),
        ("1,000개부터", "1000..* H87"),
        ("1,000 ~ 5,000개", "1000..5000 H87"),
        ("벌크 최소 500kg", "500..* KGM"),
        ("3박스", "3..* BX"),
        ("1 SET", "1..* SET"),
        ("협의", "negotiable"),
        ("품목별 상이", "unknown"),
        ("500 Piece(s)", "500..* H87"),
        ("500 - 1,000 Sets", "500..1000 SET"),
        ("500 pcs - 1,000 pcs", "500..1000 H87"),
        ("100+ pcs", "100..* H87"),
        ("1 Carton (24 pcs)", "1..* CT"),
        ("10 Carton(s) (12 packs)", "10..* CT"),
        ("1 x 20ft container", "1..* 20FT"),
        ("2 40ft containers", "2..* 40FT"),
        ("50 Box(es)", "50..* BX"),
        ("Negotiable", "negotiable"),
        ("MOQ: 300 pcs", "300..* H87"),
        ("Min. 100 pcs", "100..* H87"),
        ("500개 이상", "500..* H87"),
        ("0.5 MT", "0.5..* TNE"),
        ("100㎡", "100..* MTK"),
        ("100 ~ 500 m2", "100..500 MTK"),
        ("100", "100..* ?"),
        ("5 pallets", "5..* ?"),
        ("１００ ＥＡ", "100..* H87"),
        (None, "unknown"),
        ("-", "unknown"),
        ("0 EA", "unknown"),
        ("1,00 EA", "unknown"),
        ("model 500", "unknown"),
        ("100 EA 200 BOX", "unknown"),
        ("99999999999 EA", "unknown"),
    ],
)
def test_a_minimum_order_is_read(raw: str | None, cell: str) -> None:
    assert write_moq(read_moq(raw).value[0]) == cell


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("품목별 상이", issues.MOQ_VARIES),
        ("model 500", issues.MOQ_UNREADABLE),
        ("0 EA", issues.MOQ_UNREADABLE),
        ("100", issues.MOQ_UNIT_MISSING),
        ("5 pallets", issues.UNIT_UNKNOWN),
        ("5,000 ~ 1,000개", issues.MOQ_SWAPPED),
    ],
)
def test_a_minimum_order_with_a_fault_says_which(raw: str, code: str) -> None:
    assert [issue.code for issue in read_moq(raw).issues] == [code]


def test_a_range_upside_down_is_swapped() -> None:
    assert write_moq(read_moq("5,000 ~ 1,000개").value[0]) == "1000..5000 H87"


@pytest.mark.parametrize(
    ("raw", "packs"),
    [
        ("1 Carton (24 pcs)", (Pack(Decimal(24), "H87", "CT"),)),
        ("10 Carton(s) (12 packs)", (Pack(Decimal(12), "PK", "CT"),)),
        ("5 boxes (50 pcs/box)", (Pack(Decimal(50), "H87", "BX"),)),
        ("100 pcs (ex stock)", ()),
        ("100 pcs", ()),
    ],
)
def test_a_minimum_order_tells_its_pack_size(raw: str, packs: tuple[Pack, ...]) -> None:
    assert read_moq(raw).value[1] == packs


@pytest.mark.parametrize(
    ("raw", "pack"),
    [
        ("12 packs/CTN", Pack(Decimal(12), "PK", "CT")),
        ("12봉/CTN", Pack(Decimal(12), "PK", "CT")),
        ("24 pcs per carton", Pack(Decimal(24), "H87", "CT")),
        ("Quantity per Pack: 50 pcs", Pack(Decimal(50), "H87", "PK")),
        ("Quantity per Pack: 50", Pack(Decimal(50), "H87", "PK")),
        ("poly bag + carton box", None),
        ("100 pcs/pcs", None),
        ("0 pcs/box", None),
        ("", None),
        (None, None),
    ],
)
def test_a_pack_size_is_read_where_one_is_stated(raw: str | None, pack: Pack | None) -> None:
    reading = read_pack(raw, field="packs")

    assert reading.value == pack
    assert reading.issues == ()


@pytest.mark.parametrize(
    ("raw", "supply"),
    [
        ("10,000 PCS/Month", Supply("10,000 PCS/Month", Decimal(10000), "H87", "MONTH")),
        ("월 1000Set", Supply("월 1000Set", Decimal(1000), "SET", "MONTH")),
        ("500 Piece(s) per Day", Supply("500 Piece(s) per Day", Decimal(500), "H87", "DAY")),
        ("연 50톤", Supply("연 50톤", Decimal(50), "TNE", "YEAR")),
        ("주 100박스", Supply("주 100박스", Decimal(100), "BX", "WEEK")),
        ("plenty", Supply("plenty")),
        ("-", Supply()),
        (None, Supply()),
    ],
)
def test_supply_ability_is_kept_as_given_and_read_where_possible(raw: str | None, supply: Supply) -> None:
    assert read_supply(raw).value == supply


@pytest.mark.parametrize(
    ("raw", "cell"),
    [
        ("7~14일", "7..14"),
        ("30 영업일", "30..30b"),
        ("6~10주", "42..70"),
        ("협의", "negotiable"),
        ("15 days", "15..15"),
        ("15 day(s)", "15..15"),
        ("2 - 3 weeks", "14..21"),
        ("6~10 weeks", "42..70"),
        ("30 business days", "30..30b"),
        ("5-7 working days", "5..7b"),
        ("Within 10 days after deposit", "0..10"),
        ("30 days after receipt of L/C", "30..30"),
        ("7일 이내", "0..7"),
        ("10일 이상", "10..?"),
        ("14~7일", "7..14"),
        ("", "-"),
        (None, "-"),
        ("1 month", "-"),
        ("soon", "-"),
        ("99999 days", "-"),
        ("1.5 weeks", "-"),
    ],
)
def test_a_lead_time_is_read_in_days(raw: str | None, cell: str) -> None:
    assert write_lead(read_lead(raw).value) == cell


@pytest.mark.parametrize(("raw", "code"), [("1 month", issues.LEAD_UNREADABLE), ("14~7일", issues.LEAD_SWAPPED)])
def test_a_lead_time_with_a_fault_says_which(raw: str, code: str) -> None:
    assert [issue.code for issue in read_lead(raw).issues] == [code]


@pytest.mark.parametrize(
    ("low", "high", "cell"),
    [(7, 14, "7..14"), (10, 0, "10..?"), (0, 14, "?..14"), (0, 0, "-"), (None, None, "-"), (14, 7, "7..14")],
)
def test_zero_days_of_buykorea_are_not_given(low: int | None, high: int | None, cell: str) -> None:
    assert write_lead(lead_of(low, high)) == cell


@pytest.mark.parametrize(
    ("raw", "number"),
    [(5, 5), ("5", 5), ("1,000", 1000), (0, 0), ("", None), (None, None), ("5.0", 5), (Decimal("7"), 7)],
)
def test_a_whole_number_is_read(raw: object, number: int | None) -> None:
    assert (read_int(raw, field="stock").value, read_int(raw, field="stock").issues) == (number, ())


@pytest.mark.parametrize("raw", [-1, "-5", "1.5", "many", True, 10**10, "1e5", "١٢", Decimal("NaN"), "1,00", [1]])
def test_what_is_no_whole_number_costs_the_field(raw: object) -> None:
    reading = read_int(raw, field="stock")

    assert reading.value is None
    assert [issue.code for issue in reading.issues] == [issues.NUMBER_UNREADABLE]


def test_a_decimal_is_rounded_and_says_so() -> None:
    assert read_decimal("0.12", field="weight_kg").value == Decimal("0.12")
    rounded = read_decimal("0.123456789", field="weight_kg")
    assert rounded.value == Decimal("0.123457")
    assert [issue.code for issue in rounded.issues] == [issues.NUMBER_ROUNDED]
    assert read_decimal("heavy", field="weight_kg").value is None


@pytest.mark.parametrize("raw", ["10² pcs", "1½ kg", "100① EA", "② pcs"])
def test_raised_and_circled_digits_are_no_digits(raw: str) -> None:
    moq, _ = read_moq(raw).value

    assert moq.minimum is None


def test_a_raised_digit_of_a_unit_is_read() -> None:
    moq, _ = read_moq("100 m²").value

    assert (str(moq.minimum), moq.unit) == ("100", "MTK")
