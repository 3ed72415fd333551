"""The instants at which a process may die, and children that die there.

An instant is: before each SQL statement and each COMMIT, both sides of each HTTP exchange, of each commit of the index
and of each file's taking its name. Nothing else of ours outlives a process.
"""

import os
import pickle
import re
import signal
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import Engine, event

from integrator.ports import IndexWriter

BEGIN, COMMIT = "BEGIN", "COMMIT"

# Sorts of instants by how their names begin; whatever else there is, is a statement.
_KINDS = {BEGIN: "transactions", COMMIT: "transactions", "HTTP": "exchanges", "a file": "files", "the index": "index"}
OUTSIDE = {"exchanges", "files", "index"}


def kind_of(name: str) -> str:
    """The sort of an instant, for people."""
    return next((kind for begins, kind in _KINDS.items() if name.startswith(begins)), "statements")


@dataclass(slots=True)
class Points:
    """Counts the instants; at the `last` one (counted from 1; 0: never) the process gets the signal."""

    last: int = 0
    sign: signal.Signals = signal.SIGKILL
    names: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        """One more instant."""
        self.names.append(name)
        if len(self.names) == self.last:
            os.kill(os.getpid(), self.sign)

    @contextmanager
    def around(self, name: str) -> Iterator[None]:
        """Both sides of something."""
        self.reach(f"{name} begins")
        yield
        self.reach(f"{name} is over")

    def watch(self, asked: Callable[[str], None] = lambda _question: None) -> Self:
        """From now on, for as long as this process lives; `asked` is told of every HTTP exchange before it.

        Listeners of every engine hear of a transaction before the engine's own do: what begins one on this database or
        that, a statement or not, comes after its instant.
        """
        event.listen(Engine, "begin", lambda _connection: self.reach(BEGIN))
        event.listen(Engine, "before_cursor_execute", self._execute)
        event.listen(Engine, "commit", lambda _connection: self.reach(COMMIT))
        send, replace = HTTPAdapter.send, os.replace

        def exchange(adapter: HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> requests.Response:
            question = describe(request)
            asked(question)
            with self.around(f"HTTP {request.method}"):
                return send(adapter, request, **how)

        def rename(source: Any, target: Any) -> None:
            with self.around("a file's taking its name"):
                replace(source, target)

        HTTPAdapter.send = exchange  # type: ignore[method-assign,assignment]
        os.replace = rename  # type: ignore[assignment]
        return self

    def _execute(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(BEGIN):  # told already
            self.reach(shape_of(statement))


@cache
def shape_of(statement: str) -> str:
    """The statement, whatever the length of its lists."""
    one_mark = re.sub(r"%(?:\(\w+\))?s(?:::\w+)?", "?", re.sub(r"\s+", " ", statement))
    return re.sub(r"\?(?:, \?)+", "?", one_mark)


def describe(request: requests.PreparedRequest) -> str:
    """Method and path of a question, and its query without keys."""
    parts = urlsplit(str(request.url))
    kept = [each for each in parts.query.split("&") if each and not each.lower().startswith("servicekey=")]
    return f"{request.method} {parts.path}" + (f"?{'&'.join(kept)}" if kept else "")


class PointedIndex:
    """An index whose commits are instants."""

    def __init__(self, index: IndexWriter, points: Points) -> None:
        self._index = index
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def commit(self) -> None:
        """See IndexWriter.commit."""
        with self._points.around("the index's commit"):
            self._index.commit()


# Children ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Child:
    """A forked child; its answer comes through a file, which a killed one leaves empty."""

    pid: int
    answer: Path

    def wait(self) -> bool:
        """Wait until it is over or stopped; gives whether it is stopped. Raises what it raised."""
        status = os.waitpid(self.pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status):
            return True
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            raise AssertionError(f"a child failed:\n{self.answer.read_text('utf-8')}")
        return False

    def wake(self) -> None:
        """Let a stopped one go on, and wait for its end."""
        os.kill(self.pid, signal.SIGCONT)
        self.wait()

    @property
    def was_killed(self) -> bool:
        """Whether it ended without a word."""
        return not self.answer.stat().st_size

    def said(self) -> Any:
        """What its work gave."""
        return pickle.loads(self.answer.read_bytes())  # noqa: S301 - our own child's


def fork(work: Callable[[], object], answer: Path) -> Child:
    """Begin the work in a child of this very process."""
    answer.write_bytes(b"")
    pid = os.fork()
    if pid:
        return Child(pid, answer)
    try:
        answer.write_bytes(pickle.dumps(work()))
    except BaseException:
        answer.write_text(traceback.format_exc(), "utf-8")
        os._exit(1)
    os._exit(0)


def do_in_child(work: Callable[[], object], answer: Path) -> Any:
    """What the work gives, done in a child: its threads, connections and caches end with it."""
    child = fork(work, answer)
    child.wait()
    return child.said()
