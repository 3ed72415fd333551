"""The embedded index: tantivy folders under one directory, and a pointer that says which one is asked.

    pointer.json        {"shape": …, "current": "000002", "previous": "000001"}
    lock                held by the one process that writes
    000001/ 000002/     one tantivy index each

A rebuild fills a new folder beside; replacing the pointer is the only step that readers can see, so a rebuild that dies
half-way leaves the old index as it was. Folders that no pointer names are removed by the next rebuild.
"""

import contextlib
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from integrator.errors import IndexUnavailable
from integrator.ports import Ack, DocumentVersion, IndexDocument, IndexWriter
from search.analysis import ANALYSIS_VERSION
from search.documents import SHAPE
from search.embedded_reader import FolderReader
from search.embedded_writer import FolderWriter, writing
from search.engine import Answer, Ask, Status

# A publisher holds the lock for seconds; whoever waits longer tries again with its next run.
LOCK_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which folder is live, which one was before, and the shape of documents they were written in."""

    shape: str
    current: str
    previous: str | None = None


class EmbeddedIndex:
    """A SearchIndex in a directory. Opens nothing before it is used, and again in each process that uses it."""

    def __init__(self, directory: Path, *, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self._directory = directory
        self._lock_wait_s = lock_wait_s
        self._readers: dict[tuple[int, str], FolderReader] = {}
        self._opening = threading.Lock()
        self._writer: FolderWriter | None = None
        self._lock: BinaryIO | None = None

    # Reading ---------------------------------------------------------------------------------------------------------

    def generation(self) -> str:
        """See Engine.generation."""
        with _as_unavailable():
            pointer = self._pointer()
            return f"{pointer.shape}-{pointer.current}-{self._reader(pointer).generation()}"

    def ask(self, ask: Ask) -> Answer:
        """See Engine.ask."""
        with _as_unavailable():
            return self._reader().ask(ask)

    def frequencies(self, terms: Sequence[str]) -> list[int]:
        """See Engine.frequencies."""
        with _as_unavailable():
            return self._reader().frequencies(terms)

    def vocabulary(self) -> list[tuple[str, int]]:
        """See Engine.vocabulary."""
        with _as_unavailable():
            return self._reader().vocabulary()

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """See IndexWriter.digests."""
        with _as_unavailable():
            yield from self._reader().digests()

    def status(self) -> Status:
        """See SearchIndex.status."""
        try:
            with _as_unavailable():
                return self._figures(self._pointer())
        except IndexUnavailable as error:
            return Status("tantivy", "", 0, 0, 0, ANALYSIS_VERSION, problem=str(error))

    def _figures(self, pointer: Pointer) -> Status:
        documents, tombstones = self._reader(pointer).counts()
        size = _folder_bytes(self._directory / pointer.current)
        return Status("tantivy", self.generation(), documents, tombstones, size, ANALYSIS_VERSION, pointer.previous)

    # Writing ---------------------------------------------------------------------------------------------------------

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """See IndexWriter.put. The lock is held from here to `commit`."""
        with _as_unavailable():
            return self._open_writer().put(documents)

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """See IndexWriter.drop."""
        with _as_unavailable():
            return self._open_writer().drop(drops)

    def commit(self) -> None:
        """See IndexWriter.commit. Lets the lock go, so that other publishers get their turn."""
        if self._writer is not None:
            with _as_unavailable():
                self._writer.commit()
            self.close()

    def close(self) -> None:
        """See SearchIndex.close."""
        try:
            if self._writer is not None:
                writer, self._writer = self._writer, None
                writer.close()
        finally:
            self._release()

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        """See IndexWriter.rebuild. The lock is held throughout: what is published meanwhile waits in the outbox."""
        if self._lock is not None:
            raise IndexUnavailable("this process is writing to the index: commit first, then rebuild")
        self._acquire()
        try:
            old = self._readable_pointer()
            name = f"{max((int(each.name) for each in self._folders()), default=0) + 1:06d}"
            folder = self._directory / name
            try:
                yield from self._fill(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            pointer = Pointer(SHAPE, name, old.current if old and old.shape == SHAPE else None)
            self._point(pointer)
            self._remove_orphans(pointer)
        finally:
            self._release()

    def rollback(self) -> str:
        """See SearchIndex.rollback."""
        self._acquire()
        try:
            pointer = self._pointer()
            if pointer.previous is None:
                raise IndexUnavailable("there is no earlier index to go back to")
            self._point(Pointer(pointer.shape, pointer.previous, pointer.current))
            return pointer.previous
        finally:
            self._release()

    def _fill(self, folder: Path) -> Iterator[IndexWriter]:
        folder.mkdir(parents=True)
        with writing(folder) as writer:
            yield writer
            writer.commit()

    def _open_writer(self) -> FolderWriter:
        if self._writer is None:
            self._acquire()
            try:
                self._writer = FolderWriter(self._directory / self._pointer().current)
            except BaseException:
                self._release()
                raise
        return self._writer

    # The pointer and the lock ----------------------------------------------------------------------------------------

    def _reader(self, pointer: Pointer | None = None) -> FolderReader:
        name = (pointer or self._pointer()).current
        # After a fork the parent's reader belongs to the parent.
        mark = (os.getpid(), name)
        with self._opening:
            if mark not in self._readers:
                try:
                    self._readers = {mark: FolderReader(self._directory / name)}
                except (ValueError, OSError) as error:
                    raise IndexUnavailable(
                        "the search index is damaged; rebuild it with `hanmaru index rebuild`"
                    ) from error
            return self._readers[mark]

    def _pointer(self) -> Pointer:
        """The live folder; the first use makes an empty one."""
        pointer = self._stored_pointer()
        if pointer is None:
            return self._begin()
        if pointer.shape != SHAPE:
            raise IndexUnavailable("the search index is of another version; rebuild it with `hanmaru index rebuild`")
        return pointer

    def _stored_pointer(self) -> Pointer | None:
        try:
            return msgspec.json.decode((self._directory / "pointer.json").read_bytes(), type=Pointer)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise IndexUnavailable(
                "the search index cannot be read; rebuild it with `hanmaru index rebuild`"
            ) from error

    def _readable_pointer(self) -> Pointer | None:
        """A pointer that is damaged counts as none: a rebuild needs nothing of the old index."""
        try:
            return self._stored_pointer()
        except IndexUnavailable:
            return None

    def _begin(self) -> Pointer:
        held = self._lock is not None
        if not held:
            self._acquire()
        try:
            pointer = self._stored_pointer()
            if pointer is None:
                pointer = Pointer(SHAPE, "000001")
                folder = self._directory / pointer.current
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                with writing(folder) as writer:
                    writer.commit()
                self._point(pointer)
            return pointer
        finally:
            if not held:
                self._release()

    def _point(self, pointer: Pointer) -> None:
        """Replace the pointer in one step that survives a power cut."""
        fresh = self._directory / "pointer.json.new"
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(pointer))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._directory / "pointer.json")
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _folders(self) -> list[Path]:
        return [each for each in self._directory.iterdir() if each.is_dir() and each.name.isdecimal()]

    def _remove_orphans(self, pointer: Pointer) -> None:
        """What no pointer names: the index before the previous one, and what died half-way."""
        for folder in self._folders():
            if folder.name not in (pointer.current, pointer.previous):
                shutil.rmtree(folder, ignore_errors=True)

    def _acquire(self) -> None:
        """Take the lock over all processes, waiting a while; a process that dies lets it go."""
        if self._lock is not None:
            raise IndexUnavailable("this process is already writing to the search index")
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = (self._directory / "lock").open("ab")
        deadline = time.monotonic() + self._lock_wait_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    lock.close()
                    raise IndexUnavailable("another process is writing to the search index") from error
                time.sleep(0.05)
        self._lock = lock

    def _release(self) -> None:
        if self._lock is not None:
            lock, self._lock = self._lock, None
            lock.close()


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    """The engine's own failures in the core's word; its text may hold paths, so it stays in the chain only."""
    try:
        yield
    except (ValueError, OSError, RuntimeError) as error:
        raise IndexUnavailable("the search index does not answer") from error


def _folder_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
