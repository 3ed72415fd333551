"""Redis: one server a run with a database for each module, and servers of one's own to kill."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.servers.run import Missing, Process, Run, find_free_port, wait_until

SETTING = "HANMARU_TEST_REDIS_URL"
DATABASES = 64


@dataclass(frozen=True, slots=True)
class RedisServer:
    """`url` ends before the number of a database. Databases are lent through locks in `folder`."""

    url: str
    folder: Path

    @contextmanager
    def database(self) -> Iterator[str]:
        """The address of an empty database that nobody else of this run has meanwhile."""
        for number in range(DATABASES):
            with (self.folder / f"redis-{number}.lock").open("w") as file:
                if _is_locked(file.fileno()):
                    url = f"{self.url}/{number}"
                    _empty(url)
                    yield url
                    _empty(url)
                    return
        raise Missing(f"all {DATABASES} databases of the Redis are lent")


@dataclass(slots=True)
class LoneRedis:
    """A Redis for one test, which may kill it, empty it and start it again at the same address."""

    run: Run
    port: int = field(default_factory=find_free_port)
    started: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Empty, and ready when this returns."""
        folder = self.run.make_folder("redis")
        self.started.append(start_redis(self.run, folder, self.port))

    def kill(self) -> None:
        self.started[-1].kill()

    def end(self) -> None:
        for each in self.started:
            each.end()


def have_redis(run: Run, environ: Mapping[str, str] = os.environ) -> RedisServer:
    """The server that HANMARU_TEST_REDIS_URL names, without a number behind it, else the run's own. Raises Missing."""
    url = environ.get(SETTING) or run.share("Redis", lambda: {"url": _start_shared(run)})["url"]
    run.make()
    return RedisServer(url.rstrip("/"), run.folder)


def start_redis(run: Run, folder: Path, port: int) -> Process:
    program = shutil.which("redis-server")
    if program is None:
        raise Missing(f"no Redis: install the Debian package redis-server, or name a server in {SETTING}")
    words = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--databases", str(DATABASES)]
    process = run.start(folder, [*words, "--dir", str(folder)])
    wait_until(lambda: _answers(f"redis://127.0.0.1:{port}"), process, log=Path(f"{folder}.log"), timeout_s=30)
    return process


def _start_shared(run: Run) -> str:
    port = find_free_port()
    start_redis(run, run.make_folder("redis"), port)
    return f"redis://127.0.0.1:{port}"


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def _empty(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushdb()


def _is_locked(descriptor: int) -> bool:
    """Whether we got it; it is given back when the file is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
