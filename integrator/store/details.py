"""Details: what only a singly asked record tells, one row a listing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from integrator.store.database import insert_for
from integrator.store.tables import detail


@dataclass(frozen=True, slots=True)
class DetailStatement:
    """A detail record, ready to be written."""

    listing_key: int
    raw: bytes
    parser_version: int
    content: bytes


def save_details(connection: Connection, said: Sequence[DetailStatement], *, now: float) -> None:
    """Keep the newest detail of each listing."""
    statement = insert_for(connection, detail)
    columns = ("raw", "parser_version", "content", "read_at")
    statement = statement.on_conflict_do_update(
        index_elements=[detail.c.listing_key], set_={name: statement.excluded[name] for name in columns}
    )
    rows = [
        {
            "listing_key": each.listing_key,
            "raw": each.raw,
            "parser_version": each.parser_version,
            "content": each.content,
            "read_at": now,
        }
        for each in said
    ]
    if rows:
        connection.execute(statement, rows)
