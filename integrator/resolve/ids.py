"""Ids of sellers and products: minted from a founder, carried over to the largest overlap, redirected in one hop.

Pure; what the ledger knows comes in as values. An id is never used again for another thing.
"""

from base64 import b32encode
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar

Member = TypeVar("Member", bound=Hashable)

SELLER, PRODUCT = "seller", "product"


def mint(kind: str, founder: str, turn: int = 0) -> str:
    """The id a founder gives: kind's letter and 13 letters of base 32 (65 bits). `turn` rises when one is taken."""
    salted = f"{kind}|{founder}|{turn}" if turn else f"{kind}|{founder}"
    digest = blake2b(salted.encode(), digest_size=9).digest()
    return kind[0] + b32encode(digest).decode().lower()[:13]


@dataclass(frozen=True, slots=True)
class Naming:
    """Ids of groups, in their order (None: to be minted), and to which group each id that lost its own leads."""

    ids: tuple[str | None, ...]
    retired: dict[str, int]


def carry_over(
    groups: Sequence[Sequence[Member]],
    previous: Mapping[Member, str],
    minted_at: Mapping[str, float],
    size: Callable[[Sequence[Member]], int] = len,
) -> Naming:
    """Give each old id to the group that holds most of its members, and each group at most one id.

    Ties go to the older id, then to the id's own order, then to the larger group, then to the first. An old id that no
    group could take leads to the group that holds most of its members.
    """
    claims: list[tuple[int, float, str, int, int]] = []
    for position, group in enumerate(groups):
        overlaps: dict[str, int] = {}
        for member in group:
            old = previous.get(member)
            if old is not None:
                overlaps[old] = overlaps.get(old, 0) + 1
        for old, count in overlaps.items():
            claims.append((-count, minted_at.get(old, 0.0), old, -size(group), position))
    claims.sort()
    ids: list[str | None] = [None] * len(groups)
    carried: set[str] = set()
    best: dict[str, int] = {}
    for _, _, old, _, position in claims:
        best.setdefault(old, position)
        if ids[position] is None and old not in carried:
            ids[position] = old
            carried.add(old)
    return Naming(tuple(ids), {old: position for old, position in best.items() if old not in carried})
