"""Keeps one server as long as its owner lives: `python keeper.py SPEC`, SPEC being the JSON of `Spec`.

A process apart, so that the server ends however the owner does, killed included. It detaches itself, says
`{"keeper": pid, "server": pid}` and then only waits: for the owner's end, or for SIGTERM. The server's folder goes
with it, and with the owner the folder of the whole run.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE_S = 15


@dataclass(frozen=True, slots=True)
class Spec:
    """What to start and for whom."""

    owner: int  # pid
    folder: str  # the server's alone, in that of the run
    command: list[str]
    environ: dict[str, str]
    log: str
    stop: int  # the signal that ends it in order
    user: int | None  # numbers of an account; None: ours
    group: int | None


def main() -> None:
    spec = Spec(**json.loads(sys.argv[1]))
    if os.fork():
        os._exit(0)
    os.setsid()
    stopped, stop = os.pipe()
    signal.signal(signal.SIGTERM, lambda *_: os.write(stop, b"."))
    owner = open_process(spec.owner)
    server = start(spec)
    sys.stdout.write(json.dumps({"keeper": os.getpid(), "server": server.pid}))
    sys.stdout.flush()
    silence()
    is_stopped = owner is not None and stopped in select.select([owner, stopped], [], [])[0]
    end(server, spec.stop)
    folder = Path(spec.folder)
    shutil.rmtree(folder if is_stopped else folder.parent, ignore_errors=True)


def open_process(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None when it has ended."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def start(spec: Spec) -> subprocess.Popen[bytes]:
    """The server leads a process group, so that what it starts ends with it."""
    with open(spec.log, "ab") as log:
        return subprocess.Popen(
            spec.command,
            cwd=spec.folder,
            env=spec.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=spec.user,
            group=spec.group,
            extra_groups=None if spec.group is None else [],
        )


def silence() -> None:
    """Lets go of the starter's pipes: it reads them to their end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


def end(server: subprocess.Popen[bytes], stop: int) -> None:
    """Politely, then whatever of the group is left."""
    server.send_signal(stop)
    with suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    main()
