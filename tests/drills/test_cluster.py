"""An index on three nodes: one is killed while it is filled and asked; no search fails, and no document is missing.

Three shards with a copy each. Two processes' worth of threads: one puts documents as a publisher does, one asks without
pause. The node is killed after a third of the documents; in the full drill it comes back after two.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from integrator.errors import IndexUnavailable
from integrator.ports import DocumentVersion, IndexDocument
from search.elastic import ElasticIndex
from search.elastic_address import Server, read_nodes
from search.engine import Ask, AskedWord
from tests.drills.tally import OpenTally, Tally
from tests.servers.elastic_cluster import ElasticCluster
from web.wiring import SystemClock

SEED = 0
BATCH = 500
TRIES = 5
VICTIM = 2
_LAMP = AskedWord(("lamp",), 1)


def drill(tally: Tally, cluster: ElasticCluster, server: Server, *, batches: int, revive_after: int | None) -> None:
    index = ElasticIndex(server, clock=SystemClock())
    index.status()
    with _searching(tally, server):
        for batch in range(batches):
            if batch == batches // 3:
                cluster.kill(VICTIM)
            if batch == revive_after:
                cluster.start(VICTIM)
            documents = [_document(number) for number in range(batch * BATCH, (batch + 1) * BATCH)]
            tally.count(*_put(index, documents))
    if revive_after is not None:
        cluster.wait()
    wanted = {_document(number).product_id for number in range(batches * BATCH)}
    tally.count(*(f"{each} is missing" for each in sorted(wanted - _ids(index))))
    index.close()


def _ids(index: ElasticIndex) -> set[str]:
    try:
        return {product_id for product_id, _, _ in index.digests()}
    except IndexUnavailable:
        return set()


def _document(number: int) -> IndexDocument:
    titles = {"en": f"lamp number {number}"}
    return IndexDocument(f"p{number:07d}", DocumentVersion(1, 1), f"d{number}", (("buykorea", str(number)),), titles)


def _put(index: ElasticIndex, documents: list[IndexDocument]) -> Iterator[str]:
    """As the outbox does: what was not acknowledged is told again."""
    for _ in range(TRIES):
        try:
            yield from (f"{ack.product_id} was refused: {ack.reason}" for ack in index.put(documents) if not ack.ok)
            index.commit()
            return
        except IndexUnavailable:
            continue
    yield "a batch was never taken"


@contextmanager
def _searching(tally: Tally, server: Server) -> Iterator[None]:
    """Ask all the time from another thread."""
    done = threading.Event()

    def ask() -> None:
        index = ElasticIndex(server, clock=SystemClock())
        found = 0
        while not done.is_set():
            try:
                answer = index.ask(Ask((_LAMP,), 1))
                tally.count(*([f"{answer.total} found after {found}"] if answer.total < found else []))
                found = answer.total
            except IndexUnavailable as error:
                tally.count(f"a search failed: {error}")
        tally.figures["found"] = str(found)
        index.close()

    thread = threading.Thread(target=ask, name="asking")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_killed_node_costs_no_search_and_no_document(
    elasticsearch_cluster: ElasticCluster, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("index on a cluster", seed=SEED)
    with elasticsearch_cluster.server.prefix() as prefix:
        server = Server(*read_nodes(elasticsearch_cluster.server.url), shards=3, replicas=1, prefix=prefix)

        if is_full_drill:
            drill(tally, elasticsearch_cluster, server, batches=60, revive_after=40)
        else:
            drill(tally, elasticsearch_cluster, server, batches=6, revive_after=None)

    assert tally.figures["found"] != "0"
    assert tally.violations == []


def test_the_drill_notices_an_index_that_knows_one_node_only(
    elasticsearch_cluster: ElasticCluster, open_tally: OpenTally
) -> None:
    tally = open_tally("index on a cluster", seed=SEED, planted="one address only")
    with elasticsearch_cluster.server.prefix() as prefix:
        server = Server(*read_nodes(elasticsearch_cluster.server.url), shards=3, replicas=1, prefix=prefix)
        alone = replace(server, nodes=server.nodes[VICTIM : VICTIM + 1])

        drill(tally, elasticsearch_cluster, alone, batches=3, revive_after=None)

    assert any("failed" in each for each in tally.violations)
