"""The servers as fixtures. A server is started when the first test asks for it, and once for all workers.

A server that cannot be had skips its tests, with one line at the end of the run; under CI=true they fail.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.servers.elastic import ElasticServer, have_elasticsearch, have_secure_elasticsearch
from tests.servers.elastic_cluster import ElasticCluster, cluster_of
from tests.servers.nginx import Nginx, have_nginx
from tests.servers.postgres import PostgresServer, have_postgres
from tests.servers.redis_server import LoneRedis, RedisServer, have_redis
from tests.servers.run import Missing, Run

# Tests that need one of these get the mark `server`, which FAST=1 leaves out.
FIXTURES = {
    "postgres",
    "elasticsearch",
    "secure_elasticsearch",
    "elasticsearch_cluster",
    "redis_server",
    "lone_redis",
    "nginx",
}

_RUN = pytest.StashKey[Run]()
_SENT = "servers"
_Server = TypeVar("_Server")


def pytest_configure(config: pytest.Config) -> None:
    sent: dict[str, Any] | None = getattr(config, "workerinput", {}).get(_SENT)
    config.stash[_RUN] = Run(Path(sent["folder"]), sent["owner"]) if sent else Run.of_this_process()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A worker of pytest-xdist uses the servers of the session that started it."""
    run = node.config.stash[_RUN]
    node.workerinput[_SENT] = {"folder": str(run.folder), "owner": run.owner}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for each in items:
        if FIXTURES.intersection(getattr(each, "fixturenames", ())):
            each.add_marker(pytest.mark.server)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    notes = config.stash[_RUN].notes()
    if notes:
        terminalreporter.section("servers")
    for note in notes:
        terminalreporter.write_line(note.line(), red=bool(note.missing), bold=bool(note.missing))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _RUN in config.stash:
        config.stash[_RUN].end()


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Run:
    """The run that the servers of this session belong to."""
    return request.config.stash[_RUN]


@pytest.fixture(scope="session")
def postgres(servers: Run) -> PostgresServer:
    """A PostgreSQL; databases of it by `postgres.database()`."""
    return _have(have_postgres, servers)


@pytest.fixture(scope="module")
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty database, one a module."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def elasticsearch(servers: Run) -> ElasticServer:
    """A plain Elasticsearch; names for indices by `elasticsearch.prefix()`."""
    return _have(have_elasticsearch, servers)


@pytest.fixture(scope="session")
def secure_elasticsearch(servers: Run) -> ElasticServer:
    """One that wants user, password and the authority in `.ca`."""
    return _have(have_secure_elasticsearch, servers)


@pytest.fixture
def elasticsearch_cluster(servers: Run) -> Iterator[ElasticCluster]:
    """Three nodes, for one test at a time: it may kill them."""
    with ExitStack() as stack:
        yield _have(lambda run: stack.enter_context(cluster_of(run)), servers)


@pytest.fixture(scope="session")
def redis_server(servers: Run) -> RedisServer:
    """A Redis; databases of it by `redis_server.database()`."""
    return _have(have_redis, servers)


@pytest.fixture(scope="module")
def redis_url(redis_server: RedisServer) -> Iterator[str]:
    """The address of an empty database, one a module."""
    with redis_server.database() as url:
        yield url


@pytest.fixture
def lone_redis(servers: Run) -> Iterator[LoneRedis]:
    """A started Redis for one test, which may kill it."""
    servers.make()
    made = LoneRedis(servers)
    _have(lambda _: made.start(), servers)
    yield made
    made.end()


@pytest.fixture(scope="session")
def nginx(servers: Run) -> Nginx:
    """nginx, for sites by `nginx.serving(...)`."""
    return _have(have_nginx, servers)


def _have(server: Callable[[Run], _Server], run: Run) -> _Server:
    try:
        return server(run)
    except Missing as reason:
        pytest.skip(str(reason))
