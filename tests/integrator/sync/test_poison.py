"""Records on which our own code fails."""

import pytest
from sqlalchemy.exc import OperationalError

from integrator.record import Kind
from integrator.sync.commit import Committer
from integrator.sync.replay import replay_feed
from integrator.sync.taken import encode_content
from integrator.sync.units import gather
from tests.fakes.connector import FakeConnector


class Poison(Exception):
    """A fault that nobody has thought of."""


@pytest.fixture
def poisoned(monkeypatch: pytest.MonkeyPatch):
    """Listings of these names cannot be written, whatever is done; counts how often one was tried."""
    names: set[str] = set()
    tried: list[str] = []

    def encode(said):
        if said.names["en"] in names:
            tried.append(said.names["en"])
            raise Poison
        return encode_content(said)

    monkeypatch.setattr("integrator.sync.weighing.encode_content", encode)
    return names, tried


def test_a_poisoned_record_is_set_aside_and_the_others_come_in(world, feed, poisoned) -> None:
    poisoned[0].add("Hand cream 007")
    feed.page = 50

    outcome = world.sync()

    counted = outcome.counters
    assert (outcome.state, counted.seen, counted.new, counted.rejected) == ("succeeded", 20, 19, 1)
    assert len(world.visible()) == 19
    (aside,) = world.rows("rejection")
    assert (aside["code"], aside["external_id"]) == ("OWN_FAULT", "007")
    assert aside["raw"] in {each["hash"] for each in world.rows("archive")}
    assert "set aside" in outcome.warnings[0]


def test_a_poisoned_record_keeps_the_last_good_version_shown(synced, change, poisoned) -> None:
    change("007", name="Poison", updated=2000)
    poisoned[0].add("Poison")

    assert synced.sync().state == "succeeded"

    assert "007" in synced.visible()
    assert synced.one("007")["rejected_at"] is not None


def test_a_record_set_aside_is_remembered_and_not_tried_again(world, feed, poisoned) -> None:
    names, tried = poisoned
    names.add("Hand cream 007")
    world.sync()
    tried.clear()

    outcome = world.sync(full=True)

    assert (outcome.counters.rejected, tried) == (1, [])


def test_a_fault_that_passes_costs_nothing(world, monkeypatch) -> None:
    left = [2]

    def encode(said):
        if left[0]:
            left[0] -= 1
            raise Poison
        return encode_content(said)

    monkeypatch.setattr("integrator.sync.weighing.encode_content", encode)

    outcome = world.sync()

    assert (outcome.counters.new, outcome.counters.rejected) == (20, 0)
    assert world.rows("run")[0]["failed_times"] == 0


def test_failures_are_counted_over_the_processes_that_tried(world, feed, poisoned, monkeypatch) -> None:
    """A process that dies while it tries leaves what it had counted."""
    poisoned[0].add("Hand cream 007")
    count = Committer._count_failure

    def count_and_die(self):
        count(self)
        raise KeyboardInterrupt

    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(Committer, "_count_failure", count_and_die)
            assert world.sync().state == "cancelled"
    assert world.rows("run")[0]["failed_times"] == 2
    poisoned[1].clear()

    assert world.sync().state == "succeeded"

    assert len(poisoned[1]) == 3, "once whole, once in half of three, once alone"


def test_a_fault_of_every_record_is_not_the_records_fault(world, monkeypatch) -> None:
    def encode(said):
        raise Poison

    monkeypatch.setattr("integrator.sync.weighing.encode_content", encode)

    with pytest.raises(Poison):
        world.sync()

    assert world.rows("run")[0]["state"] == "failed"


def test_a_full_disk_sets_no_record_aside(world, monkeypatch) -> None:
    def full(*_args, **_how):
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    monkeypatch.setattr("integrator.sync.commit.add_listings", full)

    with pytest.raises(OperationalError):
        world.sync()

    assert world.rows("rejection") == []


def test_a_record_without_a_body_or_a_name_we_can_keep_is_set_aside_too(world, feed, monkeypatch) -> None:
    strange = feed.listings[7]
    strange["id"], strange["name"] = "\ud800", "\ud800"

    outcome = world.sync()

    assert (outcome.state, outcome.counters.new, outcome.counters.rejected) == ("succeeded", 19, 1)
    assert world.rows("rejection")[0]["external_id"] == ""


def test_accounts_and_withdrawals_are_set_aside_like_listings(world, feed, monkeypatch) -> None:
    parse = FakeConnector.parse

    def failing(self, record):
        if record.external_id in ("A1", "T1"):
            raise Poison
        return parse(self, record)

    monkeypatch.setattr(FakeConnector, "parse", failing)
    feed.tombstones = [{"id": "T1", "at": 5000}]

    outcome = world.sync()

    assert (outcome.state, outcome.counters.new) == ("succeeded", 20)
    assert (outcome.counters.accounts_rejected, outcome.counters.withdrawals_seen) == (2, 1), (
        "it is asked for once more"
    )
    kinds = {each["kind"] for each in world.rows("archive") if each["external_id"] in ("A1", "T1")}
    assert kinds == {Kind.ACCOUNT.value, Kind.WITHDRAWAL.value}


def test_a_replay_reads_what_was_set_aside_once_the_fault_is_mended(world, feed, poisoned) -> None:
    poisoned[0].add("Hand cream 007")
    world.sync()
    still = replay_feed(world.database, feed, world.clock, rejected=True)
    poisoned[0].clear()

    outcome = replay_feed(world.database, feed, world.clock, rejected=True)

    assert (still.state, still.counters.new) == ("succeeded", 0)
    assert outcome.counters.new == 1
    assert "007" in world.visible()
    assert world.rows("rejection")[0]["resolved_at"] is not None
