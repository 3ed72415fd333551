"""Processes that run together and end together."""

import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import FrameType, TracebackType
from typing import IO, Self

# A web server finishes its requests, a reading ends with the batch under way.
GRACE_S = 10.0
# A worker that is told a second time takes its job down with it; what still runs then is killed.
LAST_S = 2.0
_POLL_S = 0.1


class Together:
    """Children of this process. Leaving the block ends every one of them, however it is left.

    Each child has a session of its own, so that Ctrl-C reaches this process alone and the children are ended in order.
    """

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._before: dict[int, object] = {}
        self.told_to_stop = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what `signal` gave is what it takes

    def start(
        self, name: str, words: Sequence[str], *, environ: Mapping[str, str], stdout: int | IO[str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a child. Raises Stopped when this process was told to stop meanwhile."""
        self._check()
        child = subprocess.Popen(
            list(words), env=dict(environ), stdin=subprocess.DEVNULL, stdout=stdout, text=True, start_new_session=True
        )
        self._children[name] = child
        return child

    def finish(self, name: str) -> int:
        """Wait for this child to end; gives its exit code. Raises Stopped."""
        child = self._children[name]
        while child.poll() is None:
            self._check()
            time.sleep(_POLL_S)
        del self._children[name]
        return child.returncode

    def wait(self) -> tuple[str, int] | None:
        """Until a child ends by itself (its name and exit code) or this process is told to stop (None)."""
        while not self.told_to_stop:
            for name, child in self._children.items():
                if child.poll() is not None:
                    return name, child.returncode
            time.sleep(_POLL_S)
        return None

    def stop(self) -> None:
        """End the children, the last started first."""
        running = [child for child in reversed(self._children.values()) if child.poll() is None]
        for told, wait_s in ((signal.SIGTERM, GRACE_S), (signal.SIGTERM, LAST_S), (signal.SIGKILL, LAST_S)):
            for child in running:
                child.send_signal(told)
            running = _outlast(running, wait_s)
        self._children.clear()

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def _check(self) -> None:
        if self.told_to_stop:
            raise Stopped


class Stopped(Exception):
    """This process was told to stop."""


def _outlast(children: list[subprocess.Popen[str]], seconds: float) -> list[subprocess.Popen[str]]:
    deadline = time.monotonic() + seconds
    while children and time.monotonic() < deadline:
        children = [child for child in children if child.poll() is None]
        if children:
            time.sleep(0.02)
    return children
