"""Databases for tests: each test runs on SQLite and on PostgreSQL, with one of its own that nobody else sees.

Migrations run once a session and kind. A test on SQLite gets a copy of what they made; one on PostgreSQL, where a copy
takes longer than most tests, a database that was emptied after the one before.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from integrator.store.database import Database
from tests.servers.postgres import PostgresServer

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BACKENDS = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.server))


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def empty_database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without our tables; of SQLite not even a file."""
    if backend == SQLITE:
        yield from _opened(f"sqlite:///{tmp_path}/deep/hanmaru.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database() as url:
        yield from _opened(url)


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database of this program's age."""
    if backend == SQLITE:
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "hanmaru.db")
        yield from _opened(f"sqlite:///{tmp_path}/hanmaru.db")
        return
    shared: _Shared = request.getfixturevalue("shared_postgresql")
    yield from _opened(shared.url)
    shared.empty()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a migrated database that nobody opens."""
    path = tmp_path_factory.mktemp("template") / "hanmaru.db"
    _migrate(f"sqlite:///{path}")
    return str(path)


@dataclass(frozen=True, slots=True)
class _Shared:
    """One migrated database for the tests of a session, one after the other."""

    url: str
    meta: Sequence[tuple[Any, ...]]

    def empty(self) -> None:
        """As after the migrations, whatever a test left behind: rows, numbers, connections in use."""
        with psycopg.connect(self.url) as connection:
            connection.execute(_END_OTHERS)
            connection.execute(_EMPTY)
            connection.cursor().executemany("INSERT INTO meta (name, value) VALUES (%s, %s)", self.meta)


_END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

# Most tables stay empty in most tests: looking is cheap, TRUNCATE of all of them is not.
_EMPTY = """
DO $$
DECLARE each text; is_used boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', each) INTO is_used;
        IF is_used THEN EXECUTE format('DELETE FROM %I', each); END IF;
    END LOOP;
    PERFORM setval(sequencename::regclass, 1, false) FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


@pytest.fixture(scope="session")
def shared_postgresql(postgres: PostgresServer) -> Iterator[_Shared]:
    """The database that the tests of this process take turns with."""
    with postgres.database() as url:
        _migrate(url)
        with psycopg.connect(url) as connection:
            meta = connection.execute("SELECT name, value FROM meta").fetchall()
        yield _Shared(url, meta)


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
