"""What PostgreSQL knows of its tables, by which it chooses its ways."""

from sqlalchemy import Connection

from integrator.store.tables import metadata

_ANALYSE = "ANALYZE " + ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)


def refresh_statistics(connection: Connection) -> None:
    """Have it look at what the tables hold now.

    It does so by itself, but not within the first minute of a table that fills; until then it takes a platform's rows
    for a handful, and reads all of them for every look-up. SQLite goes by its indexes alone.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(_ANALYSE)
