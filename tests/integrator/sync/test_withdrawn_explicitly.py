"""What a platform says itself is gone: judged with the rest of its run, and held where it would be too much."""

import pytest

from integrator.errors import FeedUnavailable
from integrator.explain.trace import trace_listing
from integrator.record import Confirmation
from integrator.store.holds import Hold, HoldState, list_holds
from integrator.sync.deciding import approve_hold, reject_hold
from integrator.sync.detailing import read_details
from integrator.sync.run import _Attempt
from integrator.sync.settling import _Settling
from integrator.sync.undo import undo_run
from tests.fakes.connector import Row, row

ELEVEN = [f"{number:03}" for number in range(11)]


def gone(*external_ids: str, at: int | None = 5000) -> list[Row]:
    """Tombstones."""
    return [{"id": each, **({"at": at} if at is not None else {})} for each in external_ids]


def every(world) -> list[Hold]:
    with world.database.read() as connection:
        return list_holds(connection, every=True)


@pytest.fixture
def emptied(synced, feed):
    """A changes run in which the platform has withdrawn 11 of 20 listings, changed one and added one."""
    feed.tombstones = gone(*ELEVEN)
    feed.listings = [each for each in feed.listings if each["id"] not in ELEVEN]
    feed.listings[0].update(price="9.00", updated=2000)
    feed.listings.append(row("900"))
    return synced


def test_withdrawals_of_much_of_a_catalogue_wait_for_a_person(emptied) -> None:
    outcome = emptied.sync()

    assert (outcome.state, outcome.counters.held, outcome.counters.withdrawn) == ("held", 11, 0)
    assert "The platform itself withdrew listings. 11 of 20" in outcome.reason
    assert emptied.visible() == {f"{number:03}" for number in range(20)} | {"900"}, "adds and changes are shown"
    assert emptied.one("011")["version"] == 2
    assert (emptied.rows("told"), emptied.rows("withdrawal")) == ([], [])


def test_a_hold_of_withdrawals_names_counts_examples_and_sellers(emptied) -> None:
    emptied.sync()

    (hold,) = every(emptied)

    assert (hold.kind, hold.is_told, hold.waiting, hold.ceiling) == ("deletions", True, 11, 11)
    assert (hold.diff["listings"], hold.diff["examples"]) == (11, ELEVEN)
    assert hold.diff["sellers"] == [
        {"account_id": "A2", "listings": 6, "visible_before": 10},
        {"account_id": "A1", "listings": 5, "visible_before": 11},
    ]


def test_what_stays_below_the_guard_is_withdrawn_at_the_run_s_end(synced, feed) -> None:
    feed.tombstones = gone("000", "001")
    shown: list[set[str]] = []
    feed.on_page = lambda _page: shown.append(synced.visible())

    outcome = synced.sync()

    assert (outcome.state, outcome.counters.withdrawn, outcome.counters.held) == ("succeeded", 2, 0)
    assert len(shown[-1]) == 20, "nothing goes before the guards have seen the run"
    assert len(synced.visible()) == 18
    assert {each["kind"] for each in synced.rows("withdrawal")} == {"explicit"}
    assert (synced.rows("told"), synced.marked()) == ([], {"A1", "A2"})


def test_an_approved_withdrawal_keeps_the_platform_s_own_proof(emptied, feed, clock) -> None:
    feed.tombstones[3]["merged_into"] = "012"
    emptied.sync()

    assert approve_hold(emptied.database, 1, by="kim", clock=clock) == 11

    proofs = emptied.rows("withdrawal")
    assert {(each["kind"], each["run"]) for each in proofs} == {("explicit", 2)}
    assert all('"said_at":5000.0' in str(each["evidence"]) and '"by":"kim"' in str(each["evidence"]) for each in proofs)
    assert [each["merged_into"] for each in proofs if each["merged_into"]] == ["012"]
    assert not emptied.visible() & set(ELEVEN)


def test_an_approved_withdrawal_is_not_undone(emptied, clock) -> None:
    run = emptied.sync().run
    approve_hold(emptied.database, 1, by="kim", clock=clock)

    undone = undo_run(emptied.database, run, by="kim", reason="", clock=clock)

    assert (undone.back, {each.kind for each in undone.left}) == (0, {"explicit"})


def test_an_old_copy_does_not_bring_back_what_a_person_believed(emptied, feed, clock) -> None:
    emptied.sync()
    approve_hold(emptied.database, 1, by="kim", clock=clock)
    feed.listings.append(row("003"))

    emptied.sync()

    assert "003" not in emptied.visible()


def test_the_next_run_is_not_held_for_what_waits_already(emptied) -> None:
    emptied.sync()

    outcome = emptied.sync()

    assert (outcome.state, outcome.counters.held) == ("succeeded", 0)
    assert [each.state for each in every(emptied)] == [HoldState.OPEN]


def test_a_census_does_not_hold_once_more_what_waits_as_withdrawn(emptied, feed) -> None:
    emptied.sync()
    feed.tombstones, feed.gone = [], set(ELEVEN)

    outcome = emptied.sync(full=True)

    assert (outcome.state, outcome.counters.withdrawn) == ("succeeded", 0)
    assert len(every(emptied)) == 1
    assert emptied.visible() >= set(ELEVEN)


def test_a_refused_withdrawal_is_not_obeyed_when_it_is_said_again(emptied, feed, clock) -> None:
    emptied.sync()
    clock.advance(60)
    reject_hold(emptied.database, 1, by="kim", clock=clock)
    feed.tombstones = gone("003")

    assert emptied.sync().state == "succeeded"
    assert emptied.visible() >= set(ELEVEN)


def test_a_refused_withdrawal_is_obeyed_once_it_is_said_anew(emptied, feed, clock) -> None:
    emptied.sync()
    clock.advance(60)
    reject_hold(emptied.database, 1, by="kim", clock=clock)
    feed.tombstones = gone("003", at=6000)

    assert emptied.sync().counters.withdrawn == 1
    assert "003" not in emptied.visible()


def test_a_refused_withdrawal_may_be_approved_after_all(emptied, clock) -> None:
    emptied.sync()
    reject_hold(emptied.database, 1, by="kim", clock=clock)
    emptied.sync()

    assert approve_hold(emptied.database, 1, by="lee", clock=clock) == 11


def test_a_held_listing_with_a_newer_date_leaves_its_hold(emptied, feed, clock) -> None:
    emptied.sync()
    feed.listings.append(row("003", updated=6000))

    emptied.sync()

    assert [each.waiting for each in every(emptied)] == [10]
    assert approve_hold(emptied.database, 1, by="kim", clock=clock) == 10
    assert "003" in emptied.visible()


def test_a_held_listing_that_changed_and_went_once_more_is_judged_anew(emptied, feed) -> None:
    emptied.sync()
    feed.listings.append(row("003", updated=6000))
    feed.tombstones = gone("003", at=7000)

    outcome = emptied.sync()

    assert (outcome.state, outcome.counters.withdrawn) == ("succeeded", 1)
    assert [each.waiting for each in every(emptied)] == [10]


def test_a_withdrawal_that_waits_and_is_said_again_with_a_newer_date_still_waits(emptied, feed) -> None:
    emptied.sync()
    feed.tombstones = gone("003", at=6000)

    assert emptied.sync().counters.withdrawn == 0
    assert [each.waiting for each in every(emptied)] == [11]


def test_an_old_copy_of_a_held_listing_takes_it_out_of_no_hold(emptied, feed) -> None:
    emptied.sync()
    feed.listings.append(row("003"))

    emptied.sync()

    assert [each.waiting for each in every(emptied)] == [11]


def test_a_listing_that_changes_before_the_run_ends_lives(synced, feed, change) -> None:
    feed.tombstones = [*gone("003"), *gone("004", "005")]
    feed.page = 20
    feed.fail_at, feed.error = 2, lambda: FeedUnavailable("away")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Attempt, "_walk", _unsettled)
        synced.sync()
    assert len(synced.rows("told")) == 3
    feed.fail_at, feed.tombstones = None, []
    change("003", updated=6000)
    feed.plans.clear()

    outcome = synced.sync()

    assert outcome.counters.withdrawn == 2
    assert "003" in synced.visible()
    assert synced.rows("told") == []


def _unsettled(attempt: _Attempt) -> None:
    """As a process that is gone before it could settle anything; its place is lost too."""
    from integrator.sync.commit import Committer

    committer = Committer(attempt._database, attempt._connector, attempt._clock, run=attempt._run, lease=attempt._lease)
    try:
        attempt._commit_all(committer)
    finally:
        attempt._run.position = None


def test_slices_below_the_guard_are_judged_together(synced, feed) -> None:
    """Ten gone in each of two slices: neither is too much, both are."""
    more = [row(f"1{number:02}", account=f"B{number % 9}") for number in range(100)]
    feed.listings += more
    synced.sync(full=True)
    feed.listings, feed.page = [], 10
    feed.tombstones = gone(*(str(each["id"]) for each in more[:20]))

    first = synced.sync(limit_s=0)
    assert (first.state, first.counters.withdrawn) == ("queued", 10)
    last = synced.sync()

    assert (last.run, last.state, last.counters.withdrawn, last.counters.held) == (first.run, "held", 10, 10)
    assert "20 of 70" in last.reason


def test_a_slice_whose_withdrawals_wait_goes_on_and_its_run_s_end_says_so(synced, feed) -> None:
    feed.listings, feed.page = [], 15
    feed.tombstones = [*gone(*ELEVEN), *gone(*(f"9{number:02}" for number in range(10)))]

    first = synced.sync(limit_s=0)
    assert (first.state, first.counters.held) == ("queued", 11)
    last = synced.sync()

    assert (last.run, last.state, last.counters.held) == (first.run, "held", 11)
    assert "11 of 20" in last.reason


def test_what_was_told_and_what_is_absent_are_judged_together_and_held_apart(synced, feed) -> None:
    feed.confirmation = Confirmation.WHOLE_READ
    feed.tombstones = gone(*ELEVEN)
    feed.listings = feed.listings[14:]

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.held, outcome.counters.withdrawn) == ("held", 14, 0)
    assert "14 of 20" in outcome.reason
    assert sorted((each.is_told, each.waiting, each.diff["listings"]) for each in every(synced)) == [
        (False, 3, 3),
        (True, 11, 11),
    ]


def test_few_that_were_told_go_where_the_many_that_are_absent_wait(synced, feed) -> None:
    """A shrunk read throws no doubt on what the platform names; the next sound read need not ask a person for it."""
    feed.confirmation = Confirmation.WHOLE_READ
    feed.tombstones = gone(*ELEVEN[:6])
    feed.listings = feed.listings[11:]

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.held, outcome.counters.withdrawn) == ("held", 5, 6)
    assert "11 of 20" in outcome.reason
    assert [(each.is_told, each.waiting) for each in every(synced)] == [(False, 5)]
    assert len(synced.visible()) == 14


def test_a_run_killed_while_it_withdraws_withdraws_the_rest(synced, feed, monkeypatch) -> None:
    feed.tombstones = gone("000", "001", "002")
    monkeypatch.setattr("integrator.sync.settling._PIECE", 1)
    withdraw, left = _Settling._withdraw_some, [2]

    def killed(settling: _Settling) -> bool:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return withdraw(settling)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Settling, "_withdraw_some", killed)
        assert (synced.sync().state, len(synced.visible())) == ("cancelled", 18)
    outcome = synced.sync()

    assert (outcome.state, outcome.counters.withdrawn, len(synced.visible())) == ("succeeded", 3, 17)
    assert len(synced.rows("withdrawal")) == 3


def test_a_run_killed_after_it_held_says_so_when_it_is_taken_up(emptied, monkeypatch) -> None:
    def killed(_settling: _Settling) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Settling, "_let_answered_go", killed)
        assert emptied.sync().state == "cancelled"
    outcome = emptied.sync()

    assert (outcome.state, outcome.counters.held) == ("held", 11)
    assert len(every(emptied)) == 1


def test_a_listing_nobody_has_seen_ends_at_once_with_its_proof(synced, feed) -> None:
    feed.listings.append(row("900", account="A9"))
    feed.tombstones = gone("900")

    outcome = synced.sync()

    assert (outcome.counters.new, outcome.counters.withdrawn) == (1, 1)
    assert (synced.one("900")["state"], synced.one("900")["version"]) == ("withdrawn", None)
    assert [each["kind"] for each in synced.rows("withdrawal")] == ["explicit"]


def test_a_first_census_withdraws_at_once(world, feed) -> None:
    feed.tombstones = gone(*ELEVEN)

    outcome = world.sync()

    assert (outcome.state, outcome.counters.withdrawn, len(world.visible())) == ("succeeded", 11, 9)


def test_details_that_all_say_gone_wait_for_a_person(synced, feed, clock) -> None:
    feed.gone = set(ELEVEN)

    outcome = read_details(synced.database, feed, clock, limit=20)

    assert (outcome.state, outcome.counters.held) == ("held", 11)
    assert "Deletions wait for a person" in outcome.reason
    assert len(synced.visible()) == 20


def test_a_withdrawal_without_a_date_gives_way_to_any_later_sight(synced, feed, clock) -> None:
    feed.gone = set(ELEVEN)
    read_details(synced.database, feed, clock, limit=20)
    feed.listings = feed.listings[:1]

    synced.sync()

    assert [each.waiting for each in every(synced)] == [10]


def test_a_refused_withdrawal_without_a_date_counts_again_after_a_sight(synced, feed, clock) -> None:
    feed.gone = set(ELEVEN)
    read_details(synced.database, feed, clock, limit=20)
    reject_hold(synced.database, 1, by="kim", clock=clock)
    feed.gone = {"000"}
    assert read_details(synced.database, feed, clock, limit=20).counters.withdrawn == 0

    synced.sync()
    clock.advance(days=2)

    assert read_details(synced.database, feed, clock, limit=20).counters.withdrawn == 1


def test_a_held_run_leaves_its_withdrawals_to_the_next(synced, feed, clock) -> None:
    feed.tombstones = gone("019")
    for each in feed.listings[:15]:
        each.update(visible=False, updated=2000)
    assert synced.sync().state == "held"
    assert "019" in synced.visible(), "nothing of it is shown before a person decides"
    approve_hold(synced.database, 1, by="kim", clock=clock)
    feed.tombstones = []

    assert synced.sync().counters.withdrawn == 1
    assert "019" not in synced.visible()


def test_what_was_absent_and_is_withdrawn_then_waits_in_one_hold(synced, feed) -> None:
    feed.confirmation, whole = Confirmation.WHOLE_READ, feed.listings
    feed.listings = whole[12:]
    synced.sync(full=True)
    feed.listings, feed.tombstones = [], gone(*ELEVEN)
    synced.sync()

    assert [(each.is_told, each.waiting) for each in every(synced)] == [(True, 11), (False, 1)]


def trace(world, external_id: str) -> tuple[str, str]:
    found = trace_listing(world.database, "buykorea", external_id)
    return " ".join(step.text for step in found.steps), found.now


def test_a_trace_tells_that_a_withdrawal_waits_for_the_run_s_end(synced, feed) -> None:
    feed.tombstones, feed.page = gone("003"), 20
    seen: list[tuple[str, str]] = []
    settle = _Settling.go

    def looked(settling: _Settling):
        seen.append(trace(synced, "003"))
        return settle(settling)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Settling, "go", looked)
        synced.sync()

    steps, now = seen[0]
    assert "The platform withdrew it in run 2 (SELLER); that waits for the run's end." in steps
    assert "The platform withdrew it, and that waits for the end of run 2." in now


def test_a_trace_tells_that_a_withdrawal_waits_for_a_person(emptied) -> None:
    emptied.sync()

    steps, now = trace(emptied, "003")

    assert "The platform withdrew it in run 2 (SELLER); that waits in hold 1: " in steps
    assert "The platform withdrew it, and that waits for a person in hold 1." in now
