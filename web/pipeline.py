"""From feeds to searchable: platforms in parallel, a process each; then all they touched is resolved and published."""

import gc
import multiprocessing
import os
import queue
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from web.aside import publishing_aside
from web.config import Settings
from web.wiring import Wiring, wired

if TYPE_CHECKING:
    from integrator.publish.publisher import Published
    from integrator.resolve.partition import Resolved
    from integrator.sync.outcome import Outcome

# (platform or "", stage, done, total): "" for the stages that work on all platforms together.
Watch = Callable[[str, str, int, int | None], None]

# A process for resolving costs half a second to start: worth it from about this many accounts on.
_MARKS_FOR_TWO = 400

# How often a child says how far it is; a bar needs no more.
_PROGRESS_EVERY_S = 0.1

# A child that was told to stop commits what it has; after this it is taken for stuck.
_STOP_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sync is to do with each platform."""

    full: bool = False
    dry_run: bool = False
    one_slice: bool = False


def sync_one(wiring: Wiring, platform: str, wanted: Wanted, watch: Watch) -> Iterator["Outcome"]:
    """One platform, in this process: each run's outcome as it ends."""
    return charging(wiring, lambda: _read(wiring, platform, wanted, watch))


def charging(wiring: Wiring, read: Callable[[], Iterable["Outcome"]]) -> Iterator["Outcome"]:
    """The outcomes of what `read` runs, the processor time of each put on its receipt."""
    from integrator.store.runs import charge_run

    spent = _CpuSeconds()
    for outcome in read():
        if outcome.run is not None:
            with wiring.database.write() as connection:
                charge_run(connection, outcome.run, {"cpu_seconds": spent.take()})
        yield outcome


def _read(wiring: Wiring, platform: str, wanted: Wanted, watch: Watch) -> Iterator["Outcome"]:
    from integrator.sync.dry import try_feed
    from integrator.sync.run import Slice, sync_feed
    from integrator.sync.slices import SLICE_S, sync_to_end

    def progress(stage: str, done: int, total: int | None) -> None:
        watch(platform, stage, done, total)

    connector = wiring.connector(platform)
    if wanted.dry_run:
        yield try_feed(wiring.database, connector, wiring.clock, full=wanted.full, progress=progress)
    elif wanted.one_slice:
        how = Slice(full=wanted.full, limit_s=SLICE_S, progress=progress)
        yield sync_feed(wiring.database, connector, wiring.clock, how=how)
    else:
        how = Slice(full=wanted.full, progress=progress)
        yield from sync_to_end(wiring.database, connector, wiring.clock, how=how)


def sync_many(settings: Settings, platforms: Sequence[str], wanted: Wanted, watch: Watch) -> Iterator["Outcome"]:
    """Each platform in a process of its own, so that a sick one slows no other; outcomes as they come."""
    # A forked child has everything imported already. This process has no threads and no open database when it forks.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(method)
    _import_early()
    told = context.Queue()
    children = {
        name: context.Process(target=_child, args=(name, wanted, told), name=f"sync-{name}") for name in platforms
    }
    for child in children.values():
        child.start()
    try:
        yield from _collect(children, told, watch)
    except KeyboardInterrupt:
        for child in children.values():
            _tell_to_stop(child)
        yield from _collect(children, told, watch, within_s=_STOP_WITHIN_S)
    finally:
        for child in children.values():
            if child.is_alive():
                child.kill()
            child.join()


def resolve_and_publish(wiring: Wiring, watch: Watch, *, run: int | None = None) -> "Published":
    """Work out what the runs marked, and tell the index; what that cost is charged to `run`, the last of them.

    Raises IndexUnavailable; the outbox keeps what is left.
    """
    from integrator.store.runs import add_index_writes, charge_run

    spent = _CpuSeconds()
    resolved, published = _resolve_and_publish(wiring, watch)
    if run is not None and (resolved.sellers or published.index_writes):
        costs: dict[str, float] = {"sellers": resolved.sellers, "pairs": resolved.edges, "products": resolved.products}
        costs |= {"indexed": published.index_writes, "cpu_seconds": spent.take()}
        with wiring.database.write() as connection:
            add_index_writes(connection, run, published.index_writes)
            charge_run(connection, run, costs)
    return published


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


class _CpuSeconds:
    """Processor time of this process, and of its children that have ended, since it was last taken."""

    def __init__(self) -> None:
        self._before = self._now()

    def take(self) -> float:
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


@contextmanager
def stoppable() -> Iterator[None]:
    """SIGTERM counts as Ctrl-C: a run is then written down as cancelled and can go on."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _import_early() -> None:
    """What every child needs, imported once before they part."""
    import integrator.store.spool
    import integrator.sync.dry
    import integrator.sync.slices
    from web.wiring import PLATFORMS

    for platform in PLATFORMS.values():
        _ = platform.connector
    del integrator


def _child(platform: str, wanted: Wanted, told: Any) -> None:
    """The whole life of one platform's process."""
    with stoppable(), wired() as wiring:
        last = 0.0

        def watch(_platform: str, stage: str, done: int, total: int | None) -> None:
            nonlocal last
            now = wiring.clock.monotonic()
            if now - last >= _PROGRESS_EVERY_S:
                last = now
                told.put((platform, "progress", (stage, done, total)))

        try:
            for outcome in sync_one(wiring, platform, wanted, watch):
                told.put((platform, "outcome", outcome))
            told.put((platform, "end", None))
        except KeyboardInterrupt:
            return
        except Exception as error:
            told.put((platform, "fault", f"{type(error).__name__}: {error}"))
            raise


def _collect(
    children: Mapping[str, Any], told: Any, watch: Watch, *, within_s: float | None = None
) -> Iterator["Outcome"]:
    waiting = dict(children)
    quiet_rounds = 0.0
    while waiting:
        try:
            platform, word, said = told.get(timeout=0.2)
        except queue.Empty:
            quiet_rounds += 0.2
            gone = [name for name, child in waiting.items() if not child.is_alive()]
            if gone and told.empty():
                yield from (_lost(name, waiting.pop(name)) for name in gone)
            if within_s is not None and quiet_rounds > within_s:
                return
            continue
        if word == "progress":
            watch(platform, *said)
        elif word == "outcome":
            yield said
        elif platform in waiting:
            del waiting[platform]
            if word == "fault":
                yield _failed(platform, said)


def _tell_to_stop(child: Any) -> None:
    if child.is_alive():
        child.terminate()


def _lost(platform: str, child: Any) -> "Outcome":
    from integrator.store.runs import RunState
    from integrator.sync.outcome import Outcome

    reason = f"Its process ended without a word (exit {child.exitcode}); the next sync goes on from its last commit."
    return Outcome(platform, RunState.LOST, reason, 0.0)


def _failed(platform: str, said: str) -> "Outcome":
    from integrator.store.runs import RunState
    from integrator.sync.outcome import Outcome

    return Outcome(platform, RunState.FAILED, f"It could not run: {said}", 0.0)
