"""Contacts wait with the version that brings them: released with it, held with it, dropped with it."""

from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import update

from integrator.errors import FeedUnavailable
from integrator.listing import Contact
from integrator.record import Policies, Policy
from integrator.store.contacts import SaidContact, of_listings, release_contacts, save_contacts
from integrator.store.holds import find_hold, list_holds
from integrator.store.tables import hold
from integrator.sync.deciding import approve_hold, reject_hold
from integrator.sync.replay import replay_feed, replay_hold
from integrator.sync.units import gather
from tests.fakes.connector import FakeConnector, row

PHONE, OTHER = "+8221110000", "+8229990000"
MANY = 100  # enough to be judged by


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that an interruption finds something committed."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


@pytest.fixture
def feed() -> FakeConnector:
    """Six listings and one account, each with a phone."""
    listings = [row(f"{number:03}", phone=PHONE) for number in range(6)]
    return FakeConnector(listings=listings, accounts=[{"id": "A1", "name": "First", "phone": PHONE}])


@pytest.fixture
def crowd(world, feed):
    """A hundred accounts with a phone, read once; contacts are guarded."""
    feed.accounts = [{"id": f"A{number}", "name": f"Firm {number}", "phone": PHONE} for number in range(MANY)]
    feed.policies, feed.page = Policies(missing={"seller.contact": Policy.HOLD}), 50
    assert world.sync().state == "succeeded"
    world.clear_worklist()
    return world


def _phone(world, account_id: str = "A1", source: str = "account") -> object:
    found = {(each["account_id"], each["source"]): each["phone"] for each in world.rows("contact")}
    return found[account_id, source]


def _phones(world) -> set[object]:
    return {each["phone"] for each in world.rows("contact") if each["source"] == "account"}


def _rename_phones(feed) -> None:
    for each in feed.accounts:
        each["telephone"] = each.pop("phone")


def _break(feed, *, at: int) -> None:
    feed.fail_at, feed.error = at, lambda: FeedUnavailable("away")


# Waiting and releasing ------------------------------------------------------------------------------------------------


def test_an_account_s_contact_waits_until_its_run_is_released(synced, feed) -> None:
    feed.accounts[0]["phone"] = OTHER
    _break(feed, at=2)
    synced.sync(full=True)
    assert (_phone(synced), synced.marked()) == (PHONE, set())
    feed.fail_at = None

    synced.sync(full=True)

    assert (_phone(synced), synced.marked()) == (OTHER, {"A1"})
    assert synced.rows("waiting_contact") == []


def test_a_contact_alone_makes_a_version_of_its_account(synced, feed) -> None:
    feed.accounts[0]["phone"] = OTHER

    assert synced.sync(full=True).counters.accounts_changed == 1

    assert [each["state"] for each in synced.rows("account_version")] == ["released", "released"]
    assert not any(OTHER.encode() in each["content"] for each in synced.rows("account_version"))


def test_a_listing_s_contact_waits_with_it(synced, feed, change) -> None:
    change("003", phone=OTHER, updated=2000)
    _break(feed, at=3)
    synced.sync(full=True)
    assert (_phone(synced, source="listing"), len(synced.rows("waiting_contact"))) == (PHONE, 1)
    feed.fail_at = None

    synced.sync(full=True)

    assert _phone(synced, source="listing") == OTHER
    assert synced.rows("waiting_contact") == []


def test_a_contact_that_changes_nothing_does_not_wait(synced, feed, change) -> None:
    feed.accounts[0]["name"] = "First Trading"
    change("003", price="9", updated=2000)
    _break(feed, at=3)

    synced.sync(full=True)

    assert len(synced.rows("account_version")) == 2
    assert synced.rows("waiting_contact") == []


def test_a_first_census_and_a_new_account_have_nothing_to_spoil(synced, feed) -> None:
    assert _phone(synced) == PHONE
    feed.accounts.append({"id": "A2", "name": "Second", "phone": OTHER})
    _break(feed, at=1)

    synced.sync(full=True)

    assert _phone(synced, "A2") == OTHER


def test_changes_release_the_contact_that_a_census_left_waiting(synced, feed) -> None:
    feed.accounts[0]["phone"] = OTHER
    _break(feed, at=2)
    synced.sync(full=True)
    feed.fail_at = None
    synced.clock.advance(days=1)
    feed.clock = feed.clock.replace(day=15)

    outcome = synced.sync()

    assert (outcome.lane, _phone(synced)) == ("changes", OTHER)
    kept = {each["name"]: each["part"] for each in synced.rows("measure") if each["run"] == outcome.run}
    assert (kept["seller pairs"], kept["had seller.contact.phone"]) == (1, 1), "what it takes over is judged with it"


def test_a_withdrawn_listing_takes_its_waiting_contact_along(synced, feed, change) -> None:
    change("003", phone=OTHER, updated=2000)
    _break(feed, at=3)
    synced.sync(full=True)
    feed.fail_at, feed.tombstones = None, [{"id": "003", "at": 5000}]
    feed.listings, feed.changed_only = feed.listings[:3] + feed.listings[4:], []

    synced.sync()

    assert synced.one("003")["state"] == "withdrawn"
    assert (_phone(synced, source="listing"), synced.rows("waiting_contact")) == (PHONE, [])


# Order ---------------------------------------------------------------------------------------------------------------

SAID = (
    Contact(brn="1234567890", phone="+8221110000"),
    Contact(brn="0018100017", brn_valid=True, email="a@firm.example"),
    Contact(phone="+8229990000", email="b@firm.example"),
)
TOGETHER = Contact(brn="0018100017", brn_valid=True, phone="+8229990000", email="b@firm.example")


@pytest.mark.parametrize("order", list(permutations(SAID)))
def test_contacts_of_listings_come_to_the_same_in_any_order(world, order) -> None:
    with world.database.write() as connection:
        for number, each in enumerate(order, start=1):
            save_contacts(connection, "buykorea", [SaidContact(number, "A1", each)])
        save_contacts(connection, "buykorea", [SaidContact(number, "A2", each) for number, each in enumerate(order, 1)])

    for each in world.rows("contact"):
        assert {name: each[name] for name in Contact.__slots__} == {
            name: getattr(TOGETHER, name) for name in Contact.__slots__
        }


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_contacts_of_listings_come_to_the_same_whichever_is_released_first(synced, feed, change, order) -> None:
    for number, phone in enumerate(("+8221", "+8229", "+8225")):
        change(f"00{number}", phone=phone, updated=2000)
    _break(feed, at=3)
    synced.sync(full=True)
    keys = [synced.one(f"00{number}")["key"] for number in order]

    with synced.database.write() as connection:
        for key in keys:
            release_contacts(connection, of_listings([key]))

    assert _phone(synced, source="listing") == "+8229"


# Holding -------------------------------------------------------------------------------------------------------------


def test_contacts_of_a_held_run_stay_as_they_were_until_a_person_approves(crowd, feed, clock) -> None:
    _rename_phones(feed)

    outcome = crowd.sync(full=True)

    assert outcome.state == "held"
    assert "seller.contact.phone: 100 of 100 changed records had it, 0 have it now." in outcome.reason
    assert (_phones(crowd), crowd.marked()) == ({PHONE}, set())
    assert approve_hold(crowd.database, 1, by="kim", clock=clock) == MANY
    assert (_phones(crowd), len(crowd.marked())) == ({None}, MANY)
    assert crowd.rows("waiting_contact") == []


def test_contacts_of_a_rejected_run_are_dropped_and_do_not_come_again(crowd, feed, clock) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)

    assert reject_hold(crowd.database, 1, by="kim", clock=clock) == MANY

    assert (_phones(crowd), crowd.rows("waiting_contact")) == ({PHONE}, [])
    assert crowd.sync(full=True).state == "succeeded"
    assert (_phones(crowd), crowd.rows("waiting_contact")) == ({PHONE}, [])


def test_a_hold_names_contacts_that_would_change_and_never_what_they_say(crowd, feed) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)

    with crowd.database.read() as connection:
        (found,) = list_holds(connection)

    diff: Any = found.diff
    assert diff["fields"] == [{"field": "seller.contact", "listings": MANY}]
    assert PHONE not in str(crowd.rows("hold"))


def test_a_feed_that_is_right_again_empties_the_hold(crowd, feed) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)
    for each in feed.accounts:
        each["phone"] = each.pop("telephone")

    assert crowd.sync(full=True).state == "succeeded"

    assert (_phones(crowd), crowd.rows("waiting_contact")) == ({PHONE}, [])
    assert [each["state"] for each in crowd.rows("hold")] == ["closed"]


def test_a_newer_contact_takes_the_place_of_one_that_waits(crowd, feed, clock) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)
    feed.accounts[7]["phone"] = OTHER
    assert crowd.sync(full=True).state == "succeeded"
    assert _phone(crowd, "A7") == OTHER

    assert approve_hold(crowd.database, 1, by="kim", clock=clock) == MANY - 1

    assert (_phone(crowd, "A7"), _phone(crowd, "A8")) == (OTHER, None)


def test_approving_releases_no_more_contacts_than_versions(crowd, feed, clock) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)
    with crowd.database.write() as connection:
        connection.execute(update(hold).values(ceiling=30))

    approve_hold(crowd.database, 1, by="kim", clock=clock)

    phones = [each["phone"] for each in crowd.rows("contact") if each["source"] == "account"]
    assert (phones.count(None), len(crowd.rows("waiting_contact"))) == (30, MANY - 30)


def test_held_accounts_read_again_by_the_same_parser_are_held_again(crowd, feed, clock) -> None:
    _rename_phones(feed)
    crowd.sync(full=True)
    with crowd.database.read() as connection:
        found = find_hold(connection, 1)
    assert found is not None

    outcome = replay_hold(crowd.database, feed, clock, found)

    assert (outcome.state, _phones(crowd)) == ("held", {PHONE})
    assert [each["state"] for each in crowd.rows("hold")] == ["closed", "open"]


# Reading -------------------------------------------------------------------------------------------------------------


def test_a_scope_that_may_not_see_contacts_leaves_them_and_is_no_drift(crowd, feed) -> None:
    feed.scope = "public"
    for each in feed.accounts:
        each.update(phone=None, homepage="firm.example")

    outcome = crowd.sync(full=True)

    assert outcome.state == "succeeded", outcome.reason
    assert _phones(crowd) == {PHONE}


def test_a_replay_of_accounts_keeps_the_scope_they_were_read_with(synced, feed, clock) -> None:
    feed.scope = "public"
    feed.accounts[0].update(phone=None, homepage="firm.example")
    synced.sync(full=True)
    feed.scope, feed.parser_version = None, 2

    replay_feed(synced.database, feed, clock)

    assert _phone(synced) == PHONE
