"""`hanmaru sync`, `detail`, `replay`: records in, from the platforms or from what is kept."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from integrator.errors import IndexUnavailable, StorageUnavailable
from web.cli import DONE, FAILED, HELD
from web.commands.tables import write_table
from web.pipeline import Stop, Wanted, charging, stoppable, sync_platforms
from web.showing import Showing, Watch
from web.wiring import PLATFORMS, Wiring, wired

if TYPE_CHECKING:
    from integrator.sync.outcome import Outcome

PLATFORM = click.Choice(list(PLATFORMS))

# More than any platform answers in a slice.
MOST_DETAILS = 5_000


@click.command()
@click.argument("platforms", nargs=-1, type=PLATFORM)
@click.option("--all", "every", is_flag=True, help="Every platform, in parallel.")
@click.option("--full", is_flag=True, help="Read everything the platform shows: a census.")
@click.option("--dry-run", is_flag=True, help="Count what would change; write nothing.")
@click.option("--slice", "one_slice", is_flag=True, help="Read for some minutes; another slice goes on from there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a run, a line each.")
def sync(*, platforms: tuple[str, ...], every: bool, full: bool, dry_run: bool, one_slice: bool, as_json: bool) -> None:
    """Bring platforms' changes into the searchable catalogue.

    A feed never read before gets a census. `index_writes` counts for all platforms of one command together and stands
    in the last row. Exit codes: 0 done, 1 failed, incomplete, cancelled or lost, 3 something waits for a person.
    """
    names = list(PLATFORMS) if every else list(dict.fromkeys(platforms))
    if not names:
        raise click.UsageError("Name platforms, or say --all.")
    with stoppable() as stop, wired() as wiring, watched() as watch:
        wiring.database.close()  # only its age was checked; children open their own
        showing = Showing(wiring, watch)
        wanted = Wanted(full=full, dry_run=dry_run, one_slice=one_slice)
        # A slice is shown at its end, which is near; a dry run brings nothing.
        meanwhile = showing.go_on if not (one_slice or dry_run) else _wait
        outcomes = list(sync_platforms(names, wanted, watch, meanwhile=meanwhile))
        outcomes.sort(key=lambda outcome: names.index(outcome.platform))
        writes, trouble = _finish(showing, outcomes, stop) if not dry_run else (0, None)
    _report(outcomes, writes, as_json=as_json)
    if trouble is not None:
        click.echo(f"hanmaru: {trouble}", err=True)
    raise SystemExit(FAILED if trouble else exit_code(outcomes))


def exit_code(outcomes: Sequence["Outcome"]) -> int:
    """1 beats 3, and 3 beats 0."""
    from integrator.store.runs import RunState

    states = {outcome.state for outcome in outcomes}
    if states - {RunState.SUCCEEDED, RunState.QUEUED, RunState.HELD}:
        return FAILED
    return HELD if RunState.HELD in states else DONE


def _wait() -> None:
    return None


def _finish(showing: Showing, outcomes: Sequence["Outcome"], stop: Stop) -> tuple[int, str | None]:
    """Show what waits, unless somebody stopped the sync: its marks wait for the next one. Gives writes and trouble."""
    trouble = None
    try:
        if not stop.is_told:
            showing.show()
        last = next((outcome.run for outcome in reversed(outcomes) if outcome.run is not None), None)
        if last is not None:
            showing.charge(last)
    except KeyboardInterrupt:
        trouble = "Stopped before everything was searchable; the next sync goes on."
    except (IndexUnavailable, StorageUnavailable) as error:
        trouble = f"{str(error).rstrip('.')}. What was read is kept and is published by the next sync."
    published = showing.published
    if trouble is None and published.refused:
        trouble = f"The index refused {published.refused} products; see `hanmaru index verify`."
    return published.index_writes, trouble


def _report(outcomes: Sequence["Outcome"], writes: int, *, as_json: bool) -> None:
    rows = [outcome.as_row() for outcome in outcomes]
    if rows:
        rows[-1]["index_writes"] = writes
    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    numbers = ("seen", "new", "changed", "unchanged", "superseded", "rejected", "withdrawn", "held", "seconds")
    click.echo(
        write_table(
            ["platform", "state", *numbers], [[row[name] for name in ("platform", "state", *numbers)] for row in rows]
        )
    )
    for outcome in outcomes:
        click.echo(f"{outcome.platform}: {outcome.reason}")
        for warning in outcome.warnings:
            click.echo(f"  {warning}")
    click.echo(f"{writes:,} documents written to the index.")


@click.command()
@click.argument("platform", type=PLATFORM)
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Listings to ask for.")
@click.option("--slice", "one_slice", is_flag=True, help="As many as some minutes allow.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def detail(*, platform: str, limit: int, one_slice: bool, as_json: bool) -> None:
    """Read detail records of PLATFORM: of listings viewed most, then of those never asked for, then of the stalest."""
    from integrator.sync.detailing import read_details
    from integrator.sync.slices import SLICE_S

    def read(wiring: Wiring, watch: Watch) -> list["Outcome"]:
        outcome = read_details(
            wiring.database,
            wiring.connector(platform),
            wiring.clock,
            limit=MOST_DETAILS if one_slice else limit,
            limit_s=SLICE_S if one_slice else None,
            progress=_of_platform(watch, platform),
        )
        return [outcome]

    run_aside(read, as_json=as_json)


@click.command()
@click.option("--platform", "platforms", type=PLATFORM, multiple=True, help="Only this one; may be given again.")
@click.option("--rejected", is_flag=True, help="Only records that were rejected.")
@click.option("--dry-run", is_flag=True, help="Count what would be read otherwise, field by field; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document a platform, a line each.")
def replay(*, platforms: tuple[str, ...], rejected: bool, dry_run: bool, as_json: bool) -> None:
    """Parse kept raw records again, with today's parser, and bring what it reads differently to searchable."""
    from integrator.sync.replay import replay_feed

    if dry_run:
        _rehearse(platforms or tuple(PLATFORMS), rejected=rejected, as_json=as_json)
        return

    def read(wiring: Wiring, watch: Watch) -> list["Outcome"]:
        return [
            replay_feed(
                wiring.database,
                wiring.connector(name),
                wiring.clock,
                rejected=rejected,
                progress=_of_platform(watch, name),
            )
            for name in platforms or PLATFORMS
        ]

    run_aside(read, as_json=as_json)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def resolve(*, as_json: bool) -> None:
    """Work out and publish what was read and is not shown yet.

    A sync does this at its end; after one that was killed, or that found the index away, the scheduler has it done.
    """
    with stoppable() as stop, wired() as wiring, watched() as watch:
        writes, trouble = _finish(Showing(wiring, watch), [], stop)
    click.echo(json.dumps({"index_writes": writes}) if as_json else f"{writes:,} documents written to the index.")
    if trouble is not None:
        click.echo(f"hanmaru: {trouble}", err=True)
    raise SystemExit(FAILED if trouble else DONE)


def _rehearse(platforms: Sequence[str], *, rejected: bool, as_json: bool) -> None:
    from integrator.explain.rehearsal import rehearse_replay
    from web.commands.rehearsal import print_rehearsals

    with stoppable(), wired() as wiring, watched() as watch:
        found = [
            rehearse_replay(
                wiring.database, wiring.connector(name), rejected=rejected, progress=_of_platform(watch, name)
            )
            for name in platforms
        ]
    print_rehearsals(found, as_json=as_json)


def run_aside(read: Callable[[Wiring, Watch], list["Outcome"]], *, as_json: bool) -> None:
    with stoppable() as stop, wired() as wiring, watched() as watch:
        outcomes = list(charging(wiring, lambda: read(wiring, watch)))
        writes, trouble = _finish(Showing(wiring, watch), outcomes, stop)
    _report(outcomes, writes, as_json=as_json)
    if trouble is not None:
        click.echo(f"hanmaru: {trouble}", err=True)
    raise SystemExit(FAILED if trouble else exit_code(outcomes))


def _of_platform(watch: Watch, platform: str) -> Callable[[str, int, int | None], None]:
    return lambda stage, done, total: watch(platform, stage, done, total)


@contextmanager
def watched() -> Iterator[Watch]:
    """Progress bars on stderr, one a platform and stage; nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _platform, _stage, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    # Drawn from this thread alone: children are forked while the bars are up, and a drawing thread would be cut in two.
    bars = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        auto_refresh=False,
    )
    tasks: dict[tuple[str, str], TaskID] = {}

    def watch(platform: str, stage: str, done: int, total: int | None) -> None:
        place = (platform, stage)
        if place not in tasks:
            tasks[place] = bars.add_task(f"{platform} {stage}".strip(), total=total)
        bars.update(tasks[place], completed=done, total=total)
        bars.refresh()

    with bars:
        yield watch
