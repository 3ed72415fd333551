"""Listings and their versions: what is known of each id, and the few writes that a record can cause.

Two lanes may read the same feed at once, and a state is read before the transaction that writes. A write therefore
names the version it builds on; where another lane was faster it touches no row, and the caller reads the state again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, bindparam, case, insert, select, update

from integrator.store.database import Prepared, chunks, take_numbers
from integrator.store.tables import listing, version

# Why we hide a listing that its platform shows: too long unreadable, or never read with the scope that shows it.
HIDDEN_STALE = "stale"
HIDDEN_SCOPE = "scope"


class ListingState(StrEnum):
    """Whether a listing is there. `ended`: its id was used again, a later generation lives."""

    LIVE = "live"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class VersionState(StrEnum):
    """What became of a version."""

    PENDING = "pending"
    RELEASED = "released"
    SUPERSEDED = "superseded"
    HELD = "held"
    REJECTED = "rejected"


class StaleState(Exception):
    """Another run wrote one of these listings since its state was read: read again."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of one id: the row of its newest generation."""

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


@dataclass(frozen=True, slots=True)
class Statement:
    """What a record says of a listing's row, ready to be written."""

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


@dataclass(frozen=True, slots=True)
class NewListing:
    """An id never seen, or a later generation of one."""

    generation: int
    said: Statement


@dataclass(frozen=True, slots=True)
class NewVersion:
    """Another version of a known listing; it lives from now on."""

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


_insert_listing = Prepared(
    insert(listing).values(
        {
            name: bindparam(name)
            for name in (
                "key", "platform", "external_id", "generation", "account_id", "state", "visible", "hidden_reason",
                "version", "fingerprint", "parser_version", "registered_at", "updated_at", "sequence", "seen_run",
                "seen_at", "first_seen_at",
            )
        }
    ),
    "key", "platform", "external_id", "generation", "account_id", "state", "visible", "hidden_reason",
    "version", "fingerprint", "parser_version", "registered_at", "updated_at", "sequence", "seen_run",
    "seen_at", "first_seen_at",
)  # fmt: skip

_VERSION = (
    "listing_key", "version", "run", "state", "fingerprint", "parser_version", "raw", "content", "created_at",
    "released_at",
)  # fmt: skip

_insert_version = Prepared(insert(version).values({name: bindparam(name) for name in _VERSION}), *_VERSION)


def add_listings(
    connection: Connection, platform: str, news: Sequence[NewListing], *, run: int, now: float, state: VersionState
) -> None:
    """New listings, each with its first version in `state`."""
    if not news:
        return
    first = take_numbers(connection, "listing_key", len(news))
    released_at = now if state is VersionState.RELEASED else None
    number = 1 if state is VersionState.RELEASED else None
    rows, versions = [], []
    for key, new in enumerate(news, start=first):
        said = new.said
        rows.append(
            (
                key, platform, said.external_id, new.generation, said.account_id, "live",
                said.visible and number is not None, said.hidden_reason, number, said.fingerprint,
                said.parser_version, said.registered_at, said.updated_at, said.sequence, run, now, now,
            )
        )  # fmt: skip
        versions.append(
            (key, 1, run, state.value, said.fingerprint, said.parser_version, said.raw, said.content, now, released_at)
        )
    _insert_listing.many(connection, rows)
    _insert_version.many(connection, versions)


_CHANGED = (
    "account_id", "visible", "hidden_reason", "version", "fingerprint", "parser_version", "registered_at",
    "updated_at", "sequence",
)  # fmt: skip

_change_listing = Prepared(
    update(listing)
    .where(
        listing.c.key == bindparam("of"),
        listing.c.version == bindparam("was_version"),
        listing.c.state != ListingState.ENDED.value,
    )
    .values(
        **{name: bindparam(f"to_{name}") for name in _CHANGED},
        state=ListingState.LIVE.value,
        rejected_at=None,
        seen_run=case((listing.c.seen_run < bindparam("run"), bindparam("run")), else_=listing.c.seen_run),
        seen_at=bindparam("at"),
    ),
    *(f"to_{name}" for name in _CHANGED), "run", "at", "of", "was_version",
)  # fmt: skip


def change_listings(connection: Connection, changes: Sequence[NewVersion], *, run: int, now: float) -> None:
    """Another released version of each; a listing that was withdrawn lives again. Raises StaleState."""
    rows, versions = [], []
    for change in changes:
        said, number = change.said, (change.known.version or 0) + 1
        rows.append(
            (
                said.account_id, said.visible, said.hidden_reason, number, said.fingerprint, said.parser_version,
                said.registered_at, said.updated_at, said.sequence, run, now, change.known.key, change.known.version,
            )
        )  # fmt: skip
        versions.append(
            (
                change.known.key, number, run, VersionState.RELEASED.value, said.fingerprint, said.parser_version,
                said.raw, said.content, now, now,
            )
        )  # fmt: skip
    if _change_listing.many(connection, rows) != len(rows):
        raise StaleState
    _insert_version.many(connection, versions)


_confirm = Prepared(
    update(listing)
    .where(listing.c.key == bindparam("of"), listing.c.version == bindparam("was_version"))
    .values(
        fingerprint=bindparam("to_fingerprint"),
        parser_version=bindparam("to_parser_version"),
        visible=bindparam("to_visible"),
        hidden_reason=bindparam("to_hidden_reason"),
        rejected_at=None,
        seen_run=case((listing.c.seen_run < bindparam("run"), bindparam("run")), else_=listing.c.seen_run),
        seen_at=bindparam("at"),
        sequence=bindparam("number"),
    ),
    "to_fingerprint", "to_parser_version", "to_visible", "to_hidden_reason", "run", "at", "number", "of", "was_version",
)  # fmt: skip


def confirm_listings(connection: Connection, same: Sequence[NewVersion], *, run: int, now: float) -> None:
    """Records that read differently and yet say nothing new: remember how they read. Raises StaleState."""
    rows = [
        (
            each.said.fingerprint, each.said.parser_version, each.said.visible, each.said.hidden_reason, run, now,
            each.said.sequence, each.known.key, each.known.version,
        )
        for each in same
    ]  # fmt: skip
    if _confirm.many(connection, rows) != len(rows):
        raise StaleState


def end_listings(connection: Connection, keys: Sequence[int], state: ListingState) -> None:
    """Take listings out of sight: withdrawn, or ended by a later generation."""
    for piece in chunks(keys):
        values = {"state": state.value, "visible": False}
        connection.execute(update(listing).where(listing.c.key.in_(piece)).values(values))


def load_contents(connection: Connection, keys: Sequence[int]) -> dict[int, bytes]:
    """The content of the released version of each listing."""
    found: dict[int, bytes] = {}
    for piece in chunks(keys):
        wanted = (
            select(listing.c.key, version.c.content)
            .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
            .where(listing.c.key.in_(piece))
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


def find_runs_of_versions(connection: Connection, keys: Sequence[int]) -> dict[int, int]:
    """The run that made the released version of each listing."""
    found: dict[int, int] = {}
    for piece in chunks(keys):
        wanted = (
            select(listing.c.key, version.c.run)
            .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
            .where(listing.c.key.in_(piece))
        )
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found
