"""What each kind of database is told when it is opened, and how a transaction begins on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, select
from sqlalchemy.exc import DataError
from sqlalchemy.pool import ConnectionPoolEntry

# A writer waits this long for the others' transactions; the longest of ours takes well under a second.
_BUSY_TIMEOUT_MS = 60_000

# 64 MB of pages: at a million listings the index pages that random hashes touch still fit.
_CACHE_KIB = 65_536

# A checkpoint every 32 MB of log, not every 4: a commit unit alone writes more than the default.
_CHECKPOINT_PAGES = 8_000

_PRAGMAS = (
    f"busy_timeout={_BUSY_TIMEOUT_MS}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"cache_size=-{_CACHE_KIB}",
    f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
    "temp_store=MEMORY",
)

# A process that is stopped, or whose host is gone, in the middle of a transaction keeps its locks no longer than this,
# which is less than a lease lasts: whoever takes the run over does not wait for the dead one.
_STALLED_MS = 30_000
_POSTGRESQL = {
    "lock_timeout": _BUSY_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": _STALLED_MS,
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
}
_CONNECTING_S = 10

# Turns of other applications in the same database are others.
_TURNS = 20_260_914


def open_engine(url: URL) -> Engine:
    """The pool of this database; nothing is connected before its first use."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "before_cursor_execute", _refuse_nul)
        return engine
    told = " ".join(f"-c {name}={value}" for name, value in _POSTGRESQL.items())
    arguments = {"application_name": "hanmaru", "connect_timeout": _CONNECTING_S, "options": told}
    engine = create_engine(url, pool_pre_ping=True, connect_args=arguments)
    event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "do_execute", lambda cursor, statement, row, _context: _copy(cursor, statement, [row]))
    event.listen(engine, "do_executemany", lambda cursor, statement, rows, _context: _copy(cursor, statement, rows))
    return engine


# A view that is taken once and stays, and that no write can slip into; SQLite's readers have it by themselves.
_READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def set_to_read(connection: Connection) -> Connection:
    """What the connection begins next is one consistent view."""
    return connection if connection.dialect.name == "sqlite" else connection.execution_options(**_READING)


def set_to_write(connection: Connection, turn: str) -> Connection:
    """What the connection begins next writes, when it is its turn.

    Statements see what is committed when they begin (READ COMMITTED): a guarded update that waited for another's
    touches no row, and its caller reads again; nothing fails for having waited.
    """
    return connection.execution_options(turn=turn)


def _set_up_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    # We say BEGIN ourselves: the driver's own would start reading transactions too late and writing ones as readers.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("turn") is not None
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuse_nul(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
    """What PostgreSQL's text cannot hold is held by neither. New text comes by INSERT; updates repeat it."""
    if not statement.startswith("INSERT"):
        return
    for row in parameters if many else (parameters,):
        for value in row:
            if type(value) is str and "\0" in value:
                raise DataError(statement, None, ValueError("text fields cannot contain NUL"))


def _begin_postgresql(connection: Connection) -> None:
    turn = connection.get_execution_options().get("turn")
    if turn:
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(turn, _TURNS))))


# Loading by COPY -----------------------------------------------------------------------------------------------------

# The types of the columns, by the statement: COPY in binary form must be told them.
_COPIES: dict[str, list[str]] = {}


def name_copy(table: str, types: Mapping[str, str]) -> str:
    """The statement that loads rows of these columns, given by their PostgreSQL types, into a table."""
    columns = ", ".join(f'"{name}"' for name in types)
    statement = f'COPY "{table}" ({columns}) FROM STDIN (FORMAT BINARY)'
    _COPIES[statement] = list(types.values())
    return statement


def _copy(cursor: Any, statement: str, rows: Sequence[Any]) -> bool:
    """In place of the driver's own way, where the statement is one of these."""
    types = _COPIES.get(statement)
    if types is None:
        return False
    with cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    return True
