"""`hanmaru runs`: what the feeds' runs came to, and what one of them cost."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from web.commands.options import as_json_option, of_platform
from web.commands.tables import print_json, readable, write_table, write_time
from web.wiring import wired

_TIMES = ("started_at", "heartbeat_at", "ended_at", "platform_clock", "not_before")
_DOCUMENTS = ("watermark", "position", "warnings", "walk_end", "cost", "failed_place")
_COUNTS = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "withdrawn", "held")


@click.group(invoke_without_command=True)
@of_platform
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@as_json_option
@click.pass_context
def runs(context: click.Context, *, platform: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs of the feeds, and why they ended as they did; or show one."""
    from integrator.store.runs import list_runs

    if context.invoked_subcommand is not None:
        return
    with wired() as wiring, wiring.database.read() as connection:
        rows = [dict(row) for row in list_runs(connection, platform=platform, limit=limit)]
    if as_json:
        print_json([_as_document(row) for row in rows])
        return
    names = ["run", "platform", "lane", "state", "started", *_COUNTS]
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
                    *(row[name] for name in _COUNTS),
                ]
                for row in rows
            ],
        )
    )
    for row in rows:
        click.echo(f"{row['id']}: {_say(row)}")


@runs.command()
@click.argument("number", type=int)
@as_json_option
def show(*, number: int, as_json: bool) -> None:
    """Show run NUMBER: what it counted, and what that cost."""
    from integrator.explain.cost import count_cost
    from integrator.store.readings import find_run

    with wired() as wiring, wiring.database.read() as connection:
        row = find_run(connection, number)
    if as_json:
        print_json(_as_document(row))
        return
    ended = f" to {write_time(row['ended_at'])}" if row["ended_at"] else ""
    click.echo(
        f"Run {number}: {row['platform']} {row['lane']}, {row['state']}, {write_time(row['started_at'])}{ended} UTC"
    )
    click.echo(f"  {_say(row)}")
    for warning in readable(row, documents=("warnings",))["warnings"]:
        click.echo(f"  {warning}")
    five = " + ".join(f"{row[name]:,} {name}" for name in _COUNTS[1:6])
    click.echo(f"  {row['seen']:,} listings seen = {five}; {row['withdrawn']:,} withdrawn, {row['held']:,} held")
    cost = count_cost(row)
    cells = [[name, amount, cost.per_change(name)] for name, amount in cost.amounts.items()]
    click.echo(write_table(["cost", "amount", f"for each of {cost.changed:,} changes"], cells))


def _as_document(row: Mapping[str, Any]) -> dict[str, object]:
    """A row with its receipt: `cost` holds all amounts, `changes` what they are to be measured against."""
    from integrator.explain.cost import count_cost

    cost = count_cost(row)
    return {**readable(row, times=_TIMES, documents=_DOCUMENTS), "cost": cost.amounts, "changes": cost.changed}


def _say(row: Mapping[str, Any]) -> str:
    """Why it ended so or how far it is; then how often it was interrupted, and when it may go on."""
    notes = "; ".join(_notes(row))
    return f"{row['reason'] or _say_stage(row)}{f' ({notes})' if notes else ''}"


def _notes(row: Mapping[str, Any]) -> Iterator[str]:
    slices, retries, not_before = row["slices"], row["retries"], row["not_before"]
    if slices > 1:
        yield f"{slices:,} slices"
    if retries:
        yield f"{retries:,} calls tried again" if retries != 1 else "one call tried again"
    if not_before is not None:
        yield f"its successor may begin at {write_time(not_before)} UTC"


def _say_stage(row: Mapping[str, Any]) -> str:
    total = f" of {row['stage_total']}" if row["stage_total"] else ""
    return f"{row['stage'] or 'beginning'} {row['stage_done']}{total}"
