from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from connectors.mock.days import BUSY, DAY, Days, day_text
from connectors.mock.truth import facts
from connectors.mock.world import World

LARGE = World(3, 30_000)


@pytest.mark.parametrize("platform", range(3))
@pytest.mark.parametrize("day", [1, 6])
def test_one_listing_in_a_hundred_is_edited_a_day(platform, day):
    days = Days(LARGE, platform)
    before, after = days.state(day - 1), days.state(day)
    count = len(before.alive)

    edited = (before.revision != after.revision[:count]) & (before.generation == after.generation[:count])

    assert 0.006 < edited[before.alive].mean() < 0.014


@pytest.mark.parametrize("platform", range(3))
def test_a_day_brings_additions_withdrawals_returns_and_ids_used_again(platform):
    days = Days(LARGE, platform)
    states = [days.state(day) for day in range(-1, 15)]
    seen = {"added": 0, "gone": 0, "back": 0, "reused": 0}
    for before, after in pairwise(states):
        count = len(before.alive)
        seen["added"] += int(after.alive[count:].sum())
        seen["gone"] += int((before.alive & ~after.alive[:count]).sum())
        same = before.generation == after.generation[:count]
        seen["back"] += int((~before.alive & after.alive[:count] & same & (before.registered < -8)).sum())
        seen["reused"] += int((after.generation[:count] > before.generation).sum())

    assert all(seen.values()), seen


@pytest.mark.parametrize("platform", range(3))
def test_everything_of_a_day_happens_in_its_first_eleven_hours(platform):
    for day in (0, 3):
        state = Days(LARGE, platform).state(day)
        recent = state.updated >= -8 * DAY

        assert (state.updated[recent] % DAY < BUSY).all()
        assert (state.updated < day * DAY + BUSY).all()


@pytest.mark.parametrize("platform", range(3))
def test_a_listing_alive_again_was_updated_after_its_withdrawal(platform):
    state = Days(LARGE, platform).state(9)
    again = state.alive & (state.withdrawn <= 9)

    assert again.any()
    assert (state.updated[again] > state.withdrawn_second[again]).all()


@pytest.mark.parametrize("platform", range(3))
def test_a_registration_only_moves_when_the_id_is_used_again(platform):
    days = Days(LARGE, platform)
    before, after = days.state(2), days.state(8)
    count = len(before.alive)
    moved = before.registered != after.registered[:count]

    assert np.array_equal(moved, before.generation != after.generation[:count])
    assert (after.registered[:count] >= before.registered).all()
    assert (after.registered * DAY <= after.updated).all()


def test_states_do_not_depend_on_the_slices_they_are_made_in(monkeypatch):
    whole = Days(LARGE, 0).state(4)
    monkeypatch.setattr("connectors.mock.days._SLICE", 777)
    sliced = Days(LARGE, 0).state(4)

    for name in ("registered", "updated", "revision", "alive", "status", "unusable"):
        assert np.array_equal(getattr(whole, name), getattr(sliced, name))


def test_unusable_records_are_a_handful_in_a_thousand_and_stay_unusable():
    before, after = (Days(LARGE, 0).state(day) for day in (0, 30))
    count = len(before.unusable)

    assert np.array_equal(before.unusable, after.unusable[:count])
    assert 0.0005 < (before.unusable > 0).mean() <= 0.003


# --- what is served is what is true -----------------------------------------------------------------------------------


def _is_day(text: str | None) -> bool:
    try:
        datetime.strptime(text or "", "%Y%m%d")  # noqa: DTZ007
    except ValueError:
        return False
    return True


def _buykorea(reader: Any) -> dict[str, bool]:
    rows, _ = reader.goods()
    found = {}
    for row in rows:
        get = row.findtext
        if get("GOODS_SN").isdigit() and get("ENG_GOODS_NM") and get("ENTP_SN") and _is_day(get("UPD_DT")):
            found[get("GOODS_SN")] = get("APRV_STS") == "승인완료" and get("EXPSR_YN") == "Y"
    return found


def _gobizkorea(reader: Any) -> dict[str, bool]:
    """The newest full drop and the deltas after it, as the guide says."""
    index, found = reader.drop_index(), {}
    for seq in range(index["latestFull"], index["latest"] + 1):
        for row in reader.products(seq):
            named = row["상품명(국문)"] or row["상품명(영문)"]
            if row["상품번호"] and named and row["업체번호"] and _is_day(row["수정일"]):
                found[row["상품번호"]] = row["상태"] != "판매중지"
    return found


def _tradekorea(reader: Any) -> dict[str, bool]:
    return {
        item["productNo"]: item["status"] in ("ACTIVE", "SOLD_OUT")
        for item in reader.items("products")
        if item["productNo"][1:].isdigit() and item["name"] and item["supplier"] and "-13-" not in item["updatedAt"]
    }


@pytest.mark.parametrize("day", [0, 1, 4, 5, 6, 40])
def test_what_a_correct_reader_finds_is_the_truth(open_mock, day):
    reader = open_mock(size=700, seed=21, day=day)
    told = list(facts(21, 700, day))
    for platform, read in (("buykorea", _buykorea), ("gobizkorea", _gobizkorea), ("tradekorea", _tradekorea)):
        found = read(reader)
        truth = {fact.id: fact.visible for fact in told if fact.platform == platform}

        assert {name for name, seen in found.items() if seen} == {name for name, seen in truth.items() if seen}, (
            platform
        )
        assert found.keys() <= truth.keys()


@pytest.mark.parametrize("day", [1, 6])
def test_gobizkoreas_full_drop_is_yesterdays_state_with_its_deltas(open_mock, day):
    yesterday, today = open_mock(size=500, seed=4, day=day - 1), open_mock(size=500, seed=4, day=day)
    withdrawn = Days(World(4, 500), 1).state(day).withdrawn == day
    evening = _gobizkorea(yesterday)

    morning = {row["상품번호"] for row in today.products(today.drop_index()["latestFull"])}

    assert len(evening.keys() - morning) <= withdrawn.sum()


def test_buykoreas_hidden_listings_leave_after_ninety_days(open_mock):
    world = World(7, 400)
    state = Days(world, 0).state(0)
    gone = np.flatnonzero(~state.alive & (state.withdrawn <= -90))
    kept = np.flatnonzero(~state.alive & (state.withdrawn > -90))
    reader = open_mock()
    rows, total = reader.goods()

    assert total == len(state.alive) - len(gone)
    hidden = [row for row in rows if row.findtext("HIDE_RSN_CD") == "DELETED"]
    assert len(hidden) == len(kept)
    assert all(row.findtext("EXPSR_YN") == "N" for row in hidden)


def test_a_sellers_rename_moves_no_listing(open_mock):
    before, after = open_mock(size=3000, seed=2), open_mock(size=3000, seed=2, day=7)
    first = {row.findtext("GOODS_SN"): row for row in before.goods()[0]}
    second = {row.findtext("GOODS_SN"): row for row in after.goods()[0]}

    renamed = [
        number
        for number in first.keys() & second.keys()
        if first[number].findtext("ENG_ENTP_NM") != second[number].findtext("ENG_ENTP_NM")
    ]

    assert renamed
    assert any(first[number].findtext("UPD_DT") == second[number].findtext("UPD_DT") for number in renamed)


def test_days_are_korean_days_from_the_fourteenth_of_september():
    assert [day_text(day) for day in (-14, 0, 17)] == ["20260831", "20260914", "20261001"]
