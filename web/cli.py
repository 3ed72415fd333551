"""The `hanmaru` command: a table of sub-commands, each imported only when it is asked for."""

import importlib
import os
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from integrator.errors import HanmaruError, InvalidQuery, InvalidSetting, UnknownListing, UnknownProduct

# Exit codes, as docs/commands.md says them. With several platforms FAILED beats HELD, and HELD beats DONE.
DONE = 0
FAILED = 1
WRONG_USE = 2
HELD = 3

_CALLER_IS_WRONG = (InvalidQuery, InvalidSetting, UnknownListing, UnknownProduct)

# name -> (where the click command is, what it does in a line). With the line here `hanmaru --help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("web.commands.demo:demo", "Start the mock platforms, sync all three, and serve the catalogue."),
    "up": ("web.commands.serve:up", "Run web server, scheduler and workers together."),
    "sync": ("web.commands.sync:sync", "Bring platforms' changes into the searchable catalogue."),
    "detail": ("web.commands.sync:detail", "Read detail records of a platform."),
    "replay": ("web.commands.sync:replay", "Parse kept raw records again."),
    "resolve": ("web.commands.sync:resolve", "Work out and publish what was read and is not shown yet."),
    "feeds": ("web.commands.feeds:feeds", "Show, pause or resume the feeds; set how often they are read."),
    "migrate": ("web.commands.operate:migrate", "Create or upgrade the database."),
    "backup": ("web.commands.backup:backup", "Copy the database while everything goes on."),
    "restore": ("web.commands.backup:restore", "Put a copy of the database back."),
    "doctor": ("web.commands.operate:doctor", "Say what is reachable and what is not, and what to do."),
    "runs": ("web.commands.runs:runs", "List the runs of the feeds."),
    "holds": ("web.commands.holds:holds", "List, approve or reject what waits for a person."),
    "undo": ("web.commands.holds:undo", "Show again what a run withdrew because it was absent."),
    "rejections": ("web.commands.rejections:rejections", "Show records that could not be used, by reason."),
    "trace": ("web.commands.trace:trace", "Show every step of one listing: why is it here, or not."),
    "unknowns": ("web.commands.rejections:unknowns", "List units, codes and categories that no table knows."),
    "export": ("web.commands.export:export", "Write listings, products, sellers and more, one row each."),
    "search": ("web.commands.search:search", "Search the catalogue as the page does."),
    "index": ("web.commands.index:index", "Look at, rebuild or verify the search index."),
    "explain": ("web.commands.match:explain", "Say why listings are one product."),
    "judge": ("web.commands.match:judge", "Decide that two listings are the same or different."),
    "serve": ("web.commands.serve:serve", "Run the web server."),
    "worker": ("web.commands.serve:worker", "Run a worker for queued jobs."),
    "scheduler": ("web.commands.serve:scheduler", "Queue due feeds, four times a minute."),
    "mock": ("web.commands.mock:mock", "Serve the three mock platforms."),
    "truth": ("web.commands.mock:truth", "Print what is true in the mock world."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it runs or explains itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run, and answer our own errors in one line on stderr with the exit code that fits."""
        if extra.get("standalone_mode") is False:
            return super().main(args, *rest, **extra)
        try:
            return super().main(args, *rest, **extra)
        except HanmaruError as error:
            _end(error)
        except BrokenPipeError:
            # The reader went away (`hanmaru export listings | head`); nothing of ours may fail at flushing into it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise SystemExit(FAILED) from None


def _end(error: HanmaruError) -> NoReturn:
    click.echo(f"hanmaru: {error}", err=True)
    raise SystemExit(WRONG_USE if isinstance(error, _CALLER_IS_WRONG) else FAILED) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hanmaru")
def main() -> None:
    """One searchable catalogue made of three Korean export platforms' feeds.

    Exit codes: 0 done, 1 failed or incomplete, 2 wrong use, 3 a person must look.
    """
