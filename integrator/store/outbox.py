"""The outbox: what the index is still to be told, one row a product, and what it was last told."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, tuple_, update

from integrator.ports import DocumentVersion
from integrator.store.database import chunks, insert_for, take_numbers
from integrator.store.prepared import Prepared
from integrator.store.tables import meta, outbox, product, published

PUT, DROP = "put", "drop"
# Refused this often, a document waits for a person.
REFUSALS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What the index last acknowledged for one product."""

    operation: str
    digest: str
    version: DocumentVersion


@dataclass(frozen=True, slots=True)
class Waiting:
    """One row of the outbox."""

    product_id: str
    sequence: int
    operation: str
    attempts: int


_told = select(
    published.c.product_id, published.c.operation, published.c.digest, published.c.epoch, published.c.sequence
)


def load_told(connection: Connection, product_ids: Iterable[str]) -> dict[str, Told]:
    """What the index was last told of these products."""
    found: dict[str, Told] = {}
    for piece in chunks(sorted(set(product_ids))):
        for row in connection.execute(_told.where(published.c.product_id.in_(piece))).all():
            found[row[0]] = Told(row[1], row[2], DocumentVersion(row[3], row[4]))
    return found


def find_queued(connection: Connection, product_ids: Iterable[str]) -> set[str]:
    """Those of these products that already wait."""
    found: set[str] = set()
    for piece in chunks(sorted(set(product_ids))):
        found.update(connection.execute(select(outbox.c.product_id).where(outbox.c.product_id.in_(piece))).scalars())
    return found


def enqueue(
    connection: Connection,
    digests: Mapping[str, str | None],
    *,
    unheard: Container[str] = (),
    run: int | None = None,
    now: float,
) -> int:
    """Queue products whose document is not what the index was last told (None: it should not be there). Gives how many.

    A product that already waits is queued anew: what it waits with may be older than this. `unheard` are ids just
    minted, of which neither can be true.
    """
    known = [product_id for product_id in digests if product_id not in unheard]
    told = load_told(connection, known)
    waiting = find_queued(connection, known)
    wanted: dict[str, str] = {}
    for product_id, digest in digests.items():
        last = told.get(product_id)
        there = last is not None and last.operation == PUT
        if digest is None:
            changed = there or product_id in waiting
        else:
            changed = last is None or not there or last.digest != digest
        if changed or product_id in waiting:
            wanted[product_id] = PUT if digest is not None else DROP
    queue(connection, wanted, run=run, now=now)
    return len(wanted)


def queue(connection: Connection, wanted: Mapping[str, str], *, run: int | None, now: float) -> None:
    """Ask for products to be put or dropped; a product that waits already gets a newer number."""
    if not wanted:
        return
    # The counter holds the last number given; versions begin at 1.
    first = take_numbers(connection, "document_sequence", len(wanted)) + 1
    names = ("product_id", "sequence", "operation", "run", "attempts", "set_aside", "queued_at")
    statement = insert_for(connection, outbox).values({name: bindparam(name) for name in names})
    changed = {name: statement.excluded[name] for name in names[1:]}
    statement = statement.on_conflict_do_update(index_elements=[outbox.c.product_id], set_={**changed, "refusal": None})
    rows = [
        (product_id, number, operation, run, 0, False, now)
        for number, (product_id, operation) in enumerate(sorted(wanted.items()), start=first)
    ]
    Prepared(statement, *names).many(connection, rows)


def load_waiting(connection: Connection, *, after: int, limit: int) -> list[Waiting]:
    """The next rows by number, those set aside left out."""
    wanted = (
        select(outbox.c.product_id, outbox.c.sequence, outbox.c.operation, outbox.c.attempts)
        .where(outbox.c.sequence > after, outbox.c.set_aside.is_(False))
        .order_by(outbox.c.sequence)
        .limit(limit)
    )
    return [Waiting(*row) for row in connection.execute(wanted)]


def load_digests(connection: Connection, product_ids: Sequence[str]) -> dict[str, str]:
    """The digests of the documents of the visible products among these."""
    found: dict[str, str] = {}
    for piece in chunks(product_ids):
        wanted = select(product.c.id, product.c.digest).where(product.c.id.in_(piece), product.c.visible.is_(True))
        found.update((row[0], row[1].hex()) for row in connection.execute(wanted).all())
    return found


def load_contents(connection: Connection, product_ids: Sequence[str]) -> dict[str, bytes]:
    """The visible products among these, as JSON."""
    found: dict[str, bytes] = {}
    for piece in chunks(product_ids):
        wanted = select(product.c.id, product.c.content).where(product.c.id.in_(piece), product.c.visible.is_(True))
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


_leave = Prepared(
    delete(outbox).where(outbox.c.product_id == bindparam("of"), outbox.c.sequence == bindparam("number")),
    "of",
    "number",
)


def acknowledge(connection: Connection, told: Sequence[tuple[Waiting, str]], *, epoch: int) -> None:
    """These were written: (row, digest) pairs. A row queued anew meanwhile stays."""
    names = ("product_id", "epoch", "sequence", "digest", "operation")
    statement = insert_for(connection, published).values({name: bindparam(name) for name in names})
    statement = statement.on_conflict_do_update(
        index_elements=[published.c.product_id], set_={name: statement.excluded[name] for name in names[1:]}
    )
    rows = [(row.product_id, epoch, row.sequence, digest, row.operation) for row, digest in told]
    Prepared(statement, *names).many(connection, rows)
    _leave.many(connection, [(row.product_id, row.sequence) for row, _ in told])


def refuse(connection: Connection, refused: Sequence[tuple[Waiting, str]]) -> None:
    """These were refused, with reasons: tried again next time, set aside after a few times."""
    for row, reason in refused:
        connection.execute(
            update(outbox)
            .where(outbox.c.product_id == row.product_id, outbox.c.sequence == row.sequence)
            .values(attempts=row.attempts + 1, refusal=reason, set_aside=row.attempts + 1 >= REFUSALS)
        )


def load_epoch(connection: Connection) -> int:
    """Raised by every restore from a backup, so that an index from the future cannot win."""
    return int(connection.execute(select(meta.c.value).where(meta.c.name == "epoch")).scalar_one())


def take_versions(connection: Connection, count: int) -> int:
    """Reserve document versions; gives the first."""
    return take_numbers(connection, "document_sequence", count) + 1


def remember_put(connection: Connection, digests: Sequence[tuple[str, str]], version: DocumentVersion) -> None:
    """(product id, digest) of documents that the index holds at this version; what it was told later stays."""
    names = ("product_id", "epoch", "sequence", "digest", "operation")
    statement = insert_for(connection, published).values({name: bindparam(name) for name in names})
    new = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=[published.c.product_id],
        set_={name: new[name] for name in names[1:]},
        where=tuple_(published.c.epoch, published.c.sequence) < tuple_(new.epoch, new.sequence),
    )
    rows = [(product_id, version.epoch, version.sequence, digest, PUT) for product_id, digest in digests]
    Prepared(statement, *names).many(connection, rows)


def forget_older(connection: Connection, version: DocumentVersion) -> None:
    """An index that was made at this version was told nothing before."""
    older = tuple_(published.c.epoch, published.c.sequence) < (version.epoch, version.sequence)
    connection.execute(delete(published).where(older))


def count_outbox(connection: Connection) -> tuple[int, int]:
    """(waiting, set aside)."""
    waiting = select(func.count()).select_from(outbox)
    return (
        int(connection.execute(waiting.where(outbox.c.set_aside.is_(False))).scalar_one()),
        int(connection.execute(waiting.where(outbox.c.set_aside.is_(True))).scalar_one()),
    )


def load_set_aside(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """(product id, why the index refused it) of documents that wait for a person, the longest waiting first."""
    wanted = select(outbox.c.product_id, outbox.c.refusal).where(outbox.c.set_aside.is_(True))
    rows = connection.execute(wanted.order_by(outbox.c.sequence).limit(limit))
    return [(row.product_id, row.refusal or "") for row in rows]


def find_left(connection: Connection, *, before: float) -> int | None:
    """The oldest row, by its sequence, if it waits since then: whoever queued it is not at it any more."""
    wanted = select(outbox.c.sequence, outbox.c.queued_at).where(outbox.c.set_aside.is_(False))
    oldest = connection.execute(wanted.order_by(outbox.c.sequence).limit(1)).first()
    return None if oldest is None or oldest.queued_at > before else int(oldest.sequence)
