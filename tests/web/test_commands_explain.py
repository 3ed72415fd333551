"""The commands that say why: runs with their receipts, traces, what a new parser would change."""

import json
from collections.abc import Callable
from typing import Any

from click.testing import Result

from tests.fakes.connector import FakeConnector

Run = Callable[..., Result]
Feeds = dict[str, FakeConnector]


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


# Runs ----------------------------------------------------------------------------------------------------------------


def test_a_run_shows_what_it_cost_for_each_change(run: Run, feeds: Feeds) -> None:
    run("sync", "buykorea")

    said = _json(run("runs", "show", "1", "--json"))

    assert said["changes"] == 15 + 1  # listings, and the account
    assert (said["cost"]["calls"], said["cost"]["records"]) == (6, 16)
    assert said["cost"]["bytes"] == 600
    shown = run("runs", "show", "1").stdout
    assert "15 listings seen = 15 new" in shown
    assert "for each of 16 changes" in shown


def test_a_run_that_never_was_is_wrong_use(run: Run) -> None:
    result = run("runs", "show", "7")

    assert (result.exit_code, "There is no run 7" in result.output) == (2, True)


# Traces --------------------------------------------------------------------------------------------------------------


def test_a_trace_gives_a_path_a_text_and_the_rules_of_each_value(run: Run) -> None:
    run("sync", "buykorea")

    said = _json(run("trace", "buykorea", "b03", "--fields", "--json"))

    name = next(each for each in said["fields"] if each["field"] == "names.en")
    assert (name["record"], name["value"]) == ("version 1", "Pump buykorea 3")
    assert name["origins"] == [{"path": "name", "text": "Pump buykorea 3"}]
    shown = run("trace", "buykorea", "b03", "--fields").stdout
    assert "names.en = Pump buykorea 3\n      from name: Pump buykorea 3" in shown


def test_a_trace_as_of_a_day_before_says_that_it_was_not_seen(run: Run) -> None:
    run("sync", "buykorea")

    said = _json(run("trace", "buykorea", "b03", "--as-of", "2020-01-01", "--json"))

    assert (said["standing"]["state"], said["steps"], said["as_of"]) == ("not here", [], "2020-01-01 23:59:59")
    assert run("trace", "buykorea", "b03", "--as-of", "yesterday").exit_code == 2


# Rehearsals ----------------------------------------------------------------------------------------------------------


def test_a_replay_s_dry_run_counts_by_field_and_writes_no_run(run: Run, feeds: Feeds) -> None:
    run("sync", "buykorea")
    feeds["buykorea"].scope = "member"

    said = _json(run("replay", "--platform", "buykorea", "--dry-run", "--json"))

    assert (said["platform"], said["read"]["listing"]) == ("buykorea", 15)
    assert [(each["field"], each["filled"]) for each in said["fields"]] == [("scope", 15)]
    shown = run("replay", "--platform", "buykorea", "--dry-run").stdout
    assert "nothing -> member" in shown
    assert len(_json(run("runs", "--json"))) == 1
