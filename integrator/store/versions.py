"""Versions of listings: written as pending or as released, and what becomes of those that wait.

A listing has at most one version that waits: `listing.pending` names it. A newer one takes its place, so nothing older
than what is known can ever be released.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, and_, bindparam, case, exists, func, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from integrator.listing import Contact
from integrator.record import Lane
from integrator.store.contacts import (
    SaidContact,
    drop_contacts,
    let_contacts_wait,
    of_listings,
    release_contacts,
    save_contacts,
)
from integrator.store.database import chunks
from integrator.store.prepared import Prepared
from integrator.store.runs import REPLAY, RunState
from integrator.store.tables import account_version, listing, version
from integrator.store.tables import run as run_table


class VersionState(StrEnum):
    """What became of a version. `pending` and `held` wait; `rejected`: a person refused it; `superseded`: never shown,
    another came."""

    PENDING = "pending"
    RELEASED = "released"
    SUPERSEDED = "superseded"
    HELD = "held"
    REJECTED = "rejected"


WAITING = (VersionState.PENDING.value, VersionState.HELD.value)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a record says of a listing's row, ready to be written. `contact` None: it says nothing of its account's."""

    external_id: str
    account_id: str
    visible: bool
    hidden_reason: str | None
    fingerprint: bytes
    parser_version: int
    registered_at: float | None
    updated_at: float
    sequence: int
    raw: bytes
    content: bytes
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits: what its listing's row will take over, and what it was read as."""

    account_id: str
    hidden_reason: str | None
    registered_at: float | None
    updated_at: float
    run: int
    content: bytes


_VERSION = (
    "listing_key", "version", "run", "state", "fingerprint", "parser_version", "raw", "content", "created_at",
    "released_at", "account_id", "visible", "hidden_reason", "registered_at", "updated_at", "sequence",
)  # fmt: skip

_insert = Prepared(insert(version).values({name: bindparam(name) for name in _VERSION}), *_VERSION)


def add_versions(
    connection: Connection,
    platform: str,
    said: Sequence[tuple[int, int, Statement]],
    *,
    run: int,
    now: float,
    state: VersionState,
) -> None:
    """Write versions: (listing's key, number, statement); what they say of contacts waits with them."""
    word, released_at = state.value, now if state is VersionState.RELEASED else None
    _insert.many(
        connection,
        [
            (
                key, number, run, word, each.fingerprint, each.parser_version, each.raw, each.content, now, released_at,
                each.account_id, each.visible, each.hidden_reason, each.registered_at, each.updated_at, each.sequence,
            )
            for key, number, each in said
        ],
    )  # fmt: skip
    contacts = [SaidContact(key, each.account_id, each.contact) for key, _, each in said if each.contact is not None]
    keep = save_contacts if state is VersionState.RELEASED else let_contacts_wait
    keep(connection, platform, contacts)


def count_versions(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """The highest number given so far to a version of each of these listings."""
    found: dict[int, int] = {}
    for piece in chunks(keys):
        wanted = select(version.c.listing_key, func.max(version.c.version)).group_by(version.c.listing_key)
        found.update((row[0], row[1]) for row in connection.execute(wanted.where(version.c.listing_key.in_(piece))))
    return found


def load_waiting(connection: Connection, keys: Sequence[int]) -> dict[int, Waiting]:
    """The version that waits, of each of these listings that has one."""
    columns = ("account_id", "hidden_reason", "registered_at", "updated_at", "run", "content")
    found: dict[int, Waiting] = {}
    for piece in chunks(keys):
        wanted = (
            select(listing.c.key, *(version.c[name] for name in columns))
            .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.pending))
            .where(listing.c.key.in_(piece))
        )
        found.update((row[0], Waiting(*row[1:])) for row in connection.execute(wanted))
    return found


def find_refused(connection: Connection, keys: Sequence[int]) -> set[int]:
    """Those of these listings whose newest version a person refused."""
    found: set[int] = set()
    for piece in chunks(keys):
        newest = (
            select(version.c.listing_key, func.max(version.c.version).label("number"))
            .where(version.c.listing_key.in_(piece))
            .group_by(version.c.listing_key)
            .subquery()
        )
        wanted = (
            select(version.c.listing_key)
            .join(newest, (newest.c.listing_key == version.c.listing_key) & (newest.c.number == version.c.version))
            .where(version.c.state == VersionState.REJECTED.value)
        )
        found.update(connection.execute(wanted).scalars())
    return found


_supersede = Prepared(
    update(version)
    .where(version.c.listing_key == bindparam("of"), version.c.version == bindparam("number"))
    .values(state=VersionState.SUPERSEDED.value, hold=None),
    "of", "number",
)  # fmt: skip


def supersede(connection: Connection, waiting: Iterable[tuple[int, int | None]]) -> None:
    """Something newer came for these listings: (key, number of the version that waited, or None)."""
    gone = [(key, number) for key, number in waiting if number is not None]
    _supersede.many(connection, gone)
    drop_contacts(connection, of_listings([key for key, _ in gone]))


def take_over(connection: Connection, keys: Sequence[int], *, run: int) -> None:
    """This run met what another wrote and has not released yet: it releases it itself. What is held stays held."""
    for piece in chunks(keys):
        theirs = version.c.listing_key.in_(piece) & (version.c.state == VersionState.PENDING.value)
        connection.execute(update(version).where(theirs & (version.c.run != run)).values(run=run))


def inherit(connection: Connection, dead: Sequence[int], *, run: int) -> None:
    """What runs that never came to their end left pending is this run's."""
    for piece in chunks(dead):
        theirs = version.c.run.in_(piece) & (version.c.state == VersionState.PENDING.value)
        connection.execute(update(version).where(theirs).values(run=run))


# Releasing and holding -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Released:
    """A listing whose waiting version is shown from now on."""

    key: int
    external_id: str
    generation: int
    accounts: tuple[str, ...]  # those that had it and those that have it


_TAKEN_OVER = ("account_id", "visible", "hidden_reason", "registered_at", "updated_at")

_release_listing = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"), listing.c.pending == bindparam("number"))
    .values(
        {name: bindparam(f"to_{name}") for name in _TAKEN_OVER}
        | {"version": bindparam("number"), "pending": None, "state": "live"}
    ),
    *(f"to_{name}" for name in _TAKEN_OVER), "of", "number",
)  # fmt: skip

_release_version = Prepared(
    update(version)
    .where(version.c.listing_key == bindparam("of"), version.c.version == bindparam("which"))
    .values(state=VersionState.RELEASED.value, released_at=bindparam("at"), hold=None),
    "at", "of", "which",
)  # fmt: skip


def release_pending(connection: Connection, run: int, *, limit: int, now: float) -> list[Released]:
    """Release up to `limit` of the versions that this run left pending."""
    return _release(connection, pending_in(run), limit=limit, now=now)


def release_held(connection: Connection, hold: int, *, limit: int, now: float) -> list[Released]:
    """Release up to `limit` of the versions that wait in this hold."""
    return _release(connection, held_in(hold), limit=limit, now=now)


def pending_in(run: int) -> ColumnElement[bool]:
    """The versions that a run left pending."""
    return and_(version.c.run == run, version.c.state == VersionState.PENDING.value)


def held_in(hold: int) -> ColumnElement[bool]:
    """The versions that wait in a hold."""
    return and_(version.c.hold == hold, version.c.state == VersionState.HELD.value)


def _release(connection: Connection, which: ColumnElement[bool], *, limit: int, now: float) -> list[Released]:
    wanted = (
        select(
            version.c.listing_key,
            version.c.version,
            listing.c.external_id,
            listing.c.generation,
            listing.c.account_id,
            *(version.c[name] for name in _TAKEN_OVER),
        )
        .join(listing, (listing.c.key == version.c.listing_key) & (listing.c.pending == version.c.version))
        .where(which)
        .order_by(version.c.listing_key)
        .limit(limit)
        .with_for_update()
    )
    rows = connection.execute(wanted).all()
    _release_listing.many(connection, [(*row[5:], row[0], row[1]) for row in rows])
    _release_version.many(connection, [(now, row[0], row[1]) for row in rows])
    release_contacts(connection, of_listings([row[0] for row in rows]))
    return [Released(row[0], row[2], row[3], tuple({row[4], row[5]})) for row in rows]


def hold_pending(connection: Connection, run: int, hold: int) -> None:
    """Put what this run left pending into a hold."""
    values = {"state": VersionState.HELD.value, "hold": hold}
    connection.execute(update(version).where(pending_in(run)).values(values))


def find_left_over(connection: Connection, platform: str, lane: str, *, before: int) -> list[int]:
    """Runs that are over without having released what they wrote: earlier ones of this lane, and asides of any time.

    A run that came to its end has taken over what its lane had left before it.
    """
    here = (run_table.c.platform == platform) & (run_table.c.id != before)
    of_lane = (run_table.c.lane == lane) & (run_table.c.id < before)
    ended = run_table.c.state.in_([RunState.SUCCEEDED.value, RunState.HELD.value])
    last = select(func.coalesce(func.max(run_table.c.id), 0)).where(here, of_lane, ended).scalar_subquery()
    # Nobody repeats a replay or a reading of details that stopped.
    stopped = run_table.c.state.in_([RunState.FAILED.value, RunState.CANCELLED.value, RunState.LOST.value])
    of_asides = run_table.c.lane.in_([REPLAY, Lane.DETAIL.value]) & stopped
    pending = VersionState.PENDING.value
    left = or_(
        exists().where(version.c.run == run_table.c.id, version.c.state == pending),
        exists().where(account_version.c.run == run_table.c.id, account_version.c.state == pending),
    )
    wanted = select(run_table.c.id).where(here, or_(of_lane & (run_table.c.id > last), of_asides), left)
    return list(connection.execute(wanted).scalars())


def has_pending(connection: Connection, run: int) -> bool:
    """Whether this run left any version pending."""
    return connection.execute(select(version.c.version).where(pending_in(run)).limit(1)).first() is not None


def count_pending(connection: Connection, run: int) -> int:
    """How many versions of listings this run left pending."""
    return int(connection.execute(select(func.count()).select_from(version).where(pending_in(run))).scalar_one())


def refuse_held(connection: Connection, hold: int, *, now: float) -> int:
    """A person refuses what waits in a hold: the last good versions stay, marked as not updated; gives how many.

    What the listings were read as stays remembered, so that the same records come to nothing again.
    """
    keys = list(connection.execute(select(version.c.listing_key).where(held_in(hold))).scalars())
    for piece in chunks(keys):
        is_marked = or_(listing.c.rejected_at.is_not(None), listing.c.version.is_(None))
        marked = case((is_marked, listing.c.rejected_at), else_=now)
        connection.execute(update(listing).where(listing.c.key.in_(piece)).values(pending=None, rejected_at=marked))
    connection.execute(update(version).where(held_in(hold)).values(state=VersionState.REJECTED.value, hold=None))
    drop_contacts(connection, of_listings(keys))
    return len(keys)
