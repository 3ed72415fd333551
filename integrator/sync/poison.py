"""Poison: records on which our own code fails. A unit that keeps failing is cut down to them, and they are set aside.

So one record never stops a run, and no fault of ours waits for a person to clear it.
"""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from integrator.errors import HanmaruError
from integrator.record import Record
from integrator.sync.units import Unit

# A fault that passes (memory for a moment, a race) is gone by the third time.
TRIES = 3

# More than this, and more than half of a unit, is a fault of everything rather than of some records.
MANY = 10

# The database, the disk or the machine: no record is to blame. Of the database's own, a value it cannot hold is.
_NOT_OF_RECORDS = (HanmaruError, OSError, MemoryError, OperationalError, InternalError, IntegrityError)


def may_be_poison(error: Exception) -> bool:
    """Whether a record can be what our code failed on."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return False
    return not isinstance(error, _NOT_OF_RECORDS)


def halve(unit: Unit) -> Iterator[Unit]:
    """The unit in two; only the second half moves the place on, and carries what both cost."""
    middle = len(unit.records) // 2
    yield Unit(records=unit.records[:middle])
    yield replace(unit, records=unit.records[middle:])


def say_aside(record: Record, error: Exception) -> str:
    """For the operator: which record, and the kind of fault (its text may hold what the record says)."""
    where = f"{record.kind.value} {record.external_id[:40]!r}, page {record.page}, offset {record.offset}"
    return f"A fault of our own ({type(error).__name__}) on one record ({where}): it is set aside."
