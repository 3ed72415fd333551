"""The index anew from the database, and whether the two agree. The index is disposable; the database is not."""

from collections.abc import Callable, Iterator
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
                differing.append(here[0])
            here, there = next(ours, None), next(theirs, None)
    return Drift(checked, tuple(missing), tuple(surplus), tuple(differing))


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
        fresh.commit()
        told = _check(fresh, written - len(refused))
    with database.write(CATALOGUE) as connection:
        outbox.forget_published(connection)
        outbox.replace_published(connection, told)
    queue_drift(database, index)
    publish(database, index, batch=batch)
    return Rebuilt(len(told), len(refused))


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


def _check(fresh: IndexWriter, expected: int) -> list[tuple[str, int, int, str]]:
    found = [(product_id, version.epoch, version.sequence, digest) for product_id, version, digest in fresh.digests()]
    if len(found) != expected:
        raise IndexUnavailable(
            f"The rebuilt index holds {len(found)} documents instead of {expected}: the old one stays."
        )
    return found
