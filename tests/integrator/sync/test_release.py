"""From pending to shown: what waits, who releases it, what a hold keeps back."""

import pytest

from integrator.errors import FeedUnavailable
from integrator.record import Policies
from integrator.store.holds import find_hold
from integrator.store.tables import run
from integrator.sync import release
from integrator.sync.commit import Committer
from integrator.sync.guards import Objection
from integrator.sync.release import reject_held, release_held
from integrator.sync.replay import replay_feed
from integrator.sync.units import gather
from tests.fakes.connector import FakeConnector, row


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that an interruption finds something committed."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


@pytest.fixture
def objecting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Guards that object to every run while the list holds anything."""
    objections = [1]

    def object_to(connection, run, *, policies: Policies, now: float) -> Objection | None:
        return Objection("Half of the prices moved.", {}) if objections else None

    monkeypatch.setattr(release, "object_to_run", object_to)
    return objections


def _break(feed, *, at: int = 5) -> None:
    feed.fail_at, feed.error = at, lambda: FeedUnavailable("away")


def _mend(feed) -> None:
    feed.fail_at = None


def _versions(world, external_id: str) -> list[tuple[object, object]]:
    keys = [each["key"] for each in world.rows("listing") if each["external_id"] == external_id]
    return [(each["version"], each["state"]) for each in world.rows("version") if each["listing_key"] in keys]


def _decide(world, decide, **how: object) -> int:
    with world.database.write() as connection:
        hold = find_hold(connection, 1)
        assert hold is not None
        done: int = decide(connection, hold, now=world.clock.now().timestamp(), **how)
    return done


# Waiting -------------------------------------------------------------------------------------------------------------


def test_a_first_census_is_shown_batch_by_batch(world, feed) -> None:
    _break(feed)

    world.sync()

    assert len(world.visible()) == 12
    assert {each["state"] for each in world.rows("version")} == {"released"}


def test_a_census_shows_its_changes_at_its_end(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    feed.listings.insert(0, row("900"))
    _break(feed)
    synced.sync(full=True)
    shown = synced.one("003")
    assert (shown["version"], shown["pending"], "900" in synced.visible()) == (1, 2, False)
    assert synced.marked() == set()
    _mend(feed)

    outcome = synced.sync(full=True)

    assert (outcome.counters.changed, outcome.counters.new) == (1, 1)
    assert (synced.one("003")["version"], synced.one("003")["pending"]) == (2, None)
    assert "900" in synced.visible()
    assert synced.marked() == {"A1"}


def test_changes_are_shown_at_the_end_of_each_slice(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)

    outcome = synced.sync()

    assert (outcome.state, synced.one("003")["version"]) == ("incomplete", 2)


def test_what_waits_keeps_its_listing_as_it_was(synced, feed, change) -> None:
    change("003", account="A2", visible=False, updated=2000, registered=500)
    _break(feed)

    synced.sync(full=True)

    kept = synced.one("003")
    assert (kept["account_id"], kept["visible"], kept["updated_at"]) == ("A1", True, 1000)


def test_what_waits_shows_nothing_when_a_newer_parser_reads_the_same(synced, feed, change) -> None:
    change("003", visible=False, updated=2000)
    _break(feed)
    synced.sync(full=True)
    synced.sync(full=True)
    feed.parser_version = 2
    with synced.database.write() as connection:
        connection.execute(run.update().values(position=None))

    outcome = synced.sync(full=True)

    assert outcome.counters.unchanged == 12
    assert synced.one("003")["visible"]
    assert _versions(synced, "003") == [(1, "released"), (2, "pending")]


def test_a_record_that_waits_is_unchanged_when_it_comes_again(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)
    synced.sync(full=True)
    parsed = feed.parsed
    _mend(feed)

    outcome = synced.sync()

    assert (outcome.counters.unchanged, outcome.counters.changed, feed.parsed) == (20, 0, parsed)


def test_changes_release_what_a_census_has_not_yet(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)
    census = synced.sync(full=True)
    _mend(feed)

    changes = synced.sync()

    assert _versions(synced, "003") == [(1, "released"), (2, "released")]
    (made,) = [each for each in synced.rows("version") if each["version"] == 2]
    assert (made["run"], made["run"] == census.run) == (changes.run, False)


def test_what_changes_take_over_is_judged_with_them(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    feed.accounts[0]["name"] = "First Trading"
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    feed.clock = feed.clock.replace(day=15)

    outcome = synced.sync()

    measured = {each["name"]: each["whole"] for each in synced.rows("measure") if each["run"] == outcome.run}
    assert (measured["pairs"], measured["prices moved"]) == (1, 1)
    assert any("seller" in str(name) for name in measured)
    accounts = {each["external_id"]: each["version"] for each in synced.rows("account")}
    assert accounts == {"A1": 2, "A2": 1}


def test_a_newer_version_takes_the_place_of_one_that_waits(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    change("003", price="8.00", updated=3000)

    synced.sync()
    synced.sync(full=True)

    assert _versions(synced, "003") == [(1, "released"), (2, "superseded"), (3, "released")]
    assert synced.one("003")["updated_at"] == 3000


def test_older_news_than_what_waits_is_superseded(synced, feed, change) -> None:
    change("003", price="9.00", updated=3000)
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    change("003", price="8.00", updated=2000)

    outcome = synced.sync()

    assert outcome.counters.superseded == 1
    assert _versions(synced, "003") == [(1, "released"), (2, "pending")]


def test_what_a_failed_run_left_is_released_with_the_next(synced, feed, change, monkeypatch) -> None:
    change("003", price="9.00", updated=2000)
    with monkeypatch.context() as patch:
        patch.setattr("integrator.sync.run.finish_walk", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            synced.sync()
    feed.changed_only = []

    outcome = synced.sync()

    assert outcome.state == "succeeded"
    assert synced.one("003")["version"] == 2
    kept = {each["name"]: each["whole"] for each in synced.rows("measure") if each["run"] == outcome.run}
    assert kept["pairs"] == 1, "what it inherits is judged with it"


def test_what_a_stopped_replay_left_is_released_with_the_next_changes(synced, feed, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("integrator.sync.asides.release_run", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            replay_feed(synced.database, OtherParser(parser_version=2, platform=feed.platform), synced.clock)
    assert {each["version"] for each in synced.rows("listing")} == {1}
    feed.parser_version, feed.changed_only = 2, []

    synced.sync()

    assert {each["version"] for each in synced.rows("listing")} == {2}


def test_a_changed_account_waits_as_a_listing_does(synced, feed) -> None:
    feed.accounts[0]["name"] = "First Trading"
    _break(feed)
    synced.sync(full=True)
    first = next(each for each in synced.rows("account") if each["external_id"] == "A1")
    assert (first["version"], first["pending"], b"Trading" in first["content"]) == (1, 2, False)
    _mend(feed)

    synced.sync(full=True)

    first = next(each for each in synced.rows("account") if each["external_id"] == "A1")
    assert (first["version"], first["pending"], b"Trading" in first["content"]) == (2, None, True)
    assert synced.marked() == {"A1"}


def test_a_product_under_a_used_id_lives_until_the_new_one_is_shown(synced, feed, change) -> None:
    change("003", registered=900, name="Pump", updated=2000)
    _break(feed)
    synced.sync(full=True)
    assert "003" in synced.visible()
    assert synced.rows("withdrawal") == []
    _mend(feed)

    synced.sync(full=True)

    states = sorted(each["state"] for each in synced.rows("listing") if each["external_id"] == "003")
    assert states == ["ended", "live"]
    assert [each["kind"] for each in synced.rows("withdrawal")] == ["reused"]


def test_a_tombstone_ends_a_listing_and_what_waits_for_it(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    feed.changed_only, feed.tombstones = [], [{"id": "003", "at": 5000}]

    synced.sync()
    feed.tombstones = []
    synced.sync(full=True)

    assert ("003" in synced.visible(), synced.one("003")["pending"]) == (False, None)
    assert _versions(synced, "003") == [(1, "released"), (2, "superseded")]


def test_a_tombstone_older_than_what_waits_withdraws_nothing(synced, feed, change) -> None:
    change("003", price="9.00", updated=6000)
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    feed.tombstones = [{"id": "003", "at": 5000}]

    assert synced.sync().counters.withdrawn == 0


def test_a_tombstone_before_its_listing_is_not_forgotten(synced, feed) -> None:
    feed.tombstones = [{"id": "900", "at": 5000}]
    synced.sync()
    feed.tombstones, feed.listings = [], [*feed.listings, row("900", updated=4000)]

    late = synced.sync(full=True)
    feed.listings[-1]["updated"] = 6000
    again = synced.sync()

    assert (late.counters.superseded, late.counters.new) == (1, 0)
    assert again.counters.new == 1
    assert "900" in synced.visible()


def test_an_unusable_record_keeps_the_last_good_version_beside_one_that_waits(synced, feed, change, clock) -> None:
    change("003", price="9.00", updated=2000)
    _break(feed)
    synced.sync(full=True)
    _mend(feed)
    change("003", name="")

    synced.sync()
    assert (synced.one("003")["version"], synced.one("003")["rejected_at"] is None) == (1, False)
    clock.advance(days=31)
    synced.sync()

    assert "003" not in synced.visible()


# A run killed behind its walk ----------------------------------------------------------------------------------------


class _Killed(BaseException):
    """The process is gone: nothing after it is done."""


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch):
    """Sync, and lose the process at the nth write transaction after the walk's end."""

    def kill(world, number: int, *, full: bool) -> None:
        begin, left = Committer.transaction, [number]

        def transaction(self):
            if self.run.walk_end is not None:
                left[0] -= 1
                if left[0] < 0:
                    raise _Killed
            return begin(self)

        with monkeypatch.context() as patch:
            patch.setattr(Committer, "transaction", transaction)
            patch.setattr("integrator.sync.run._Attempt._end", lambda *_: None)
            patch.setattr(release, "BATCH", 1)
            with pytest.raises(_Killed):
                world.sync(full=full)

    return kill


@pytest.mark.parametrize("full", [False, True], ids=["changes", "census"])
@pytest.mark.parametrize("number", range(1, 6))
def test_a_run_killed_behind_its_walk_goes_on_without_walking(synced, feed, change, killed, full, number) -> None:
    for external_id in ("003", "004", "005", "006"):
        change(external_id, price="9.00", updated=2000)
    killed(synced, number, full=full)
    feed.plans.clear()

    outcome = synced.sync(full=full)

    assert (outcome.state, outcome.counters.changed, outcome.counters.seen) == ("succeeded", 4, 20)
    assert [plan for plan in feed.plans if plan.lane != "detail"] == []
    assert {each["state"] for each in synced.rows("version")} == {"released"}
    assert synced.rows("feed")[0]["watermark"] is not None


# Holding -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(synced, objecting, change):
    """A run of two changes and a new listing that waits for a person."""
    change("003", price="90.00", updated=2000)
    change("004", price="90.00", updated=2000)
    synced.feed.listings.append(row("900", account="A1"))
    synced.feed.clock = synced.feed.clock.replace(hour=5)
    synced.before = synced.rows("feed")[0]["watermark"]
    outcome = synced.sync()
    assert outcome.state == "held"
    assert "Half of the prices" in outcome.reason
    objecting.clear()
    return synced


def test_a_held_run_shows_nothing_and_moves_no_watermark(held) -> None:
    assert len(held.visible()) == 20
    assert held.one("003")["version"] == 1
    assert held.marked() == set()
    assert held.rows("feed")[0]["watermark"] == held.before
    assert held.rows("run")[-1]["held"] == 3
    assert held.rows("hold")[0]["ceiling"] == 3


@pytest.mark.parametrize("number", range(1, 3))
def test_a_run_killed_behind_its_hold_is_held(synced, feed, change, killed, objecting, number) -> None:
    for external_id in ("003", "004"):
        change(external_id, price="9.00", updated=2000)
    killed(synced, number, full=True)
    if synced.rows("hold"):
        objecting.clear()  # the figures may look otherwise once all of it waits elsewhere

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.held) == ("held", 2)
    assert [each["state"] for each in synced.rows("hold")] == ["open"]
    assert _versions(synced, "003") == [(1, "released"), (2, "held")]


def test_what_is_held_stays_held_when_it_comes_again(held) -> None:
    outcome = held.sync()

    assert (outcome.state, outcome.counters.unchanged) == ("succeeded", 21)
    assert _versions(held, "003") == [(1, "released"), (2, "held")]


def test_an_approved_run_is_shown(held) -> None:
    assert _decide(held, release_held, ceiling=3) == 3

    assert len(held.visible()) == 21
    assert _versions(held, "003") == [(1, "released"), (2, "released")]
    assert held.marked() == {"A1", "A2"}


def test_approval_is_a_ceiling(held) -> None:
    assert _decide(held, release_held, ceiling=2) == 2

    assert len([each for each in held.rows("version") if each["state"] == "held"]) == 1


def test_a_newer_version_leaves_the_hold_and_wins(held, change) -> None:
    change("003", price="4.00", updated=3000)
    held.sync()

    assert _decide(held, release_held, ceiling=3) == 2
    assert _versions(held, "003") == [(1, "released"), (2, "superseded"), (3, "released")]


def test_a_hold_whose_versions_were_all_replaced_closes_itself(held, feed, change) -> None:
    for external_id in ("003", "004", "900"):
        change(external_id, price="4.00", updated=3000)

    held.sync()

    assert [each["state"] for each in held.rows("hold")] == ["closed"]


def test_a_hold_whose_listings_were_all_withdrawn_closes_itself(held, feed) -> None:
    feed.tombstones = [{"id": each, "at": 5000} for each in ("003", "004", "900")]

    held.sync()

    assert [each["state"] for each in held.rows("hold")] == ["closed"]
    assert not {"003", "004", "900"} & held.visible()


def test_a_refused_record_is_unchanged_when_it_comes_again(held, feed) -> None:
    assert _decide(held, reject_held) == 3
    parsed = feed.parsed

    outcome = held.sync()

    assert (outcome.counters.unchanged, feed.parsed) == (21, parsed)
    assert len(held.visible()) == 20
    assert _versions(held, "003") == [(1, "released"), (2, "rejected")]


def test_a_refused_update_marks_the_last_good_version_and_hides_it_after_thirty_days(held, clock) -> None:
    _decide(held, reject_held)
    assert held.one("003")["rejected_at"] is not None
    assert "003" in held.visible()
    clock.advance(days=31)

    held.sync()

    assert "003" not in held.visible()


def test_another_record_after_a_refusal_is_judged_anew(held, change) -> None:
    _decide(held, reject_held)
    change("003", price="4.00", updated=2500)
    change("900", price="4.00", updated=2500)

    outcome = held.sync()

    assert (outcome.counters.changed, outcome.counters.new) == (1, 1)
    assert _versions(held, "003") == [(1, "released"), (2, "rejected"), (3, "released")]
    assert "900" in held.visible()


def test_a_platform_that_takes_a_refused_update_back_is_believed(held, change) -> None:
    _decide(held, reject_held)
    change("003", price="3.50", updated=1000)

    outcome = held.sync()

    assert outcome.counters.unchanged == 21
    assert held.one("003")["rejected_at"] is None
    assert _versions(held, "003") == [(1, "released"), (2, "rejected")]


# Replay --------------------------------------------------------------------------------------------------------------


class OtherParser(FakeConnector):
    """The same platform, read by a later parser that loses names."""

    def _listing(self, record):
        fields = {**record.fields, "name": "?"}
        return super()._listing(self.record(record.kind, fields, 0))


def test_a_replay_that_is_held_leaves_what_is_shown(synced, feed, objecting) -> None:
    outcome = replay_feed(synced.database, OtherParser(parser_version=2, platform=feed.platform), synced.clock)

    assert (outcome.state, outcome.counters.changed) == ("held", 20)
    assert {each["version"] for each in synced.rows("listing")} == {1}


def test_a_replay_does_not_forget_what_was_refused(held, feed) -> None:
    _decide(held, reject_held)

    replay_feed(held.database, feed, held.clock)

    assert held.sync().counters.unchanged == 21
    assert held.one("003")["rejected_at"] is not None


def test_a_replay_reads_what_waits_and_not_what_it_would_replace(held, feed) -> None:
    replay_feed(held.database, OtherParser(parser_version=2, platform=feed.platform), held.clock)

    assert _versions(held, "003") == [(1, "released"), (2, "superseded"), (3, "released")]
    assert held.one("003")["updated_at"] == 2000
