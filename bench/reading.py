"""What buyers wait for: a search in the engine, and a whole page over HTTP, on the index of a synced home."""

import http.client
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.figures import Figure
from bench.processes import environment
from bench.products import export

QUESTIONS = 600
WARM_UP = 50
FACETS = ("category", "platform", "certificate")
# Each question has a text and one of these beside it; the facets ignore their own choice, so all three are counted.
FILTERS = (("platform", "buykorea"), ("price_max", "50"), ("moq_max", "500"), ("certificate", "CE"), ("sample", "yes"))


def measure_reading(home: Path) -> list[Figure]:
    """p50 and p99 in milliseconds of distinct questions, one after the other."""
    questions = make_questions(home)
    engine = sorted(_engine_times(home, questions))
    pages = sorted(_page_times(home, questions))
    return [
        Figure("search, text + filter + 3 facets: p50", _share(engine, 0.5), "ms", note=f"{len(engine)} questions"),
        Figure("search, text + filter + 3 facets: p99", _share(engine, 0.99), "ms", 20),
        Figure("search page over HTTP: p50", _share(pages, 0.5), "ms", note=f"{len(pages)} pages"),
        Figure("search page over HTTP: p99", _share(pages, 0.99), "ms", 60),
    ]


def make_questions(home: Path) -> list[list[tuple[str, str]]]:
    """Two words of a product's name, drawn over the whole catalogue, and a filter: each question once."""
    draw = random.Random(11)
    names = [next(iter(row["names"].values()))["value"] for row in export(home, "products")]
    questions: dict[tuple[str, str], list[tuple[str, str]]] = {}
    while len(questions) < QUESTIONS:
        name = draw.choice(names).split()
        start = draw.randrange(max(1, len(name) - 1))
        text, narrowed = " ".join(name[start : start + 2]), draw.choice(FILTERS)
        questions[text, narrowed[0]] = [("q", text), narrowed]
    return list(questions.values())


def _engine_times(home: Path, questions: Sequence[Sequence[tuple[str, str]]]) -> list[float]:
    from search.embedded import EmbeddedIndex
    from search.query import read_query
    from search.searching import Finder

    finder = Finder(EmbeddedIndex(home / "index"))
    times = []
    for pairs in questions:
        began = time.perf_counter()
        finder.search(read_query(pairs), facets=FACETS)
        times.append((time.perf_counter() - began) * 1e3)
    return times[WARM_UP:]


def _page_times(home: Path, questions: Sequence[Sequence[tuple[str, str]]]) -> list[float]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = environment(home) | {"HANMARU_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "web", "serve"], env=settings, stderr=subprocess.DEVNULL)
    try:
        connection = _connect(port)
        times = [_time_page(connection, f"/en/search?{urlencode(pairs, quote_via=quote)}") for pairs in questions]
        return times[WARM_UP:]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _connect(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.connect()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return connection


def _time_page(connection: http.client.HTTPConnection, address: str) -> float:
    began = time.perf_counter()
    connection.request("GET", address)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1e3
    if answer.status != 200 or b"<main" not in body:
        raise RuntimeError(f"{address} answered {answer.status}")
    return took


def _share(times: Sequence[float], share: float) -> float:
    return times[min(len(times) - 1, int(len(times) * share))]
