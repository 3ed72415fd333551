"""`hanmaru trace`: one listing's way, and where its values come from."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from web.commands.options import PLATFORM, as_json_option
from web.commands.tables import print_json, write_time
from web.wiring import wired

if TYPE_CHECKING:
    from integrator.explain.trace import Trace
    from integrator.explain.values import Read, Value

# A value or an original text of more letters is cut off for people; `--json` gives all of it.
_LETTERS = 100


@click.command()
@click.argument("platform", type=PLATFORM)
@click.argument("external_id", metavar="ID")
@click.option("--as-of", "day", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"]),
              metavar="DATE", help="As it was at this instant (UTC); a day alone means its end.")  # fmt: skip
@click.option("--fields", is_flag=True, help="Each value with its raw path, original text and rules.")
@as_json_option
def trace(*, platform: str, external_id: str, day: datetime | None, fields: bool, as_json: bool) -> None:
    """Show every step of one listing, with times (UTC): why is it here, or not."""
    from integrator.explain.trace import trace_listing
    from integrator.explain.values import trace_values

    as_of = None if day is None else _instant(day)
    with wired() as wiring:
        found = trace_listing(wiring.database, platform, external_id, as_of=as_of)
        values: list[Value] = []
        if fields:
            values = trace_values(wiring.database, wiring.connector(platform), external_id, as_of=as_of)
    if as_json:
        print_json(_as_document(found, values, as_of=as_of, fields=fields))
        return
    if fields:
        _print_values(values)
        click.echo("")
    else:
        for step in found.steps:
            click.echo(f"{write_time(step.at)}  {step.what:<10}  {step.text}")
    click.echo(found.now)


def _instant(day: datetime) -> float:
    at = day.replace(tzinfo=UTC).timestamp()
    is_day = (day.hour, day.minute, day.second) == (0, 0, 0)
    return at + 86_400 - 0.001 if is_day else at


def _as_document(found: "Trace", values: list["Value"], *, as_of: float | None, fields: bool) -> dict[str, object]:
    standing = found.standing
    document: dict[str, object] = {
        "platform": found.platform,
        "id": found.external_id,
        "as_of": write_time(as_of) or None,
        "now": found.now,
        "standing": {
            "state": standing.state,
            "generation": standing.generation,
            "version": standing.version,
            "visible": standing.visible,
            "hidden_reason": standing.hidden_reason,
            "product_id": standing.product_id,
            "seller_id": standing.seller_id,
            "merged_into": standing.merged_into,
        },
        "steps": [{"at": write_time(step.at), "what": step.what, "text": step.text} for step in found.steps],
    }
    if fields:
        document["fields"] = [_value_row(value) for value in values]
    return document


def _value_row(value: "Value") -> dict[str, object]:
    traced = value.traced
    return {
        "record": value.read.name,
        "field": traced.field,
        "value": traced.value,
        "origins": [asdict(origin) for origin in traced.origins],
        "rules": list(traced.rules),
        "issues": [{"code": issue.code, "raw": issue.raw} for issue in traced.issues],
        "today": value.today,
        "problem": value.read.problem,
    }


def _print_values(values: list["Value"]) -> None:
    from integrator.explain.rules import explain_rule

    last: Read | None = None
    if not values:
        click.echo("No version of it was released: there are no values to trace.")
    for value in values:
        if value.read != last:
            last = value.read
            place = f", page {last.page}, offset {last.offset}" if last.page else ""
            click.echo(
                f"\n{last.name} ({last.kind} record {last.raw}{place}){f': {last.problem}' if last.problem else ''}"
            )
        traced = value.traced
        click.echo(f"  {traced.field} = {_short(traced.value)}")
        for origin in traced.origins:
            click.echo(f"      from {origin.path}: {_short(origin.text)}")
        for rule in traced.rules:
            says = explain_rule(rule)
            click.echo(f"      by {rule}{f': {says}' if says else ''}")
        for issue in traced.issues:
            click.echo(f"      issue {issue.code}: {_short(issue.raw)}")
        if value.today is not None:
            click.echo(f"      today's parser reads {_short(value.today)}: see `hanmaru replay --dry-run`")


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"
