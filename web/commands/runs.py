"""`hanmaru runs`: what the feeds' runs came to, and what one of them cost."""

from collections.abc import Mapping

import click

from web.commands.options import as_json_option, of_platform
from web.commands.tables import print_json, readable, write_table, write_time
from web.wiring import wired

_RUN_TIMES = ("started_at", "heartbeat_at", "ended_at", "platform_clock")
_RUN_JSON = ("watermark", "position", "warnings")


@click.command()
@of_platform
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@as_json_option
def runs(*, platform: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs of the feeds, and why they ended as they did."""
    from integrator.store.runs import list_runs

    with wired() as wiring, wiring.database.read() as connection:
        rows = [dict(row) for row in list_runs(connection, platform=platform, limit=limit)]
    if as_json:
        print_json([readable(row, times=_RUN_TIMES, documents=_RUN_JSON) for row in rows])
        return
    numbers = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "withdrawn", "held")
    names = ["run", "platform", "lane", "state", "started", *numbers]
    click.echo(
        write_table(
            names,
            [
                [
                    row["id"],
                    row["platform"],
                    row["lane"],
                    row["state"],
                    write_time(row["started_at"]),
                    *(row[name] for name in numbers),
                ]
                for row in rows
            ],
        )
    )
    for row in rows:
        click.echo(f"{row['id']}: {row['reason'] or _say_stage(row)}")


def _say_stage(row: Mapping[str, object]) -> str:
    total = f" of {row['stage_total']}" if row["stage_total"] else ""
    return f"{row['stage'] or 'beginning'} {row['stage_done']}{total}"
