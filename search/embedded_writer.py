"""Writing one tantivy folder: by external version, an older one never wins."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import tantivy

from integrator.errors import IndexUnavailable
from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from search.documents import key_of, prepare
from search.embedded_reader import FolderReader
from search.embedded_schema import build_schema, write_document, write_tombstone

# Enough for segments of some 20,000 products; a larger one only costs memory.
HEAP_BYTES = 48_000_000

Version = tuple[int, int]


class FolderWriter:
    """An IndexWriter on one folder. Whoever makes it holds the lock of the index; readers see what was committed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = tantivy.Index(build_schema(), str(folder))
        self._reader = FolderReader(folder)
        self._pending: dict[int, Version] = {}
        try:
            # One thread: the other core analyses, and each thread more makes one segment more.
            self._writer: tantivy.IndexWriter | None = self._index.writer(HEAP_BYTES, 1)
        except ValueError as error:
            raise IndexUnavailable("another process is writing to the search index") from error

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """See IndexWriter.put. A document that cannot be kept is refused by itself."""
        known = self._versions([document.product_id for document in documents])
        return [self._put_one(document, known) for document in documents]

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """See IndexWriter.drop."""
        known = self._versions([product_id for product_id, _ in drops])
        return [self._drop_one(product_id, version, known) for product_id, version in drops]

    def commit(self) -> None:
        """See IndexWriter.commit."""
        self._open_writer.commit()
        self._pending.clear()

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        return self._reader.digests()

    def rebuild(self) -> AbstractContextManager[IndexWriter]:
        """A folder that is being written cannot be rebuilt; the index it belongs to can."""
        raise IndexUnavailable("this index is already being rebuilt")

    def close(self) -> None:
        """Wait for merges under way, then let the folder go; what was not committed is lost."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.wait_merging_threads()

    @property
    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise IndexUnavailable("this writer was closed")
        return self._writer

    def _put_one(self, document: IndexDocument, known: dict[int, Version]) -> Ack:
        version = (document.version.epoch, document.version.sequence)
        key = key_of(document.product_id)
        if known.get(key, _NEVER) >= version:
            return Ack(document.product_id, ok=True, reason="an equal or newer version is there")
        try:
            ready = write_document(prepare(document))
        except (ValueError, OverflowError, UnicodeEncodeError) as error:
            return Ack(document.product_id, ok=False, reason=str(error))
        self._replace(document.product_id, key, version, ready, known)
        return Ack(document.product_id, ok=True)

    def _drop_one(self, product_id: str, version: DocumentVersion, known: dict[int, Version]) -> Ack:
        key, pair = key_of(product_id), (version.epoch, version.sequence)
        if known.get(key, _NEVER) >= pair:
            return Ack(product_id, ok=True, reason="an equal or newer version is there")
        self._replace(product_id, key, pair, write_tombstone(product_id, key, *pair), known)
        return Ack(product_id, ok=True)

    def _replace(
        self, product_id: str, key: int, version: Version, ready: tantivy.Document, known: dict[int, Version]
    ) -> None:
        writer = self._open_writer
        if key in known:
            writer.delete_documents_by_term("id", product_id)
        writer.add_document(ready)
        known[key] = self._pending[key] = version

    def _versions(self, product_ids: Sequence[str]) -> dict[int, Version]:
        """The newest version of each, committed or not; what the index never heard of is missing."""
        keys = [key_of(product_id) for product_id in product_ids]
        known = self._reader.versions([key for key in keys if key not in self._pending])
        return known | {key: self._pending[key] for key in keys if key in self._pending}


_NEVER: Version = (-1, -1)


@contextmanager
def writing(folder: Path) -> Iterator[FolderWriter]:
    """A writer for one block; closed whatever happens."""
    writer = FolderWriter(folder)
    try:
        yield writer
    finally:
        writer.close()
