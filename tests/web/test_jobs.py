"""Jobs against a real broker and a real worker: what is due is rung for once, and runs."""

import json
import os
import signal
import sys
import zlib
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from integrator.record import Confirmation, Lane
from integrator.store import outbox, worklist
from integrator.store.database import Database
from integrator.store.feeds import register_feeds
from integrator.store.leases import TERM_S
from integrator.store.runs import Run, RunState, begin_run, end_run
from integrator.store.tables import feed, run
from integrator.sync.lanes import Due
from tests.fakes.connector import FakeConnector
from web import jobs
from web.broker import open_broker
from web.config import Settings
from web.worker import run_worker

# Has its worker stopped, and ends in order if it hears of that itself.
STOPPED = """
import os, pathlib, signal, sys
def end(*_):
    pathlib.Path(sys.argv[1]).write_text("told, and ended in order")
    sys.exit(1)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGALRM, lambda *_: sys.exit("nobody told"))
signal.alarm(30)
os.kill(int(sys.argv[2]), signal.SIGTERM)
while True:
    signal.pause()
"""

# Stands for `hanmaru` too: its first slice ends on schedule, its second is the end.
SLICE = """
import pathlib, sys
from web.wiring import wired
from integrator.record import Lane
from integrator.store.runs import Run, RunState, begin_run, end_run
notes = pathlib.Path(sys.argv[1])
with wired() as wiring, wiring.database.write() as connection:
    begun = begin_run(connection, Run(0, "buykorea", Lane.CENSUS, 1, 1000.0, position={"page": 3}), now=1000.0)
    state = RunState.FAILED if notes.exists() else RunState.QUEUED
    end_run(connection, begun, state, reason="", now=wiring.clock.now().timestamp())
with notes.open("a") as file:
    print(*sys.argv[2:], file=file)
"""

CENSUS = Due("buykorea", Lane.CENSUS)
JOB = "rq:job:sync-buykorea-census-0-0"
WAYS = {"buykorea": FakeConnector()}

# Stands for `hanmaru`: notes what it was asked to do, and ends as it was told to.
COMMAND = """
import sys
with open(sys.argv[1], "a") as notes:
    print(*sys.argv[3:], file=notes)
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    settings = Settings.from_environment({"HANMARU_HOME": str(tmp_path_factory.mktemp("home"))})
    with open_broker(settings) as url, jobs.connect(url) as connection:
        yield connection


@pytest.fixture
def connection(broker):
    broker.flushall()
    return broker


@pytest.fixture
def queue(connection):
    return jobs.make_queue(connection)


@pytest.fixture
def database(tmp_path, monkeypatch):
    """The database that jobs find too."""
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path))
    database = Database(Settings.from_environment().database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def notes(tmp_path, monkeypatch):
    """Where the command that jobs start writes its words; `notes.exit` is how it ends."""
    path = tmp_path / "notes"
    path.touch()

    def end_with(code):
        monkeypatch.setattr(jobs, "COMMAND", (sys.executable, "-c", COMMAND, str(path), str(code)))
        return path

    end_with(0)
    return end_with


def test_a_feed_never_read_is_rung_for_and_its_census_runs(database, connection, queue, notes):
    rung = jobs.tick(database, queue, ways=WAYS, now=1000.0)
    run_worker(connection, burst=True)

    assert rung == [CENSUS]
    assert notes(0).read_text() == "sync --full --slice --json buykorea\n"


def test_a_feed_read_a_while_ago_is_rung_for_its_changes(database, connection, queue, notes):
    ways = {"tradekorea": FakeConnector(platform="tradekorea", confirmation=Confirmation.WHOLE_READ)}
    with database.write() as transaction:
        register_feeds(transaction, ways)
        transaction.execute(update(feed).values(census_at=90_000.0, changes_at=90_000.0))

    assert jobs.tick(database, queue, ways=ways, now=93_000.0) == []
    assert jobs.tick(database, queue, ways=ways, now=94_000.0) == [Due("tradekorea", Lane.CHANGES)]
    run_worker(connection, burst=True)

    assert notes(0).read_text() == "sync --slice --json tradekorea\n"


def test_a_job_that_waits_is_not_queued_twice(queue):
    assert jobs.ring(queue, CENSUS)
    assert not jobs.ring(queue, CENSUS)
    assert jobs.ring(queue, Due("buykorea", Lane.CHANGES))

    assert len(queue) == 2


def test_changes_go_before_all_others(queue):
    jobs.ring(queue, CENSUS)
    jobs.ring(queue, Due("buykorea", Lane.CHANGES))

    assert queue.job_ids[0] == "sync-buykorea-changes-0-0"


def test_a_slice_that_ended_on_schedule_has_its_successor_queued_by_its_own_job(
    database, queue, connection, tmp_path, monkeypatch
):
    notes = tmp_path / "notes"
    monkeypatch.setattr(jobs, "COMMAND", (sys.executable, "-c", SLICE, str(notes)))
    jobs.ring(queue, CENSUS)

    run_worker(connection, burst=True)

    assert notes.read_text().splitlines() == ["sync --full --slice --json buykorea"] * 2


def test_what_was_rung_for_twice_is_read_once(database, queue, connection, notes):
    jobs.ring(queue, CENSUS)
    with database.write() as transaction:
        begun = begin_run(transaction, Run(0, "buykorea", Lane.CENSUS, 1, 1000.0, position={"page": 3}), now=1000.0)
        end_run(transaction, begun, RunState.QUEUED, reason="", now=1000.0)

    run_worker(connection, burst=True)

    assert notes(0).read_text() == ""


def test_a_run_whose_process_is_gone_is_lost_at_the_next_tick_and_rung_for(database, queue):
    with database.write() as transaction:
        begun = begin_run(transaction, Run(0, "buykorea", Lane.CENSUS, 1, 1000.0), now=1000.0)

    assert jobs.tick(database, queue, ways=WAYS, now=1001.0) == [Due("buykorea", Lane.CENSUS, f"{begun.id}-1")]
    with database.read() as transaction:
        assert transaction.execute(run.select()).one().state == "lost"


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_job_that_ended_can_be_rung_for_again_at_once(code, database, queue, connection, notes):
    path = notes(code)

    for _ in range(2):
        assert jobs.ring(queue, CENSUS)
        run_worker(connection, burst=True)

    assert path.read_text().splitlines() == ["sync --full --slice --json buykorea"] * 2


def test_a_job_that_broke_gives_its_id_back_soon(database, queue, connection, monkeypatch):
    monkeypatch.setattr(jobs, "COMMAND", ("/nowhere/no-such-program",))
    jobs.ring(queue, CENSUS)
    run_worker(connection, burst=True)

    (key,) = connection.keys(JOB)

    assert 0 < connection.ttl(key) <= jobs.TICK_S


def test_a_worker_told_to_stop_tells_its_job_and_waits_for_its_end(database, queue, connection, tmp_path, monkeypatch):
    notes = tmp_path / "notes"
    monkeypatch.setattr(jobs, "COMMAND", (sys.executable, "-c", STOPPED, str(notes), str(os.getpid())))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    jobs.ring(queue, CENSUS)

    try:
        run_worker(connection)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert notes.read_text() == "told, and ended in order"


@pytest.mark.parametrize("heard", ["2026-01-01T00:00:00.000000Z", ""])
def test_the_job_of_a_worker_that_was_killed_with_it_keeps_no_feed_waiting(heard, queue, connection):
    jobs.ring(queue, CENSUS)
    connection.lpop(queue.key)
    connection.hset(JOB, mapping={"status": "started", "last_heartbeat": heard, "enqueued_at": heard})

    assert jobs.ring(queue, CENSUS)
    assert queue.job_ids == [JOB.removeprefix("rq:job:")]


def test_the_job_of_a_worker_that_is_at_it_is_not_queued_again(queue, connection):
    jobs.ring(queue, CENSUS)
    connection.lpop(queue.key)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    connection.hset(JOB, mapping={"status": "started", "last_heartbeat": now})

    assert not jobs.ring(queue, CENSUS)


def test_pieces_of_a_job_that_a_flush_left_keep_no_feed_waiting(queue, connection):
    connection.hset(JOB, "status", "started")

    assert jobs.ring(queue, CENSUS)


def test_marks_left_by_a_resolver_that_was_killed_are_rung_for_once_and_shown(database, queue, connection, notes):
    with database.write() as transaction:
        worklist.mark(transaction, "buykorea", ["A"], run=1, now=1000.0)
        worklist.take(transaction, holder="one", now=1000.0)
    assert not jobs.ring_left(database, queue, now=1000.0)

    rung = [jobs.ring_left(database, queue, now=1001.0 + TERM_S) for _ in range(2)]
    run_worker(connection, burst=True)

    assert rung == [True, False]
    assert notes(0).read_text() == "resolve --json\n"


def test_documents_that_no_publisher_told_the_index_are_rung_for(database, queue):
    with database.write() as transaction:
        outbox.enqueue(transaction, {"p1": "aa"}, now=1000.0)

    assert [jobs.ring_left(database, queue, now=now) for now in (1059.0, 1060.0)] == [False, True]


def test_after_a_flush_the_next_tick_rings_again(database, connection, queue):
    jobs.tick(database, queue, ways=WAYS, now=1000.0)
    connection.flushall()

    assert jobs.tick(database, queue, ways=WAYS, now=1000.0) == [CENSUS]


def test_a_killed_process_is_noticed_within_a_minute():
    assert TERM_S + jobs.TICK_S <= 60


def test_jobs_are_stored_as_json(queue, connection):
    jobs.ring(queue, CENSUS)

    stored = connection.hget(JOB, "data")

    # RQ compresses what it stores; a pickle would not decode to JSON.
    assert json.loads(zlib.decompress(stored))[2] == ["buykorea", "census", "0-0"]


def test_the_scheduler_ticks_at_once_and_ends_when_told(database, queue, told_to_stop):
    jobs.run_scheduler(database, queue, ways={"gobizkorea": FakeConnector()}, stop=told_to_stop)

    assert queue.job_ids == ["sync-gobizkorea-census-0-0"]


@pytest.fixture
def told_to_stop():
    """An event that says stop at the first wait."""

    class Stop:
        def wait(self, seconds):
            assert seconds == jobs.TICK_S
            return True

    return Stop()
