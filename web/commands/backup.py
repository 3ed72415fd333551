"""`hanmaru backup` and `restore`: the database as a whole. Everything else comes from it, or can be read again."""

from pathlib import Path

import click

from web.wiring import wired

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(*, file: Path) -> None:
    """Copy the database to a new FILE while everything goes on."""
    from integrator.store.backup import back_up

    with wired() as wiring:
        back_up(wiring.database, file)
    click.echo(f"{file}: {file.stat().st_size:,} bytes, whole.")


@click.command()
@click.argument("file", type=_FILE, required=False)
def restore(*, file: Path | None) -> None:
    """Put back what `backup` wrote to FILE; then rebuild the index.

    Without FILE the database was put back by its server's own tools, and only the new epoch begins.
    """
    from integrator.store.backup import put_back

    with wired() as wiring:
        database = wiring.unchecked_database()
        epoch = put_back(database, file, now=wiring.clock.now().timestamp())
        database.close()
    click.echo(f"The database is as it was; epoch {epoch} begins. Run `hanmaru migrate`, then `hanmaru index rebuild`.")
