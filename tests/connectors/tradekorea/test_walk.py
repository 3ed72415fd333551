"""The walk: chains of cursors, tombstones, tokens, limits and what the end proves (guide 1 to 5)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from integrator.errors import AccessRefused, BytesRefused, FeedChanged, FeedUnavailable
from integrator.record import Ask, Batch, End, Kind, Lane, Plan
from integrator.store.database import Database
from integrator.store.tables import budget
from tests.connectors.tradekorea.conftest import AS_OF, PUBLIC, SAMPLES, page, product, supplier, tombstone

PRODUCTS, SUPPLIERS, TOMBSTONES = "/v1/products", "/v1/suppliers", "/v1/tombstones"
EXPIRED: tuple[int, dict[str, str], bytes] = (400, {}, (SAMPLES / "error_cursor_expired.json").read_bytes())


def walk(connector, lane=Lane.CENSUS, **plan):
    *batches, end = connector.fetch(Plan(lane, **plan))
    assert all(isinstance(batch, Batch) for batch in batches)
    assert isinstance(end, End)
    return batches, end


def ids(batches, kind=Kind.LISTING):
    return [record.external_id for batch in batches for record in batch.records if record.kind is kind]


@pytest.fixture
def five(host):
    host.put(SUPPLIERS, supplier(), supplier(204872), supplier(204873))
    return host.put(PRODUCTS, *(product(100000 + hour, hour) for hour in range(5)))


# The walk and its proof ----------------------------------------------------------------------------------------------


def test_a_census_reads_suppliers_then_products_then_tombstones(five, connector):
    five.put(TOMBSTONES, tombstone(100009, 12))

    batches, end = walk(connector)

    assert list(dict.fromkeys(batch.stage for batch in batches)) == ["accounts", "listings", "withdrawals"]
    assert ids(batches, Kind.ACCOUNT) == ["204871", "204872", "204873"]
    assert ids(batches) == [f"P{number}" for number in range(100000, 100005)]
    assert ids(batches, Kind.WITHDRAWAL) == ["P100009"]
    assert (end.complete, end.census, end.watermark, end.scope) == (True, True, {"as_of": AS_OF}, "member")


def test_changes_ask_from_the_watermark_inclusive_for_products_and_tombstones(five, connector):
    since = "2026-09-01T03:00:00+09:00"

    batches, end = walk(connector, Lane.CHANGES, watermark={"as_of": since}, accounts=False)

    assert five.calls(PRODUCTS) == [{"updatedAfter": since, "limit": "50"}]
    assert five.calls(TOMBSTONES) == [{"since": since, "limit": "50"}]
    assert five.calls(SUPPLIERS) == []
    assert ids(batches) == ["P100003", "P100004"]
    assert (end.complete, end.census) == (True, False)


def test_a_cursor_is_sent_with_its_query_unchanged(five, connector):
    walk(connector, Lane.CHANGES, watermark={"as_of": "2026-09-01T00:00:00+09:00"}, accounts=False)

    assert {query["updatedAfter"] for query in five.calls(PRODUCTS)} == {"2026-09-01T00:00:00+09:00"}
    assert [query.get("cursor") for query in five.calls(PRODUCTS)] == [None, "/v1/products:2", "/v1/products:4"]


def test_the_watermark_is_the_clock_of_the_first_page_of_products(five, connector):
    later = "2026-09-14T12:00:00+09:00"
    five.troubles[PRODUCTS] = [
        (200, {}, page([product()], cursor="a")),
        (200, {}, page([product(100002)], as_of=later)),
    ]

    assert walk(connector)[1].watermark == {"as_of": AS_OF}


def test_withdrawals_during_a_first_census_are_read_too(five, connector):
    walk(connector)

    assert five.calls(TOMBSTONES) == [{"since": AS_OF, "limit": "50"}]


def test_an_empty_page_with_more_to_come_is_no_end(five, connector):
    five.troubles[PRODUCTS] = [(200, {}, page([], cursor="/v1/products:0"))]

    assert len(ids(walk(connector)[0])) == 5


def test_unknown_keys_are_counted(five, connector):
    five.put(PRODUCTS, product(100009, 9, carbon="1.2"), product(100010, 10, carbon=None))

    assert walk(connector)[1].unknown_fields == {"listings.carbon": 2}


def test_a_record_without_readable_number_has_no_id(host, connector):
    host.put(PRODUCTS, product(productNo="Q1"), product(100002, productNo=7), product(100003))

    assert ids(walk(connector)[0]) == ["", "", "P100003"]


def test_kept_bytes_are_the_record_as_sent(five, connector):
    five.put(PRODUCTS, product(100009, 9, name='한글 "㎏" \\ /', priceText=None))

    for record in [record for batch in walk(connector)[0] for record in batch.records]:
        assert connector.decode(record.kind, record.body) == record.fields
        assert record.body in page(five.lists[PRODUCTS] + five.lists[SUPPLIERS])


def test_a_walk_resumed_at_any_position_gives_what_was_left(five, connector):
    five.put(TOMBSTONES, tombstone(100007, 12), tombstone(100008, 13), tombstone(100009, 14))
    batches, end = walk(connector)
    whole = [(record.kind, record.external_id) for batch in batches for record in batch.records]

    for place, batch in enumerate(batches[:-1]):
        rest, rest_end = walk(connector, position=json.loads(json.dumps(batch.position)))
        taken = sum(len(before.records) for before in batches[: place + 1])
        assert [(record.kind, record.external_id) for each in rest for record in each.records] == whole[taken:]
        assert (rest_end.census, rest_end.watermark) == (end.census, end.watermark)


def test_a_clock_that_went_back_is_a_warning_and_a_day_before_it_is_asked_from(five, connector):
    _, end = walk(connector, Lane.CHANGES, watermark={"as_of": "2026-09-20T11:00:00+09:00"})

    assert five.calls(PRODUCTS)[-1] == {"updatedAfter": "2026-09-13T11:00:00+09:00", "limit": "50"}
    assert five.calls(TOMBSTONES) == [{"since": "2026-09-13T11:00:00+09:00", "limit": "50"}]
    assert "went back" in end.warnings[0]


# Chains that break ---------------------------------------------------------------------------------------------------


def test_an_expired_cursor_begins_again_with_the_last_readable_time(five, connector):
    five.lists[PRODUCTS][3]["updatedAt"] = "2026-13-40T25:00:00+09:00"
    five.troubles[PRODUCTS] = [
        (200, {}, page(five.lists[PRODUCTS][:2], cursor="a")),
        (200, {}, page(five.lists[PRODUCTS][2:4], cursor="b")),
        EXPIRED,
        (200, {}, page(five.lists[PRODUCTS][4:])),
    ]

    batches, end = walk(connector)

    assert five.calls(PRODUCTS)[-1] == {"updatedAfter": "2026-09-01T02:00:00+09:00", "limit": "50"}
    assert set(ids(batches)) == {f"P{number}" for number in range(100000, 100005)}
    assert (end.complete, end.census, end.watermark) == (True, True, {"as_of": AS_OF})
    assert "begun again" in end.warnings[0]


def test_a_cursor_that_expired_while_we_were_away_begins_again_where_we_were(five, connector):
    position = walk(connector)[0][2].position  # after the first page of products
    five.troubles[PRODUCTS] = [EXPIRED]

    batches, end = walk(connector, position=position)

    assert set(ids(batches)) == {f"P{number}" for number in range(100001, 100005)}
    assert (end.complete, end.census) == (True, True)


def test_a_record_dated_ahead_does_not_move_the_place_to_begin_again(five, connector):
    five.troubles[PRODUCTS] = [
        (200, {}, page([product(1000001, 1), product(1000002, updatedAt="2099-01-01T00:00:00+09:00")], cursor="a")),
        EXPIRED,
    ]

    walk(connector)

    assert five.calls(PRODUCTS)[2]["updatedAfter"] == "2026-09-01T01:00:00+09:00"


def test_cursors_that_expire_without_progress_end_the_run(five, connector):
    five.troubles[SUPPLIERS] = [EXPIRED] * 9

    with pytest.raises(FeedUnavailable, match="expire"):
        walk(connector)


def test_cursors_that_expire_again_and_again_with_progress_do_not(five, connector):
    rows = five.lists[PRODUCTS]
    five.troubles[PRODUCTS] = []
    for row in rows:
        five.troubles[PRODUCTS] += [(200, {}, page([row], cursor=row["productNo"])), EXPIRED]

    assert walk(connector)[1].complete


@pytest.mark.parametrize("code", ["CURSOR_INVALID", "CURSOR_MISMATCH", "INVALID_PARAMETER", "SOMETHING_NEW"])
def test_other_refusals_need_a_person(five, connector, code):
    five.troubles[PRODUCTS] = [(400, {}, json.dumps({"error": {"code": code, "message": ""}}).encode())]

    with pytest.raises(FeedChanged):
        walk(connector)


def test_the_same_page_twice_is_a_fault(five, connector):
    rows = five.lists[PRODUCTS][:2]
    five.troubles[PRODUCTS] = [(200, {}, page(rows, cursor="a")), (200, {}, page(rows, cursor="b"))]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)
    assert caught.value.code == "REPEATED_PAGE"


@pytest.mark.parametrize("cursors", ["aa", "aba"])
def test_a_cursor_that_comes_back_is_a_fault(five, connector, cursors):
    five.troubles[PRODUCTS] = [
        (200, {}, page([product(100000 + place)], cursor=cursor)) for place, cursor in enumerate(cursors)
    ]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)
    assert caught.value.code == "CURSOR_LOOP"


def test_empty_pages_without_end_are_a_fault(five, connector, monkeypatch):
    monkeypatch.setattr("connectors.tradekorea.walk._MOST_EMPTY", 3)
    five.troubles[PRODUCTS] = [(200, {}, page([], cursor=str(place))) for place in range(5)]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)
    assert caught.value.code == "EMPTY_PAGE"


# Tombstones ----------------------------------------------------------------------------------------------------------


def test_tombstones_that_are_gone_are_a_warning_and_the_rest_is_read(five, connector):
    oldest = "2026-08-15T11:00:00+09:00"
    gone = {"error": {"code": "TOMBSTONES_GONE", "message": "", "oldest": oldest}}
    five.put(TOMBSTONES, tombstone(100009, 12))
    five.troubles[TOMBSTONES] = [(410, {}, json.dumps(gone).encode())]

    batches, end = walk(connector, Lane.CHANGES, watermark={"as_of": "2026-07-01T00:00:00+09:00"})

    assert five.calls(TOMBSTONES)[-1]["since"] == oldest
    assert ids(batches, Kind.WITHDRAWAL) == ["P100009"]
    assert end.complete
    assert "only a full walk" in end.warnings[0]


# Token and scope -----------------------------------------------------------------------------------------------------


def test_the_scope_falls_to_public_only_when_refused(five, open_connector):
    batches, end = walk(open_connector(PUBLIC))

    assert five.signed_in == ["public"]
    assert end.scope == "public"
    assert {record.scope for batch in batches for record in batch.records} == {"public"}


def test_a_wrong_secret_is_refused_without_a_second_try(five, open_connector, clock):
    with pytest.raises(AccessRefused):
        walk(open_connector(secret="wrong-secret"))

    assert clock.slept == []


def test_a_spent_token_is_renewed_in_its_scope_and_the_same_call_made_again(five, connector):
    five.spend_after = 2

    batches, end = walk(connector)

    assert end.complete
    assert len(ids(batches)) == 5
    assert set(five.signed_in) == {"member"}
    assert [query.get("cursor") for query in five.calls(PRODUCTS)] == [None, "/v1/products:2", "/v1/products:4"]


def test_a_token_near_its_end_is_renewed_before_it_is_refused(five, connector, clock):
    walk(connector)
    clock.at += timedelta(seconds=1785)

    walk(connector)

    assert five.signed_in == ["member", "member"]


def test_a_fresh_token_that_is_refused_stops_the_walk(five, connector):
    five.spend_after = 0

    with pytest.raises(AccessRefused):
        walk(connector)

    assert len(five.signed_in) == 2


def test_a_walk_resumed_in_another_scope_drops_its_cursor(five, connector, open_connector):
    position = walk(connector)[0][2].position

    _, end = walk(open_connector(PUBLIC), position=position)

    assert "cursor" not in five.calls(PRODUCTS)[-2]
    assert end.scope == "public"


def test_no_exception_holds_secret_or_token(five, connector):
    five.troubles[PRODUCTS] = [(418, {}, b"mS3-9fQ2xV7bL1kT")]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)

    assert "mS3-9fQ2xV7bL1kT" not in repr(caught.value)
    assert "token-" not in repr(caught.value)


# Limits and passing trouble ------------------------------------------------------------------------------------------


def test_a_spent_minute_is_waited_for_before_the_next_call(five, connector, clock):
    five.limits = [{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "37"}]

    assert walk(connector)[1].complete
    assert clock.slept == [37]


def test_a_minute_spent_by_others_is_waited_for_too(five, open_connector, clock):
    five.limits = [{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "37"}]
    next(open_connector().fetch(Plan(Lane.CENSUS, accounts=False)))

    walk(open_connector())

    assert clock.slept == [37]


def test_a_census_leaves_some_calls_of_the_minute_to_changes(five, open_connector, clock):
    five.limits = [{"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "4", "X-RateLimit-Reset": "37"}]
    next(open_connector().fetch(Plan(Lane.CENSUS, accounts=False)))

    next(open_connector().fetch(Plan(Lane.CHANGES, {"as_of": AS_OF}, accounts=False)))
    assert clock.slept == []

    walk(open_connector())
    assert clock.slept == [37]


def test_without_limits_nothing_is_counted(five, open_connector, clock, tmp_path):
    assert walk(open_connector())[1].complete

    with Database(f"sqlite:///{tmp_path}/hanmaru.db").read() as connection:
        assert connection.execute(select(budget)).all() == []


def test_a_429_is_waited_for_as_told(five, connector, clock):
    five.troubles[PRODUCTS] = [(429, {"Retry-After": "37"}, b'{"error":{"code":"RATE_LIMITED","message":""}}')]

    assert walk(connector)[1].complete
    assert clock.slept == [37]


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "3600"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3600"}]
)
def test_an_hours_wait_ends_the_run_and_keeps_the_place(five, connector, clock, headers):
    five.troubles[PRODUCTS] = [(429, headers | {"Retry-After": "3600"}, b'{"error":{"code":"RATE_LIMITED"}}')]

    with pytest.raises(FeedUnavailable) as caught:
        walk(connector)

    assert caught.value.retry_at == clock.now() + timedelta(seconds=3600)
    assert clock.slept == []


@pytest.mark.parametrize("status", [200, 500, 503])
def test_passing_trouble_is_tried_again_whatever_its_status(five, connector, status):
    code = "INTERNAL" if status == 500 else "UNAVAILABLE"
    five.troubles[PRODUCTS] = [(status, {}, json.dumps({"error": {"code": code, "message": ""}}).encode())]

    assert len(ids(walk(connector)[0])) == 5


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Maintenance</html>",
        b"",
        b"[]",
        b"null",
        b'{"items":null,"hasMore":false,"nextCursor":null,"asOf":"2026-09-14T11:00:00+09:00"}',
        b'{"items":[],"hasMore":"no","nextCursor":null,"asOf":"2026-09-14T11:00:00+09:00"}',
        b'{"items":[],"hasMore":true,"nextCursor":null,"asOf":"2026-09-14T11:00:00+09:00"}',
        b'{"items":[],"hasMore":false,"nextCursor":null}',
        b'{"items":{},"hasMore":false,"nextCursor":null,"asOf":"2026-09-14T11:00:00+09:00"}',
        b'{"items":[],"hasMore":false,"nextCursor":null,"asOf":"2026-09-14T11:00:00+09:00"}}',
    ],
)
def test_a_page_that_is_none_is_refused(five, connector, body):
    five.troubles[PRODUCTS] = [(200, {}, body)] * 5

    with pytest.raises(BytesRefused):
        walk(connector)


# Single questions ----------------------------------------------------------------------------------------------------


def ask(connector, *asks, **plan):
    return walk(connector, Lane.DETAIL, asks=asks, **plan)


def test_a_detail_comes_back_as_a_detail(host, connector):
    body = (SAMPLES / "product_P831966.json").read_bytes()
    host.singles["/v1/products/P831966"] = (200, {}, body)

    (batch,), end = ask(connector, Ask(Kind.LISTING, "P831966"))

    (record,) = batch.records
    assert (record.kind, record.external_id, record.body) == (Kind.DETAIL, "P831966", body)
    assert (end.complete, end.census) == (True, False)


def test_410_and_404_come_back_as_withdrawals(host, connector):
    host.singles["/v1/products/P640001"] = (410, {}, (SAMPLES / "error_410.json").read_bytes())

    (batch,), _ = ask(connector, Ask(Kind.LISTING, "P640001"), Ask(Kind.LISTING, "P999999"))

    withdrawn, unknown = (connector.parse(record) for record in batch.records)
    assert (withdrawn.external_id, withdrawn.at.at.isoformat()) == ("P640001", "2026-09-12T23:00:00+00:00")
    assert (unknown.external_id, unknown.at, unknown.reason) == ("P999999", None, "NOT_FOUND")


def test_a_404_that_is_not_the_platforms_own_withdraws_nothing(host, connector):
    host.singles["/v1/products/P640001"] = (404, {}, b"<html>no such host</html>")

    with pytest.raises(FeedChanged):
        ask(connector, Ask(Kind.LISTING, "P640001"))


def test_an_answer_about_another_record_is_a_fault(host, connector):
    host.singles["/v1/products/P640001"] = (200, {}, (SAMPLES / "product_P831966.json").read_bytes())

    with pytest.raises(FeedChanged):
        ask(connector, Ask(Kind.LISTING, "P640001"))


def test_a_supplier_is_asked_singly_and_an_unknown_one_is_no_withdrawal(host, connector):
    host.singles["/v1/suppliers/204871"] = (200, {}, (SAMPLES / "supplier_204871_member.json").read_bytes())

    (batch,), end = ask(connector, Ask(Kind.ACCOUNT, "204871"), Ask(Kind.ACCOUNT, "1/../2"))

    assert [(record.kind, record.external_id) for record in batch.records] == [(Kind.ACCOUNT, "204871")]
    assert "no supplier" in end.warnings[0]


def test_single_questions_go_on_where_they_were(host, connector):
    asks = tuple(Ask(Kind.LISTING, f"P{number}") for number in range(100000, 100030))
    first = next(iter(connector.fetch(Plan(Lane.DETAIL, asks=asks))))

    rest, _ = ask(connector, *asks, position=first.position)

    assert ids(rest, Kind.WITHDRAWAL) == [each.external_id for each in asks[20:]]


@pytest.mark.parametrize(
    "rows",
    [[{"productNo": "P831966", "withdrawnAt": "2026-09-14T10:00:00+09:00"}], [{"id": "204871"}], ["x"], [[], {}]],
)
def test_rows_of_another_list_are_a_fault(five, connector, rows):
    five.troubles[PRODUCTS] = [(200, {}, page(rows))]

    with pytest.raises(FeedChanged) as caught:
        walk(connector)
    assert caught.value.code == "OTHER_LIST"
