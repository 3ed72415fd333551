"""The pure part of resolving, in as many processes as asked."""

import gc
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context

from integrator.resolve.work import Naming, Outcome, Partition, Release, work_out

Crew = ProcessPoolExecutor | None


@contextmanager
def gather_crew(workers: int) -> Iterator[Crew]:
    """So many processes beside this one; None where one is enough."""
    if workers <= 1:
        yield None
        return
    # A forked worker has everything imported already; it never touches the database it was forked beside.
    with ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_prepare_worker) as crew:
        crew.submit(int)  # forks all of them, before this process has threads
        yield crew


def _prepare_worker() -> None:
    """Ctrl-C is the parent's to answer; a worker that dies of it would break the pool in the middle of a piece."""
    # Whoever keeps and publishes what is done goes first, so that all ends together; and pages go before this.
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The work makes many small values and no cycles; looking for cycles at the usual pace costs a tenth of it.
    gc.set_threshold(200_000, 20, 20)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a piece: an outcome a seller, or why there is none."""

    outcomes: list[Outcome]
    failures: dict[str, str]


def work_on(piece: tuple[tuple[Partition, ...], Naming, Release]) -> Done:
    """In whatever process: all partitions together, or one by one when one of them fails."""
    partitions, naming, release = piece
    try:
        return Done(work_out(partitions, naming, release), {})
    except Exception:  # one bad seller must not stop the others; the reason is kept with its marks
        outcomes: list[Outcome] = []
        failures: dict[str, str] = {}
        for partition in partitions:
            try:
                outcomes += work_out([partition], naming, release)
            except Exception as error:
                failures[partition.seller_id] = f"{type(error).__name__}: {error}"[:300]
        return Done(outcomes, failures)
