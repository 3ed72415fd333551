"""What a store holds, for comparing one with another."""

from collections.abc import Iterator
from hashlib import blake2b

from sqlalchemy import Select, select

from integrator.store.database import Database
from integrator.store.tables import (
    account,
    account_version,
    archive,
    edge,
    feed,
    listing,
    metadata,
    product,
    product_listing,
    rejection,
    run,
    seller_account,
    version,
    withdrawal,
)

Facts = dict[str, list[str]]

# What does not depend on when a thing was read, and by how many runs.
KEPT: dict[str, Select] = {
    "listings": select(
        listing.c.external_id, listing.c.generation, listing.c.account_id, listing.c.state, listing.c.visible,
        listing.c.hidden_reason, listing.c.version, listing.c.fingerprint, listing.c.updated_at,
        listing.c.rejected_at.is_not(None),
    ),
    "versions": select(
        listing.c.external_id, version.c.version, version.c.state, version.c.fingerprint, version.c.raw,
        version.c.content,
    ).join_from(version, listing),
    "archive": select(archive.c.hash, archive.c.kind, archive.c.external_id),
    "accounts": select(account.c.external_id, account.c.version, account.c.fingerprint, account.c.content),
    "account versions": select(
        account_version.c.external_id, account_version.c.version, account_version.c.state,
        account_version.c.fingerprint,
    ),
    "rejections": select(rejection.c.external_id, rejection.c.fingerprint, rejection.c.code),
    "withdrawals": select(listing.c.external_id, withdrawal.c.kind).join_from(withdrawal, listing),
    "feed": select(feed.c.watermark, feed.c.accounts_day, feed.c.census_at.is_not(None)),
    "products": select(product.c.id, product.c.seller_id, product.c.visible, product.c.heading),
    "members": select(listing.c.external_id, product_listing.c.product_id).join_from(product_listing, listing),
    "sellers": select(seller_account.c.account_id, seller_account.c.seller_id),
    "edges": select(edge.c.kind, edge.c.left, edge.c.right, edge.c.verdict),
}  # fmt: skip

# Every column but those that name a process; as text, which costs less than a statement to be compiled.
STATE = [str(select(*(column for column in each.c if column.name != "holder"))) for each in metadata.sorted_tables]


def read_facts(database: Database) -> Facts:
    """What must be the same whoever died on the way."""
    return _read(database, KEPT)


def read_everything(database: Database) -> Facts:
    """The whole store."""
    return _read(database, {each.name: select(each) for each in metadata.sorted_tables})


def read_state(database: Database) -> bytes:
    """A digest of the whole store, whoever wrote it."""
    digest = blake2b()
    with database.read() as connection:
        for each in STATE:
            digest.update(repr(sorted(map(repr, connection.exec_driver_sql(each)))).encode())
    return digest.digest()


def _read(database: Database, wanted: dict[str, Select]) -> Facts:
    with database.read() as connection:
        return {name: sorted(map(repr, connection.execute(each))) for name, each in wanted.items()}


def find_shown_early(database: Database, platform: str) -> Iterator[str]:
    """What a run shows before its walk has ended, and so before its guards have judged it."""
    begun = select(run.c.id).where(run.c.platform == platform, run.c.walk_end.is_(None), run.c.first_census.is_(False))
    with database.read() as connection:
        for table in (version, account_version):
            early = select(table.c.version).where(
                table.c.state == "released",
                table.c.version > 1,
                table.c.run.in_(begun.where(run.c.state != "succeeded")),
            )
            yield from (f"a version of {table.name} is shown before the guards" for _ in connection.execute(early))


def is_over(database: Database, platform: str) -> bool:
    """Whether the killed run had said its last word already, so that the next is another walk."""
    newest = select(run.c.state, run.c.started_at).where(run.c.platform == platform).order_by(run.c.id.desc()).limit(1)
    with database.read() as connection:
        states = connection.execute(newest).first()
    return states is not None and states.state == "succeeded"


def compare(expected: Facts, got: Facts) -> Iterator[str]:
    """What differs, table by table."""
    for name, rows in expected.items():
        if rows != got[name]:
            lost, other = sorted(set(rows) - set(got[name])), sorted(set(got[name]) - set(rows))
            example = f", e.g. {[each[0][:200] for each in (lost, other) if each]}"
            yield f"I2: {name}: {len(lost)} lost, {len(other)} other, {len(got[name])} rows for {len(rows)}{example}"
