"""What operators look at and decide: the database, runs, rejections, one listing's way, what nobody knows."""

import json
from collections.abc import Mapping, Sequence

import click

from web.cli import DONE, FAILED
from web.commands.tables import Cell, write_table, write_time
from web.config import Settings
from web.wiring import PLATFORMS, Wiring, wired

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
