"""Copies of the whole database, taken while others write, and put back.

Of a file by SQLite's own backup, of a PostgreSQL by its `pg_dump` and `pg_restore`. What was put back is older than
what the index was told; so it begins a new epoch, whose documents win over all of before.
"""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import SQLAlchemyError

from integrator.errors import InvalidSetting, StorageUnavailable
from integrator.store.database import Database
from integrator.store.leases import find_holders
from integrator.store.outbox import load_epoch
from integrator.store.tables import lease, meta

_NEVER_BEFORE = 0


def back_up(database: Database, file: Path) -> None:
    """Write the database as it is now to a new file; nobody waits for it.

    Raises InvalidSetting when the file is there already or a program is missing, StorageUnavailable when it fails.
    """
    if file.exists():
        raise InvalidSetting(f"{file} is there already: name a new file")
    database.require_schema()
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    if database.is_file:
        _copy_out(database, fresh)
    else:
        _call(database, "pg_dump", ["--format=custom", f"--file={fresh}"])
    fresh.replace(file)


def put_back(database: Database, file: Path | None, *, now: float) -> int:
    """Replace all that the database holds by that of the file; gives the epoch that begins.

    Without a file the database was put back by other means already. Raises InvalidSetting while somebody works on the
    database, or when the file is no copy of ours; StorageUnavailable when it fails.
    """
    before = _look_at(database, now=now)
    if file is not None and database.is_file:
        _copy_in(database, file)
    elif file is not None:
        _call(database, "pg_restore", ["--clean", "--if-exists", "--no-owner", "--single-transaction", str(file)])
    with database.write() as connection:
        return begin_epoch(connection, above=before)


def begin_epoch(connection: Connection, *, above: int) -> int:
    """The next epoch after the database's own, and after `above`; leases that were held when it was copied are free."""
    epoch = max(load_epoch(connection), above) + 1
    connection.execute(update(meta).where(meta.c.name == "epoch").values(value=str(epoch)))
    connection.execute(update(lease).values(holder=None, expires_at=0.0))
    return epoch


def _look_at(database: Database, *, now: float) -> int:
    """The epoch of what will be replaced; of a database that is gone or broken, none."""
    with suppress(SQLAlchemyError, StorageUnavailable):
        if database.schema_age()[0] is None:
            return _NEVER_BEFORE
        with database.read() as connection:
            holders = {each.holder for each in find_holders(connection, now=now).values()}
            if holders:
                raise InvalidSetting(f"{min(holders)} works on the database: stop workers and schedulers first")
            return load_epoch(connection)
    return _NEVER_BEFORE


# SQLite ---------------------------------------------------------------------------------------------------------------


def _copy_out(database: Database, file: Path) -> None:
    with _raw(database) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
        # One file, without a log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        _require_whole(target, file)


def _copy_in(database: Database, file: Path) -> None:
    """Into the file that others may have open: they see the old content, and then the new."""
    if not file.is_file():
        raise InvalidSetting(f"{file} is no file: name one that `hanmaru backup` wrote")
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source:
        _require_whole(source, file)
        Path(str(database.engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        with _raw(database) as target:
            source.backup(target)


def _require_whole(copy: sqlite3.Connection, file: Path) -> None:
    try:
        verdict = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        copy.execute(str(select(meta.c.value))).fetchone()
    except sqlite3.DatabaseError as error:
        raise InvalidSetting(f"{file} is no whole copy of a database of ours ({error})") from error
    if verdict != "ok":
        raise InvalidSetting(f"{file} is no whole copy of a database of ours ({verdict})")


@contextmanager
def _raw(database: Database) -> Iterator[sqlite3.Connection]:
    """The driver's own connection, which has what SQLAlchemy does not."""
    pooled = database.engine.raw_connection()
    try:
        driver = pooled.driver_connection
        assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - asked for files only
        yield driver
    finally:
        pooled.close()


# PostgreSQL -----------------------------------------------------------------------------------------------------------


def _call(database: Database, name: str, options: Sequence[str]) -> None:
    """One of PostgreSQL's programs; the password goes by a file that only we can read."""
    program = _find_program(name)
    url = database.engine.url
    with TemporaryDirectory() as folder:
        passwords = Path(folder) / "passwords"
        password = str(url.password or "").replace("\\", "\\\\").replace(":", "\\:")
        passwords.touch(mode=0o600)
        passwords.write_text(f"*:*:*:*:{password}\n", encoding="utf-8")
        plain = url.set(drivername="postgresql", password=None).update_query_dict({"passfile": str(passwords)})
        words = [program, "--no-password", f"--dbname={plain.render_as_string(hide_password=False)}", *options]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
        raise StorageUnavailable(f"{name} did not end well: {said[0]}")


def _find_program(name: str) -> str:
    # Debian keeps them off the path; the newest reads what all before it wrote.
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: each.parts[4].zfill(3))
    found = shutil.which(name) or (str(kept[-1]) if kept else None)
    if found is None:
        raise InvalidSetting(
            f"{name} is not on this machine: install PostgreSQL's client programs, or run it elsewhere"
        )
    return found
