"""Raw records, kept as they came: named by their hash, compressed with a dictionary per feed and kind.

The dictionary is trained from the first bodies of a feed and never changed once used; what came before it is compressed
without one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import zstandard
from sqlalchemy import Connection, bindparam, insert, select

from integrator.record import Kind
from integrator.store.database import chunks
from integrator.store.prepared import Prepared
from integrator.store.tables import archive, dictionary

# Enough to know a feed's vocabulary; more samples cost training time and save nothing measurable.
_SAMPLES = 500
_DICTIONARY_BYTES = 32_768

# Level 3 takes 6 us a listing with a dictionary and halves what level 1 leaves; higher ones cost more than the insert.
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Raw:
    """One raw record to keep: its name, where it stood, its bytes."""

    hash: bytes
    kind: Kind
    external_id: str
    page: str
    offset: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """One raw record as kept."""

    hash: bytes
    platform: str
    kind: Kind
    external_id: str
    run: int
    page: str
    offset: int
    kept_at: float
    body: bytes


def name_body(platform: str, kind: Kind, body: bytes) -> bytes:
    """BLAKE2b-128 over platform, kind and body: the same bytes of the same feed are kept once."""
    digest = blake2b(f"{platform}\0{kind.value}\0".encode(), digest_size=16)
    digest.update(body)
    return digest.digest()


_COLUMNS = ("hash", "platform", "kind", "external_id", "run", "page", "offset", "kept_at", "dictionary", "body")


_keep = Prepared(insert(archive).values({name: bindparam(name) for name in _COLUMNS}), *_COLUMNS)


class Archive:
    """Writes one feed's raw records. One a run: it holds the compressors and the samples of a dictionary to come."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        self._compressors: dict[Kind, tuple[int | None, zstandard.ZstdCompressor]] = {}
        self._samples: dict[Kind, list[bytes]] = {}

    def keep(self, connection: Connection, raws: Sequence[Raw], *, run: int, now: float) -> None:
        """Write those that are not here yet."""
        news = _find_news(connection, raws)
        for kind in dict.fromkeys(raw.kind for raw in raws):
            of_kind = [raw for raw in raws if raw.kind is kind]
            number, compressor = self._compressor(connection, kind, of_kind, now=now)
            compress = compressor.compress
            platform, word = self._platform, kind.value
            rows = [
                (raw.hash, platform, word, raw.external_id, run, raw.page, raw.offset, now, number, compress(raw.body))
                for raw in of_kind
                if news.get(raw.hash) is raw
            ]
            _keep.many(connection, rows)

    def forget(self) -> None:
        """A transaction was rolled back: a dictionary made in it is gone."""
        self._compressors.clear()

    def _compressor(
        self, connection: Connection, kind: Kind, raws: Sequence[Raw], *, now: float
    ) -> tuple[int | None, zstandard.ZstdCompressor]:
        found = self._compressors.get(kind) or self._load(connection, kind)
        if found[0] is None:
            found = self._train(connection, kind, raws, now=now) or found
        self._compressors[kind] = found
        return found

    def _load(self, connection: Connection, kind: Kind) -> tuple[int | None, zstandard.ZstdCompressor]:
        newest = (
            select(dictionary.c.id, dictionary.c.body)
            .where(dictionary.c.platform == self._platform, dictionary.c.kind == kind.value)
            .order_by(dictionary.c.id.desc())
            .limit(1)
        )
        row = connection.execute(newest).first()
        return _compressor_of(row.id, row.body) if row else (None, zstandard.ZstdCompressor(level=_LEVEL))

    def _train(
        self, connection: Connection, kind: Kind, raws: Sequence[Raw], *, now: float
    ) -> tuple[int | None, zstandard.ZstdCompressor] | None:
        samples = self._samples.setdefault(kind, [])
        samples.extend(raw.body for raw in raws[: _SAMPLES - len(samples)])
        if len(samples) < _SAMPLES:
            return None
        samples, self._samples[kind] = samples, []
        try:
            body = zstandard.train_dictionary(_DICTIONARY_BYTES, list(samples)).as_bytes()
        except zstandard.ZstdError:
            return None  # too little, or nothing in common: the next samples may do
        row = {"platform": self._platform, "kind": kind.value, "body": body, "created_at": now}
        key = connection.execute(insert(dictionary).values(row)).inserted_primary_key
        assert key is not None  # noqa: S101 - an insert of one row always has its key
        return _compressor_of(int(key[0]), body)


def _find_news(connection: Connection, raws: Sequence[Raw]) -> dict[bytes, Raw]:
    """Those of which no copy is kept yet, one of each, by their names."""
    found = {raw.hash: raw for raw in reversed(raws)}
    for piece in chunks(list(found)):
        for kept in connection.execute(select(archive.c.hash).where(archive.c.hash.in_(piece))).scalars():
            del found[kept]
    return found


def _compressor_of(number: int, body: bytes) -> tuple[int, zstandard.ZstdCompressor]:
    trained = zstandard.ZstdCompressionDict(body)
    trained.precompute_compress(level=_LEVEL)
    return number, zstandard.ZstdCompressor(level=_LEVEL, dict_data=trained)


class ArchiveReader:
    """Reads kept records back, whatever dictionary they were written with."""

    def __init__(self) -> None:
        self._decompressors: dict[int | None, zstandard.ZstdDecompressor] = {None: zstandard.ZstdDecompressor()}

    def find(self, connection: Connection, hashes: Iterable[bytes]) -> dict[bytes, Kept]:
        """Those of the named records that are still kept."""
        found: dict[bytes, Kept] = {}
        for piece in chunks(list(hashes)):
            for row in connection.execute(select(archive).where(archive.c.hash.in_(piece))):
                body = self._decompressor(connection, row.dictionary).decompress(row.body)
                found[row.hash] = Kept(
                    row.hash, row.platform, Kind(row.kind), row.external_id, row.run, row.page, row.offset,
                    row.kept_at, body,
                )  # fmt: skip
        return found

    def _decompressor(self, connection: Connection, number: int | None) -> zstandard.ZstdDecompressor:
        if number not in self._decompressors:
            body = connection.execute(select(dictionary.c.body).where(dictionary.c.id == number)).scalar_one()
            self._decompressors[number] = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(body))
        return self._decompressors[number]
