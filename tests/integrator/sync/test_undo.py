"""What a run withdrew by absence comes back when a person says so, and stays."""

import pytest

from integrator.errors import InvalidQuery
from integrator.record import Confirmation
from integrator.store.holds import list_holds
from integrator.store.sightings import STALE_AFTER_S
from integrator.sync.deciding import approve_hold
from integrator.sync.undo import UNDO_WITHIN_S, undo_run
from tests.fakes.connector import row


@pytest.fixture
def lost(synced, feed):
    """A census has withdrawn listings 000 and 001; its number is 2."""
    feed.confirmation = Confirmation.WHOLE_READ
    feed.listings = feed.listings[2:]
    assert synced.sync(full=True).counters.withdrawn == 2
    synced.clear_worklist()
    return synced


def _undo(world, clock, run: int = 2):
    clock.advance(60)
    return undo_run(world.database, run, by="kim", reason="the export was broken", clock=clock)


def test_what_a_run_withdrew_by_absence_is_shown_again(lost, clock) -> None:
    undone = _undo(lost, clock)

    assert (undone.back, undone.left) == (2, [])
    assert lost.visible() >= {"000", "001"}
    assert lost.marked() == {"A1", "A2"}, "pages and index follow"
    assert {(each["undone_by"], each["undone_reason"]) for each in lost.rows("withdrawal")} == {
        ("kim", "the export was broken")
    }


def test_the_same_absence_does_not_withdraw_it_again(lost, clock) -> None:
    _undo(lost, clock)

    outcome = lost.sync(full=True)

    assert (outcome.state, outcome.counters.withdrawn) == ("succeeded", 0)
    assert lost.visible() >= {"000", "001"}


def test_an_absence_after_another_sight_withdraws_it(lost, feed, clock) -> None:
    _undo(lost, clock)
    there = feed.listings
    feed.listings = [row("000", account="A2"), row("001"), *there]
    lost.sync(full=True)
    feed.listings = there

    assert lost.sync(full=True).counters.withdrawn == 2


def test_a_person_may_let_it_go_after_all(lost, clock) -> None:
    hold = _undo(lost, clock).hold
    clock.advance(60)

    assert approve_hold(lost.database, hold, by="lee", reason="they are gone", clock=clock) == 2
    assert not lost.visible() & {"000", "001"}


def test_what_the_platform_withdrew_itself_stays_and_is_named(synced, feed, clock) -> None:
    feed.tombstones = [{"id": "003", "at": 5000}]
    run = synced.sync().run

    undone = _undo(synced, clock, run)

    assert (undone.back, [(each.external_id, each.kind) for each in undone.left]) == (0, [("003", "explicit")])
    assert "003" not in synced.visible()


def test_what_is_there_again_is_left_alone(lost, feed, clock) -> None:
    feed.listings = [row("000", account="A2", updated=3000), *feed.listings]
    lost.sync(full=True)

    undone = _undo(lost, clock)

    assert (undone.back, [each.external_id for each in undone.left]) == (1, ["000"])


def test_a_listing_that_was_not_shown_before_is_not_shown_after(synced, feed, change, clock) -> None:
    change("000", visible=False, updated=2000)
    synced.sync()
    feed.confirmation, feed.listings = Confirmation.WHOLE_READ, feed.listings[1:]
    run = synced.sync(full=True).run

    assert _undo(synced, clock, run).back == 1
    assert (synced.one("000")["state"], synced.one("000")["visible"]) == ("live", False)


def test_what_we_hid_ourselves_has_its_proof_and_waits_for_a_usable_record(synced, change, clock) -> None:
    change("003", name="", updated=2000)
    synced.sync()
    clock.advance(STALE_AFTER_S + 60)
    run = synced.sync().run
    assert "003" not in synced.visible()

    undone = _undo(synced, clock, run)

    assert (undone.back, [(each.external_id, each.kind) for each in undone.left]) == (0, [("003", "hidden")])


def test_undoing_twice_is_undoing_once(lost, clock) -> None:
    _undo(lost, clock)

    assert _undo(lost, clock).back == 0
    with lost.database.read() as connection:
        assert len(list_holds(connection, every=True)) == 1


def test_after_thirty_days_an_absence_stands(lost, clock) -> None:
    clock.advance(UNDO_WITHIN_S + 60)

    undone = _undo(lost, clock)

    assert (undone.back, {each.why for each in undone.left}) == (0, {"More than 30 days have passed."})


def test_a_run_that_never_was_cannot_be_undone(synced, clock) -> None:
    with pytest.raises(InvalidQuery, match="no run 99"):
        _undo(synced, clock, 99)
