"""What waits for a person: look at it, approve it, reject it."""

import json
from typing import TYPE_CHECKING

import click

from web.commands.tables import write_time
from web.wiring import PLATFORMS, wired

if TYPE_CHECKING:
    from integrator.store.holds import Hold

_of_platform = click.option("--platform", type=click.Choice(list(PLATFORMS)), help="Only this platform.")
_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


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
        click.echo(json.dumps([_hold_row(hold) for hold in found], ensure_ascii=False))
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
