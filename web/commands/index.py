"""`hanmaru index`: the search index beside the database that it is made from."""

import json
from dataclasses import asdict

import click

from web.cli import DONE, FAILED
from web.wiring import Wiring, wired

_SHOWN = 20


@click.group()
def index() -> None:
    """Look at, verify, repair or rebuild the search index.

    The index is disposable: everything in it comes from the database.
    """


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(*, as_json: bool) -> None:
    """Say what the index holds, what waits for it, what it refused, and what the database has.

    Exits with 1 when it cannot be used.
    """
    from integrator.store.catalogue import count_visible
    from integrator.store.outbox import count_outbox, load_set_aside

    with wired() as wiring:
        found = wiring.index.status()
        with wiring.database.read() as connection:
            products = count_visible(connection)
            waiting, set_aside = count_outbox(connection)
            refused = load_set_aside(connection, limit=_SHOWN)
    shown = {**asdict(found), "products": products, "waiting": waiting, "set_aside": set_aside}
    if as_json:
        click.echo(json.dumps({**shown, "refused": [{"product_id": each, "reason": why} for each, why in refused]}))
    else:
        click.echo("\n".join(f"{name:<11} {_words(value)}" for name, value in shown.items() if value is not None))
        for product_id, reason in refused:
            click.echo(f"refused     {product_id}: {reason}")
    raise SystemExit(FAILED if found.problem else DONE)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(*, as_json: bool) -> None:
    """Compare every document with the database. Exits with 1 when they differ."""
    with wired() as wiring:
        count = _verify(wiring, as_json=as_json)
    raise SystemExit(FAILED if count else DONE)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def repair(*, as_json: bool) -> None:
    """Write again what differs, and verify. Exits with 1 when they still differ."""
    from integrator.publish.publisher import publish
    from integrator.publish.rebuild import queue_drift

    with wired() as wiring:
        queued = queue_drift(wiring.database, wiring.index)
        done = publish(wiring.database, wiring.index)
        click.echo(f"{queued} documents differed, {done.index_writes} were written.", err=True)
        count = _verify(wiring, as_json=as_json)
    raise SystemExit(FAILED if count else DONE)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def rebuild(*, as_json: bool) -> None:
    """Build a new index beside the live one, check it, and let it take over. Searches go on meanwhile."""
    from integrator.publish.rebuild import rebuild as build
    from web.commands.sync import watched

    with wired() as wiring, watched() as watch:
        built = build(wiring.database, wiring.index, progress=lambda stage, done, total: watch("", stage, done, total))
    if as_json:
        click.echo(json.dumps(asdict(built)))
    else:
        click.echo(f"The index was rebuilt: {built.documents:,} documents, {built.refused:,} refused.")
    raise SystemExit(FAILED if built.refused else DONE)


@index.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def rollback(*, as_json: bool) -> None:
    """Go back to the index before the last rebuild; `repair` then brings it up to date."""
    with wired() as wiring:
        name = wiring.index.rollback()
    click.echo(json.dumps({"current": name}) if as_json else f"The index in use is {name} again.")


def _verify(wiring: Wiring, *, as_json: bool) -> int:
    """Say how far index and database are apart; gives the number of documents that differ."""
    from integrator.publish.rebuild import verify as compare

    drift = compare(wiring.database, wiring.index)
    if as_json:
        click.echo(json.dumps({**asdict(drift), "drift": drift.count}))
        return drift.count
    click.echo(f"{drift.checked:,} documents compared, {drift.count:,} differ.")
    for word, ids in (("missing", drift.missing), ("surplus", drift.surplus), ("differing", drift.differing)):
        if ids:
            click.echo(f"{word}: {', '.join(ids[:_SHOWN])}{' …' if len(ids) > _SHOWN else ''}")
    return drift.count


def _words(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
