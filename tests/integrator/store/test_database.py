"""The schema, its migrations, and SQL that both databases take."""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, insert, inspect, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

import integrator.store
from integrator.errors import SchemaMismatch
from integrator.explain.trace import trace_listing
from integrator.store.archive import _keep_statement
from integrator.store.database import SCHEMA_AGE, Database, Prepared, take_numbers
from integrator.store.tables import meta, metadata
from integrator.sync.asides import aside
from integrator.sync.deciding import approve_hold, reject_hold
from integrator.sync.detailing import read_details
from integrator.sync.replay import replay_feed
from integrator.sync.run import Slice, sync_feed
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, row


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/deep/hanmaru.db")


def test_migrations_make_exactly_the_tables(database) -> None:
    database.migrate()

    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        differences = [each for each in compare_metadata(context, metadata) if "alembic_version" not in str(each)]
    assert differences == []


def test_migrations_go_down_and_up_again(database) -> None:
    database.migrate()
    database.unmigrate()
    with database.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]

    database.migrate()

    database.require_schema()


def test_migrating_twice_is_nothing(database) -> None:
    database.migrate()
    database.migrate()

    assert database.schema_age() == (SCHEMA_AGE, 1)


def test_a_database_without_tables_names_the_command(database) -> None:
    with pytest.raises(SchemaMismatch, match="hanmaru migrate"):
        database.require_schema()


def test_looking_at_a_database_that_is_not_there_makes_no_file(database, tmp_path) -> None:
    assert database.schema_age() == (None, 0)
    assert list(tmp_path.iterdir()) == []


def test_code_refuses_a_schema_that_needs_newer_code(database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "compatible_from").values(value="99"))

    with pytest.raises(SchemaMismatch, match="upgrade the program"):
        database.require_schema()


def test_code_takes_a_newer_schema_that_still_fits(database) -> None:
    database.migrate()
    with database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "schema_age").values(value="7"))

    database.require_schema()


def test_sqlite_keeps_every_acknowledged_commit(database) -> None:
    database.migrate()
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_transaction_that_fails_leaves_nothing(database) -> None:
    database.migrate()

    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(meta).values(name="schema_age", value=take_numbers(connection, "listing_key", 5)))

    with database.write() as connection:
        assert take_numbers(connection, "listing_key", 1) == 1


def test_numbers_are_never_given_twice(database) -> None:
    database.migrate()
    with database.write() as connection:
        first = take_numbers(connection, "listing_key", 3)
    with database.write() as connection:
        assert take_numbers(connection, "listing_key", 1) == first + 3


def test_a_password_in_the_address_is_never_shown() -> None:
    assert "secret" not in Database("postgresql://user:secret@db.example/hanmaru").url


# PostgreSQL takes every statement ------------------------------------------------------------------------------------

POSTGRESQL = postgresql.dialect()


def _compile(statement: Any) -> str:
    clause = getattr(statement, "_post_values_clause", None)
    if clause is not None:
        clause.constraint_target = None  # the one attribute that SQLite's ON CONFLICT lacks
    return str(statement.compile(dialect=POSTGRESQL))


def test_postgresql_takes_every_table() -> None:
    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=POSTGRESQL))


def test_postgresql_takes_every_prepared_statement() -> None:
    found = [_keep_statement("postgresql")]
    for module in pkgutil.iter_modules(integrator.store.__path__, "integrator.store."):
        values = vars(importlib.import_module(module.name)).values()
        found += [value for value in values if isinstance(value, Prepared)]

    assert len(found) > 8
    for prepared in found:
        assert _compile(prepared.statement)


def test_postgresql_takes_every_statement_of_a_feed_s_life(database) -> None:
    database.migrate()
    seen = []
    event.listen(database.engine, "before_execute", lambda _c, clause, *_: seen.append(clause))

    _live(database)

    assert all(
        _all(database, name) for name in ("hold_listing", "withdrawal", "rejection", "detail", "contact", "unknown")
    )
    for clause in seen:
        if hasattr(clause, "compile"):
            assert _compile(clause)


def _live(database: Database) -> None:
    """A census, changes, rejections, tombstones, holds, details, a replay and a trace."""
    clock = FakeClock()
    feed = FakeConnector(listings=[row(f"{number:03}", phone="+82100") for number in range(20)])
    feed.accounts = [{"id": "A1", "name": "First"}]
    sync_feed(database, feed, clock)
    feed.listings[3].update(name="")
    feed.listings[4].update(price="9", updated=2000, unit="PALLET", account="A7")
    feed.listings[5].update(registered=900)
    feed.tombstones = [{"id": "006", "at": 5000}]
    sync_feed(database, feed, clock)
    everything, feed.listings = feed.listings, feed.listings[12:]
    for decide in (reject_hold, approve_hold):
        clock.advance(60)
        sync_feed(database, feed, clock, how=Slice(full=True))
        number = len(_all(database, "hold"))
        if number:
            decide(database, number, by="kim", clock=clock)
        feed.listings = everything
        sync_feed(database, feed, clock)
        feed.listings = everything[12:]
    read_details(database, feed, clock, limit=3)
    feed.parser_version = 2
    replay_feed(database, feed, clock)
    trace_listing(database, "buykorea", "004")
    with aside(database, feed, clock, lane="detail"):
        pass


def _all(database: Database, table: str) -> list[object]:
    with database.read() as connection:
        return list(connection.execute(select(metadata.tables[table])))
