"""The end of a walk: is it proven, does it add up, who is missing, what is still asked for, where the next begins."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from integrator.clean.dates import korean_day
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.record import UNKNOWN_FIELD, Ask, Confirmation, End, Json, Kind, Lane
from integrator.store.absences import count_visible
from integrator.store.accounts import find_unknown_accounts
from integrator.store.feeds import Feed, load_feed, save_feed
from integrator.store.measures import forget_measures
from integrator.store.rejections import count_unknowns
from integrator.store.runs import Run, RunState, end_run, save_run, write_json
from integrator.store.sightings import hide_stale
from integrator.store.versions import VersionState
from integrator.store.withdrawals import Proof, WithdrawalKind, save_proofs
from integrator.store.worklist import mark
from integrator.sync.absence import MAX_ASKS, ask_singly, one_unit
from integrator.sync.commit import Committer, state_of_versions
from integrator.sync.guards import warn_of_run
from integrator.sync.outcome import count_of, say_held, say_waiting
from integrator.sync.release import release_run
from integrator.sync.settling import settle

# Fewer records than this may all be unusable by chance; a census may not, whatever its size.
MIN_READ = 20

_STALE = "Its records could not be used for 30 days: what was shown is too old to be shown."


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ends. `walk_is_over`: there is no place to go on from. `is_written`: its row says so already."""

    state: RunState
    reason: str
    walk_is_over: bool = False
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class Walked:
    """A walk that came to its end: what the platform said there, and whether the account list was read whole."""

    end: End
    accounts: bool


def recall_walk(run: Run) -> Walked | None:
    """The end of a run's walk, if it was read before the process was gone: what is left is to settle it."""
    if run.walk_end is None:
        return None
    said = msgspec.json.decode(run.walk_end)
    fields = said["end"]
    clock = msgspec.convert(fields["clock"], datetime | None)
    return Walked(End(**{**fields, "clock": clock, "warnings": tuple(fields["warnings"])}), said["accounts"])


def finish_walk(committer: Committer, feed: Feed, walked: Walked) -> Verdict:
    """Judge a walk by its End, release or hold what it wrote, settle who is missing, and write the run's last word."""
    end = walked.end
    if committer.run.walk_end is None:
        _take_end(committer, walked)
    flaw = _find_flaw(committer, end)
    if flaw is not None and flaw.state is RunState.FAILED:
        return flaw
    _ask_unknown_accounts(committer)
    with committer.database.read() as connection:
        warnings = warn_of_run(connection, committer.run, policies=committer.connector.policies)
    reason = release_run(committer)
    if reason:
        return _end(committer, feed, walked, _say_held(reason))
    committer.run.warnings.extend(warnings)
    if flaw is not None:
        settle(committer)
        return flaw
    return _settle(committer, feed, walked)


def finish_slice(committer: Committer) -> Verdict | None:
    """What changes brought is shown at the end of each slice, be their walk over or not; a verdict where it is held.

    Deletions that wait for a person stop no walk: its end says so.
    """
    if committer.run.lane != Lane.CHANGES:
        return None
    reason = release_run(committer)
    if reason:
        return _say_held(reason)
    settle(committer)
    return None


def _say_held(reason: str) -> Verdict:
    return Verdict(RunState.HELD, say_held(reason), walk_is_over=True)


def _settle(committer: Committer, feed: Feed, walked: Walked) -> Verdict:
    _hide_stale(committer)
    settled = settle(committer, walked.end)
    committer.run.warnings.extend(settled.warnings)
    reason = release_run(committer)  # what absent listings answered
    if reason:
        return _end(committer, feed, walked, _say_held(reason))
    if settled.reason:
        verdict = Verdict(RunState.HELD, say_waiting(settled.reason), walk_is_over=True)
        return _end(committer, feed, walked, verdict)
    success = Verdict(RunState.SUCCEEDED, _say_success(committer, walked.end), walk_is_over=True)
    return _end(committer, feed, walked, success)


def _take_end(committer: Committer, walked: Walked) -> None:
    run, end = committer.run, walked.end
    run.warnings.extend(end.warnings)
    run.counters.calls += end.calls
    run.counters.bytes += end.bytes_read
    run.retries += end.retries
    run.scope = end.scope
    run.walk_end = write_json(walked)
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
    connector, run = committer.connector, committer.run
    if connector.confirmation is Confirmation.WHOLE_READ:
        return
    pending = run.id if state_of_versions(run) is VersionState.PENDING else None
    with committer.database.read() as connection:
        unknown = find_unknown_accounts(connection, run.platform, run=pending, limit=MAX_ASKS)
    asks = tuple(Ask(Kind.ACCOUNT, account_id) for account_id in unknown)
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
        stale = hide_stale(connection, platform, now=committer.now())
        proofs = [Proof(key, WithdrawalKind.HIDDEN, _STALE, {}) for key, _ in stale]
        save_proofs(connection, proofs, run=run.id, now=committer.now())
        mark(connection, platform, {account_id for _, account_id in stale}, run=run.id, now=committer.now())


def _end(committer: Committer, feed: Feed, walked: Walked, verdict: Verdict) -> Verdict:
    """Where the next walk begins, and the run's last word, in one transaction.

    A held read moves nothing: it may have lost changes together with listings.
    """
    run, now, end = committer.run, committer.now(), walked.end
    is_good = verdict.state is RunState.SUCCEEDED
    run.position = None
    with committer.transaction() as connection:
        if end.census and is_good:
            run.visible_after = count_visible(connection, run.platform)
        there = load_feed(connection, run.platform).watermark
        save_feed(connection, run.platform, **_feed_values(committer, feed, walked, there=there, is_good=is_good))
        end_run(connection, run, verdict.state, reason=verdict.reason, now=now)
        forget_measures(connection, before=run.id)
    return replace(verdict, is_written=True)


def _feed_values(
    committer: Committer, feed: Feed, walked: Walked, *, there: dict[str, Json] | None, is_good: bool
) -> dict[str, object]:
    run, now, end = committer.run, committer.now(), walked.end
    is_beside = run.lane == Lane.CENSUS and committer.connector.separate_lanes
    values: dict[str, object] = {"scope": end.scope}
    if not (is_beside and there not in (run.watermark, end.watermark)):
        # Else changes were read while the census went on: where they are is further than where it began.
        values["changes_at"] = run.started_at if is_beside else now
        values |= _clock_values(run, walked)
        values |= _next_watermark(committer, feed, end.watermark) if is_good else {}
    if end.census and is_good:
        values["census_at"] = now
    return values


def _clock_values(run: Run, walked: Walked) -> dict[str, object]:
    """The run's own word on the clock: a walk taken up at its end asks nothing, and its End then tells none."""
    if run.platform_clock is None:
        return {}
    day = korean_day(datetime.fromtimestamp(run.platform_clock, UTC))
    return {"platform_clock": run.platform_clock, **({"accounts_day": day} if walked.accounts else {})}


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
