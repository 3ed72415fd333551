"""Who is gone, who only seems to be, and what waits for a person."""

import pytest

from integrator.errors import FeedUnavailable, InvalidQuery
from integrator.record import Batch, Confirmation, Lane
from integrator.store.holds import list_holds
from integrator.sync.deciding import approve_hold, reject_hold
from tests.fakes.connector import row


def test_an_absence_is_believed_once_the_platform_says_gone(synced, feed) -> None:
    feed.listings = feed.listings[1:]
    feed.gone = {"000"}

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.withdrawn) == ("succeeded", 1)
    assert "000" not in synced.visible()
    (proof,) = synced.rows("withdrawal")
    assert proof["kind"] == "absence"
    assert synced.marked() == {"A2"}


def test_an_absent_listing_that_answers_lives_and_is_taken_in(synced, feed) -> None:
    feed.listings.pop(0)

    outcome = synced.sync(full=True)

    assert outcome.counters.withdrawn == 0
    assert "000" in synced.visible()
    assert len(synced.rows("detail")) == 1


def test_changes_alone_prove_no_absence(synced, feed) -> None:
    feed.listings = feed.listings[:5]

    outcome = synced.sync()

    assert outcome.counters.withdrawn == 0
    assert len(synced.visible()) == 20
    assert all(plan.lane is not Lane.DETAIL for plan in feed.plans)


def test_an_incomplete_census_proves_no_absence(synced, feed) -> None:
    feed.listings = feed.listings[1:]
    feed.gone = {"000"}
    feed.complete, feed.reason = False, "two rows changed places"

    outcome = synced.sync(full=True)

    assert (outcome.state, "two rows changed places" in outcome.reason) == ("incomplete", True)
    assert len(synced.visible()) == 20


def test_a_whole_read_needs_no_call(synced, feed) -> None:
    feed.confirmation = Confirmation.WHOLE_READ
    feed.listings = feed.listings[1:]

    outcome = synced.sync(full=True)

    assert outcome.counters.withdrawn == 1
    assert all(plan.lane is not Lane.DETAIL for plan in feed.plans)


def test_a_full_drop_proves_absence_of_lower_numbers_only(synced, feed, change) -> None:
    feed.confirmation, feed.sequence = Confirmation.WHOLE_READ, 10
    synced.sync(full=True)
    feed.listings = [{**each, "sequence": 12} if each["id"] == "001" else each for each in feed.listings]
    feed.census = False
    synced.sync()
    feed.listings, feed.census, feed.sequence = feed.listings[2:], True, 11

    outcome = synced.sync(full=True)

    assert outcome.counters.withdrawn == 1
    assert synced.visible() >= {"001"}
    assert "000" not in synced.visible()


def test_what_was_hidden_already_ends_without_a_call(synced, feed, change) -> None:
    change("000", visible=False, updated=2000)
    synced.sync()
    feed.listings = feed.listings[1:]

    outcome = synced.sync(full=True)

    assert outcome.counters.withdrawn == 1
    assert all(plan.lane is not Lane.DETAIL for plan in feed.plans)


def test_calls_that_fail_leave_the_absent_for_the_next_census(synced, feed) -> None:
    missing = feed.listings.pop(0)
    detail = feed._detail

    def broken(plan):
        yield Batch((), {})
        raise FeedUnavailable("the platform is away")

    feed._detail = broken
    outcome = synced.sync(full=True)
    assert outcome.state == "succeeded"
    assert "000" in synced.visible()
    assert "next census" in outcome.warnings[0]

    feed._detail, feed.gone = detail, {str(missing["id"])}
    assert synced.sync(full=True).counters.withdrawn == 1


# Tombstones ----------------------------------------------------------------------------------------------------------


def test_a_tombstone_withdraws_what_has_not_changed_since(synced, feed) -> None:
    feed.tombstones = [{"id": "003", "at": 5000, "merged_into": "004"}]

    outcome = synced.sync()

    assert outcome.counters.withdrawn == 1
    assert "003" not in synced.visible()
    (proof,) = synced.rows("withdrawal")
    assert (proof["kind"], proof["merged_into"]) == ("explicit", "004")


def test_a_listing_that_changed_after_its_tombstone_lives(synced, feed) -> None:
    feed.tombstones = [{"id": "003", "at": 900}]

    assert synced.sync().counters.withdrawn == 0
    assert "003" in synced.visible()


def test_an_old_copy_does_not_bring_a_withdrawn_listing_back(synced, feed) -> None:
    feed.tombstones = [{"id": "003", "at": 5000}]
    synced.sync()

    outcome = synced.sync()

    assert outcome.counters.superseded == 1
    assert "003" not in synced.visible()


def test_a_withdrawn_listing_comes_back_when_it_changes_later(synced, feed, change) -> None:
    feed.tombstones = [{"id": "003", "at": 5000}]
    synced.sync()
    change("003", updated=6000)

    outcome = synced.sync()

    assert outcome.counters.changed == 1
    assert "003" in synced.visible()


def test_a_tombstone_of_an_unknown_id_is_passed_over(synced, feed) -> None:
    feed.tombstones = [{"id": "999", "at": 5000}]

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.withdrawn, outcome.counters.withdrawals_seen) == ("succeeded", 0, 1)


# Holds ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shrunk(synced, feed):
    """A census that has lost 12 of 20 visible listings; a 21st is new."""
    feed.listings = [*feed.listings[12:], row("900")]
    feed.gone = {f"{number:03}" for number in range(12)}
    return synced


def test_losing_many_listings_at_once_waits_for_a_person(shrunk) -> None:
    outcome = shrunk.sync(full=True)

    assert (outcome.state, outcome.counters.held, outcome.counters.withdrawn) == ("held", 12, 0)
    assert "12 of 20" in outcome.reason
    assert len(shrunk.visible()) == 21, "adds are released, deletions wait"


def test_a_held_read_moves_no_watermark(shrunk) -> None:
    before = shrunk.rows("feed")[0]
    shrunk.sync(full=True)
    after = shrunk.rows("feed")[0]

    assert (after["watermark"], after["census_at"]) == (before["watermark"], before["census_at"])


def test_a_person_approves_and_what_is_still_missing_goes(shrunk, clock) -> None:
    shrunk.sync(full=True)

    assert approve_hold(shrunk.database, 1, by="kim", clock=clock) == 12
    assert len(shrunk.visible()) == 9
    assert len(shrunk.rows("withdrawal")) == 12
    assert shrunk.marked() == {"A1", "A2"}
    with pytest.raises(InvalidQuery, match="approved already"):
        approve_hold(shrunk.database, 1, by="kim", clock=clock)


def test_a_person_rejects_and_the_same_absence_is_not_held_again(shrunk, feed, clock) -> None:
    shrunk.sync(full=True)
    clock.advance(60)
    reject_hold(shrunk.database, 1, by="kim", clock=clock)

    outcome = shrunk.sync(full=True)

    assert (outcome.state, outcome.counters.withdrawn) == ("succeeded", 0)
    assert len(shrunk.visible()) == 21


def test_a_rejected_hold_of_deletions_may_be_approved_after_all(shrunk, clock) -> None:
    shrunk.sync(full=True)
    clock.advance(60)
    reject_hold(shrunk.database, 1, by="kim", clock=clock)
    clock.advance(60)

    assert approve_hold(shrunk.database, 1, by="lee", reason="they are gone", clock=clock) == 12
    assert len(shrunk.visible()) == 9


def test_a_held_listing_seen_again_leaves_and_an_empty_hold_closes_itself(shrunk, feed) -> None:
    shrunk.sync(full=True)
    feed.listings = [row(f"{number:03}", account="A1" if number % 2 else "A2") for number in range(12)]

    shrunk.sync()

    with shrunk.database.read() as connection:
        assert list_holds(connection) == []
        (hold,) = list_holds(connection, every=True)
    assert (hold.state, hold.waiting) == ("closed", 0)


def test_a_listing_back_before_the_approval_stays(shrunk, feed, clock) -> None:
    shrunk.sync(full=True)
    feed.listings = [row("003", account="A1")]
    shrunk.sync()

    assert approve_hold(shrunk.database, 1, by="kim", clock=clock) == 11
    assert "003" in shrunk.visible()


def test_an_empty_census_is_held_always(synced, feed) -> None:
    feed.listings = []

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.held) == ("held", 20)
    assert "no listings at all" in outcome.reason


def test_an_empty_first_census_has_failed(world, feed) -> None:
    feed.listings = []

    outcome = world.sync()

    assert outcome.state == "failed"
    feed.listings = [row("001")]
    assert world.sync().lane == "census"


def test_an_empty_changes_walk_is_normal_but_moves_no_watermark(synced, feed) -> None:
    before = synced.rows("feed")[0]["watermark"]
    feed.changed_only = []
    feed.clock = feed.clock.replace(hour=5)

    outcome = synced.sync()

    assert outcome.state == "succeeded"
    assert synced.rows("feed")[0]["watermark"] == before


def test_a_later_good_census_ignores_older_holds(shrunk, feed) -> None:
    everything = [row(f"{number:03}", account="A1" if number % 2 else "A2") for number in range(20)]
    shrunk.sync(full=True)
    feed.listings = [*everything, row("900")]

    assert shrunk.sync(full=True).state == "succeeded"
    assert len(shrunk.visible()) == 21
