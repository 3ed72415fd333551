"""`/metrics`: figures for Prometheus, read when it asks. docs/operate.md says what each is for.

They cost the same at a thousand listings and at a million. A part that does not answer is told by its `_up`, and its
other figures are left out.
"""

import shutil
from collections.abc import Iterable, Iterator
from itertools import accumulate

from flask import Blueprint, Flask, Response, current_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from integrator.errors import HanmaruError
from integrator.store.allowances import load_allowances
from integrator.store.feeds import load_states
from integrator.store.figures import (
    OUTCOMES,
    Backlog,
    count_open_holds,
    count_outbox_bounded,
    count_runs,
    count_worklist_bounded,
)
from integrator.sync.lanes import freshness_target_s, is_late, list_lanes
from web.parts import parts
from web.traffic import BOUNDS_S, Traffic
from web.wiring import PLATFORMS


class Observed(Collector):
    """Families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """See Collector."""
        return self._families


def install_metrics(app: Flask, traffic: Traffic) -> None:
    """Count the requests of an application whose routes are complete, and give it `/metrics`."""

    def show_metrics() -> Response:
        families = [*tell_requests(traffic, current_app), *tell_database(), *tell_index(), *tell_broker(), *tell_disk()]
        return Response(generate_latest(Observed(families)), content_type=CONTENT_TYPE_LATEST)

    pages = Blueprint("metrics", __name__)  # as one, it stays out of the API's description
    pages.add_url_rule("/metrics", "show", show_metrics)
    app.register_blueprint(pages)
    traffic.watch(app)


def gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    """One figure without labels."""
    return GaugeMetricFamily(f"hanmaru_{name}", meaning, value=value)


def tell_requests(traffic: Traffic, app: Flask) -> Iterator[Metric]:
    """Requests by route and status, and how long they took, over all processes of this server."""
    requests = CounterMetricFamily("hanmaru_http_requests", "Requests answered.", labels=["route", "status"])
    seconds = HistogramMetricFamily("hanmaru_http_request_seconds", "Time until the answer.", labels=["route"])
    ends = [*map(str, BOUNDS_S), "+Inf"]
    for each in traffic.totals(app):
        for status, count in each.statuses.items():
            requests.add_metric([each.route, status], count)
        buckets = list(zip(ends, map(float, accumulate(each.spans)), strict=True))
        seconds.add_metric([each.route], buckets, each.seconds)
    yield requests
    yield seconds


# Database -------------------------------------------------------------------------------------------------------------


def tell_database() -> list[Metric]:
    """Everything that stands in the database, in one view of it."""
    name, meaning = "database_up", "Whether the database answers and is of this program's age."
    now = parts().wiring.clock.now().timestamp()
    try:
        with parts().wiring.database.read() as connection:
            return [gauge(name, meaning, 1), *tell_runs(connection, now), *tell_feeds(connection, now),
                    *tell_backlogs(connection, now)]  # fmt: skip
    except (HanmaruError, SQLAlchemyError):
        return [gauge(name, meaning, 0)]


def tell_runs(connection: Connection, now: float) -> Iterator[Metric]:
    """The runs of the last day."""
    by = ["platform", "lane"]
    runs = GaugeMetricFamily("hanmaru_runs_day", "Runs begun in the last day.", labels=[*by, "state"])
    seconds = GaugeMetricFamily("hanmaru_run_seconds_day", "Their time from beginning to end.", labels=[*by, "state"])
    calls = GaugeMetricFamily("hanmaru_calls_day", "Their calls of the platform.", labels=[*by, "state"])
    records = GaugeMetricFamily("hanmaru_records_day", "Their records.", labels=[*by, "state", "outcome"])
    for each in count_runs(connection, PLATFORMS, now=now):
        labels = [each.platform, each.lane, each.state]
        runs.add_metric(labels, each.count)
        seconds.add_metric(labels, each.seconds)
        calls.add_metric(labels, each.calls)
        for outcome, count in zip(OUTCOMES, each.records, strict=True):
            records.add_metric([*labels, outcome], count)
    yield from (runs, seconds, calls, records)


def tell_feeds(connection: Connection, now: float) -> Iterator[Metric]:
    """How old each lane's last good reading is, what it may be, and what the platform still allows."""
    by = ["platform", "lane"]
    age = GaugeMetricFamily("hanmaru_feed_age_seconds", "Since the last good reading.", labels=by)
    target = GaugeMetricFamily("hanmaru_feed_target_seconds", "How old it may be.", labels=by)
    late = GaugeMetricFamily("hanmaru_feed_late", "Whether it is older, or there was none.", labels=by)
    paused = GaugeMetricFamily("hanmaru_feed_paused", "Whether a person paused the feed.", labels=["platform"])
    for state in load_states(connection, PLATFORMS, now=now):
        name = state.feed.platform
        paused.add_metric([name], state.feed.paused)
        for lane in list_lanes(PLATFORMS[name].connector):
            read_at = state.read_at(lane)
            if read_at is not None:
                age.add_metric([name, lane.value], max(0.0, now - read_at))
            target.add_metric([name, lane.value], freshness_target_s(state, lane))
            late.add_metric([name, lane.value], is_late(state, lane, now))
    yield from (age, target, late, paused, *tell_allowances(connection, now))


def tell_allowances(connection: Connection, now: float) -> Iterator[Metric]:
    """Calls of the window that is nearest to its end of them, and bans."""
    used = GaugeMetricFamily("hanmaru_calls_used", "Calls used of the platform's window.", labels=["platform"])
    allowed = GaugeMetricFamily("hanmaru_calls_allowed", "Calls that the window allows.", labels=["platform"])
    banned = GaugeMetricFamily("hanmaru_feed_banned", "Whether the platform asked us to wait.", labels=["platform"])
    for name, each in load_allowances(connection, PLATFORMS, now=now).items():
        banned.add_metric([name], each.banned_until is not None)
        if each.spent is not None:
            used.add_metric([name], each.spent.used)
            allowed.add_metric([name], each.spent.calls)
    yield from (used, allowed, banned)


def tell_backlogs(connection: Connection, now: float) -> Iterator[Metric]:
    """What waits: for the index, to be worked out, for a person."""
    outbox, worklist = count_outbox_bounded(connection), count_worklist_bounded(connection)
    yield from _tell_backlog("outbox", "Products that the index is still to be told", outbox)
    yield from _tell_backlog("worklist", "Accounts still to be worked out", worklist)
    since = now if outbox.oldest_at is None else outbox.oldest_at
    yield gauge("outbox_oldest_seconds", "Since when the first of the outbox waits.", max(0.0, now - since))
    holds = GaugeMetricFamily("hanmaru_holds", "Holds that wait for a person.", labels=["platform"])
    found = count_open_holds(connection)
    for name in PLATFORMS:
        holds.add_metric([name], found.get(name, 0))
    yield holds


def _tell_backlog(name: str, meaning: str, found: Backlog) -> Iterator[Metric]:
    yield gauge(name, f"{meaning}, counted up to 100,000.", found.waiting)
    yield gauge(f"{name}_set_aside", f"{meaning}, and that failed too often.", found.set_aside)


# Index, broker, disk --------------------------------------------------------------------------------------------------


def tell_index() -> list[Metric]:
    """Whether the index can be searched, and its size."""
    meaning = "Whether the index can be searched."
    try:
        status = parts().wiring.index.status()
    except HanmaruError:
        return [gauge("index_up", meaning, 0)]
    if status.problem:
        return [gauge("index_up", meaning, 0)]
    return [
        gauge("index_up", meaning, 1),
        gauge("index_documents", "Documents that can be found.", status.documents),
        gauge("index_tombstones", "Documents that were dropped since the last rebuild.", status.tombstones),
        gauge("index_bytes", "Space that it takes.", status.bytes),
    ]


def tell_broker() -> list[Metric]:
    """Whether jobs can be queued, how many wait, and for how many workers."""
    import redis

    from web.broker import find_broker
    from web.jobs import connect, count_jobs

    meaning = "Whether the broker answers."
    try:
        url = find_broker(parts().wiring.settings)
        if url is None:
            return [gauge("broker_up", meaning, 0)]
        with connect(url) as connection:
            queued, workers = count_jobs(connection)
    except (HanmaruError, redis.RedisError):
        return [gauge("broker_up", meaning, 0)]
    return [
        gauge("broker_up", meaning, 1),
        gauge("queue_jobs", "Jobs that wait for a worker.", queued),
        gauge("workers", "Workers that were heard of lately.", workers),
    ]


def tell_disk() -> list[Metric]:
    """Room in HANMARU_HOME."""
    home = parts().wiring.settings.home
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    return [gauge("disk_free_bytes", "Free for HANMARU_HOME.", shutil.disk_usage(place).free)]
