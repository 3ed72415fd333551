"""Rows to our schema: what the guide's section 5 and the notes of samples/expected.md say."""

import contextlib
import csv
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gobizkorea.listing import parse_company, parse_product
from connectors.gobizkorea.wire import COLUMNS
from integrator.errors import RejectedRecord
from integrator.listing import Account, Availability, Grain, Listing, Pack, PriceState, QuantityState, Supply
from integrator.record import Wire
from tests.connectors.gobizkorea.conftest import SAMPLES

ROW = dict.fromkeys(COLUMNS["product"], "") | {
    "상품번호": "GS2026010100001", "상품명(국문)": "시험 상품", "업체번호": "C0001201A", "온라인주문여부": "Y",
    "상태": "판매중", "등록일": "20260101", "수정일": "20260901",
}  # fmt: skip
COMPANY = dict.fromkeys(COLUMNS["company"], "") | {
    "업체번호": "C0001201A",
    "업체명(국문)": "시험",
    "수정일": "20260901",
}


def parse(prices=(), images=(), **cells):
    return parse_product({"product": ROW | cells, "price_line": list(prices), "image": list(images)})


def sample(number):
    tables = {}
    for name in COLUMNS:
        with (SAMPLES / "100250" / "plain" / f"{name}-0001.csv").open(encoding="cp949", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    found = [row for row in tables["product"] if row["상품번호"] == number]
    sides = {name: [row for row in tables[name] if row["상품번호"] == number] for name in ("price_line", "image")}
    return parse_product({"product": found[-1], **sides})


def codes(listing):
    return {(issue.code, issue.field) for issue in listing.issues}


def reasons(**cells):
    with pytest.raises(RejectedRecord) as caught:
        parse(**cells)
    return [reason.code for reason in caught.value.reasons]


# Notes of samples/expected.md ----------------------------------------------------------------------------------------


def test_description_holds_crlf_and_doubled_quotes_and_is_unescaped_twice():
    listing = sample("GS2023072429925")

    assert '"진정" 크림' in listing.descriptions["ko"]
    assert listing.descriptions["en"] == '<p>"Calming" cream</p>'


def test_the_krw_line_is_negotiable_and_the_other_stays_a_price():
    listing = sample("GS2024070200018")

    assert listing.price.state is PriceState.PRICED
    assert [step.currency for step in listing.price.steps] == ["USD"]


def test_model_number_stands_in_its_own_column():
    assert sample("GS2023011100007").model == "DJP-1500"


def test_twelve_packs_a_carton_is_a_pack():
    listing = sample("GS2025031000077")

    assert [(pack.quantity, pack.outer) for pack in listing.packs] == [(Decimal(12), "CT")]


def test_differs_by_item_is_no_quantity():
    listing = sample("GS2024010500003")

    assert listing.moq.state is QuantityState.UNKNOWN
    assert listing.names == {"ko": "냉동 자숙문어"}


def test_a_lost_letter_stays_and_is_flagged():
    listing = sample("GS2026010200011")

    assert listing.name == "Café Ros? Lip Balm 5g"
    assert ("TEXT_LOST_LETTER", "names") in codes(listing)
    assert ("PRICE_PLACEHOLDER", "price") in codes(listing)


def test_a_registration_number_with_a_wrong_check_digit_is_kept_and_proves_nothing():
    listing = sample("GS2026030300001")

    assert listing.contact is not None
    assert (listing.contact.brn, listing.contact.brn_valid) == ("0123456789", False)
    assert ("BRN_INVALID", "brn") in codes(listing)


def test_an_image_without_scheme_is_read_as_https():
    (image,) = sample("GS2023011100007").images

    assert image.url == "https://www.gobizkorea.example/images/202301/p.jpg"
    assert image.main


def test_the_address_for_buyers_is_made_from_the_number():
    assert sample("GS2023011100007").url == "https://www.gobizkorea.example/goods/GS2023011100007"


def test_all_other_columns_arrive():
    listing = sample("GS2023072429925")

    assert listing.supply == Supply("100,000 PCS/Month", Decimal(100000), "H87", "MONTH")
    assert listing.payment == ("T/T", "L/C")
    assert [certificate.code for certificate in listing.certificates] == ["CPNP", "CGMP"]
    assert (listing.brand, listing.port, listing.stock, listing.online_order) == ("Nuriel", "Busan", 1200, True)
    assert (listing.weight_kg, listing.origin, listing.terms) == (Decimal("0.12"), ("KR",), ("FOB", "EXW"))
    assert listing.category.path == {"ko": ("화장품·미용", "기초화장품"), "en": ("Cosmetics", "Skin Care")}
    assert [(image.order, image.main, image.width, image.height) for image in listing.images] == [
        (1, True, 800, 800),
        (2, False, 800, 600),
    ]
    assert listing.registered.grain is Grain.DAY


# Any cells whatever --------------------------------------------------------------------------------------------------

cells = st.text(max_size=60) | st.sampled_from(
    ["", "-", "협의", "1,000", "7~14일", "3.2", "EA", "Y", "20260901", "&amp;#233;"]
)


@given(row=st.fixed_dictionaries(dict.fromkeys(COLUMNS["product"], cells)), data=st.data())
def test_any_cells_give_a_listing_or_reasons(row, data):
    sides = {name: data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS[name], cells)), max_size=3))
             for name in ("price_line", "image")}  # fmt: skip
    with contextlib.suppress(RejectedRecord):
        parse_product({"product": row, **sides})
    sound = {key: ROW[key] for key in ("상품번호", "상품명(국문)", "업체번호", "수정일")}
    listing = parse_product({"product": row | sound, **sides})

    assert msgspec.json.decode(msgspec.json.encode(listing), type=Listing) == listing


@given(row=st.fixed_dictionaries(dict.fromkeys(COLUMNS["company"], cells)))
def test_any_cells_give_an_account_or_reasons(row):
    account = parse_company({"company": row | {key: COMPANY[key] for key in ("업체번호", "업체명(국문)", "수정일")}})

    assert msgspec.json.decode(msgspec.json.encode(account), type=Account) == account


# States and rejections -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "visible", "availability"),
    [
        ("판매중", True, Availability.ON_SALE),
        ("일시품절", True, Availability.SOLD_OUT),
        ("판매중지", False, Availability.NOT_ON_SALE),
        ("예약중", False, Availability.UNKNOWN),
        ("", False, Availability.UNKNOWN),
    ],
)
def test_what_a_state_shows(state, visible, availability):
    listing = parse(상태=state)

    assert (listing.visible, listing.availability) == (visible, availability)


def test_a_state_nobody_knows_is_reported():
    assert ("CODE_UNKNOWN", "status") in codes(parse(상태="예약중"))


@pytest.mark.parametrize(
    "number", ["", "GS20260101", "gs2026010100001", "GS2026010100001 ", "GS２０２６０１０１００００１"]
)
def test_a_number_of_another_form_is_no_id(number):
    assert reasons(상품번호=number) == ["ID_INVALID"]


def test_a_record_is_rejected_with_all_its_reasons():
    found = reasons(상품번호="", **{"상품명(국문)": "-"}, 업체번호=" ", 수정일="20261340")

    assert found == ["ID_INVALID", "NAME_MISSING", "SELLER_MISSING", "DATE_INVALID"]


def test_a_record_of_another_form_is_rejected_not_an_accident():
    strange: list[dict[str, Wire]] = [{}, {"product": None}, {"product": []}, {"row": None, "product": "x"}]
    for record in strange:
        with pytest.raises(RejectedRecord):
            parse_product(record)


def test_an_unreadable_field_costs_only_itself():
    listing = parse(재고수량="many", **{"중량(kg)": "heavy"}, HS부호="none of these", 등록일="20261399")

    assert (listing.stock, listing.weight_kg, listing.registered) == (None, None, None)
    assert {field for _, field in codes(listing)} == {"stock", "weight_kg", "hs", "registered"}


def test_a_category_in_one_language_stays_in_it():
    assert parse(카테고리명="화장품·미용>기초화장품").category.path == {"ko": ("화장품·미용", "기초화장품")}


def test_negotiable_payment_is_a_statement():
    assert parse(결제조건="협의").payment == ("Negotiable",)


def test_side_rows_are_read_in_their_numbers_order():
    row = dict.fromkeys(COLUMNS["image"], "")
    images = [row | {"순번": order, "이미지URL": f"https://img.example/{order}.jpg"} for order in ("10", "x", "2")]

    assert [image.url for image in parse(images=images).images] == [
        "https://img.example/2.jpg",
        "https://img.example/10.jpg",
        "https://img.example/x.jpg",
    ]


def test_a_pack_in_the_packaging_text_is_read_once():
    row = dict.fromkeys(COLUMNS["price_line"], "") | {"단가": "3", "통화": "USD", "단위": "CTN", "비고": "24 pcs/CTN"}

    assert parse([row], 포장="24 pcs/CTN").packs == (Pack(Decimal(24), "H87", "CT"),)


# Companies -----------------------------------------------------------------------------------------------------------


def test_a_company_gives_an_account_with_its_contact_apart():
    account = parse_company(
        {
            "company": COMPANY
            | {
                "업체명(영문)": "Trial Co., Ltd.", "대표자": "김하온", "사업자등록번호": "001-81-00017",
                "우편번호": "06559", "주소(국문)": "서울 강남구", "전화번호": "02-000-0001",
                "이메일": "export@nurion.example",
                "홈페이지": "http://www.nurion.example", "업종": "제조업,무역업", "설립일": "20150920", "종업원수": "-",
                "매출액": "4,200백만원", "주요시장": "미국, 일본", "미니사이트": "https://nurion.gobizkorea.example",
            }
        }
    )  # fmt: skip

    assert account.contact is not None
    assert account.names == {"ko": "시험", "en": "Trial Co., Ltd."}
    assert (account.contact.brn, account.contact.brn_valid, account.contact.person) == ("0018100017", True, "김하온")
    assert (account.contact.phone, account.contact.email) == ("+8220000001", "export@nurion.example")
    assert (account.zip, account.homepage, account.established) == ("06559", "www.nurion.example", "2015-09-20")
    assert (account.business_types, account.markets) == (("제조업", "무역업"), ("미국", "일본"))
    assert (account.employees, account.sales) == (None, "4,200백만원")
    assert account.minisite == "https://nurion.gobizkorea.example"


@pytest.mark.parametrize(
    ("cells", "code"),
    [({"업체번호": ""}, "ID_INVALID"), ({"업체명(국문)": "없음"}, "NAME_MISSING"), ({"수정일": ""}, "DATE_INVALID")],
)
def test_a_company_without_what_it_needs_is_rejected(cells, code):
    with pytest.raises(RejectedRecord) as caught:
        parse_company({"company": COMPANY | cells})

    assert [reason.code for reason in caught.value.reasons] == [code]
