"""A start of everything that docker-compose.yml describes, without an engine for containers."""

import time
from urllib.parse import urlsplit

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.deployment.compose import read_services
from tests.deployment.rehearsal import HEALTHY, Rehearsal
from tests.deployment.site import read_site

GIVEN = {
    "HANMARU_SECRET_KEY": "Vn3qk0-8xZr1_LwTc5",
    "POSTGRES_PASSWORD": "h4Kx91vq",
    "REDIS_PASSWORD": "t7Rw2pLd",
    "ELASTIC_PASSWORD": "q9Zc5mBe",
    "HANMARU_DEMO": "yes",
    "MOCK_SIZE": "60",
}
_SYNCED_S = 300.0

pytestmark = pytest.mark.slow


@pytest.fixture
def rehearsal(postgres_url, redis_url, elasticsearch, tmp_path):
    """Not started yet. Everything that was started is ended, by its number."""
    places = {
        "@postgres:5432/hanmaru": f"@{_without_user(postgres_url)}",
        f":{GIVEN['REDIS_PASSWORD']}@redis:6379/0": _without_user(redis_url),
        "@elasticsearch:9200": f"@{_without_user(elasticsearch.url)}",
    }
    with elasticsearch.prefix() as prefix:
        services = read_services(GIVEN, "mock")
        for each in services.values():
            if each.environ:
                # Tests share the server; an installation has it for itself.
                each.environ["HANMARU_SEARCH_PREFIX"] = prefix
        made = Rehearsal(services, places, tmp_path)
        try:
            yield made
        finally:
            made.stop_all()


def test_the_whole_catalogue_starts_syncs_is_searched_and_outlives_its_web_servers(rehearsal, nginx):
    rehearsal.start_all()
    for service in rehearsal.services.values():
        if service.is_ours and service.check:
            rehearsal.wait(service, HEALTHY)
    wait_for_feeds(rehearsal)
    assert count_answers(rehearsal.ports["web-b"], "health.live", asks=20) == 20

    ports = rehearsal.ports
    site = read_site(port=ports["nginx"], servers=[ports["web-a"], ports["web-b"]])
    with nginx.serving(site, port=ports["nginx"]) as address:
        assert rehearsal.is_healthy(rehearsal.services["nginx"])
        found = requests.get(f"{address}/api/v1/search", timeout=30).json()
        assert found["total"] > 50
        page = ask(address, "/en/search")
        assert (page.status_code, page.headers["X-Cache"]) == (200, "MISS")
        assert ask(address, "/en/search").headers["X-Cache"] == "HIT"

        rehearsal.stop("web-a")
        assert {ask(address, f"/en/search?page={number}").status_code for number in range(2, 5)} == {200}

        rehearsal.stop("web-b")
        wait_for(lambda: ask(address, "/en/search").headers["X-Cache"] in ("STALE", "UPDATING"))
        assert ask(address, "/en/search").text == page.text
        refused = ask(address, "/en/status")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def wait_for_feeds(rehearsal):
    """Until scheduler and workers have read every feed, and told the index all of it."""

    def is_synced():
        told = read_figures(rehearsal.ports["web-a"])
        late = [value for name, value in told if name == "hanmaru_feed_late{census}"]
        waiting = [value for name, value in told if name in ("hanmaru_outbox", "hanmaru_worklist")]
        return len(late) == 3 and not any(late) and waiting == [0, 0]

    wait_for(is_synced, within_s=_SYNCED_S, otherwise=lambda: rehearsal.read_log(rehearsal.services["worker"]))


def count_answers(port, route, *, asks):
    """How many answers of a web server's processes together are counted, of so many."""
    counted = [read_answers(port, route)]
    for _ in range(asks):
        assert requests.get(f"http://127.0.0.1:{port}/healthz/live", timeout=30).status_code == 200
    counted.append(read_answers(port, route))
    return counted[1] - counted[0]


def read_answers(port, route):
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples if sample.labels.get("route") == route]
    return sum(sample.value for sample in samples if sample.name == "hanmaru_http_requests_total")


def read_figures(port):
    """(name, value) of every figure; of one with a lane, the lane in braces."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    return [
        (sample.name + (f"{{{lane}}}" if (lane := sample.labels.get("lane")) else ""), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def ask(address, path):
    return requests.get(address + path, timeout=30, allow_redirects=False)


def wait_for(is_so, *, within_s=30.0, otherwise=lambda: ""):
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.2)


def _without_user(address):
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port}{parts.path}"
