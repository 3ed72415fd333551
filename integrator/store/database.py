"""One database: its transactions, the age of its schema.

SQLite (WAL, synchronous FULL) means one host and one writer; on PostgreSQL those write at the same time who have
nothing to do with each other. Nothing is opened before the first use, and a process that forks shares no connection
with its children.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, bindparam, func, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url

from integrator.errors import SchemaMismatch, StorageBusy
from integrator.store.engines import open_engine, set_to_read, set_to_write
from integrator.store.room import needing_room
from integrator.store.tables import meta

# The schema this code was written for, and the oldest code that may still use it (expand, then contract).
SCHEMA_AGE = 2

_MIGRATIONS = Path(__file__).parent / "migrations"

# Turns that are no platform's: of those who work out sellers and products or tell the index; of migrations.
CATALOGUE = "catalogue"
_MIGRATING = "migrations"

# Two transactions in each other's way is a matter of their timing; one of them goes on at once.
_TRIES = 5

_DRIVER = "postgresql+psycopg"

T = TypeVar("T")


class Database:
    """Reading and writing transactions on one database."""

    def __init__(self, url: str) -> None:
        self._url = _with_driver(make_url(url))
        self._engine: Engine | None = None
        self._process = 0
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The address as it may be shown: without a password, and without our driver."""
        return self._url.set(drivername=self._url.get_backend_name()).render_as_string(hide_password=True)

    @property
    def is_file(self) -> bool:
        """Whether it is a file, which the processes of one host alone may share."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def engine(self) -> Engine:
        """Made at the first use. A child keeps its parent's compiled statements, and lets go of its connections.

        Of these it says no word to the server.
        """
        with self._lock:
            if self._engine is None:
                self._engine = open_engine(self._url)
            elif self._process != os.getpid():
                self._engine.dispose(close=False)
            self._process = os.getpid()
            return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; sees nothing that is committed after its first statement.

        Raises StorageUnavailable when the database does not answer.
        """
        with needing_room(), self.engine.connect() as connection, set_to_read(connection).begin():
            yield connection

    @contextmanager
    def write(self, turn: str = "") -> Iterator[Connection]:
        """One transaction, committed when the block ends well.

        Of those with the same `turn` (a platform's name, for example) one runs at a time, from before its first
        statement: what it read stays true until it has written. Without a turn only the rows it touches are its own.
        On SQLite it has the write lock from the start, whatever its turn.

        Raises StorageUnavailable when the disk takes no more or the database does not answer; StorageBusy, which is
        one too, when another transaction was in the way.
        """
        with needing_room(), self.engine.connect() as connection, set_to_write(connection, turn).begin():
            yield connection

    def write_again(self, work: Callable[[Connection], T], turn: str = "") -> T:
        """`work` in a write transaction; when another is in its way, all of it once more. Raises as `write` does."""
        for _ in range(_TRIES - 1):
            with suppress(StorageBusy), self.write(turn) as connection:
                return work(connection)
        with self.write(turn) as connection:
            return work(connection)

    def close(self) -> None:
        """Give every connection back; the next use opens anew."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def migrate(self, *, to: str = "head") -> None:
        """Create the schema or bring it up to this code's age."""
        from alembic import command

        if self._url.database and self.is_file:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.write(_MIGRATING) as connection:
            command.upgrade(_alembic_config(connection), to)

    def unmigrate(self, *, to: str = "base") -> None:
        """Take migrations back, data included."""
        from alembic import command

        with self.write(_MIGRATING) as connection:
            command.downgrade(_alembic_config(connection), to)

    def require_schema(self) -> None:
        """Raises SchemaMismatch, naming the command that mends it, unless this code may use this database."""
        age, compatible_from = self.schema_age()
        if age is None:
            raise SchemaMismatch("The database has no tables yet: run `hanmaru migrate`.")
        if compatible_from > SCHEMA_AGE:
            raise SchemaMismatch(
                f"The database (age {age}) needs a newer Hanmaru than this one (age {SCHEMA_AGE}): upgrade the program."
            )
        if age < SCHEMA_AGE:
            raise SchemaMismatch(
                f"The database is of age {age}, this program needs {SCHEMA_AGE}: run `hanmaru migrate`."
            )

    def schema_age(self) -> tuple[int | None, int]:
        """(age, oldest code that may use it); (None, 0) for a database without our tables."""
        if not self._exists():
            return None, 0
        with self.read() as connection:
            if not inspect(connection).has_table(meta.name):
                return None, 0
            found = {row.name: row.value for row in connection.execute(select(meta.c.name, meta.c.value))}
        return int(found["schema_age"]), int(found["compatible_from"])

    def _exists(self) -> bool:
        file = self._url.database
        if not self.is_file or file in (None, "", ":memory:"):
            return True
        return Path(str(file)).exists()


def insert_for(connection: Connection, table: Any) -> Any:
    """An INSERT of this dialect, with ON CONFLICT: SQLAlchemy keeps one class a dialect for it."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


_advance = update(meta).where(meta.c.name == bindparam("counter")).values(value=bindparam("next"))


def take_numbers(connection: Connection, counter: str, count: int) -> int:
    """Reserve `count` numbers of a counter kept in `meta`; gives the first. The row stays locked until the commit.

    So whoever commits later has the higher numbers.
    """
    statement = select(meta.c.value).where(meta.c.name == counter).with_for_update()
    first = int(connection.execute(statement).scalar_one())
    connection.execute(_advance, {"counter": counter, "next": str(first + count)})
    return first


def take_keys(connection: Connection, count: int) -> Sequence[int]:
    """Keys for new listings, rising. On PostgreSQL of the column's own sequence: feeds do not wait for each other."""
    if connection.dialect.name == "sqlite":
        first = take_numbers(connection, "listing_key", count)
        return range(first, first + count)
    every = select(func.nextval("listing_key_seq")).select_from(func.generate_series(1, count))
    return sorted(connection.execute(every).scalars())


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Pieces small enough for one IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _with_driver(url: URL) -> URL:
    """Everybody writes postgresql:// (or postgres://); the driver is our business."""
    return url.set(drivername=_DRIVER) if url.get_backend_name() in ("postgresql", "postgres") else url


def _alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
