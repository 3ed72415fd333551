"""Who is missing after a complete read, and what the guard wants to know."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, exists, func, select

from integrator.record import Lane
from integrator.store.database import chunks
from integrator.store.holds import HoldState
from integrator.store.listings import ListingState
from integrator.store.runs import RunState
from integrator.store.tables import hold, hold_listing, listing, run


@dataclass(frozen=True, slots=True)
class Absent:
    """A live listing that a complete read did not show."""

    key: int
    external_id: str
    account_id: str
    visible: bool
    seen_at: float


def _live(platform: str) -> Select[int, str, str, bool, float]:
    return (
        select(listing.c.key, listing.c.external_id, listing.c.account_id, listing.c.visible, listing.c.seen_at)
        .where(listing.c.platform == platform, listing.c.state == ListingState.LIVE.value)
        .order_by(listing.c.key)
    )


def find_live(connection: Connection, platform: str) -> list[Absent]:
    """Every live listing, whether seen or not."""
    return [Absent(*row) for row in connection.execute(_live(platform))]


# A person keeps it although it is absent, and nothing has seen it since: this absence proves nothing any more.
_kept = listing.c.kept_at.is_not(None) & (listing.c.kept_at >= listing.c.seen_at)


# Its platform withdrew it itself, and a person is to decide about that.
_waits = exists().where(
    hold_listing.c.listing_key == listing.c.key,
    hold_listing.c.told.is_not(None),
    hold.c.id == hold_listing.c.hold,
    hold.c.state == HoldState.OPEN.value,
)
_may_go = ~_kept & ~_waits


def find_absent(connection: Connection, platform: str, *, run_id: int, started_at: float) -> list[Absent]:
    """Live listings that neither this census nor anything since its start has seen; none that a person keeps or is to
    decide about because the platform withdrew it."""
    wanted = _live(platform).where(_may_go, listing.c.seen_run < run_id, listing.c.seen_at < started_at)
    return [Absent(*row) for row in connection.execute(wanted)]


def find_absent_below(connection: Connection, platform: str, *, sequence: int) -> list[Absent]:
    """Live listings last seen in a lower number than this full drop's; none as in `find_absent`."""
    wanted = _live(platform).where(_may_go, listing.c.sequence < sequence)
    return [Absent(*row) for row in connection.execute(wanted)]


def find_still_absent(connection: Connection, keys: Sequence[int], *, since: float) -> list[Absent]:
    """Those of these listings that still live and that nothing has seen since."""
    found: list[Absent] = []
    columns = (listing.c.key, listing.c.external_id, listing.c.account_id, listing.c.visible, listing.c.seen_at)
    for piece in chunks(keys):
        wanted = select(*columns).where(
            listing.c.key.in_(piece), listing.c.state == ListingState.LIVE.value, listing.c.seen_at < since
        )
        found.extend(Absent(*row) for row in connection.execute(wanted))
    return found


def count_visible(connection: Connection, platform: str) -> int:
    """How many listings of this platform a buyer may see."""
    wanted = select(func.count()).select_from(listing).where(listing.c.platform == platform, listing.c.visible)
    return int(connection.execute(wanted).scalar_one())


def count_visible_of(connection: Connection, platform: str, account_ids: Sequence[str]) -> dict[str, int]:
    """Visible listings of each of these accounts."""
    found: dict[str, int] = {}
    for piece in chunks(account_ids):
        wanted = (
            select(listing.c.account_id, func.count())
            .where(listing.c.platform == platform, listing.c.visible, listing.c.account_id.in_(piece))
            .group_by(listing.c.account_id)
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


def visible_after_good_runs(connection: Connection, platform: str, *, limit: int = 5) -> list[int]:
    """The feed's visible count after its last good censuses, newest first."""
    wanted = (
        select(run.c.visible_after)
        .where(
            run.c.platform == platform,
            run.c.state == RunState.SUCCEEDED.value,
            run.c.visible_after.is_not(None),
        )
        .order_by(run.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(wanted).scalars())


WEEK_S = 7 * 86_400.0


def visible_in_week(connection: Connection, platform: str, *, now: float) -> int | None:
    """The most that was visible after a good run in the last seven days, or since a person last approved deletions."""
    approved = select(func.max(hold.c.decided_at)).where(
        hold.c.platform == platform, hold.c.state == HoldState.APPROVED.value
    )
    since = max(now - WEEK_S, connection.execute(approved).scalar() or 0.0)
    wanted = select(func.max(run.c.visible_after)).where(
        run.c.platform == platform, run.c.state == RunState.SUCCEEDED.value, run.c.started_at >= since
    )
    most: int | None = connection.execute(wanted).scalar()
    return most


def start_of_census_before(connection: Connection, platform: str, *, run_id: int) -> float | None:
    """When the last complete census before this run began; None: there was none."""
    wanted = (
        select(run.c.started_at)
        .where(
            run.c.platform == platform,
            run.c.lane == Lane.CENSUS.value,
            run.c.state.in_([RunState.SUCCEEDED.value, RunState.HELD.value]),
            run.c.id < run_id,
        )
        .order_by(run.c.id.desc())
        .limit(1)
    )
    return connection.execute(wanted).scalar()
