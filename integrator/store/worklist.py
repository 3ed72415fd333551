"""The worklist: accounts whose seller and products must be worked out again.

A mark is made in the transaction that released the change. Whoever works takes marks under a lease, and a mark leaves
only if nobody marked the account again meanwhile; what fails is tried again, and set aside with its reason after a few
times.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, or_, select, tuple_, update

from integrator.ports import Clock
from integrator.store.database import Database, chunks, insert_for
from integrator.store.leases import TERM_S, is_gone, name_holder, renewed
from integrator.store.runs import RunState
from integrator.store.tables import run as runs
from integrator.store.tables import worklist

# What failed this often fails for a reason of its own: a person must look.
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """One account to work out; `marks` is what `finish` compares."""

    platform: str
    account_id: str
    run: int
    marks: int
    attempts: int


def mark(connection: Connection, platform: str, account_ids: Iterable[str], *, run: int, now: float) -> None:
    """Ask for these accounts to be worked out again; marking twice is one piece of work."""
    wanted = sorted(set(account_ids))
    if not wanted:
        return
    insert = insert_for(connection, worklist)
    statement = insert.on_conflict_do_update(
        index_elements=[worklist.c.platform, worklist.c.account_id],
        set_={
            "run": insert.excluded.run,
            "marks": worklist.c.marks + 1,
            "attempts": 0,
            "set_aside": None,
        },
    )
    row = {"platform": platform, "run": run, "marked_at": now, "marks": 1}
    connection.execute(statement, [{**row, "account_id": account_id} for account_id in wanted])


def take(connection: Connection, *, holder: str, now: float, limit: int = 10_000) -> list[Mark]:
    """Lease up to `limit` marks, oldest first.

    Others see them again when the lease has run out, or at once when this process is gone.
    """
    _free_orphans(connection, now=now)
    wanted = (
        select(worklist)
        .where(_is_free(now))
        .order_by(worklist.c.marked_at, worklist.c.platform, worklist.c.account_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = connection.execute(wanted).all()
    if not found:
        return []
    statement = (
        update(worklist)
        .where(worklist.c.platform == bindparam("of"), worklist.c.account_id == bindparam("id"))
        .values(holder=name_holder(holder), lease_until=now + TERM_S, attempts=worklist.c.attempts + 1)
    )
    connection.execute(statement, [{"of": row.platform, "id": row.account_id} for row in found])
    return [Mark(row.platform, row.account_id, row.run, row.marks, row.attempts + 1) for row in found]


@contextmanager
def kept(database: Database, *, holder: str, clock: Clock) -> Iterator[None]:
    """What `holder` takes inside the block stays its own until it is worked out, however long that is."""

    def renew(connection: Connection) -> None:
        # Waits for nobody: whoever has one of the rows now, a feed that marks it again, may be waiting for another.
        mine = select(worklist.c.platform, worklist.c.account_id).where(worklist.c.holder == name_holder(holder))
        here = tuple_(worklist.c.platform, worklist.c.account_id).in_(mine.with_for_update(skip_locked=True))
        connection.execute(update(worklist).where(here).values(lease_until=clock.now().timestamp() + TERM_S))

    with renewed(database, renew):
        yield


def find_left(connection: Connection, *, now: float, rested_s: float) -> Mark | None:
    """The oldest mark that was left by whoever made or took it; None: all have somebody.

    Runs under way work out at their end what they marked, and have `rested_s` for it; what was taken once and is free
    again was left in the middle.
    """
    under_way = select(runs.c.id).where(runs.c.state == RunState.RUNNING.value)
    is_rested = (worklist.c.marked_at <= now - rested_s) & worklist.c.run.not_in(under_way)
    gone = worklist.c.holder.in_(_find_gone(connection, now=now))
    wanted = select(worklist).where(
        _is_free(now) & (is_rested | (worklist.c.attempts > 0)) | worklist.c.set_aside.is_(None) & gone
    )
    found = connection.execute(
        wanted.order_by(worklist.c.marked_at, worklist.c.platform, worklist.c.account_id).limit(1)
    ).first()
    return None if found is None else Mark(found.platform, found.account_id, found.run, found.marks, found.attempts)


def _is_free(now: float) -> ColumnElement[bool]:
    return worklist.c.set_aside.is_(None) & or_(worklist.c.lease_until.is_(None), worklist.c.lease_until < now)


def _free_orphans(connection: Connection, *, now: float) -> None:
    gone = _find_gone(connection, now=now)
    if gone:
        free = update(worklist).where(worklist.c.holder.in_(gone)).values(holder=None, lease_until=None)
        connection.execute(free)


def _find_gone(connection: Connection, *, now: float) -> list[str]:
    """Holders that are processes of this host which do not run any more."""
    leased = select(worklist.c.holder).where(worklist.c.holder.is_not(None), worklist.c.lease_until >= now).distinct()
    return [holder for holder in connection.execute(leased).scalars() if is_gone(holder)]


def finish(connection: Connection, marks: Sequence[Mark]) -> None:
    """These are worked out: a mark leaves, unless the account was marked again meanwhile; then it is free at once."""
    if not marks:
        return
    here = (worklist.c.platform == bindparam("of")) & (worklist.c.account_id == bindparam("id"))
    in_order = sorted(marks, key=lambda each: (each.platform, each.account_id))
    rows = [{"of": each.platform, "id": each.account_id, "as_taken": each.marks} for each in in_order]
    connection.execute(delete(worklist).where(here & (worklist.c.marks == bindparam("as_taken"))), rows)
    again = update(worklist).where(here & (worklist.c.marks > bindparam("as_taken")))
    connection.execute(again.values(holder=None, lease_until=None, attempts=0), rows)


def give_back(connection: Connection, marks: Sequence[Mark], *, reason: str, now: float, wait_s: float = 60.0) -> None:
    """These failed: tried again after `wait_s`, and set aside with the reason once `ATTEMPTS` are used up."""
    here = (worklist.c.platform == bindparam("of")) & (worklist.c.account_id == bindparam("id"))
    for each in marks:
        spent = reason if each.attempts >= ATTEMPTS else None
        values = {"holder": None, "lease_until": now + wait_s, "set_aside": spent}
        connection.execute(update(worklist).where(here).values(**values), {"of": each.platform, "id": each.account_id})


def count_waiting(connection: Connection, runs: Iterable[int] | None = None) -> int:
    """How many marks are not worked out yet and not set aside; of these runs only, where given."""
    waiting = select(func.count()).select_from(worklist).where(worklist.c.set_aside.is_(None))
    if runs is None:
        return int(connection.execute(waiting).scalar_one())
    pieces = chunks(list(runs))
    return sum(int(connection.execute(waiting.where(worklist.c.run.in_(piece))).scalar_one()) for piece in pieces)


def count_set_aside(connection: Connection) -> int:
    """How many marks nobody tries any more."""
    wanted = select(func.count()).select_from(worklist).where(worklist.c.set_aside.is_not(None))
    return int(connection.execute(wanted).scalar_one())
