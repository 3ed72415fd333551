"""Databases for tests: each test runs on SQLite and on PostgreSQL, with one of its own that nobody else sees.

Migrations run once a session and kind. A test on SQLite gets a copy of what they made; one on PostgreSQL, where a copy
takes longer than most tests, a database that was emptied after the one before.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest

from integrator.store.database import Database
from tests.servers.postgres import PostgresServer

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BACKENDS = (SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.server))


class Databases(Protocol):
    """One kind of database."""

    @contextmanager
    def lend(self, *, migrated: bool = True) -> Iterator[Database]:
        """A database of this program's age without any rows; or one without our tables, of SQLite not even a file."""
        ...


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database this test runs on."""
    return str(request.param)


@pytest.fixture
def databases(backend: str, request: pytest.FixtureRequest) -> Databases:
    """For a test that needs several."""
    found: Databases = request.getfixturevalue(f"{backend}_databases")
    return found


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A database of this program's age without any rows."""
    with databases.lend() as lent:
        yield lent


@pytest.fixture
def bare_database(databases: Databases) -> Iterator[Database]:
    """A database without our tables; of SQLite not even a file."""
    with databases.lend(migrated=False) as lent:
        yield lent


# SQLite --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Files:
    folder: Path
    template: Path
    numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def lend(self, *, migrated: bool = True) -> Iterator[Database]:
        place = self.folder / str(next(self.numbers)) / "hanmaru.db"
        if migrated:
            place.parent.mkdir(parents=True)
            shutil.copyfile(self.template, place)
        with _opened(f"sqlite:///{place}") as database:
            yield database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database that nobody opens."""
    path = tmp_path_factory.mktemp("template") / "hanmaru.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_databases(tmp_path: Path, sqlite_template: Path) -> Databases:
    return _Files(tmp_path / "databases", sqlite_template)


# PostgreSQL ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _OnServer:
    """Migrated databases go from test to test; there are as many as one test ever needed at once."""

    server: PostgresServer
    kept: ExitStack
    spare: list[str] = field(default_factory=list)
    meta: Sequence[tuple[Any, ...]] = ()

    @contextmanager
    def lend(self, *, migrated: bool = True) -> Iterator[Database]:
        if not migrated:
            with self.server.database() as url, _opened(url) as database:
                yield database
            return
        url = self.spare.pop() if self.spare else self._make()
        with _opened(url) as database:
            yield database
        self._empty(url)
        self.spare.append(url)

    def _make(self) -> str:
        url = self.kept.enter_context(self.server.database())
        _migrate(url)
        with psycopg.connect(url) as connection:
            self.meta = connection.execute("SELECT name, value FROM meta").fetchall()
        return url

    def _empty(self, url: str) -> None:
        """As after the migrations, whatever a test left behind: rows, numbers, connections in use."""
        with psycopg.connect(url) as connection:
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
def postgresql_databases(postgres: PostgresServer) -> Iterator[Databases]:
    with ExitStack() as kept:
        yield _OnServer(postgres, kept)


def _migrate(url: str) -> None:
    with _opened(url) as database:
        database.migrate()


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
