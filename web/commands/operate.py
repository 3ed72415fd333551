"""The database made and brought up to date, and what is reachable."""

import click

from web.cli import DONE, FAILED
from web.commands.options import as_json_option
from web.commands.tables import print_json
from web.config import Settings
from web.wiring import PLATFORMS, Wiring


@click.command()
def migrate() -> None:
    """Create the database or bring it up to date."""
    from integrator.store.feeds import register_feeds

    database = Wiring(Settings.from_environment()).unchecked_database()
    database.migrate()
    with database.write() as connection:
        register_feeds(connection, PLATFORMS)
    age, _ = database.schema_age()
    database.close()
    click.echo(f"The database is ready (age {age}).")


@click.command()
@click.argument("parts", nargs=-1)
@as_json_option
def doctor(*, parts: tuple[str, ...], as_json: bool) -> None:
    """Say what is reachable and what is not, and what to do; of these PARTS only, if any are named."""
    from web.commands.checks import check_all

    checks = check_all(Settings.from_environment(), wanted=parts)
    if as_json:
        print_json([{"name": check.name, "ok": check.ok, "text": check.text} for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok ' if check.ok else 'BAD'}  {check.name:<12}  {check.text}")
    raise SystemExit(DONE if all(check.ok for check in checks) else FAILED)
