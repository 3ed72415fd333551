"""What operators look at and decide: the database, runs, holds, rejections, one listing's way, what nobody knows."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from web.cli import DONE, FAILED
from web.commands.tables import Cell, write_table, write_time
from web.config import Settings
from web.wiring import PLATFORMS, Wiring, wired

if TYPE_CHECKING:
    from integrator.store.holds import Hold

PLATFORM = click.Choice(list(PLATFORMS))
_of_platform = click.option("--platform", type=PLATFORM, help="Only this platform.")
_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@click.command()
def migrate() -> None:
    """Create the database or bring it up to date."""
    from integrator.store.runs import register_feeds

    database = Wiring(Settings.from_environment()).unchecked_database()
    database.migrate()
    with database.write() as connection:
        register_feeds(connection, PLATFORMS)
    age, _ = database.schema_age()
    database.close()
    click.echo(f"The database is ready (age {age}).")


# Runs ----------------------------------------------------------------------------------------------------------------

_RUN_TIMES = ("started_at", "heartbeat_at", "ended_at", "platform_clock")
_RUN_JSON = ("watermark", "position", "warnings")


@click.command()
@_of_platform
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@_as_json
def runs(*, platform: str | None, limit: int, as_json: bool) -> None:
    """List the newest runs of the feeds, and why they ended as they did."""
    from integrator.store.runs import list_runs

    with wired() as wiring, wiring.database.read() as connection:
        rows = [dict(row) for row in list_runs(connection, platform=platform, limit=limit)]
    if as_json:
        _print_json([_readable(row, times=_RUN_TIMES, documents=_RUN_JSON) for row in rows])
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


# Holds ---------------------------------------------------------------------------------------------------------------


@click.group(invoke_without_command=True)
@click.pass_context
def holds(context: click.Context) -> None:
    """List, approve or reject deletions that wait for a person."""
    if context.invoked_subcommand is None:
        context.invoke(list_holds)


@holds.command("list")
@_of_platform
@click.option("--every", is_flag=True, help="Decided and closed ones too.")
@_as_json
def list_holds(*, platform: str | None = None, every: bool = False, as_json: bool = False) -> None:
    """Show what waits, with its diff."""
    from integrator.store import holds as store

    with wired() as wiring, wiring.database.read() as connection:
        found = store.list_holds(connection, platform=platform, every=every)
    if as_json:
        _print_json([_hold_row(hold) for hold in found])
    elif not found:
        click.echo("Nothing waits for a person.")
    else:
        for hold in found:
            _print_hold(hold)


def _hold_row(hold: "Hold") -> dict[str, object]:
    return {
        "id": hold.id,
        "platform": hold.platform,
        "run": hold.run,
        "state": hold.state.value,
        "reason": hold.reason,
        "listings": hold.waiting,
        "diff": hold.diff,
        "created_at": write_time(hold.created_at),
        "decided_at": write_time(hold.decided_at) or None,
        "decided_by": hold.decided_by,
    }


def _print_hold(hold: "Hold") -> None:
    decided = f", {hold.state.value} by {hold.decided_by}" if hold.decided_by else ""
    click.echo(f"Hold {hold.id}: {hold.platform}, run {hold.run}, {write_time(hold.created_at)} UTC{decided}")
    click.echo(f"  {hold.reason}")
    examples, sellers = hold.diff.get("examples"), hold.diff.get("sellers")
    if isinstance(examples, list) and examples:
        click.echo(f"  {hold.waiting:,} listings, for example {', '.join(map(str, examples[:8]))}")
    for seller in sellers[:5] if isinstance(sellers, list) else ():
        if isinstance(seller, dict):
            click.echo(
                f"  seller {seller['account_id']}: {seller['listings']} of {seller['visible_before']} visible listings"
            )
    if not hold.decided_by:
        click.echo(f"  Gone for good: `hanmaru holds approve {hold.id}`. A mistake: `hanmaru holds reject {hold.id}`.")


@holds.command()
@click.argument("number", type=int)
@click.option("--by", default="operator", show_default=True, help="Who decides.")
def approve(*, number: int, by: str) -> None:
    """Withdraw what is still missing of hold NUMBER."""
    from integrator.sync.deciding import approve_hold
    from web.pipeline import resolve_and_publish

    with wired() as wiring:
        gone = approve_hold(wiring.database, number, by=by, clock=wiring.clock)
        published = resolve_and_publish(wiring, lambda *_: None)
    click.echo(f"{gone:,} listings are withdrawn; {published.index_writes:,} documents of the index changed.")


@holds.command()
@click.argument("number", type=int)
@click.option("--by", default="operator", show_default=True, help="Who decides.")
def reject(*, number: int, by: str) -> None:
    """Keep the listings of hold NUMBER; the same absence does not hold them again."""
    from integrator.sync.deciding import reject_hold

    with wired() as wiring:
        reject_hold(wiring.database, number, by=by, clock=wiring.clock)
    click.echo("They stay as they are.")


# Rejections and unknowns ---------------------------------------------------------------------------------------------


@click.command()
@_of_platform
@click.option("--code", help="Show records of this code, with the raw record beside.")
@click.option("--limit", type=click.IntRange(min=1), default=5, show_default=True, help="Records to show of a code.")
@_as_json
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
        _print_json([_readable(row, times=("since", "last")) for row in rows])
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
        _print_json(documents)
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
@_of_platform
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@_as_json
def unknowns(*, platform: str | None, limit: int, as_json: bool) -> None:
    """List units, codes, certificates, categories and fields that no table of ours knows, by frequency."""
    from integrator.store.readings import list_unknowns

    with wired() as wiring, wiring.database.read() as connection:
        rows = [dict(row) for row in list_unknowns(connection, platform=platform, limit=limit)]
    if as_json:
        _print_json(rows)
    elif not rows:
        click.echo("Every code is known.")
    else:
        names = ["platform", "field", "value", "count", "example", "first_run", "last_run"]
        click.echo(write_table(names, [[row[name] for name in names] for row in rows]))


# One listing ---------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("platform", type=PLATFORM)
@click.argument("external_id", metavar="ID")
@_as_json
def trace(*, platform: str, external_id: str, as_json: bool) -> None:
    """Show every step of one listing, with times (UTC): why is it here, or not."""
    from integrator.sync.trace import trace_listing

    with wired() as wiring:
        found = trace_listing(wiring.database, platform, external_id)
    if as_json:
        steps = [{"at": write_time(step.at), "what": step.what, "text": step.text} for step in found.steps]
        _print_json({"platform": platform, "id": external_id, "now": found.now, "steps": steps})
        return
    for step in found.steps:
        click.echo(f"{write_time(step.at)}  {step.what:<10}  {step.text}")
    click.echo(found.now)


# Doctor --------------------------------------------------------------------------------------------------------------


@click.command()
@_as_json
def doctor(*, as_json: bool) -> None:
    """Say what is reachable and what is not, and what to do."""
    from web.commands.checks import check_all

    checks = check_all(Settings.from_environment())
    if as_json:
        _print_json([{"name": check.name, "ok": check.ok, "text": check.text} for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok ' if check.ok else 'BAD'}  {check.name:<12}  {check.text}")
    raise SystemExit(DONE if all(check.ok for check in checks) else FAILED)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False))


def _readable(
    row: Mapping[str, object], *, times: Sequence[str] = (), documents: Sequence[str] = ()
) -> dict[str, object]:
    """A row with its times as text and its JSON columns as JSON."""
    readable = dict(row)
    for name in times:
        at = row[name]
        readable[name] = write_time(at) if isinstance(at, float | int) else None
    for name in documents:
        text = row[name]
        readable[name] = json.loads(text) if isinstance(text, str) else None
    return readable
