"""How each feed is doing, for people who wait for its listings."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from integrator.store.runs import RunState
from integrator.store.tables import feed, hold, hold_listing, listing, run


@dataclass(frozen=True, slots=True)
class Pulse:
    """One feed: times are POSIX seconds, None for what never happened. `visible` counts what a buyer may see."""

    platform: str
    state: RunState | None  # of the newest run; None: there was none yet
    reason: str
    lane: str
    started_at: float | None
    good_at: float | None  # end of the last good run of any lane
    census_at: float | None
    every_s: int  # how often changes are asked for
    paused: bool
    visible: int
    rejected: int  # live listings whose newest records cannot be used
    newest_at: float | None  # the platform's time of its newest visible listing
    held: int  # listings whose deletion waits for a person


def read_pulses(connection: Connection, platforms: Iterable[str]) -> list[Pulse]:
    """The feeds in the order asked for; one that was never registered is one that never ran."""
    feeds = {row["platform"]: row for row in connection.execute(select(feed)).mappings()}
    counts = _counts(connection)
    held = _held(connection)
    pulses = []
    for platform in platforms:
        row = feeds.get(platform)
        newest = select(run).where(run.c.platform == platform, ~run.c.dry_run).order_by(run.c.id.desc()).limit(1)
        last = connection.execute(newest).mappings().first()
        visible, rejected, newest_at = counts.get(platform, (0, 0, None))
        pulses.append(
            Pulse(
                platform=platform,
                state=RunState(last["state"]) if last else None,
                reason=str(last["reason"]) if last else "",
                lane=str(last["lane"]) if last else "",
                started_at=last["started_at"] if last else None,
                good_at=row["changes_at"] if row else None,
                census_at=row["census_at"] if row else None,
                every_s=row["changes_every_s"] if row else 3600,
                paused=bool(row["paused"]) if row else False,
                visible=visible,
                rejected=rejected,
                newest_at=newest_at,
                held=held.get(platform, 0),
            )
        )
    return pulses


def _counts(connection: Connection) -> dict[str, tuple[int, int, float | None]]:
    """Visible listings, those of them whose newest record is unusable, and the newest of them, by platform."""
    unusable = func.sum(case((listing.c.rejected_at.is_not(None), 1), else_=0))
    wanted = (
        select(listing.c.platform, func.count(), unusable, func.max(listing.c.updated_at))
        .where(listing.c.visible.is_(True))
        .group_by(listing.c.platform)
    )
    return {str(row[0]): (int(row[1]), int(row[2] or 0), row[3]) for row in connection.execute(wanted)}


def _held(connection: Connection) -> dict[str, int]:
    wanted = (
        select(hold.c.platform, func.count())
        .join(hold_listing, hold_listing.c.hold == hold.c.id)
        .where(hold.c.state == "open")
        .group_by(hold.c.platform)
    )
    return {str(row[0]): int(row[1]) for row in connection.execute(wanted)}
