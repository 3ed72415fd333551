"""One listing's way: every step, where it stands, and where it stood."""

from dataclasses import replace
from typing import Any

import pytest

from integrator.errors import UnknownListing
from integrator.explain.trace import Trace, trace_listing
from integrator.explain.values import Value, trace_values
from integrator.listing import Listing
from integrator.record import Policies, Policy, Record
from integrator.store.tables import archive
from integrator.sync.deciding import approve_hold
from integrator.sync.detailing import read_details
from integrator.sync.undo import undo_run
from tests.fakes.connector import FakeConnector, row


def trace(world: Any, external_id: str, *, as_of: float | None = None) -> Trace:
    return trace_listing(world.database, "buykorea", external_id, as_of=as_of)


def words(world: Any, external_id: str) -> list[str]:
    return [step.what for step in trace(world, external_id).steps]


def texts(world: Any, external_id: str) -> str:
    return " ".join(step.text for step in trace(world, external_id).steps)


def now(world: Any) -> float:
    return float(world.clock.now().timestamp())


def test_a_listing_s_steps_come_in_order(synced, change) -> None:
    change("003", price="9.00", updated=2000)
    synced.sync()

    found = trace(synced, "003")

    assert [step.what for step in found.steps][:3] == ["first seen", "version", "released"]
    assert [step.at for step in found.steps] == sorted(step.at for step in found.steps)
    assert {"released", "seen", "waiting"} <= set(words(synced, "003"))
    assert "Version 2 of generation 1 was read" in texts(synced, "003")
    assert "(changes), page 1, offset 0, kept as " in texts(synced, "003")


def test_a_rejected_one_says_why_it_is_not_here(world, change) -> None:
    change("003", name="")
    world.sync()

    found = trace(world, "003")

    assert (found.standing.state, found.standing.visible) == ("not here", False)
    assert "every record of it was rejected" in found.now
    assert "NAME_MISSING" in found.steps[0].text


def test_an_update_that_cannot_be_used_says_since_when(synced, change) -> None:
    change("003", name="", updated=2000)
    synced.sync()

    assert "unusable" in words(synced, "003")
    assert "this is its last good version" in trace(synced, "003").now


def test_a_withdrawn_one_says_what_it_was_merged_into(synced, feed) -> None:
    feed.tombstones = [{"id": "003", "at": 5000, "merged_into": "004"}]
    synced.sync()

    found = trace(synced, "003")

    assert found.now == "It is gone: withdrawn, merged into 004."
    assert (found.standing.state, found.standing.merged_into) == ("withdrawn", "004")
    assert "proof by explicit" in texts(synced, "003")


def test_a_hidden_one_says_why(synced, change) -> None:
    change("003", visible=False, updated=2000)
    synced.sync()

    assert "not shown to buyers" in trace(synced, "003").now


def test_a_deletion_that_waits_is_told_with_its_hold(synced, feed) -> None:
    feed.listings = feed.listings[12:]
    synced.sync(full=True)

    assert "held" in words(synced, "003")
    assert "Its deletion waits for a person in hold 1." in trace(synced, "003").now


def test_a_hold_that_was_decided_names_who_decided(synced, feed, clock) -> None:
    feed.listings = feed.listings[12:]
    synced.sync(full=True)
    (waiting,) = synced.rows("hold")

    approve_hold(synced.database, int(str(waiting["id"])), by="kim", reason="seen on the platform", clock=clock)

    assert "approved by kim (seen on the platform)" in texts(synced, "003")
    assert trace(synced, "003").standing.state == "withdrawn"


def test_an_id_that_was_used_again_tells_of_both_lives(synced, change) -> None:
    change("003", registered=900, updated=2000, name="Another thing")
    synced.sync()

    assert "as generation 2: its id was used again" in texts(synced, "003")
    assert "ended" in words(synced, "003")
    assert trace(synced, "003").standing.generation == 2


def test_an_id_never_seen_says_when_the_feed_was_last_read_whole(synced) -> None:
    with pytest.raises(UnknownListing, match=r"was ever read.*last read whole at 20\d\d-.* UTC"):
        trace(synced, "404")


def test_one_that_we_hide_ourselves_says_so_with_its_proof(synced, change, clock) -> None:
    change("003", name="", updated=2000)
    synced.sync()
    before = now(synced)
    clock.advance(days=31)
    synced.sync()

    assert "hidden" in words(synced, "003")
    assert "not shown to buyers (stale)" in trace(synced, "003").now
    assert trace(synced, "003", as_of=before).standing.visible
    assert trace(synced, "003", as_of=now(synced)).standing.hidden_reason == "stale"


def test_one_that_was_withdrawn_before_it_was_ever_read_says_so(synced, feed) -> None:
    feed.tombstones = [{"id": "900", "at": 5000}]
    synced.sync()

    found = trace(synced, "900")

    assert (found.standing.state, found.standing.version) == ("withdrawn", None)
    assert "no record of it was ever read" in found.steps[0].text


def test_one_that_was_brought_back_names_who_did_it_and_why(synced, feed) -> None:
    feed.listings.pop(3)
    feed.gone = {"003"}
    run = synced.sync(full=True).run
    gone = now(synced)
    synced.clock.advance(60)

    undo_run(synced.database, run, by="kim", reason="the seller called", clock=synced.clock)

    assert "kim brought it back: the seller called." in texts(synced, "003")
    assert trace(synced, "003", as_of=gone).standing.state == "withdrawn"
    assert trace(synced, "003", as_of=now(synced)).standing.visible


def test_a_version_that_waits_in_a_hold_is_told_with_it(world, feed) -> None:
    feed.listings = [row(f"{number:03}") for number in range(120)]
    feed.policies = Policies(missing={"price": Policy.HOLD})
    world.sync()
    for each in feed.listings:
        each.update(price="99.00", updated=2000)
    assert world.sync().state == "held"

    found = trace(world, "003")

    assert "Version 2 waits to be released in hold 1." in found.now
    assert "It waits in hold 1" in texts(world, "003")
    assert (found.standing.version, found.standing.visible) == (1, True)


def test_of_a_feed_never_read_whole_an_unknown_id_says_that_too(world) -> None:
    with pytest.raises(UnknownListing, match="Its feed was never read whole"):
        trace(world, "404")


# As of an instant ----------------------------------------------------------------------------------------------------


def test_as_of_before_it_came_it_was_not_seen(synced) -> None:
    found = trace(synced, "003", as_of=now(synced) - 86_400)

    assert (found.standing.state, found.steps) == ("not here", ())
    assert found.now == "It was not seen by then."


def test_as_of_an_instant_the_version_of_then_stands(synced, change) -> None:
    then = now(synced)
    change("003", price="9.00", updated=2000)
    synced.sync()

    assert (trace(synced, "003", as_of=then).standing.version, trace(synced, "003").standing.version) == (1, 2)
    assert all(step.at <= then for step in trace(synced, "003", as_of=then).steps)


def test_as_of_between_withdrawal_and_return_it_was_gone(synced, feed, change, clock) -> None:
    before = now(synced)
    feed.tombstones = [{"id": "003", "at": 5000}]
    synced.sync()
    gone = now(synced)
    feed.tombstones = []
    change("003", updated=6000, price="9.00")
    clock.advance(60)
    synced.sync()

    states = [trace(synced, "003", as_of=at).standing for at in (before, gone, now(synced))]

    assert [each.state for each in states] == ["live", "withdrawn", "live"]
    assert [each.visible for each in states] == [True, False, True]


def test_as_of_a_day_when_the_platform_hid_it_it_was_hidden(synced, change) -> None:
    then = now(synced)
    change("003", visible=False, updated=2000)
    synced.sync()

    assert trace(synced, "003", as_of=then).standing.visible
    assert not trace(synced, "003", as_of=now(synced)).standing.visible


@pytest.mark.parametrize("external_id", ["000", "003", "007", "012"])
def test_as_of_now_is_what_the_rows_say(synced, feed, change, external_id) -> None:
    change("003", visible=False, updated=2000)
    change("007", registered=900, updated=2000)
    feed.tombstones = [{"id": "012", "at": 5000}]
    synced.sync()

    told, rows = trace(synced, external_id, as_of=now(synced)).standing, trace(synced, external_id).standing

    assert (told.state, told.generation, told.version, told.visible) == (
        rows.state, rows.generation, rows.version, rows.visible,
    )  # fmt: skip


# Values --------------------------------------------------------------------------------------------------------------


def values(
    world: Any, external_id: str, *, parser: FakeConnector | None = None, as_of: float | None = None
) -> dict[str, Value]:
    found = trace_values(world.database, parser or world.feed, external_id, as_of=as_of)
    return {f"{each.read.kind}.{each.traced.field}": each for each in found}


def test_each_value_shown_names_its_raw_path_and_text(synced) -> None:
    read_details(synced.database, synced.feed, synced.clock, limit=20)

    found = values(synced, "003")

    assert {origin.path: origin.text for origin in found["listing.names.en"].traced.origins} == {
        "name": "Hand cream 003"
    }
    assert found["detail.descriptions.en"].traced.origins[0].path == "description"
    assert found["account.names.en"].traced.value == "First"
    assert all(each.traced.origins for each in found.values())


def test_a_value_that_today_s_parser_reads_otherwise_says_so(synced) -> None:
    class Shouting(FakeConnector):
        def _listing(self, record: Record) -> Listing:
            read = super()._listing(record)
            return replace(read, names={"en": read.name.upper()})

    found = values(synced, "003", parser=Shouting())["listing.names.en"]

    assert (found.traced.value, found.today) == ("Hand cream 003", "HAND CREAM 003")


def test_a_masked_value_is_traced_to_the_version_it_was_kept_from(synced, change) -> None:
    synced.feed.scope = "public"
    change("003", name="Another name", updated=2000)
    synced.sync()

    found = values(synced, "003", parser=FakeConnector())

    assert (found["listing.names.en"].read.name, found["listing.price.steps[0]"].read.name) == (
        "version 2",
        "version 1",
    )
    assert "price" in {origin.path for origin in found["listing.price.steps[0]"].traced.origins}


def test_a_value_whose_record_is_not_kept_any_more_says_so(synced) -> None:
    with synced.database.write() as connection:
        connection.execute(archive.delete())

    found = values(synced, "003")["listing.names.en"]

    assert (found.traced.value, found.traced.origins) == ("Hand cream 003", ())
    assert found.read.problem == "Its raw record is not kept any more."


def test_as_of_an_instant_the_values_of_then_are_traced(synced, change) -> None:
    then = now(synced)
    change("003", name="Another name", updated=2000)
    synced.sync()

    assert values(synced, "003", as_of=then)["listing.names.en"].traced.value == "Hand cream 003"
    assert values(synced, "003")["listing.names.en"].traced.value == "Another name"


def test_as_of_an_instant_the_account_of_then_is_traced(synced, change) -> None:
    then = now(synced)
    change("003", account="A2", updated=2000)
    synced.sync()

    assert values(synced, "003", as_of=then)["account.names.en"].read.name == "account A1"
    assert values(synced, "003")["account.names.en"].read.name == "account A2"


def test_what_was_never_shown_has_no_values(world, change) -> None:
    change("003", name="")
    world.sync()

    assert values(world, "003") == {}
