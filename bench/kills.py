"""A census that is killed again and again: what is lost by it, and what is read twice.

The mock lives in this process: it counts the pages it gives, and at twenty of them, drawn at random, the reading
command and all its processes get SIGKILL; then the command is started again, as a supervisor would.
"""

import asyncio
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import perf_counter, sleep

from bench.figures import Figure
from bench.processes import PLATFORMS, environment, measure, stream
from bench.products import export
from bench.sync import Bench
from connectors.mock.message import Response
from connectors.mock.platforms import Mock
from connectors.mock.server import Connection
from connectors.mock.settings import Settings

KILLS = 20

# Pages of one commit (`integrator/sync/units.py`: a thousand records; a part of a drop is kept as soon as it is whole).
PAGES_A_BATCH = {"buykorea": 10, "gobizkorea": 1, "tradekorea": 20}

# What only opens a walk or looks where it stands is no page.
_OPENING = re.compile(r"/oauth/|manifest\.json|numOfRows=1(&|$)")


@dataclass
class Counting:
    """The mock with a counter; at each page number of `kills` the process group is killed."""

    mock: Mock
    kills: list[int] = field(default_factory=list)
    group: int | None = None
    pages: Counter[str] = field(default_factory=Counter)

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Response:
        """See `Mock.handle`."""
        platform = target.split("/")[1]
        if not _OPENING.search(target):
            self.pages[platform] += 1
            if self.kills and self.pages.total() >= self.kills[0] and self.group is not None:
                group, self.group = self.group, None
                self.kills.pop(0)
                with suppress(ProcessLookupError):
                    os.killpg(group, signal.SIGKILL)
        return self.mock.handle(method, target, headers, body)


@contextmanager
def counting(bench: Bench) -> Iterator[tuple[str, Counting]]:
    """The mock's address, and its counter."""
    record = bench.records / "day-0"
    mock = Mock(Settings(bench.seed, bench.size, 0, has_limits=False, record=record))
    counter, loop = Counting(mock), asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(lambda: Connection(counter.handle), "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, name="mock")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", counter
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()
        mock.close()


def measure_kills(bench: Bench) -> list[Figure]:
    """The census once without a kill (after one that renders the answers), then once with `KILLS` of them."""
    with counting(bench) as (url, counter):
        _read(bench.home("warm"), url, counter)
        counter.pages.clear()
        clean = _read(bench.home("clean"), url, counter)
        pages = Counter(counter.pages)
        counter.pages.clear()
        dice = random.Random(bench.seed)
        counter.kills = sorted(dice.sample(range(1, pages.total()), KILLS))
        home = bench.home("killed")
        killed = _read(home, url, counter)
        repeated = {each: max(0, counter.pages[each] - pages[each]) for each in PLATFORMS}
        done = KILLS - len(counter.kills)
    batches = sum(ceil(count / PAGES_A_BATCH[each]) for each, count in repeated.items())
    lost, other = _compare(home, bench)
    size = f"3 x {bench.size:,}, {done} kills"
    return [
        Figure(f"listings lost ({size})", lost, "listings", 0),
        Figure(f"listings shown that are not there ({size})", other, "listings", 0),
        Figure("kills", done, "kills", KILLS, at_least=True, note=f"at random pages, seed {bench.seed}"),
        Figure(
            "batches read twice / walks killed", batches / max(1, done * len(PLATFORMS)), "x", 1, note=_say(repeated)
        ),
        Figure("time with kills / without", killed / clean, "x", note=f"{killed:.1f} s of {clean:.1f} s"),
    ]


def _say(repeated: dict[str, int]) -> str:
    return "pages read twice: " + ", ".join(f"{platform} {count}" for platform, count in repeated.items())


def _read(home: Path, url: str, counter: Counting) -> float:
    """A census of all platforms, started again whenever it is killed; seconds in all."""
    settings = environment(home, url)
    measure(["migrate"], environment=settings)
    began = perf_counter()
    command = [sys.executable, "-m", "web", "sync", "--all", "--full", "--json"]
    while True:
        process = subprocess.Popen(
            command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        counter.group = process.pid
        out, said = process.communicate()
        counter.group = None
        if process.returncode == 0:
            return perf_counter() - began
        _await_end(process.pid)
        if process.returncode != -signal.SIGKILL:
            raise RuntimeError(f"the census ended with {process.returncode}:\n{(out + said).decode()[-3000:]}")


def _await_end(group: int) -> None:
    """Until the last of a killed group is gone: a process that still dies holds its feed's lease."""
    with suppress(ProcessLookupError):
        while True:
            os.killpg(group, 0)
            sleep(0.02)


def _compare(home: Path, bench: Bench) -> tuple[int, int]:
    """Visible listings that are missing, and that are there for nothing."""
    options = ["--seed", str(bench.seed), "--size", str(bench.size), "--day", "0"]
    rows = stream(["truth", *options], environment=environment(home))
    truth = {(row["platform"], row["id"]) for row in rows if row["visible"]}
    shown = {(row["platform"], row["id"]) for row in export(home, "listings") if row["visible"]}
    shutil.rmtree(home)
    return len(truth - shown), len(shown - truth)
