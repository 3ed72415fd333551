"""Statements that run once a record, compiled once and fed with tuples.

SQLAlchemy's own way costs some ten microseconds a row in binding, which is as much as the database needs to do the
work. On PostgreSQL a plain INSERT goes by COPY, which is several times as fast.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Connection, Executable, Float, Insert, Integer, LargeBinary, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from integrator.store.engines import name_copy

# Values by their place; SQLAlchemy's own form for this driver has them by name.
_POSTGRESQL: Any = PGDialect_psycopg(paramstyle="format")  # type: ignore[no-untyped-call]

# What COPY calls a column's type; the first that fits counts.
_TYPES = ((BigInteger, "int8"), (Integer, "int4"), (Float, "float8"), (Boolean, "bool"), (LargeBinary, "bytea"))


class Prepared:
    """A statement; `names` are its parameters in the order of the tuples."""

    def __init__(self, statement: Executable, *names: str) -> None:
        self.statement = statement
        self.names = names
        self._compiled: dict[str, _Compiled] = {}

    def many(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run it for every row; gives how many rows were touched in all."""
        if not rows:
            return 0
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = self._compile(connection)
        arranged = list(rows) if compiled.order is None else compiled.arrange(rows)
        return connection.exec_driver_sql(compiled.sql, arranged).rowcount

    def _compile(self, connection: Connection) -> "_Compiled":
        is_sqlite = connection.dialect.name == "sqlite"
        # One with ON CONFLICT is of its dialect's own class.
        if type(self.statement) is Insert and not is_sqlite:
            return _Compiled(_copy_into(self.statement.table, self.names), None, ())
        dialect = connection.dialect if is_sqlite else _POSTGRESQL
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=list(self.names))  # type: ignore[attr-defined]
        # Values written into the statement itself are parameters too; they follow the row's own.
        fixed = [name for name in dict.fromkeys(compiled.positiontup) if name not in self.names]
        every = [*self.names, *fixed]
        places = tuple(every.index(name) for name in compiled.positiontup)
        order = None if places == tuple(range(len(self.names))) else places
        return _Compiled(str(compiled), order, tuple(compiled.params[name] for name in fixed))


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one database's words. `order`: which of a row's values, then of the constants, stands where."""

    sql: str
    order: tuple[int, ...] | None
    constants: tuple[Any, ...]

    def arrange(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        order, constants = self.order or (), self.constants
        return [tuple([row[place] for place in order]) for row in (each + constants for each in rows)]


def _copy_into(table: Any, names: Sequence[str]) -> str:
    assert isinstance(table, Table)  # noqa: S101 - nothing else is inserted into
    return name_copy(table.name, {name: _type_of(table.c[name]) for name in names})


def _type_of(column: Column[Any]) -> str:
    return next((name for kind, name in _TYPES if isinstance(column.type, kind)), "text")
