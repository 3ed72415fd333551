"""What operators look at and decide: the database, runs, holds, rejections, one listing's way, what nobody knows."""

import click

from web.config import Settings
from web.wiring import Wiring


@click.command()
def migrate() -> None:
    """Create the database or bring it up to date."""
    from integrator.store.runs import register_feeds
    from web.wiring import PLATFORMS

    database = Wiring(Settings.from_environment()).unchecked_database()
    database.migrate()
    with database.write() as connection:
        register_feeds(connection, PLATFORMS)
    age, _ = database.schema_age()
    database.close()
    click.echo(f"The database is ready (age {age}).")
