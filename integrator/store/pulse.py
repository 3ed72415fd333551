"""How each feed is doing, for people who wait for its listings."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from integrator.record import Lane
from integrator.store.feeds import FeedState, LastRun, load_states
from integrator.store.tables import hold, hold_listing, listing


@dataclass(frozen=True, slots=True)
class Pulse:
    """One feed with what a buyer sees of it. `visible` counts listings; times are POSIX seconds."""

    standing: FeedState
    visible: int
    rejected: int  # live listings whose newest records cannot be used
    newest_at: float | None  # the platform's time of its newest visible listing
    held: int  # listings whose deletion waits for a person

    @property
    def last(self) -> LastRun | None:
        """The newest walk; None: there was none yet."""
        walks = [run for lane, run in self.standing.runs.items() if lane is not Lane.DETAIL]
        return max(walks, key=lambda run: run.id, default=None)


def read_pulses(connection: Connection, platforms: Iterable[str], *, now: float) -> list[Pulse]:
    """The feeds in the order asked for; one that was never registered is one that never ran."""
    counts = _counts(connection)
    held = _held(connection)
    return [
        Pulse(standing, *counts.get(standing.feed.platform, (0, 0, None)), held.get(standing.feed.platform, 0))
        for standing in load_states(connection, platforms, now=now)
    ]


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
