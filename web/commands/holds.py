"""What waits for a person: look at it, decide it; and what was decided wrongly or never asked for: undo it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from web.commands.options import as_json_option, of_platform
from web.commands.tables import print_json, write_time
from web.wiring import wired

if TYPE_CHECKING:
    from integrator.store.holds import Hold
    from integrator.sync.outcome import Outcome
    from integrator.sync.undo import Undone
    from web.showing import Watch
    from web.wiring import Wiring

_by = click.option("--by", default="operator", show_default=True, help="Who decides.")
_reason = click.option("--reason", default="", help="Why; kept beside the decision.")

# Examples and sellers that a list shows of a hold; `holds show` shows all there are.
_FEW = 5


@click.group(invoke_without_command=True)
@click.pass_context
def holds(context: click.Context) -> None:
    """List, approve, reject or read again what waits for a person."""
    if context.invoked_subcommand is None:
        context.invoke(list_holds)


@holds.command("list")
@of_platform
@click.option("--every", is_flag=True, help="Decided and closed ones too.")
@as_json_option
def list_holds(*, platform: str | None = None, every: bool = False, as_json: bool = False) -> None:
    """Show what waits, with the head of its diff."""
    from integrator.store import holds as store

    with wired() as wiring, wiring.database.read() as connection:
        found = store.list_holds(connection, platform=platform, every=every)
    if as_json:
        print_json([_hold_row(hold) for hold in found])
    elif not found:
        click.echo("Nothing waits for a person.")
    else:
        for hold in found:
            _print_hold(hold, most=_FEW)


@holds.command()
@click.argument("number", type=int)
@as_json_option
def show(*, number: int, as_json: bool) -> None:
    """Show hold NUMBER with its whole diff: counts, fields, examples, sellers."""
    from integrator.sync.deciding import require_hold

    with wired() as wiring:
        hold = require_hold(wiring.database, number)
    if as_json:
        print_json(_hold_row(hold))
    else:
        _print_hold(hold, most=None)


@holds.command()
@click.argument("number", type=int)
@_by
@_reason
@as_json_option
def approve(*, number: int, by: str, reason: str, as_json: bool) -> None:
    """Let hold NUMBER happen: what it names and still waits, and nothing more."""
    from integrator.sync.deciding import approve_hold
    from web.showing import Showing

    with wired() as wiring:
        done = approve_hold(wiring.database, number, by=by, reason=reason, clock=wiring.clock)
        published = Showing(wiring, lambda *_: None).show()
    if as_json:
        print_json({"hold": number, "settled": done, "index_writes": published.index_writes})
        return
    click.echo(f"{done:,} listings are settled as held; {published.index_writes:,} documents of the index changed.")


@holds.command()
@click.argument("number", type=int)
@_by
@_reason
@as_json_option
def reject(*, number: int, by: str, reason: str, as_json: bool) -> None:
    """Leave everything of hold NUMBER as it is shown; the same absence, withdrawal or record asks no more."""
    from integrator.sync.deciding import reject_hold

    with wired() as wiring:
        kept = reject_hold(wiring.database, number, by=by, reason=reason, clock=wiring.clock)
    if as_json:
        print_json({"hold": number, "settled": kept})
        return
    click.echo(f"{kept:,} listings stay as they are.")


@holds.command()
@click.argument("number", type=int)
@as_json_option
def replay(*, number: int, as_json: bool) -> None:
    """Read what a held run left waiting in hold NUMBER again, with today's parser and guards, without downloading."""
    from integrator.sync.deciding import require_open_run
    from integrator.sync.replay import replay_hold
    from web.commands.sync import run_aside

    def read(wiring: "Wiring", _watch: "Watch") -> list["Outcome"]:
        hold = require_open_run(wiring.database, number)
        return [replay_hold(wiring.database, wiring.connector(hold.platform), wiring.clock, hold)]

    run_aside(read, as_json=as_json)


def _hold_row(hold: "Hold") -> dict[str, object]:
    return {
        "id": hold.id,
        "platform": hold.platform,
        "run": hold.run,
        "kind": hold.kind.value,
        "state": hold.state.value,
        "reason": hold.reason,
        "listings": hold.waiting,
        "ceiling": hold.ceiling,
        "diff": hold.diff,
        "created_at": write_time(hold.created_at),
        "decided_at": write_time(hold.decided_at) or None,
        "decided_by": hold.decided_by,
        "decided_reason": hold.decided_reason,
    }


def _print_hold(hold: "Hold", *, most: int | None) -> None:
    decided = f", {hold.state.value} by {hold.decided_by}" if hold.decided_by else ""
    click.echo(
        f"Hold {hold.id} ({hold.kind.value}): {hold.platform}, run {hold.run}, "
        f"{write_time(hold.created_at)} UTC{decided}"
    )
    click.echo(f"  {hold.reason}")
    if hold.decided_reason:
        click.echo(f"  Decided because: {hold.decided_reason}")
    _print_diff(hold, most=most)
    if hold.state == "open":
        happens, stays = _CHOICE[hold.kind.value]
        click.echo(f"  {happens}: `hanmaru holds approve {hold.id}`. {stays}: `hanmaru holds reject {hold.id}`.")


_CHOICE = {
    "deletions": ("Gone for good", "A mistake, keep them"),
    "run": ("As it should be, show it", "Broken, keep what is shown"),
}


def _print_diff(hold: "Hold", *, most: int | None) -> None:
    click.echo(f"  {hold.waiting:,} listings wait.")
    for each in _rows(hold, "fields", most):
        click.echo(f"  field {each['field']}: differs in {each['listings']:,} listings")
    examples = hold.diff.get("examples")
    plain = [each for each in examples if isinstance(each, str)] if isinstance(examples, list) else []
    if plain:
        click.echo(f"  for example {', '.join(plain[:most])}")
    for each in _rows(hold, "examples", most):
        click.echo(f"  {each['id']} {each['field']}: {each['before'] or '(none)'} -> {each['after'] or '(none)'}")
    for each in _rows(hold, "sellers", most):
        before = f" of {each['visible_before']} visible" if "visible_before" in each else ""
        click.echo(f"  seller {each['account_id']}: {each['listings']}{before} listings")


def _rows(hold: "Hold", name: str, most: int | None) -> list[Mapping[str, object]]:
    found = hold.diff.get(name)
    rows: list[Mapping[str, object]] = (
        [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    )
    return rows[:most]


# Undoing -------------------------------------------------------------------------------------------------------------


@click.command()
@click.argument("run", type=int)
@_by
@_reason
@as_json_option
def undo(*, run: int, by: str, reason: str, as_json: bool) -> None:
    """Show again what RUN withdrew because it was absent, within 30 days; name what it withdrew otherwise."""
    from integrator.sync.undo import undo_run
    from web.showing import Showing

    with wired() as wiring:
        undone = undo_run(wiring.database, run, by=by, reason=reason, clock=wiring.clock)
        published = Showing(wiring, lambda *_: None).show()
    if as_json:
        print_json(_undone_row(undone, index_writes=published.index_writes))
        return
    click.echo(f"{undone.back:,} listings of {undone.platform} are shown again as they were.")
    if undone.hold is not None:
        click.echo(f"Was that a mistake: `hanmaru holds approve {undone.hold}` takes out what is still absent.")
    for each in undone.left:
        click.echo(f"not undone: {each.external_id} ({each.kind}). {each.why}")


def _undone_row(undone: "Undone", *, index_writes: int) -> dict[str, object]:
    return {
        "run": undone.run,
        "platform": undone.platform,
        "undone": undone.back,
        "hold": undone.hold,
        "not_undone": [{"id": each.external_id, "kind": each.kind, "why": each.why} for each in undone.left],
        "index_writes": index_writes,
    }
