"""PostgreSQL: one server a run, a database of its own for whoever asks."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from signal import SIGINT
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.servers.run import Missing, Run, find_free_port, run_as_server, wait_until

SETTING = "HANMARU_TEST_POSTGRES_URL"
PREFIX = "hanmaru_test_"
_LINK = "postgresql://hanmaru:hanmaru@127.0.0.1:{port}/postgres"

# Nothing here has to survive a power cut.
_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """`url` leads to the database `postgres`, as a user who may make others."""

    url: str

    def make_database(self, *, template: str = "") -> str:
        """The address of a new database: an empty one, or a copy of `template` (an address got here, unconnected)."""
        name = f"{PREFIX}{token_hex(6)}"
        source = _name_of(template) if template else "template0"
        self._say("CREATE DATABASE {} TEMPLATE {}", name, source)
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def drop_database(self, url: str) -> None:
        """With whatever is still connected to it."""
        self._say("DROP DATABASE IF EXISTS {} WITH (FORCE)", _name_of(url))

    @contextmanager
    def database(self, *, template: str = "") -> Iterator[str]:
        made = self.make_database(template=template)
        try:
            yield made
        finally:
            self.drop_database(made)

    def _say(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def have_postgres(run: Run, environ: Mapping[str, str] = os.environ) -> PostgresServer:
    """The server that HANMARU_TEST_POSTGRES_URL names, else the run's own. Raises Missing."""
    url = environ.get(SETTING) or run.share("PostgreSQL", lambda: {"url": _start(run)})["url"]
    return PostgresServer(url)


def _start(run: Run) -> str:
    programs = find_programs()
    folder = run.make_folder("postgresql")
    files = folder / "data"
    run_as_server(folder, [str(programs / "initdb"), "--no-sync", "--auth=trust", "--username=hanmaru",
                           "--encoding=UTF8", "--locale=C.UTF-8", f"--pgdata={files}"])  # fmt: skip
    port = find_free_port()
    options = [f"--{name}={value}" for name, value in {**_OPTIONS, "port": str(port)}.items()]
    # SIGTERM would wait for the clients.
    process = run.start(folder, [str(programs / "postgres"), "-D", str(files), *options], stop=SIGINT)
    url = _LINK.format(port=port)
    wait_until(lambda: _answers(url), process, log=Path(f"{folder}.log"), timeout_s=60)
    return url


def find_programs() -> Path:
    """The folder of `initdb` and `postgres`: Debian keeps it off the path. The newest release wins."""
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name), reverse=True)
    found = shutil.which("initdb")
    for folder in [*kept, *([Path(found).parent] if found else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Missing(f"no PostgreSQL: install the Debian package postgresql, or name a server in {SETTING}")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _name_of(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")
