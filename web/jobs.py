"""Jobs: what the scheduler rings for and a worker runs (`web/worker.py`).

A job carries ids and no state. The database says what is due, leases see to it that one process at a time reads a feed,
and the broker is only the doorbell: after a flush the next tick rings again, and a job that was rung for twice finds
its work done.
"""

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from threading import Event

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue, get_current_job
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer
from rq.worker_registration import get_keys

from integrator.errors import HanmaruError, StorageUnavailable
from integrator.record import Lane
from integrator.store import outbox, worklist
from integrator.store.database import Database
from integrator.store.feeds import load_states
from integrator.store.leases import TERM_S
from integrator.store.runs import find_dead_runs, lose_dead_runs
from integrator.sync.lanes import Due, Ways, find_all_due
from web.wiring import PLATFORMS, wired

FEEDS_QUEUE = "feeds"

# A killed process is noticed when its lease has run out (32 s), and its run is taken up by the job that the next tick
# rings for: all within a minute.
TICK_S = 15.0

# A slice reads for minutes; working out and publishing what a first census brought may take its time. A job that hangs
# for longer is ended, and its run is found lost.
_JOB_TIMEOUT_S = 2 * 3600

# A dead job keeps its id, and so its feed, for no longer than this.
_FAILURE_TTL_S = 10

# A worker says this often that it is at its job. One that was silent for longer than a lease lasts is gone.
HEARD_EVERY_S = 10
_SILENT_S = TERM_S

# Whoever marked accounts works them out in a moment, and publishes what came of it within some more.
_MARKS_REST_S = 15.0
_OUTBOX_RESTS_S = 60.0

# How `hanmaru` is started again from inside a job.
COMMAND: tuple[str, ...] = (sys.executable, "-m", "web")

_ARGUMENTS: dict[Lane, tuple[str, ...]] = {
    Lane.CHANGES: ("sync", "--slice", "--json"),
    Lane.CENSUS: ("sync", "--full", "--slice", "--json"),
    Lane.DETAIL: ("detail", "--slice", "--json"),
}


def connect(url: str) -> redis.Redis:
    """A client for the broker; it connects at its first command.

    A command is tried twice, since the connection may be one to a broker that was started anew; whoever needs it comes
    again by himself.
    """
    again = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(
        url, socket_connect_timeout=5.0, socket_timeout=10.0, health_check_interval=30, retry=again
    )


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

    The id follows from what the database says: once the slice has begun another id is due.
    """
    arguments = (due.platform, due.lane.value, due.turn)
    return _queue_once(queue, f"sync-{'-'.join(arguments)}", sync_feed, *arguments, at_front=due.lane is Lane.CHANGES)


def _queue_once(queue: Queue, job_id: str, job: Callable[..., int], *arguments: str, at_front: bool = False) -> bool:
    for _ in range(2):
        try:
            queue.enqueue(
                job,
                *arguments,
                job_id=job_id,
                unique=True,
                at_front=at_front,
                result_ttl=0,
                failure_ttl=_FAILURE_TTL_S,
            )
        except DuplicateJobError:
            if not _drop_dead(queue, job_id):
                return False
        else:
            return True
    return False  # another scheduler was quicker


def _drop_dead(queue: Queue, job_id: str) -> bool:
    """Take the id from a job that nobody has: its worker was killed, or a flush left only pieces of it."""
    if queue.get_job_position(job_id) is not None:
        return False
    job = queue.fetch_job(job_id)
    heard_at = job and (job.last_heartbeat or job.enqueued_at)
    if heard_at and (datetime.now(UTC) - heard_at).total_seconds() < _SILENT_S:
        return False
    queue.connection.delete(queue.job_class.key_for(job_id))
    return True


def sync_feed(platform: str, lane: str, turn: str) -> int:
    """The job: read one slice of a feed's lane through the same command that people use; gives its exit code.

    A process of its own ends with its memory, whatever the feed did to it. That a run failed is no failure of the job:
    the run's row says so, and a later tick rings again when the feed is due. A slice that ended on schedule has its
    successor queued at once. What is not due any more was rung for twice, and is not read twice.
    """
    log = structlog.get_logger().bind(platform=platform, lane=lane)
    due = Due(platform, Lane(lane), turn)
    if not _is_due(due):
        log.info("not due any more")
        return 0
    words = [*COMMAND, *_ARGUMENTS[due.lane], platform]
    log.info("sync begins")
    code, said = _run_and_tell(words)
    report = log.info if code == 0 else log.warning
    report("sync ends", exit=code, run=said.strip())
    job = get_current_job()
    if job is not None:
        _ring_next(make_queue(job.connection, job.origin), platform)
    return code


def _is_due(due: Due) -> bool:
    with wired() as wiring:
        ways = {due.platform: PLATFORMS[due.platform].connector}
        return due in _find_due(wiring.database, ways=ways, now=wiring.clock.now().timestamp())


def show_left() -> int:
    """The job: work out and publish what others left; gives the exit code."""
    code, said = _run_and_tell([*COMMAND, "resolve", "--json"])
    log = structlog.get_logger()
    report = log.info if code == 0 else log.warning
    report("what was left is shown" if code == 0 else "what was left still waits", exit=code, done=said.strip())
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
    return [each for each in _find_due(database, ways=ways, now=now) if ring(queue, each)]


def _find_due(database: Database, *, ways: Mapping[str, Ways], now: float) -> list[Due]:
    with database.read() as connection:
        states = load_states(connection, ways, now=now)
    return find_all_due(states, ways, now)


def ring_left(database: Database, queue: Queue, *, now: float) -> bool:
    """Ring for what was read and is not shown, because whoever was at it was stopped or killed, or the index was away.

    Once the job has begun with it something else is the oldest: if that still waits, another worker helps.
    """
    with database.read() as connection:
        mark = worklist.find_left(connection, now=now, rested_s=_MARKS_REST_S)
        left = mark or outbox.find_left(connection, before=now - _OUTBOX_RESTS_S)
    if left is None:
        return False
    turn = blake2b(repr(left).encode(), digest_size=8).hexdigest()
    return _queue_once(queue, f"resolve-{turn}", show_left)


def run_scheduler(database: Database, queue: Queue, *, ways: Mapping[str, Ways], stop: Event) -> None:
    """A tick at once and then four a minute, until `stop` is set. A broker or database away for a while costs ticks."""
    from sqlalchemy.exc import OperationalError

    log = structlog.get_logger()
    while True:
        try:
            now = datetime.now(UTC).timestamp()
            for each in tick(database, queue, ways=ways, now=now):
                log.info("feed is due", platform=each.platform, lane=each.lane.value)
            if ring_left(database, queue, now=now):
                log.info("something was left to be shown")
        except (redis.RedisError, OperationalError, StorageUnavailable) as error:
            log.warning("tick missed", reason=str(error))
        if stop.wait(TICK_S):
            return
