"""What becomes of each document is what the server said of it, and of nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from integrator.errors import IndexUnavailable
from integrator.ports import Ack
from search.elastic_bulk import Bulk, IndexGone, Write, writes_of
from tests.contract.index.conftest import make_document
from tests.fakes.clock import FakeClock
from tests.search.scripted_server import Request, ScriptedServer

Answer = dict[str, Any]
Say = Callable[[str, int], Answer]


def make_writes(count: int) -> list[Write]:
    return [Write(f"p{number}", 7, b'{"live":false}') for number in range(count)]


def say(status: int, kind: str = "", reason: str = "") -> Say:
    """The same to every document."""
    error = {"error": {"type": kind, "reason": reason}} if kind else {}
    return lambda product_id, _: {"_id": product_id, "status": status, **error}


def serve(said: Say, *, stored: int = 0) -> ScriptedServer:
    """A server that says something to each document of a bulk, by its id and the number of the request.

    `stored` is the version that every document has when it is looked up.
    """
    count = 0

    def script(request: Request) -> tuple[int, Any]:
        nonlocal count
        _, target, lines = request
        if "_mget" in target:
            return 200, {"docs": [{"_id": each, "_version": stored} for each in lines[0]["ids"]]}
        count += 1
        items = [{"index": said(line["index"]["_id"], count)} for line in lines[::2]]
        return 200, {"errors": True, "items": items}

    return ScriptedServer(script)


def write(server: ScriptedServer, writes: list[Write]) -> tuple[list[Ack], FakeClock]:
    clock = FakeClock()
    return Bulk(server.client(), "alias", clock).write(iter(writes), []), clock


def test_each_document_has_the_answer_of_its_own_item():
    def said(product_id: str, _: int) -> Answer:
        verdict = say(400, "mapper_parsing_exception", "too deep") if product_id == "p1" else say(201)
        return verdict(product_id, 0)

    acks, _ = write(serve(said), make_writes(3))

    assert acks == [
        Ack("p0", ok=True),
        Ack("p1", ok=False, reason="mapper_parsing_exception: too deep"),
        Ack("p2", ok=True),
    ]


def test_the_reason_told_is_the_innermost():
    inner = {"type": "illegal_argument_exception", "reason": "immense term"}
    error = {"type": "document_parsing_exception", "reason": "failed", "caused_by": inner}

    acks, _ = write(serve(lambda each, _: {"_id": each, "status": 400, "error": error}), make_writes(1))

    assert acks[0].reason == "illegal_argument_exception: immense term"


@pytest.mark.parametrize("status", [429, 503, 500])
def test_what_is_put_off_is_asked_again_alone_after_a_pause(status: int):
    def said(product_id: str, request: int) -> Answer:
        return say(status if product_id == "p1" and request == 1 else 200, "x", "full")(product_id, 0)

    server = serve(said)
    acks, clock = write(server, make_writes(3))

    assert [ack.ok for ack in acks] == [True, True, True]
    assert server.bulks() == [["p0", "p1", "p2"], ["p1"]]
    assert clock.slept == [0.2]


@pytest.mark.parametrize("status", [403, 429])
def test_a_server_that_takes_nothing_refuses_no_document(status: int):
    server = serve(say(status, "cluster_block_exception", "index read-only"))

    with pytest.raises(IndexUnavailable, match="index read-only"):
        write(server, make_writes(2))

    assert len(server.bulks()) == 4


@pytest.mark.parametrize("stored", [7, 8])
def test_a_conflict_with_an_equal_or_newer_version_counts_as_done(stored: int):
    acks, _ = write(serve(say(409, "version_conflict_engine_exception", "x"), stored=stored), make_writes(1))

    assert acks[0].ok


def test_a_conflict_without_a_newer_version_is_not_believed():
    acks, _ = write(serve(say(409, "version_conflict_engine_exception", "x"), stored=6), make_writes(1))

    assert acks == [Ack("p0", ok=False, reason="version conflict")]


def test_a_server_that_answers_for_other_documents_is_not_believed():
    with pytest.raises(IndexUnavailable, match="another document"):
        write(serve(lambda each, _: {"_id": f"{each}x", "status": 200}), make_writes(2))


def test_a_server_that_answers_for_some_documents_only_is_not_believed():
    server = ScriptedServer(lambda _: (200, {"errors": False, "items": [{"index": {"_id": "p0", "status": 200}}]}))

    with pytest.raises(IndexUnavailable, match="each document"):
        write(server, make_writes(2))


@pytest.mark.parametrize("status", [400, 413])
def test_one_document_that_spoils_its_request_does_not_keep_the_others_out(status: int):
    def script(request: Request) -> tuple[int, Any]:
        ids = [line["index"]["_id"] for line in request[2][::2]]
        if "p1" in ids:
            return status, {"error": {"type": "x_content_parse_exception", "reason": "unreadable"}, "status": status}
        return 200, {"errors": False, "items": [{"index": {"_id": each, "status": 201}} for each in ids]}

    acks, _ = write(ScriptedServer(script), make_writes(3))

    assert [ack.ok for ack in acks] == [True, False, True]
    assert "unreadable" in acks[1].reason


def test_a_name_that_is_no_alias_is_never_made_an_index():
    server = serve(say(404, "index_not_found_exception", "no such index"))

    with pytest.raises(IndexGone):
        write(server, make_writes(1))

    assert all("require_alias=true" in target for _, target, _ in server.requests)


def test_documents_are_sent_with_their_versions_and_never_older_ones_first():
    server = serve(say(200))

    write(server, make_writes(1))

    [(_, _, [action, _])] = server.requests
    assert action["index"]["version"] == 7
    assert action["index"]["version_type"] == "external"


def test_a_document_that_cannot_be_made_ready_is_refused_unsent():
    server = serve(say(200))
    documents = [make_document(1), make_document(2, product_id=""), make_document(3)]

    acks, _ = write(server, list(writes_of(documents)))

    assert [(ack.product_id, ack.ok) for ack in acks] == [("p0000001", True), ("", False), ("p0000003", True)]
    assert server.bulks() == [["p0000001", "p0000003"]]


def test_many_documents_go_in_several_requests_and_come_back_in_order():
    writes = make_writes(1_234)

    server = serve(say(200))
    acks, _ = write(server, writes)

    assert [ack.product_id for ack in acks] == [each.product_id for each in writes]
    assert sorted(map(len, server.bulks())) == [234, 500, 500]
