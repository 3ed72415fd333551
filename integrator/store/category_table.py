"""What platforms' categories mean: counts of headings by listings that have both."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, delete, func, insert, select

from integrator.store.tables import category_guess, listing, version


def load_guess_counts(connection: Connection) -> list[tuple[str, str, str, int]]:
    """(platform, category code, heading, count)."""
    columns = (category_guess.c.platform, category_guess.c.code, category_guess.c.heading, category_guess.c.count)
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(select(*columns))]


def replace_guess_counts(connection: Connection, counts: Mapping[tuple[str, str, str], int]) -> None:
    """Another table of what platform categories mean."""
    connection.execute(delete(category_guess))
    rows = [
        {"platform": platform, "code": code, "heading": heading, "count": count}
        for (platform, code, heading), count in sorted(counts.items())
    ]
    if rows:
        connection.execute(insert(category_guess), rows)


def sample_contents(connection: Connection, *, most: int) -> Iterator[bytes]:
    """Contents of the first released live listings, for the category table."""
    wanted = (
        select(version.c.content)
        .join(listing, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.state == "live")
        .order_by(listing.c.key)
        .limit(most)
    )
    yield from connection.execute(wanted.execution_options(yield_per=1_000)).scalars()


def count_live(connection: Connection) -> int:
    """How many listings live."""
    return int(
        connection.execute(select(func.count()).select_from(listing).where(listing.c.state == "live")).scalar_one()
    )
