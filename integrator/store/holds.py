"""Holds: deletions that wait for a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, delete, exists, func, insert, select, update

from integrator.record import Json
from integrator.store.database import chunks
from integrator.store.tables import hold, hold_listing, listing


class HoldState(StrEnum):
    """`closed`: nothing in it is missing any more, or a later run's hold took its place."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold with what a person needs to decide."""

    id: int
    platform: str
    run: int
    state: HoldState
    reason: str
    diff: dict[str, Json]
    created_at: float
    decided_at: float | None
    decided_by: str | None
    waiting: int


def open_hold(
    connection: Connection,
    platform: str,
    keys: Sequence[int],
    *,
    run: int,
    reason: str,
    diff: dict[str, Json],
    now: float,
) -> int:
    """Hold the deletion of these listings. An older open hold of the platform gives way to this newer picture."""
    values = {
        "platform": platform,
        "run": run,
        "kind": "deletions",
        "state": HoldState.OPEN.value,
        "reason": reason,
        "diff": msgspec.json.encode(diff).decode(),
        "created_at": now,
    }
    older = (hold.c.platform == platform) & (hold.c.state == HoldState.OPEN.value)
    decided = {"state": HoldState.CLOSED.value, "decided_at": now, "decided_by": f"run {run}"}
    connection.execute(update(hold).where(older).values(decided))
    key = connection.execute(insert(hold).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has its key
    number = int(key[0])
    for piece in chunks(keys):
        connection.execute(insert(hold_listing), [{"hold": number, "listing_key": each} for each in piece])
    return number


def list_holds(connection: Connection, *, platform: str | None = None, every: bool = False) -> list[Hold]:
    """Open holds, or every one there was; newest first."""
    waiting = select(func.count()).where(hold_listing.c.hold == hold.c.id).scalar_subquery()
    wanted = select(hold, waiting.label("waiting")).order_by(hold.c.id.desc())
    if platform is not None:
        wanted = wanted.where(hold.c.platform == platform)
    if not every:
        wanted = wanted.where(hold.c.state == HoldState.OPEN.value)
    return [_hold_of(row) for row in connection.execute(wanted).mappings()]


def find_hold(connection: Connection, number: int) -> Hold | None:
    """One hold, whatever became of it."""
    return next((each for each in list_holds(connection, every=True) if each.id == number), None)


def decide_hold(connection: Connection, number: int, state: HoldState, *, by: str, now: float) -> None:
    """A person has decided, or nothing is left to decide."""
    connection.execute(update(hold).where(hold.c.id == number).values(state=state.value, decided_at=now, decided_by=by))


def held_keys(connection: Connection, platform: str) -> set[int]:
    """The listings in open holds of this platform."""
    wanted = (
        select(hold_listing.c.listing_key)
        .join(hold, hold.c.id == hold_listing.c.hold)
        .where(hold.c.platform == platform, hold.c.state == HoldState.OPEN.value)
    )
    return set(connection.execute(wanted).scalars())


def keys_of_hold(connection: Connection, number: int) -> Iterator[int]:
    """The listings that wait in one hold."""
    yield from connection.execute(select(hold_listing.c.listing_key).where(hold_listing.c.hold == number)).scalars()


def leave_holds(connection: Connection, platform: str, keys: Sequence[int], *, now: float) -> None:
    """These listings are there again: they leave open holds, and a hold without listings closes itself."""
    still_open = select(hold.c.id).where(hold.c.platform == platform, hold.c.state == HoldState.OPEN.value)
    for piece in chunks(keys):
        gone = hold_listing.c.listing_key.in_(piece) & hold_listing.c.hold.in_(still_open)
        connection.execute(delete(hold_listing).where(gone))
    empty = hold.c.id.in_(still_open) & ~exists().where(hold_listing.c.hold == hold.c.id)
    values = {"state": HoldState.CLOSED.value, "decided_at": now, "decided_by": "all of them came back"}
    connection.execute(update(hold).where(empty).values(values))


def kept_by_rejection(connection: Connection, platform: str) -> set[int]:
    """Listings a person decided to keep and that nobody has seen since: the same absence does not hold them again."""
    wanted = (
        select(hold_listing.c.listing_key)
        .join(hold, hold.c.id == hold_listing.c.hold)
        .join(listing, listing.c.key == hold_listing.c.listing_key)
        .where(
            hold.c.platform == platform,
            hold.c.state == HoldState.REJECTED.value,
            listing.c.seen_at < hold.c.created_at,
        )
    )
    return set(connection.execute(wanted).scalars())


def _hold_of(row: object) -> Hold:
    values = dict(row)  # type: ignore[call-overload]
    return Hold(
        id=values["id"],
        platform=values["platform"],
        run=values["run"],
        state=HoldState(values["state"]),
        reason=values["reason"],
        diff=msgspec.json.decode(values["diff"]),
        created_at=values["created_at"],
        decided_at=values["decided_at"],
        decided_by=values["decided_by"],
        waiting=values["waiting"],
    )
