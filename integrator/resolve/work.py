"""One seller's listings to products: pure, and made of plain values, so that any process on any host can do it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from integrator.listing import Detail, Listing
from integrator.merge.category import Guesses
from integrator.merge.price import Rates
from integrator.merge.product import Member, merge
from integrator.product import Product, Receipt
from integrator.publish.document import Draft, draft_of
from integrator.resolve.clusters import Clustering, Decided, cluster
from integrator.resolve.ids import PRODUCT, carry_over, mint
from integrator.resolve.members import RawMember
from integrator.resolve.names import bare_name
from integrator.resolve.receipts import make_receipt
from integrator.resolve.sketch import Sketch, draw

# A seller with more listings than this is cut by HS chapter, then by heading: a trading agent may hold 100,000.
MOST_LISTINGS = 2_000

_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_detail = msgspec.json.Decoder(Detail).decode
_decode_product = msgspec.json.Decoder(Product).decode
_encode = msgspec.json.encode


@dataclass(frozen=True, slots=True)
class Partition:
    """One seller's part of the work.

    `judged`: pairs of 'platform:id' (smaller first) to a person's verdict. `made_from`: what its listings' present
    products were made from, by id.
    """

    seller_id: str
    seller_name: str
    members: tuple[RawMember, ...]
    judged: Mapping[tuple[str, str], str] = field(default_factory=dict)
    made_from: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """What is the same for every partition of a run."""

    guesses: Guesses
    rates: Rates
    name: str = ""  # of all that a product depends on beside its listings


@dataclass(frozen=True, slots=True)
class Naming:
    """What the ledger knows of the previous products of some partitions.

    `minted_at` by id; `outside` counts an id's live listings that are not among these partitions.
    """

    minted_at: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """One product worked out. `fresh`: its id was just minted from `founder`; `retired` ids lead to it from now on."""

    id: str
    fresh: bool
    founder: str
    keys: tuple[int, ...]
    visible: bool
    heading: str | None
    content: bytes
    draft: Draft
    made_from: bytes
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """One seller worked out. `unchanged` are products that are as they were."""

    seller_id: str
    products: tuple[Made, ...]
    unchanged: tuple[str, ...]
    receipts: tuple[Receipt, ...]


def work_out(partitions: Sequence[Partition], naming: Naming, release: Release) -> list[Outcome]:
    """Work out partitions together, so that ids whose listings went to several of them are given once."""
    solved = [_solve(partition, release) for partition in partitions]
    groups = [tuple(group) for _, groups, _ in solved for group in groups]
    previous = {
        member.ref: member.previous for _, found, _ in solved for group in found for member in group if member.previous
    }
    named = carry_over(
        [[member.ref for member in group] for group in groups], _claimable(groups, previous, naming), naming.minted_at
    )
    led: dict[int, list[str]] = {}
    for old, position in named.retired.items():
        led.setdefault(position, []).append(old)
    outcomes = []
    position = 0
    for partition, (listings, found, receipts) in zip(partitions, solved, strict=True):
        made: list[Made] = []
        unchanged: list[str] = []
        for group in found:
            founder = min(member.ref for member in group)
            carried = named.ids[position]
            retired = tuple(sorted(led.get(position, ())))
            position += 1
            made_from = _made_from(partition, group, release)
            if carried and not retired and _is_unchanged(partition, group, carried, made_from):
                unchanged.append(carried)
                continue
            product_id = carried or mint(PRODUCT, founder)
            product = _merge(partition, group, listings, release, product_id)
            made.append(_made(product, group, founder, carried is None, retired, made_from))
        outcomes.append(Outcome(partition.seller_id, tuple(made), tuple(unchanged), receipts))
    return outcomes


def _made_from(partition: Partition, group: Sequence[RawMember], release: Release) -> bytes:
    """A digest of all that a product is made of: its listings, its seller's name, and what is the same for all."""
    head = f"{release.name}|{partition.seller_id}|{partition.seller_name}|".encode()
    return blake2b(head + b"".join(member.state for member in group), digest_size=12).digest()


def _is_unchanged(partition: Partition, group: Sequence[RawMember], product_id: str, made_from: bytes) -> bool:
    return partition.made_from.get(product_id) == made_from and all(each.previous == product_id for each in group)


def _claimable(groups: Sequence[tuple[RawMember, ...]], previous: Mapping[str, str], naming: Naming) -> dict[str, str]:
    """Claims on ids of which no larger part lies outside."""
    largest: dict[str, int] = {}
    for group in groups:
        overlaps: dict[str, int] = {}
        for member in group:
            if member.previous:
                overlaps[member.previous] = overlaps.get(member.previous, 0) + 1
        for old, count in overlaps.items():
            largest[old] = max(largest.get(old, 0), count)
    return {ref: old for ref, old in previous.items() if largest[old] >= naming.outside.get(old, 0)}


Solved = tuple[dict[int, Listing], list[tuple[RawMember, ...]], tuple[Receipt, ...]]


def _solve(partition: Partition, release: Release) -> Solved:
    """Listings by key, groups of members, receipts."""
    members = sorted(partition.members, key=lambda member: member.ref)
    listings = {member.key: _decode_listing(member.content) for member in members}
    groups: list[tuple[RawMember, ...]] = []
    receipts: list[Receipt] = []
    seller_name = bare_name(partition.seller_name)
    for piece in _cut(members, listings):
        sketches = [
            draw(
                listings[member.key],
                key=member.key,
                ref=member.ref,
                visible=member.visible,
                rates=release.rates.dollars,
                seller_name=seller_name,
            )
            for member in piece
        ]
        clustering = cluster(sketches, _positions(piece, partition.judged))
        groups += [tuple(piece[position] for position in group) for group in clustering.groups]
        receipts += _receipts(clustering, sketches)
    return listings, groups, tuple(receipts)


def _cut(members: Sequence[RawMember], listings: Mapping[int, Listing]) -> list[Sequence[RawMember]]:
    """One piece, or for a very large seller one a chapter (and one a heading of a very large chapter)."""
    pieces: list[Sequence[RawMember]] = [members]
    for digits in (2, 4):
        finer: list[Sequence[RawMember]] = []
        for piece in pieces:
            if len(piece) <= MOST_LISTINGS:
                finer.append(piece)
                continue
            buckets: dict[str, list[RawMember]] = {}
            for member in piece:
                buckets.setdefault((listings[member.key].hs.hs6 or "")[:digits], []).append(member)
            finer += [buckets[prefix] for prefix in sorted(buckets)]
        pieces = finer
    return pieces


def _positions(members: Sequence[RawMember], judged: Mapping[tuple[str, str], str]) -> dict[tuple[int, int], str]:
    if not judged:
        return {}
    places = {member.name: position for position, member in enumerate(members)}
    found = {}
    for (left, right), verdict in judged.items():
        if left in places and right in places:
            first, second = sorted((places[left], places[right]))
            found[first, second] = verdict
    return found


def _receipts(clustering: Clustering, sketches: Sequence[Sketch]) -> list[Receipt]:
    """Every joining edge, and for each group the strongest refused one."""
    group_of = {position: number for number, group in enumerate(clustering.groups) for position in group}
    strongest: dict[tuple[int, int], Decided] = {}
    kept = []
    for decided in clustering.decided:
        if decided.verdict == "same":
            kept.append(decided)
            continue
        pair = tuple(sorted((group_of[decided.left], group_of[decided.right])))
        strongest.setdefault((pair[0], pair[1]), decided)
    kept += [decided for (first, second), decided in strongest.items() if first != second]
    return [make_receipt(decided, sketches[decided.left], sketches[decided.right]) for decided in kept]


def _merge(
    partition: Partition,
    group: Sequence[RawMember],
    listings: Mapping[int, Listing],
    release: Release,
    product_id: str,
) -> Product:
    members = [
        Member(
            listing=listings[member.key],
            generation=member.generation,
            visible=member.visible,
            seen_at=datetime.fromtimestamp(member.seen_at, UTC),
            stale=member.stale,
            detail=_decode_detail(member.detail) if member.detail else None,
        )
        for member in group
    ]
    return merge(
        members,
        product_id=product_id,
        seller_id=partition.seller_id,
        seller_name=partition.seller_name,
        guesses=release.guesses,
        rates=release.rates,
    )


def _made(
    product: Product,
    group: Sequence[RawMember],
    founder: str,
    fresh: bool,
    retired: tuple[str, ...],
    made_from: bytes,
) -> Made:
    return Made(
        id=product.product_id,
        fresh=fresh,
        founder=founder,
        keys=tuple(member.key for member in group),
        visible=product.visible,
        heading=product.category.heading,
        content=_encode(product),
        draft=draft_of(product),
        retired=retired,
        made_from=made_from,
    )


def renamed(made: Made, product_id: str) -> Made:
    """The same product under another id: the one it asked for had been given away before."""
    product = replace(_decode_product(made.content), product_id=product_id)
    return replace(made, id=product_id, content=_encode(product), draft=draft_of(product))
