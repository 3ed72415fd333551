"""The outbox to the index: a row leaves on its own acknowledgement only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from integrator.product import Product
from integrator.publish.document import Draft, make_document
from integrator.store import outbox
from integrator.store.database import Database
from integrator.store.outbox import DROP, PUT, Told, Waiting

Progress = Callable[[str, int, int | None], None]

# Documents a commit of the index: each makes a segment, and merging many small ones costs more than writing them.
BATCH = 4_000

_decode = msgspec.json.Decoder(Product).decode


@dataclass(frozen=True, slots=True)
class Published:
    """What one call did: documents written or taken out, documents the index refused."""

    index_writes: int = 0
    refused: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(self.index_writes + other.index_writes, self.refused + other.refused)


def publish(
    database: Database,
    index: IndexWriter,
    *,
    batch: int = BATCH,
    progress: Progress | None = None,
    drafts: Mapping[str, Draft] | None = None,
) -> Published:
    """Tell the index everything that waits. Raises IndexUnavailable; what was acknowledged before stays told.

    `drafts` by product id spare making those documents once more; one that is out of date is not used.
    """
    with database.read() as connection:
        total, _ = outbox.count_outbox(connection)
        epoch = outbox.load_epoch(connection)
    published = Published()
    done = after = 0
    while True:
        rows, state = _load(database, after, batch, drafts or {})
        if not rows:
            return published
        published += _publish_batch(database, index, rows, state, epoch)
        done += len(rows)
        after = rows[-1].sequence
        if progress is not None:
            progress("publish", done, max(total, done))


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a batch's products: drafts or contents of the visible ones, and what the index was told."""

    told: Mapping[str, Told]
    drafts: Mapping[str, Draft] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def document(self, product_id: str, version: DocumentVersion) -> IndexDocument | None:
        """The product's document; None when no buyer may see it."""
        draft = self.drafts.get(product_id)
        if draft is not None:
            return draft.at(version)
        content = self.contents.get(product_id)
        return None if content is None else make_document(_decode(content), version)


def _load(database: Database, after: int, limit: int, drafts: Mapping[str, Draft]) -> tuple[Sequence[Waiting], _State]:
    with database.read() as connection:
        rows = outbox.load_waiting(connection, after=after, limit=limit)
        drafted = [row.product_id for row in rows if row.product_id in drafts]
        digests = outbox.load_digests(connection, drafted)
        fresh = {each: drafts[each] for each, digest in digests.items() if drafts[each].digest == digest}
        others = [row.product_id for row in rows if row.product_id not in fresh]
        contents = outbox.load_contents(connection, others)
        return rows, _State(outbox.load_told(connection, [row.product_id for row in rows]), fresh, contents)


def _publish_batch(
    database: Database, index: IndexWriter, rows: Sequence[Waiting], state: _State, epoch: int
) -> Published:
    puts: list[tuple[Waiting, IndexDocument]] = []
    drops: list[Waiting] = []
    needless: list[Waiting] = []
    for row in rows:
        last = state.told.get(row.product_id)
        is_there = last is not None and last.operation == PUT
        document = state.document(row.product_id, DocumentVersion(epoch, row.sequence))
        if document is None:
            (drops if is_there else needless).append(row)
        elif last is not None and is_there and last.digest == document.digest:
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
) -> Published:
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
    return Published(len(good), len(bad))


def _as_done(row: Waiting, digest: str) -> Waiting:
    """The row with what was really done: what was to be put may have left the catalogue since."""
    return Waiting(row.product_id, row.sequence, PUT if digest else DROP, row.attempts)
