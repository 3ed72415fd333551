"""Reading and showing side by side: what a platform brought waits neither for its own end nor for another's."""

import json
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from typing import Any

import pytest
from click.testing import Result

from integrator.errors import FeedUnavailable, IndexUnavailable
from integrator.store.runs import end_run
from integrator.sync.units import gather
from web import pipeline
from web.pipeline import Wanted
from web.showing import Showing

FORK: Any = multiprocessing.get_context("fork")


def _rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Slices of no length and commits of a page; the event comes when documents were published between two of them."""
    monkeypatch.setattr("integrator.sync.slices.SLICE_S", 0.0)
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))
    event = FORK.Event()
    go_on = Showing.go_on

    def go_on_and_tell(showing: Showing) -> None:
        go_on(showing)
        if showing.published.index_writes:
            event.set()

    monkeypatch.setattr(Showing, "go_on", go_on_and_tell)
    return event


def _wait_for(event: Any) -> Any:
    """At its fifth page a platform gives nothing more before something is searchable."""

    def on_page(page: int) -> None:
        if page == 4 and not event.wait(60):
            raise FeedUnavailable("nothing was shown while it was read")

    return on_page


def test_a_first_census_is_searchable_while_it_is_still_read(run, feeds, shown) -> None:
    feeds["gobizkorea"].separate_lanes = False  # one walk, which no slice ends
    feeds["gobizkorea"].on_page = _wait_for(shown)

    result = run("sync", "gobizkorea", "--json")

    assert (result.exit_code, [said["state"] for said in _rows(result)]) == (0, ["succeeded"])
    assert _rows(result)[-1]["index_writes"] >= _json(run("index", "status", "--json"))["documents"]


def test_a_platform_that_is_read_is_searchable_while_a_sick_one_waits(run, feeds, shown) -> None:
    feeds["tradekorea"].accounts = []
    feeds["tradekorea"].on_page = lambda page: _wait_for(shown)(page + 4)  # not one page before that

    result = run("sync", "--all", "--json")

    assert (result.exit_code, {said["state"] for said in _rows(result)}) == (0, {"succeeded"})
    assert len(_rows(run("export", "listings"))) == 45


def test_a_reading_shorter_than_a_slice_resolves_each_seller_once(run, feeds) -> None:
    for feed in feeds.values():
        feed.accounts[0]["name"] = "One firm on three platforms"

    run("sync", "--all")

    receipts = [each["cost"] for each in _json(run("runs", "--json"))]
    assert sum(each.get("sellers", 0) for each in receipts) == len(_rows(run("export", "sellers")))


def test_an_index_that_is_away_meanwhile_stops_no_reading(run, feeds, shown, monkeypatch) -> None:
    turns: list[int] = []
    show = Showing.show

    def away_at_first(showing: Showing) -> Any:
        turns.append(len(turns))
        if len(turns) < 3:
            raise IndexUnavailable("it is away")
        return show(showing)

    monkeypatch.setattr(Showing, "show", away_at_first)
    feeds["buykorea"].on_page = _wait_for(shown)

    assert run("sync", "buykorea").exit_code == 0
    assert _json(run("search", "pump", "--json"))["total"] > 0


# One platform's process -----------------------------------------------------------------------------------------------


def _read_beside(tell: Connection, *, parent: int) -> int | None:
    """The exit code of a process that reads BuyKorea and belongs to `parent`; None: it hangs."""
    child = FORK.Process(target=pipeline._child, args=("buykorea", Wanted(), tell, parent))
    child.start()
    child.join(60)
    code: int | None = child.exitcode
    child.kill()
    child.join()
    return code


def test_a_reader_does_not_wait_for_a_parent_that_is_busy(run, feeds, monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "_PROGRESS_EVERY_S", 0.0)
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))
    feeds["buykorea"].page = 1
    told, tell = FORK.Pipe(duplex=False)
    while pipeline._is_heard(tell):
        tell.send(("progress", ("listings", 1, 2)))

    assert _read_beside(tell, parent=os.getpid()) == 0
    assert len(_rows(run("export", "listings"))) == 15
    told.close()


def test_a_reader_whose_parent_is_gone_stops_and_the_next_sync_goes_on(run, feeds) -> None:
    told, tell = FORK.Pipe(duplex=False)

    assert _read_beside(tell, parent=-1) == 0

    assert told.recv()[1].state == "cancelled"
    assert _rows(run("sync", "buykorea", "--json"))[0]["state"] == "succeeded"


def test_a_second_word_to_stop_does_not_break_off_the_ending(run, feeds, monkeypatch) -> None:
    def tell_to_stop(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    def end_run_told_again(*arguments: Any, **named: Any) -> None:
        tell_to_stop()
        end_run(*arguments, **named)

    monkeypatch.setattr("integrator.sync.run.end_run", end_run_told_again)
    feeds["buykorea"].on_page = lambda page: tell_to_stop() if page == 3 else None

    (said,) = _rows(run("sync", "buykorea", "--json"))

    assert (said["state"], _json(run("runs", "--json"))[0]["state"]) == ("cancelled", "cancelled")


def test_a_stuck_reader_is_killed_in_time_and_reported(run, feeds, monkeypatch) -> None:
    monkeypatch.setattr(pipeline, "_STOP_WITHIN_S", 0.0)
    parent = os.getpid()

    def tell_parent_and_hang(page: int) -> None:
        if page == 3:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.kill(parent, signal.SIGTERM)
            signal.pause()

    feeds["buykorea"].on_page = tell_parent_and_hang

    result = run("sync", "buykorea", "--json")

    assert (result.exit_code, _rows(result)[0]["state"]) == (1, "lost")
