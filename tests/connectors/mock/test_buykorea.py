import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connectors.mock.buykorea import EXPIRED_KEY

DEVELOPMENT = "aB3+Kx/9pQ7mZ2vT+8LrYw1dNc6/HsUe4GjF5oXiVtRk0nCyWbMzPlSgOq+DhJEfIuA/7T=="
SAMPLES = Path(__file__).parents[2] / "golden" / "feeds" / "buykorea"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def tags(xml: bytes, path: str) -> list[str]:
    element = ElementTree.fromstring(xml).find(path)  # noqa: S314
    assert element is not None
    return [child.tag for child in element]


def test_a_page_is_framed_as_the_sample_is_to_the_byte(reader):
    frame = re.compile(rb"<items>.*</items>", re.S)
    clock, count = re.compile(rb"<responseTime>\d{14}<"), re.compile(rb"<totalCount>\d+<")

    def framed(body: bytes) -> bytes:
        return count.sub(b"", clock.sub(b"", frame.sub(b"", body)))

    assert framed(reader.buykorea("goodsList").body) == framed(sample("goodsList_page1.xml"))


def test_fields_come_in_the_samples_order(reader):
    first = tags(reader.buykorea("goodsList?numOfRows=1").body, ".//item")
    number = ElementTree.fromstring(reader.buykorea("goodsList?numOfRows=1").body).findtext(".//GOODS_SN")  # noqa: S314
    detail, company, code = (
        tags(reader.buykorea(path).body, ".//item")
        for path in (f"goodsDetail?goodsSn={number}", "entpList", "codeList?grpCd=UNIT")
    )

    assert first == tags(sample("goodsList_page1.xml"), ".//item")
    assert detail == tags(sample("goodsDetail_3612915.xml"), ".//item")
    assert company == tags(sample("entpList.xml"), ".//item")
    assert code == tags(sample("codeList_UNIT.xml"), ".//item")


def test_the_units_begin_with_the_samples_rows_to_the_byte(reader):
    body, given = reader.buykorea("codeList?grpCd=UNIT").body, sample("codeList_UNIT.xml")

    assert body[body.index(b"<items>") :].startswith(given[given.index(b"<items>") : given.index(b"</items>")])


def test_an_empty_field_is_an_empty_element_and_a_description_is_cdata(reader):
    rows, _ = reader.goods()
    body = b"".join(reader.buykorea(f"goodsDetail?goodsSn={row.findtext('GOODS_SN')}").body for row in rows[:20])

    assert b"<KOR_GOODS_NM/>" in body
    assert b"<KOR_GOODS_NM></KOR_GOODS_NM>" not in body
    assert b"<DTL_CN><![CDATA[<" in body


def test_json_has_the_samples_keys_and_types(reader):
    ours = json.loads(reader.buykorea("goodsList?type=JSON&numOfRows=1").body)["response"]["body"]["items"]["item"]
    theirs = json.loads(sample("goodsList_single.json"))["response"]["body"]["items"]["item"]

    assert list(ours) == list(theirs)
    assert {key: type(ours[key]) for key in ours if key != "PRC_SCTN"} == {
        key: type(theirs[key]) for key in theirs if key != "PRC_SCTN"
    }


def test_xml_and_json_carry_the_same_values(reader):
    xml = ElementTree.fromstring(reader.buykorea("goodsList?numOfRows=50").body)  # noqa: S314
    rows = json.loads(reader.buykorea("goodsList?numOfRows=50&type=json").body)["response"]["body"]["items"]["item"]

    for element, row in zip(xml.findall(".//item"), rows, strict=True):
        plain = {key: str(value) for key, value in row.items() if not isinstance(value, dict)}
        assert {child.tag: child.text or "" for child in element if not len(child)} == plain


def test_one_row_is_an_object_and_several_are_a_list(reader):
    items = [
        json.loads(reader.buykorea(f"goodsList?type=json&numOfRows={rows}").body)["response"]["body"]["items"]["item"]
        for rows in (1, 2)
    ]

    assert isinstance(items[0], dict)
    assert isinstance(items[1], list)


def test_one_step_is_an_object_and_no_step_an_empty_text(reader):
    pages = [json.loads(reader.buykorea(f"goodsList?type=json&numOfRows=100&pageNo={page}").body) for page in (1, 2, 3)]
    steps = [row["PRC_SCTN"] for page in pages for row in page["response"]["body"]["items"]["item"]]

    assert {type(step) if step == "" else type(step["SCTN"]) for step in steps} == {str, dict, list}


def test_a_page_past_the_end_is_empty_with_the_true_count(reader):
    body = json.loads(reader.buykorea("goodsList?type=json&pageNo=900").body)["response"]

    assert body["header"]["resultCode"] in ("00", "0000")
    assert body["body"]["items"] == ""
    assert body["body"]["totalCount"] > 300


@pytest.mark.parametrize(
    "call", ["goodsList?updDtFrom=20261231", "goodsList?entpSn=7", "goodsDetail?goodsSn=12", "codeList?grpCd=NONE"]
)
def test_nothing_at_all_is_code_03(reader, call):
    body = reader.buykorea(call).body.decode()

    assert "<resultCode>03</resultCode><resultMsg>NODATA_ERROR</resultMsg>" in body
    assert body.endswith("<totalCount>0</totalCount></body></response>")
    assert "<items></items>" in body


def test_a_gone_listing_is_answered_as_the_sample_is_to_the_byte(reader):
    clock = re.compile(rb"\d{14}")

    assert clock.sub(b"", reader.buykorea("goodsDetail?goodsSn=12").body) == clock.sub(
        b"", sample("goodsDetail_gone.xml")
    )


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("goodsList?numOfRows=101", "10"),
        ("goodsList?numOfRows=0", "10"),
        ("goodsList?pageNo=0", "10"),
        ("goodsList?pageNo=x", "10"),
        ("goodsList?type=csv", "10"),
        ("goodsList?updDtFrom=20260231", "10"),
        ("goodsList?updDtTo=2026-09-14", "10"),
        ("goodsList?entpSn=C12", "10"),
        ("goodsDetail?goodsSn=36A129", "10"),
        ("goodsDetail", "11"),
        ("codeList", "11"),
        ("goodsNothing", "12"),
    ],
)
def test_wrong_calls_are_answered_with_their_code(reader, call, code):
    response = reader.buykorea(call)

    assert f"<returnReasonCode>{code}</returnReasonCode>" in response.body.decode()
    assert (response.status, response.content_type) == (200, "text/xml;charset=UTF-8")


def test_errors_are_the_samples_bytes_although_json_was_asked(reader):
    assert reader.buykorea("goodsList?numOfRows=101&type=json").body == sample("error_10_parameter.xml")
    assert reader.buykorea("goodsList?type=json", key="nobody").body == sample("error_30_key.xml")


def test_the_last_of_two_equal_parameters_counts(reader):
    body = json.loads(reader.buykorea("goodsList?type=json&numOfRows=500&numOfRows=3").body)["response"]["body"]

    assert body["numOfRows"] == 3


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("serviceKey=" + DEVELOPMENT, "30"),
        ("serviceKey=aB3%252BKx%252F9p", "30"),
        ("serviceKey=", "11"),
        ("", "11"),
        ("serviceKey=" + EXPIRED_KEY.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"), "31"),
    ],
)
def test_a_key_counts_only_encoded_exactly_once(reader, query, code):
    response = reader.mock.handle("GET", f"/buykorea/v1/goodsList?{query}", {}, b"")

    assert f"<returnReasonCode>{code}</returnReasonCode>" in response.body.decode()


def test_the_other_spelling_of_the_key_is_accepted(reader):
    key = DEVELOPMENT.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    response = reader.mock.handle("GET", f"/buykorea/v1/goodsList?ServiceKey={key}", {}, b"")

    assert b"<resultCode>00</resultCode>" in response.body


def test_checks_come_in_the_guides_order(reader):
    assert b">12<" in reader.buykorea("nothing", method="POST", key="nobody").body
    assert b">04<" in reader.buykorea("goodsList", method="POST", key="nobody").body
    assert b">30<" in reader.buykorea("goodsList?numOfRows=500", key="nobody").body


def test_a_days_calls_end_at_the_quota_and_begin_again_at_midnight(open_mock):
    reader = open_mock(has_limits=True)
    for call in range(1000):
        reader.wait(0.1)
        reader.buykorea("codeList" if call % 2 else "codeList?grpCd=UNIT", key=DEVELOPMENT)
    used_up = reader.buykorea("codeList?grpCd=UNIT", key=DEVELOPMENT)
    reader.wait(12 * 3600)
    tomorrow = reader.buykorea("codeList?grpCd=UNIT", key=DEVELOPMENT)

    assert used_up.body == sample("error_22_quota.xml")
    assert b"resultCode>00<" in tomorrow.body


def test_the_thirty_first_call_within_a_second_is_too_many(open_mock):
    reader = open_mock(has_limits=True)
    answers = [reader.buykorea("codeList?grpCd=UNIT") for _ in range(31)]
    reader.wait(1.1)
    later = reader.buykorea("codeList?grpCd=UNIT")

    assert [answer.status for answer in answers] == [200] * 30 + [429]
    assert (answers[-1].body, answers[-1].content_type) == (b"Too Many Requests", "text/plain")
    assert answers[-1].headers == ()
    assert later.status == 200


# --- walking ----------------------------------------------------------------------------------------------------------


def test_a_walk_goes_from_the_newest_day_to_the_oldest(reader):
    rows, _ = reader.goods()
    days = [row.findtext("UPD_DT") for row in rows if row.findtext("UPD_DT")[4:6] < "13"]

    assert days == sorted(days, reverse=True)
    assert days[0] == "20260914"
    assert days[-1] < "20240101"


def test_windows_of_days_hold_their_days_both_ends_included(reader):
    rows, total = reader.goods("&updDtFrom=20260910&updDtTo=20260912")
    everything, _ = reader.goods()

    assert {row.findtext("UPD_DT") for row in rows} == {"20260910", "20260911", "20260912"}
    assert total == sum("20260910" <= row.findtext("UPD_DT") <= "20260912" for row in everything)


def test_sellers_together_have_all_listings(reader):
    everything, _ = reader.goods()
    sellers = {row.findtext("ENTP_SN") for row in everything} - {"", None}

    found = [row.findtext("GOODS_SN") for seller in sellers for row in reader.goods(f"&entpSn={seller}")[0]]

    assert sorted(found) == sorted(row.findtext("GOODS_SN") for row in everything if row.findtext("ENTP_SN"))


def test_every_seller_of_a_listing_is_in_the_company_list(reader):
    listed = set()
    for page in (1, 2, 3):
        body = ElementTree.fromstring(reader.buykorea(f"entpList?numOfRows=100&pageNo={page}").body)  # noqa: S314
        listed |= {row.findtext("ENTP_SN") for row in body.findall(".//item")}

    assert {row.findtext("ENTP_SN") for row in reader.goods()[0]} - {"", None} <= listed
    one = min(number for number in listed if number)
    assert f"<ENTP_SN>{one}</ENTP_SN>" in reader.buykorea(f"entpList?entpSn={one}").body.decode()


def test_at_some_page_borders_one_row_comes_twice_and_another_not_at_all(open_mock):
    reader, repeated, borders = open_mock(size=20_000, seed=5), 0, 0
    for _ in range(3):
        rows, total = reader.goods("&updDtFrom=20260906")
        distinct = {row.findtext("GOODS_SN") for row in rows}
        assert len(rows) == total
        repeated += total - len(distinct)
        borders += total // 100

    assert 0 < repeated / borders < 0.1


def test_another_walk_brings_what_the_first_one_missed(open_mock):
    reader = open_mock(size=20_000, seed=5)
    walks = [{row.findtext("GOODS_SN") for row in reader.goods("&updDtFrom=20260906")[0]} for _ in range(4)]
    total = reader.goods("&updDtFrom=20260906")[1]

    assert any(len(walk) < total for walk in walks)
    assert len(set.union(*walks)) == total


def test_the_drift_adds_a_field_and_renames_the_first_top_category(open_mock):
    before, after = open_mock(day=4).goods()[0], open_mock(day=5).goods()[0]

    assert not any(row.find("ESG_YN") is not None for row in before)
    assert any(row.find("ESG_YN") is not None for row in after)
    assert {row.findtext("CTGRY_VER") for row in before} == {"2026-01"}
    assert {row.findtext("CTGRY_VER") for row in after} == {"2026-10"}
    assert any(row.findtext("CTGRY_NM").startswith("Beauty & Personal Care > ") for row in after)


def test_hidden_prices_may_carry_amounts_and_negotiable_ones_carry_none(reader):
    rows, _ = reader.goods()
    hidden = [row for row in rows if row.findtext("PRC_EXPSR_YN") == "N"]
    asked = [row for row in rows if row.findtext("PRC_NEGO_YN") == "Y"]

    assert any(row.find(".//USD_AMT") is not None for row in hidden)
    assert asked
    assert all(row.find(".//USD_AMT") is None for row in asked)
