"""From feeds into the store: platforms in parallel, a process each, while the one that started them shows what came."""

import multiprocessing
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from web.showing import CpuSeconds, Watch
from web.wiring import Wiring, wired

if TYPE_CHECKING:
    from integrator.sync.outcome import Outcome

# How often a child says how far it is; a bar needs no more.
_PROGRESS_EVERY_S = 0.1

# How often this process looks whether something is due, while the children have nothing to say.
_HEAR_EVERY_S = 0.2

# A child that was told to stop commits what it has; after this it is taken for stuck. Whoever told us gives us ten.
_STOP_WITHIN_S = 8.0

# Each child's own pipe: one that is killed in the middle of a word keeps no other from speaking.
Children = dict[Connection, tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sync is to do with each platform."""

    full: bool = False
    dry_run: bool = False
    one_slice: bool = False


def sync_platforms(
    platforms: Sequence[str], wanted: Wanted, watch: Watch, *, meanwhile: Callable[[], None]
) -> Iterator["Outcome"]:
    """Each platform in a process of its own, so that a sick one slows no other; outcomes as they come.

    `meanwhile` is called again and again while they read; it may take its time, and leaves nothing open.
    """
    # A forked child has everything imported already. This process has no threads and no open database when it forks.
    context: Any = multiprocessing.get_context("fork")
    _import_early()
    children = dict(_start(context, name, wanted) for name in platforms)
    waiting = dict(children)
    try:
        yield from _collect(waiting, watch, meanwhile)
    except KeyboardInterrupt:
        for _, child in waiting.values():
            child.terminate()
        yield from _collect_stopped(waiting, watch)
    finally:
        for told, (_, child) in children.items():
            child.kill()
            child.join()
            told.close()


def charging(wiring: Wiring, read: Callable[[], Iterable["Outcome"]]) -> Iterator["Outcome"]:
    """The outcomes of what `read` runs, the processor time of each put on its receipt."""
    from integrator.store.runs import charge_run

    spent = CpuSeconds()
    for outcome in read():
        if outcome.run is not None:
            with wiring.database.write() as connection:
                charge_run(connection, outcome.run, {"cpu_seconds": spent.take()})
        yield outcome


@dataclass(slots=True)
class Stop:
    """Whether this process was told to stop."""

    is_told: bool = False


@contextmanager
def stoppable() -> Iterator[Stop]:
    """SIGTERM counts as Ctrl-C: a run is then written down as cancelled and can go on."""
    stop = Stop()

    def interrupt(_number: int, _frame: object) -> None:
        stop.is_told = True
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# The child's side -----------------------------------------------------------------------------------------------------


def _import_early() -> None:
    """What every child needs, imported once before they part."""
    import integrator.store.spool
    import integrator.sync.dry
    import integrator.sync.slices
    from web.wiring import PLATFORMS

    for platform in PLATFORMS.values():
        _ = platform.connector
    del integrator


def _child(platform: str, wanted: Wanted, tell: Connection, parent: int) -> None:
    """The whole life of one platform's process. When `parent` is gone nobody shows what it reads: it stops."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer, and to pass on
    signal.signal(signal.SIGTERM, _interrupt_once)
    with wired() as wiring:
        last = 0.0

        def watch(_platform: str, stage: str, done: int, total: int | None) -> None:
            nonlocal last
            if os.getppid() != parent:
                raise KeyboardInterrupt
            now = wiring.clock.monotonic()
            if now - last >= _PROGRESS_EVERY_S and _is_heard(tell):
                last = now
                tell.send(("progress", (stage, done, total)))

        try:
            for outcome in charging(wiring, lambda: _read(wiring, platform, wanted, watch)):
                tell.send(("outcome", outcome))
            tell.send(("end", None))
        except KeyboardInterrupt:
            return
        except Exception as error:
            tell.send(("fault", f"{type(error).__name__}: {error}"))
            raise


def _interrupt_once(number: int, _frame: object) -> None:
    """A supervisor tells parent and child, and the parent its child: the second word must not break off the ending."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _is_heard(tell: Connection) -> bool:
    """Whether there is room for a word: a parent that is busy showing keeps nobody from reading."""
    return bool(select.select([], [tell], [], 0)[1])


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


# The parent's side ----------------------------------------------------------------------------------------------------


def _start(context: Any, platform: str, wanted: Wanted) -> tuple[Connection, tuple[str, Any]]:
    told, tell = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(platform, wanted, tell, os.getpid()), name=f"sync-{platform}")
    child.start()
    tell.close()  # so that its end is heard
    return told, (platform, child)


def _collect(waiting: Children, watch: Watch, meanwhile: Callable[[], None]) -> Iterator["Outcome"]:
    """What the children say, until none is left in `waiting`."""
    while waiting:
        meanwhile()
        ready = wait(waiting, timeout=_HEAR_EVERY_S)
        for told in [each for each in waiting if each in ready]:
            platform, child = waiting[told]
            try:
                word, said = told.recv()
            except (EOFError, OSError):
                word, said = "gone", None
            if word == "progress":
                watch(platform, *said)
            elif word == "outcome":
                yield said
            else:
                # Joined, so that its processor time is charged to nothing else.
                del waiting[told]
                child.join()
                if word != "end":
                    yield _failed(platform, said) if word == "fault" else _lost(platform, child.exitcode)


def _collect_stopped(waiting: Children, watch: Watch) -> Iterator["Outcome"]:
    """The last words of children that were told to stop; those that are stuck are killed."""
    deadline = time.monotonic() + _STOP_WITHIN_S

    def kill_late() -> None:
        if time.monotonic() > deadline:
            for _, child in waiting.values():
                child.kill()

    yield from _collect(waiting, watch, kill_late)


def _lost(platform: str, code: int | None) -> "Outcome":
    from integrator.store.runs import RunState
    from integrator.sync.outcome import Outcome

    reason = f"Its process ended without a word (exit {code}); the next sync goes on from its last commit."
    return Outcome(platform, RunState.LOST, reason, 0.0)


def _failed(platform: str, said: str) -> "Outcome":
    from integrator.store.runs import RunState
    from integrator.sync.outcome import Outcome

    return Outcome(platform, RunState.FAILED, f"It could not run: {said}", 0.0)
