"""Runs migrations on the connection that `Database.migrate` hands over, inside its transaction."""

from alembic import context
from sqlalchemy import Connection, text

# Text is compared and sorted by code point, as SQLite does, whatever the database was made with: pages that go on
# after a key then go on at the same place on both, and no index breaks when a library sorts otherwise one day.
_SORT_BY_CODE_POINT = """
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT table_name AS of_table,
               string_agg(format('ALTER COLUMN %I TYPE text COLLATE "C"', column_name), ', ') AS changes
        FROM information_schema.columns
        WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
        GROUP BY table_name
    LOOP
        EXECUTE format('ALTER TABLE %I %s', found.of_table, found.changes);
    END LOOP;
END $$
"""


def run_migrations(connection: Connection) -> None:
    context.configure(connection=connection, transactional_ddl=True)
    context.run_migrations()
    if connection.dialect.name == "postgresql":
        connection.execute(text(_SORT_BY_CODE_POINT))


run_migrations(context.config.attributes["connection"])
