"""Runs beside the walks: detail records asked for singly, and kept records through today's parser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from integrator.ports import Clock, Connector
from integrator.store.database import Database
from integrator.store.feeds import register_feeds
from integrator.store.leases import free_lease, kept_alive, name_holder, take_lease
from integrator.store.runs import Run, RunState, begin_run, end_run, lose_dead_runs
from integrator.sync.commit import Committer
from integrator.sync.outcome import Outcome, say_held, say_waiting
from integrator.sync.release import release_run
from integrator.sync.settling import settle


@dataclass(slots=True)
class Aside:
    """A run beside the walks, while it is under way: set `state` and `reason` before it ends."""

    committer: Committer
    begun: float
    state: RunState = RunState.SUCCEEDED
    reason: str = ""

    def outcome(self) -> Outcome:
        """What it came to so far."""
        run, clock = self.committer.run, self.committer.clock
        return Outcome(
            platform=run.platform,
            state=self.state,
            reason=self.reason,
            seconds=clock.monotonic() - self.begun,
            counters=run.counters,
            run=run.id,
            warnings=tuple(run.warnings),
        )


def busy(platform: str) -> Outcome:
    """What to say where another process does the same now."""
    return Outcome(platform, RunState.FAILED, "Another process does this now; nothing was done.", 0.0)


@contextmanager
def aside(database: Database, connector: Connector, clock: Clock, *, lane: str) -> Iterator[Aside | None]:
    """A run with its lease; None when another process holds it. Its row is closed however the block is left."""
    platform, holder, now = connector.platform, name_holder(), clock.now().timestamp()
    with database.write(platform) as connection:
        register_feeds(connection, [platform])
        lose_dead_runs(connection, now=now)
        lease = take_lease(connection, platform, lane, holder=holder, now=now)
        run = Run(id=0, platform=platform, lane=lane, fence=lease.fence if lease else 0, started_at=now)
        if lease is not None:
            begin_run(connection, run, now=now)
    if lease is None:
        yield None
        return
    held = Aside(Committer(database, connector, clock, run=run, lease=lease), clock.monotonic())
    try:
        with kept_alive(database, lease, clock):
            yield held
            _release(held)
    except KeyboardInterrupt:
        held.state, held.reason = RunState.CANCELLED, "It was stopped; what was committed stays."
    except BaseException as error:
        held.state, held.reason = RunState.FAILED, f"It stopped on {type(error).__name__}; what was committed stays."
        raise
    finally:
        with database.write() as connection:
            end_run(connection, run, held.state, reason=held.reason, now=clock.now().timestamp())
            free_lease(connection, lease)


def _release(held: Aside) -> None:
    """What was read is judged, and shown or held."""
    reason = release_run(held.committer)
    if reason:
        held.state, held.reason = RunState.HELD, say_held(reason)
        return
    reason = settle(held.committer).reason
    if reason:
        held.state, held.reason = RunState.HELD, say_waiting(reason)
