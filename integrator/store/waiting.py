"""Versions that wait for release: what they would change, and of which sellers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from integrator.store.contacts import OWN
from integrator.store.database import chunks
from integrator.store.tables import account, account_version, listing, version, waiting_contact
from integrator.store.versions import VersionState

# So many are looked through for a diff; a person needs the pattern, not every row.
LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A version that waits, and what is shown meanwhile (None: the listing is new).

    `brings_contact`: it also says another contact, which is nobody's to read here.
    """

    external_id: str
    account_id: str
    before: bytes | None
    after: bytes
    brings_contact: bool = False


@dataclass(frozen=True, slots=True)
class Hiding:
    """A visible listing that its waiting version would hide."""

    key: int
    external_id: str
    account_id: str


def _pending(run: int) -> ColumnElement[bool]:
    return (version.c.run == run) & (version.c.state == VersionState.PENDING.value)


def find_waiting(connection: Connection, *, run: int, limit: int = LOOKED_AT) -> Iterator[Waiting]:
    """Pending versions of a run beside what they would replace; changes before new listings."""
    shown = version.alias("shown")
    wanted = (
        select(listing.c.external_id, listing.c.account_id, shown.c.content, version.c.content)
        .join(listing, listing.c.key == version.c.listing_key)
        .outerjoin(shown, (shown.c.listing_key == listing.c.key) & (shown.c.version == listing.c.version))
        .where(_pending(run))
        .order_by(listing.c.version.is_(None), listing.c.key)
        .limit(limit)
    )
    for row in connection.execute(wanted):
        yield Waiting(*row)


def find_waiting_accounts(connection: Connection, *, run: int, limit: int = LOOKED_AT) -> Iterator[Waiting]:
    """Pending versions of accounts of a run beside what they would replace."""
    contact = exists().where(
        waiting_contact.c.listing_key == OWN,
        waiting_contact.c.platform == account.c.platform,
        waiting_contact.c.account_id == account.c.external_id,
    )
    wanted = (
        select(account.c.external_id, account.c.content, account_version.c.content, contact)
        .join(
            account_version,
            (account_version.c.platform == account.c.platform)
            & (account_version.c.external_id == account.c.external_id),
        )
        .where(account_version.c.run == run, account_version.c.state == VersionState.PENDING.value)
        .order_by(account.c.external_id)
        .limit(limit)
    )
    for row in connection.execute(wanted):
        yield Waiting(row[0], *row)


def find_left_pending(connection: Connection, keys: Sequence[int], *, run: int) -> Iterator[tuple[bytes | None, bytes]]:
    """(what is shown, what waits) of those of these listings that another run has left pending."""
    shown = version.alias("shown")
    for piece in chunks(keys):
        wanted = (
            select(shown.c.content, version.c.content)
            .select_from(listing)
            .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.pending))
            .outerjoin(shown, (shown.c.listing_key == listing.c.key) & (shown.c.version == listing.c.version))
            .where(listing.c.key.in_(piece), version.c.state == VersionState.PENDING.value, version.c.run != run)
        )
        for row in connection.execute(wanted):
            yield row[0], row[1]


def count_waiting_sellers(connection: Connection, run: int, *, limit: int = 20) -> list[tuple[str, int]]:
    """The accounts with most pending versions of a run."""
    count = func.count()
    wanted = (
        select(listing.c.account_id, count)
        .select_from(version)
        .join(listing, listing.c.key == version.c.listing_key)
        .where(_pending(run))
        .group_by(listing.c.account_id)
        .order_by(count.desc(), listing.c.account_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in connection.execute(wanted)]


def find_hiding(connection: Connection, run: int) -> list[Hiding]:
    """Visible listings that pending versions of a run would hide."""
    wanted = (
        select(listing.c.key, listing.c.external_id, listing.c.account_id)
        .select_from(version)
        .join(listing, listing.c.key == version.c.listing_key)
        .where(_pending(run), listing.c.visible, ~version.c.visible)
        .order_by(listing.c.key)
    )
    return [Hiding(*row) for row in connection.execute(wanted)]


@dataclass(frozen=True, slots=True)
class Held:
    """A held version: where its record is kept, how it was read, and what is shown meanwhile (None: new)."""

    key: int
    external_id: str
    sequence: int
    raw: bytes
    content: bytes
    shown: bytes | None


def list_held(connection: Connection, hold: int, *, after: int, limit: int, read_by: int | None = None) -> list[Held]:
    """Versions in a hold after this key; `read_by`: of those whose listings this parser version has read."""
    shown = version.alias("shown")
    wanted = (
        select(listing.c.key, listing.c.external_id, listing.c.sequence, version.c.raw, version.c.content,
               shown.c.content)
        .select_from(version)
        .join(listing, (listing.c.key == version.c.listing_key) & (listing.c.pending == version.c.version))
        .outerjoin(shown, (shown.c.listing_key == listing.c.key) & (shown.c.version == listing.c.version))
        .where(version.c.hold == hold, listing.c.key > after)
        .order_by(listing.c.key)
        .limit(limit)
    )  # fmt: skip
    if read_by is not None:
        wanted = wanted.where(listing.c.parser_version == read_by)
    return [Held(*row) for row in connection.execute(wanted)]


def judge_anew(connection: Connection, hold: int, keys: Sequence[int], *, run: int) -> None:
    """The versions of these listings leave their hold: this run's guards decide about them."""
    values = {"state": VersionState.PENDING.value, "hold": None, "run": run}
    for piece in chunks(keys):
        here = (version.c.hold == hold) & version.c.listing_key.in_(piece)
        connection.execute(update(version).where(here).values(values))
