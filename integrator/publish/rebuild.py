"""The index anew from the database, and whether the two agree. The index is disposable; the database is not."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from integrator.errors import IndexUnavailable
from integrator.ports import DocumentVersion, IndexDocument, IndexWriter
from integrator.product import Product
from integrator.publish.document import make_document
from integrator.publish.publisher import publish
from integrator.store import catalogue, outbox
from integrator.store.database import CATALOGUE, Database

Progress = Callable[[str, int, int | None], None]

_decode = msgspec.json.Decoder(Product).decode
_NO_VERSION = DocumentVersion(0, 0)

# Products whose documents are made once more at a time, to compare them.
_LOOKED_AT = 1_000

# Written during a rebuild by others, a document differs in one look and not in the next.
_LOOKS = 3

# Rows written in one transaction: others wait for it.
_TOLD_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the index is from the database; a healthy one has nothing in any of the three."""

    checked: int
    missing: tuple[str, ...]  # in the database only
    surplus: tuple[str, ...]  # in the index only
    differing: tuple[str, ...]  # in both, with another digest

    @property
    def count(self) -> int:
        """Drift as one number; it should be 0."""
        return len(self.missing) + len(self.surplus) + len(self.differing)


def verify(database: Database, index: IndexWriter) -> Drift:
    """Compare all documents, side by side in the order of their ids, without holding either side in memory."""
    missing, surplus, differing = [], [], []
    doubtful: dict[str, str] = {}
    checked = 0
    ours = catalogue.stream_digests(database)
    theirs = ((product_id, digest) for product_id, _, digest in index.digests())
    here, there = next(ours, None), next(theirs, None)
    while here is not None or there is not None:
        checked += 1
        if here is not None and (there is None or here[0] < there[0]):
            missing.append(here[0])
            here = next(ours, None)
        elif there is not None and (here is None or there[0] < here[0]):
            surplus.append(there[0])
            there = next(theirs, None)
        elif here is not None and there is not None:
            if here[1] != there[1]:
                doubtful[there[0]] = there[1]
            here, there = next(ours, None), next(theirs, None)
        if len(doubtful) >= _LOOKED_AT:
            differing += _differing(database, doubtful)
            doubtful = {}
    differing += _differing(database, doubtful)
    return Drift(checked, tuple(missing), tuple(surplus), tuple(differing))


def _differing(database: Database, doubtful: Mapping[str, str]) -> list[str]:
    """Those that today's program gives no more: a product's own digest is of the program that resolved it."""
    with database.read() as connection:
        contents = outbox.load_contents(connection, sorted(doubtful))
    made = {each: make_document(_decode(content), _NO_VERSION).digest for each, content in contents.items()}
    return [product_id for product_id, digest in doubtful.items() if made.get(product_id) != digest]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many documents the new index holds, and how many were refused."""

    documents: int
    refused: int


def rebuild(database: Database, index: IndexWriter, *, batch: int = 1_000, progress: Progress | None = None) -> Rebuilt:
    """Build the index anew beside the live one, verify it, then swap. Raises IndexUnavailable when it does not verify.

    What resolving queues meanwhile is told to the new index afterwards, by the same call.
    """
    with database.write(CATALOGUE) as connection:
        epoch = outbox.load_epoch(connection)
        sequence = outbox.take_versions(connection, 1)
        total = catalogue.count_visible(connection)
    version = DocumentVersion(epoch, sequence)
    refused: set[str] = set()
    with index.rebuild() as fresh:
        documents = _documents(database, version)
        written = 0
        while some := list(islice(documents, batch)):
            refused.update(ack.product_id for ack in fresh.put(some) if not ack.ok)
            written += len(some)
            if progress is not None:
                progress("rebuild", written, max(total, written))
        _check(database, fresh, refused)
    documents_there = _remember(database, index, version)
    queue_drift(database, index)
    publish(database, index, batch=batch)
    return Rebuilt(documents_there, len(refused))


def queue_drift(database: Database, index: IndexWriter) -> int:
    """Queue what the index lacks, has too much of, or holds in another state; gives how many."""
    drift = verify(database, index)
    wanted = {
        **dict.fromkeys((*drift.missing, *drift.differing), outbox.PUT),
        **dict.fromkeys(drift.surplus, outbox.DROP),
    }
    if wanted:
        with database.write(CATALOGUE) as connection:
            outbox.queue(connection, wanted, run=None, now=0.0)
    return len(wanted)


def _documents(database: Database, version: DocumentVersion) -> Iterator[IndexDocument]:
    for content in catalogue.stream_visible(database):
        yield make_document(_decode(content), version)


def _check(database: Database, fresh: IndexWriter, refused: Container[str]) -> None:
    """Every visible product is there, as it is, and nothing else: one document of any number is enough to refuse.

    Others write meanwhile: what waits is told later, and a difference is one that stays over several looks.
    """
    lasting: set[str] | None = None
    for _ in range(_LOOKS):
        fresh.commit()
        drift = verify(database, fresh)
        found = {each for each in (*drift.missing, *drift.surplus, *drift.differing) if each not in refused}
        with database.read() as connection:
            found -= outbox.find_queued(connection, found)
        lasting = found if lasting is None else lasting & found
        if not lasting:
            return
    raise IndexUnavailable(
        f"The rebuilt index differs from the database in {len(lasting or ())} documents, such as "
        f"{min(lasting or ())}: the old one stays."
    )


def _remember(database: Database, index: IndexWriter, version: DocumentVersion) -> int:
    """What the index holds of this version is what it was told; gives how many documents there are in all."""
    count = 0
    held = index.digests()
    while some := list(islice(held, _TOLD_AT_ONCE)):
        count += len(some)
        with database.write(CATALOGUE) as connection:
            outbox.remember_put(connection, [(each, digest) for each, its, digest in some if its == version], version)
    with database.write(CATALOGUE) as connection:
        outbox.forget_older(connection, version)
    return count
