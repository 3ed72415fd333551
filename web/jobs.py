"""Jobs: what the scheduler rings for and a worker runs.

A job carries no state of its own. The database says what is due, leases see to it that one process at a time reads a
feed, and the broker is only the doorbell: after a flush the next tick rings again.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event
from typing import Any

import redis
import structlog
from rq import Queue, Worker, get_current_job
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer
from rq.worker_registration import get_keys

from integrator.errors import HanmaruError, StorageUnavailable
from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.feeds import load_states
from integrator.store.runs import find_dead_runs, lose_dead_runs
from integrator.sync.lanes import Due, Ways, find_all_due
from web.wiring import PLATFORMS, wired

FEEDS_QUEUE = "feeds"

# A killed process is noticed when its lease has run out (45 s), and by the next tick its run is taken up.
TICK_S = 15.0

# A slice reads for minutes; working out and publishing what a first census brought may take its time. A job that hangs
# for longer is ended, and its run is found lost.
_JOB_TIMEOUT_S = 2 * 3600

# A dead job keeps its id, and so its feed, for no longer than this.
_FAILURE_TTL_S = 10

# How `hanmaru` is started again from inside a job.
COMMAND: tuple[str, ...] = (sys.executable, "-m", "web")

_ARGUMENTS: dict[Lane, tuple[str, ...]] = {
    Lane.CHANGES: ("sync", "--slice", "--json"),
    Lane.CENSUS: ("sync", "--full", "--slice", "--json"),
    Lane.DETAIL: ("detail", "--slice", "--json"),
}


def connect(url: str) -> redis.Redis:
    """A client for the broker; it connects at its first command."""
    return redis.Redis.from_url(url, socket_connect_timeout=5.0, health_check_interval=30)


def make_queue(connection: redis.Redis, name: str = FEEDS_QUEUE) -> Queue:
    """A queue whose jobs are JSON: no pickle, so nobody who reaches the broker can hand us code."""
    return Queue(name, connection=connection, serializer=JSONSerializer, default_timeout=_JOB_TIMEOUT_S)


def count_jobs(connection: redis.Redis) -> tuple[int, int]:
    """(jobs that wait for a worker, workers that were heard of lately)."""
    queue = make_queue(connection)
    workers = get_keys(queue=queue)
    return queue.count, int(connection.exists(*workers)) if workers else 0


def ring(queue: Queue, due: Due) -> bool:
    """Queue the job of a feed's lane, changes before all others; False if it is queued already.

    The id follows from what the database says: once the slice has begun another id is due, so the id of a job whose
    worker was killed keeps nobody waiting.
    """
    try:
        queue.enqueue(
            sync_feed,
            due.platform,
            due.lane.value,
            job_id=f"sync-{due.platform}-{due.lane.value}-{due.turn}",
            unique=True,
            at_front=due.lane is Lane.CHANGES,
            result_ttl=0,
            failure_ttl=_FAILURE_TTL_S,
        )
    except DuplicateJobError:
        return False
    return True


def sync_feed(platform: str, lane: str) -> int:
    """The job: read one slice of a feed's lane through the same command that people use; gives its exit code.

    A process of its own ends with its memory, whatever the feed did to it. That a run failed is no failure of the job:
    the run's row says so, and a later tick rings again when the feed is due. A slice that ended on schedule has its
    successor queued at once.
    """
    log = structlog.get_logger().bind(platform=platform, lane=lane)
    words = [*COMMAND, *_ARGUMENTS[Lane(lane)], platform]
    log.info("sync begins")
    code, said = _run_and_tell(words)
    report = log.info if code == 0 else log.warning
    report("sync ends", exit=code, run=said.strip())
    job = get_current_job()
    if job is not None:
        _ring_next(make_queue(job.connection, job.origin), platform)
    return code


def _run_and_tell(words: Sequence[str]) -> tuple[int, str]:
    """Exit code and stdout of a command. SIGTERM is passed on to it, so that it ends in order, and waited for."""
    early: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: early.append(number))
    try:
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as child:
            signal.signal(signal.SIGTERM, lambda *_: child.terminate())
            if early:
                child.terminate()
            said, _ = child.communicate()
            return child.returncode, said
    finally:
        signal.signal(signal.SIGTERM, before)


def _ring_next(queue: Queue, platform: str) -> None:
    """Ring for what of this feed is due now. Where that fails, the next tick finds it some seconds later."""
    from sqlalchemy.exc import OperationalError

    try:
        with wired() as wiring:
            ways = {platform: PLATFORMS[platform].connector}
            tick(wiring.database, queue, ways=ways, now=wiring.clock.now().timestamp())
    except (redis.RedisError, OperationalError, HanmaruError) as error:
        structlog.get_logger().warning("successor not queued", platform=platform, reason=str(error))


def tick(database: Database, queue: Queue, *, ways: Mapping[str, Ways], now: float) -> list[Due]:
    """Ring for every feed that is due at `now` (POSIX seconds); gives those that were not rung for before.

    A run whose process is gone is written down as lost here, whatever becomes of it.
    """
    with database.read() as connection:
        has_dead = bool(find_dead_runs(connection, now=now))
    if has_dead:
        with database.write() as connection:
            lose_dead_runs(connection, now=now)
    with database.read() as connection:
        states = load_states(connection, ways, now=now)
    return [each for each in find_all_due(states, ways, now) if ring(queue, each)]


def run_scheduler(database: Database, queue: Queue, *, ways: Mapping[str, Ways], stop: Event) -> None:
    """A tick at once and then four a minute, until `stop` is set. A broker or database away for a while costs ticks."""
    from datetime import UTC, datetime

    from sqlalchemy.exc import OperationalError

    log = structlog.get_logger()
    while True:
        try:
            for each in tick(database, queue, ways=ways, now=datetime.now(UTC).timestamp()):
                log.info("feed is due", platform=each.platform, lane=each.lane.value)
        except (redis.RedisError, OperationalError, StorageUnavailable) as error:
            log.warning("tick missed", reason=str(error))
        if stop.wait(TICK_S):
            return


class _Worker(Worker):
    """Told to stop, it tells its job: RQ's own would wait for the job's end, and kill it when told again."""

    def handle_warm_shutdown_request(self) -> None:
        """See Worker."""
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ leaves it so
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)


def run_worker(connection: redis.Redis, *, burst: bool = False, queues: Sequence[str] = (FEEDS_QUEUE,)) -> None:
    """Run queued jobs, each in a process of its own, until told to stop; `burst`: until the queues are empty."""
    worker: Any = _Worker(
        [make_queue(connection, name) for name in queues],
        connection=connection,
        serializer=JSONSerializer,
        # Frees the ids of jobs whose worker was killed before they began to read.
        maintenance_interval=60,
        log_job_description=False,
    )
    worker.work(burst=burst, logging_level="WARNING")
