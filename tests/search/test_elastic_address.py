"""HANMARU_SEARCH_URL as nodes and a user."""

import pytest

from integrator.errors import InvalidSetting
from search.elastic_address import Server, read_nodes


@pytest.mark.parametrize(
    ("address", "nodes", "user"),
    [
        ("http://one.example", ("http://one.example:9200",), None),
        (
            "https://one.example:9243,two.example/",
            ("https://one.example:9243", "https://two.example:9200"),
            None,
        ),
        ("https://u:p%40%2C%3A@one.example", ("https://one.example:9200",), ("u", "p@,:")),
        ("http://[::1]:9201", ("http://[::1]:9201",), None),
    ],
)
def test_an_address_names_nodes_and_a_user(address: str, nodes: tuple[str, ...], user: tuple[str, str] | None):
    assert read_nodes(address) == (nodes, user)


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "ftp://u:hush@one.example",
        "http://u:hush@one.example,,two.example",
        "http://u:hush@one.example/path",
        "http://u:hush@one.example:port",
        "http://hush@one.example",
        "http://:hush@one.example",
        "http://u:hush@one.example?x=1",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(address: str):
    with pytest.raises(InvalidSetting) as refused:
        read_nodes(address)

    assert "HANMARU_SEARCH_URL" in str(refused.value)
    assert "hush" not in str(refused.value)


def test_secrets_stay_out_of_what_is_printed():
    assert "hush" not in repr(Server(("http://one.example:9200",), ("u", "hush"), "hush"))
