"""Jobs against a real broker and a real worker: what is due is rung for once, and runs."""

import json
import sys
import zlib

import pytest
from sqlalchemy import update

from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.runs import Due
from integrator.store.tables import feed
from web import jobs
from web.broker import open_broker
from web.config import Settings

CENSUS = Due("buykorea", Lane.CENSUS)

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
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/hanmaru.db")
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
    rung = jobs.tick(database, queue, platforms=["buykorea"], now=1000.0)
    jobs.run_worker(connection, burst=True)

    assert rung == [CENSUS]
    assert notes(0).read_text() == "sync --full --json buykorea\n"


def test_a_feed_read_a_while_ago_is_rung_for_its_changes(database, connection, queue, notes):
    jobs.tick(database, queue, platforms=["tradekorea"], now=1000.0)
    connection.flushall()
    with database.write() as transaction:
        transaction.execute(update(feed).values(census_at=90_000.0, changes_at=90_000.0))

    assert jobs.tick(database, queue, platforms=["tradekorea"], now=93_000.0) == []
    assert jobs.tick(database, queue, platforms=["tradekorea"], now=94_000.0) == [Due("tradekorea", Lane.CHANGES)]
    jobs.run_worker(connection, burst=True)

    assert notes(0).read_text() == "sync --json tradekorea\n"


def test_a_job_that_waits_is_not_queued_twice(queue):
    assert jobs.ring(queue, CENSUS)
    assert not jobs.ring(queue, CENSUS)
    assert jobs.ring(queue, Due("buykorea", Lane.CHANGES))

    assert len(queue) == 2


@pytest.mark.parametrize("code", [0, 1, 3])
def test_a_job_that_ended_can_be_rung_for_again_at_once(code, queue, connection, notes):
    path = notes(code)

    for _ in range(2):
        assert jobs.ring(queue, CENSUS)
        jobs.run_worker(connection, burst=True)

    assert path.read_text().splitlines() == ["sync --full --json buykorea"] * 2


def test_a_job_that_broke_gives_its_id_back_soon(queue, connection, monkeypatch):
    monkeypatch.setattr(jobs, "COMMAND", ("/nowhere/no-such-program",))
    jobs.ring(queue, CENSUS)
    jobs.run_worker(connection, burst=True)

    (key,) = connection.keys("rq:job:sync-buykorea-census")

    assert 0 < connection.ttl(key) <= jobs.TICK_S


def test_after_a_flush_the_next_tick_rings_again(database, connection, queue):
    jobs.tick(database, queue, platforms=["buykorea"], now=1000.0)
    connection.flushall()

    assert jobs.tick(database, queue, platforms=["buykorea"], now=1000.0) == [CENSUS]


def test_jobs_are_stored_as_json(queue, connection):
    jobs.ring(queue, CENSUS)

    stored = connection.hget("rq:job:sync-buykorea-census", "data")

    # RQ compresses what it stores; a pickle would not decode to JSON.
    assert json.loads(zlib.decompress(stored))[2] == ["buykorea", "census"]


def test_the_scheduler_ticks_at_once_and_ends_when_told(database, queue, told_to_stop):
    jobs.run_scheduler(database, queue, platforms=["gobizkorea"], stop=told_to_stop)

    assert queue.job_ids == ["sync-gobizkorea-census"]


@pytest.fixture
def told_to_stop():
    """An event that says stop at the first wait."""

    class Stop:
        def wait(self, seconds):
            assert seconds == jobs.TICK_S
            return True

    return Stop()
