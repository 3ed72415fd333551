"""The commands that move and show records, on small platforms in memory, with the real database and index."""

import csv
import io
import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from integrator.errors import FeedUnavailable, IndexUnavailable
from integrator.record import Confirmation
from integrator.sync.units import gather
from web.commands.export import write_cell
from web.showing import Showing
from web.wiring import PLATFORMS

KEYS = [
    "platform", "state", "reason", "seen", "new", "changed", "unchanged", "superseded", "rejected", "withdrawn",
    "held", "bytes", "seconds", "index_writes",
]  # fmt: skip

Run = Callable[..., Result]


def _rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_sync_brings_listings_to_searchable_and_says_so_in_the_agreed_keys(run) -> None:
    result = run("sync", "buykorea", "--json")

    assert result.exit_code == 0, result.output
    (said,) = _rows(result)
    assert list(said) == KEYS
    assert (said["state"], said["new"], said["index_writes"] > 0) == ("succeeded", 15, True)
    assert _json(run("search", "pump", "--json"))["total"] > 0


def test_the_same_again_writes_nothing_to_the_index(run) -> None:
    run("sync", "buykorea")

    (said,) = _rows(run("sync", "buykorea", "--full", "--json"))

    assert (said["unchanged"], said["index_writes"]) == (15, 0)


def test_sync_all_reads_every_platform_in_a_process_of_its_own(run) -> None:
    result = run("sync", "--all", "--json")

    assert result.exit_code == 0, result.output
    assert [said["platform"] for said in _rows(result)] == list(PLATFORMS)
    assert {said["state"] for said in _rows(result)} == {"succeeded"}
    assert len(_rows(run("export", "listings"))) == 45


def test_one_sick_platform_fails_alone(run, feeds) -> None:
    feeds["gobizkorea"].fail_at, feeds["gobizkorea"].error = 0, lambda: FeedUnavailable("it is away")

    result = run("sync", "--all", "--json")

    assert result.exit_code == 1
    assert {said["platform"]: said["state"] for said in _rows(result)} == {
        "buykorea": "succeeded",
        "gobizkorea": "failed",
        "tradekorea": "succeeded",
    }


def test_a_child_that_is_killed_is_reported_and_the_others_finish(run, feeds) -> None:
    feeds["gobizkorea"].on_page = lambda page: os.kill(os.getpid(), signal.SIGKILL) if page == 2 else None

    result = run("sync", "--all", "--json")

    said = {said["platform"]: said for said in _rows(result)}
    assert result.exit_code == 1
    assert (said["gobizkorea"]["state"], said["tradekorea"]["state"]) == ("lost", "succeeded")
    feeds["gobizkorea"].on_page = lambda page: None
    assert run("sync", "gobizkorea").exit_code == 0
    assert len(_rows(run("export", "listings"))) == 45


def test_a_stopped_sync_is_cancelled_and_the_next_goes_on(run, feeds) -> None:
    feeds["buykorea"].on_page = lambda page: os.kill(os.getpid(), signal.SIGTERM) if page == 3 else None

    stopped = run("sync", "buykorea", "--json")

    assert (stopped.exit_code, _rows(stopped)[0]["state"]) == (1, "cancelled")
    feeds["buykorea"].on_page = lambda page: None
    assert _rows(run("sync", "buykorea", "--json"))[0]["state"] == "succeeded"


def test_a_dry_run_leaves_nothing_behind(run) -> None:
    result = run("sync", "--all", "--dry-run", "--json")

    assert [said["new"] for said in _rows(result)] == [15, 15, 15]
    assert run("export", "listings").stdout == ""
    assert _json(run("runs", "--json")) == []


def test_what_a_sync_could_not_show_is_shown_by_resolve(run, monkeypatch) -> None:
    def away(_showing: Showing) -> None:
        raise IndexUnavailable("The index is away.")

    with monkeypatch.context() as broken:
        broken.setattr(Showing, "show", away)
        assert run("sync", "buykorea").exit_code == 1

    shown = [json.loads(run("resolve", "--json").stdout) for _ in range(2)]

    assert shown == [{"index_writes": 15}, {"index_writes": 0}]


def test_sync_without_a_platform_is_wrong_use(run) -> None:
    assert run("sync").exit_code == 2


def test_a_database_never_migrated_is_named(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path / "other"))

    result = run("sync", "buykorea")

    assert result.exit_code == 1
    assert "hanmaru migrate" in result.output


def test_held_deletions_exit_3_and_a_person_decides(run, feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].listings = feeds["buykorea"].listings[:2]

    held = run("sync", "buykorea", "--full", "--json")
    (waiting,) = _json(run("holds", "list", "--json"))

    assert (held.exit_code, _rows(held)[0]["held"]) == (3, 13)
    assert (waiting["id"], waiting["listings"], len(waiting["diff"]["examples"])) == (1, 13, 13)
    assert "13 of 15" in run("holds").stdout
    assert run("holds", "approve", "1", "--by", "kim").exit_code == 0
    assert sum(each["visible"] for each in _rows(run("export", "listings"))) == 2
    again = run("holds", "approve", "1")
    assert (again.exit_code, "approved already" in again.output) == (2, True)
    assert run("holds", "list").stdout == "Nothing waits for a person.\n"


def test_a_rejected_hold_keeps_its_listings(run, feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].listings = feeds["buykorea"].listings[:2]
    run("sync", "buykorea", "--full")

    assert run("holds", "reject", "1").exit_code == 0
    assert run("sync", "buykorea", "--full").exit_code == 0
    assert sum(each["visible"] for each in _rows(run("export", "listings"))) == 15


def test_rejections_are_grouped_and_shown_with_their_raw_record(run, feeds) -> None:
    feeds["buykorea"].listings[3]["name"] = ""
    run("sync", "buykorea")

    (group,) = _json(run("rejections", "--json"))
    (record,) = _json(run("rejections", "--code", "name_missing", "--json"))

    assert (group["code"], group["records"]) == ("NAME_MISSING", 1)
    assert (record["id"], json.loads(record["raw"])["id"]) == ("b03", "b03")
    assert "NAME_MISSING" in run("rejections").stdout
    assert '"id": "b03"' in run("rejections", "--code", "NAME_MISSING").stdout
    assert _rows(run("export", "rejections"))[0]["code"] == "NAME_MISSING"


def test_trace_says_why_a_listing_is_here_or_not(run) -> None:
    run("sync", "buykorea")

    found = _json(run("trace", "buykorea", "b03", "--json"))
    assert found["now"].startswith("It is shown, as an offer of product")
    assert [step["what"] for step in found["steps"]][:2] == ["first seen", "version"]
    missing = run("trace", "buykorea", "nowhere")
    assert (missing.exit_code, "has not shown it" in missing.output) == (2, True)


def test_unknowns_are_listed_by_frequency(run, feeds) -> None:
    feeds["buykorea"].listings[3]["unit"] = "PALLET"
    run("sync", "buykorea")

    (said,) = _json(run("unknowns", "--json"))
    assert (said["value"], said["policy"]) == ("PALLET", "warn")
    assert "PALLET" in run("unknowns").stdout


def test_runs_say_how_they_ended(run) -> None:
    run("sync", "buykorea")

    (said,) = _json(run("runs", "--json"))
    assert (said["state"], said["seen"], said["warnings"]) == ("succeeded", 15, [])
    assert "Everything was read." in run("runs").stdout


def test_details_are_read_singly(run, feeds) -> None:
    feeds["buykorea"].confirmation = Confirmation.DETAIL_CALL
    run("sync", "buykorea")

    result = run("detail", "buykorea", "--limit", "4")

    assert result.exit_code == 0, result.output
    assert "4 details read" in result.stdout


def test_replay_reads_what_is_kept_again(run, feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].plans.clear()

    result = run("replay", "--platform", "buykorea", "--json")

    assert _rows(result)[0]["unchanged"] == 15
    assert feeds["buykorea"].plans == []


@pytest.mark.parametrize(
    "what", ["listings", "products", "sellers", "clusters", "rejections", "judgements", "receipts", "ids"]
)
def test_every_export_comes_in_both_forms(run, what, tmp_path) -> None:
    run("sync", "--all")
    lines = _rows(run("export", what))
    file = tmp_path / "out.csv"

    assert run("export", what, "--format", "csv", "--output", str(file)).exit_code == 0

    cells = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert len(cells) == len(lines)
    assert not lines or list(cells[0]) == list(lines[0])


def test_an_exported_listing_has_its_ids_and_no_contact(run, feeds) -> None:
    feeds["buykorea"].listings[0]["phone"] = "+8212345678"
    run("sync", "buykorea")

    result = run("export", "listings")

    first = _rows(result)[0]
    assert (first["platform"], first["id"], first["generation"], first["visible"]) == ("buykorea", "b00", 1, True)
    assert first["product_id"]
    assert first["seller_id"]
    assert first["price"] == "priced: 1..* 3.50 USD/H87"
    assert "+8212345678" not in result.stdout


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_no_cell_runs_as_a_formula(text) -> None:
    assert write_cell(text) == f"'{text}"


def test_doctor_says_what_cannot_be_reached_and_what_to_do(run, monkeypatch) -> None:
    for name in PLATFORMS:
        monkeypatch.setenv(f"HANMARU_{name.upper()}_URL", f"http://127.0.0.1:1/{name}")

    result = run("doctor", "--json")

    said = {each["name"]: each for each in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert said["database"]["ok"]
    assert not said["buykorea"]["ok"]
    assert "HANMARU_BUYKOREA_URL" in said["buykorea"]["text"]


# What it cost, and details -------------------------------------------------------------------------------------------


def _cost(run: Run, number: int) -> dict[str, float]:
    cost = next(each for each in _json(run("runs", "--json")) if each["id"] == number)["cost"]
    found: dict[str, float] = json.loads(cost) if isinstance(cost, str) else cost
    return found


def test_a_run_has_a_receipt_of_what_was_done_for_it(run) -> None:
    run("sync", "buykorea")

    cost = _cost(run, 1)
    assert (cost["sellers"], cost["products"] > 0, cost["cpu_seconds"] > 0) == (1, True, True)
    assert cost["indexed"] == _json(run("index", "status", "--json"))["documents"]


def test_details_reach_the_product_and_are_charged(run, feeds) -> None:
    feeds["buykorea"].confirmation = Confirmation.DETAIL_CALL
    run("sync", "buykorea")

    assert run("detail", "buykorea", "--limit", "3").exit_code == 0

    texts = [each["values"].get("description.en", {}).get("value") for each in _rows(run("export", "products"))]
    assert texts.count("Made with care") == 3
    assert _cost(run, 2)["cpu_seconds"] > 0


def test_a_slice_leaves_the_rest_to_the_next_and_is_no_failure(run, feeds, monkeypatch) -> None:
    monkeypatch.setattr("integrator.sync.slices.SLICE_S", 0.0)
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))

    first = run("sync", "buykorea", "--slice", "--json")

    assert (first.exit_code, _rows(first)[0]["state"]) == (0, "queued")
    assert _rows(run("sync", "buykorea", "--json"))[0]["state"] == "succeeded"
