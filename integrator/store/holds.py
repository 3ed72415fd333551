"""Holds: deletions, and versions of whole runs, that wait for a person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, delete, exists, func, insert, or_, select, update

from integrator.record import Json
from integrator.store.database import chunks
from integrator.store.tables import account_version, hold, hold_listing, listing, version


class HoldKind(StrEnum):
    """`deletions`: listings that a complete read did not show, or that their platform withdrew itself. `run`: every
    version that a run would have released."""

    DELETIONS = "deletions"
    RUN = "run"


class HoldState(StrEnum):
    """`closed`: nothing waits in it any more, or a later read's picture took its place."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold with what a person needs to decide. `ceiling`: approving it releases or deletes no more than this.

    `is_told`: of deletions, the platform itself said that these are gone.
    """

    id: int
    platform: str
    run: int
    kind: HoldKind
    state: HoldState
    reason: str
    diff: dict[str, Json]
    created_at: float
    decided_at: float | None
    decided_by: str | None
    decided_reason: str | None
    ceiling: int | None
    waiting: int
    is_told: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A listing whose deletion waits, with what its platform said of it: why, when, and what it went into."""

    key: int
    told: str
    said_at: float | None
    merged_into: str | None


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
    """Hold the deletion of these absent listings. An older open hold of such gives way to this newer picture."""
    older = _open(platform) & (hold.c.kind == HoldKind.DELETIONS.value) & ~_is_told
    gone = {"state": HoldState.CLOSED.value, "decided_at": now, "decided_by": f"run {run}"}
    connection.execute(update(hold).where(older).values(gone))
    values = {"platform": platform, "run": run, "kind": HoldKind.DELETIONS.value, "ceiling": len(keys)}
    number = _insert(connection, values, HoldState.OPEN, reason=reason, diff=diff, now=now)
    _name(connection, number, keys)
    return number


def open_told_hold(
    connection: Connection,
    platform: str,
    named: Sequence[Named],
    *,
    run: int,
    reason: str,
    diff: dict[str, Json],
    now: float,
) -> int:
    """Hold what the platform itself withdrew. Others of that kind stay: it may never say again what they name."""
    leave_holds(connection, platform, [each.key for each in named], now=now)
    values = {"platform": platform, "run": run, "kind": HoldKind.DELETIONS.value, "ceiling": len(named)}
    number = _insert(connection, values, HoldState.OPEN, reason=reason, diff=diff, now=now)
    rows = [
        {
            "hold": number,
            "listing_key": each.key,
            "told": each.told,
            "said_at": each.said_at,
            "merged_into": each.merged_into,
        }
        for each in named
    ]
    connection.execute(insert(hold_listing), rows)
    return number


def open_run_hold(
    connection: Connection, platform: str, *, run: int, ceiling: int, reason: str, diff: dict[str, Json], now: float
) -> int:
    """Hold what this run would release, `ceiling` versions; the same hold when a run that was killed asks again."""
    mine = (hold.c.run == run) & (hold.c.kind == HoldKind.RUN.value) & (hold.c.state == HoldState.OPEN.value)
    found: int | None = connection.execute(select(hold.c.id).where(mine)).scalar()
    if found is not None:
        return found
    values = {"platform": platform, "run": run, "kind": HoldKind.RUN.value, "ceiling": ceiling}
    return _insert(connection, values, HoldState.OPEN, reason=reason, diff=diff, now=now)


def note_kept(
    connection: Connection,
    platform: str,
    keys: Sequence[int],
    *,
    run: int,
    by: str,
    reason: str,
    diff: dict[str, Json],
    now: float,
) -> int:
    """A person keeps these listings against an absence that was believed: a hold of deletions that is decided already.

    Approving it later takes them out again.
    """  # fmt: skip
    values = {
        "platform": platform, "run": run, "kind": HoldKind.DELETIONS.value, "ceiling": len(keys), "decided_at": now,
        "decided_by": by, "decided_reason": reason,
    }  # fmt: skip
    number = _insert(connection, values, HoldState.REJECTED, reason=f"Run {run} was undone.", diff=diff, now=now)
    _name(connection, number, keys)
    return number


def _insert(
    connection: Connection,
    values: dict[str, object],
    state: HoldState,
    *,
    reason: str,
    diff: dict[str, Json],
    now: float,
) -> int:
    said = {"state": state.value, "reason": reason, "diff": msgspec.json.encode(diff).decode(), "created_at": now}
    key = connection.execute(insert(hold).values({**values, **said})).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row always has its key
    return int(key[0])


def _name(connection: Connection, number: int, keys: Sequence[int]) -> None:
    for piece in chunks(keys):
        connection.execute(insert(hold_listing), [{"hold": number, "listing_key": each} for each in piece])


def list_holds(connection: Connection, *, platform: str | None = None, every: bool = False) -> list[Hold]:
    """Open holds, or every one there was; newest first."""
    wanted = _holds.order_by(hold.c.id.desc())
    if platform is not None:
        wanted = wanted.where(hold.c.platform == platform)
    if not every:
        wanted = wanted.where(hold.c.state == HoldState.OPEN.value)
    return [_hold_of(row) for row in connection.execute(wanted).mappings()]


def find_run_hold(connection: Connection, run: int) -> Hold | None:
    """The last hold of what this run wrote, whatever became of it."""
    wanted = _holds.where(hold.c.run == run, hold.c.kind == HoldKind.RUN.value).order_by(hold.c.id.desc()).limit(1)
    row = connection.execute(wanted).mappings().first()
    return _hold_of(row) if row else None


def find_deletions(connection: Connection, run: int) -> list[Hold]:
    """The holds of what this run would have taken out of sight, whatever became of them."""
    wanted = _holds.where(hold.c.run == run, hold.c.kind == HoldKind.DELETIONS.value).order_by(hold.c.id)
    return [_hold_of(row) for row in connection.execute(wanted).mappings()]


def find_hold(connection: Connection, number: int) -> Hold | None:
    """One hold, whatever became of it."""
    row = connection.execute(_holds.where(hold.c.id == number)).mappings().first()
    return None if row is None else _hold_of(row)


def decide_hold(connection: Connection, number: int, state: HoldState, *, by: str, reason: str, now: float) -> None:
    """A person has decided."""
    decided = {"state": state.value, "decided_at": now, "decided_by": by, "decided_reason": reason}
    connection.execute(update(hold).where(hold.c.id == number).values(decided))


def held_keys(connection: Connection, platform: str) -> set[int]:
    """The listings in open holds of this platform that leave them when they are seen, whatever their record says.

    A withdrawal with a date gives way to a newer date only.
    """
    wanted = (
        select(hold_listing.c.listing_key)
        .join(hold, hold.c.id == hold_listing.c.hold)
        .where(_open(platform), hold_listing.c.said_at.is_(None))
    )
    return set(connection.execute(wanted).scalars())


def keys_of_hold(connection: Connection, number: int) -> Iterator[int]:
    """The listings that wait in one hold."""
    yield from connection.execute(select(hold_listing.c.listing_key).where(hold_listing.c.hold == number)).scalars()


def leave_holds(
    connection: Connection, platform: str, keys: Sequence[int], *, now: float, but: int | None = None
) -> None:
    """These listings wait for nobody any more: they leave open holds, all `but` one; an empty one closes itself."""
    still_open = select(hold.c.id).where(_open(platform), hold.c.id != (but or 0))
    for piece in chunks(keys):
        gone = hold_listing.c.listing_key.in_(piece) & hold_listing.c.hold.in_(still_open)
        connection.execute(delete(hold_listing).where(gone))
    close_empty_holds(connection, platform, now=now)


def close_empty_holds(connection: Connection, platform: str, *, now: float) -> None:
    """Holds in which nothing waits any more close themselves."""
    waits = or_(
        exists().where(hold_listing.c.hold == hold.c.id),
        exists().where(version.c.hold == hold.c.id),
        exists().where(account_version.c.hold == hold.c.id),
    )
    values = {"state": HoldState.CLOSED.value, "decided_at": now, "decided_by": "nothing waits in it any more"}
    connection.execute(update(hold).where(_open(platform), ~waits).values(values))


def keep_listings(connection: Connection, keys: Sequence[int], *, now: float) -> None:
    """A person keeps these: the absence known so far does not withdraw them. One sight of a listing ends that."""
    for piece in chunks(keys):
        connection.execute(update(listing).where(listing.c.key.in_(piece)).values(kept_at=now))


def _open(platform: str) -> ColumnElement[bool]:
    return (hold.c.platform == platform) & (hold.c.state == HoldState.OPEN.value)


_is_told = exists().where(hold_listing.c.hold == hold.c.id, hold_listing.c.told.is_not(None))
_waiting = (
    select(func.count()).where(hold_listing.c.hold == hold.c.id).scalar_subquery()
    + select(func.count()).where(version.c.hold == hold.c.id).scalar_subquery()
    + select(func.count()).where(account_version.c.hold == hold.c.id).scalar_subquery()
)
_holds = select(hold, _waiting.label("waiting"), _is_told.label("is_told"))


def _hold_of(row: RowMapping) -> Hold:
    values = dict(row)
    return Hold(
        id=values["id"],
        platform=values["platform"],
        run=values["run"],
        kind=HoldKind(values["kind"]),
        state=HoldState(values["state"]),
        reason=values["reason"],
        diff=msgspec.json.decode(values["diff"]),
        created_at=values["created_at"],
        decided_at=values["decided_at"],
        decided_by=values["decided_by"],
        decided_reason=values["decided_reason"],
        ceiling=values["ceiling"],
        waiting=values["waiting"],
        is_told=bool(values["is_told"]),
    )
