"""The commands with the index on Elasticsearch, and while that is away."""

import json
from collections.abc import Iterator

import pytest

from tests.fakes.connector import row
from tests.servers.elastic import ElasticServer
from tests.servers.run import find_free_port
from tests.web.conftest import Run


@pytest.fixture
def on_server(elasticsearch: ElasticServer, run: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A fresh installation whose index is on the server."""
    with elasticsearch.prefix() as prefix:
        monkeypatch.setenv("HANMARU_SEARCH_URL", elasticsearch.url)
        monkeypatch.setenv("HANMARU_SEARCH_PREFIX", prefix)
        yield run


def find(run: Run, text: str) -> int:
    return int(json.loads(run("search", text, "--json").stdout)["total"])


def test_what_is_read_is_searchable_and_the_index_can_be_cared_for(on_server: Run, feeds) -> None:
    read = on_server("sync", "--all", "--json")
    status = json.loads(on_server("index", "status", "--json").stdout)

    assert read.exit_code == 0, read.output
    assert (status["engine"], status["documents"]) == ("elasticsearch", status["products"])
    assert find(on_server, "pump") > 0
    for words in ("verify", "rebuild", "verify", "rollback", "verify"):
        assert on_server("index", words).exit_code == 0, words


def test_with_the_server_away_reading_goes_on_and_all_is_told_on_its_return(
    on_server: Run, feeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_server("sync", "buykorea")
    with monkeypatch.context() as away:
        away.setenv("HANMARU_SEARCH_URL", f"http://127.0.0.1:{find_free_port()}")
        feeds["buykorea"].listings.append(row("b99", name="Pump that came meanwhile"))
        missed = on_server("sync", "buykorea", "--json")
        status = json.loads(on_server("index", "status", "--json").stdout)

    assert json.loads(missed.stdout)["new"] == 1
    assert "does not answer" in missed.stderr
    assert status["waiting"] == 1
    assert on_server("sync", "buykorea").exit_code == 0
    assert find(on_server, "meanwhile") == 1
    assert on_server("index", "verify").exit_code == 0
