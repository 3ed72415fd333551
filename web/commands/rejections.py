"""`hanmaru rejections` and `unknowns`: what could not be used, and what no table of ours knows."""

import json
from collections.abc import Sequence

import click

from web.commands.options import as_json_option, of_platform
from web.commands.tables import Cell, print_json, readable, write_table, write_time
from web.wiring import PLATFORMS, Wiring, wired


@click.command()
@of_platform
@click.option("--code", help="Show records of this code, with the raw record beside.")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Records to show of a code.")
@as_json_option
def rejections(*, platform: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """Show records that could not be used, grouped by the gravest reason."""
    from integrator.store.readings import count_rejections

    with wired() as wiring:
        if code is not None:
            _show_records(wiring, code.upper(), platform=platform, limit=limit, as_json=as_json)
            return
        with wiring.database.read() as connection:
            rows = [dict(row) for row in count_rejections(connection, platform=platform)]
    if as_json:
        print_json([readable(row, times=("since", "last")) for row in rows])
    elif not rows:
        click.echo("Every record could be used.")
    else:
        cells: list[Sequence[Cell]] = [
            [row["platform"], row["kind"], row["code"], row["records"], write_time(row["last"]), _help_of(row["code"])]
            for row in rows
        ]
        click.echo(write_table(["platform", "kind", "code", "records", "last", "what to do"], cells))


def _show_records(wiring: Wiring, code: str, *, platform: str | None, limit: int, as_json: bool) -> None:
    from integrator.store.archive import ArchiveReader
    from integrator.store.readings import find_examples

    with wiring.database.read() as connection:
        rows = find_examples(connection, code=code, platform=platform, limit=limit)
        kept = ArchiveReader().find(connection, [row["raw"] for row in rows])
    documents = [
        {
            "platform": row["platform"],
            "kind": row["kind"],
            "id": row["external_id"],
            "reasons": json.loads(row["reasons"]),
            "page": row["page"],
            "offset": row["offset"],
            "first_at": write_time(row["first_at"]),
            "last_at": write_time(row["last_at"]),
            "raw": kept[row["raw"]].body.decode("utf-8", "replace") if row["raw"] in kept else None,
        }
        for row in rows
    ]
    if as_json:
        print_json(documents)
        return
    click.echo(_help_of(code) or f"{code} is no code of ours." if not documents else _help_of(code))
    for each in documents:
        click.echo(f"\n{each['platform']} {each['kind']} {each['id'] or '(no id)'}: page {each['page']}, "
                   f"offset {each['offset']}, last {each['last_at']} UTC")  # fmt: skip
        for reason in each["reasons"]:
            click.echo(f"  {reason['code']} {reason['field']} {reason['raw']!r}")
        click.echo(f"  raw: {each['raw'] or 'not kept any more'}")


def _help_of(code: str) -> str:
    from integrator.issues import HELP

    found = HELP.get(code)
    return found.en if found else ""


@click.command()
@of_platform
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@as_json_option
def unknowns(*, platform: str | None, limit: int, as_json: bool) -> None:
    """List units, codes, certificates, categories and fields that no table of ours knows, by frequency."""
    from integrator.store.readings import list_unknowns

    with wired() as wiring, wiring.database.read() as connection:
        rows = [
            {
                **row,
                "policy": PLATFORMS[row["platform"]].connector.policies.of_unknown(row["field"], row["value"]).value,
            }
            for row in list_unknowns(connection, platform=platform, limit=limit)
        ]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("Every code is known.")
    else:
        names = ["platform", "field", "value", "count", "policy", "example", "first_run", "last_run"]
        click.echo(write_table(names, [[row[name] for name in names] for row in rows]))
