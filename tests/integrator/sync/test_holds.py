"""Whole runs that wait for a person: approved to a ceiling, rejected and remembered, or read again."""

from dataclasses import replace
from typing import Any

import pytest

from integrator.errors import InvalidQuery
from integrator.listing import Listing, Price, PriceState
from integrator.record import Policies, Policy, Record
from integrator.store.holds import Hold, HoldKind, HoldState, find_hold, list_holds
from integrator.store.runs import RunState
from integrator.sync.deciding import approve_hold, reject_hold
from integrator.sync.replay import replay_hold
from tests.fakes.connector import FakeConnector, Row, row


class Fixed(FakeConnector):
    """Reads prices that come a hundred times too high as what they are."""

    def _listing(self, record: Record) -> Listing:
        said = super()._listing(record)
        step = said.price.steps[0]
        if self.parser_version == 1 or step.amount < 100:
            return said
        return replace(said, price=Price(PriceState.PRICED, (replace(step, amount=step.amount / 100),)))


@pytest.fixture
def feed() -> FakeConnector:
    """A hundred and twenty listings of four sellers."""
    listings = [row(f"{number:03}", account=f"A{number % 4}") for number in range(120)]
    accounts: list[Row] = [{"id": f"A{number}", "name": f"Firm {number}"} for number in range(4)]
    return Fixed(listings=listings, accounts=accounts, policies=Policies(missing={"price": Policy.HOLD}), page=40)


@pytest.fixture
def jumped(synced, feed):
    """A changes run in which every price is a hundred times what it was, beside a new listing."""
    for each in feed.listings:
        each.update(price="350.00", updated=2000)
    feed.listings.append(row("900"))
    return synced


def _open(world) -> Hold:
    with world.database.read() as connection:
        (found,) = list_holds(connection)
    return found


def _find(world, number: int) -> Hold:
    with world.database.read() as connection:
        found = find_hold(connection, number)
    assert found is not None
    return found


def test_a_run_whose_prices_jumped_shows_nothing_before_a_person_decides(jumped) -> None:
    outcome = jumped.sync()

    assert (outcome.state, outcome.counters.held) == (RunState.HELD, 121)
    assert "120 of 120 changed prices moved by more than half" in outcome.reason
    assert "900" not in jumped.visible()
    assert {jumped.one(each)["version"] for each in ("000", "119")} == {1}
    assert jumped.marked() == set(), "nothing is worked out again"


def test_a_held_run_says_what_it_would_change(jumped) -> None:
    jumped.sync()

    hold = _open(jumped)
    diff: Any = hold.diff

    assert (hold.kind, hold.waiting, hold.ceiling) == (HoldKind.RUN, 121, 121)
    assert (diff["changed"], diff["new"]) == (120, 1)
    assert {each["field"] for each in diff["fields"]} == {"price", "updated"}
    example = next(each for each in diff["examples"] if each["field"] == "price")
    assert '"3.50"' in example["before"]
    assert '"350.00"' in example["after"]
    assert diff["sellers"][0] == {"account_id": "A1", "listings": 31}


def test_an_approved_run_is_shown(jumped, clock) -> None:
    jumped.sync()

    assert approve_hold(jumped.database, 1, by="kim", reason="a new price list", clock=clock) == 121
    assert "900" in jumped.visible()
    assert jumped.one("000")["version"] == 2
    assert jumped.marked() == {"A0", "A1", "A2", "A3"}
    decided = _find(jumped, 1)
    assert (decided.state, decided.decided_by, decided.decided_reason) == ("approved", "kim", "a new price list")


def test_approving_shows_what_was_held_and_nothing_newer(jumped, feed, clock) -> None:
    jumped.sync()
    feed.listings[0].update(price="3.60", updated=3000)
    jumped.sync()

    assert approve_hold(jumped.database, 1, by="kim", clock=clock) == 120
    price = jumped.one("000")
    assert price["version"] == 3, "the newer version was shown and stays"


def test_a_rejected_run_leaves_what_is_shown_and_the_same_records_come_to_nothing(jumped, clock) -> None:
    jumped.sync()

    assert reject_hold(jumped.database, 1, by="kim", clock=clock) == 121
    outcome = jumped.sync()

    assert (outcome.state, outcome.counters.unchanged) == ("succeeded", 121)
    assert jumped.one("000")["version"] == 1
    assert "900" not in jumped.visible()


def test_another_record_after_a_rejection_is_judged_anew(jumped, feed, clock) -> None:
    jumped.sync()
    reject_hold(jumped.database, 1, by="kim", clock=clock)
    for each in feed.listings:
        each.update(price="3.70", updated=3000)

    assert jumped.sync().state == "succeeded"
    assert jumped.one("000")["version"] == 3


def test_a_hold_whose_versions_were_all_replaced_closes_itself(jumped, feed) -> None:
    jumped.sync()
    for each in feed.listings:
        each.update(price="3.60", updated=3000)

    assert jumped.sync().state == "succeeded"
    assert _find(jumped, 1).state is HoldState.CLOSED


def test_a_later_good_run_ignores_an_older_hold(jumped, feed) -> None:
    jumped.sync()
    feed.changed_only = ["900"]
    feed.listings[-1].update(name="Soap", updated=4000)

    assert jumped.sync().state == "succeeded"
    assert "900" in jumped.visible()


def test_broken_records_that_come_a_few_at_a_time_are_held_with_those_before(jumped, feed, clock) -> None:
    jumped.sync()
    reject_hold(jumped.database, 1, by="kim", clock=clock)
    for each in feed.listings[:5]:
        each.update(price="351.00", updated=3000)

    assert jumped.sync().state == "held"
    assert jumped.one("000")["version"] == 1


def test_a_held_run_read_again_with_a_mended_parser_is_shown(jumped, feed, clock) -> None:
    jumped.sync()
    calls = len(feed.plans)
    feed.parser_version = 2
    clock.advance(60)

    outcome = replay_hold(jumped.database, feed, clock, _open(jumped))

    assert outcome.state == "succeeded", outcome.reason
    assert len(feed.plans) == calls, "nothing was downloaded"
    assert "900" in jumped.visible()
    assert _find(jumped, 1).state is HoldState.CLOSED
    assert jumped.sync().counters.unchanged == 121


def test_a_held_run_read_again_by_the_same_parser_is_held_again(jumped, feed, clock) -> None:
    jumped.sync()
    clock.advance(60)

    outcome = replay_hold(jumped.database, feed, clock, _open(jumped))

    assert (outcome.state, _find(jumped, 1).state) == ("held", HoldState.CLOSED)
    assert (_open(jumped).id, _open(jumped).waiting) == (2, 121)
    assert jumped.one("000")["version"] == 1


def test_a_value_that_asks_for_a_person_asks_until_one_approved(synced, feed, clock) -> None:
    feed.policies = Policies(values={"price": Policy.HOLD})
    feed.listings[0].update(unit="PALLET", updated=2000)
    assert synced.sync().state == "held"
    reject_hold(synced.database, 1, by="kim", clock=clock)
    feed.listings[1].update(unit="PALLET", updated=3000)
    assert synced.sync().state == "held"
    approve_hold(synced.database, 2, by="kim", clock=clock)
    feed.listings[2].update(unit="PALLET", updated=4000)

    assert synced.sync().state == "succeeded"


def test_a_new_value_is_a_warning_where_no_policy_says_otherwise(synced, feed) -> None:
    feed.listings[0].update(unit="PALLET", updated=2000)

    outcome = synced.sync()

    assert outcome.state == "succeeded"
    assert any("PALLET" in each for each in outcome.warnings)


def test_records_that_would_hide_much_of_the_catalogue_wait(synced, feed) -> None:
    for each in feed.listings[:30]:
        each.update(visible=False, updated=2000)

    outcome = synced.sync()

    assert outcome.state == "held"
    assert "30 of 120 visible listings" in outcome.reason
    assert len(synced.visible()) == 120


def test_a_decided_hold_cannot_be_decided_again(jumped, clock) -> None:
    jumped.sync()
    reject_hold(jumped.database, 1, by="kim", clock=clock)

    for decide in (approve_hold, reject_hold):
        with pytest.raises(InvalidQuery, match="rejected already"):
            decide(jumped.database, 1, by="lee", clock=clock)


def test_prices_are_compared_with_what_is_shown_not_with_what_waits(jumped, feed) -> None:
    jumped.sync()
    for each in feed.listings:
        each.update(price="360.00", updated=3000)

    assert jumped.sync().state == "held"
    assert jumped.one("000")["version"] == 1


def test_sellers_that_lose_a_guarded_field_hold_a_run_too(world, feed) -> None:
    feed.accounts = [
        {"id": f"A{number:03}", "name": f"Firm {number}", "homepage": "firm.example"} for number in range(100)
    ]
    feed.policies = Policies(missing={"seller": Policy.HOLD})
    world.sync()
    for each in feed.accounts:
        del each["homepage"]

    outcome = world.sync(full=True)

    assert outcome.state == "held"
    assert "seller.homepage: 100 of 100 changed records had it, 0 have it now." in outcome.reason
    diff: Any = _open(world).diff
    assert diff["examples"][0] == {"id": "A000", "field": "seller.homepage", "before": "firm.example", "after": ""}
    assert approve_hold(world.database, 1, by="kim", clock=world.clock) == 100
