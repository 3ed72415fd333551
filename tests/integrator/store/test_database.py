"""The schema, its migrations, and the numbers it gives."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect, update
from sqlalchemy.exc import IntegrityError

from integrator.errors import SchemaMismatch
from integrator.store.database import SCHEMA_AGE, Database, take_keys, take_numbers
from integrator.store.tables import meta, metadata
from tests.databases import SQLITE


def test_migrations_make_exactly_the_tables(database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        differences = [each for each in compare_metadata(context, metadata) if "alembic_version" not in str(each)]
    assert differences == []


def test_migrations_go_down_and_up_again(bare_database) -> None:
    bare_database.migrate()
    bare_database.unmigrate()
    with bare_database.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]

    bare_database.migrate()

    bare_database.require_schema()


def test_migrating_twice_is_nothing(bare_database) -> None:
    bare_database.migrate()
    bare_database.migrate()

    assert bare_database.schema_age() == (SCHEMA_AGE, 1)


def test_a_database_without_tables_names_the_command(bare_database) -> None:
    with pytest.raises(SchemaMismatch, match="hanmaru migrate"):
        bare_database.require_schema()


@pytest.mark.parametrize("backend", [SQLITE], indirect=True)
def test_looking_at_a_database_that_is_not_there_makes_no_file(bare_database, tmp_path) -> None:
    assert bare_database.schema_age() == (None, 0)
    assert list(tmp_path.iterdir()) == []


def test_code_refuses_a_schema_that_needs_newer_code(database) -> None:
    with database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "compatible_from").values(value="99"))

    with pytest.raises(SchemaMismatch, match="upgrade the program"):
        database.require_schema()


def test_code_takes_a_newer_schema_that_still_fits(database) -> None:
    with database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "schema_age").values(value="7"))

    database.require_schema()


@pytest.mark.parametrize("backend", [SQLITE], indirect=True)
def test_sqlite_keeps_every_acknowledged_commit(database) -> None:
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_that_fails_leaves_nothing(database) -> None:
    with database.write() as connection:
        before = take_numbers(connection, "document_sequence", 1)

    with pytest.raises(IntegrityError):
        _take_and_fail(database)

    with database.write() as connection:
        assert take_numbers(connection, "document_sequence", 1) == before + 1


def _take_and_fail(database: Database) -> None:
    with database.write() as connection:
        taken = take_numbers(connection, "document_sequence", 5)
        connection.execute(insert(meta).values(name="schema_age", value=str(taken)))


def test_numbers_are_never_given_twice(database) -> None:
    with database.write() as connection:
        first = take_numbers(connection, "document_sequence", 3)
    with database.write() as connection:
        assert take_numbers(connection, "document_sequence", 1) == first + 3


def test_keys_rise_and_are_never_given_twice(database) -> None:
    with database.write() as connection:
        first = list(take_keys(connection, 3))
    with database.write() as connection:
        more = list(take_keys(connection, 2))

    assert sorted({*first, *more}) == first + more


def test_a_password_in_the_address_is_never_shown() -> None:
    assert "secret" not in Database("postgresql://user:secret@db.example/hanmaru").url
