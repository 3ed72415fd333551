"""Listings: what is known of each id, and the few writes that a record can cause.

Two lanes may read the same feed at once, and a state is read before the transaction that writes. A write therefore
names the version it builds on; where another lane was faster it touches no row, and the caller reads the state again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, case, func, insert, select, update

from integrator.store.database import chunks, take_keys
from integrator.store.prepared import Prepared
from integrator.store.tables import listing, version
from integrator.store.versions import Statement, VersionState, add_versions, count_versions, supersede

T = TypeVar("T")

# Why we hide a listing that its platform shows: too long unreadable, or never read with the scope that shows it.
HIDDEN_STALE = "stale"
HIDDEN_SCOPE = "scope"


class ListingState(StrEnum):
    """Whether a listing is there. `ended`: its id was used again, a later generation lives."""

    LIVE = "live"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class StaleState(Exception):
    """Another run wrote one of these listings since its state was read: read again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of one id: the row of its newest generation.

    `version` is the one shown, `pending` the one that waits; `fingerprint` and `parser_version` are of the newest
    record taken in, the rest is what is shown.
    """

    key: int
    external_id: str
    generation: int
    account_id: str
    state: str
    visible: bool
    hidden_reason: str | None
    version: int | None
    fingerprint: bytes
    parser_version: int
    registered_at: float | None
    updated_at: float
    sequence: int
    seen_run: int
    rejected_at: float | None
    pending: int | None


@dataclass(frozen=True, slots=True)
class NewListing:
    """An id never seen, or a later generation of one."""

    generation: int
    said: Statement


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Another version of a known listing."""

    known: Known
    said: Statement


_KNOWN = (
    listing.c.key,
    listing.c.external_id,
    listing.c.generation,
    listing.c.account_id,
    listing.c.state,
    listing.c.visible,
    listing.c.hidden_reason,
    listing.c.version,
    listing.c.fingerprint,
    listing.c.parser_version,
    listing.c.registered_at,
    listing.c.updated_at,
    listing.c.sequence,
    listing.c.seen_run,
    listing.c.rejected_at,
    listing.c.pending,
)

_find_known = (
    select(*_KNOWN)
    .where(listing.c.platform == bindparam("platform"), listing.c.external_id.in_(bindparam("ids", expanding=True)))
    .order_by(listing.c.generation)
)


def find_known(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, Known]:
    """The newest generation of each id that is known, by id."""
    found: dict[str, Known] = {}
    for piece in chunks(external_ids):
        for row in connection.execute(_find_known, {"platform": platform, "ids": piece}):
            found[row[1]] = Known(*tuple(row))
    return found


_LISTING = (
    "key", "platform", "external_id", "generation", "account_id", "state", "visible", "hidden_reason", "version",
    "fingerprint", "parser_version", "registered_at", "updated_at", "sequence", "seen_run", "seen_at", "first_seen_at",
    "pending",
)  # fmt: skip

_insert_listing = Prepared(insert(listing).values({name: bindparam(name) for name in _LISTING}), *_LISTING)


def add_listings(
    connection: Connection, platform: str, news: Sequence[NewListing], *, run: int, now: float, state: VersionState
) -> None:
    """New listings, each with its first version in `state`; nobody sees one before that is released."""
    if not news:
        return
    numbered = list(zip(take_keys(connection, len(news)), news, strict=True))
    is_released = state is VersionState.RELEASED
    number, pending = (1, None) if is_released else (None, 1)
    rows = [
        (
            key, platform, new.said.external_id, new.generation, new.said.account_id, ListingState.LIVE.value,
            new.said.visible and is_released, new.said.hidden_reason, number, new.said.fingerprint,
            new.said.parser_version, new.said.registered_at, new.said.updated_at, new.said.sequence, run, now, now,
            pending,
        )
        for key, new in numbered
    ]  # fmt: skip
    _insert_listing.many(connection, rows)
    versions = [(key, 1, new.said) for key, new in numbered]
    add_versions(connection, platform, versions, run=run, now=now, state=state)


def remember_gone(
    connection: Connection, platform: str, told: Sequence[tuple[str, float]], *, run: int, now: float
) -> list[int]:
    """Ids that were withdrawn before any record of them came, each with the time the platform gives; their keys.

    An older record that still comes is then old news.
    """
    if not told:
        return []
    keys = take_keys(connection, len(told))
    rows = [
        (
            key, platform, external_id, 1, "", ListingState.WITHDRAWN.value, False, None, None, b"", 0, None, said_at,
            0, run, now, now, None,
        )
        for key, (external_id, said_at) in zip(keys, told, strict=True)
    ]  # fmt: skip
    _insert_listing.many(connection, rows)
    return list(keys)


_later_run = case((listing.c.seen_run < bindparam("run"), bindparam("run")), else_=listing.c.seen_run)

# Nobody wrote since the state was read: neither another version, nor a release of the one that waited.
_AS_READ = (
    listing.c.key == bindparam("of"),
    func.coalesce(listing.c.version, 0) == bindparam("was_version"),
    func.coalesce(listing.c.pending, 0) == bindparam("was_pending"),
)

_SEEN: dict[str, object] = {"rejected_at": None, "kept_at": None, "seen_run": _later_run, "seen_at": bindparam("at")}

_CHANGED = (
    "account_id", "visible", "hidden_reason", "registered_at", "updated_at", "version", "fingerprint",
    "parser_version", "sequence",
)  # fmt: skip

_show = Prepared(
    update(listing)
    .where(*_AS_READ, listing.c.state != ListingState.ENDED.value)
    .values(
        {name: bindparam(f"to_{name}") for name in _CHANGED}
        | _SEEN
        | {"pending": None, "state": ListingState.LIVE.value}
    ),
    *(f"to_{name}" for name in _CHANGED), "run", "at", "of", "was_version", "was_pending",
)  # fmt: skip

_WAITS = ("pending", "fingerprint", "parser_version", "sequence")

_let_wait = Prepared(
    update(listing)
    .where(*_AS_READ, listing.c.state != ListingState.ENDED.value)
    .values({name: bindparam(f"to_{name}") for name in _WAITS} | _SEEN),
    *(f"to_{name}" for name in _WAITS), "run", "at", "of", "was_version", "was_pending",
)  # fmt: skip


def change_listings(
    connection: Connection, platform: str, changes: Sequence[NewVersion], *, run: int, now: float, state: VersionState
) -> None:
    """Another version of each, in `state`; what waited until now is superseded. A released one lives again.

    Raises StaleState.
    """
    if not changes:
        return
    numbers = count_versions(connection, [each.known.key for each in changes])
    numbered = [(each, numbers.get(each.known.key, 0) + 1) for each in changes]
    if state is VersionState.RELEASED:
        shown = [
            (
                each.said.account_id, each.said.visible, each.said.hidden_reason, each.said.registered_at,
                each.said.updated_at, number, each.said.fingerprint, each.said.parser_version, each.said.sequence,
                run, now, *_as_read(each.known),
            )
            for each, number in numbered
        ]  # fmt: skip
        touched = _show.many(connection, shown)
    else:
        waiting = [
            (
                number,
                each.said.fingerprint,
                each.said.parser_version,
                each.said.sequence,
                run,
                now,
                *_as_read(each.known),
            )
            for each, number in numbered
        ]
        touched = _let_wait.many(connection, waiting)
    if touched != len(changes):
        raise StaleState
    supersede(connection, [(each.known.key, each.known.pending) for each in changes])
    versions = [(each.known.key, number, each.said) for each, number in numbered]
    add_versions(connection, platform, versions, run=run, now=now, state=state)


def _as_read(known: Known) -> tuple[int, int, int]:
    return known.key, known.version or 0, known.pending or 0


_SAME = ("fingerprint", "parser_version", "visible", "hidden_reason", "sequence")

_confirm = Prepared(
    update(listing).where(*_AS_READ).values({name: bindparam(f"to_{name}") for name in _SAME} | _SEEN),
    *(f"to_{name}" for name in _SAME), "run", "at", "of", "was_version", "was_pending",
)  # fmt: skip


def confirm_listings(connection: Connection, same: Sequence[NewVersion], *, run: int, now: float) -> None:
    """Records that read differently and yet say nothing new: remember how they read. Raises StaleState."""
    rows = [
        (
            each.said.fingerprint, each.said.parser_version, each.said.visible, each.said.hidden_reason,
            each.said.sequence, run, now, *_as_read(each.known),
        )
        for each in same
    ]  # fmt: skip
    if _confirm.many(connection, rows) != len(rows):
        raise StaleState


def end_listings(connection: Connection, keys: Sequence[int], state: ListingState) -> int:
    """Take listings out of sight, withdrawn or ended by a later generation; gives how many versions that waited end
    with them."""
    waited = 0
    for piece in chunks(keys):
        wanted = select(listing.c.key, listing.c.pending).where(
            listing.c.key.in_(piece), listing.c.pending.is_not(None)
        )
        waiting = [(row[0], row[1]) for row in connection.execute(wanted)]
        supersede(connection, waiting)
        values = {"state": state.value, "visible": False, "pending": None}
        connection.execute(update(listing).where(listing.c.key.in_(piece)).values(values))
        waited += len(waiting)
    return waited


@dataclass(frozen=True, slots=True)
class Earlier:
    """A generation that a later one ends."""

    key: int
    account_id: str


def find_earlier(connection: Connection, platform: str, later: Sequence[tuple[str, int]]) -> list[Earlier]:
    """Generations before these (id, generation) that have not ended."""
    found: list[Earlier] = []
    for external_id, generation in later:
        wanted = select(listing.c.key, listing.c.account_id).where(
            listing.c.platform == platform,
            listing.c.external_id == external_id,
            listing.c.generation < generation,
            listing.c.state != ListingState.ENDED.value,
        )
        found.extend(Earlier(*row) for row in connection.execute(wanted))
    return found


def load_contents(connection: Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """The content of the released version of each listing that has one."""
    found: dict[int, bytes] = {}
    for piece in chunks(keys):
        found.update((row[0], row[1]) for row in connection.execute(_of_released(version.c.content, piece)))
    return found


def find_runs_of_versions(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """The run that made the released version of each listing."""
    found: dict[int, int] = {}
    for piece in chunks(keys):
        found.update((row[0], row[1]) for row in connection.execute(_of_released(version.c.run, piece)))
    return found


def _of_released(column: ColumnElement[T], keys: Sequence[int]) -> Select[int, T]:
    return (
        select(listing.c.key, column)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.key.in_(keys))
    )
