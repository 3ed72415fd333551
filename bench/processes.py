"""Commands as whole processes: wall seconds, CPU seconds and the largest memory of any process in their tree."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PLATFORMS = ("buykorea", "gobizkorea", "tradekorea")


@dataclass(frozen=True, slots=True)
class Measured:
    """One ended command."""

    seconds: float
    cpu_seconds: float
    peak_mb: float  # the largest single process of the tree, as the kernel counted it
    out: str

    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]


def measure(arguments: list[str], *, environment: dict[str, str], accept: tuple[int, ...] = (0,)) -> Measured:
    """Run `hanmaru ARGUMENTS`; raise RuntimeError with the end of its stderr when its exit code is not accepted."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        usage = Path(folder) / "usage.json"
        command = [sys.executable, "-m", "bench.launch", str(usage), sys.executable, "-m", "web", *arguments]
        code = subprocess.run(command, env=environment, stdout=out, stderr=err, check=False).returncode
        out.seek(0)
        err.seek(0)
        if code not in accept:
            raise RuntimeError(f"hanmaru {' '.join(arguments)} ended with {code}:\n{err.read().decode()[-3000:]}")
        return Measured(out=out.read().decode(), **json.loads(usage.read_text()))


def stream(arguments: list[str], *, environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The JSON lines that `hanmaru ARGUMENTS` prints, one by one: of a large catalogue they do not fit into memory.

    Raises RuntimeError with the end of its stderr when it fails.
    """
    command = [sys.executable, "-m", "web", *arguments]
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=err)
        assert process.stdout is not None
        with process.stdout as lines:
            yield from map(json.loads, lines)
        if process.wait() != 0:
            err.seek(0)
            raise RuntimeError(f"hanmaru {' '.join(arguments)} failed:\n{err.read().decode()[-3000:]}")


@contextmanager
def recorded_mock(record: Path, *, seed: int, size: int, day: int) -> Iterator[str]:
    """Serve a world from rendered answers, call limits lifted, and give the base address."""
    options = ["--seed", str(seed), "--size", str(size), "--day", str(day), "--no-limits", "--record", str(record)]
    process = subprocess.Popen(
        [sys.executable, "-m", "web", "mock", "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def environment(home: Path, url: str | None = None) -> dict[str, str]:
    """The settings of one installation, pointed at one mock."""
    settings = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "HANMARU_HOME": str(home)}
    if url is not None:
        settings |= {f"HANMARU_{platform.upper()}_URL": f"{url}/{platform}" for platform in PLATFORMS}
    return settings
