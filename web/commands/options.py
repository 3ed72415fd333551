"""Options that many commands take."""

import click

from web.wiring import PLATFORMS

PLATFORM = click.Choice(list(PLATFORMS))
of_platform = click.option("--platform", type=PLATFORM, help="Only this platform.")
as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
