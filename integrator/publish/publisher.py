"""The outbox to the index: a row leaves on its own acknowledgement only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from integrator.product import Product
from integrator.publish.document import make_document
from integrator.store import outbox
from integrator.store.database import Database
from integrator.store.outbox import DROP, PUT, Told, Waiting

Progress = Callable[[str, int, int | None], None]

_decode = msgspec.json.Decoder(Product).decode


@dataclass(frozen=True, slots=True)
class Published:
    """What one call did: documents written or taken out, documents the index refused."""

    index_writes: int = 0
    refused: int = 0


def publish(
    database: Database, index: IndexWriter, *, batch: int = 1_000, progress: Progress | None = None
) -> Published:
    """Tell the index everything that waits. Raises IndexUnavailable; what was acknowledged before stays told."""
    with database.read() as connection:
        total, _ = outbox.count_outbox(connection)
        epoch = outbox.load_epoch(connection)
    writes = refused = done = after = 0
    while True:
        with database.read() as connection:
            rows = outbox.load_waiting(connection, after=after, limit=batch)
            contents = outbox.load_contents(connection, [row.product_id for row in rows])
            told = outbox.load_told(connection, [row.product_id for row in rows])
        if not rows:
            return Published(writes, refused)
        written, rejected = _publish_batch(database, index, rows, contents, told, epoch)
        writes += written
        refused += rejected
        done += len(rows)
        after = rows[-1].sequence
        if progress is not None:
            progress("publish", done, max(total, done))


def _publish_batch(
    database: Database,
    index: IndexWriter,
    rows: Sequence[Waiting],
    contents: dict[str, bytes],
    told: dict[str, Told],
    epoch: int,
) -> tuple[int, int]:
    """(written, refused) of one batch."""
    puts: list[tuple[Waiting, IndexDocument]] = []
    drops: list[Waiting] = []
    needless: list[Waiting] = []
    for row in rows:
        last = told.get(row.product_id)
        content = contents.get(row.product_id)
        if content is None:
            (drops if last is not None and last.operation == PUT else needless).append(row)
            continue
        document = make_document(_decode(content), DocumentVersion(epoch, row.sequence))
        if last is not None and last.operation == PUT and last.digest == document.digest:
            needless.append(row)
        else:
            puts.append((row, document))
    acks = index.put([document for _, document in puts]) if puts else []
    acks += index.drop([(row.product_id, DocumentVersion(epoch, row.sequence)) for row in drops]) if drops else []
    if acks:
        index.commit()
    asked = [(row, document.digest) for row, document in puts] + [(row, "") for row in drops]
    return _settle(database, asked, acks, needless, epoch)


def _settle(
    database: Database,
    asked: Sequence[tuple[Waiting, str]],
    acks: Sequence[Ack],
    needless: Sequence[Waiting],
    epoch: int,
) -> tuple[int, int]:
    """Acknowledged rows leave, refused ones stay with the reason. A row without an answer of its own stays too."""
    answers = {ack.product_id: ack for ack in acks}
    good, bad = [], []
    for row, digest in asked:
        ack = answers.get(row.product_id)
        if ack is not None and ack.ok:
            good.append((_as_done(row, digest), digest))
        elif ack is not None:
            bad.append((row, ack.reason))
    with database.write() as connection:
        outbox.acknowledge(connection, good, epoch=epoch, leave=needless)
        outbox.refuse(connection, bad)
    return len(good), len(bad)


def _as_done(row: Waiting, digest: str) -> Waiting:
    """The row with what was really done: what was to be put may have left the catalogue since."""
    return Waiting(row.product_id, row.sequence, PUT if digest else DROP, row.attempts)
