"""Sellers and the accounts that are theirs."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from integrator.product import Seller
from integrator.resolve.sellers import Ref
from integrator.store.database import chunks, insert_for
from integrator.store.identities import ids_by_platform
from integrator.store.prepared import Prepared
from integrator.store.tables import edge, seller, seller_account


def load_seller_ids(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, str]:
    """The seller each account belongs to now."""
    found: dict[Ref, str] = {}
    for platform, ids in ids_by_platform(refs).items():
        for piece in chunks(ids):
            wanted = select(seller_account.c.account_id, seller_account.c.seller_id).where(
                seller_account.c.platform == platform, seller_account.c.account_id.in_(piece)
            )
            found.update(((platform, row[0]), row[1]) for row in connection.execute(wanted).all())
    return found


def load_seller_accounts(connection: Connection, seller_ids: Iterable[str]) -> dict[str, list[Ref]]:
    """The accounts of each seller, in order."""
    found: dict[str, list[Ref]] = {}
    for piece in chunks(sorted(set(seller_ids))):
        wanted = select(seller_account).where(seller_account.c.seller_id.in_(piece))
        for row in connection.execute(wanted).all():
            found.setdefault(row.seller_id, []).append((row.platform, row.account_id))
    return {seller_id: sorted(refs) for seller_id, refs in found.items()}


def save_sellers(connection: Connection, sellers: Sequence[Seller], *, now: float) -> None:
    """Write sellers and whose accounts are theirs; their products are to be worked out again."""
    if not sellers:
        return
    statement = insert_for(connection, seller)
    changed = {name: statement.excluded[name] for name in ("content", "partition", "updated_at")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=[seller.c.id], set_=changed),
        [
            {"id": each.seller_id, "content": msgspec.json.encode(each), "partition": None, "updated_at": now}
            for each in sellers
        ],
    )
    owned = insert_for(connection, seller_account)
    owned = owned.on_conflict_do_update(
        index_elements=[seller_account.c.platform, seller_account.c.account_id],
        set_={"seller_id": owned.excluded.seller_id},
    )
    rows = [
        {"platform": platform, "account_id": account_id, "seller_id": each.seller_id}
        for each in sellers
        for platform, account_id in each.accounts
    ]
    connection.execute(owned, rows)


def delete_sellers(connection: Connection, seller_ids: Iterable[str]) -> None:
    """Sellers whose accounts all went to others; their pairs are decided anew under those."""
    for piece in chunks(sorted(set(seller_ids))):
        connection.execute(delete(edge).where(edge.c.seller_id.in_(piece)))
        connection.execute(delete(seller).where(seller.c.id.in_(piece)))


def load_sellers(connection: Connection, seller_ids: Iterable[str]) -> dict[str, tuple[Seller, bytes | None]]:
    """Sellers with the digest their products were last worked out from."""
    decode = msgspec.json.Decoder(Seller).decode
    found: dict[str, tuple[Seller, bytes | None]] = {}
    for piece in chunks(sorted(set(seller_ids))):
        wanted = select(seller.c.id, seller.c.content, seller.c.partition).where(seller.c.id.in_(piece))
        found.update((row[0], (decode(row[1]), row[2])) for row in connection.execute(wanted).all())
    return found


def unsettled_sellers(connection: Connection) -> list[str]:
    """Sellers whose products are still to be worked out."""
    return list(connection.execute(select(seller.c.id).where(seller.c.partition.is_(None))).scalars())


_settle = Prepared(
    update(seller).where(seller.c.id == bindparam("of")).values(partition=bindparam("digest")), "digest", "of"
)


def settle_sellers(connection: Connection, digests: Mapping[str, bytes]) -> None:
    """These sellers' products are worked out from states with these digests."""
    _settle.many(connection, [(digest, seller_id) for seller_id, digest in digests.items()])


def find_overtaken(connection: Connection, loaded: Mapping[str, bytes | None]) -> list[str]:
    """Of sellers that were loaded with these digests: those that others have settled, regrouped or ended since."""
    now_at: dict[str, bytes | None] = {}
    for piece in chunks(sorted(loaded)):
        wanted = select(seller.c.id, seller.c.partition).where(seller.c.id.in_(piece))
        now_at.update((row[0], row[1]) for row in connection.execute(wanted))
    return [each for each in sorted(loaded) if each not in now_at or now_at[each] != loaded[each]]


def unsettle_sellers(connection: Connection, seller_ids: Iterable[str]) -> None:
    """These sellers' products are to be worked out again, by whoever comes first."""
    for piece in chunks(sorted(set(seller_ids))):
        connection.execute(update(seller).where(seller.c.id.in_(piece)).values(partition=None))
