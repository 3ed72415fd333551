"""Large files on this host's disk, named by the SHA-256 of their bytes."""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from integrator.errors import BytesRefused
from integrator.issues import HASH
from integrator.ports import Kept

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_UNFINISHED: Final = ".part-"
_ANSWER: Final = "answer-"


class DiskSpool:
    """`ports.Spool` in one folder. A file appears under its name only when it is whole, and on the disk itself.

    Names come from a platform's manifest, so anything but 64 hex digits is refused before it becomes a path.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, sha256: str) -> Path | None:
        """The file, if it is here. Bytes were hashed when it came; who reads it may well hash them again."""
        path = self._folder / _checked(sha256)
        return path if path.is_file() else None

    @contextmanager
    def create(self, sha256: str) -> Iterator[BinaryIO]:
        """A file to write to. Raises BytesRefused (HASH) when the bytes written are not those of the name."""
        target = self._folder / _checked(sha256)
        self._folder.mkdir(parents=True, exist_ok=True)
        sink = _HashingFile(self._folder)
        try:
            yield cast(BinaryIO, sink)
            sink.finish(sha256, target)
        finally:
            sink.discard()
        _sync_folder(self._folder)

    def keep_only(self, sha256s: Iterable[str]) -> None:
        """Remove every other file, with what earlier, broken off writes have left."""
        kept = {_checked(name) for name in sha256s}
        for path in list(self._folder.glob("*")) if self._folder.is_dir() else []:
            if path.name not in kept and (_NAME.fullmatch(path.name) or path.name.startswith((_UNFINISHED, _ANSWER))):
                path.unlink(missing_ok=True)

    def recall(self, address: str) -> Kept | None:
        """See `ports.Spool`. What cannot be read is not there: the server then sends it again."""
        try:
            head, _, body = self._answer(address).read_bytes().partition(b"\n")
            told = msgspec.json.decode(head, type=dict[str, str])
        except (OSError, msgspec.DecodeError):
            return None
        is_whole = told.get("sha256") == hashlib.sha256(body).hexdigest()
        return Kept(body, told.get("etag", ""), told.get("last_modified", "")) if is_whole else None

    def keep(self, address: str, answer: Kept) -> None:
        """See `ports.Spool`."""
        digest = hashlib.sha256(answer.body).hexdigest()
        told = {"etag": answer.etag, "last_modified": answer.last_modified, "sha256": digest}
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self._folder)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(told) + b"\n" + answer.body)
        os.replace(name, self._answer(address))

    def _answer(self, address: str) -> Path:
        return self._folder / f"{_ANSWER}{hashlib.sha256(address.encode()).hexdigest()}"


class _HashingFile:
    """A temporary file in the spool's own folder (a rename is atomic only there) that hashes what is written."""

    def __init__(self, folder: Path) -> None:
        handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
        self._file = os.fdopen(handle, "wb")
        self._path = Path(name)
        self._hash = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        self._hash.update(piece)
        return self._file.write(piece)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def finish(self, sha256: str, target: Path) -> None:
        if self._hash.hexdigest() != sha256:
            raise BytesRefused("the bytes are not those that their SHA-256 promises", code=HASH)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._path, target)

    def discard(self) -> None:
        self._file.close()
        with suppress(FileNotFoundError):
            self._path.unlink()


def _checked(sha256: str) -> str:
    if not _NAME.fullmatch(sha256):
        raise ValueError("a spooled file's name is 64 lower-case hex digits")
    return sha256


def _sync_folder(folder: Path) -> None:
    # The rename itself must survive a power cut too.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
