"""A host of its own: another name, another network, other processes, on which workers and a scheduler run.

    python -m tests.drills.host NAME SOCKETS PORT...

is its first process. Servers of this machine are reached at the same ports, by relays through sockets in the folder
SOCKETS; with `outside` for a name, the same is run beside the servers. Where no namespaces can be made, a host is a
process like any other, with a home of its own.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTSIDE = "outside"
WORKERS = 3
_MOST = 65_536

_APART = ["unshare", "--net", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
_AS_USER = ["--user", "--map-root-user"]


@dataclass(frozen=True, slots=True)
class Host:
    """What runs on it, from outside."""

    name: str
    home: Path
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """As if its plug were pulled: every process of it at once."""
        self.process.kill()
        self.process.wait()
        for each in _find_processes(self.home):  # none, where it had a namespace of its own
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def find_namespaces() -> list[str] | None:
    """How a host is set apart here; None: not at all."""
    words = [*_APART, *([] if os.geteuid() == 0 else _AS_USER)]
    if shutil.which("unshare") is None:
        return None
    tried = subprocess.run([*words, "true"], check=False, capture_output=True)
    return words if tried.returncode == 0 else None


@contextmanager
def running(name: str, folder: Path, environ: Mapping[str, str], ports: Sequence[int]) -> Iterator[Host]:
    """A host of this name; nothing of it is left after the block."""
    home = folder / name
    home.mkdir()
    apart = find_namespaces()
    words = [*(apart or []), sys.executable, "-m", "tests.drills.host", name, str(folder)]
    words += map(str, ports if apart else ())
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env={**environ, "HANMARU_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    host = Host(name, home, process)
    try:
        yield host
    finally:
        host.kill()


@contextmanager
def reachable(folder: Path, ports: Sequence[int]) -> Iterator[None]:
    """Servers of this machine can be reached from hosts whose sockets are in `folder`."""
    words = [sys.executable, "-m", "tests.drills.host", OUTSIDE, str(folder), *map(str, ports)]
    relay = subprocess.Popen(words, cwd=ROOT)
    try:
        yield
    finally:
        relay.kill()
        relay.wait()


def _find_processes(home: Path) -> Iterator[int]:
    told = f"HANMARU_HOME={home}\0".encode()
    for each in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if told in each.read_bytes():
                yield int(each.parent.name)


# Inside --------------------------------------------------------------------------------------------------------------


async def live(name: str, sockets: Path, ports: Sequence[int]) -> None:
    """Relay for ever; on a host, until one of its services ends."""
    for port in ports:
        await _relay(sockets / str(port), port, is_outside=name == OUTSIDE)
    if name == OUTSIDE:
        await asyncio.Event().wait()
    words = [["scheduler"], *[["worker"]] * WORKERS]
    services = [await asyncio.create_subprocess_exec(sys.executable, "-m", "web", *each) for each in words]
    await asyncio.wait([asyncio.create_task(each.wait()) for each in services], return_when=asyncio.FIRST_COMPLETED)


async def _relay(path: Path, port: int, *, is_outside: bool) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = asyncio.open_connection("127.0.0.1", port) if is_outside else asyncio.open_unix_connection(path)
        other_reader, other_writer = await there
        await asyncio.gather(_pump(reader, other_writer), _pump(other_reader, writer))

    if is_outside:
        await asyncio.start_unix_server(answer, path)
    else:
        await asyncio.start_server(answer, "127.0.0.1", port)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_MOST):
            writer.write(chunk)
            await writer.drain()
    writer.close()


def main(name: str, folder: str, *ports: str) -> None:
    if ports and name != OUTSIDE:
        socket.sethostname(name)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    asyncio.run(live(name, Path(folder), [int(each) for each in ports]))


if __name__ == "__main__":
    main(*sys.argv[1:])
