"""A run in which many records cannot be used is judged by them too: the field that they lack was lost."""

import pytest

from integrator.ports import Parsed
from integrator.record import Policies, Policy, Record
from integrator.store.runs import RunState
from tests.fakes.connector import FakeConnector, Row, row


class Tripping(FakeConnector):
    """A parser that trips over some records whole."""

    def parse(self, record: Record) -> Parsed:
        if record.fields.get("trips"):
            raise ValueError(record.external_id)
        return super().parse(record)


@pytest.fixture
def feed() -> FakeConnector:
    """A hundred and twenty listings of one seller, whose names are guarded."""
    listings = [row(f"{number:03}") for number in range(120)]
    accounts: list[Row] = [{"id": "A1", "name": "Firm"}]
    return Tripping(listings=listings, accounts=accounts, policies=Policies(missing={"names": Policy.HOLD}), page=40)


def _edit(feed: FakeConnector, *, broken: int, at: int = 2000, **how: object) -> None:
    """Every listing is edited, and the first so many are broken."""
    for number, each in enumerate(feed.listings):
        each.update({"updated": at, **how} if number < broken else {"updated": at})


def test_a_run_whose_records_are_mostly_rejected_for_want_of_a_field_is_held(synced, feed) -> None:
    _edit(feed, broken=80, name="")

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.rejected, outcome.counters.held) == (RunState.HELD, 80, 40)
    assert "names.en: 120 of 120 changed records had it, 40 have it now" in outcome.reason


def test_records_that_cannot_be_read_at_all_lack_every_required_field(synced, feed) -> None:
    _edit(feed, broken=24, trips=True)

    assert synced.sync().state == RunState.HELD


@pytest.mark.parametrize("broken", [1, 23])
def test_a_few_poisoned_records_among_many_good_ones_hold_nothing(synced, feed, broken) -> None:
    _edit(feed, broken=broken, name="")

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.rejected) == (RunState.SUCCEEDED, broken)


def test_a_listing_that_nobody_was_shown_has_nothing_to_lose(synced, feed) -> None:
    _edit(feed, broken=0)
    feed.listings += [row(f"9{number:02}", name="") for number in range(80)]

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.rejected) == (RunState.SUCCEEDED, 80)


def test_a_record_rejected_again_unchanged_is_no_news(synced, feed) -> None:
    _edit(feed, broken=80, name="")
    synced.sync()
    for each in feed.listings[80:]:
        each.update(updated=3000)

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.rejected) == (RunState.SUCCEEDED, 80)
    assert _lost(synced) == {2}


def test_a_newer_parser_that_rejects_the_same_record_makes_no_news_of_it(synced, feed) -> None:
    _edit(feed, broken=80, name="")
    synced.sync()
    feed.parser_version = 2

    outcome = synced.sync()

    assert outcome.counters.rejected == 80
    assert _lost(synced) == {2}


def _lost(world) -> set[object]:
    """The runs that lost names."""
    return {each["run"] for each in world.rows("measure") if each["name"] == "lost names.en"}
