"""What stands in front of the web servers: deploy/nginx.conf, tried on servers that do as the tests say."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.deployment.site import read_site
from tests.servers.run import find_free_port

PUBLIC = {"Cache-Control": "public, no-cache", "ETag": 'W/"one"'}


@dataclass
class Backend:
    """Both web servers. `asked` has every request that came through; `hold` keeps answers back until it is set."""

    headers: dict[str, str] = field(default_factory=lambda: dict(PUBLIC))
    status: int = 200
    asked: list[str] = field(default_factory=list)
    going: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    hold: threading.Event = field(default_factory=threading.Event)
    servers: list[ThreadingHTTPServer] = field(default_factory=list)

    def start(self) -> None:
        backend = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                backend.asked.append(self.path)
                backend.going.release()
                backend.hold.wait(30)
                body = f"answer {len(backend.asked)}".encode()
                self.send_response(backend.status)
                for name, value in {**backend.headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.hold.set()
        for _ in range(2):
            server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.hold.set()
        for each in self.servers:
            each.shutdown()
            each.server_close()
        self.servers.clear()


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    made.start()
    yield made
    made.end()


@pytest.fixture
def proxy(nginx, backend):
    """`proxy("/path", …)` asks through nginx."""
    port = find_free_port()
    site = read_site(port=port, servers=[each.server_port for each in backend.servers])
    with nginx.serving(site, port=port) as address:
        yield lambda path, **options: requests.get(address + path, timeout=20, allow_redirects=False, **options)


def test_a_public_page_is_asked_for_once(proxy, backend):
    first, second = proxy("/en/"), proxy("/en/")

    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("MISS", "HIT")
    assert backend.asked == ["/en/"]


def test_who_has_the_page_already_gets_no_body(proxy):
    proxy("/en/")

    known = proxy("/en/", headers={"If-None-Match": PUBLIC["ETag"]})

    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "no-store"},
        {"Cache-Control": "private, max-age=60"},
        {},
        {**PUBLIC, "Set-Cookie": "session=own"},
    ],
)
def test_what_is_not_for_everybody_is_never_kept(proxy, backend, headers):
    backend.headers = headers

    answers = [proxy("/en/"), proxy("/en/")]

    assert [each.text for each in answers] == ["answer 1", "answer 2"]


@pytest.mark.parametrize("known", [{"Cookie": "session=own"}, {"Authorization": "Bearer own"}])
def test_who_shows_himself_is_answered_anew_and_nothing_of_it_is_kept(proxy, known):
    assert proxy("/en/", headers=known).text == "answer 1"
    assert proxy("/en/").text == "answer 2"
    assert proxy("/en/", headers=known).text == "answer 3"
    assert proxy("/en/").text == "answer 2"


def test_files_with_their_mark_are_kept_for_everybody_signed_in_or_not(proxy, backend):
    backend.headers = {"Cache-Control": "public, max-age=31536000, immutable"}

    answers = [proxy("/static/base.css?v=1"), proxy("/static/base.css?v=1", headers={"Cookie": "session=own"})]

    assert [each.text for each in answers] == ["answer 1"] * 2
    assert answers[1].headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_page_that_was_kept_outlives_the_servers(proxy, backend):
    proxy("/en/")
    backend.end()
    wait_for(lambda: proxy("/en/").headers["X-Cache"] in ("STALE", "UPDATING"))

    stale = proxy("/en/")

    assert (stale.status_code, stale.text) == (200, "answer 1")


def test_without_servers_other_pages_are_refused_with_a_time_to_come_back(proxy, backend):
    backend.end()

    refused = proxy("/en/search?q=pump")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.headers["Cache-Control"] == "no-store"


def test_a_page_of_a_server_in_trouble_gives_way_to_the_kept_one(proxy, backend):
    proxy("/en/")
    backend.status, backend.headers = 503, {"Cache-Control": "no-store"}
    wait_for(lambda: proxy("/en/").headers["X-Cache"] in ("STALE", "UPDATING"))

    assert proxy("/en/").text == "answer 1"


def test_one_server_gone_is_not_seen(proxy, backend):
    gone = backend.servers.pop()
    gone.shutdown()
    gone.server_close()

    assert {proxy(f"/en/search?q={number}").status_code for number in range(8)} == {200}


def test_more_than_three_requests_a_thread_are_refused_at_once(proxy, backend):
    backend.hold.clear()
    with ThreadPoolExecutor(49) as pool:
        waiting = [pool.submit(proxy, f"/en/search?q={number}") for number in range(48)]
        for _ in waiting:
            assert backend.going.acquire(timeout=20)

        refused = proxy("/en/search?q=more")

        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.elapsed.total_seconds() < 5
        backend.hold.set()
        assert {each.result().status_code for each in waiting} == {200}


def test_the_figures_are_not_for_the_public(proxy, backend):
    assert proxy("/metrics").status_code == 404
    assert backend.asked == []


def test_health_is_always_that_of_now(proxy, backend):
    backend.headers = dict(PUBLIC)

    assert [proxy("/healthz/live").text, proxy("/healthz/live").text] == ["answer 1", "answer 2"]


def wait_for(is_so) -> None:
    """Until it is so: what was kept must first grow older than its five seconds."""
    for _ in range(300):
        if is_so():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never was")
