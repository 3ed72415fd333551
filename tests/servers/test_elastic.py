"""Elasticsearch as the tests have it."""

import pytest
import requests


def test_indices_of_one_prefix_go_with_their_block_and_others_stay(elasticsearch):
    with elasticsearch.prefix() as kept:
        elasticsearch.ask("PUT", f"/{kept}-1")
        with elasticsearch.prefix() as gone:
            elasticsearch.ask("PUT", f"/{gone}-1")
            elasticsearch.ask("PUT", f"/{gone}-2/_doc/1?refresh=true", {"name": "한마루"})

        assert list_indices(elasticsearch, gone) == []
        assert list_indices(elasticsearch, kept) == [f"{kept}-1"]


def test_every_node_of_an_address_has_its_own(elasticsearch):
    several = type(elasticsearch)("https://user:word@one.example:9200,two.example:9201")

    assert several.addresses() == ["https://user:word@one.example:9200", "https://user:word@two.example:9201"]


@pytest.mark.slow
def test_the_secured_server_wants_its_authority_and_a_password(secure_elasticsearch):
    address = secure_elasticsearch.addresses()[0]
    stranger = "https://" + address.rpartition("@")[2]

    assert secure_elasticsearch.ask("GET", "/_cluster/health")["number_of_nodes"] == 1
    assert requests.get(stranger, verify=secure_elasticsearch.ca, timeout=10).status_code == 401
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(stranger, timeout=10)


def list_indices(server, prefix):
    return [each["index"] for each in server.ask("GET", f"/_cat/indices/{prefix}*?format=json")]
