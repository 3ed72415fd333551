"""The use case: marks of the worklist -> sellers -> their products -> outbox.

One process writes; the pure part (`integrator.resolve.work`) runs in as many as asked. Killed anywhere, the marks are
still there, and a seller whose membership changed says so in its own row: the next call ends the work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Connection

from integrator.merge.price import Rates, load_rates
from integrator.ports import Clock
from integrator.publish.document import Draft
from integrator.resolve.accounts import settle_accounts
from integrator.resolve.crew import Crew, Done, gather_crew, work_on
from integrator.resolve.keeping import keep
from integrator.resolve.pieces import Piece, Tally, load_pieces
from integrator.resolve.release import load_release
from integrator.resolve.work import Release
from integrator.store import worklist
from integrator.store.database import CATALOGUE, Database
from integrator.store.sellers import load_seller_ids, unsettled_sellers

# (stage, done, total or None)
Progress = Callable[[str, int, int | None], None]
# Takes the documents of visible products just kept, so that publishing need not make them again.
Offer = Callable[[Mapping[str, Draft]], None]

# Accounts a round, and pieces on their way: what is in memory at once.
_MARKS = 2_500
_PIECES = 6


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one call did."""

    sellers: int = 0
    products: int = 0
    edges: int = 0
    skipped: int = 0  # sellers of which nothing that matters had changed
    failed: int = 0
    seconds: float = 0.0


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    return None


def _decline(_drafts: Mapping[str, Draft]) -> None:
    return None


def resolve_marked(
    database: Database,
    *,
    clock: Clock,
    progress: Progress = _silent,
    workers: int = 1,
    rates: Rates | None = None,
    offer: Offer = _decline,
) -> Resolved:
    """Work out every marked account: its seller, that seller's products, what the index must be told."""
    started = clock.monotonic()
    tally = Tally()
    with database.read() as connection:
        waiting = worklist.count_waiting(connection)
        unsettled = unsettled_sellers(connection)
    if not waiting and not unsettled:
        return Resolved()
    release = load_release(database, rates or load_rates())
    holder = uuid4().hex
    done = 0
    with gather_crew(workers if waiting > 1 else 1) as crew, worklist.kept(database, holder=holder, clock=clock):
        while True:
            with database.write(CATALOGUE) as connection:
                marks = worklist.take(connection, holder=holder, now=clock.now().timestamp(), limit=_MARKS)
            sellers = {*unsettled, *tally.overtaken}
            if not marks and not sellers:
                break
            unsettled, tally.overtaken = [], set()
            if marks:
                with database.write(CATALOGUE) as connection:
                    refs = [(each.platform, each.account_id) for each in marks]
                    settled = settle_accounts(connection, refs, now=clock.now().timestamp())
                sellers |= settled.sellers
                tally.edges += settled.edges
            for piece, done_with in _work_out(load_pieces(database, sorted(sellers), release, tally), release, crew):
                offer(keep(database, piece, done_with, clock, tally))
            _finish(database, marks, tally, clock)
            done += len(marks)
            progress("resolve", done, max(waiting, done))
    return Resolved(
        tally.sellers, tally.products, tally.edges, tally.skipped, len(tally.failures), clock.monotonic() - started
    )


def _finish(database: Database, marks: Sequence[worklist.Mark], tally: Tally, clock: Clock) -> None:
    def finish(connection: Connection) -> None:
        if not tally.failures:
            worklist.finish(connection, marks)
            return
        owners = load_seller_ids(connection, [(each.platform, each.account_id) for each in marks])
        good: list[worklist.Mark] = []
        for each in marks:
            reason = tally.failures.get(owners.get((each.platform, each.account_id), ""))
            if reason is None:
                good.append(each)
            else:
                worklist.give_back(connection, [each], reason=reason, now=clock.now().timestamp())
        worklist.finish(connection, good)

    # Feeds mark accounts in whatever order they meet them.
    database.write_again(finish, CATALOGUE)


def _work_out(pieces: Iterable[Piece], release: Release, crew: Crew) -> Iterator[tuple[Piece, Done]]:
    """Every piece with what became of it, in their order; a few are worked on ahead."""
    running: list[tuple[Piece, Future[Done]]] = []
    for piece in pieces:
        task = (piece.partitions, piece.naming, release)
        if crew is None:
            yield piece, work_on(task)
            continue
        running.append((piece, crew.submit(work_on, task)))
        if len(running) > _PIECES:
            first, future = running.pop(0)
            yield first, future.result()
    for piece, future in running:
        yield piece, future.result()
