"""One database: its engine, its transactions, the age of its schema.

SQLite (WAL, synchronous FULL) means one host; the statements are those that PostgreSQL takes too. Nothing is
opened before the first use, so that a process may fork after making a Database.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, bindparam, create_engine, event, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry

from integrator.errors import SchemaMismatch
from integrator.store.room import needing_room
from integrator.store.tables import meta

# The schema this code was written for, and the oldest code that may still use it (expand, then contract).
SCHEMA_AGE = 2

_MIGRATIONS = Path(__file__).parent / "migrations"

# A writer waits this long for the others' transactions; the longest of ours takes well under a second.
_BUSY_TIMEOUT_MS = 60_000

# 64 MB of pages: at a million listings the index pages that random hashes touch still fit.
_CACHE_KIB = 65_536

# A checkpoint every 32 MB of log, not every 4: a commit unit alone writes more than the default.
_CHECKPOINT_PAGES = 8_000


T = TypeVar("T")


class Database:
    """Reading and writing transactions on one database."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)
        self._engine: Engine | None = None
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The address as it may be shown: without a password."""
        return self._url.render_as_string(hide_password=True)

    @property
    def engine(self) -> Engine:
        """Made at the first use, one a process."""
        with self._lock:
            if self._engine is None:
                self._engine = _open_engine(self._url.render_as_string(hide_password=False))
            return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; sees nothing that is committed after its first statement."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed when the block ends well. On SQLite it has the write lock from the start.

        Raises StorageUnavailable when the disk takes no more.
        """
        with needing_room(), self.engine.connect() as connection:
            connection = connection.execution_options(begin_immediate=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give every connection back; the next use opens anew."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def migrate(self, *, to: str = "head") -> None:
        """Create the schema or bring it up to this code's age."""
        from alembic import command

        if self._url.database and self._url.get_backend_name() == "sqlite":
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        with self.write() as connection:
            command.upgrade(_alembic_config(connection), to)

    def unmigrate(self, *, to: str = "base") -> None:
        """Take migrations back, data included."""
        from alembic import command

        with self.write() as connection:
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
        if self._url.get_backend_name() != "sqlite" or file in (None, "", ":memory:"):
            return True
        return Path(str(file)).exists()


def insert_for(connection: Connection, table: Any) -> Any:
    """An INSERT of this dialect, with ON CONFLICT: SQLAlchemy keeps one class a dialect for it."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Any) -> Any:
    """The same by the dialect's name."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


_advance = update(meta).where(meta.c.name == bindparam("counter")).values(value=bindparam("next"))


def take_numbers(connection: Connection, counter: str, count: int) -> int:
    """Reserve `count` numbers of a counter kept in `meta`; gives the first. The row stays locked until the commit."""
    statement = select(meta.c.value).where(meta.c.name == counter).with_for_update()
    first = int(connection.execute(statement).scalar_one())
    connection.execute(_advance, {"counter": counter, "next": str(first + count)})
    return first


class Prepared:
    """A statement compiled once and fed with tuples.

    For the few statements that run once a record: SQLAlchemy's own way costs some ten microseconds a row in binding,
    which is as much as SQLite needs to do the work. `names` are the statement's parameters in the order of the tuples.
    """

    def __init__(self, statement: Executable, *names: str) -> None:
        self.statement = statement
        self.names = names
        self._sql: str | None = None
        self._order: tuple[int, ...] | None = None
        self._constants: tuple[Any, ...] = ()

    def many(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run it for every row; gives how many rows were touched in all."""
        if not rows:
            return 0
        if connection.dialect.name != "sqlite":
            return connection.execute(
                self.statement, [dict(zip(self.names, row, strict=True)) for row in rows]
            ).rowcount
        if self._sql is None:
            self._compile(connection)
        order, constants = self._order, self._constants
        if order is None:
            arranged = list(rows)
        else:
            arranged = [tuple([row[place] for place in order]) for row in (each + constants for each in rows)]
        return connection.exec_driver_sql(str(self._sql), arranged).rowcount

    def _compile(self, connection: Connection) -> None:
        compiled: Any = self.statement.compile(dialect=connection.dialect, column_keys=list(self.names))  # type: ignore[attr-defined]
        # Values written into the statement itself are parameters too; they follow the row's own.
        fixed = [name for name in dict.fromkeys(compiled.positiontup) if name not in self.names]
        self._constants = tuple(compiled.params[name] for name in fixed)
        every = [*self.names, *fixed]
        places = tuple(every.index(name) for name in compiled.positiontup)
        self._order = None if places == tuple(range(len(self.names))) else places
        self._sql = str(compiled)


def chunks(values: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
    """Pieces small enough for one IN list."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _open_engine(url: str) -> Engine:
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # We say BEGIN ourselves: the driver's own would start reading transactions too late and writing ones as readers.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIB}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("begin_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _alembic_config(connection: Connection) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
