"""Details: what only a singly asked record tells, one row a listing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from integrator.store.database import insert_for
from integrator.store.listings import ListingState
from integrator.store.tables import detail, listing


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


def find_stalest(connection: Connection, platform: str, *, limit: int) -> list[str]:
    """Ids of visible listings whose detail was never read, the newest first; then those read longest ago."""
    wanted = (
        select(listing.c.external_id)
        .outerjoin(detail, detail.c.listing_key == listing.c.key)
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value, listing.c.visible)
        .order_by(detail.c.read_at.is_not(None), detail.c.read_at, listing.c.key.desc())
        .limit(limit)
    )
    return list(connection.execute(wanted).scalars())
