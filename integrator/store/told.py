"""What platforms say is gone: it waits here until the guards have seen it together, or in a hold until a person has.

A statement stands while its listing lives and has not changed since: by the platform's dates where it gives one, else
by whether anything has seen the listing since it was told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, and_, delete, func, or_, select, update

from integrator.record import Lane
from integrator.store.database import chunks, insert_for
from integrator.store.holds import HoldState
from integrator.store.listings import ListingState
from integrator.store.runs import REPLAY, RunState
from integrator.store.tables import hold, hold_listing, listing, run, told, version


@dataclass(frozen=True, slots=True)
class Told:
    """A platform withdrew this listing. `said_at`: when, by its own clock, in POSIX seconds; None: it does not say."""

    key: int
    external_id: str
    account_id: str
    visible: bool
    said_at: float | None
    reason: str
    merged_into: str | None


_waits = (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.pending)
_with_newest = listing.outerjoin(version, _waits)
_listing = (listing.c.key, listing.c.external_id, listing.c.account_id, listing.c.visible)


def _stands(said_at: ColumnElement[float | None], since: ColumnElement[float]) -> ColumnElement[bool]:
    """Over listings with the version that waits, beside statements said at this time, or else told at `since`."""
    newest = func.coalesce(version.c.updated_at, listing.c.updated_at)
    undated = and_(said_at.is_(None), listing.c.seen_at <= since)
    return and_(listing.c.state == ListingState.LIVE.value, or_(undated, and_(said_at.is_not(None), newest <= said_at)))


# Until the guards have seen it ---------------------------------------------------------------------------------------


def stage_told(connection: Connection, said: Sequence[Told], *, run: int, now: float, takes_over: bool) -> None:
    """Let these wait for the guards of this run.

    One that waits already is replaced by a newer statement only, or (`takes_over`) by the same one.
    """
    rows = [
        {
            "listing_key": each.key,
            "run": run,
            "said_at": each.said_at,
            "reason": each.reason,
            "merged_into": each.merged_into,
            "told_at": now,
        }
        for each in said
    ]
    if not rows:
        return
    statement = insert_for(connection, told)
    new = statement.excluded
    is_newer = new.said_at >= told.c.said_at if takes_over else new.said_at > told.c.said_at
    statement = statement.on_conflict_do_update(
        index_elements=[told.c.listing_key],
        set_={name: new[name] for name in ("run", "said_at", "reason", "merged_into", "told_at")},
        where=or_(told.c.said_at.is_(None), is_newer),
    )
    connection.execute(statement, rows)


def find_decided(connection: Connection, said: Sequence[Told]) -> set[int]:
    """Those of these listings whose withdrawal waits for a person already, or was refused by one and is not newer.

    A listing that has changed since it was held waits for nobody, though it may not have left its hold yet.
    """
    by_key = {each.key: each for each in said}
    found: set[int] = set()
    for piece in chunks(list(by_key)):
        wanted = (
            select(
                listing.c.key, hold_listing.c.said_at, hold.c.state, hold.c.created_at, listing.c.kept_at,
                _stands(hold_listing.c.said_at, hold.c.created_at).label("stands"),
            )
            .select_from(_held())
            .where(
                hold_listing.c.listing_key.in_(piece),
                hold_listing.c.told.is_not(None),
                hold.c.state.in_([HoldState.OPEN.value, HoldState.REJECTED.value]),
            )
        )  # fmt: skip
        rows = connection.execute(wanted).mappings()
        found.update(row["key"] for row in rows if _is_decided(row, by_key[row["key"]].said_at))
    return found


def _is_decided(row: RowMapping, said_at: float | None) -> bool:
    if row["state"] == HoldState.OPEN.value:
        return bool(row["stands"])
    if said_at is None:
        return row["kept_at"] is not None  # a sight of the listing ends that
    before: float = row["created_at"] if row["said_at"] is None else row["said_at"]
    return said_at <= before


def find_left_told(connection: Connection, platform: str, lane: str, *, before: int) -> list[int]:
    """Runs that left statements unsettled: earlier ones of this lane, and asides that are over."""
    of_lane = (run.c.lane == lane) & (run.c.id < before)
    is_over = run.c.lane.in_([REPLAY, Lane.DETAIL.value]) & (run.c.state != RunState.RUNNING.value)
    wanted = (
        select(told.c.run)
        .distinct()
        .join(run, run.c.id == told.c.run)
        .where(run.c.platform == platform, run.c.id != before, or_(of_lane, is_over))
    )
    return list(connection.execute(wanted).scalars())


def inherit_told(connection: Connection, dead: Sequence[int], *, run: int) -> None:
    """What these runs left unsettled is this run's."""
    for piece in chunks(dead):
        connection.execute(update(told).where(told.c.run.in_(piece)).values(run=run))


def has_told(connection: Connection, run: int) -> bool:
    """Whether anything waits for this run's guards, be it that it does not stand any more."""
    return connection.execute(select(told.c.run).where(told.c.run == run).limit(1)).first() is not None


def load_told(connection: Connection, run: int, *, limit: int | None = None) -> list[Told]:
    """What waits for this run's guards, and stands; what follows in the same transaction finds it as it is here."""
    here = _with_newest.join(told, told.c.listing_key == listing.c.key)
    wanted = (
        select(*_listing, told.c.said_at, told.c.reason, told.c.merged_into)
        .select_from(here)
        .where(told.c.run == run, _stands(told.c.said_at, told.c.told_at))
        .order_by(listing.c.key)
        .limit(limit)
    )
    if limit is not None:
        wanted = wanted.with_for_update(of=listing)
    return [Told(*row) for row in connection.execute(wanted)]


def forget_told(connection: Connection, run: int, *, up_to: int | None = None) -> None:
    """Nothing of this run waits any more, or nothing of listings up to this key."""
    settled = told.c.run == run if up_to is None else (told.c.run == run) & (told.c.listing_key <= up_to)
    connection.execute(delete(told).where(settled))


# Until a person has decided ------------------------------------------------------------------------------------------


def _held() -> FromClause:
    named = _with_newest.join(hold_listing, hold_listing.c.listing_key == listing.c.key)
    return named.join(hold, hold.c.id == hold_listing.c.hold)


def find_held_told(connection: Connection, number: int, keys: Sequence[int]) -> list[Told]:
    """Those of these listings that this hold names as told, and that still stand."""
    found: list[Told] = []
    for piece in chunks(keys):
        wanted = (
            select(*_listing, hold_listing.c.said_at, hold_listing.c.told, hold_listing.c.merged_into)
            .select_from(_held())
            .where(hold.c.id == number, hold_listing.c.told.is_not(None), listing.c.key.in_(piece))
            .where(_stands(hold_listing.c.said_at, hold.c.created_at))
        )
        found.extend(Told(*row) for row in connection.execute(wanted))
    return found


def find_answered(connection: Connection, platform: str) -> list[int]:
    """Listings that open holds name as told, and that have changed or ended since."""
    wanted = (
        select(listing.c.key)
        .select_from(_held())
        .where(hold.c.platform == platform, hold.c.state == HoldState.OPEN.value, hold_listing.c.told.is_not(None))
        .where(~_stands(hold_listing.c.said_at, hold.c.created_at))
    )
    return list(connection.execute(wanted).scalars())
