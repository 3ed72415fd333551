"""`hanmaru replay --dry-run`: what today's parser would change in what is stored."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from web.commands.tables import Cell, write_table

if TYPE_CHECKING:
    from integrator.explain.rehearsal import Difference, Rehearsal

_LETTERS = 60


def print_rehearsals(found: "Sequence[Rehearsal]", *, as_json: bool) -> None:
    """One JSON document a platform, a line each; for people tables of fields, with an example each."""
    for each in found:
        if as_json:
            click.echo(json.dumps(_as_document(each), ensure_ascii=False))
        else:
            _print(each)


def _as_document(found: "Rehearsal") -> dict[str, object]:
    return {
        "platform": found.platform,
        "parser_version": found.parser_version,
        "read": dict(found.read),
        "differing": dict(found.differing),
        "fields": [
            {
                "kind": kind,
                "field": field,
                "changed": each.changed,
                "filled": each.filled,
                "lost": each.lost,
                "examples": [
                    {"id": example.external_id, "before": example.before, "after": example.after}
                    for example in each.examples
                ],
            }
            for (kind, field), each in _ordered(found)
        ],
        "usable": found.usable,
        "rejected": dict(found.rejected),
        "not_kept": found.not_kept,
    }


def _ordered(found: "Rehearsal") -> "list[tuple[tuple[str, str], Difference]]":
    """The fields that differ most first."""
    return sorted(found.fields.items(), key=lambda item: (-item[1].records, item[0]))


def _print(found: "Rehearsal") -> None:
    read = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.read.items())) or "nothing"
    click.echo(f"{found.platform}: read again by parser {found.parser_version}, and nothing written: {read} records.")
    if found.fields:
        rows: list[Sequence[Cell]] = []
        for (kind, field), each in _ordered(found):
            example = each.examples[0]
            shown = f"{example.external_id}: {_short(example.before)} -> {_short(example.after)}"
            rows.append([kind, field, each.changed, each.filled, each.lost, shown])
        click.echo(write_table(["kind", "field", "changed", "filled", "lost", "example"], rows))
    else:
        click.echo("  Every value would be as it is.")
    for code, count in found.rejected.most_common():
        click.echo(f"  {count:,} records would be rejected: {code}.")
    if found.usable:
        click.echo(f"  {found.usable:,} rejected records could be used.")
    if found.not_kept:
        click.echo(f"  {found.not_kept:,} records are not kept any more and stay as they are.")


def _short(value: object) -> str:
    text = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LETTERS else f"{text[:_LETTERS]}…"
