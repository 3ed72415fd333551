"""The floor: what any program must at least do with the same answers, in one process and nothing else.

Reading every page of the three platforms over HTTP from the same recorded mock, hashing the bytes of each record, and
one insert a record into SQLite with the store's own safety (WAL, synchronous FULL, 500 rows a transaction).
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path


def floor_seconds(bodies: Iterator[bytes], *, records: int, database: Path) -> float:
    """Seconds to read `bodies`, cut them into `records` equal parts, hash and insert each."""
    began = time.perf_counter()
    pages = list(map(len, _hold(bodies, database.with_suffix(".bytes"))))
    size = max(1, sum(pages) // records)
    with (
        closing(sqlite3.connect(database, isolation_level=None)) as connection,
        database.with_suffix(".bytes").open("rb") as kept,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE record (hash BLOB PRIMARY KEY, number INTEGER, body BLOB)")
        for first in range(0, records, 500):
            parts = [kept.read(size) for _ in range(first, min(first + 500, records))]
            rows = [
                (hashlib.blake2b(part, digest_size=16, salt=b"%d" % n).digest(), n, part)
                for n, part in enumerate(parts, first)
            ]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO record VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
    return time.perf_counter() - began


def _hold(bodies: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Pass the bodies on, keeping them on disk: the floor's memory is bounded like ours."""
    with path.open("wb") as kept:
        for body in bodies:
            kept.write(body)
            yield body
