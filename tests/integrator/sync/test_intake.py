"""What a record comes to."""

from decimal import Decimal

import msgspec
import pytest

from integrator.listing import Listing
from integrator.record import Kind
from integrator.store.archive import ArchiveReader
from tests.fakes.connector import row


def test_a_feed_never_read_gets_a_census_and_everything_is_new(world) -> None:
    outcome = world.sync()

    assert (outcome.state, outcome.lane) == ("succeeded", "census")
    assert (outcome.counters.seen, outcome.counters.new) == (20, 20)
    assert len(world.visible()) == 20
    assert world.marked() == {"A1", "A2"}


def test_the_same_again_is_unchanged_and_parses_nothing(synced, feed) -> None:
    before = feed.parsed

    outcome = synced.sync(full=True)

    assert (outcome.counters.unchanged, outcome.counters.seen) == (20, 20)
    assert feed.parsed == before
    assert synced.marked() == set()


def test_a_changed_listing_gets_a_version_and_marks_its_seller(synced, change) -> None:
    change("003", price="9.00", updated=2000)

    outcome = synced.sync()

    assert (outcome.counters.changed, outcome.counters.unchanged) == (1, 19)
    assert synced.one("003")["version"] == 2
    assert synced.marked() == {"A1"}


def test_a_listing_that_changes_hands_marks_both_sellers(synced, change) -> None:
    change("003", account="A2", updated=2000)

    synced.sync()

    assert synced.marked() == {"A1", "A2"}


def test_older_news_never_replaces_newer(synced, change) -> None:
    change("003", price="9.00", updated=2000)
    synced.sync()
    change("003", price="1.00", updated=1500)

    outcome = synced.sync()

    assert outcome.counters.superseded == 1
    assert synced.one("003")["version"] == 2


def test_a_lower_number_never_replaces_a_higher_one(synced, change, feed) -> None:
    feed.sequence = 10
    change("003", price="9.00")
    synced.sync()
    feed.sequence = 9
    change("003", price="1.00", updated=5000)

    synced.sync()

    assert synced.one("003")["version"] == 2


@pytest.mark.parametrize("page", [3, 50], ids=["other unit's page", "same page"])
def test_of_two_copies_in_one_walk_the_later_change_wins(world, feed, page) -> None:
    feed.page = page
    feed.listings += [row("003", price="9.00", updated=3000), row("004", price="1.00", updated=10)]

    outcome = world.sync()

    assert (outcome.counters.seen, outcome.counters.new, outcome.counters.superseded) == (22, 20, 2)
    assert _content(world, "003").price.steps[0].amount == 9
    assert _content(world, "004").price.steps[0].amount != 1


def test_copies_of_one_drop_are_weighed_once_and_not_again_when_it_is_read_again(world, feed) -> None:
    feed.sequence = 10
    feed.listings.append(row("003", price="9.00"))
    world.sync()

    again = world.sync(full=True).counters

    assert (again.new, again.changed) == (0, 0)
    assert _content(world, "003").price.steps[0].amount == 9


def test_a_copy_that_its_feed_says_another_outranks_is_counted_and_kept_but_never_weighed(synced, feed) -> None:
    feed.page = 50
    feed.listings.insert(0, {**row("003", price="9.00", updated=3000), "outranked": True})

    counted = synced.sync(full=True).counters

    assert (counted.seen, counted.unchanged, counted.changed, counted.superseded) == (21, 20, 0, 1)
    assert synced.one("003")["version"] == 1


def test_a_later_copy_of_an_unchanged_one_counts_as_the_change(synced, feed) -> None:
    feed.page = 50
    feed.listings.append(row("003", account="A1", price="9.00", updated=3000))

    counted = synced.sync().counters

    assert (counted.seen, counted.unchanged, counted.changed, counted.superseded) == (21, 19, 1, 1)


def test_a_later_registration_ends_the_old_listing_and_begins_a_new_one(synced, change) -> None:
    change("003", registered=900, name="Pump", updated=2000)

    outcome = synced.sync()

    assert outcome.counters.new == 1
    assert synced.one("003")["generation"] == 2
    assert [each["kind"] for each in synced.rows("withdrawal")] == ["reused"]
    assert sorted(each["state"] for each in synced.rows("listing") if each["external_id"] == "003") == ["ended", "live"]


def test_a_newer_parser_that_reads_the_same_changes_nothing(synced, feed) -> None:
    feed.parser_version = 2

    counted = synced.sync().counters

    assert (counted.unchanged, counted.changed) == (20, 0)
    assert feed.parsed > 20
    assert synced.one("003")["parser_version"] == 2
    assert synced.marked() == set()


def test_every_record_read_can_be_found_in_the_archive_byte_by_byte(synced, feed) -> None:
    wanted = {feed.record(Kind.LISTING, each, 0).body for each in feed.listings}
    hashes = [each["raw"] for each in synced.rows("version")]

    with synced.database.read() as connection:
        kept = ArchiveReader().find(connection, hashes)

    assert {each.body for each in kept.values()} == wanted


def test_contacts_stand_in_a_table_of_their_own(world, feed) -> None:
    feed.listings[3]["phone"] = "+8210000000"
    feed.accounts[0]["brn"] = "0018100017"

    world.sync()

    contacts = {(each["account_id"], each["source"]): each for each in world.rows("contact")}
    assert contacts["A1", "listing"]["phone"] == "+8210000000"
    assert contacts["A1", "account"]["brn"] == "0018100017"
    assert not any(b"+8210000000" in each["content"] for each in world.rows("version"))


def test_unknown_codes_are_counted_with_an_example(world, change) -> None:
    change("003", unit="PALLET")
    change("004", unit="PALLET")

    world.sync()

    (found,) = world.rows("unknown")
    assert (found["field"], found["value"], found["count"], found["example"]) == ("price", "PALLET", 2, "003")


# Rejections ----------------------------------------------------------------------------------------------------------


def test_a_rejected_record_keeps_the_last_good_version_shown(synced, change) -> None:
    change("003", name="")

    outcome = synced.sync(full=True)

    assert (outcome.state, outcome.counters.rejected) == ("succeeded", 1)
    assert "003" in synced.visible()
    assert synced.one("003")["rejected_at"] is not None


def test_a_rejected_record_is_remembered_and_not_parsed_again(synced, change, feed) -> None:
    change("003", name="", updated="never")
    synced.sync()
    before = feed.parsed

    outcome = synced.sync()

    assert outcome.counters.rejected == 1
    assert feed.parsed == before
    (kept,) = synced.rows("rejection")
    assert kept["code"] == "NAME_MISSING"
    assert kept["last_run"] > kept["first_run"]
    assert b"DATE_INVALID" in str(kept["reasons"]).encode()


def test_a_usable_record_ends_the_rejection(synced, change) -> None:
    change("003", name="")
    synced.sync()
    change("003", name="Hand cream 003")

    outcome = synced.sync()

    assert outcome.counters.unchanged == 20
    assert synced.one("003")["rejected_at"] is None
    assert synced.rows("rejection")[0]["resolved_at"] is not None


def test_after_thirty_days_without_a_usable_record_a_listing_is_hidden(synced, change, clock) -> None:
    change("003", name="")
    synced.sync()
    clock.advance(days=31)

    synced.sync()

    assert "003" not in synced.visible()
    assert synced.one("003")["hidden_reason"] == "stale"
    assert "A1" in synced.marked()


def test_a_stale_listing_that_can_be_read_again_is_shown_again(synced, change, clock) -> None:
    change("003", name="")
    synced.sync()
    clock.advance(days=31)
    synced.sync()
    change("003", name="Hand cream 003")

    synced.sync()

    assert "003" in synced.visible()


def test_a_record_without_a_readable_id_is_rejected_and_the_run_goes_on(synced, feed) -> None:
    feed.listings += [row("", name="nameless"), row("", name="another")]

    counted = synced.sync().counters

    assert (counted.rejected, counted.unchanged) == (2, 20)
    assert len(synced.rows("rejection")) == 2


# Accounts ------------------------------------------------------------------------------------------------------------


def test_a_changed_account_marks_it_though_no_listing_changed(synced, feed) -> None:
    feed.accounts[0]["name"] = "First Trading"

    outcome = synced.sync(full=True)

    assert outcome.counters.accounts_changed == 1
    assert synced.marked() == {"A1"}


def test_an_unknown_seller_is_asked_for_singly(synced, feed) -> None:
    feed.listings.append(row("777", account="A9"))

    synced.sync()

    assert {each["external_id"] for each in synced.rows("account")} == {"A1", "A2", "A9"}


def test_accounts_are_read_in_the_first_changes_walk_of_a_korean_day_only(synced, feed) -> None:
    synced.sync()
    same_day = feed.plans[-1]
    feed.clock = feed.clock.replace(day=15)
    synced.sync()
    next_day = feed.plans[-1]
    synced.sync()

    assert [plan.accounts for plan in (same_day, next_day, feed.plans[-1])] == [False, True, False]


# Scope ---------------------------------------------------------------------------------------------------------------


def test_a_lower_scope_keeps_what_a_member_was_told(synced, feed, change) -> None:
    feed.scope = "public"
    change("003", name="New name", updated=2000)

    outcome = synced.sync()

    content = _content(synced, "003")
    assert (content.name, content.price.steps[0].amount) == ("New name", Decimal("3.50"))
    assert (outcome.counters.changed, outcome.counters.unchanged) == (1, 19)


def test_a_listing_never_read_as_member_is_hidden_until_it_is(world, feed) -> None:
    feed.scope = "public"
    world.sync()
    assert world.visible() == set()
    assert world.one("003")["hidden_reason"] == "scope"

    feed.scope = "member"
    world.sync()

    assert len(world.visible()) == 20


def _content(world, external_id: str) -> Listing:
    newest = world.one(external_id)
    bodies = {(each["listing_key"], each["version"]): each["content"] for each in world.rows("version")}
    return msgspec.json.decode(bodies[newest["key"], newest["version"]], type=Listing)
