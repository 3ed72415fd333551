"""The use case: marks of the worklist -> sellers -> their products -> outbox.

One process writes; the pure part (`integrator.resolve.work`) runs in as many as asked. Killed anywhere, the marks are
still there, and a seller whose membership changed says so in its own row: the next call ends the work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from multiprocessing import get_all_start_methods, get_context
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from integrator.listing import Category, Hs
from integrator.merge.category import count_headings, make_guesses
from integrator.merge.price import Rates, load_rates
from integrator.ports import Clock
from integrator.publish.document import FORM, Draft
from integrator.resolve.accounts import settle_accounts
from integrator.resolve.ids import PRODUCT, mint
from integrator.resolve.judgements import current
from integrator.resolve.members import RawMember
from integrator.resolve.scorer import RELEASE
from integrator.resolve.work import Made, Naming, Outcome, Partition, Release, renamed, work_out
from integrator.store import outbox, resolution, worklist
from integrator.store.database import Database, chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from integrator.resolve.sellers import Ref

# (stage, done, total or None)
Progress = Callable[[str, int, int | None], None]
# Takes the documents of visible products just kept, so that publishing need not make them again.
Offer = Callable[[Mapping[str, Draft]], None]

# Accounts a round; sellers loaded at a time; listings a piece of work for one process.
_MARKS = 2_500
_SELLERS = 100
_PIECE = 500
# The category table is made again when this many times as many listings live as when it was made.
_GROWTH = 2
_SAMPLE = 30_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """What one call did."""

    sellers: int = 0
    products: int = 0
    edges: int = 0
    skipped: int = 0  # sellers of which nothing that matters had changed
    failed: int = 0
    seconds: float = 0.0


class _Tally:
    def __init__(self, offer: Offer) -> None:
        self.offer = offer
        self.sellers = self.products = self.edges = self.skipped = 0
        self.failures: dict[str, str] = {}  # seller id -> reason


def resolve_marked(
    database: Database,
    *,
    clock: Clock,
    progress: Progress | None = None,
    workers: int = 1,
    rates: Rates | None = None,
    offer: Offer | None = None,
) -> Resolved:
    """Work out every marked account: its seller, that seller's products, what the index must be told."""
    started = clock.monotonic()
    report = progress or _silent
    tally = _Tally(offer or _decline)
    with database.read() as connection:
        waiting = worklist.count_waiting(connection)
        unsettled = resolution.unsettled_sellers(connection)
    if not waiting and not unsettled:
        return Resolved()
    release = _load_release(database, rates or load_rates())
    holder = uuid4().hex
    done = 0
    with _crew(workers if waiting > 1 else 1) as crew:
        while True:
            with database.write() as connection:
                marks = worklist.take(connection, holder=holder, now=clock.now().timestamp(), limit=_MARKS)
            if not marks and not unsettled:
                break
            sellers = set(unsettled)
            unsettled = []
            if marks:
                with database.write() as connection:
                    refs = [(each.platform, each.account_id) for each in marks]
                    settled = settle_accounts(connection, refs, now=clock.now().timestamp())
                sellers |= settled.sellers
                tally.edges += settled.edges
            _resolve_sellers(database, sorted(sellers), release, crew, clock, tally)
            _finish(database, marks, tally, clock)
            done += len(marks)
            report("resolve", done, max(waiting, done))
    return Resolved(
        tally.sellers, tally.products, tally.edges, tally.skipped, len(tally.failures), clock.monotonic() - started
    )


def _silent(_stage: str, _done: int, _total: int | None) -> None:
    return None


def _decline(_drafts: Mapping[str, Draft]) -> None:
    return None


def _finish(database: Database, marks: Sequence[worklist.Mark], tally: _Tally, clock: Clock) -> None:
    with database.write() as connection:
        if not tally.failures:
            worklist.finish(connection, marks)
            return
        owners = resolution.load_seller_ids(connection, [(each.platform, each.account_id) for each in marks])
        good: list[worklist.Mark] = []
        for each in marks:
            reason = tally.failures.get(owners.get((each.platform, each.account_id), ""))
            if reason is None:
                good.append(each)
            else:
                worklist.give_back(connection, [each], reason=reason, now=clock.now().timestamp())
        worklist.finish(connection, good)


# What is the same for all --------------------------------------------------------------------------------------------


class _Voter(msgspec.Struct):
    """What the category table needs of a listing: reading the rest would cost several times as much."""

    platform: str
    category: Category
    hs: Hs


_decode_voter = msgspec.json.Decoder(_Voter).decode


def _load_release(database: Database, rates: Rates) -> Release:
    """Rates and the category table, which is made anew when the catalogue has doubled since."""
    with database.read() as connection:
        counts = resolution.load_guess_counts(connection)
        live = resolution.count_live(connection)
    known = sum(count for *_, count in counts)
    if live and known < min(live, _SAMPLE) / (_GROWTH * 2):
        with database.read() as connection:
            fresh = count_headings(map(_decode_voter, resolution.sample_contents(connection, most=_SAMPLE)))
        with database.write() as connection:
            resolution.replace_guess_counts(connection, fresh)
            counts = resolution.load_guess_counts(connection)
    guesses = make_guesses(counts)
    said = sorted((*place, guess.heading, round(guess.share, 6)) for place, guess in guesses.items())
    name = blake2b(msgspec.json.encode((RELEASE, FORM, rates.day, said)), digest_size=8).hexdigest()
    return Release(guesses, rates, name)


# Sellers in pieces ---------------------------------------------------------------------------------------------------

Crew = ProcessPoolExecutor | None


@contextmanager
def _crew(workers: int) -> Iterator[Crew]:
    if workers <= 1:
        yield None
        return
    # A forked worker has everything imported already; it never touches the database it was forked beside.
    method = "fork" if "fork" in get_all_start_methods() else "spawn"
    with ProcessPoolExecutor(workers, mp_context=get_context(method), initializer=_prepare_worker) as crew:
        yield crew


def _prepare_worker() -> None:
    """Ctrl-C is the parent's to answer; a worker that dies of it would break the pool in the middle of a piece."""
    import gc
    import os
    import signal

    # Whoever keeps and publishes what is done goes first, so that all ends together; and pages go before this.
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The work makes many small values and no cycles; looking for cycles at the usual pace costs a tenth of it.
    gc.set_threshold(200_000, 20, 20)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some partitions with their digests, and what the ledger knows of their products."""

    partitions: tuple[Partition, ...]
    digests: dict[str, bytes]
    naming: Naming


@dataclass(frozen=True, slots=True)
class _Done:
    outcomes: list[Outcome]
    failures: dict[str, str]


def _work(piece: tuple[tuple[Partition, ...], Naming, Release]) -> _Done:
    """In whatever process: all partitions together, or one by one when one of them fails."""
    partitions, naming, release = piece
    try:
        return _Done(work_out(partitions, naming, release), {})
    except Exception:  # one bad seller must not stop the others; the reason is kept with its marks
        outcomes: list[Outcome] = []
        failures: dict[str, str] = {}
        for partition in partitions:
            try:
                outcomes += work_out([partition], naming, release)
            except Exception as error:
                failures[partition.seller_id] = f"{type(error).__name__}: {error}"[:300]
        return _Done(outcomes, failures)


def _resolve_sellers(
    database: Database, sellers: Sequence[str], release: Release, crew: Crew, clock: Clock, tally: _Tally
) -> None:
    running: list[tuple[_Piece, Future[_Done]]] = []
    for piece in _load_pieces(database, sellers, release, tally):
        if crew is None:
            _keep(database, piece, _work((piece.partitions, piece.naming, release)), clock, tally)
            continue
        running.append((piece, crew.submit(_work, (piece.partitions, piece.naming, release))))
        if len(running) > 6:
            first, future = running.pop(0)
            _keep(database, first, future.result(), clock, tally)
    for piece, future in running:
        _keep(database, piece, future.result(), clock, tally)


def _load_pieces(database: Database, sellers: Sequence[str], release: Release, tally: _Tally) -> Iterator[_Piece]:
    for some in chunks(sellers, _SELLERS):
        with database.read() as connection:
            partitions, digests, naming = _load_partitions(connection, some, release, tally)
        for few in _pieces(partitions):
            yield _Piece(tuple(few), {each.seller_id: digests[each.seller_id] for each in few}, naming)


def _pieces(partitions: Iterable[Partition]) -> Iterator[list[Partition]]:
    """Partitions that share a product stay together; else as many as make a fair piece of work."""
    owners: dict[str, list[Partition]] = {}
    group_of: dict[str, list[Partition]] = {}
    for partition in partitions:
        group = [partition]
        for old in {member.previous for member in partition.members if member.previous}:
            other = owners.get(old)
            if other is not None and other is not group:
                group = other + [each for each in group if each not in other]
        for each in group:
            group_of[each.seller_id] = group
            owners.update((member.previous, group) for member in each.members if member.previous)
    current_piece: list[Partition] = []
    size = 0
    for group in {id(group): group for group in group_of.values()}.values():
        current_piece += group
        size += sum(len(each.members) for each in group)
        if size >= _PIECE:
            yield current_piece
            current_piece, size = [], 0
    if current_piece:
        yield current_piece


def _load_partitions(
    connection: "Connection", seller_ids: Sequence[str], release: Release, tally: _Tally
) -> tuple[list[Partition], dict[str, bytes], Naming]:
    sellers = resolution.load_sellers(connection, seller_ids)
    owner: dict[Ref, str] = {ref: each for each, (seller, _) in sellers.items() for ref in seller.accounts}
    members: dict[str, list[RawMember]] = {each: [] for each in sellers}
    for account, member in resolution.load_members(connection, owner):
        members[owner[account]].append(member)
    judged = _load_judged(connection, members)
    partitions, digests = [], {}
    for seller_id, (seller, before) in sellers.items():
        partition = Partition(seller_id, seller.name, tuple(members[seller_id]), judged.get(seller_id, {}))
        digest = _digest(partition, release)
        tally.sellers += 1
        if digest == before:
            tally.skipped += 1
            continue
        partitions.append(partition)
        digests[seller_id] = digest
    present = {member.previous for each in partitions for member in each.members if member.previous}
    made_from = resolution.load_made_from(connection, present)
    known = [_with_made_from(partition, made_from) for partition in partitions]
    return known, digests, _load_naming(connection, known)


def _with_made_from(partition: Partition, made_from: Mapping[str, bytes]) -> Partition:
    present = {member.previous for member in partition.members if member.previous}
    return replace(partition, made_from={each: made_from[each] for each in present if each in made_from})


def _digest(partition: Partition, release: Release) -> bytes:
    states = [member.state for member in partition.members]
    head = (RELEASE, FORM, release.rates.day, partition.seller_name, sorted(partition.judged.items()))
    return blake2b(msgspec.json.encode(head) + b"".join(sorted(states)), digest_size=16).digest()


def _load_judged(
    connection: "Connection", members: dict[str, list[RawMember]]
) -> dict[str, dict[tuple[str, str], str]]:
    if not resolution.has_judgements(connection, PRODUCT):
        return {}
    owner = {member.name: seller_id for seller_id, own in members.items() for member in own}
    standing = current(resolution.load_judgements(connection, PRODUCT, owner))
    found: dict[str, dict[tuple[str, str], str]] = {}
    for (left, right), verdict in standing.items():
        if left in owner and owner[left] == owner.get(right):
            found.setdefault(owner[left], {})[left, right] = verdict
    return found


def _load_naming(connection: "Connection", partitions: Sequence[Partition]) -> Naming:
    inside: dict[str, int] = {}
    for partition in partitions:
        for member in partition.members:
            if member.previous:
                inside[member.previous] = inside.get(member.previous, 0) + 1
    if not inside:
        return Naming()
    minted_at = {each: row.minted_at for each, row in resolution.load_ledger(connection, inside).items()}
    everywhere = resolution.count_members(connection, inside)
    outside = {each: everywhere.get(each, 0) - count for each, count in inside.items()}
    return Naming(minted_at, {each: count for each, count in outside.items() if count > 0})


# Writing -------------------------------------------------------------------------------------------------------------


def _keep(database: Database, piece: _Piece, done: _Done, clock: Clock, tally: _Tally) -> None:
    """One transaction: products, ids, edges, outbox, and that these sellers are settled."""
    tally.failures.update(done.failures)
    if not done.outcomes:
        return
    now = clock.now().timestamp()
    sellers = [outcome.seller_id for outcome in done.outcomes]
    with database.write() as connection:
        made, minted = _named(
            connection, [(outcome.seller_id, each) for outcome in done.outcomes for each in outcome.products], now
        )
        before = resolution.find_products_of(connection, sellers)
        resolution.save_products(
            connection,
            [
                resolution.ProductRow(
                    m.id, seller_id, m.visible, m.heading, m.content, bytes.fromhex(m.draft.digest), m.made_from
                )
                for seller_id, m in made
            ],
            [(key, m.id) for _, m in made for key in m.keys],
            now=now,
        )
        retired = {old: m.id for _, m in made for old in m.retired if old != m.id}
        made_now = {m.id for _, m in made}
        unchanged = {product_id for outcome in done.outcomes for product_id in outcome.unchanged}
        _end_products(connection, before, made_now | unchanged, retired, now)
        resolution.drop_gone_listings(connection, made_now & before.keys())
        edges = [(outcome.seller_id, receipt) for outcome in done.outcomes for receipt in outcome.receipts]
        tally.edges += resolution.replace_edges(connection, PRODUCT, edges, sellers, now=now)
        digests = {m.id: m.draft.digest if m.visible else None for _, m in made}
        outbox.enqueue(connection, digests, unheard=minted, now=now)
        resolution.settle_sellers(connection, {each: piece.digests[each] for each in sellers})
    tally.products += len(made) + len(unchanged)
    tally.offer({m.id: m.draft for _, m in made if m.visible})


def _named(
    connection: "Connection", made: list[tuple[str, Made]], now: float
) -> tuple[list[tuple[str, Made]], dict[str, str]]:
    """The same products, with ids that nothing else ever had; and the ids minted for them, now in the ledger."""
    known = resolution.load_ledger(connection, [m.id for _, m in made if m.fresh])
    taken = {m.id for _, m in made if not m.fresh}
    minted: dict[str, str] = {}
    revived: list[str] = []
    named = []
    for seller_id, m in made:
        wanted, turn = m.id, 0
        while m.fresh and not _is_free(wanted, known, taken):
            turn += 1
            wanted = mint(PRODUCT, m.founder, turn)
            known.update(resolution.load_ledger(connection, [wanted]))
        if m.fresh:
            taken.add(wanted)
            if wanted in known:
                revived.append(wanted)
            else:
                minted[wanted] = m.founder
        named.append((seller_id, renamed(m, wanted) if wanted != m.id else m))
    resolution.write_minted(connection, PRODUCT, minted, now=now)
    resolution.revive(connection, revived)
    return named, minted


def _is_free(wanted: str, known: dict[str, resolution.LedgerRow], taken: set[str]) -> bool:
    """Never given, or ended without a successor: an id derives from its founder, so it is the same thing again."""
    row = known.get(wanted)
    return wanted not in taken and (row is None or (row.retired_at is not None and row.leads_to is None))


def _end_products(
    connection: "Connection", before: dict[str, tuple[str, bool]], after: set[str], retired: dict[str, str], now: float
) -> None:
    """Ids that lead elsewhere lose their row; products that nobody lists any more stay as a page without offers."""
    resolution.redirect(connection, retired, now=now)
    resolution.delete_products(connection, retired)
    ended = before.keys() - after - retired.keys()
    held = resolution.count_members(connection, ended)
    gone = [each for each in ended if not held.get(each)]
    resolution.hide_products(connection, gone, now=now)
    resolution.retire(connection, gone, now=now)
    outbox.enqueue(connection, dict.fromkeys([*retired, *gone]), now=now)
