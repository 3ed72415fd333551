"""Statements that run once a record, compiled once and fed with tuples.

SQLAlchemy's own way costs some ten microseconds a row in binding, which is as much as the database needs to do the
work. On PostgreSQL a plain INSERT goes by COPY and an UPDATE as one statement over all rows, which is several times as
fast as row by row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Executable,
    Float,
    Insert,
    Integer,
    LargeBinary,
    Table,
    Update,
)
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.types import NullType

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
        self._compiled: dict[str, _Compiled | _AtOnce] = {}

    def many(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run it for every row; gives how many rows were touched in all."""
        if not rows:
            return 0
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = self._compiled[connection.dialect.name] = self._compile(connection)
        return connection.exec_driver_sql(compiled.sql, compiled.arrange(rows)).rowcount

    def _compile(self, connection: Connection) -> "_Compiled | _AtOnce":
        is_sqlite = connection.dialect.name == "sqlite"
        # One with ON CONFLICT is of its dialect's own class.
        if type(self.statement) is Insert and not is_sqlite:
            return _Compiled(_copy_into(self.statement.table, self.names), None, ())
        if isinstance(self.statement, Update) and not is_sqlite:
            return _over_all(connection, self.statement, self.names)
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
        order, constants = self.order, self.constants
        if order is None:
            return list(rows)
        return [tuple([row[place] for place in order]) for row in (each + constants for each in rows)]


# A parameter as this driver has it, and the type that it may be given.
_PARAMETER = re.compile(r"%\((\w+)\)s(?:::[A-Z]+)?")


def _over_all(connection: Connection, statement: Any, names: Sequence[str]) -> "_AtOnce":
    """The same UPDATE of all rows at once, its parameters the columns of a table that is made of arrays.

    Of rows that name the same one of the table's, any may win.
    """
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    typed = (each for each in compiled.bind_names if not isinstance(each.type, NullType))
    types = {each.key: each.type.compile(dialect=connection.dialect) for each in typed}

    def replace(found: re.Match[str]) -> str:
        return f'given."{found[1]}"' if found[1] in names else found[0]

    before, where, after = _PARAMETER.sub(replace, str(compiled)).partition(" WHERE ")
    arrays = ", ".join(f"%({name})s::{types[name]}[]" for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    return _AtOnce(f"{before} FROM unnest({arrays}) AS given({columns}){where}{after}", tuple(names), fixed)


@dataclass(frozen=True, slots=True)
class _AtOnce:
    """A statement over all rows, which takes their values by columns."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def arrange(self, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
        return {**dict(zip(self.names, map(list, zip(*rows, strict=True)), strict=True)), **self.constants}


def _copy_into(table: Any, names: Sequence[str]) -> str:
    assert isinstance(table, Table)  # noqa: S101 - nothing else is inserted into
    return name_copy(table.name, {name: _type_of(table.c[name]) for name in names})


def _type_of(column: Column[Any]) -> str:
    return next((name for kind, name in _TYPES if isinstance(column.type, kind)), "text")
