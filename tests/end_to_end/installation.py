"""The whole program from outside: real commands in processes of their own, mocks on free ports, a fresh home."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLATFORMS = ("buykorea", "gobizkorea", "tradekorea")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code and what it printed."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class World:
    """Which mock world is served: the same three numbers give `hanmaru truth`."""

    seed: int
    size: int
    day: int

    def options(self) -> list[str]:
        return ["--seed", str(self.seed), "--size", str(self.size), "--day", str(self.day)]


@dataclass(frozen=True, slots=True)
class Home:
    """One installation: its folder and the addresses its connectors are pointed at."""

    folder: Path

    def run(
        self,
        *arguments: str,
        urls: dict[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        timeout_s: float = 300,
    ) -> Ended:
        """Run `hanmaru ARGUMENTS` against these platform addresses; `settings` are others by full name."""
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LC_ALL": "C.UTF-8"}
        environment["HANMARU_HOME"] = str(self.folder)
        for platform, url in (urls or {}).items():
            environment[f"HANMARU_{platform.upper()}_URL"] = url
        environment |= settings or {}
        done = subprocess.run(
            [sys.executable, "-m", "web", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def sync(self, urls: dict[str, str], *options: str) -> dict[str, dict[str, Any]]:
        """`hanmaru sync --all --json`: the row of each platform."""
        ended = self.run("sync", "--all", "--json", *options, urls=urls)
        rows = {row["platform"]: row for row in ended.rows()}
        assert set(rows) == set(PLATFORMS), ended.err[-3000:]
        return rows

    def visible(self) -> set[tuple[str, str]]:
        """The `[platform, id]` pairs that a buyer may see."""
        ended = self.run("export", "listings", "--format", "jsonl")
        assert ended.code == 0, ended.err[-3000:]
        return {(row["platform"], row["id"]) for row in ended.rows() if row["visible"]}

    def copy(self, folder: Path) -> "Home":
        """The same state in another folder."""
        shutil.copytree(self.folder, folder)
        return Home(folder)


@contextmanager
def serving(world: World) -> Iterator[str]:
    """Run `hanmaru mock` for this world and give its base address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "web", "mock", "--port", "0", "--no-limits", *world.options()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the mock ended before it listened"
        yield json.loads(line)["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def addresses(url: str) -> dict[str, str]:
    """The three platforms' base addresses under one mock."""
    return {platform: f"{url}/{platform}" for platform in PLATFORMS}


def faulty(url: str, *, platform: str, fault: str) -> dict[str, str]:
    """The same, with one platform behind a fault."""
    return addresses(url) | {platform: f"{url}/faulty/{fault}/{platform}"}


def true_visible(world: World) -> set[tuple[str, str]]:
    """What `hanmaru truth` says a buyer may see on that day."""
    done = subprocess.run(
        [sys.executable, "-m", "web", "truth", *world.options()], capture_output=True, text=True, check=True
    )
    rows = map(json.loads, done.stdout.splitlines())
    return {(row["platform"], row["id"]) for row in rows if row["visible"]}
