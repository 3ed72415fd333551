"""What a run lost against what was: pure arithmetic."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from integrator.listing import Listing, Price, PriceState, PriceStep
from integrator.record import Kind, Policies, Policy
from integrator.store.measures import KEPT_RUNS, Share, forget_measures
from integrator.sync.drift import find_drift, find_volume_drift
from integrator.sync.measuring import Measured
from tests.fakes.connector import FakeConnector, row

HOLD_PRICE = Policies(missing={"price": Policy.HOLD})
UNPRICED = Price(PriceState.UNKNOWN)


def _listing(price: str = "3.50") -> Listing:
    connector = FakeConnector()
    said = connector.parse(connector.record(Kind.LISTING, row("001", price=price), 0))
    assert isinstance(said, Listing)
    return said


def _measure(pairs: int, blanked: int) -> dict[str, Share]:
    measured = Measured()
    for number in range(pairs):
        measured.add(replace(_listing(), price=UNPRICED) if number < blanked else _listing(), _listing())
    return measured.shares()


def _judge(
    now: Mapping[str, Share], *, usual: tuple = (), recent: tuple = (), policies: Policies = HOLD_PRICE
) -> list[tuple[str, Policy]]:
    found = find_drift(now, usual=usual, recent=recent, policies=policies)
    return [(each.field, each.policy) for each in found]


def test_what_is_as_it_was_is_no_drift() -> None:
    assert _judge(_measure(200, 0)) == []


def test_a_guarded_field_that_a_fifth_of_a_hundred_listings_lost_is_held() -> None:
    assert ("price", Policy.HOLD) in _judge(_measure(100, 20))
    assert _judge(_measure(100, 19)) == []


def test_a_part_of_a_field_has_its_fields_policy() -> None:
    assert ("price.amount", Policy.HOLD) in _judge(_measure(100, 30))


def test_a_field_without_a_policy_is_a_warning_and_an_accepted_one_nothing() -> None:
    assert ("price", Policy.WARN) in _judge(_measure(100, 50), policies=Policies())
    assert _judge(_measure(100, 50), policies=Policies(missing={"price": Policy.ACCEPT})) == []


def test_fewer_than_a_hundred_are_a_warning_only() -> None:
    assert ("price", Policy.WARN) in _judge(_measure(99, 99))


def test_a_field_of_few_listings_is_worth_a_word_when_most_of_them_lost_it() -> None:
    few = {"pairs": Share(1000, 1000), "had brand": Share(20, 1000), "lost brand": Share(10, 1000)}

    assert _judge(few) == [("brand", Policy.WARN)]
    assert _judge({**few, "had brand": Share(21, 1000)}) == []


def test_sellers_who_fill_and_empty_a_field_as_they_like_are_no_drift() -> None:
    measured = {"pairs": Share(100, 100), "had price": Share(50, 100)}

    assert _judge({**measured, "lost price": Share(35, 100), "gained price": Share(15, 100)}) == []
    assert _judge({**measured, "lost price": Share(25, 100), "gained price": Share(2, 100)}) == [("price", Policy.HOLD)]


def test_a_few_at_a_time_are_judged_together_with_the_runs_before() -> None:
    assert ("price", Policy.HOLD) in _judge(_measure(10, 10), recent=(_measure(60, 60), _measure(40, 40)))
    assert ("price", Policy.HOLD) not in _judge(_measure(10, 10), recent=(_measure(200, 0),))


def test_a_sound_run_is_not_held_for_what_runs_before_it_lost() -> None:
    assert _judge(_measure(10, 0), recent=(_measure(100, 100),)) == []


def test_a_fill_rate_is_compared_with_the_median_of_the_lanes_last_runs() -> None:
    usual = tuple({"filled price": Share(part, 100)} for part in (100, 90, 10))

    assert _judge({"filled price": Share(70, 100)}, usual=usual) == [("price", Policy.HOLD)]
    assert _judge({"filled price": Share(71, 100)}, usual=usual) == []
    assert _judge({"filled price": Share(0, 99)}, usual=usual) == []


def test_what_a_rejected_record_lacks_is_lost_and_nothing_else_of_it() -> None:
    measured = Measured()
    for _ in range(100):
        measured.add_rejected(_listing(), {"names"})

    assert _judge(measured.shares(), policies=Policies(missing={"names": Policy.HOLD})) == [("names.en", Policy.HOLD)]


def test_prices_that_moved_by_over_half_hold_a_run_above_three_in_ten() -> None:
    assert _judge({"prices moved": Share(31, 100)}) == [("price", Policy.HOLD)]
    assert _judge({"prices moved": Share(30, 100)}) == []
    assert _judge({"prices moved": Share(99, 99)}) == [("price", Policy.WARN)]


def test_a_price_has_moved_when_more_than_half_of_it_is_gone_or_came() -> None:
    def moved(price: str) -> int:
        measured = Measured()
        measured.add(_listing(price), _listing("10"))
        return measured.shares()["prices moved"].part

    assert [moved("15"), moved("15.01"), moved("5"), moved("4.99")] == [0, 1, 0, 1]


def test_prices_in_other_units_or_currencies_are_not_compared() -> None:
    measured = Measured()
    other = Price(PriceState.PRICED, (PriceStep(1, None, Decimal(900), currency="KRW", unit="H87"),))
    measured.add(replace(_listing(), price=other), _listing())

    assert "prices moved" not in measured.shares()


def test_what_a_lower_scope_may_not_see_is_not_empty() -> None:
    measured = Measured()
    measured.add(replace(_listing(), price=UNPRICED, masked=("price",)), _listing())

    assert "lost price" not in measured.shares()


def test_a_whole_read_of_another_size_than_usual_is_a_warning() -> None:
    assert find_volume_drift(69, [90, 99, 5000]) is None, "the median is of a hundred at least"
    assert find_volume_drift(600, [1000, 1000, 1010]) is not None
    assert find_volume_drift(1200, [1000, 1000, 1010]) is None
    assert find_volume_drift(5, []) is None


def test_measures_of_long_ago_are_forgotten(synced) -> None:
    assert {each["run"] for each in synced.rows("measure")} == {1}

    with synced.database.write() as connection:
        forget_measures(connection, before=1 + KEPT_RUNS)
    assert {each["run"] for each in synced.rows("measure")} == {1}
    with synced.database.write() as connection:
        forget_measures(connection, before=2 + KEPT_RUNS)

    assert synced.rows("measure") == []
