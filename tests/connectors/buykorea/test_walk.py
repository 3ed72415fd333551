"""Walking BuyKorea's list while it moves (guide 5): nothing is missed, everything is proven, and paging ends."""

import json
from datetime import date, timedelta
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.buykorea import windows
from connectors.buykorea.calls import Calls
from connectors.buykorea.feed import BuyKorea
from connectors.http import Answer
from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable, QuotaSpent
from integrator.ports import Window
from integrator.record import Ask, Batch, End, Kind, Lane, Plan
from tests.connectors.buykorea.conftest import KEY, FakeBuyKorea, FakeClock

TODAY = date(2026, 9, 14)


def spread(count: int, *, days: int, first: int = 3_600_000) -> dict[int, date]:
    return {first + place: TODAY - timedelta(days=(place * 7919) % days) for place in range(count)}


def walk(connector: BuyKorea, plan: Plan) -> tuple[list[Batch], End]:
    found = list(connector.fetch(plan))
    assert isinstance(found[-1], End)
    return [part for part in found[:-1] if isinstance(part, Batch)], found[-1]


def numbers(batches: list[Batch], kind: Kind = Kind.LISTING) -> set[int]:
    return {int(record.external_id) for batch in batches for record in batch.records if record.kind is kind}


CENSUS = Plan(Lane.CENSUS, accounts=False)


def test_a_census_reads_every_row_once_and_proves_it(world, connector) -> None:
    world.rows = spread(3000, days=900)

    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set(world.rows)
    assert sum(len(batch.records) for batch in batches) == 3000
    assert (end.complete, end.census, end.total) == (True, True, 3000)
    assert end.watermark == {"time": "20260914112233"}
    assert world.calls <= 3000 / 100 * 1.4


def test_an_empty_platform_is_read_whole(world, connector) -> None:
    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set()
    assert (end.complete, end.total) == (True, 0)


def test_changes_read_the_whole_day_of_the_watermark_again(world, connector) -> None:
    world.rows = {1_000_001: TODAY, 1_000_002: TODAY - timedelta(days=1), 1_000_003: TODAY - timedelta(days=2)}

    batches, end = walk(connector, Plan(Lane.CHANGES, watermark={"time": "20260913235959"}, accounts=False))

    assert numbers(batches) == {1_000_001, 1_000_002}
    assert (end.complete, end.census) == (True, False)


def test_a_clock_that_went_back_is_a_warning_and_the_earlier_day_is_read(world, connector) -> None:
    world.rows = {1_000_001: TODAY, 1_000_002: TODAY + timedelta(days=3), 1_000_003: TODAY - timedelta(days=1)}

    batches, end = walk(connector, Plan(Lane.CHANGES, watermark={"time": "20260917000000"}, accounts=False))

    assert numbers(batches) == {1_000_001, 1_000_002}
    assert "went back" in str([batch.warnings for batch in batches]) + str(end.warnings)
    assert end.watermark == {"time": world.time}


def test_more_than_ninety_days_away_calls_for_a_census(world, connector) -> None:
    world.rows = {1_000_001: TODAY}

    _, end = walk(connector, Plan(Lane.CHANGES, watermark={"time": "20260601000000"}, accounts=False))

    assert "a census is due" in end.warnings[0]


@pytest.mark.parametrize("border", range(2, 6))
def test_a_row_that_changed_places_across_a_border_is_found_again(world, connector, border: int) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_450), TODAY) | spread(50, days=400)
    swaps: list[int] = []

    def swap(world, query, page):
        """The first row of one page is the last of the page before it, once."""
        if int(query["pageNo"]) == border and query["numOfRows"] == "100" and not swaps:
            swaps.append(page[0])
            before = world.select(query)[(border - 1) * 100 - 1]
            return [before, *page[1:]]
        return page

    world.shown = swap
    batches, end = walk(connector, CENSUS)

    assert swaps
    assert numbers(batches) == set(world.rows)
    assert end.complete


def test_a_border_that_always_hides_a_row_is_read_with_other_borders(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_250), TODAY)

    def swap(world, query, page):
        if query["pageNo"] == "2" and query["numOfRows"] == "100" and "entpSn" not in query:
            return [world.select(query)[99], *page[1:]]
        return page

    world.shown = swap
    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set(world.rows)
    assert end.complete


def hide_one(hidden: int):
    def shown(world, query, page):
        """The row is in no list of days; only its seller's own list shows it."""
        kept = [number for number in page if number != hidden or "entpSn" in query]
        return kept

    return shown


def test_a_day_that_will_not_close_is_finished_by_seller(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_120), TODAY)
    world.sellers = {number: 1_100_000 + number % 7 for number in world.rows}
    world.companies = sorted(set(world.sellers.values()))
    world.shown = hide_one(1_000_060)

    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set(world.rows)
    assert end.complete


def test_a_day_that_no_seller_closes_ends_the_walk_incomplete(world, connector, monkeypatch) -> None:
    monkeypatch.setattr(windows, "MOST_SELLER_CALLS", 5)
    world.rows = dict.fromkeys(range(1_000_000, 1_000_120), TODAY)
    world.sellers = {number: 1_100_000 + number for number in world.rows}
    world.companies = sorted(set(world.sellers.values()))
    world.shown = hide_one(1_000_061)

    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set(world.rows) - {1_000_061}
    assert (end.complete, end.watermark) == (False, None)
    assert "119 of 120" in end.reason
    assert sum("entpSn" in query for _, query in world.asked) <= 5


def test_a_row_edited_while_the_walk_passes_is_seen(world, connector) -> None:
    world.rows = spread(1500, days=500)
    numbers_by_age = sorted(world.rows, key=lambda number: world.rows[number])
    moved = iter([numbers_by_age[900], numbers_by_age[1200], numbers_by_age[3]])

    def edit(world, query):
        if world.calls % 5 == 0:
            number = next(moved, None)
            if number is not None:
                world.rows[number] = TODAY

    world.before = edit
    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == set(world.rows)
    assert end.complete


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_whatever_moves_while_we_page_nothing_present_throughout_is_missed(data) -> None:
    """Edits, additions and removals between any two calls: present throughout means seen, and paging ends."""
    clock = FakeClock()
    world = FakeBuyKorea(_clock=clock)
    connector = BuyKorea(Calls(world, key=KEY, clock=clock))  # type: ignore[arg-type]
    world.rows = spread(data.draw(st.integers(1, 400)), days=data.draw(st.integers(1, 40)))
    steady, most = set(world.rows), [len(world.rows)]
    moves = data.draw(st.lists(st.tuples(st.integers(1, 30), st.sampled_from("ear"), st.integers(0, 399)), max_size=12))

    def move(world, query):
        for call, way, place in moves:
            if call != world.calls or not world.rows:
                continue
            number = sorted(world.rows)[place % len(world.rows)]
            if way == "e":
                world.rows[number] = TODAY
            elif way == "a":
                world.rows[9_000_000 + call] = TODAY
            else:
                steady.discard(number)
                del world.rows[number]
            most.append(len(world.rows))

    world.before = move
    batches, end = walk(connector, CENSUS)

    assert not end.complete or steady <= numbers(batches)
    assert world.calls <= 2 * ceil(max(most) / 100) + 10


def test_a_past_day_that_rows_keep_leaving_closes_once_all_that_it_had_were_seen(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_250), TODAY - timedelta(days=1))
    world.rows |= dict.fromkeys(range(2_000_000, 2_000_900), TODAY)

    def edit(world, query):
        """The newest row moves to today, so that the first of this page goes to the one that was read already."""
        if query["pageNo"] == "2" and query.get("updDtTo") == "20260913":
            world.rows[world.select(query)[0]] = TODAY

    world.before = edit
    batches, end = walk(connector, Plan(Lane.CHANGES, watermark={"time": "20260913100000"}, accounts=False))

    assert numbers(batches) == set(world.rows)
    assert end.complete


def test_a_list_that_grows_shorter_before_its_oldest_row_is_asked_for_still_tells_where_to_begin(
    world, connector
) -> None:
    world.rows = spread(1500, days=300)

    def take_out(world, query):
        if world.calls == 2:
            del world.rows[3_600_000]

    world.before = take_out
    _, end = walk(connector, CENSUS)

    assert end.complete
    assert world.calls <= 1500 / 100 * 1.4 + 1


def test_a_walk_taken_up_has_no_more_calls_to_spare_than_it_had(world, calls) -> None:
    world.rows = spread(1200, days=300)
    batches, _ = walk(BuyKorea(calls), CENSUS)
    position = {**batches[-2].position, "calls": 2 * 12 + 10}
    world.shown = hide_one(min(world.rows))
    before = world.calls

    _, end = walk(BuyKorea(calls), Plan(Lane.CENSUS, accounts=False, position=position))

    assert not end.complete
    assert world.calls - before <= 500 / 100 + 2, "nothing was read twice"


def test_rows_outside_all_windows_are_found_at_the_ends_of_the_list(world, connector) -> None:
    world.rows = spread(150, days=30)
    plain = world.select

    def select(query):
        found = plain(query)
        return [*found, 777_777] if not {"updDtFrom", "updDtTo"} & query.keys() else found

    world.select = select
    batches, end = walk(connector, CENSUS)

    assert numbers(batches) == {*world.rows, 777_777}
    assert end.complete


def test_rows_counted_but_never_shown_leave_the_walk_incomplete(world, connector) -> None:
    world.rows = spread(2000, days=300)
    plain = world.select

    def select(query):
        found = plain(query)
        return [*found, *found[:5]] if not {"updDtFrom", "updDtTo"} & query.keys() else found

    world.select = select
    _, end = walk(connector, CENSUS)

    assert end.complete is False
    assert "5 listings are counted" in end.reason


def test_every_position_resumes_to_the_same_set(world, connector, calls) -> None:
    world.rows = spread(1200, days=300)
    world.companies = list(range(1_100_000, 1_100_230))
    plan = Plan(Lane.CENSUS)
    batches, _ = walk(connector, plan)

    for place, batch in enumerate(batches):
        position = json.loads(json.dumps(batch.position))
        again, end = walk(BuyKorea(calls), Plan(Lane.CENSUS, position=position))
        before = batches[: place + 1]

        assert numbers(before) | numbers(again) == set(world.rows)
        assert numbers(before, Kind.ACCOUNT) | numbers(again, Kind.ACCOUNT) == set(world.companies)
        assert (end.complete, end.watermark) == (True, {"time": "20260914112233"})


def test_the_watermark_is_the_first_answers_clock(world, connector) -> None:
    world.rows = spread(300, days=10)

    def tick(world, query):
        world.time = f"2026091411{world.calls:02}33"

    world.before = tick
    _, end = walk(connector, CENSUS)

    assert end.watermark == {"time": "20260914110133"}
    assert end.clock is not None


def test_companies_whose_order_moves_are_read_again(world, connector) -> None:
    world.companies = list(range(1_100_000, 1_100_150))

    def swap(world, query, page):
        if query["pageNo"] == "2" and query["numOfRows"] == "100" and 1_100_100 in page:
            return [1_100_099, *page[1:]]
        return page

    world.shown = swap
    batches, _ = walk(connector, Plan(Lane.CENSUS))

    assert numbers(batches, Kind.ACCOUNT) == set(world.companies)
    assert not [warning for batch in batches for warning in batch.warnings]


# Faults ----------------------------------------------------------------------------------------------------------


def test_a_page_that_comes_twice_is_a_fault_not_an_end(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_300), TODAY)
    world.shown = lambda world, query, page: world.select(query)[:100] if query["numOfRows"] == "100" else page

    with pytest.raises(FeedChanged, match="same page twice"):
        walk(connector, CENSUS)


@pytest.mark.parametrize("page_number", ["1", "2"])
def test_an_empty_page_of_a_positive_total_is_a_fault(world, connector, page_number: str) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_300), TODAY)
    world.shown = lambda world, query, page: [] if query["pageNo"] == page_number else page

    with pytest.raises(FeedChanged, match="empty"):
        walk(connector, CENSUS)


def test_a_list_that_grows_as_fast_as_it_is_read_still_ends(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_300), TODAY)

    def grow(world, query):
        world.rows.update(dict.fromkeys(range(2_000_000 + world.calls * 100, 2_000_100 + world.calls * 100), TODAY))

    world.before = grow
    _, end = walk(connector, CENSUS)

    assert end.complete is False
    assert world.calls < 200


def xml_error(code: str) -> Answer:
    text = (
        "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>X</returnAuthMsg>"
        f"<returnReasonCode>{code}</returnReasonCode></cmmMsgHeader></OpenAPI_ServiceResponse>"
    )
    return Answer(200, {"Content-Type": "text/xml;charset=UTF-8"}, text.encode(), 0)


@pytest.mark.parametrize(
    ("code", "error", "tries"),
    [
        *[(code, FeedUnavailable, 5) for code in ("01", "02", "05", "99")],
        *[(code, AccessRefused, 1) for code in ("20", "21", "30", "31", "32")],
        *[(code, FeedChanged, 1) for code in ("04", "10", "11", "12", "77")],
        ("22", QuotaSpent, 1),
    ],
)
def test_every_result_code_has_its_remedy(world, connector, code: str, error: type[Exception], tries: int) -> None:
    world.answers = [xml_error(code)] * 9

    with pytest.raises(error) as caught:
        walk(connector, CENSUS)

    assert type(caught.value) is error
    assert world.calls == tries
    assert code in str(caught.value) or code == "22"


def test_a_spent_quota_waits_for_the_platforms_next_day(world, connector, clock) -> None:
    world.rows = {1_000_001: TODAY}
    world.time = "20260914230000"  # the platform's clock, eleven hours and a half ahead of ours
    connector._calls.ask("/v1/goodsList", {"pageNo": 1, "numOfRows": 1})
    world.answers = [xml_error("22")]

    with pytest.raises(QuotaSpent) as caught:
        walk(connector, CENSUS)

    assert caught.value.retry_at == clock.now() + timedelta(hours=1)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"   ", b"<html><body>Log in</body></html>", b"<!DOCTYPE html><html></html>", b"{}", b"[]", b"null", b"{",
        b'{"response":{"header":{"resultCode":"00","responseTime":"20260914112233"},"body":{"items":null,"totalCount":1}}}',
        b'{"response":{"header":{"resultCode":"00","responseTime":"20260914112233"},"body":{"items":""}}}',
        b'{"response":{"header":{"resultCode":"00","responseTime":"yesterday"},"body":{"items":"","totalCount":0}}}',
        b'{"response":{"header":{"resultCode":"00","responseTime":"20260914112233"},'
        b'"body":{"items":{"item":[7]},"totalCount":1}}}',
        b"<response/>", b"<other/>",
    ],
)  # fmt: skip
def test_http_200_proves_nothing(world, connector, body: bytes) -> None:
    world.answers = [Answer(200, {}, body, len(body))] * 9

    with pytest.raises(FeedUnavailable):
        walk(connector, CENSUS)


def test_another_page_than_asked_for_is_not_taken(world, connector) -> None:
    world.rows = dict.fromkeys(range(1_000_000, 1_000_300), TODAY)
    stale = world.envelope([world.listing(1_000_001)], total=300, page=7)
    world.answers = [Answer(200, {}, stale, 0)] * 9

    with pytest.raises(FeedUnavailable, match="page 7 for page 1"):
        walk(connector, CENSUS)


def test_after_a_burst_we_keep_below_the_limit(world, connector, clock) -> None:
    world.rows = spread(200, days=10)
    world.answers = [Answer(429, {"Content-Type": "text/plain"}, b"Too Many Requests", 17)]

    _, end = walk(connector, CENSUS)

    assert end.complete
    assert set(clock.pauses) == {1 / 25}


# Key, details ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["aB3+Kx/9pQ==", "aB3%2BKx%2F9pQ%3D%3D"])
def test_a_key_in_either_form_is_encoded_exactly_once(world, clock, form: str) -> None:
    sent = []
    world.read = lambda path, *, query, reader, counted: sent.append(query)
    calls = Calls(world, key=form, clock=clock)

    with pytest.raises(AttributeError):
        calls.ask("/v1/goodsList", {"pageNo": 1})

    assert sent[0].startswith("serviceKey=aB3%2BKx%2F9pQ%3D%3D&type=json&")


def test_a_spent_day_is_told_to_every_process(world, calls, clock) -> None:
    world.rows = {1_000_001: date(2026, 9, 14)}
    calls.ask("/v1/goodsList", {"pageNo": 1, "numOfRows": 1})
    spent = b"<OpenAPI_ServiceResponse><cmmMsgHeader><returnReasonCode>22</returnReasonCode></cmmMsgHeader>"
    world.answers = [Answer(200, {}, spent + b"</OpenAPI_ServiceResponse>", 0)]

    with pytest.raises(QuotaSpent):
        calls.ask("/v1/goodsList", {"pageNo": 1, "numOfRows": 1})

    # 11:22:33 in Korea, by the platform's clock: its day ends in 12 h 37 min 27 s of ours.
    day = Window("20260914", 100_000, clock.now() + timedelta(hours=12, minutes=37, seconds=27))
    assert world.learned == [(day, 100_000)]


def test_a_day_begins_when_the_platform_says_so(world, calls, clock) -> None:
    told = []
    read = world.read

    def listen(path, *, query, reader, counted):
        told.append(counted() and counted().name)
        return read(path, query=query, reader=reader, counted=counted)

    world.read = listen
    for moment in ("20260914235959", "20260915000001", "20260915000002"):
        world.time = moment
        calls.ask("/v1/goodsList", {"pageNo": 1, "numOfRows": 1})

    assert told == [None, "20260914", "20260915"]


def test_details_are_asked_for_singly_and_gone_comes_back_as_a_withdrawal(world, connector) -> None:
    gone = world.envelope([], total=0, page=1)
    there = world.envelope([world.listing(1_000_001)], total=1, page=1)
    world.answers = [Answer(200, {}, there, 0), Answer(200, {}, gone, 0)]
    asks = (Ask(Kind.DETAIL, "1000001"), Ask(Kind.DETAIL, "1000002"), Ask(Kind.DETAIL, "36A129"))

    batches, end = walk(connector, Plan(Lane.DETAIL, asks=asks))

    records = [record for batch in batches for record in batch.records]
    assert [(record.kind, record.external_id) for record in records] == [
        (Kind.DETAIL, "1000001"),
        (Kind.WITHDRAWAL, "1000002"),
    ]
    assert connector.parse(records[1]).external_id == "1000002"
    assert end.complete
    assert world.calls == 2, "an id that is none is not asked for"


def test_another_record_than_asked_for_is_not_taken(world, connector) -> None:
    other = world.envelope([world.listing(1_000_009)], total=1, page=1)
    world.answers = [Answer(200, {}, other, 0)]

    with pytest.raises(FeedUnavailable, match="another record"):
        walk(connector, Plan(Lane.DETAIL, asks=(Ask(Kind.DETAIL, "1000001"),)))


def test_an_unknown_seller_is_asked_for_singly(world, connector) -> None:
    world.companies = [1_100_001]

    batches, _ = walk(connector, Plan(Lane.DETAIL, asks=(Ask(Kind.ACCOUNT, "1100001"),)))

    assert numbers(batches, Kind.ACCOUNT) == {1_100_001}


def test_a_page_of_another_list_is_not_taken(world, connector) -> None:
    foreign = world.envelope([world.listing(1_000_001)], total=1, page=1)
    world.answers = [Answer(200, {}, foreign, 0)] * 9

    with pytest.raises(FeedUnavailable, match="another list"):
        list(connector._calls.pages("/v1/entpList", {"numOfRows": 100}))
