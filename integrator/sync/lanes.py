"""Whose turn it is: which lane of a feed the scheduler is to have read now.

A feed is read by one lane at a time: its lanes share the platform's calls, and one sick platform then takes one worker.
Slices are short, so changes wait for minutes however long a census takes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from integrator.errors import FeedUnavailable
from integrator.ports import LONGEST_BAN
from integrator.record import Confirmation, Lane
from integrator.store.feeds import Feed, FeedState, LastRun
from integrator.store.runs import RunState

# A lane that just failed is left alone for this long before the scheduler asks again.
RETRY_AFTER_S = 300.0

# A lane is fresh while its last good reading is no older than this many of its intervals: one may fail or wait.
TARGET_INTERVALS = 2

# Whoever stopped a run (a restart, most often) had nothing against the platform: it goes on at once, like a lost one.
_UNDER_WAY = (RunState.QUEUED, RunState.RUNNING, RunState.LOST, RunState.CANCELLED)
_STOPPED = (RunState.INCOMPLETE, RunState.FAILED)


class Ways(Protocol):
    """How a platform can be read (`ports.Connector`)."""

    confirmation: Confirmation
    separate_lanes: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A lane whose time has come. `turn` is another one once a slice of it has begun."""

    platform: str
    lane: Lane
    turn: str = "0-0"


def find_all_due(states: Iterable[FeedState], ways: Mapping[str, Ways], now: float) -> list[Due]:
    """What the scheduler should start now: one lane of each feed at most."""
    found = (find_due(state, ways[state.feed.platform], now) for state in states)
    return [each for each in found if each is not None]


def find_due(state: FeedState, ways: Ways, now: float) -> Due | None:
    """Changes first, then the census, then details; none while one is read, in a ban, or while the feed is paused."""
    if state.feed.paused or any(lane in state.held for lane in Lane):
        return None
    if state.banned_until is not None and state.banned_until > now:
        return None
    # Where both are one walk, a census that was begun is the walk to go on with.
    order = (
        (Lane.CHANGES, Lane.CENSUS, Lane.DETAIL) if ways.separate_lanes else (Lane.CENSUS, Lane.CHANGES, Lane.DETAIL)
    )
    for lane in order:
        if is_due(state, ways, lane, now):
            last = state.runs.get(lane)
            return Due(state.feed.platform, lane, f"{last.id}-{last.slices}" if last else "0-0")
    return None


def is_due(state: FeedState, ways: Ways, lane: Lane, now: float) -> bool:
    """Whether this lane's time has come, whatever the other lanes do."""
    last, is_wanted = state.runs.get(lane), _is_wanted(state, ways, lane, now)
    if last is None or last.state is RunState.SUCCEEDED:
        return is_wanted
    if last.not_before is not None and last.not_before > now:
        return False
    if last.state in _UNDER_WAY:
        return last.has_place or is_wanted
    if last.state in _STOPPED:
        return (last.has_place or is_wanted) and _is_older(last.ended_at, RETRY_AFTER_S, now)
    # Held: it proved as much as it can until a person decides, and reading the same again at once changes nothing.
    return is_wanted and _is_older(last.ended_at, state.feed.every_s(lane), now)


def list_lanes(ways: Ways) -> tuple[Lane, ...]:
    """The lanes that this platform has; where a walk tells everything there are no details to ask for."""
    has_details = ways.confirmation is Confirmation.DETAIL_CALL
    return (Lane.CHANGES, Lane.CENSUS, Lane.DETAIL) if has_details else (Lane.CHANGES, Lane.CENSUS)


def is_late(state: FeedState, lane: Lane, now: float) -> bool:
    """Whether this lane's last good reading is older than its freshness target."""
    return _is_older(state.read_at(lane), freshness_target_s(state, lane), now)


def freshness_target_s(state: FeedState, lane: Lane) -> int:
    """How old this lane's last good reading may be."""
    return TARGET_INTERVALS * state.feed.every_s(lane)


def _is_wanted(state: FeedState, ways: Ways, lane: Lane, now: float) -> bool:
    feed, every = state.feed, state.feed.every_s(lane)
    if lane is Lane.CHANGES:
        # Before a first census is so far that changes can be told from it, there is nothing for them to follow.
        has_begun = feed.census_at is not None or (feed.watermark is not None and ways.separate_lanes)
        return has_begun and _is_older(feed.changes_at, every, now)
    if lane is Lane.CENSUS:
        # Where both are one walk, changes take each new whole drop, which is a census.
        return feed.census_at is None or (ways.separate_lanes and _is_older(feed.census_at, every, now))
    has_details = lane in list_lanes(ways) and feed.census_at is not None
    return has_details and _is_older(_ended_at(state.runs.get(lane)), every, now)


def _ended_at(last: LastRun | None) -> float | None:
    return last.ended_at if last is not None else None


def _is_older(at: float | None, seconds: float, now: float) -> bool:
    return at is None or at <= now - seconds


# What a sync by hand reads, and when it may ask -----------------------------------------------------------------------


def choose_lane(feed: Feed, ways: Ways, *, full: bool) -> Lane:
    """Changes, unless everything is asked for or there is nothing yet that changes could follow.

    While a first census is under way they follow its start, if the platform has a lane of its own for them.
    """
    if full:
        return Lane.CENSUS
    can_follow = feed.census_at is not None or (feed.watermark is not None and ways.separate_lanes)
    return Lane.CHANGES if can_follow else Lane.CENSUS


def say_banned(state: FeedState, lane: Lane, now: float) -> tuple[RunState, str] | None:
    """State and reason where the platform may not be called yet: nothing of this lane is then begun."""
    last = state.runs.get(lane)
    until = max(state.banned_until or 0.0, (last.not_before if last else None) or 0.0)
    if until <= now:
        return None
    when = datetime.fromtimestamp(until, UTC)
    return RunState.INCOMPLETE, f"The platform may be asked again from {when:%Y-%m-%d %H:%M} UTC; nothing was asked."


def next_asking(error: FeedUnavailable, now: datetime) -> datetime | None:
    """When the platform said that it may be asked again, no later than in a day; None where it said nothing of use."""
    if error.retry_at is None or error.retry_at <= now:
        return None
    return min(error.retry_at, now + LONGEST_BAN)
