"""One slice of one feed: take the lease, walk, commit unit by unit, prove the end, settle what disappeared.

A run that stopped half-way (an outage, a signal, a killed process, a slice's time, a ban) goes on under its own number
from its last committed position. The watermark moves only after a complete walk.
"""

from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from integrator.clean.dates import korean_day
from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable, HanmaruError, LeaseLost, StorageUnavailable
from integrator.ports import Clock, Connector
from integrator.record import Batch, End, Lane, Plan
from integrator.store.database import Database
from integrator.store.feeds import Feed, FeedState, begin_changes, load_states, register_feeds
from integrator.store.leases import Lease, free_lease, kept_alive, name_holder, renew_lease, take_lease
from integrator.store.room import needing_room
from integrator.store.runs import (
    Run,
    RunState,
    begin_run,
    close_orphans,
    end_run,
    find_resumable,
    lose_dead_runs,
    resume_run,
)
from integrator.sync.commit import Committer
from integrator.sync.finish import Verdict, Walked, finish_slice, finish_walk, recall_walk
from integrator.sync.lanes import choose_lane, next_asking, say_banned
from integrator.sync.outcome import Outcome, Progress, quiet
from integrator.sync.units import Unit, gather

# Waits up to this long are sat out by the connector; a longer one ends the slice.
LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Slice:
    """How one slice is to go. `limit_s` None: to the end; else it stops behind the first batch after that time.

    The time counts from the first record: what a walk must do before it (a drop to be verified) is done anew each time.
    """

    full: bool = False
    limit_s: float | None = None
    progress: Progress = quiet


class _TimeIsUp(Exception):
    """The slice's time is over; its successor goes on."""


def sync_feed(database: Database, connector: Connector, clock: Clock, *, how: Slice = Slice()) -> Outcome:
    """Bring one platform's changes (or, `full` or never read before, a census) into the store.

    Never raises for what a platform or another process does: the outcome's state and reason say it. A failure of our
    own is written down as `failed` and raised.
    """
    begun, now = clock.monotonic(), clock.now().timestamp()
    with database.write(connector.platform) as connection:
        register_feeds(connection, [connector.platform])
        lose_dead_runs(connection, now=now)
        (state,) = load_states(connection, [connector.platform], now=now)
        lane = choose_lane(state.feed, connector, full=how.full)
        lease_lane = lane if connector.separate_lanes else Lane.CHANGES
        refusal = say_banned(state, lane, now)
        lease = refusal or take_lease(connection, connector.platform, lease_lane.value, holder=name_holder(), now=now)
    if not isinstance(lease, Lease):
        refused = lease or _say_busy(state, lease_lane)
        return Outcome(connector.platform, *refused, clock.monotonic() - begun, lane=lane)
    try:
        with kept_alive(database, lease, clock):
            return _Attempt(database, connector, clock, state.feed, lane, lease, how, begun).go()
    except LeaseLost as error:  # before its run had begun
        return Outcome(connector.platform, RunState.LOST, str(error), clock.monotonic() - begun, lane=lane)
    finally:
        # On a full disk it stays taken; it runs out by itself.
        with suppress(StorageUnavailable), database.write() as connection:
            free_lease(connection, lease)


def _say_busy(state: FeedState, lane: Lane) -> tuple[RunState, str]:
    held = state.held.get(lane)
    who = f"Another process ({held.holder})" if held else "Another process"
    return RunState.FAILED, f"{who} reads this platform's {lane} now; nothing was done."


class _Attempt:
    """One slice under its lease."""

    def __init__(
        self,
        database: Database,
        connector: Connector,
        clock: Clock,
        feed: Feed,
        lane: Lane,
        lease: Lease,
        how: Slice,
        begun: float,
    ) -> None:
        self._database = database
        self._connector = connector
        self._clock = clock
        self._feed = feed
        self._lane = lane
        self._lease = lease
        self._how = how
        self._begun = begun
        self._is_resumed = False
        self._run = self._take_up_or_begin()
        self._place = self._run.position

    def go(self) -> Outcome:
        """Walk to the end, or to whatever stops it."""
        try:
            with needing_room():
                verdict = self._walk_or_begin_anew()
        except _TimeIsUp:
            verdict = Verdict(RunState.QUEUED, "This slice's time is over; the next one goes on from here.")
        except LeaseLost as error:
            return self._outcome(Verdict(RunState.LOST, str(error)))
        except StorageUnavailable as error:
            verdict = Verdict(RunState.INCOMPLETE, f"{error} What was read stays; the next sync goes on from there.")
        except FeedUnavailable as error:
            verdict = self._verdict_unavailable(error)
        except AccessRefused as error:
            verdict = Verdict(RunState.FAILED, f"The platform refuses our credentials: {error}")
        except FeedChanged as error:
            reason = f"The platform answers otherwise than its guide says: {error}"
            verdict = Verdict(RunState.FAILED, reason, walk_is_over=True)
        except KeyboardInterrupt:
            verdict = Verdict(RunState.CANCELLED, "It was stopped; the next sync goes on from here.")
        except BaseException as error:
            # A place at which we fail again at once is no place to go on from.
            is_stuck = self._is_resumed and self._run.position == self._place
            ended = self._end(Verdict(RunState.FAILED, _own_fault(error), walk_is_over=is_stuck))
            if isinstance(error, Exception) and ended.state is RunState.LOST:
                return ended  # who took over cleared away what this one was at (a file half written, say)
            raise
        return self._end(verdict)

    # Beginning -------------------------------------------------------------------------------------------------------

    def _take_up_or_begin(self) -> Run:
        platform, now = self._connector.platform, self._now()
        with self._database.write(platform) as connection:
            renew_lease(connection, self._lease, now=now)
            found = find_resumable(connection, platform, self._lane, now=now)
            close_orphans(connection, platform, self._lane, but=found.id if found else None, now=now)
            if found is not None:
                self._is_resumed = True
                return resume_run(connection, found, fence=self._lease.fence)
            return begin_run(connection, self._new_run(), now=now)

    def _new_run(self) -> Run:
        return Run(
            id=0,
            platform=self._connector.platform,
            lane=self._lane,
            fence=self._lease.fence,
            started_at=0.0,
            first_census=self._feed.census_at is None and self._lane is Lane.CENSUS,
            watermark=self._feed.watermark,
        )

    def _walk_or_begin_anew(self) -> Verdict:
        """A resumed place that the platform does not take any more costs only the place: the walk begins again."""
        place = self._run.position
        try:
            return self._walk()
        except AccessRefused:
            raise
        except FeedChanged as error:
            if not self._is_resumed or self._run.position != place:
                raise
            self._end(Verdict(RunState.INCOMPLETE, f"Its place could not be found again ({error}); a new walk began."))
            with self._database.write(self._connector.platform) as connection:
                renew_lease(connection, self._lease, now=self._now())
                self._run = begin_run(connection, self._new_run(), now=self._now())
            self._is_resumed = False
            return self._walk()

    # Walking ---------------------------------------------------------------------------------------------------------

    def _walk(self) -> Verdict:
        committer = Committer(self._database, self._connector, self._clock, run=self._run, lease=self._lease)
        walked = recall_walk(self._run)
        try:
            return finish_walk(committer, self._feed, walked or self._commit_all(committer))
        except (_TimeIsUp, FeedUnavailable):
            held = finish_slice(committer)
            if held is None:
                raise
            return held

    def _commit_all(self, committer: Committer) -> Walked:
        wants_accounts = self._wants_accounts()
        with closing(self._fetch(accounts=wants_accounts)) as pieces:
            for unit in gather(self._in_time(pieces)):
                if isinstance(unit, End):
                    return Walked(unit, accounts=self._read_accounts)
                committer.commit(unit)
                self._tell_where_changes_begin(committer, unit)
                self._how.progress(self._run.stage, self._run.stage_done, self._run.stage_total)
        raise AssertionError("a walk always ends with an End")

    def _fetch(self, *, accounts: bool) -> Generator[Batch | End, None, None]:
        """The walk; begun again with the account list if the platform's day turned out to be another one."""
        self._read_accounts = accounts
        pieces = self._connector.fetch(self._plan(accounts=accounts))
        first = next(iter(pieces))
        if not accounts and first.clock is not None and korean_day(first.clock) != self._feed.accounts_day:
            getattr(pieces, "close", lambda: None)()
            self._read_accounts = True
            yield from self._connector.fetch(self._plan(accounts=True))
            return
        yield first
        yield from pieces

    def _plan(self, *, accounts: bool) -> Plan:
        return Plan(self._lane, watermark=self._run.watermark, position=self._run.position, accounts=accounts)

    def _wants_accounts(self) -> bool:
        """In a census and in the first changes walk of each Korean day, by the platform's clock as last seen."""
        feed = self._feed
        if self._lane is Lane.CENSUS or not self._connector.separate_lanes:
            return True
        if feed.accounts_day is None or feed.platform_clock is None:
            return True
        expected = feed.platform_clock + max(0.0, self._now() - (feed.changes_at or self._now()))
        return korean_day(datetime.fromtimestamp(expected, UTC)) != feed.accounts_day

    def _in_time(self, pieces: Iterator[Batch | End]) -> Iterator[Batch | End]:
        limit, since = self._how.limit_s, None
        for piece in pieces:
            now = self._clock.monotonic()
            if isinstance(piece, Batch) and piece.records and since is None:
                since = now
            yield piece
            if limit is not None and since is not None and self._clock.monotonic() - since >= limit:
                raise _TimeIsUp

    def _tell_where_changes_begin(self, committer: Committer, unit: Unit) -> None:
        """A first census may take weeks; what changes meanwhile is read from the platform's clock at its start on."""
        watermark = unit.last.watermark if unit.last is not None else None
        if self._run.first_census and self._feed.watermark is None and watermark is not None:
            with committer.transaction() as connection:
                begin_changes(connection, self._run.platform, watermark)
            self._feed = replace(self._feed, watermark=watermark)

    # Ending ----------------------------------------------------------------------------------------------------------

    def _verdict_unavailable(self, error: FeedUnavailable) -> Verdict:
        now = self._clock.now()
        retry_at = next_asking(error, now)
        self._run.not_before = retry_at.timestamp() if retry_at else None
        until = f" The platform may be asked again from {retry_at:%Y-%m-%d %H:%M} UTC." if retry_at else ""
        is_ban = retry_at is not None and retry_at - now > LONGEST_WAIT
        said = f"{str(error).rstrip('.')}.{until}"
        if self._run.counters.seen or self._run.counters.accounts_seen or is_ban:
            return Verdict(RunState.INCOMPLETE, f"{said} What was read stays; the next sync goes on from there.")
        return Verdict(RunState.FAILED, f"Nothing could be read: {said}")

    def _end(self, verdict: Verdict) -> Outcome:
        if verdict.is_written:
            return self._outcome(verdict)
        if verdict.walk_is_over:
            self._run.position = self._run.walk_end = None
        try:
            with self._database.write() as connection:
                renew_lease(connection, self._lease, now=self._now())
                end_run(connection, self._run, verdict.state, reason=verdict.reason, now=self._now())
        except StorageUnavailable:
            return self._outcome(verdict)  # the row says so later: that its process ended without a word
        except HanmaruError as error:
            return self._outcome(Verdict(RunState.LOST, str(error)))
        return self._outcome(verdict)

    def _outcome(self, verdict: Verdict) -> Outcome:
        return Outcome(
            platform=self._run.platform,
            state=verdict.state,
            reason=verdict.reason,
            seconds=self._clock.monotonic() - self._begun,
            counters=self._run.counters,
            run=self._run.id,
            lane=self._lane,
            warnings=tuple(self._run.warnings),
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _own_fault(error: BaseException) -> str:
    if isinstance(error, HanmaruError):
        return str(error)
    return f"A fault of our own ({type(error).__name__}) stopped it; what was committed stays."
