"""The walk: which drops are read, in which order, and what it proves at its end (guide 4)."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from connectors.gobizkorea.wire import COLUMNS
from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable, QuotaSpent, RejectedRecord
from integrator.export import write_moq, write_price
from integrator.record import Ask, Batch, End, Kind, Lane, Plan
from tests.connectors.gobizkorea.conftest import SAMPLES

PRODUCT, PRICE, IMAGE, COMPANY = (COLUMNS[name] for name in ("product", "price_line", "image", "company"))


def walk(connector, lane=Lane.CHANGES, **plan):
    *batches, end = connector.fetch(Plan(lane, **plan))
    assert all(isinstance(batch, Batch) for batch in batches)
    assert isinstance(end, End)
    return batches, end


def listings(batches):
    return [record for batch in batches for record in batch.records if record.kind is Kind.LISTING]


def accounts(batches):
    return [record for batch in batches for record in batch.records if record.kind is Kind.ACCOUNT]


def apply(connector, state, batches):
    """What a buyer may see after these records, as a core would keep it: the later copy of an id wins."""
    for record in listings(batches):
        try:
            state[record.external_id] = connector.parse(record)
        except RejectedRecord:
            continue
    return state


def product(number="GS2026010100001", **cells):
    row = dict.fromkeys(PRODUCT, "") | {
        "상품번호": number, "상품명(국문)": "시험 상품", "업체번호": "C0001201A", "온라인주문여부": "Y",
        "상태": "판매중", "등록일": "20260101", "수정일": "20260901",
    } | cells  # fmt: skip
    return [row[column] for column in PRODUCT]


def price(number="GS2026010100001", amount="3.2", order="1", **cells):
    row = (
        dict.fromkeys(PRICE, "")
        | {"상품번호": number, "순번": order, "통화": "USD", "단가": amount, "단위": "EA"}
        | cells
    )
    return [row[column] for column in PRICE]


def parts(products=(), prices=(), images=(), companies=()):
    return {
        "product": [(PRODUCT, list(products))],
        "price_line": [(PRICE, list(prices))],
        "image": [(IMAGE, list(images))],
        "company": [(COMPANY, list(companies))],
    }


# States after each drop (samples/expected.md, section 2) --------------------------------------------------------------


def test_100250_shows_12_and_knows_one_more_that_is_not_shown(host, connector):
    host.add_samples(100250)

    batches, end = walk(connector)

    state = apply(connector, {}, batches)
    assert sum(listing.visible for listing in state.values()) == 12
    assert state["GS2021050100900"].visible is False
    assert (end.complete, end.census, end.sequence, end.watermark) == (True, True, 100250, {"seq": 100250})
    assert end.total == 16


def test_100251_changes_one_adds_one_and_deletes_none(host, connector):
    host.add_samples(100250, 100251)
    state = apply(connector, {}, walk(connector)[0])

    changed, added = state["GS2025031000055"], state["GS2026091400001"]
    assert write_price(changed.price).startswith("priced: 1..* 41.5 USD/H87")
    assert write_moq(changed.moq) == "30..* H87"
    assert write_price(added.price).startswith("priced: 1..* 4.9 USD/BX")
    assert write_moq(added.moq) == "20..* BX"
    assert sum(listing.visible for listing in state.values()) == 13


def test_a_delta_alone_is_no_census(host, connector):
    host.add_samples(100250, 100251)

    batches, end = walk(connector, watermark={"seq": 100250})

    assert [record.external_id for record in listings(batches)] == ["GS2025031000055", "GS2026091400001"]
    assert (end.complete, end.census, end.sequence, end.watermark) == (True, False, None, {"seq": 100251})


def test_100252_an_hour_without_changes_moves_the_watermark_only(host, connector):
    host.add_samples(100250, 100251, 100252)

    batches, end = walk(connector, watermark={"seq": 100251})

    assert listings(batches) == []
    assert (end.complete, end.watermark) == (True, {"seq": 100252})


def test_nothing_is_applied_after_a_gap_until_the_next_full_drop(host, connector):
    host.add_samples(100250, 100251, 100252)
    host.make(100260, kind="DELTA", base=100259, parts=parts([product()]))

    batches, end = walk(connector, watermark={"seq": 100252})

    assert listings(batches) == []
    assert end.watermark == {"seq": 100252}
    assert "100253 is missing" in end.warnings[0]


def test_100275_changes_no_record_for_its_columns_and_lacks_one(host, connector):
    host.add_samples(100250, 100251, 100252, 100275)
    first = Plan(Lane.CHANGES)
    host.drops.pop(100275)
    before = {
        record.external_id: connector.fingerprint(record) for record in listings(list(connector.fetch(first))[:-1])
    }
    host.add_samples(100275)

    batches, end = walk(connector, watermark={"seq": 100252})

    after = {record.external_id: connector.fingerprint(record) for record in listings(batches)}
    assert after.items() <= before.items()
    assert before.keys() - after.keys() >= {"GS2024010500003"}
    assert (end.census, end.sequence) == (True, 100275)
    assert end.unknown_fields == {"product.탄소배출량(kgCO2e)": 13}


def test_the_newest_full_drop_is_taken_past_a_gap(host, connector):
    host.add_samples(100250, 100251, 100252, 100275)

    batches, end = walk(connector, watermark={"seq": 100252})

    assert {record.sequence for record in listings(batches)} == {100275}
    assert end.watermark == {"seq": 100275}


def test_deltas_of_a_day_whose_full_drop_is_late_wait_for_it(host, connector):
    host.make(200, parts=parts([product()]))
    for seq in (*range(201, 225), 226):
        host.make(seq, kind="DELTA", base=seq - 1, parts=parts())

    _, end = walk(connector)

    assert (end.complete, end.watermark) == (True, {"seq": 224})
    assert "full drop 225 is not there yet" in end.warnings[0]


def test_a_full_drop_alone_can_be_begun_with(host, connector):
    host.make(100, kind="DELTA", base=99, parts=parts())

    _, end = walk(connector)

    assert end.complete is False
    assert "no full drop" in end.reason


def test_an_index_without_drops_proves_nothing(host, connector):
    _, end = walk(connector, watermark={"seq": 100250})

    assert (end.complete, end.census) == (False, False)


def test_numbers_that_went_back_need_a_person(host, connector):
    host.add_samples(100250)

    with pytest.raises(FeedChanged, match="below 200000"):
        walk(connector, watermark={"seq": 200000})


def test_a_census_reads_the_newest_full_drop_again_without_a_download(host, connector):
    host.add_samples(100250, 100251)
    walk(connector)
    downloads = {path: count for path, count in host.asked.items() if path.endswith(".gz")}

    batches, end = walk(connector, Lane.CENSUS, watermark={"seq": 100251})

    assert {path: count for path, count in host.asked.items() if path.endswith(".gz")} == downloads
    assert {record.sequence for record in listings(batches)} == {100250, 100251}
    assert (end.census, end.sequence, end.watermark) == (True, 100250, {"seq": 100251})


def test_a_new_full_drop_clears_the_spool_of_what_came_before(host, connector, tmp_path):
    host.add_samples(100250)
    walk(connector)
    host.add_samples(100275)

    walk(connector, watermark={"seq": 100250})

    names = {
        part["sha256"]
        for table in json.loads((SAMPLES / "100275" / "manifest.json").read_bytes())["tables"].values()
        for part in table["parts"]
    }
    assert {path.name for path in (tmp_path / "spool").iterdir()} == names


def test_nothing_is_asked_singly(connector):
    assert list(connector.fetch(Plan(Lane.DETAIL, asks=(Ask(Kind.ACCOUNT, "C1"),)))) == [End(complete=True)]


# Records -------------------------------------------------------------------------------------------------------------


def test_company_rows_come_before_the_listings(host, connector):
    host.add_samples(100250)

    batches, _ = walk(connector)

    stages = [batch.stage for batch in batches if batch.records]
    assert stages == ["accounts", "listings"]
    assert len(accounts(batches)) == 6


def test_every_row_is_a_record_the_losers_of_a_double_first(host, connector):
    host.add_samples(100250)

    batches, _ = walk(connector)

    copies = [record for record in listings(batches) if record.external_id == "GS2023072429925"]
    assert len(listings(batches)) == 16
    assert [record.fields["product"]["수정일"] for record in copies] == ["20260101", "20260912"]


def test_of_copies_of_one_day_the_later_row_counts(host, connector):
    rows = [
        product(모델명="late"),
        product(모델명="last"),
        product(모델명="early", 수정일="20260831"),
        product("x" * 15),
    ]
    host.make(10, parts=parts([*rows, product(모델명="unreadable day", 수정일="soon")]))

    batches, _ = walk(connector)

    copies = [record for record in listings(batches) if record.external_id == "GS2026010100001"]
    assert [each.fields["product"]["모델명"] for each in copies] == ["unreadable day", "early", "late", "last"]
    assert [each.outranked for each in copies] == [True, True, True, False]


def test_rows_of_one_product_meet_across_parts_and_columns_in_any_order(host, connector):
    turned = list(reversed(PRODUCT))
    made = parts()
    made["product"] = [(turned, [list(reversed(product()))]), (turned, [list(reversed(product("GS2026010100002")))])]
    made["price_line"] = [
        (PRICE, [price(order="2", amount="2")]),
        (PRICE, [price(order="1", amount="3"), price("GS2026010100002")]),
    ]
    host.make(10, parts=made)

    batches, _ = walk(connector)

    by_id = {record.external_id: record for record in listings(batches)}
    assert [line["단가"] for line in by_id["GS2026010100001"].fields["price_line"]] == ["2", "3"]
    assert by_id["GS2026010100001"].fields["product"]["상품명(국문)"] == "시험 상품"
    assert (by_id["GS2026010100002"].page, by_id["GS2026010100002"].offset) == ("10/product-0002.csv.gz", 0)


def test_the_order_of_side_rows_says_nothing(host, connector):
    prices = [price(order="1"), price(order="2", amount="4")]
    host.make(10, parts=parts([product()], prices))
    host.make(35, parts=parts([product()], prices[::-1]))
    (new,) = listings(walk(connector)[0])
    host.drops.pop(35)
    (old,) = listings(walk(connector)[0])

    assert connector.fingerprint(new) == connector.fingerprint(old)


def test_rows_without_product_are_counted_and_left_out(host, connector):
    host.make(10, parts=parts([product()], [price("GS1999010100001"), price()], [["GS1999010100001"] + [""] * 5]))

    batches, end = walk(connector)

    assert len(listings(batches)[0].fields["price_line"]) == 1
    assert [warning.partition(": ")[2][:20] for warning in end.warnings] == [
        "1 rows of price_line",
        "1 rows of image have",
    ]


def test_a_row_with_a_wrong_number_of_fields_is_rejected_and_its_id_present(host, connector):
    host.add_samples(100250)

    (short,) = [record for record in listings(walk(connector)[0]) if record.external_id == "GS2026030300002"]

    with pytest.raises(RejectedRecord) as caught:
        connector.parse(short)
    assert caught.value.reasons[0].code == "ROW_SHAPE"


def test_a_price_row_with_a_wrong_number_of_fields_is_counted_and_left_out(host, connector):
    host.make(10, parts=parts([product()], [price(), ["GS2026010100001", "2"]]))

    batches, end = walk(connector)

    assert len(listings(batches)[0].fields["price_line"]) == 1
    assert "wrong number of fields" in end.warnings[0]


def test_kept_bytes_read_back_to_the_same_fields_and_fingerprint(host, connector):
    host.add_samples(100250)

    for record in [record for batch in walk(connector)[0] for record in batch.records]:
        again = connector.decode(record.kind, record.body)
        assert again == dict(record.fields)
        copy = type(record)(record.platform, record.kind, record.external_id, again, lambda: b"")
        assert connector.fingerprint(copy) == connector.fingerprint(record)


# Resume --------------------------------------------------------------------------------------------------------------


def test_a_walk_resumed_at_any_position_gives_what_was_left(host, connector, monkeypatch):
    monkeypatch.setattr("connectors.gobizkorea.feed.BATCH", 5)
    host.add_samples(100250, 100251, 100252)
    batches, end = walk(connector)
    whole = [(record.kind, record.external_id, record.body) for batch in batches for record in batch.records]

    for place, batch in enumerate(batches):
        rest, rest_end = walk(connector, position=json.loads(json.dumps(batch.position)))
        taken = sum(len(before.records) for before in batches[: place + 1])
        left = [(record.kind, record.external_id, record.body) for batch in rest for record in batch.records]
        assert left == whole[taken:]
        assert (rest_end.census, rest_end.sequence, rest_end.watermark) == (end.census, end.sequence, end.watermark)


def test_a_walk_resumed_under_a_newer_full_drop_reads_that_one(host, connector):
    host.add_samples(100250, 100251)
    position = walk(connector)[0][-2].position
    host.add_samples(100275)

    batches, end = walk(connector, position=position)

    assert {record.sequence for record in listings(batches)} == {100275}
    assert end.sequence == 100275


def test_rows_are_not_counted_off_in_another_making_of_the_drop(host, connector):
    host.make(10, parts=parts([product(), product("GS2026010100002")]))
    position = walk(connector)[0][-2].position
    host.make(10, parts=parts([product(), product("GS2026010100002"), product("GS2026010100003")]))

    assert len(listings(walk(connector, position=position)[0])) == 3


# Trouble -------------------------------------------------------------------------------------------------------------

INDEX = "/drop/v2/manifest.json"
MANIFEST = "/drop/v2/100250/manifest.json"
FILE = "/drop/v2/100250/product-0001.csv.gz"
NOT_READY = (SAMPLES / "error_404_not_ready.json").read_bytes()


@pytest.mark.parametrize("path", [INDEX, MANIFEST, FILE])
def test_a_drop_that_is_not_there_yet_is_waited_for_as_told(host, connector, clock, path):
    host.add_samples(100250)
    host.troubles[path] = [(404, {"Retry-After": "7"}, NOT_READY)] * 8

    _, end = walk(connector)

    assert end.complete
    assert clock.slept == [7] * 8


def test_a_drop_that_stays_away_is_left_after_fifteen_minutes_with_the_time_to_come_back(host, connector, clock):
    host.add_samples(100250)
    host.troubles[MANIFEST] = [(404, {"Retry-After": "400"}, NOT_READY)] * 9

    with pytest.raises(FeedUnavailable) as caught:
        walk(connector)

    assert sum(clock.slept) <= 15 * 60
    assert caught.value.retry_at == clock.now() + timedelta(seconds=400)


def test_our_clock_is_corrected_once(host, connector):
    host.add_samples(100250)
    host.ahead = timedelta(days=400)

    assert walk(connector)[1].complete
    assert host.asked[INDEX] == 2


def test_a_second_clock_refusal_ends_the_walk(host, connector):
    refusal: tuple[int, dict[str, str], bytes] = (401, {}, (SAMPLES / "error_401_skew.json").read_bytes())
    host.troubles[INDEX] = [refusal, refusal]

    with pytest.raises(AccessRefused, match="clock"):
        walk(connector)


def test_a_refused_signature_is_not_tried_again(host, connector, clock):
    host.troubles[INDEX] = [(401, {}, (SAMPLES / "error_401_signature.json").read_bytes())]

    with pytest.raises(AccessRefused) as caught:
        walk(connector)

    assert caught.value.code == "GB-4013"
    assert host.asked[INDEX] == 1


def test_used_up_downloads_stop_until_the_next_korean_day(host, connector, clock):
    host.add_samples(100250)
    host.as_of = "2026-09-14T10:22:05+09:00"
    host.troubles[FILE] = [(429, {}, (SAMPLES / "error_429_download.json").read_bytes())]

    with pytest.raises(QuotaSpent) as caught:
        walk(connector)

    assert caught.value.retry_at == datetime(2026, 9, 14, 15, tzinfo=UTC)


def test_used_up_downloads_are_not_tried_by_another_process(host, open_connector):
    host.add_samples(100250)
    host.as_of = "2026-09-14T10:22:05+09:00"
    host.troubles[FILE] = [(429, {}, (SAMPLES / "error_429_download.json").read_bytes())]
    with pytest.raises(QuotaSpent):
        walk(open_connector())

    with pytest.raises(QuotaSpent) as caught:
        walk(open_connector())

    assert host.asked[FILE] == 1
    assert caught.value.retry_at == datetime(2026, 9, 14, 15, tzinfo=UTC)


def test_a_file_is_downloaded_as_often_as_its_day_allows(host, open_connector):
    host.add_samples(100250)
    host.files[FILE] += b"x"

    for _ in range(20):
        with suppress(QuotaSpent):
            walk(open_connector())

    assert host.asked[FILE] == 10


def test_an_expired_drop_ends_the_walk_incomplete(host, connector):
    host.add_samples(100250)
    host.troubles[MANIFEST] = [(410, {}, (SAMPLES / "error_410_expired.json").read_bytes())]

    _, end = walk(connector)

    assert (end.complete, end.census, end.watermark) == (False, False, None)
    assert "no longer keeps" in end.reason


def test_passing_trouble_is_tried_again_also_under_status_200(host, connector, clock):
    host.add_samples(100250)
    host.troubles[INDEX] = [(500, {}, b'{"code":"GB-5000"}')]
    host.troubles[FILE] = [(200, {"Content-Type": "application/json"}, b'{"code":"GB-5000"}')]

    assert walk(connector)[1].complete
    assert host.asked[FILE] == 2


def test_a_download_that_breaks_off_is_begun_again(host, connector):
    host.add_samples(100250)
    body = host.files[FILE]
    host.troubles[FILE] = [(200, {"Content-Length": str(len(body)), "Connection": "close"}, body[:100])]

    assert walk(connector)[1].complete


def test_no_exception_holds_the_secret(host, connector):
    host.troubles[INDEX] = [(418, {}, b"hM9v2Qd7Wc4Zt1Lx8Rn5Bk3Yp6Sf0Ja7")]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)

    assert "hM9v2Qd7" not in repr(caught.value) + str(caught.value.__cause__) + str(caught.value.__context__)
