"""A worker: runs queued jobs, each in a process of its own. It outlives its broker, and finds the next by itself."""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis
import structlog
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker_registration import register

from web.jobs import FEEDS_QUEUE, HEARD_EVERY_S, make_queue

# A broker that is away is looked for this often.
_AGAIN_S = 2.0

# The half of it is how long a worker waits for a job without a word, and so how late it finds a broker gone that took
# no leave; RQ's own seven minutes would keep jobs waiting long after the broker is back.
_TTL_S = 30


def run_worker(connection: redis.Redis, *, burst: bool = False, queues: Sequence[str] = (FEEDS_QUEUE,)) -> None:
    """Run queued jobs until told to stop; `burst`: until the queues are empty."""
    while True:
        worker: Any = _Worker(
            [make_queue(connection, name) for name in queues],
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=_TTL_S,
            job_monitoring_interval=HEARD_EVERY_S,
            # Frees the ids of jobs whose worker was killed before they began to read.
            maintenance_interval=60,
            log_job_description=False,
        )
        with suppress(redis.RedisError):  # of its first and last words; in between RQ catches and logs everything
            worker.work(burst=burst, logging_level="WARNING")
        worker.finish_job()
        if burst or worker.is_told_to_stop:
            return
        structlog.get_logger().warning("worker begins anew", reason="its broker was away")
        with suppress(StopRequested, redis.RedisError):  # what RQ makes of a signal meanwhile
            time.sleep(_AGAIN_S)
        if worker.is_told_to_stop:
            return


class _Worker(Worker):
    """RQ's, but for what it does when it is told to stop and when the broker is gone."""

    max_connection_wait_time = _AGAIN_S
    is_told_to_stop = False

    def subscribe(self) -> None:
        """Takes no commands from the broker: whoever reaches it stops none of our jobs."""

    def handle_warm_shutdown_request(self) -> None:
        """Tells the job: RQ's own would wait for the job's end, and kill it when told again."""
        self.is_told_to_stop = True
        super().handle_warm_shutdown_request()  # type: ignore[no-untyped-call]  # RQ leaves it so
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)

    def heartbeat(self, *arguments: Any, **named: Any) -> None:
        """Says also that it is a worker: a broker that was emptied does not know it."""
        super().heartbeat(*arguments, **named)
        register(self, named.get("pipeline"))

    def maintain_heartbeats(self, *arguments: Any) -> None:
        """A broker that is away ends no job: the database has all that it does."""
        with suppress(redis.RedisError):
            super().maintain_heartbeats(*arguments)

    def finish_job(self) -> None:
        """Wait for a job that outlasted the broker: one at a time."""
        if self.horse_pid:
            self.wait_for_horse()
