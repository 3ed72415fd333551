"""From the worklist to searchable: what runs marked is resolved and published, while they read and at their end."""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from integrator.errors import IndexUnavailable, StorageUnavailable
from web.aside import publishing_aside
from web.wiring import Wiring

if TYPE_CHECKING:
    from integrator.publish.publisher import Published
    from integrator.resolve.partition import Resolved

# (platform or "", stage, done, total): "" for the stages that work on all platforms together.
Watch = Callable[[str, str, int, int | None], None]

# A process for resolving costs half a second to start: worth it from about this many accounts on.
_MARKS_FOR_TWO = 400


class Showing:
    """Brings what runs marked to searchable: what is read for a slice's time need not wait for all of it.

    Sooner would resolve sellers twice whose accounts are still being read: a reading shorter than a slice resolves each
    seller once, whichever platform was done first.
    """

    def __init__(self, wiring: Wiring, watch: Watch) -> None:
        from integrator.publish.publisher import Published

        self._wiring = wiring
        self._watch = watch
        self._rested_at = wiring.clock.monotonic()
        self.published = Published()
        self._costs: dict[str, float] = {}

    def go_on(self) -> None:
        """Show what waits if a slice's time has gone by; an index or a disk that is away has its next turn then.

        Nothing stays open: whoever reads meanwhile may be forked beside this, and others publish too.
        """
        from integrator.sync.slices import SLICE_S

        clock = self._wiring.clock
        if clock.monotonic() - self._rested_at < SLICE_S:
            return
        with suppress(IndexUnavailable, StorageUnavailable):
            self.show()
        self._wiring.close()
        self._rested_at = clock.monotonic()

    def show(self) -> "Published":
        """Show all that waits; what was published in all. Raises IndexUnavailable; the outbox keeps what is left."""
        spent = CpuSeconds()
        resolved, published = _resolve_and_publish(self._wiring, self._watch)
        self.published += published
        more: dict[str, float] = {"sellers": resolved.sellers, "pairs": resolved.edges, "products": resolved.products}
        more |= {"indexed": published.index_writes, "cpu_seconds": spent.take()}
        self._costs = {name: self._costs.get(name, 0) + amount for name, amount in more.items()}
        return self.published

    def charge(self, run: int) -> None:
        """Put what was shown on this run's receipt: the last one of those that it was shown for."""
        from integrator.store.runs import add_index_writes, charge_run

        if self._costs.get("sellers") or self.published.index_writes:
            with self._wiring.database.write() as connection:
                add_index_writes(connection, run, self.published.index_writes)
                charge_run(connection, run, self._costs)


def _resolve_and_publish(wiring: Wiring, watch: Watch) -> "tuple[Resolved, Published]":
    from integrator.publish.publisher import Published, publish
    from integrator.resolve.partition import Resolved, resolve_marked
    from integrator.store.worklist import count_waiting

    def progress(stage: str, done: int, total: int | None) -> None:
        watch("", stage, done, total)

    with wiring.database.read() as connection:
        waiting = count_waiting(connection)
    resolved, meanwhile, is_all = Resolved(), Published(), False
    if waiting >= _MARKS_FOR_TWO:
        # Whoever forks shares no open connection with its children.
        wiring.database.close()
        with _collecting_seldom(), publishing_aside(wiring.settings) as aside:
            resolved = resolve_marked(
                wiring.database,
                clock=wiring.clock,
                progress=progress,
                workers=min(os.cpu_count() or 1, 2),
                rates=wiring.rates,
                offer=aside.take,
            )
            meanwhile, is_all = aside.finish()
    elif waiting:
        resolved = resolve_marked(wiring.database, clock=wiring.clock, progress=progress, rates=wiring.rates)
    if is_all:
        progress("publish", meanwhile.index_writes, meanwhile.index_writes)
        return resolved, meanwhile
    return resolved, meanwhile + publish(wiring.database, wiring.index, progress=progress)


class CpuSeconds:
    """Processor time of this process, and of its children that have ended, since it was last taken."""

    def __init__(self) -> None:
        self._before = self._now()

    def take(self) -> float:
        """Seconds since then; they count from now on."""
        before, self._before = self._before, self._now()
        return round(self._before - before, 3)

    def _now(self) -> float:
        used = os.times()
        return used.user + used.system + used.children_user + used.children_system


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """The work makes many small values and no cycles; looking for cycles at the usual pace costs a tenth of it."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
