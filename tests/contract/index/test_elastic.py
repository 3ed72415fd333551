"""What the index on Elasticsearch promises beyond the contract: other processes, dead ones, age, and limits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from integrator.errors import IndexUnavailable
from integrator.ports import DocumentVersion, IndexDocument
from search.documents import SHAPE
from search.elastic import ElasticIndex
from search.elastic_address import Server, read_nodes
from search.elastic_bulk import Bulk, writes_of
from search.elastic_client import connect
from search.elastic_shelf import SILENCE_S, Shelf
from search.engine import Ask
from tests.fakes.clock import FakeClock
from tests.servers.elastic import ElasticServer
from tests.servers.run import find_free_port

Make = Callable[..., IndexDocument]


@pytest.fixture
def server(elasticsearch: ElasticServer) -> Iterator[Server]:
    with elasticsearch.prefix() as prefix:
        yield Server(*read_nodes(elasticsearch.url), prefix=prefix)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def index(server: Server, clock: FakeClock) -> Iterator[ElasticIndex]:
    made = ElasticIndex(server, clock=clock)
    yield made
    made.close()


@pytest.fixture
def other(server: Server, clock: FakeClock) -> Iterator[ElasticIndex]:
    """The same index in another process."""
    made = ElasticIndex(server, clock=clock)
    yield made
    made.close()


def _put(index: ElasticIndex, *documents: IndexDocument) -> None:
    assert all(ack.ok for ack in index.put(documents))
    index.commit()


def _ids(index: ElasticIndex) -> list[str]:
    return [each[0] for each in index.digests()]


def _names(elasticsearch: ElasticServer, server: Server) -> list[str]:
    return sorted(each["index"] for each in elasticsearch.ask("GET", f"/_cat/indices/{server.prefix}*?format=json"))


def _begin_and_die(server: Server, clock: FakeClock, *documents: IndexDocument) -> None:
    """What a rebuild leaves whose process is killed half-way."""
    client = connect(server)
    left = Shelf(client, server, clock).open_fresh()
    Bulk(client, left.alias, clock).write(writes_of(documents), [])
    client.close()


def test_several_processes_write_at_the_same_time_and_the_newest_version_stays(
    index: ElasticIndex, other: ElasticIndex, document: Make
):
    def write(writer: ElasticIndex, parity: int) -> None:
        for sequence in range(1 + parity, 21, 2):
            assert all(ack.ok for ack in writer.put([document(n, sequence=sequence) for n in range(40)]))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write, index, 0), pool.submit(write, other, 1)]:
            done.result()
    index.commit()

    assert {version.sequence for _, version, _ in index.digests()} == {20}
    assert len(_ids(index)) == 40


def test_what_is_written_during_a_rebuild_is_in_both_indices(index: ElasticIndex, other: ElasticIndex, document: Make):
    _put(index, document(1, sequence=1), document(2, sequence=1))

    with index.rebuild() as fresh:
        fresh.put([document(1, sequence=2), document(2, sequence=2)])
        _put(other, document(1, sequence=5), document(3, sequence=4))
        other.drop([("p0000002", DocumentVersion(1, 6))])
        other.commit()
        during = list(other.digests())
    after = list(index.digests())

    assert during == after
    assert [(each, version.sequence) for each, version, _ in after] == [("p0000001", 5), ("p0000003", 4)]
    index.rollback()
    assert list(index.digests()) == after


def test_a_second_rebuild_at_the_same_time_is_refused(index: ElasticIndex, other: ElasticIndex, document: Make):
    with index.rebuild() as fresh:
        fresh.put([document(1)])
        with pytest.raises(IndexUnavailable, match="already"), other.rebuild():
            pass

    assert _ids(index) == ["p0000001"]


@pytest.mark.parametrize("finder", ["rebuild", "put"])
def test_what_a_dead_rebuild_left_is_recognised_and_removed(
    index: ElasticIndex, document: Make, clock: FakeClock, elasticsearch: ElasticServer, server: Server, finder: str
):
    _put(index, document(1))
    _begin_and_die(server, clock, document(9))
    left = len(_names(elasticsearch, server))
    clock.advance(SILENCE_S + 1)

    if finder == "put":
        _put(index, document(2))
    else:
        with index.rebuild() as fresh:
            fresh.put([document(1), document(2)])

    assert left == 2
    assert _ids(index) == ["p0000001", "p0000002"]
    assert len(_names(elasticsearch, server)) == (1 if finder == "put" else 2)


def test_a_rebuild_that_was_given_up_by_others_cannot_take_over(
    index: ElasticIndex, other: ElasticIndex, document: Make, clock: FakeClock
):
    _put(index, document(1))

    def sleep_through() -> None:
        with index.rebuild() as fresh:
            fresh.put([document(9)])
            clock.advance(SILENCE_S + 1)
            _put(other, document(2))
            fresh.put([document(8)])

    with pytest.raises(IndexUnavailable):
        sleep_through()

    assert _ids(index) == ["p0000001", "p0000002"]


def test_a_rebuild_that_says_it_is_alive_is_left_alone_however_long_it_takes(
    index: ElasticIndex, other: ElasticIndex, document: Make, clock: FakeClock
):
    with index.rebuild() as fresh:
        for number in range(4):
            clock.advance(SILENCE_S - 1)
            fresh.put([document(number)])
            _put(other, document(9))

    assert len(_ids(index)) == 5


def test_only_the_index_and_the_one_before_it_are_kept(
    index: ElasticIndex, document: Make, elasticsearch: ElasticServer, server: Server
):
    for number in range(4):
        with index.rebuild() as fresh:
            fresh.put([document(number)])

    assert [name.rpartition("-")[2] for name in _names(elasticsearch, server)] == ["000003", "000004"]


def test_an_index_of_another_version_asks_to_be_rebuilt_and_stays_for_older_programs(
    index: ElasticIndex, document: Make, elasticsearch: ElasticServer, server: Server
):
    old = f"{server.prefix}-0.9-000007"
    elasticsearch.ask("PUT", f"/{old}", {"aliases": {f"{server.prefix}-0.9": {}}})

    with pytest.raises(IndexUnavailable, match="index rebuild"):
        index.ask(Ask())
    with index.rebuild() as fresh:
        fresh.put([document(1)])
    with_old = _names(elasticsearch, server)
    with index.rebuild() as fresh:
        fresh.put([document(1)])

    assert _ids(index) == ["p0000001"]
    assert with_old == [old, f"{server.prefix}-{SHAPE}-000001"]
    assert old not in _names(elasticsearch, server)


def test_another_installation_on_the_same_server_is_never_touched(
    index: ElasticIndex, document: Make, clock: FakeClock, server: Server
):
    neighbour = ElasticIndex(replace(server, prefix=f"{server.prefix}-too"), clock=clock)
    _put(neighbour, document(1))
    for number in (2, 3, 4):
        with index.rebuild() as fresh:
            fresh.put([document(number)])

    assert _ids(neighbour) == ["p0000001"]
    assert _ids(index) == ["p0000004"]
    neighbour.close()


def test_an_index_that_vanished_is_begun_anew_with_its_mapping_and_never_by_the_server(
    index: ElasticIndex, document: Make, elasticsearch: ElasticServer, server: Server
):
    _put(index, document(1))
    elasticsearch.ask("DELETE", f"/{_names(elasticsearch, server)[0]}")

    _put(index, document(2))

    [name] = _names(elasticsearch, server)
    assert elasticsearch.ask("GET", f"/{name}/_mapping")[name]["mappings"]["dynamic"] == "strict"
    assert _ids(index) == ["p0000002"]


def test_a_value_longer_than_the_engine_takes_is_refused_alone_with_its_reason(index: ElasticIndex, document: Make):
    acks = index.put([document(1, certificates=("x" * 32_767,)), document(2)])
    index.commit()

    assert [ack.ok for ack in acks] == [False, True]
    assert "32766" in acks[0].reason
    assert _ids(index) == ["p0000002"]


def test_a_write_block_makes_the_index_unavailable_and_refuses_no_document(
    index: ElasticIndex, document: Make, elasticsearch: ElasticServer, server: Server
):
    _put(index, document(1))
    [name] = _names(elasticsearch, server)
    elasticsearch.ask("PUT", f"/{name}/_settings", {"index.blocks.write": True})

    with pytest.raises(IndexUnavailable):
        index.put([document(2)])

    elasticsearch.ask("PUT", f"/{name}/_settings", {"index.blocks.write": False})
    _put(index, document(2))
    assert _ids(index) == ["p0000001", "p0000002"]


def test_a_server_that_is_away_is_unavailable_without_its_address_in_the_text(clock: FakeClock):
    away = ElasticIndex(Server((f"http://127.0.0.1:{find_free_port()}",), ("u", "hush")), clock=clock)

    for work in (lambda: away.ask(Ask()), away.generation, lambda: list(away.digests()), away.rollback):
        with pytest.raises(IndexUnavailable) as unavailable:
            work()
        assert "hush" not in str(unavailable.value)
        assert "127.0.0.1" not in str(unavailable.value)
    assert away.status().problem
    away.close()


def test_nothing_is_found_before_a_commit_though_another_process_commits_nothing(
    index: ElasticIndex, other: ElasticIndex, document: Make
):
    _put(index, document(1))
    before = index.generation()
    other.put([document(2)])

    assert index.ask(Ask()).total == 1
    assert index.generation() == before
    other.commit()
    assert index.ask(Ask()).total == 2
    assert index.generation() != before


@pytest.mark.slow
def test_a_secured_server_is_read_and_written_with_user_password_and_authority(
    secure_elasticsearch: ElasticServer, document: Make, clock: FakeClock
):
    with secure_elasticsearch.prefix() as prefix:
        nodes, user = read_nodes(secure_elasticsearch.url)
        signed = Server(nodes, user, ca=Path(secure_elasticsearch.ca or ""), prefix=prefix)
        index = ElasticIndex(signed, clock=clock)
        _put(index, document(1))
        stranger = ElasticIndex(replace(signed, user=("nobody", "hush")), clock=clock)
        distrustful = ElasticIndex(replace(signed, ca=None), clock=clock)

        assert _ids(index) == ["p0000001"]
        assert "HANMARU_SEARCH_URL" in (stranger.status().problem or "")
        assert distrustful.status().problem
        for each in (index, stranger, distrustful):
            each.close()
