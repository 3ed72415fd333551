"""What BuyKorea's fields mean (guide 6 and 7), beyond the samples."""

import json
from dataclasses import replace
from typing import Any

import pytest

from connectors.buykorea.envelope import read_page
from connectors.buykorea.feed import BuyKorea
from connectors.buykorea.wire import NUMBERS, decode, fingerprint, unknown_names
from connectors.decode import decode_json
from connectors.http import Answer
from integrator import issues as codes
from integrator.errors import RejectedRecord
from integrator.export import write_lead, write_moq, write_price
from integrator.listing import Account, Detail, Listing
from integrator.record import Kind, Record
from tests.contract.connectors.samples import read_sample


@pytest.fixture
def row() -> dict[str, Any]:
    found = read_page(Answer(200, {}, read_sample("buykorea", "goodsList_single.json"), 0)).rows[0]
    return dict(found)


def record_of(fields: dict[str, Any], kind: Kind = Kind.LISTING) -> Record:
    body = json.dumps(fields, ensure_ascii=False).encode()
    decoded = decode_json(body)
    assert isinstance(decoded, dict)
    return Record("buykorea", kind, str(fields.get("GOODS_SN", "")), decoded, lambda: body)


def read(connector: BuyKorea, fields: dict[str, Any]) -> Listing:
    found = connector.parse(record_of(fields))
    assert isinstance(found, Listing)
    return found


def codes_of(found: Listing | Account | Detail) -> list[tuple[str, str]]:
    return [(issue.code, issue.field) for issue in found.issues]


@pytest.mark.parametrize(
    ("approval", "shown", "visible"),
    [
        ("승인완료", "Y", True),
        ("승인완료", "N", False),
        ("승인대기", "Y", False),
        ("반려", "N", False),
        ("", "Y", False),
    ],
)
def test_visible_is_approved_and_shown(connector, row, approval: str, shown: str, visible: bool) -> None:
    assert read(connector, row | {"APRV_STS": approval, "EXPSR_YN": shown}).visible is visible


@pytest.mark.parametrize("flag", ["N", "?", None, 7])
def test_a_price_that_may_not_be_shown_is_not_carried(connector, row, flag: object) -> None:
    listing = read(connector, row | {"PRC_EXPSR_YN": flag})

    assert listing.price.steps == ()
    assert "4.35" not in repr(listing.price)


def steps(*found: tuple[object, str, object]) -> dict[str, object]:
    return {"SCTN": [{"MAX_QTY": end, "UNIT_CD": unit, "USD_AMT": amount} for end, unit, amount in found]}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (steps((1000, "PCS", 43.5), (5000, "PCS", 42)), "tiered: 1..1000 43.5 USD/H87; 1001..5000 42 USD/H87"),
        (steps((5000, "PCS", "42"), ("1000", "PCS", "43.5")), "tiered: 1..1000 43.5 USD/H87; 1001..5000 42 USD/H87"),
        (steps((99999999, "KG", 7.85)), "priced: 1..* 7.85 USD/KGM"),
        (steps((99999999, "PALLET", 4100)), "priced: 1..* 4100 USD/?"),
        (steps((99999999, "EA", 0)), "unknown"),
        (steps((99999999, "EA", 999999)), "unknown"),
        ({"SCTN": {"MAX_QTY": 99999999, "UNIT_CD": "SETS", "USD_AMT": 6}}, "priced: 1..* 6 USD/SET"),
        ("", "unknown"),
        (None, "unknown"),
        ("what", "unknown"),
        ({"SCTN": 7}, "unknown"),
    ],
)
def test_steps_end_at_their_quantity(connector, row, given: object, wanted: str) -> None:
    assert write_price(read(connector, row | {"PRC_SCTN": given}).price) == wanted


def test_a_request_for_quotation_is_negotiable(connector, row) -> None:
    assert write_price(read(connector, row | {"PRC_NEGO_YN": "Y", "PRC_SCTN": ""}).price) == "negotiable"


@pytest.mark.parametrize(
    ("flag", "quantity", "unit", "wanted"),
    [
        ("Y", 100, "PCS", "100..* H87"), ("Y", "1,000", "BOXES", "1000..* BX"), ("N", 0, "", "hidden"),
        ("Y", 0, "", "unknown"), ("Y", "many", "PCS", "unknown"), ("Y", 5, "", "5..* ?"), ("N", 100, "PCS", "hidden"),
    ],
)  # fmt: skip
def test_moq_states(connector, row, flag: str, quantity: object, unit: str, wanted: str) -> None:
    fields = {"MOQ_EXPSR_YN": flag, "MOQ_QTY": quantity, "MOQ_UNIT_CD": unit}

    assert write_moq(read(connector, row | fields).moq) == wanted


@pytest.mark.parametrize(
    ("low", "high", "wanted"), [(7, 14, "7..14"), (10, 0, "10..?"), (0, 0, "-"), ("7", "", "7..?")][:4]
)
def test_a_lead_time_of_zero_is_not_given(connector, row, low: object, high: object, wanted: str) -> None:
    assert write_lead(read(connector, row | {"LEAD_MIN": low, "LEAD_MAX": high}).lead) == wanted


def test_all_that_is_wrong_is_said_the_gravest_first(connector, row) -> None:
    broken = {"GOODS_SN": "36A129", "ENG_GOODS_NM": "", "KOR_GOODS_NM": "-", "ENTP_SN": "", "UPD_DT": "20260231"}

    with pytest.raises(RejectedRecord) as caught:
        read(connector, row | broken)

    assert [reason.code for reason in caught.value.reasons] == [
        codes.ID_INVALID, codes.NAME_MISSING, codes.SELLER_MISSING, codes.DATE_INVALID,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["MOQ_QTY", "HS_CD", "TRNSP_CND", "KWRD", "REG_DT", "MAIN_IMG_URL", "SMPL_YN", "CTGRY_NM"]
)
@pytest.mark.parametrize("value", [{"a": 1}, ["x"], True])
def test_any_other_unreadable_field_costs_only_itself(connector, row, name: str, value: object) -> None:
    sound = read(connector, row)

    listing = read(connector, row | {name: value})

    assert (listing.external_id, listing.names, listing.price) == (sound.external_id, sound.names, sound.price)
    assert codes.FIELD_UNREADABLE in {code for code, _ in codes_of(listing)}


def test_the_same_without_the_optional_fields(connector, row) -> None:
    required = ("GOODS_SN", "ENG_GOODS_NM", "ENTP_SN", "APRV_STS", "EXPSR_YN", "REG_DT", "UPD_DT")

    listing = read(connector, {name: row[name] for name in required})

    assert (listing.visible, listing.issues) == (True, ())
    assert (listing.keywords, listing.terms, listing.images, listing.category.path) == ((), (), (), {})


def test_codes_are_read_into_our_schemes(connector, row) -> None:
    fields = {
        "TRNSP_CND": "FOB,NEGO,CIF", "TRNSP_MTHD": "SEA,NEGO", "ORGPLCE_CD": "KR,NA",
        "CRTFC_CD": "EU_CE,HALAL,INT_ISO9001", "KWRD": "cream, Cream,,50ml",
    }  # fmt: skip

    listing = read(connector, row | fields)

    assert (listing.terms, listing.transport, listing.origin) == (("FOB", "CIF"), ("SEA",), ("KR", "NA"))
    assert [found.code for found in listing.certificates] == ["CE", "HALAL", "ISO9001"]
    assert listing.keywords == ("cream", "50ml")
    assert listing.issues == ()


@pytest.mark.parametrize(
    ("name", "value", "issue"),
    [
        ("TRNSP_MTHD", "ROCKET", (codes.CODE_UNKNOWN, "transport")),
        ("CRTFC_CD", "MARS_ABC", (codes.CODE_UNKNOWN, "certificates")),
        ("APRV_STS", "보류", (codes.CODE_UNKNOWN, "status")),
        ("MOQ_UNIT_CD", "PALLET", (codes.UNIT_UNKNOWN, "moq")),
        ("REG_DT", "20261340", (codes.DAY_UNREADABLE, "registered")),
        ("KOR_GOODS_NM", "[Nuriel] Centella Moisturizing Face Cream 50ml", (codes.NAME_REPEATED, "names")),
    ],
)
def test_what_no_table_knows_leaves_an_issue(connector, row, name: str, value: str, issue: tuple[str, str]) -> None:
    assert issue in codes_of(read(connector, row | {name: value}))


def test_the_page_for_buyers_is_made_of_the_number(connector, row) -> None:
    assert read(connector, row).url == "https://www.buykorea.example/goods/3612915"


def test_korean_categories_and_summaries_are_korean(connector, row) -> None:
    listing = read(connector, row | {"CTGRY_NM": "화장품 > 기초 > 크림 > 크림", "SUMRY_CN": "매일 쓰는 수분 크림"})

    assert listing.category.path == {"ko": ("화장품", "기초", "크림")}
    assert listing.summaries == {"ko": "매일 쓰는 수분 크림"}


def test_a_gallery_is_in_its_own_order(connector) -> None:
    (found,) = read_page(Answer(200, {}, read_sample("buykorea", "goodsDetail_3612915.xml"), 0)).rows
    images = [
        {"ORD": 2, "URL": "https://img.buykorea.example/2.jpg"},
        {"ORD": 1, "URL": "//img.buykorea.example/1.jpg"},
    ]

    detail = connector.parse(record_of({**found, "IMGS": {"IMG": images}}, Kind.DETAIL))

    assert isinstance(detail, Detail)
    assert [image.url[-5:] for image in detail.images] == ["1.jpg", "2.jpg"]
    assert detail.images[0].main


def test_an_account_needs_a_number_and_a_name(connector) -> None:
    with pytest.raises(RejectedRecord) as caught:
        connector.parse(record_of({"ENTP_SN": "x", "ENG_ENTP_NM": "."}, Kind.ACCOUNT))

    assert [reason.code for reason in caught.value.reasons] == [codes.ID_INVALID, codes.NAME_MISSING]


def test_contacts_never_stand_outside_the_contact(connector) -> None:
    (found, *_) = read_page(Answer(200, {}, read_sample("buykorea", "entpList.xml"), 0)).rows
    account = connector.parse(record_of(dict(found), Kind.ACCOUNT))

    assert isinstance(account, Account)
    assert account.contact is not None
    public = repr(replace(account, contact=None))
    assert not [part for part in ("0018100017", "Kim Ha-on", "000-0001") if part in public]


# Both forms ------------------------------------------------------------------------------------------------------


def to_xml(value: object, name: str) -> str:
    """The XML form of a JSON row, by guide 3."""
    if isinstance(value, dict):
        return f"<{name}>" + "".join(to_xml(inner, key) for key, inner in value.items()) + f"</{name}>"
    if isinstance(value, list):
        return "".join(to_xml(inner, name) for inner in value)
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{name}>{text}</{name}>" if text else f"<{name}/>"


@pytest.mark.parametrize("name", ["goodsList_page2.json", "goodsList_single.json"])
def test_both_forms_of_a_row_are_one(name: str) -> None:
    for row in read_page(Answer(200, {}, read_sample("buykorea", name), 0)).rows:
        from_xml = decode(Kind.LISTING, to_xml(row, "item").encode())

        assert from_xml == row
        assert fingerprint(Kind.LISTING, from_xml) == fingerprint(Kind.LISTING, row)


def test_numbers_in_xml_become_numbers_only_where_the_guide_has_numbers(row) -> None:
    decoded = decode(
        Kind.LISTING, b"<item><GOODS_SN>50718</GOODS_SN><HS_CD>040690</HS_CD><UPD_DT>20260914</UPD_DT></item>"
    )

    assert decoded == {"GOODS_SN": 50718, "HS_CD": "040690", "UPD_DT": "20260914"}
    assert {name for name, value in row.items() if isinstance(value, int)} <= NUMBERS


def test_unknown_fields_are_counted_and_do_not_move_the_fingerprint(row) -> None:
    assert unknown_names(Kind.LISTING, row | {"ESG_YN": "Y"}) == {"ESG_YN"}
    assert fingerprint(Kind.LISTING, row | {"ESG_YN": "Y"}) == fingerprint(Kind.LISTING, row)


def test_a_new_seller_name_moves_the_fingerprint_though_it_moves_no_day(row) -> None:
    assert fingerprint(Kind.LISTING, row | {"ENG_ENTP_NM": "NURION Inc."}) != fingerprint(Kind.LISTING, row)


def test_a_step_more_moves_the_fingerprint(row) -> None:
    other = row | {"PRC_SCTN": {"SCTN": [*row["PRC_SCTN"]["SCTN"], {"MAX_QTY": 9000, "UNIT_CD": "PCS", "USD_AMT": 4}]}}

    assert fingerprint(Kind.LISTING, other) != fingerprint(Kind.LISTING, row)


def test_what_cannot_be_read_inside_a_row_leaves_an_issue(connector, row) -> None:
    listing = read(
        connector, row | {"PRC_SCTN": {"SCTN": [{"MAX_QTY": 99999999, "UNIT_CD": "PCS", "USD_AMT": [1, 2]}]}}
    )

    assert listing.price.steps == ()
    assert (codes.FIELD_UNREADABLE, "price") in codes_of(listing)


def test_a_row_inside_that_holds_nothing_known_leaves_an_issue(connector, row) -> None:
    listing = read(connector, row | {"PRC_SCTN": {"SCTN": {"AMOUNT": 3}}})

    assert (codes.FIELD_UNREADABLE, "price") in codes_of(listing)


def test_what_is_no_object_among_rows_is_rejected_and_told_apart(connector, row) -> None:
    items = {"item": [row, None, "gone"]}
    header = {"resultCode": "00", "responseTime": "20260914112233"}
    page = {"response": {"header": header, "body": {"items": items, "totalCount": 3}}}
    found = read_page(Answer(200, {}, json.dumps(page).encode(), 0))
    records = [
        Record("buykorea", Kind.LISTING, "", fields, cut) for fields, cut in zip(found.rows, found.cuts, strict=True)
    ]

    assert len({connector.fingerprint(record) for record in records}) == 3
    assert [connector.decode(Kind.LISTING, record.body) for record in records] == found.rows
    for record in records[1:]:
        with pytest.raises(RejectedRecord) as caught:
            connector.parse(record)
        assert [reason.code for reason in caught.value.reasons] == [codes.UNREADABLE]


@pytest.mark.parametrize("number", [" 7", "7 ", "７", "7\n", True, [7], "1" * 13])
def test_a_number_is_never_trimmed_or_folded_into_another(connector, row, number: object) -> None:
    with pytest.raises(RejectedRecord) as caught:
        read(connector, row | {"GOODS_SN": number})

    assert caught.value.reasons[0].code == codes.ID_INVALID
