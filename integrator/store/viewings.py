"""How often products were looked at: what the detail lane asks for first."""

from collections.abc import Mapping

from sqlalchemy import Connection

from integrator.store.database import insert_for
from integrator.store.tables import viewing


def add_viewings(connection: Connection, counts: Mapping[str, int], *, now: float) -> None:
    """Add these counts to those of their products."""
    statement = insert_for(connection, viewing)
    statement = statement.on_conflict_do_update(
        index_elements=[viewing.c.product_id],
        set_={"count": viewing.c.count + statement.excluded["count"], "last_at": statement.excluded.last_at},
    )
    rows = [{"product_id": product_id, "count": count, "last_at": now} for product_id, count in counts.items()]
    if rows:
        connection.execute(statement, rows)
