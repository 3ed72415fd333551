"""One live run per feed and lane: a lease with a number that rises with every taking.

The number is checked inside every write transaction, so that a process which slept through its lease writes no more.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from integrator.errors import LeaseLost, StorageUnavailable
from integrator.ports import Clock
from integrator.store.database import Database
from integrator.store.tables import lease

# A holder that is silent for this long is taken for dead; it renews four times as often. With the scheduler's tick on
# top (`web/jobs.py`) its run is taken up within a minute.
TERM_S = 32.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one feed's lane."""

    platform: str
    lane: str
    holder: str
    fence: int


def name_holder(part: str | None = None) -> str:
    """This process, and this very taking: host, process id, a random part (or the one given)."""
    return f"{socket.gethostname()}:{os.getpid()}:{part or uuid4().hex[:8]}"


def take_lease(connection: Connection, platform: str, lane: str, *, holder: str, now: float) -> Lease | None:
    """Take the lease if it is free, run out, or held by a process of this host that is gone; else None."""
    here = (lease.c.platform == platform) & (lease.c.lane == lane)
    row = connection.execute(select(lease).where(here).with_for_update()).first()
    if row is None:
        values = {"platform": platform, "lane": lane, "holder": holder, "fence": 1, "expires_at": now + TERM_S}
        connection.execute(insert(lease).values(values))
        return Lease(platform, lane, holder, 1)
    if row.holder is not None and row.expires_at > now and not is_gone(row.holder):
        return None
    values = {"holder": holder, "fence": row.fence + 1, "expires_at": now + TERM_S}
    connection.execute(update(lease).where(here).values(values))
    return Lease(platform, lane, holder, row.fence + 1)


def renew_lease(connection: Connection, held: Lease, *, now: float) -> None:
    """Prove that the lease is still ours and keep it for another term. Raises LeaseLost."""
    mine = (
        (lease.c.platform == held.platform)
        & (lease.c.lane == held.lane)
        & (lease.c.fence == held.fence)
        & (lease.c.holder == held.holder)
    )
    if connection.execute(update(lease).where(mine).values(expires_at=now + TERM_S)).rowcount != 1:
        raise LeaseLost(f"Another process took over {held.platform} ({held.lane}) while this one was silent.")


def find_holders(connection: Connection, *, now: float) -> dict[tuple[str, str], Lease]:
    """The leases that are held now, by platform and lane; not those of processes of this host that are gone."""
    wanted = select(lease).where(lease.c.holder.is_not(None), lease.c.expires_at > now)
    return {
        (row.platform, row.lane): Lease(row.platform, row.lane, row.holder, row.fence)
        for row in connection.execute(wanted)
        if not is_gone(row.holder)
    }


def find_other_host(connection: Connection, *, now: float) -> str | None:
    """Another host on which a process holds a lease now."""
    wanted = select(lease.c.holder).where(lease.c.holder.is_not(None), lease.c.expires_at > now)
    hosts = {host_of(holder) for holder in connection.execute(wanted).scalars()}
    return min(hosts - {socket.gethostname()}, default=None)


def free_lease(connection: Connection, held: Lease) -> None:
    """Give the lease back; the number stays, so that it keeps rising."""
    mine = (lease.c.platform == held.platform) & (lease.c.lane == held.lane) & (lease.c.fence == held.fence)
    connection.execute(update(lease).where(mine).values(holder=None, expires_at=0.0))


@contextmanager
def kept_alive(database: Database, held: Lease, clock: Clock) -> Iterator[None]:
    """Renew the lease beside a walk that may not write for minutes (a download, a wait as told)."""
    with renewed(database, lambda connection: renew_lease(connection, held, now=clock.now().timestamp())):
        yield


@contextmanager
def renewed(database: Database, renew: Callable[[Connection], None]) -> Iterator[None]:
    """Run `renew` beside the block four times a term, in a transaction of its own, until it raises LeaseLost."""
    stop = Event()

    def go_on() -> None:
        while not stop.wait(TERM_S / 4):
            try:
                with database.write() as connection:
                    renew(connection)
            except LeaseLost:
                return  # the walk itself finds out at its next write
            except (OperationalError, IntegrityError, StorageUnavailable):
                continue  # a busy database, or a full disk; the term is long enough for another try

    thread = Thread(target=go_on, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def host_of(holder: str) -> str:
    """Where a holder runs."""
    return holder.partition(":")[0]


def is_gone(holder: str) -> bool:
    """Whether a holder is a process of this host that does not run any more; of other hosts nothing is known."""
    number = holder.partition(":")[2].partition(":")[0]
    if host_of(holder) != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
