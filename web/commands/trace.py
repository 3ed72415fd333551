"""`hanmaru trace`: one listing's way, and where its values come from."""

import click

from web.commands.options import PLATFORM, as_json_option
from web.commands.tables import print_json, write_time
from web.wiring import wired


@click.command()
@click.argument("platform", type=PLATFORM)
@click.argument("external_id", metavar="ID")
@as_json_option
def trace(*, platform: str, external_id: str, as_json: bool) -> None:
    """Show every step of one listing, with times (UTC): why is it here, or not."""
    from integrator.sync.trace import trace_listing

    with wired() as wiring:
        found = trace_listing(wiring.database, platform, external_id)
    if as_json:
        steps = [{"at": write_time(step.at), "what": step.what, "text": step.text} for step in found.steps]
        print_json({"platform": platform, "id": external_id, "now": found.now, "steps": steps})
        return
    for step in found.steps:
        click.echo(f"{write_time(step.at)}  {step.what:<10}  {step.text}")
    click.echo(found.now)
