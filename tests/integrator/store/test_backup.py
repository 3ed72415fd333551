"""Copies of the database: whole though others write, and older than the index once they are put back."""

import threading

import pytest
from sqlalchemy import insert, select

from integrator.errors import InvalidSetting
from integrator.store.backup import back_up, put_back
from integrator.store.leases import take_lease
from integrator.store.outbox import PUT, load_epoch, load_waiting, queue
from integrator.store.tables import lease, unknown

NOW = 1_790_000_000.0


def enqueue(database, *product_ids):
    with database.write() as connection:
        queue(connection, dict.fromkeys(product_ids, PUT), run=None, now=NOW)


def list_queued(database):
    with database.read() as connection:
        return sorted(row.product_id for row in load_waiting(connection, after=0, limit=100_000))


def read_epoch(database):
    with database.read() as connection:
        return load_epoch(connection)


def test_what_is_put_back_is_what_was_copied(database, tmp_path):
    enqueue(database, "p1", "p2")
    back_up(database, tmp_path / "copy")
    enqueue(database, "p3")

    put_back(database, tmp_path / "copy", now=NOW)

    assert list_queued(database) == ["p1", "p2"]


def test_a_database_that_is_gone_is_put_back(databases, tmp_path):
    with databases.lend() as lost:
        enqueue(lost, "p1")
        back_up(lost, tmp_path / "copy")
    with databases.lend(migrated=False) as bare:
        put_back(bare, tmp_path / "copy", now=NOW)

        bare.require_schema()
        assert list_queued(bare) == ["p1"]


def test_an_epoch_begins_that_neither_copy_nor_database_had(database, tmp_path):
    back_up(database, tmp_path / "copy")

    assert [put_back(database, tmp_path / "copy", now=NOW) for _ in range(2)] == [2, 3]
    assert put_back(database, None, now=NOW) == read_epoch(database) == 4


def test_a_database_that_somebody_works_on_is_left_alone(database, tmp_path):
    back_up(database, tmp_path / "copy")
    with database.write() as connection:
        take_lease(connection, "buykorea", "changes", holder="elsewhere:7:abc", now=NOW)

    with pytest.raises(InvalidSetting, match="elsewhere:7:abc works on the database: stop workers and schedulers"):
        put_back(database, tmp_path / "copy", now=NOW)

    assert read_epoch(database) == 1


def test_a_lease_that_was_held_when_it_was_copied_is_free(database, tmp_path):
    with database.write() as connection:
        take_lease(connection, "buykorea", "changes", holder="elsewhere:7:abc", now=NOW)
    back_up(database, tmp_path / "copy")

    put_back(database, tmp_path / "copy", now=NOW + 3600)

    with database.read() as connection:
        assert connection.execute(select(lease.c.holder)).scalars().all() == [None]


def test_a_copy_is_never_written_over(database, tmp_path):
    (tmp_path / "copy").write_text("another")

    with pytest.raises(InvalidSetting, match="is there already"):
        back_up(database, tmp_path / "copy")

    assert (tmp_path / "copy").read_text() == "another"


@pytest.mark.parametrize("content", [b"", b"no database of ours at all, and long enough to be looked at closely" * 90])
def test_what_is_no_copy_changes_nothing(sqlite_databases, tmp_path, content):
    (tmp_path / "copy").write_bytes(content)
    with sqlite_databases.lend() as database:
        enqueue(database, "p1")

        with pytest.raises(InvalidSetting, match="is no whole copy"):
            put_back(database, tmp_path / "copy", now=NOW)

        assert list_queued(database) == ["p1"]
        assert read_epoch(database) == 1


def test_a_copy_taken_while_others_write_has_whole_transactions_only(database, tmp_path):
    going, stop = threading.Event(), threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with database.write() as connection:
                for half in ("left", "right"):
                    row = {"platform": half, "field": "f", "value": str(number), "count": 1, "example": "e"}
                    connection.execute(insert(unknown).values(**row, first_run=1, last_run=1))
            going.set()

    writer = threading.Thread(target=write)
    writer.start()
    going.wait(30)
    back_up(database, tmp_path / "copy")
    stop.set()
    writer.join()
    put_back(database, tmp_path / "copy", now=NOW)

    with database.read() as connection:
        halves = [set(connection.execute(select(unknown.c.value).where(unknown.c.platform == half)).scalars())
                  for half in ("left", "right")]  # fmt: skip
    assert halves[0] == halves[1] != set()
