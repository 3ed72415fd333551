"""One listing's way: every row that speaks of its id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, or_, select

from integrator.errors import UnknownListing
from integrator.resolve.ids import PRODUCT, mint
from integrator.store.catalogue import find_ids
from integrator.store.tables import (
    account,
    account_version,
    archive,
    detail,
    feed,
    hold,
    hold_listing,
    ledger,
    listing,
    outbox,
    published,
    rejection,
    run,
    told,
    version,
    withdrawal,
    worklist,
)

Rows = list[RowMapping]


@dataclass(frozen=True, slots=True)
class Traces:
    """Every row that speaks of one id, oldest first in each kind."""

    listings: Rows  # a row a generation
    versions: Rows
    raws: dict[bytes, RowMapping]  # where each raw record of these stood, without its bytes
    rejections: Rows
    withdrawals: Rows
    told: Rows  # what its platform withdrew, while the guards have not seen it
    holds: Rows  # with `told`: why its platform withdrew it; None: another hold
    details: Rows
    waiting: Rows
    accounts: Rows  # those it has belonged to
    account_versions: Rows
    products: dict[int, tuple[str | None, str | None]]  # product and seller now, by listing's key
    ledger: Rows  # ids that it founded or belongs to, and where they lead
    outbox: Rows
    published: Rows
    runs: dict[int, RowMapping]


def find_traces(connection: Connection, platform: str, external_id: str) -> Traces:
    """Raises UnknownListing when no row speaks of it and no record of it was ever kept."""
    here = (listing.c.platform == platform) & (listing.c.external_id == external_id)
    listings = _all(connection, select(listing).where(here).order_by(listing.c.generation))
    of_id = (rejection.c.platform == platform) & (rejection.c.external_id == external_id)
    rejections = _all(
        connection, select(rejection).where(of_id, rejection.c.kind == "listing").order_by(rejection.c.id)
    )
    if not listings and not rejections:
        raise UnknownListing(_say_never_seen(connection, platform, external_id))
    keys = [row["key"] for row in listings]
    versions = _of_keys(connection, version, keys, version.c.version)
    details = _of_keys(connection, detail, keys, detail.c.read_at)
    accounts = {row["account_id"] for row in (*listings, *versions) if row["account_id"]}
    products = find_ids(connection, keys)
    ids = {each for pair in products.values() for each in pair if each}
    owners = {pair[0] for pair in products.values() if pair[0]}
    return Traces(
        listings=listings,
        versions=versions,
        raws=_find_raws(connection, [row["raw"] for row in (*versions, *rejections, *details)]),
        rejections=rejections,
        withdrawals=_of_keys(connection, withdrawal, keys, withdrawal.c.id),
        told=_of_keys(connection, told, keys, told.c.told_at),
        holds=_find_holds(connection, keys, versions),
        details=details,
        waiting=_of_accounts(connection, worklist, worklist.c.account_id, platform, accounts),
        accounts=_of_accounts(connection, account, account.c.external_id, platform, accounts),
        account_versions=_of_accounts(connection, account_version, account_version.c.external_id, platform, accounts),
        products=products,
        ledger=_find_ids_given(connection, listings, ids),
        outbox=_all(connection, select(outbox).where(outbox.c.product_id.in_(owners))),
        published=_all(connection, select(published).where(published.c.product_id.in_(owners))),
        runs=_find_runs(connection, {row["run"] for row in versions} | {row["seen_run"] for row in listings}),
    )


def _say_never_seen(connection: Connection, platform: str, external_id: str) -> str:
    """When the feed was read whole matters: before that, nobody could have seen it."""
    at = connection.execute(select(feed.c.census_at).where(feed.c.platform == platform)).scalar()
    if at is None:
        whole = "was never read whole"
    else:
        whole = f"was last read whole at {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    unseen = f"No record of {platform} {external_id} was ever read: the platform has not shown it."
    return f"{unseen} Its feed {whole}."


def _find_raws(connection: Connection, hashes: Sequence[bytes]) -> dict[bytes, RowMapping]:
    columns = (archive.c.hash, archive.c.run, archive.c.page, archive.c.offset, archive.c.kept_at)
    return {row["hash"]: row for row in _all(connection, select(*columns).where(archive.c.hash.in_(set(hashes))))}


def _find_holds(connection: Connection, keys: Sequence[int], versions: Rows) -> Rows:
    names_it = (hold_listing.c.hold == hold.c.id) & hold_listing.c.listing_key.in_(keys)
    in_versions = {row["hold"] for row in versions if row["hold"] is not None}
    wanted = (
        select(hold, hold_listing.c.told)
        .outerjoin(hold_listing, names_it)
        .where(or_(hold_listing.c.hold.is_not(None), hold.c.id.in_(in_versions)))
        .order_by(hold.c.id)
    )
    return _all(connection, wanted)


def _find_ids_given(connection: Connection, listings: Rows, ids: Iterable[str]) -> Rows:
    """Ids of products and sellers that it belongs to, that lead there, or whose founder it is."""
    refs = [f"{row['platform']}:{row['external_id']}:{row['generation']}" for row in listings]
    alive = [*ids, *(mint(PRODUCT, ref) for ref in refs)]
    wanted = select(ledger).where(or_(ledger.c.id.in_(alive), ledger.c.leads_to.in_(alive)))
    return _all(connection, wanted.order_by(ledger.c.minted_at, ledger.c.id))


def _find_runs(connection: Connection, numbers: Iterable[int]) -> dict[int, RowMapping]:
    return {row["id"]: row for row in _all(connection, select(run).where(run.c.id.in_(list(numbers))))}


def _of_keys(connection: Connection, table: Table, keys: Sequence[int], order: ColumnElement[object]) -> Rows:
    return _all(connection, select(table).where(table.c.listing_key.in_(keys)).order_by(table.c.listing_key, order))


def _of_accounts(
    connection: Connection, table: Table, column: ColumnElement[object], platform: str, accounts: Iterable[str]
) -> Rows:
    return _all(connection, select(table).where(table.c.platform == platform, column.in_(list(accounts))))


def _all(connection: Connection, wanted: Select[tuple[object, ...]]) -> Rows:
    return list(connection.execute(wanted).mappings())
