"""`hanmaru feeds`: how each feed's lanes stand, pausing a feed, and how often its lanes are read."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from web.commands.tables import print_json, write_table, write_time
from web.wiring import PLATFORMS, Wiring, wired

if TYPE_CHECKING:
    from integrator.record import Lane
    from integrator.store.allowances import Allowance
    from integrator.store.feeds import FeedState

PLATFORM = click.Choice(list(PLATFORMS))
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

# Oftener than the scheduler's tick nothing can be read; less often than a year nobody means.
SHORTEST_S, LONGEST_S = 60, 366 * 86_400


class Span(click.ParamType[int]):
    """A time as people write it: 90s, 30m, 6h, 2d."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value))
        seconds = int(found[1]) * SECONDS[found[2]] if found else 0
        if not SHORTEST_S <= seconds <= LONGEST_S:
            self.fail(f"{value!r} is no time from a minute to a year: write 30m, 6h or 2d.", param, ctx)
        return seconds


def write_span(seconds: int) -> str:
    """The same, the other way: in the largest unit that leaves no rest."""
    unit = next(each for each in ("d", "h", "m", "s") if seconds % SECONDS[each] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


@click.group(invoke_without_command=True)
@click.pass_context
def feeds(context: click.Context) -> None:
    """Show, pause or resume the feeds, and set how often their lanes are read."""
    if context.invoked_subcommand is None:
        context.invoke(list_feeds)


@feeds.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def list_feeds(*, as_json: bool = False) -> None:
    """Show when each lane was last read well, against how old that may be, and what its platform still allows."""
    with wired() as wiring:
        rows = list(_rows(wiring, list(PLATFORMS)))
    if as_json:
        print_json(rows)
        return
    names = (
        *("platform", "lane", "state", "read_at", "target", "every", "late", "not_before"),
        *("calls", "banned_until", "resting_since", "paused"),
    )
    cells = [[_cell(row[name]) for name in names] for row in rows]
    click.echo(write_table(names, cells))


@feeds.command()
@click.argument("platforms", nargs=-1, type=PLATFORM, required=True)
def pause(*, platforms: tuple[str, ...]) -> None:
    """Let the scheduler leave these feeds alone; a sync by hand still reads them."""
    _save(platforms, paused=True)
    click.echo(f"Paused: {', '.join(platforms)}.")


@feeds.command()
@click.argument("platforms", nargs=-1, type=PLATFORM, required=True)
def resume(*, platforms: tuple[str, ...]) -> None:
    """Have these feeds read by the scheduler again."""
    _save(platforms, paused=False)
    click.echo(f"Resumed: {', '.join(platforms)}.")


@feeds.command("set")
@click.argument("platforms", nargs=-1, type=PLATFORM, required=True)
@click.option("--changes-every", "changes_every_s", type=Span(), help="Pause between two readings of changes.")
@click.option("--census-every", "census_every_s", type=Span(), help="Pause between two censuses.")
@click.option("--detail-every", "detail_every_s", type=Span(), help="Pause between two slices of details.")
def set_intervals(*, platforms: tuple[str, ...], **intervals: int | None) -> None:
    """Set how often the lanes of these feeds are read, for example --changes-every 30m."""
    wanted = {name: seconds for name, seconds in intervals.items() if seconds is not None}
    if not wanted:
        raise click.UsageError("Name an interval: --changes-every, --census-every or --detail-every.")
    _save(platforms, **wanted)
    click.echo(f"Set for {', '.join(platforms)}.")


def _save(platforms: Sequence[str], **values: object) -> None:
    from integrator.store.feeds import register_feeds, save_feed

    with wired() as wiring, wiring.database.write() as connection:
        register_feeds(connection, platforms)
        for platform in platforms:
            save_feed(connection, platform, **values)


def _rows(wiring: Wiring, platforms: Sequence[str]) -> Iterator[dict[str, object]]:
    from integrator.store.allowances import load_allowances
    from integrator.store.feeds import load_states
    from integrator.sync.lanes import list_lanes

    now = wiring.clock.now().timestamp()
    with wiring.database.read() as connection:
        states = load_states(connection, platforms, now=now)
        allowances = load_allowances(connection, platforms, now=now)
    for state in states:
        for lane in list_lanes(PLATFORMS[state.feed.platform].connector):
            yield _row(state, lane, now) | _allowance_row(allowances[state.feed.platform])


def _row(state: "FeedState", lane: "Lane", now: float) -> dict[str, object]:
    from integrator.sync.lanes import freshness_target_s, is_late

    last = state.runs.get(lane)
    waits = [at for at in (state.banned_until, last.not_before if last else None) if at is not None and at > now]
    return {
        "platform": state.feed.platform,
        "lane": lane.value,
        "state": last.state.value if last else None,
        "read_at": write_time(state.read_at(lane)) or None,
        "target": write_span(freshness_target_s(state, lane)),
        "every": write_span(state.feed.every_s(lane)),
        "late": is_late(state, lane, now),
        "not_before": write_time(max(waits)) if waits else None,
        "paused": state.feed.paused,
    }


def _allowance_row(allowance: "Allowance") -> dict[str, object]:
    spent = allowance.spent
    return {
        "calls": f"{spent.used} of {spent.calls}" if spent else None,
        "calls_until": write_time(spent.ends_at) if spent else None,
        "banned_until": write_time(allowance.banned_until) or None,
        "resting_since": write_time(allowance.resting_since) or None,
    }


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)
