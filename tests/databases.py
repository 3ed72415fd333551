"""Databases for tests: each test runs on SQLite and on PostgreSQL, with one of its own that nobody else sees.

Migrations run once a session and kind; a test gets a copy of what they made.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

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
    template: str = request.getfixturevalue(f"{backend}_template")
    if backend == SQLITE:
        shutil.copyfile(template, tmp_path / "hanmaru.db")
        yield from _opened(f"sqlite:///{tmp_path}/hanmaru.db")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.database(template=template) as url:
        yield from _opened(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a migrated database that nobody opens."""
    path = tmp_path_factory.mktemp("template") / "hanmaru.db"
    _migrate(f"sqlite:///{path}")
    return str(path)


@pytest.fixture(scope="session")
def postgresql_template(postgres: PostgresServer) -> Iterator[str]:
    """The address of a migrated database that nobody opens."""
    with postgres.database() as url:
        _migrate(url)
        yield url


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()
