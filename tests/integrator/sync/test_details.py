"""The detail lane: whom it asks first, how long, and what becomes of a ban."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from integrator.errors import QuotaSpent
from integrator.record import Ask, Kind, Lane
from integrator.store.details import DetailStatement, find_wanted, save_details
from integrator.store.tables import product_listing
from integrator.store.viewings import add_viewings
from integrator.sync.detailing import VIEWED_AGAIN_S, read_details


def _view(world, external_id: str, count: int) -> None:
    """A product made of this listing is looked at so often."""
    key = world.one(external_id)["key"]
    with world.database.write() as connection:
        connection.execute(insert(product_listing).values(listing_key=key, product_id=f"p{external_id}"))
        add_viewings(connection, {f"p{external_id}": count}, now=0.0)


def _read(world, external_id: str, *, at: float) -> None:
    said = DetailStatement(int(str(world.one(external_id)["key"])), b"r", 1, b"{}")
    with world.database.write() as connection:
        save_details(connection, [said], now=at)


def _wanted(world, limit: int, *, viewed_before: float = 1e12) -> list[str]:
    with world.database.read() as connection:
        return find_wanted(connection, "buykorea", limit=limit, viewed_before=viewed_before)


def test_the_most_viewed_come_first_then_the_never_read_then_the_stalest(synced) -> None:
    for number in range(18):
        _read(synced, f"{number:03}", at=1000.0 - number)
    _view(synced, "005", 3)
    _view(synced, "010", 7)

    assert _wanted(synced, 6) == ["010", "005", "019", "018", "017", "016"]


def test_a_viewed_listing_read_lately_waits_like_any_other(synced) -> None:
    _read(synced, "005", at=5000.0)
    _view(synced, "005", 3)

    assert "005" not in _wanted(synced, 19, viewed_before=5000.0)
    assert _wanted(synced, 20, viewed_before=5000.0)[-1] == "005"
    assert _wanted(synced, 1, viewed_before=5001.0) == ["005"]


def test_a_detail_that_says_what_it_said_before_marks_nobody(synced, feed, clock) -> None:
    read_details(synced.database, feed, clock, limit=20)
    assert synced.marked() == {"A1", "A2"}
    synced.clear_worklist()
    clock.advance(60)

    read_details(synced.database, feed, clock, limit=20)

    assert synced.marked() == set()
    assert {each["read_at"] for each in synced.rows("detail")} == {clock.now().timestamp()}


def test_a_run_of_details_says_how_far_it_is(synced, feed, clock) -> None:
    read_details(synced.database, feed, clock, limit=7)

    last = synced.rows("run")[-1]
    assert (last["stage"], last["stage_done"], last["stage_total"]) == ("details", 7, 7)


def test_views_add_up(synced) -> None:
    with synced.database.write() as connection:
        add_viewings(connection, {"p1": 2}, now=1.0)
        add_viewings(connection, {"p1": 3, "p2": 1}, now=2.0)

    assert {str(each["product_id"]): each["count"] for each in synced.rows("viewing")} == {"p1": 5, "p2": 1}


def test_a_slice_of_details_ends_in_time_and_the_next_asks_for_others(synced, feed, clock) -> None:
    fetch = feed.fetch

    def slow(plan):
        for piece in fetch(plan):
            clock.advance(100)
            yield piece

    feed.fetch = slow
    outcomes = [read_details(synced.database, feed, clock, limit=20, limit_s=300) for _ in range(2)]

    assert [each.counters.details_seen for each in outcomes] == [3, 3]
    asked = [ask.external_id for plan in feed.plans[-2:] for ask in plan.asks[:3]]
    assert len(set(asked)) == 6


def test_a_ban_ends_the_details_until_it_is_over(synced, feed, clock) -> None:
    def refuse(_plan):
        raise QuotaSpent("used up", retry_at=clock.now() + timedelta(hours=2))

    fetch, feed.fetch = feed.fetch, refuse
    first = read_details(synced.database, feed, clock, limit=5)
    feed.fetch, feed.plans = fetch, []
    inside = read_details(synced.database, feed, clock, limit=5)

    assert (first.state, inside.state, feed.plans) == ("incomplete", "incomplete", [])
    clock.advance(7200)
    assert read_details(synced.database, feed, clock, limit=5).counters.details_seen == 5


def test_details_have_their_turn_behind_changes_and_census(synced, clock) -> None:
    assert synced.due() is Lane.DETAIL
    read_details(synced.database, synced.feed, clock, limit=5)
    assert synced.due() is None
    clock.advance(3600)
    assert synced.due() is Lane.CHANGES


def test_a_viewed_listing_is_asked_for_again_after_a_day(synced, feed, clock) -> None:
    _view(synced, "005", 1)
    asked = []
    for _ in range(3):
        read_details(synced.database, feed, clock, limit=1)
        asked.append(feed.plans[-1].asks[0])
        clock.advance(VIEWED_AGAIN_S / 2 + 1)

    assert [each == Ask(Kind.DETAIL, "005") for each in asked] == [True, False, True]


@pytest.mark.parametrize("limit", [1, 7])
def test_no_more_than_the_limit_is_asked_for(synced, feed, clock, limit) -> None:
    _view(synced, "005", 1)

    assert read_details(synced.database, feed, clock, limit=limit).counters.details_seen == limit


def test_an_unusable_detail_is_kept_with_its_reason_until_a_sound_one_comes(synced, feed, clock) -> None:
    sound = feed.listings[0]
    feed.listings[0] = {**sound, "name": ""}

    read_details(synced.database, feed, clock, limit=20)
    (unusable,) = synced.rows("rejection")
    feed.listings[0] = sound
    clock.advance(days=VIEWED_AGAIN_S / 86_400 + 1)
    read_details(synced.database, feed, clock, limit=20)
    (mended,) = synced.rows("rejection")

    assert (unusable["kind"], unusable["external_id"], unusable["code"]) == ("detail", sound["id"], "NAME_MISSING")
    assert unusable["raw"] in {row["hash"] for row in synced.rows("archive")}
    assert (unusable["resolved_at"], mended["resolved_at"] is None) == (None, False)
