"""The disk under the database and the spool, and the way to the database: what their failures are in our words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from integrator.errors import StorageBusy, StorageUnavailable

_FULL = "The disk of the database is full or failing; nothing can be written."
_AWAY = "The database does not answer."
_BUSY = "Another transaction was in the way; nothing of this one was written."

# SQLite's primary result codes: SQLITE_IOERR (of which there are some thirty kinds), SQLITE_FULL.
_SQLITE = frozenset({10, 13})

# PostgreSQL's SQLSTATE: disk_full, io_error.
_SQLSTATE_FULL = frozenset({"53100", "58030"})
# serialization_failure, deadlock_detected, lock_not_available.
_SQLSTATE_BUSY = frozenset({"40001", "40P01", "55P03"})
# too_many_connections, idle_in_transaction_session_timeout, the server going down or coming up; 08 is the way to it.
_SQLSTATE_AWAY = frozenset({"53300", "25P03", "57P01", "57P02", "57P03"})

_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


@contextmanager
def needing_room() -> Iterator[None]:
    """Raises StorageUnavailable where what is done inside fails for the disk's or the database's sake."""
    try:
        yield
    except DBAPIError as error:
        ours = _translate(error)
        if ours is None:
            raise
        raise ours from error
    except OSError as error:
        if error.errno not in _ERRNO:
            raise
        raise StorageUnavailable("The disk is full or failing; a file could not be written.") from error


def _translate(error: DBAPIError) -> StorageUnavailable | None:
    if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _SQLITE:
        return StorageUnavailable(_FULL)
    # What the server never heard of has no state.
    state = getattr(error.orig, "sqlstate", "")
    if state is None:
        is_lost = error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
        return StorageUnavailable(_AWAY) if is_lost else None
    if state in _SQLSTATE_FULL:
        return StorageUnavailable(_FULL)
    if state in _SQLSTATE_BUSY:
        return StorageBusy(_BUSY)
    return StorageUnavailable(_AWAY) if state in _SQLSTATE_AWAY or state.startswith("08") else None
