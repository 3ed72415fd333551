"""`/metrics`: what a monitor reads."""

import os
import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from integrator.store import figures, tables
from integrator.store.figures import count_outbox_bounded
from integrator.store.outbox import PUT, queue
from tests.fakes.catalogue import Shelf
from web.app import create_app
from web.traffic import NO_ROUTE, Traffic, list_routes


@pytest.fixture
def read(client):
    """`read()` gives every sample by name and labels, as Prometheus reads them."""

    def ask():
        answer = client.get("/metrics")
        assert answer.status_code == 200
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    return ask


@pytest.fixture
def shelf(tmp_path):
    made = Shelf(tmp_path)
    yield made
    made.wiring.close()


@pytest.fixture
def app(shelf):
    return create_app(shelf.wiring.settings, wiring=shelf.wiring)


@pytest.fixture
def client(app):
    return app.test_client()


def test_requests_are_counted_by_route_and_status(read, client):
    client.get("/en/search")
    client.get("/en/search")
    client.get("/nowhere")

    found = read()

    assert found["hanmaru_http_requests_total", ("route", "buyers.search"), ("status", "200")] == 2
    assert found["hanmaru_http_requests_total", ("route", NO_ROUTE), ("status", "404")] == 1
    assert found["hanmaru_http_request_seconds_count", ("route", "buyers.search")] == 2
    assert found["hanmaru_http_request_seconds_bucket", ("le", "+Inf"), ("route", "buyers.search")] == 2


def test_runs_of_the_last_day_are_counted_by_state_with_their_records(read, shelf):
    now = shelf.clock.now().timestamp()
    with shelf.wiring.database.write() as connection:
        for began, state in ((now - 60, "succeeded"), (now - 90, "succeeded"), (now - 2 * 86_400, "failed")):
            connection.execute(
                insert(tables.run).values(
                    platform="buykorea", lane="changes", state=state, started_at=began, heartbeat_at=began,
                    ended_at=began + 5, fence=1, seen=7, new=3, unchanged=4, calls=2,
                )
            )  # fmt: skip

    found = read()

    of = (("lane", "changes"), ("platform", "buykorea"), ("state", "succeeded"))
    assert found["hanmaru_runs_day", *of] == 2
    assert found["hanmaru_run_seconds_day", *of] == 10
    assert found["hanmaru_calls_day", *of] == 4
    assert found["hanmaru_records_day", of[0], ("outcome", "new"), *of[1:]] == 6
    assert not [key for key in found if ("state", "failed") in key]


def test_a_lane_that_was_never_read_is_late_and_has_no_age(read):
    found = read()

    of = (("lane", "census"), ("platform", "tradekorea"))
    assert found["hanmaru_feed_late", *of] == 1
    assert ("hanmaru_feed_age_seconds", *of) not in found
    assert found["hanmaru_feed_target_seconds", *of] == 2 * 86_400


def test_the_outbox_is_told_with_the_age_of_its_first_row(read, shelf):
    now = shelf.clock.now().timestamp()
    with shelf.wiring.database.write() as connection:
        queue(connection, {"p1": PUT, "p2": PUT}, run=None, now=now - 300)

    found = read()

    assert found["hanmaru_outbox",] == 2
    assert found["hanmaru_outbox_oldest_seconds",] == 300


def test_what_waits_is_counted_up_to_a_bound(shelf, monkeypatch):
    monkeypatch.setattr(figures, "MOST_COUNTED", 3)
    with shelf.wiring.database.write() as connection:
        queue(connection, {f"p{number}": PUT for number in range(5)}, run=None, now=0.0)
        assert count_outbox_bounded(connection).waiting == 3


def test_without_a_database_the_rest_is_still_told(read, shelf):
    shelf.wiring.database.close()
    for each in shelf.wiring.settings.home.glob("hanmaru.db*"):
        each.unlink()

    found = read()

    assert found["hanmaru_database_up",] == 0
    assert found["hanmaru_index_up",] == 1
    assert found["hanmaru_disk_free_bytes",] > 0
    assert ("hanmaru_outbox",) not in found


def test_processes_of_one_server_count_together(app):
    traffic = Traffic(rows=2)
    place = list_routes(app).index("buyers.home")
    children = [fork_to_count(traffic, row=row, place=place) for row in (0, 1)]
    for child in children:
        assert os.waitpid(child, 0)[1] == 0

    (answered,) = traffic.totals(app)

    assert (answered.route, answered.statuses) == ("buyers.home", {"200": 200})
    assert sum(answered.spans) == 200


def test_a_process_that_follows_a_killed_one_goes_on_in_its_row(app):
    traffic = Traffic(rows=1)
    for _ in range(2):
        child = fork_to_count(traffic, row=0, place=0, end=signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL

    (answered,) = traffic.totals(app)

    assert answered.statuses == {"200": 200}


def fork_to_count(traffic, *, row, place, end=None):
    """A process that counts a hundred requests in its row; gives its number."""
    child = os.fork()
    if child == 0:
        traffic.take_row(row)
        for _ in range(100):
            traffic.note(place, 200, 0.02)
        if end is not None:
            os.kill(os.getpid(), end)
        os._exit(0)
    return child
