"""The disk under the database and the spool: what it says when it takes no more, in one word of ours."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from integrator.errors import StorageUnavailable

# SQLite's primary result codes: SQLITE_IOERR (of which there are some thirty kinds), SQLITE_FULL.
_SQLITE = frozenset({10, 13})

# PostgreSQL's SQLSTATE: disk_full, io_error.
_SQLSTATE = frozenset({"53100", "58030"})

_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


@contextmanager
def needing_room() -> Iterator[None]:
    """Raises StorageUnavailable where what is done inside fails for the disk's sake."""
    try:
        yield
    except DBAPIError as error:
        if not _is_the_disks(error):
            raise
        raise StorageUnavailable("The disk of the database is full or failing; nothing can be written.") from error
    except OSError as error:
        if error.errno not in _ERRNO:
            raise
        raise StorageUnavailable("The disk is full or failing; a file could not be written.") from error


def _is_the_disks(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return code in _SQLITE or getattr(error.orig, "sqlstate", "") in _SQLSTATE
