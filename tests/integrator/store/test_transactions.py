"""What a transaction sees, whom it waits for, and what its failures are called."""

import os
from collections.abc import Callable
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from integrator.errors import StorageBusy, StorageUnavailable
from integrator.store.database import Database
from integrator.store.tables import meta
from tests.databases import POSTGRESQL

only_postgresql = pytest.mark.parametrize(
    "backend", [pytest.param(POSTGRESQL, marks=pytest.mark.server)], indirect=True
)


def read_note(connection: Connection, name: str = "note") -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()


def write_note(connection: Connection, value: str, name: str = "note") -> None:
    changed = connection.execute(update(meta).where(meta.c.name == name).values(value=value)).rowcount
    if not changed:
        connection.execute(insert(meta).values(name=name, value=value))


def note(database: Database, value: str, name: str = "note") -> None:
    with database.write() as connection:
        write_note(connection, value, name)


def in_a_thread(work: Callable[[], None]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_reader_sees_one_moment(database) -> None:
    note(database, "before")

    with database.read() as reader:
        assert read_note(reader) == "before"
        note(database, "after")
        assert read_note(reader) == "before"
    with database.read() as reader:
        assert read_note(reader) == "after"


@only_postgresql
def test_a_reader_cannot_write(database) -> None:
    with pytest.raises(DBAPIError, match="read-only"), database.read() as connection:
        write_note(connection, "slipped in")


def test_of_one_turn_what_was_read_stays_true_until_it_is_written(database) -> None:
    """Two who add to the same number, each reading first: no addition is lost."""
    note(database, "0")

    def add() -> None:
        for _ in range(50):
            with database.write("shop") as connection:
                write_note(connection, str(int(read_note(connection) or 0) + 1))

    threads = [in_a_thread(add) for _ in range(3)]
    for thread in threads:
        thread.join(60)

    with database.read() as connection:
        assert read_note(connection) == "150"


@only_postgresql
def test_two_turns_write_at_the_same_time(database) -> None:
    done = Event()

    def write_other() -> None:
        with database.write("other shop") as connection:
            write_note(connection, "written", "other")
        done.set()

    with database.write("shop") as connection:
        write_note(connection, "written")
        in_a_thread(write_other)

        assert done.wait(20)


@only_postgresql
def test_who_waits_too_long_is_told_that_another_was_in_the_way(database) -> None:
    note(database, "0")

    def wait_a_moment() -> None:
        with database.write() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
            write_note(connection, "too late")

    with database.write() as holder:
        write_note(holder, "held")
        with pytest.raises(StorageBusy):
            wait_a_moment()


@only_postgresql
def test_of_two_that_wait_for_each_other_both_end_with_all_they_wrote(database) -> None:
    note(database, "", "left")
    note(database, "", "right")
    met = [Event(), Event()]

    def write_both(me: int) -> None:
        def work(connection: Connection) -> None:
            for name in ("left", "right")[:: 1 if me == 0 else -1]:
                connection.execute(update(meta).where(meta.c.name == name).values(value=meta.c.value + "x"))
                met[me].set()
                met[1 - me].wait(20)

        database.write_again(work)

    threads = [in_a_thread(lambda me=me: write_both(me)) for me in (0, 1)]  # type: ignore[misc]
    for thread in threads:
        thread.join(60)

    with database.read() as connection:
        assert (read_note(connection, "left"), read_note(connection, "right")) == ("xx", "xx")


@only_postgresql
def test_a_connection_that_broke_is_the_database_being_away_and_the_next_one_is_whole(database) -> None:
    note(database, "0")

    with pytest.raises(StorageUnavailable, match="does not answer"):
        _write_on_a_connection_that_breaks(database)

    with database.read() as connection:
        assert read_note(connection) == "0"


def _write_on_a_connection_that_breaks(database: Database) -> None:
    with database.write() as connection, database.write() as killer:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        killer.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
        write_note(connection, "lost")


def test_a_server_that_is_not_there_is_the_database_being_away() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")

    with pytest.raises(StorageUnavailable, match="does not answer"), database.read():
        pass


def test_a_child_and_its_parent_share_no_connection(database) -> None:
    """A fork in the middle of a life: both go on, each on a connection of its own."""
    note(database, "0")

    child = os.fork()
    if child == 0:
        status = 1
        try:
            for number in range(20):
                note(database, str(number), "child")
            status = 0
        finally:
            os._exit(status)
    for number in range(20):
        note(database, str(number), "parent")
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    with database.read() as connection:
        assert (read_note(connection, "child"), read_note(connection, "parent")) == ("19", "19")
