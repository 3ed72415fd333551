"""Details: what only a singly asked record tells, one row a listing."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, bindparam, exists, select, update

from integrator.store.database import chunks, insert_for
from integrator.store.listings import ListingState
from integrator.store.tables import detail, listing, product_listing, viewing


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


def load_details(connection: Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """What is kept of these listings' details, by the listing's key."""
    found: dict[int, bytes] = {}
    for piece in chunks(keys):
        wanted = select(detail.c.listing_key, detail.c.content).where(detail.c.listing_key.in_(piece))
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


def find_wanted(connection: Connection, platform: str, *, limit: int, viewed_before: float) -> list[str]:
    """Ids of visible listings to ask details of, each once, in the order in which they are wanted.

    First those of products that buyers look at, the most viewed first, unless they were read after `viewed_before`
    (POSIX seconds); then those never read, the newest first; then those read longest ago.
    """
    found: dict[str, None] = {}
    for wanted in (_viewed(viewed_before), _never_read(), _stalest()):
        if len(found) < limit:
            here = wanted.where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value)
            shown = here.where(listing.c.visible).limit(limit)
            found.update(dict.fromkeys(connection.execute(shown).scalars()))
    return list(found)[:limit]


def _viewed(before: float) -> Select[str]:
    return (
        select(listing.c.external_id)
        .join_from(viewing, product_listing, product_listing.c.product_id == viewing.c.product_id)
        .join(listing, listing.c.key == product_listing.c.listing_key)
        .outerjoin(detail, detail.c.listing_key == listing.c.key)
        .where(detail.c.read_at.is_(None) | (detail.c.read_at < before))
        .order_by(viewing.c.count.desc(), detail.c.read_at.is_not(None), detail.c.read_at, listing.c.key.desc())
    )


def _never_read() -> Select[str]:
    unread = ~exists().where(detail.c.listing_key == listing.c.key)
    return select(listing.c.external_id).where(unread).order_by(listing.c.key.desc())


def _stalest() -> Select[str]:
    oldest = select(listing.c.external_id).join_from(detail, listing, listing.c.key == detail.c.listing_key)
    return oldest.order_by(detail.c.read_at, listing.c.key)


# Details by an older parser ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeptDetail:
    """A live listing's detail that an older parser read, and its record's name in the archive."""

    listing_key: int
    external_id: str
    account_id: str
    raw: bytes
    content: bytes


def list_outdated(
    connection: Connection, platform: str, *, parser_version: int, after: int, limit: int
) -> list[KeptDetail]:
    """Details after this listing's key that another parser than this one read, in its order."""
    columns = (detail.c.listing_key, listing.c.external_id, listing.c.account_id, detail.c.raw, detail.c.content)
    wanted = (
        select(*columns)
        .join(listing, listing.c.key == detail.c.listing_key)
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value)
        .where(detail.c.parser_version != parser_version, detail.c.listing_key > after)
        .order_by(detail.c.listing_key)
        .limit(limit)
    )
    return [KeptDetail(*row) for row in connection.execute(wanted)]


def replace_details(connection: Connection, said: Sequence[DetailStatement]) -> None:
    """What today's parser makes of kept records; when they were read from the platform stays as it was."""
    here = update(detail).where(detail.c.listing_key == bindparam("of"), detail.c.raw == bindparam("as_kept"))
    rows = [
        {"of": each.listing_key, "as_kept": each.raw, "parser": each.parser_version, "said": each.content}
        for each in said
    ]
    if rows:
        connection.execute(here.values(parser_version=bindparam("parser"), content=bindparam("said")), rows)
