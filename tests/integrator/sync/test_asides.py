"""Replay, details, traces."""

import pytest

from integrator.record import Kind
from integrator.sync.detailing import read_details
from integrator.sync.replay import replay_feed
from tests.fakes.connector import FakeConnector


class BetterParser(FakeConnector):
    """The same platform, read by a later parser: names in capitals, records without a name are usable."""

    def _listing(self, record):
        fields = {**record.fields, "name": str(record.fields.get("name") or "NAMELESS").upper()}
        return super()._listing(self.record(Kind.LISTING, fields, 0))


@pytest.fixture
def better(feed) -> FakeConnector:
    return BetterParser(parser_version=2, platform=feed.platform)


def test_a_replay_by_the_same_parser_changes_nothing(synced, feed) -> None:
    outcome = replay_feed(synced.database, feed, synced.clock)

    assert (outcome.state, outcome.counters.unchanged, outcome.counters.changed) == ("succeeded", 20, 0)
    assert synced.marked() == set()


def test_a_replay_by_a_newer_parser_makes_versions_without_asking_the_platform(synced, better) -> None:
    outcome = replay_feed(synced.database, better, synced.clock)

    assert outcome.counters.changed == 20
    assert better.plans == []
    assert synced.marked() == {"A1", "A2"}


def test_a_replay_is_no_sight_of_a_listing(synced, better, clock) -> None:
    before = synced.one("003")
    clock.advance(days=1)

    replay_feed(synced.database, better, synced.clock)

    after = synced.one("003")
    assert (after["seen_run"], after["seen_at"]) == (before["seen_run"], before["seen_at"])
    assert after["version"] == 2


def test_a_replay_leaves_the_withdrawn_withdrawn(synced, feed, better) -> None:
    feed.tombstones = [{"id": "003", "at": 5000}]
    synced.sync()

    replay_feed(synced.database, better, synced.clock)

    assert "003" not in synced.visible()


def test_a_record_rejected_before_comes_in_by_replay(world, feed, better, change) -> None:
    change("003", name="")
    world.sync()
    assert "003" not in world.visible()

    outcome = replay_feed(world.database, better, world.clock, rejected=True)

    assert (outcome.counters.seen, outcome.counters.new) == (1, 1)
    assert "003" in world.visible()
    assert world.rows("rejection")[0]["resolved_at"] is not None


def test_a_replay_of_a_newer_parser_mends_a_listing_whose_last_record_was_rejected(synced, better, change) -> None:
    change("003", name="", updated=2000)
    synced.sync()

    replay_feed(synced.database, better, synced.clock, rejected=True)

    assert synced.one("003")["rejected_at"] is None
    assert synced.one("003")["updated_at"] == 2000


def test_details_are_kept_beside_their_listing(synced, feed) -> None:
    outcome = read_details(synced.database, feed, synced.clock, limit=5)

    assert (outcome.state, outcome.counters.details_seen) == ("succeeded", 5)
    assert len(synced.rows("detail")) == 5
    assert b"Made with care" in synced.rows("detail")[0]["content"]


def test_details_never_read_come_first(synced, feed) -> None:
    for _ in range(4):
        read_details(synced.database, feed, synced.clock, limit=5)

    assert len(synced.rows("detail")) == 20


def test_a_detail_that_is_gone_withdraws_its_listing(synced, feed) -> None:
    feed.gone = {f"{number:03}" for number in range(20)}

    outcome = read_details(synced.database, feed, synced.clock, limit=3)

    assert outcome.counters.withdrawn == 3
    assert len(synced.visible()) == 17
