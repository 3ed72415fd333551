"""What waits for a person, shown, decided, read again and undone by command, down to the index."""

import json
from typing import Any

import pytest
from click.testing import Result

from integrator.record import Policies, Policy


def _json(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture
def held(run, feeds):
    """A unit that nobody knows, where the platform's policy asks for a person."""
    run("sync", "buykorea")
    feeds["buykorea"].policies = Policies(values={"price": Policy.HOLD})
    feeds["buykorea"].listings[0].update(name="Valve", unit="PALLET", updated=2000)
    assert run("sync", "buykorea").exit_code == 3
    return run


def test_a_held_run_is_shown_with_what_it_would_change(held) -> None:
    (listed,) = _json(held("holds", "list", "--json"))

    shown = held("holds", "show", "1")

    assert (listed["kind"], listed["listings"], listed["ceiling"]) == ("run", 1, 1)
    assert "b00 names" in shown.stdout
    assert "field names: differs in 1 listings" in shown.stdout
    assert "holds approve 1" in shown.stdout
    assert held("holds", "show", "9").exit_code == 2


def test_an_approved_run_reaches_the_index(held) -> None:
    assert _json(held("search", "valve", "--json"))["total"] == 0

    said = _json(held("holds", "approve", "1", "--by", "kim", "--reason", "a new unit", "--json"))

    assert (said["settled"], said["index_writes"]) == (1, 1)
    assert _json(held("search", "valve", "--json"))["total"] == 1
    (decided,) = _json(held("holds", "list", "--every", "--json"))
    assert (decided["state"], decided["decided_by"], decided["decided_reason"]) == ("approved", "kim", "a new unit")


def test_a_rejected_run_stays_out_of_the_index(held) -> None:
    assert _json(held("holds", "reject", "1", "--json")) == {"hold": 1, "settled": 1}

    assert held("sync", "buykorea").exit_code == 0
    assert _json(held("search", "valve", "--json"))["total"] == 0


def test_a_held_run_is_read_again_under_todays_policies(held, feeds) -> None:
    assert _json(held("holds", "replay", "1", "--json"), code=3)["state"] == "held"
    feeds["buykorea"].policies = Policies()

    assert _json(held("holds", "replay", "2", "--json"))["state"] == "succeeded"
    assert _json(held("search", "valve", "--json"))["total"] == 1


def test_a_hold_of_deletions_has_nothing_to_read_again(run, feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].listings = feeds["buykorea"].listings[13:]
    run("sync", "buykorea", "--full")

    result = run("holds", "replay", "1")

    assert (result.exit_code, "deletions" in result.stderr) == (2, True)


def test_what_a_run_withdrew_by_absence_can_be_found_again_once_undone(run, feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].listings = feeds["buykorea"].listings[2:]
    run("sync", "buykorea", "--full")
    before = _json(run("search", "pump", "--json"))["total"]

    said = _json(run("undo", "2", "--by", "kim", "--reason", "a broken export", "--json"))

    assert (said["undone"], said["not_undone"], said["hold"]) == (2, [], 1)
    assert _json(run("search", "pump", "--json"))["total"] > before
    assert run("undo", "99").exit_code == 2
