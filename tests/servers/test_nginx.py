"""nginx as the tests have it."""

import pytest
import requests

from tests.servers.run import NotStarted, find_free_port


def test_a_site_is_served_and_ends_with_its_block(nginx):
    port = find_free_port()
    site = f'server {{ listen 127.0.0.1:{port}; location /name {{ return 200 "한마루"; }} }}'

    with nginx.serving(site, port=port) as address:
        assert requests.get(f"{address}/name", timeout=10).content.decode() == "한마루"

    with pytest.raises(requests.ConnectionError):
        requests.get(f"{address}/name", timeout=10)


def test_a_wrong_configuration_is_refused_in_nginx_words(nginx):
    with (
        pytest.raises(NotStarted, match='unknown directive "lisen"'),
        nginx.serving("server { lisen 1; }", port=1),
    ):
        pass
