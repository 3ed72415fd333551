"""The outbox to the index: a row leaves on its own acknowledgement only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from integrator.product import Product
from integrator.publish.document import Draft, make_document
from integrator.store import outbox
from integrator.store.database import CATALOGUE, Database
from integrator.store.outbox import DROP, PUT, Waiting

Progress = Callable[[str, int, int | None], None]

# Rows read and analysed together.
BATCH = 2_000

# Documents a commit of the index: each makes a segment, and merging many small ones costs more than writing them.
_COMMIT = 16_000

_decode = msgspec.json.Decoder(Product).decode


@dataclass(frozen=True, slots=True)
class Published:
    """What one call did: documents written or taken out, documents the index refused."""

    index_writes: int = 0
    refused: int = 0

    def __add__(self, other: "Published") -> "Published":
        return Published(self.index_writes + other.index_writes, self.refused + other.refused)


def publish(
    database: Database, index: IndexWriter, *, batch: int = BATCH, progress: Progress | None = None
) -> Published:
    """Tell the index everything that waits. Raises IndexUnavailable; what was acknowledged before stays told."""
    with database.read() as connection:
        total, _ = outbox.count_outbox(connection)
    publishing = Publishing(database, index)
    done = 0
    while rows := publishing.put(batch):
        done += rows
        if progress is not None:
            progress("publish", done, max(total, done))
    return publishing.finish()


class Publishing:
    """One walk over the outbox, oldest row first, each row asked once. Its methods raise IndexUnavailable."""

    def __init__(self, database: Database, index: IndexWriter) -> None:
        self._database = database
        self._index = index
        self._after = 0
        self._asked: dict[str, tuple[Waiting, str]] = {}
        self._acks: list[Ack] = []
        self.published = Published()
        with database.read() as connection:
            self._epoch = outbox.load_epoch(connection)

    def put(self, most: int = BATCH, drafts: dict[str, Draft] | None = None) -> int:
        """Give the index the next rows; how many there were.

        `drafts` by product id spare making those documents once more: they are taken out of it, and one that is out of
        date is not used.
        """
        with self._database.read() as connection:
            rows = outbox.load_waiting(connection, after=self._after, limit=most)
        if rows:
            if any(row.product_id in self._asked for row in rows):
                # What the index was told of a product must be known before it is told another thing of it.
                self._commit()
            self._after = rows[-1].sequence
            self._put(rows, _load_state(self._database, rows, drafts or {}))
        if len(self._acks) >= _COMMIT:
            self._commit()
        return len(rows)

    def finish(self) -> Published:
        """Make durable what was put: how much that was in all."""
        self._commit()
        return self.published

    def _put(self, rows: Sequence[Waiting], state: "_State") -> None:
        """Also what the index was told last: a write in between, whose answer was lost, may be there."""
        puts: list[tuple[Waiting, IndexDocument]] = []
        drops: list[Waiting] = []
        for row in rows:
            document = state.document(row.product_id, DocumentVersion(self._epoch, row.sequence))
            if document is None:
                drops.append(row)
            else:
                puts.append((row, document))
        if puts:
            self._acks += self._index.put([document for _, document in puts])
        if drops:
            versions = [(row.product_id, DocumentVersion(self._epoch, row.sequence)) for row in drops]
            self._acks += self._index.drop(versions)
        self._asked.update((row.product_id, (row, document.digest)) for row, document in puts)
        self._asked.update((row.product_id, (row, "")) for row in drops)

    def _commit(self) -> None:
        """Acknowledged rows leave, refused ones stay with the reason. A row without an answer of its own stays too."""
        if self._acks:
            self._index.commit()
        good, bad = [], []
        for ack in self._acks:
            row, digest = self._asked[ack.product_id]
            if ack.ok:
                good.append((_as_done(row, digest), digest))
            else:
                bad.append((row, ack.reason))
        if good or bad:
            with self._database.write(CATALOGUE) as connection:
                outbox.acknowledge(connection, good, epoch=self._epoch)
                outbox.refuse(connection, bad)
        self.published += Published(len(good), len(bad))
        self._asked, self._acks = {}, []


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a batch's visible products: drafts, or contents."""

    drafts: Mapping[str, Draft] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)

    def document(self, product_id: str, version: DocumentVersion) -> IndexDocument | None:
        """The product's document; None when no buyer may see it."""
        draft = self.drafts.get(product_id)
        if draft is not None:
            return draft.at(version)
        content = self.contents.get(product_id)
        return None if content is None else make_document(_decode(content), version)


def _load_state(database: Database, rows: Sequence[Waiting], drafts: dict[str, Draft]) -> _State:
    with database.read() as connection:
        ids = [row.product_id for row in rows]
        handed = {product_id: drafts.pop(product_id) for product_id in ids if product_id in drafts}
        digests = outbox.load_digests(connection, list(handed))
        fresh = {each: handed[each] for each, digest in digests.items() if handed[each].digest == digest}
        contents = outbox.load_contents(connection, [each for each in ids if each not in fresh])
        return _State(fresh, contents)


def _as_done(row: Waiting, digest: str) -> Waiting:
    """The row with what was really done: what was to be put may have left the catalogue since."""
    return Waiting(row.product_id, row.sequence, PUT if digest else DROP, row.attempts)
