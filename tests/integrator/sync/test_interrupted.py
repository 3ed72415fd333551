"""Outages, signals, killed and slow processes: what a run says, and where the next one goes on."""

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable, QuotaSpent
from integrator.store.leases import take_lease
from integrator.store.tables import lease
from integrator.sync.commit import Committer
from integrator.sync.dry import try_feed
from integrator.sync.units import gather
from tests.fakes.connector import row


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that an interruption finds something committed."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


def _fail(feed, error: BaseException, *, at: int = 4) -> None:
    feed.fail_at, feed.error = at, lambda: error


def _mend(feed) -> None:
    feed.fail_at = None


def test_an_outage_keeps_what_was_read_and_the_same_run_goes_on(world, feed) -> None:
    _fail(feed, FeedUnavailable("the platform is away"))
    first = world.sync()
    assert (first.state, first.counters.seen) == ("incomplete", 9)
    assert "the platform is away" in first.reason
    assert len(world.visible()) == 9
    _mend(feed)

    second = world.sync()

    assert (second.state, second.run, second.counters.seen) == ("succeeded", first.run, 20)
    assert feed.plans[-1].position == {"page": 4}
    assert len(world.visible()) == 20


def test_a_census_goes_on_from_its_place_weeks_later(world, feed, clock) -> None:
    _fail(feed, FeedUnavailable("away"))
    first = world.sync()
    _mend(feed)
    clock.advance(days=30)

    outcome = world.sync()

    assert (outcome.state, outcome.run) == ("succeeded", first.run)
    assert feed.plans[-1].position == {"page": 4}


def test_a_changes_walk_stopped_long_ago_begins_anew(synced, feed, clock) -> None:
    _fail(feed, FeedUnavailable("away"))
    first = synced.sync()
    _mend(feed)
    clock.advance(days=1)

    outcome = synced.sync()

    assert (outcome.state, outcome.run != first.run) == ("succeeded", True)
    assert feed.plans[-1].position is None


def test_a_place_the_platform_does_not_know_any_more_costs_only_the_place(world, feed) -> None:
    _fail(feed, FeedUnavailable("away"))
    world.sync()
    walk = feed._walk

    def forgetful(plan):
        if plan.position is not None:
            raise FeedChanged("no such cursor")
        yield from walk(plan)

    _mend(feed)
    feed._walk = forgetful

    outcome = world.sync()

    assert (outcome.state, outcome.run) == ("succeeded", 2)
    assert [each["state"] for each in world.rows("run")] == ["incomplete", "succeeded"]


def test_nothing_read_at_all_has_failed(world, feed) -> None:
    _fail(feed, FeedUnavailable("connection refused"), at=0)

    outcome = world.sync()

    assert outcome.state == "failed"
    assert "connection refused" in outcome.reason


def test_a_spent_quota_says_when_to_come_again(world, feed) -> None:
    _fail(feed, QuotaSpent("the day's calls are used up", retry_at=datetime(2026, 9, 14, 15, tzinfo=UTC)))

    outcome = world.sync()

    assert outcome.state == "incomplete"
    assert "2026-09-14 15:00 UTC" in outcome.reason


@pytest.mark.parametrize(
    ("error", "words"),
    [(AccessRefused("key unknown"), "credentials"), (FeedChanged("a looping cursor"), "guide")],
)
def test_what_waiting_cannot_mend_has_failed(world, feed, error, words) -> None:
    _fail(feed, error)

    outcome = world.sync()

    assert outcome.state == "failed"
    assert words in outcome.reason


def test_what_was_read_of_a_feed_that_turned_strange_is_read_again(world, feed) -> None:
    _fail(feed, FeedChanged("a looping cursor"))
    world.sync()

    assert world.rows("run")[0]["position"] is None


def test_refused_credentials_cost_no_place(world, feed) -> None:
    _fail(feed, AccessRefused("key unknown"))
    first = world.sync()
    _mend(feed)

    assert (world.sync().run, feed.plans[-1].position) == (first.run, {"page": 4})


def test_a_fault_of_our_own_costs_no_place_unless_it_comes_again_there(world, feed) -> None:
    places = []
    for at in (4, 5, 5, 4):
        _fail(feed, ZeroDivisionError(), at=at)
        with pytest.raises(ZeroDivisionError):
            world.sync()
        places.append(feed.plans[-1].position)

    assert places == [None, {"page": 4}, {"page": 5}, None]


def test_a_stopped_run_is_cancelled_and_goes_on(world, feed) -> None:
    _fail(feed, KeyboardInterrupt())
    assert world.sync().state == "cancelled"
    _mend(feed)

    assert world.sync().state == "succeeded"
    assert world.count_runs() == 1


def test_a_fault_of_our_own_is_written_down_and_raised(world, feed) -> None:
    _fail(feed, ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        world.sync()

    (run,) = world.rows("run")
    assert (run["state"], "ZeroDivisionError" in str(run["reason"])) == ("failed", True)


def test_a_slice_ends_in_time_and_its_successor_goes_on(world, feed, clock) -> None:
    feed.on_page = lambda _page: clock.advance(100)

    first = world.sync(limit_s=300)
    assert first.state == "queued"
    assert world.due() == "census"
    while (outcome := world.sync(limit_s=300)).state == "queued":
        pass

    assert (outcome.state, outcome.run, outcome.counters.seen) == ("succeeded", first.run, 20)


def test_a_census_with_nothing_usable_has_failed(world, feed) -> None:
    feed.listings = [row(str(number), name="") for number in range(5)]

    outcome = world.sync()

    assert outcome.state == "failed"
    assert "None of the 5 records" in outcome.reason


def test_a_small_changes_walk_with_nothing_usable_is_no_failure(synced, feed, change) -> None:
    change("003", name="")
    feed.changed_only = ["003"]

    assert synced.sync().state == "succeeded"


def test_the_watermark_moves_only_after_a_complete_walk(synced, feed) -> None:
    before = synced.rows("feed")[0]["watermark"]
    feed.clock = feed.clock.replace(hour=6)
    _fail(feed, FeedUnavailable("away"))
    synced.sync()
    assert synced.rows("feed")[0]["watermark"] == before
    _mend(feed)

    synced.sync()

    assert synced.rows("feed")[0]["watermark"] != before


def test_a_feed_that_another_process_reads_is_left_alone(synced, clock) -> None:
    with synced.database.write() as connection:
        take_lease(connection, "buykorea", "changes", holder="elsewhere:1:x", now=clock.now().timestamp() + 60)

    outcome = synced.sync()

    assert outcome.state == "failed"
    assert "Another process" in outcome.reason
    assert outcome.run is None


def test_a_process_that_slept_through_its_lease_writes_nothing_more(world, feed) -> None:
    def steal(page: int) -> None:
        if page == 4:
            with world.database.write() as connection:
                connection.execute(update(lease).values(holder="elsewhere:1:x", fence=lease.c.fence + 1))

    feed.on_page = steal

    outcome = world.sync()

    assert outcome.state == "lost"
    assert len(world.visible()) == 9


def test_what_fails_after_the_lease_was_lost_is_no_failure_of_the_run(world, feed) -> None:
    """Whoever took over has cleared away the file that this process was at."""

    def steal(page: int) -> None:
        if page == 4:
            with world.database.write() as connection:
                connection.execute(update(lease).values(holder="elsewhere:1:x", fence=lease.c.fence + 1))
            raise FileNotFoundError("part of a drop")

    feed.on_page = steal

    outcome = world.sync()

    assert outcome.state == "lost"
    assert world.rows("run")[0]["state"] == "running", "its row belongs to whoever took over"


def test_counts_that_do_not_add_up_fail_the_run(world, monkeypatch) -> None:
    write = Committer.write

    def lossy(self, connection, taken, counted):
        named = write(self, connection, taken, counted)
        counted.new -= 1
        return named

    monkeypatch.setattr(Committer, "write", lossy)

    outcome = world.sync()

    assert outcome.state == "failed"
    assert "do not add up" in outcome.reason


def test_two_lanes_on_one_listing_never_lose_a_version(synced, feed, change, clock) -> None:
    """While the changes lane is between reading and writing, a census commits the same listing."""
    change("003", price="9.00", updated=2000)
    begun = Committer.transaction
    other: list[bool] = []

    def meanwhile(self):
        if not other:
            other.append(True)
            change("003", price="8.00", updated=3000)
            assert synced.sync(full=True).state == "succeeded"
        return begun(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Committer, "transaction", meanwhile)
        outcome = synced.sync()

    assert outcome.state == "succeeded"
    assert sorted(
        each["version"] for each in synced.rows("version") if each["listing_key"] == synced.one("003")["key"]
    ) == [1, 2]
    assert synced.one("003")["updated_at"] == 3000


def test_a_dry_run_counts_and_writes_nothing(synced, feed, change) -> None:
    change("003", price="9.00", updated=2000)
    feed.listings = [*feed.listings[1:], row("900")]
    before = {name: synced.rows(name) for name in ("run", "listing", "version", "archive", "feed", "worklist")}

    outcome = try_feed(synced.database, feed, synced.clock, full=True)

    counted = outcome.counters
    assert (counted.new, counted.changed, counted.unchanged, counted.withdrawn) == (1, 1, 18, 1)
    assert {name: synced.rows(name) for name in before} == before


KILLED = textwrap.dedent(
    """
    import os, sys
    from integrator.store.database import Database
    from integrator.sync import run
    from integrator.sync.units import gather
    from tests.fakes.clock import FakeClock
    from tests.fakes.connector import FakeConnector, row

    run.gather = lambda pieces: gather(pieces, records=1)
    feed = FakeConnector(listings=[row(f"{number:03}") for number in range(20)])
    feed.on_page = lambda page: os.kill(os.getpid(), 9) if page == int(sys.argv[2]) else None
    run.sync_feed(Database(sys.argv[1]), feed, FakeClock())
    """
)


@pytest.mark.parametrize("page", [0, 3, 6])
def test_a_killed_process_costs_at_most_the_page_it_was_at(world, feed, page) -> None:
    url = world.database.engine.url.render_as_string()
    root = str(__import__("pathlib").Path(__file__).parents[3])
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, str(page)], check=False, cwd=root, env={**os.environ, "PYTHONPATH": root}
    )
    assert killed.returncode == -9
    feed.accounts, feed.plans = [], []

    outcome = world.sync()

    assert outcome.state == "succeeded"
    assert len(world.visible()) == 20
    assert len(world.rows("version")) == 20
    assert (feed.plans[0].position or {"page": 0})["page"] == page
