"""Publishing while products are still being worked out: a process of its own that is handed their documents.

It only saves time. What it did not publish is still in the outbox, and whoever started it publishes that afterwards.
"""

import multiprocessing
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from web.config import Settings
from web.wiring import Wiring, wired

if TYPE_CHECKING:
    from integrator.publish.document import Draft
    from integrator.publish.publisher import Published

# Documents given to the index together: few, so that little is left to do when the last ones come.
_ENOUGH = 250

# Pieces of some 500 documents, 1 MB each.
_MOST_WAITING = 8

# A publisher that takes nothing for so long is no help; it then makes the documents itself, if it still can.
_WAIT_S = 30.0

# Documents kept for rows that are not the oldest yet.
_MOST_KEPT = 4_000

# A publisher that still has this long to go is better waited for than replaced.
_END_WITHIN_S = 600.0


class Aside:
    """The parent's side."""

    def __init__(self, drafts: Any, answer: Any) -> None:
        self._drafts = drafts
        self._answer = answer
        self._waiting: queue.Queue[list[tuple[str, str, bytes]] | None] = queue.Queue(_MOST_WAITING)
        self._sender = threading.Thread(target=self._send, daemon=True)

    def take(self, drafts: "Mapping[str, Draft]") -> None:
        """Hand over documents of products that have just been kept.

        Waits while the publisher is far behind: resolving further would only pile up what it has to make anew.
        """
        if not self._sender.ident:
            self._sender.start()
        with suppress(queue.Full):
            self._waiting.put([(each, draft.digest, draft.content) for each, draft in drafts.items()], timeout=_WAIT_S)

    def finish(self) -> "tuple[Published, bool]":
        """Nothing more comes: what was published, and whether that was everything that waited."""
        from integrator.publish.publisher import Published

        if not self._sender.ident:
            self._sender.start()
        self._waiting.put(None)
        with suppress(OSError, EOFError):
            if self._answer.poll(_END_WITHIN_S):
                index_writes, refused, is_all = self._answer.recv()
                return Published(index_writes, refused), is_all
        return Published(), False

    def _send(self) -> None:
        more: list[tuple[str, str, bytes]] | None = []
        while more is not None:
            more = self._waiting.get()
            with suppress(OSError):
                self._drafts.send(more)


@contextmanager
def publishing_aside(settings: Settings) -> Iterator[Aside]:
    """A publisher for the time of the block; gone at its end, whatever happened."""
    context: Any = multiprocessing.get_context("fork")
    theirs, ours = context.Pipe(duplex=False)
    answer, said = context.Pipe(duplex=False)
    child = context.Process(target=_publish, args=(settings, theirs, said, ours, answer), name="publisher")
    child.start()
    theirs.close()
    said.close()
    try:
        yield Aside(ours, answer)
    finally:
        ours.close()
        answer.close()
        child.join(_END_WITHIN_S)


def _publish(settings: Settings, drafts: Any, said: Any, *parents: Any) -> None:
    """The child's whole life: ends when the other end of `drafts` is closed."""
    import gc
    import signal

    # Ctrl-C is the parent's to answer; this process ends when its parent does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for each in parents:
        each.close()
    # The work makes many small values and no cycles; looking for cycles at the usual pace costs a tenth of it.
    gc.set_threshold(200_000, 20, 20)
    # Whoever waits for the answer finds the end of it when this process could not go on.
    with wired(settings) as wiring, suppress(EOFError, OSError):
        said.send(_put_all(wiring, drafts))


def _put_all(wiring: Wiring, handed: Any) -> tuple[int, int, bool]:
    """Publish what is handed over, then all that waits: (index writes, refused documents, whether that was all)."""
    from integrator.errors import IndexUnavailable
    from integrator.publish.document import Draft
    from integrator.publish.publisher import BATCH, Publishing

    publishing = Publishing(wiring.database, wiring.index)
    drafts: dict[str, Draft] = {}
    is_all = False
    with suppress(IndexUnavailable):
        while (more := handed.recv()) is not None:
            drafts.update((product_id, Draft(digest, content)) for product_id, digest, content in more)
            if len(drafts) >= _ENOUGH:
                # No more than these: of those behind them the documents are still on their way.
                publishing.put(len(drafts), drafts)
            if len(drafts) > _MOST_KEPT:
                drafts.clear()
        while publishing.put(BATCH, drafts):
            pass
        publishing.finish()
        is_all = True
    return publishing.published.index_writes, publishing.published.refused, is_all
