"""What a database's failure is called."""

import sqlite3

import psycopg
import pytest
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from integrator.errors import StorageBusy, StorageUnavailable
from integrator.store.room import needing_room


def of_postgresql(state: str) -> DBAPIError:
    return OperationalError("UPDATE", None, psycopg.errors.lookup(state)())


def of_sqlite(code: int) -> DBAPIError:
    said = sqlite3.OperationalError()
    said.sqlite_errorcode = code
    return OperationalError("UPDATE", None, said)


def fail(error: Exception) -> None:
    with needing_room():
        raise error


@pytest.mark.parametrize(
    "error", [of_postgresql("53100"), of_postgresql("58030"), of_sqlite(13), of_sqlite(10 | 3 << 8)]
)
def test_a_disk_that_takes_no_more_is_told_as_such(error: DBAPIError) -> None:
    with pytest.raises(StorageUnavailable, match="disk"):
        fail(error)


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_another_transaction_in_the_way_may_be_tried_again(state: str) -> None:
    with pytest.raises(StorageBusy):
        fail(of_postgresql(state))


@pytest.mark.parametrize("state", ["08006", "57P01", "57P03", "53300", "25P03"])
def test_a_server_that_goes_or_is_full_does_not_answer(state: str) -> None:
    with pytest.raises(StorageUnavailable, match="does not answer"):
        fail(of_postgresql(state))


@pytest.mark.parametrize(
    "error",
    [
        of_postgresql("25006"),
        of_sqlite(5),
        IntegrityError("INSERT", None, psycopg.errors.UniqueViolation()),
        DataError("INSERT", None, psycopg.DataError()),
    ],
)
def test_whatever_else_fails_stays_what_it_is(error: DBAPIError) -> None:
    with pytest.raises(type(error)):
        fail(error)
