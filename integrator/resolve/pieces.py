"""Sellers in pieces of work: their partitions, each with its digest, and what the ledger knows of their products."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import msgspec
from sqlalchemy import Connection

from integrator.publish.document import FORM
from integrator.resolve.ids import PRODUCT
from integrator.resolve.judgements import current
from integrator.resolve.members import RawMember
from integrator.resolve.scorer import RELEASE
from integrator.resolve.sellers import Ref
from integrator.resolve.work import Naming, Partition, Release
from integrator.store.database import Database, chunks
from integrator.store.edges import has_judgements, load_judgements
from integrator.store.ledger import load_ledger
from integrator.store.products import count_members, load_made_from, load_members
from integrator.store.sellers import load_sellers

# Sellers loaded at a time; listings a piece of work for one process.
_SELLERS = 100
_PIECE = 500


@dataclass(frozen=True, slots=True)
class Piece:
    """Some partitions with their digests, and what the ledger knows of their products.

    `settled` are the digests that stood when they were loaded: another process may keep these sellers meanwhile.
    """

    partitions: tuple[Partition, ...]
    digests: dict[str, bytes]
    settled: dict[str, bytes | None]
    naming: Naming


@dataclass(slots=True)
class Tally:
    """What one call has done so far."""

    sellers: int = 0
    products: int = 0
    edges: int = 0
    skipped: int = 0  # sellers of which nothing that matters had changed
    failures: dict[str, str] = field(default_factory=dict)  # seller id -> reason
    overtaken: set[str] = field(default_factory=set)  # sellers that another process kept while this one worked on them


def load_pieces(database: Database, sellers: Sequence[str], release: Release, tally: Tally) -> Iterator[Piece]:
    """Those of these sellers of which something that matters has changed since their products were worked out."""
    for some in chunks(sellers, _SELLERS):
        with database.read() as connection:
            loaded = _load_partitions(connection, some, release, tally)
        for few in _pieces(loaded.partitions):
            ids = [each.seller_id for each in few]
            digests = {each: loaded.digests[each] for each in ids}
            settled = {each: loaded.settled[each] for each in ids}
            yield Piece(tuple(few), digests, settled, loaded.naming)


def _pieces(partitions: Iterable[Partition]) -> Iterator[list[Partition]]:
    """Partitions that share a product stay together; else as many as make a fair piece of work."""
    owners: dict[str, list[Partition]] = {}
    group_of: dict[str, list[Partition]] = {}
    for partition in partitions:
        group = [partition]
        for old in {member.previous for member in partition.members if member.previous}:
            other = owners.get(old)
            if other is not None and other is not group:
                group = other + [each for each in group if each not in other]
        for each in group:
            group_of[each.seller_id] = group
            owners.update((member.previous, group) for member in each.members if member.previous)
    piece: list[Partition] = []
    size = 0
    for group in {id(group): group for group in group_of.values()}.values():
        piece += group
        size += sum(len(each.members) for each in group)
        if size >= _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _load_partitions(connection: Connection, seller_ids: Sequence[str], release: Release, tally: Tally) -> Piece:
    sellers = load_sellers(connection, seller_ids)
    owner: dict[Ref, str] = {ref: each for each, (seller, _) in sellers.items() for ref in seller.accounts}
    members: dict[str, list[RawMember]] = {each: [] for each in sellers}
    for account, member in load_members(connection, owner):
        members[owner[account]].append(member)
    judged = _load_judged(connection, members)
    partitions, digests, settled = [], {}, {}
    for seller_id, (seller, before) in sellers.items():
        partition = Partition(seller_id, seller.name, tuple(members[seller_id]), judged.get(seller_id, {}))
        digest = _digest(partition, release)
        tally.sellers += 1
        if digest == before:
            tally.skipped += 1
            continue
        partitions.append(partition)
        digests[seller_id], settled[seller_id] = digest, before
    present = {member.previous for each in partitions for member in each.members if member.previous}
    made_from = load_made_from(connection, present)
    known = tuple(_with_made_from(partition, made_from) for partition in partitions)
    return Piece(known, digests, settled, _load_naming(connection, known))


def _with_made_from(partition: Partition, made_from: Mapping[str, bytes]) -> Partition:
    present = {member.previous for member in partition.members if member.previous}
    return replace(partition, made_from={each: made_from[each] for each in present if each in made_from})


def _digest(partition: Partition, release: Release) -> bytes:
    states = [member.state for member in partition.members]
    head = (RELEASE, FORM, release.rates.day, partition.seller_name, sorted(partition.judged.items()))
    return blake2b(msgspec.json.encode(head) + b"".join(sorted(states)), digest_size=16).digest()


def _load_judged(connection: Connection, members: dict[str, list[RawMember]]) -> dict[str, dict[tuple[str, str], str]]:
    if not has_judgements(connection, PRODUCT):
        return {}
    owner = {member.name: seller_id for seller_id, own in members.items() for member in own}
    standing = current(load_judgements(connection, PRODUCT, owner))
    found: dict[str, dict[tuple[str, str], str]] = {}
    for (left, right), verdict in standing.items():
        if left in owner and owner[left] == owner.get(right):
            found.setdefault(owner[left], {})[left, right] = verdict
    return found


def _load_naming(connection: Connection, partitions: Sequence[Partition]) -> Naming:
    inside: dict[str, int] = {}
    for partition in partitions:
        for member in partition.members:
            if member.previous:
                inside[member.previous] = inside.get(member.previous, 0) + 1
    if not inside:
        return Naming()
    minted_at = {each: row.minted_at for each, row in load_ledger(connection, inside).items()}
    everywhere = count_members(connection, inside)
    outside = {each: everywhere.get(each, 0) - count for each, count in inside.items()}
    return Naming(minted_at, {each: count for each, count in outside.items() if count > 0})
