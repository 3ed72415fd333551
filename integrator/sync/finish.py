"""The end of a walk: is it proven, does it add up, who is missing, what is still asked for, where the next begins."""

from collections.abc import Iterable
from dataclasses import dataclass

from integrator.clean.dates import korean_day
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.record import Ask, Confirmation, End, Json, Kind, Lane
from integrator.store.absences import count_visible
from integrator.store.accounts import find_accounts
from integrator.store.feeds import Feed, load_feed, save_feed
from integrator.store.rejections import count_unknowns
from integrator.store.runs import RunState, save_run, write_json
from integrator.store.sightings import hide_stale
from integrator.store.worklist import mark
from integrator.sync.absence import MAX_ASKS, Settled, ask_singly, one_unit, settle_absences
from integrator.sync.commit import Committer
from integrator.sync.outcome import count_of

# Fewer records than this may all be unusable by chance; a census may not, whatever its size.
MIN_READ = 20

# Where the counts of field names that no guide has are kept among the unknowns.
UNKNOWN_FIELD = "(field)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ends. `walk_is_over`: there is no place to go on from."""

    state: RunState
    reason: str
    walk_is_over: bool = False


def finish_walk(committer: Committer, feed: Feed, end: End, *, accounts: bool) -> Verdict:
    """Judge the walk by its End and write down what follows from it."""
    _take_end(committer, end)
    flaw = _find_flaw(committer, end)
    if flaw is not None:
        return flaw
    _ask_unknown_accounts(committer)
    _hide_stale(committer)
    settled = settle_absences(committer, end) if end.census else Settled()
    committer.run.warnings.extend(settled.warnings)
    committer.run.counters.held += settled.held
    _save_feed(committer, feed, end, accounts=accounts, held=bool(settled.reason))
    if settled.reason:
        reason = f"Deletions wait for a person: {settled.reason} See `hanmaru holds list`."
        return Verdict(RunState.HELD, reason, walk_is_over=True)
    return Verdict(RunState.SUCCEEDED, _say_success(committer, end), walk_is_over=True)


def _take_end(committer: Committer, end: End) -> None:
    run = committer.run
    run.warnings.extend(end.warnings)
    run.counters.calls += end.calls
    run.counters.bytes += end.bytes_read
    run.scope = end.scope
    if end.clock is not None:
        run.platform_clock = end.clock.timestamp()
    fields = {(UNKNOWN_FIELD, name): count for name, count in end.unknown_fields.items()}
    with committer.transaction() as connection:
        count_unknowns(connection, run.platform, fields, examples={}, run=run.id)
        save_run(connection, run, now=committer.now())


def _find_flaw(committer: Committer, end: End) -> Verdict | None:
    counted, is_census = committer.run.counters, end.census or committer.run.lane == Lane.CENSUS
    if not counted.is_conserved():
        reason = f"The counts do not add up: {counted.seen} seen. This is a fault of our own; nothing was deleted."
        return Verdict(RunState.FAILED, reason, walk_is_over=True)
    if counted.seen and counted.rejected == counted.seen and (is_census or counted.seen >= MIN_READ):
        reason = f"None of the {counted.seen} records read could be used; see `hanmaru rejections`."
        return Verdict(RunState.FAILED, reason, walk_is_over=True)
    if not end.complete:
        reason = f"The read is not proven complete: {end.reason or 'no reason given'}"
        return Verdict(RunState.INCOMPLETE, reason, walk_is_over=True)
    if committer.run.lane == Lane.CENSUS and not end.census:
        reason = end.reason or "The platform had no whole list to read."
        return Verdict(RunState.INCOMPLETE, reason, walk_is_over=True)
    if end.census and not counted.seen and committer.run.first_census:
        reason = "The platform showed no listings at all; a first read of nothing is not believed."
        return Verdict(RunState.FAILED, reason, walk_is_over=True)
    return None


def _ask_unknown_accounts(committer: Committer) -> None:
    """Sellers that a new or changed listing names and no account list has shown are asked for singly."""
    connector = committer.connector
    if connector.confirmation is Confirmation.WHOLE_READ or not committer.named_accounts:
        return
    named = sorted(committer.named_accounts)
    with committer.database.read() as connection:
        known = find_accounts(connection, connector.platform, named)
    unknown = [account_id for account_id in named if account_id not in known]
    asks = tuple(Ask(Kind.ACCOUNT, account_id) for account_id in unknown[:MAX_ASKS])
    if not asks:
        return
    try:
        for batch in ask_singly(connector, asks):
            committer.commit(one_unit(batch, [each for each in batch.records if each.kind is Kind.ACCOUNT]))
    except (FeedUnavailable, FeedChanged) as error:
        committer.run.warnings.append(f"{count_of(len(asks), 'unknown seller')} could not be asked for ({error}).")


def _hide_stale(committer: Committer) -> None:
    platform, run = committer.connector.platform, committer.run
    with committer.transaction() as connection:
        accounts: Iterable[str] = hide_stale(connection, platform, now=committer.now())
        mark(connection, platform, accounts, run=run.id, now=committer.now())


def _save_feed(committer: Committer, feed: Feed, end: End, *, accounts: bool, held: bool) -> None:
    """Where the next walk begins. A held read moves nothing: it may have lost changes together with listings."""
    run, now = committer.run, committer.now()
    is_beside = run.lane == Lane.CENSUS and committer.connector.separate_lanes
    values: dict[str, object] = {"changes_at": run.started_at if is_beside else now, "scope": end.scope}
    if end.clock is not None:
        values["platform_clock"] = end.clock.timestamp()
        if accounts:
            values["accounts_day"] = korean_day(end.clock)
    if not held:
        values |= _next_watermark(committer, feed, end.watermark)
    with committer.transaction() as connection:
        there = load_feed(connection, run.platform).watermark
        if is_beside and there not in (run.watermark, end.watermark):
            # Changes were read while the census went on: where they are is further than where it began.
            values = {"scope": end.scope}
        if end.census and not held:
            values["census_at"] = now
        save_feed(connection, run.platform, **values)
        if end.census and not held:
            run.visible_after = count_visible(connection, run.platform)
        save_run(connection, run, now=now)


def _next_watermark(committer: Committer, feed: Feed, watermark: dict[str, Json] | None) -> dict[str, object]:
    """The End's watermark; but a changes walk that saw nothing at all leaves the old one.

    Nothing may be what a broken platform says, and reading the same span again costs nothing when it is empty. A feed
    with one walk for all (its drops are numbered and proven) has no such doubt.
    """
    run, connector = committer.run, committer.connector
    saw_nothing = not run.counters.seen and not run.counters.withdrawals_seen
    if saw_nothing and run.lane == Lane.CHANGES and connector.separate_lanes and feed.watermark is not None:
        return {}
    return {"watermark": write_json(watermark)}


def _say_success(committer: Committer, end: End) -> str:
    counted = committer.run.counters
    if end.reason:
        return end.reason
    what = "Everything was read" if end.census else "All changes were read"
    unusable = f"; {count_of(counted.rejected, 'record')} could not be used" if counted.rejected else ""
    return f"{what}{unusable}."
