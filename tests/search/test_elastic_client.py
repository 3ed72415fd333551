"""How the client signs in, and what of a server's failures is told."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from elasticsearch import ApiError

from integrator.errors import IndexUnavailable, InvalidSetting
from search.elastic_address import Server
from search.elastic_client import as_unavailable, connect
from tests.search.scripted_server import ScriptedServer


@pytest.fixture
def signatures() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that remembers how its clients sign in."""
    seen: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            body = json.dumps({"_id": "1", "found": True}).encode()
            self.send_response(200)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()
        thread.join()


def test_an_api_key_goes_in_its_header(signatures: tuple[str, list[str]]):
    address, seen = signatures
    client = connect(Server((address,), api_key="own-key"))

    client.get(index="alias", id="1")
    client.close()

    assert seen == ["ApiKey own-key"]


def test_a_user_signs_in_with_the_password(signatures: tuple[str, list[str]]):
    address, seen = signatures
    client = connect(Server((address,), ("kim", "p@ss:word")))

    client.get(index="alias", id="1")
    client.close()

    assert seen == ["Basic " + base64.b64encode(b"kim:p@ss:word").decode()]


def test_an_authority_that_cannot_be_read_is_a_wrong_setting(tmp_path: Path):
    (tmp_path / "ca.pem").write_text("no certificate")

    with pytest.raises(InvalidSetting, match="HANMARU_SEARCH_CA"):
        connect(Server(("https://one.example:9200",), ca=tmp_path / "ca.pem"))


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [
        (401, "security_exception", "refuses our user"),
        (403, "security_exception", "refuses our user"),
        (403, "cluster_block_exception", "cannot do it now"),
        (500, "x", "cannot do it now"),
    ],
)
def test_what_a_server_refuses_is_told_by_its_remedy(status: int, reason: str, told: str):
    client = ScriptedServer(lambda _: (status, {"error": {"type": reason, "root_cause": []}})).client()

    with pytest.raises(IndexUnavailable, match=told) as unavailable, as_unavailable():
        client.get(index="alias", id="1")

    assert isinstance(unavailable.value.__cause__, ApiError)
