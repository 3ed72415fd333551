"""Of two hosts on one database and one broker either may die: the other goes on within a minute, to the same catalogue.

Each has a scheduler, workers and a home of its own; where they can be made, namespaces of its own too. Leases and ticks
are shorter here, and the bound by as much; all else takes the time it takes.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.leases import TERM_S, host_of
from integrator.store.runs import Run, RunState, begin_run, end_run
from integrator.store.tables import feed, lease, outbox, run, worklist
from tests.drills.host import ROOT, Host, reachable, running
from tests.drills.tally import OpenTally, Tally
from tests.end_to_end.installation import Ended, Home, World, addresses, serving, true_visible
from tests.servers.elastic import ElasticServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis_server import RedisServer
from web.jobs import TICK_S
from web.wiring import PLATFORMS

pytestmark = pytest.mark.slow

WORLD = World(11, 400, 0)
A, B = "host-a", "host-b"
# Where it stands that somebody is in the middle of something.
PLACES = (lease.c.holder, worklist.c.holder)
SHORT_TERM_S, SHORT_TICK_S = 8.0, 3.0
WITHIN_S = 60 - (TERM_S + TICK_S) + (SHORT_TERM_S + SHORT_TICK_S)

# Run by every Python that finds it on its path, before anything else.
SHORTER = """
import os
if "HANMARU_HOME" in os.environ:
    import integrator.store.leases, integrator.store.worklist
    integrator.store.leases.TERM_S = integrator.store.worklist.TERM_S = {term}
    import web.jobs
    web.jobs.TICK_S = {tick}
"""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What both hosts share: servers, and a database that can be asked how far they are."""

    folder: Path
    environ: Mapping[str, str]
    database: Database

    @property
    def ports(self) -> list[int]:
        urls = [url for name, url in self.environ.items() if name.endswith("_URL")]
        return sorted({port for url in urls if (port := urlsplit(url).port) is not None})

    def run(self, *words: str) -> Ended:
        """A command beside the hosts."""
        ended = Home(self.folder / "beside").run(*words, settings=self.environ)
        assert ended.code in (0, 1), ended.err[-3000:]
        return ended

    def find_holder(self, where: Any) -> tuple[str, str] | None:
        """A host of which a process holds something there, and of which platform."""
        wanted = select(where, where.table.c.platform).where(where.is_not(None)).limit(1)
        with self.database.read() as connection:
            row = connection.execute(wanted).first()
        return (host_of(row[0]), row[1]) if row else None

    def held_by(self, host: str, where: Any) -> bool:
        """Whether a process of this host holds something there."""
        with self.database.read() as connection:
            return connection.execute(select(where).where(where.startswith(f"{host}:")).limit(1)).first() is not None

    def is_done(self) -> bool:
        """Every platform was read whole, and nothing is held, waits to be worked out, or to be told."""
        whole = select(feed.c.platform).where(feed.c.census_at.is_not(None))
        with self.database.read() as connection:
            read = set(connection.execute(whole).scalars())
            busy = [
                select(worklist).limit(1),
                select(outbox).limit(1),
                select(lease).where(lease.c.holder.is_not(None)),
            ]
            return read == PLATFORMS.keys() and not any(connection.execute(each).first() for each in busy)


def wait_until(is_so: Any, within_s: float) -> float | None:
    """Seconds until then; None: not in time."""
    began = monotonic()
    while not is_so():
        if monotonic() - began > within_s:
            return None
        sleep(0.05)
    return monotonic() - began


@pytest.fixture
def clusters(
    tmp_path: Path, postgres: PostgresServer, redis_server: RedisServer, elasticsearch: ElasticServer
) -> Iterator[Any]:
    """Makes clusters of empty servers that read this address."""
    with ExitStack() as stack:

        def make(url: str, *, term_s: float = SHORT_TERM_S) -> Cluster:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            (folder / "path").mkdir(parents=True)
            (folder / "path" / "sitecustomize.py").write_text(SHORTER.format(term=term_s, tick=SHORT_TICK_S))
            database_url = stack.enter_context(postgres.database())
            settings = {f"HANMARU_{name.upper()}_URL": each for name, each in addresses(url).items()}
            settings |= {
                "HANMARU_DATABASE_URL": database_url,
                "HANMARU_REDIS_URL": stack.enter_context(redis_server.database()),
                "HANMARU_SEARCH_URL": elasticsearch.addresses()[0],
                "HANMARU_SEARCH_PREFIX": stack.enter_context(elasticsearch.prefix()),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": f"{folder / 'path'}:{ROOT}",
            }
            database = Database(database_url)
            stack.callback(database.close)
            cluster = Cluster(folder, settings, database)
            cluster.run("migrate")
            with database.write() as connection:
                for each in PLATFORMS:  # at the pace that they allow, reading details would take minutes
                    read = begin_run(connection, Run(0, each, Lane.DETAIL, 1, time()), now=time())
                    end_run(connection, read, RunState.SUCCEEDED, reason="", now=time())
            stack.enter_context(reachable(folder, cluster.ports))
            return cluster

        yield make


def kill_in_the_middle(cluster: Cluster, hosts: Mapping[str, Host], where: Any) -> Iterator[str]:
    """The first host that holds something there dies with it; the other comes to hold it, or has done with it."""
    wait_until(lambda: cluster.find_holder(where), 120)
    name, platform = cluster.find_holder(where) or (A, "nothing")
    hosts[name].kill()
    if not cluster.held_by(name, where):
        yield f"{name} did not die in the middle: {platform}, {where}"
    elif wait_until(lambda: not cluster.held_by(name, where), WITHIN_S) is None:
        yield f"what {name} held of {platform} ({where}) was not taken over within {WITHIN_S:.0f} s"


@contextmanager
def two_hosts(cluster: Cluster) -> Iterator[Mapping[str, Host]]:
    with ExitStack() as stack:
        environ, ports = cluster.environ, cluster.ports
        yield {name: stack.enter_context(running(name, cluster.folder, environ, ports)) for name in (A, B)}


def compare(cluster: Cluster, one_host: list[dict[str, Any]]) -> Iterator[str]:
    """What both hosts made against the truth, and against what one made alone."""
    seen = {(each["platform"], each["id"]) for each in cluster.run("export", "listings").rows() if each["visible"]}
    truth = true_visible(WORLD)
    if seen != truth:
        yield f"{len(truth - seen)} listings lost, {len(seen - truth)} too many"
    made, alone = by_offers(cluster.run("export", "products").rows()), by_offers(one_host)
    yield from (f"no product of {sorted(each)}" for each in alone.keys() - made.keys())
    for offers in alone.keys() & made.keys():
        for name, value in alone[offers].items():
            if value != made[offers][name]:
                yield f"{sorted(offers)} has the {name} {made[offers][name]}, not {value}"
    drift = cluster.run("index", "verify", "--json").rows()[0]
    if drift["drift"]:
        yield f"the index differs in {drift['drift']}"
    with cluster.database.read() as connection:
        states = {row[0] for row in connection.execute(select(run.c.state))}
    if not states <= {"succeeded", "lost"}:  # begun anew, where nothing was committed before the host died
        yield f"runs ended {sorted(states)}"


def by_offers(products: Iterable[Mapping[str, Any]]) -> dict[frozenset[str], dict[str, str]]:
    """Products by the listings that they are made of, each value in words."""
    return {
        frozenset(f"{offer['platform']}:{offer['external_id']}" for offer in each["offers"]): {
            name: json.dumps(value, sort_keys=True) for name, value in _still(each).items() if not name.endswith("_id")
        }
        for each in products
    }


def _still(value: Any) -> Any:
    """Without what follows from when it was read.

    What a platform's categories mean is learnt from what has been read so far, on one host too.
    """
    if isinstance(value, dict):
        return {name: _still(each) for name, each in value.items() if name not in ("seen_at", "category")}
    return [_still(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def world() -> Iterator[str]:
    with serving(WORLD) as url:
        yield url


def drill(tally: Tally, cluster: Cluster, where: Any, one_host: list[dict[str, Any]]) -> None:
    with two_hosts(cluster) as hosts:
        wrong = [*kill_in_the_middle(cluster, hosts, where)]
        if wait_until(cluster.is_done, 180) is None:
            wrong.append("the work was not done in three minutes")
    tally.count(*wrong, *compare(cluster, one_host))


def test_what_a_host_that_died_was_at_is_ended_by_the_other(
    clusters: Any, world: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    alone = Home(tmp_path / "alone")
    assert alone.run("migrate").code == 0
    alone.sync(addresses(world))
    one_host = alone.run("export", "products").rows()
    tally = open_tally("two hosts", seed=WORLD.seed)

    for where in PLACES * 5 if is_full_drill else PLACES[:1]:
        drill(tally, clusters(world), where, one_host)

    assert tally.violations == []


def test_the_drill_notices_leases_that_outlast_their_holder(clusters: Any, world: str, open_tally: OpenTally) -> None:
    tally = open_tally("two hosts", seed=WORLD.seed, planted="a lease of an hour")
    cluster = clusters(world, term_s=3600.0)

    with two_hosts(cluster) as hosts:
        tally.count(*kill_in_the_middle(cluster, hosts, lease.c.holder))

    assert ["not taken over" in each for each in tally.violations] == [True]
