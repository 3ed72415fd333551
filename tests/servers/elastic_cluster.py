"""Three nodes of Elasticsearch that a test has for itself while it kills and starts them."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.servers.elastic import ElasticServer
from tests.servers.elastic_node import Node, make_node, wait_for_nodes
from tests.servers.run import Run, find_free_port

SIZE = 3


@dataclass(frozen=True, slots=True)
class ElasticCluster:
    """Every test begins with all nodes up; what it kills is started again for the next."""

    run: Run
    nodes: tuple[Node, ...]

    @property
    def server(self) -> ElasticServer:
        """All nodes under one address."""
        scheme = self.nodes[0].address.partition("://")[0]
        hosts = ",".join(node.address.partition("://")[2] for node in self.nodes)
        return ElasticServer(f"{scheme}://{hosts}")

    def kill(self, number: int) -> None:
        """Like a crash; the files stay."""
        self.nodes[number].process().kill()

    def start(self, number: int) -> None:
        """A killed one, with its files; does not wait."""
        self.nodes[number].start(self.run)

    def wait(self) -> None:
        """Until all nodes are there and every index is whole as far as searching goes."""
        wait_for_nodes(self.nodes)

    def revive(self) -> None:
        """Start whatever was killed."""
        for each in self.nodes:
            if not each.process().is_alive():
                each.start(self.run)
        self.wait()


@contextmanager
def cluster_of(run: Run) -> Iterator[ElasticCluster]:
    """The run's cluster, alone: others who ask wait. Raises Missing."""
    facts = run.share("Elasticsearch, three nodes", lambda: {"nodes": _start(run)})
    cluster = ElasticCluster(run, tuple(Node(**each) for each in facts["nodes"]))
    with Path(run.folder / "elasticsearch-cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster.revive()
        yield cluster


def _start(run: Run) -> list[dict[str, object]]:
    ports = [find_free_port() for _ in range(SIZE)]
    names = [f"node-{number}" for number in range(SIZE)]
    together = {
        "cluster.name": "hanmaru-tests",
        "cluster.initial_master_nodes": ",".join(names),
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in ports),
        "xpack.security.enabled": "false",
    }
    nodes = [
        make_node(run, f"elasticsearch-{name}", {**together, "node.name": name, "transport.port": str(port)})
        for name, port in zip(names, ports, strict=True)
    ]
    for each in nodes:
        each.start(run)
    wait_for_nodes(nodes)
    return [asdict(each) for each in nodes]
