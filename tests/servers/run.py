"""The servers of one run: each started at its first use, shared by all processes of the run, ended with its owner.

What is started is written down in the run's folder, under a lock; so the workers of pytest-xdist find each other's.
"""

import fcntl
import json
import os
import pwd
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.servers.keeper import GRACE_S, Spec, open_process

# What a server process gets of our environment: nothing that could point it at files or settings of ours.
_PASSED = ("PATH", "LANG", "TZ")
_ACCOUNT = "nobody"


class Missing(Exception):
    """A server cannot be had on this machine; the text says what to install."""


class NotStarted(Exception):
    """A server is here but did not come up; the text ends with its log."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a run wrote down of one server: where it is, or why it cannot be had (`missing`)."""

    name: str
    seconds: float
    facts: dict[str, Any]
    missing: str = ""

    def line(self) -> str:
        return (
            f"NOT TESTED on {self.name}: {self.missing}" if self.missing else f"{self.name}: ready in {self.seconds} s"
        )


@dataclass(frozen=True, slots=True)
class Process:
    """A server's pid, which is also its process group, and that of its keeper."""

    keeper: int
    server: int

    def kill(self) -> None:
        """Like a crash: the whole group at once."""
        os.killpg(self.server, signal.SIGKILL)

    def is_alive(self) -> bool:
        return not has_ended(self.server)

    def end(self) -> None:
        """Politely; returns when server and keeper have ended. Ended already is well."""
        end_all([self])


@dataclass(frozen=True, slots=True)
class Run:
    """`folder` is made at the first use and removed at the end; the servers outlive no `owner`."""

    folder: Path
    owner: int

    @classmethod
    def of_this_process(cls) -> "Run":
        return cls(Path(tempfile.gettempdir()) / f"hanmaru-servers-{secrets.token_hex(4)}", os.getpid())

    def share(self, name: str, start: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """The facts about the server called `name`: those noted, else those that `start` returns.

        Raises Missing, with the same words in every process of the run.
        """
        self.make()
        path = self.folder / f"{name}.note"
        with _locked(self.folder / f"{name}.lock"):
            if not path.exists():
                path.write_text(json.dumps(asdict(_make_note(name, start))), "utf-8")
        note = _read_note(path)
        if note.missing:
            raise Missing(note.missing)
        return note.facts

    def make(self) -> None:
        """The run's own folder, if it is not there yet. Whatever the umask, servers pass through it to theirs."""
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o711)

    def make_folder(self, name: str) -> Path:
        """A folder that the server's account owns and nobody else reads."""
        made = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        give_away(made)
        return made

    def start(
        self,
        folder: Path,
        command: list[str],
        *,
        environ: Mapping[str, str] | None = None,
        stop: signal.Signals = signal.SIGTERM,
    ) -> Process:
        """Start a server whose folder (of `make_folder`) is `folder`; its output goes to `folder`.log.

        `stop` is the signal that ends it in order, even while clients are connected.
        """
        account = find_account()
        spec = Spec(
            owner=self.owner,
            folder=str(folder),
            command=command,
            environ=make_environ(folder, environ),
            log=f"{folder}.log",
            stop=stop,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
        )
        keeper = str(Path(__file__).with_name("keeper.py"))
        said = subprocess.run(
            [sys.executable, "-I", keeper, json.dumps(asdict(spec))], check=True, capture_output=True, text=True
        )
        if not said.stdout:
            raise NotStarted(f"{command[0]} did not start: {said.stderr.strip()}")
        made = Process(**json.loads(said.stdout))
        with (self.folder / "processes").open("a", encoding="utf-8") as file:
            file.write(f"{said.stdout}\n")
        return made

    def notes(self) -> list[Note]:
        """What was started, and what could not be had."""
        return [_read_note(path) for path in sorted(self.folder.glob("*.note"))]

    def end(self) -> None:
        """End every server of the run, by its number, and remove the folder."""
        with suppress(FileNotFoundError):
            lines = (self.folder / "processes").read_text("utf-8").splitlines()
            end_all([Process(**json.loads(line)) for line in lines])
        shutil.rmtree(self.folder, ignore_errors=True)


def end_all(processes: Sequence[Process]) -> None:
    """All at once, for each takes its time; waits for the last."""
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each.keeper, signal.SIGTERM)
    for each in processes:
        has_ended(each.keeper, within_s=2 * GRACE_S)


def has_ended(pid: int, *, within_s: float = 0) -> bool:
    """Whether the process is gone, or goes in that time; it need not be a child of ours."""
    watched = open_process(pid)
    if watched is None:
        return True
    try:
        polled = select.poll()
        polled.register(watched)
        return bool(polled.poll(within_s * 1000))
    finally:
        os.close(watched)


def find_account() -> pwd.struct_passwd | None:
    """Whom a server runs as: PostgreSQL and Elasticsearch refuse root. None: as we do."""
    return pwd.getpwnam(_ACCOUNT) if os.geteuid() == 0 else None


def give_away(folder: Path) -> None:
    """With all that was put into it, to the account that servers run as."""
    account = find_account()
    if account:
        for each in (folder, *folder.rglob("*")):
            os.chown(each, account.pw_uid, account.pw_gid)


def make_environ(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {**passed, "HOME": str(folder), "TMPDIR": str(folder), **(more or {})}


def run_as_server(folder: Path, command: list[str], *, environ: Mapping[str, str] | None = None) -> None:
    """One command to its end, as the account and in the folder of the server. Raises NotStarted."""
    account = find_account()
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=make_environ(folder, environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode:
        raise NotStarted(f"{command[0]} failed:\n{done.stdout[-2000:]}")


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def wait_until(is_ready: Callable[[], bool], process: Process, *, log: Path, timeout_s: float) -> None:
    """Ask ten times a second. Raises NotStarted when the server ends, or not in time."""
    until = time.monotonic() + timeout_s
    while not is_ready():
        # Waiting for the process is the pause: its end is known at once.
        is_gone = has_ended(process.server, within_s=0.1)
        if is_gone or time.monotonic() > until:
            reason = "ended" if is_gone else f"was not ready in {timeout_s:.0f} s"
            raise NotStarted(f"{log.stem} {reason}:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def _make_note(name: str, start: Callable[[], Mapping[str, Any]]) -> Note:
    began = time.monotonic()
    try:
        facts, missing = dict(start()), ""
    except Missing as reason:
        facts, missing = {}, str(reason)
    return Note(name, round(time.monotonic() - began, 1), facts, missing)


def _read_note(path: Path) -> Note:
    return Note(**json.loads(path.read_text("utf-8")))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
