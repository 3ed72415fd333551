"""`hanmaru feeds`: what an operator sees and sets."""

import json
import os
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from integrator.errors import FeedUnavailable
from integrator.ports import Window
from integrator.record import Lane
from integrator.store.budgets import SharedBudget
from integrator.store.feeds import load_feed
from integrator.store.tables import run as run_table
from web.cli import main
from web.commands.feeds import write_span
from web.commands.tables import write_time
from web.wiring import wired


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`run("feeds", "list")` in a fresh installation."""
    for name in [name for name in os.environ if name.startswith("HANMARU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path))

    def call(*words: str):
        return CliRunner().invoke(main, list(words))

    assert call("migrate").exit_code == 0
    return call


def _lanes(run) -> dict[tuple[str, str], dict[str, object]]:
    return {(row["platform"], row["lane"]): row for row in json.loads(run("feeds", "list", "--json").stdout)}


def test_every_lane_that_a_platform_has_is_listed_with_its_target(run) -> None:
    lanes = _lanes(run)

    assert [lane for platform, lane in lanes if platform == "buykorea"] == ["changes", "census", "detail"]
    assert [lane for platform, lane in lanes if platform == "gobizkorea"] == ["changes", "census"]
    assert lanes["buykorea", "census"] == {
        "platform": "buykorea", "lane": "census", "state": None, "read_at": None, "target": "2d", "every": "1d",
        "late": True, "not_before": None, "paused": False, "calls": None, "calls_until": None, "banned_until": None,
        "resting_since": None,
    }  # fmt: skip


def test_a_paused_feed_says_so_until_it_is_resumed(run) -> None:
    assert run("feeds", "pause", "buykorea", "tradekorea").exit_code == 0
    assert [lanes["paused"] for lanes in _lanes(run).values()] == [True, True, True, False, False, True, True, True]

    run("feeds", "resume", "buykorea")

    assert not _lanes(run)["buykorea", "changes"]["paused"]


def test_intervals_are_set_and_nothing_else(run) -> None:
    assert run("feeds", "set", "buykorea", "--changes-every", "30m", "--detail-every", "2d").exit_code == 0

    with wired() as wiring, wiring.database.read() as connection:
        feed = load_feed(connection, "buykorea")
    assert (feed.changes_every_s, feed.census_every_s, feed.detail_every_s) == (1800, 86_400, 172_800)


@pytest.mark.parametrize(
    "words", [["--changes-every", "soon"], ["--changes-every", "59s"], ["--census-every", "0d"], []]
)
def test_an_interval_that_nobody_can_mean_is_wrong_use(run, words) -> None:
    assert run("feeds", "set", "buykorea", *words).exit_code == 2


def test_a_lane_that_waits_says_until_when(run) -> None:
    run("sync", "buykorea")  # nobody listens there
    with wired() as wiring, wiring.database.write() as connection:
        connection.execute(update(run_table).values(not_before=4_000_000_000.0))

    assert _lanes(run)["buykorea", "census"]["not_before"] == "2096-10-02 07:06:40"


def test_what_a_platform_still_allows_stands_with_each_of_its_lanes(run) -> None:
    with wired() as wiring:
        now = wiring.clock.now()
        shop = SharedBudget.open(wiring.database, platform="buykorea", key="k", clock=wiring.clock)
        shop.take(Window("20260914", 24, now + timedelta(hours=1)), lane=Lane.CHANGES)
        shop.ban(now + timedelta(minutes=30), reason="too many")
        for _ in range(5):
            shop.note(FeedUnavailable("it answers 503"))

    lanes = _lanes(run)

    for lane in ("changes", "census", "detail"):
        said = lanes["buykorea", lane]
        assert (said["calls"], said["calls_until"]) == ("1 of 24", write_time((now + timedelta(hours=1)).timestamp()))
        assert said["banned_until"] == write_time((now + timedelta(minutes=30)).timestamp())
        assert said["resting_since"]
    assert lanes["tradekorea", "changes"]["calls"] is None
    assert "1 of 24" in run("feeds").stdout


@pytest.mark.parametrize(("seconds", "text"), [(60, "1m"), (5400, "90m"), (7200, "2h"), (172_800, "2d"), (61, "61s")])
def test_a_time_is_written_in_its_largest_whole_unit(seconds, text) -> None:
    assert write_span(seconds) == text
