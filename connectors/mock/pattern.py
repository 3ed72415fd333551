"""Blocks of the world: a fixed pattern of firms, products and listings, repeated with other seeds.

A block holds `BLOCK` listing slots on each platform. Slot i of a platform lies in block i // BLOCK, so the firm and the
product behind any slot are found without building the world. Sixteen patterns, chosen by hash, keep blocks from looking
alike.
"""

from dataclasses import dataclass
from functools import cache
from random import Random

BLOCK = 400
PATTERNS = 16
FIRMS = 128
"""Firm numbers a block takes; patterns use fewer."""
PLATFORMS = ("buykorea", "gobizkorea", "tradekorea")

# Two thirds of the firms sell on one platform. Sizes are such that 1 % of changed listings touch a sixth of them.
_REACH = ((0,), (1,), (2,)) * 8 + ((0, 1), (0, 2), (1, 2)) * 3 + ((0, 1, 2),) * 4
_DUPLICATES = 0.01
_SHARED = 0.38
"""Of the products of a firm on several platforms, those listed on more than one."""


@dataclass(frozen=True, slots=True)
class FirmPattern:
    reach: tuple[int, ...]
    products: tuple[int, ...]
    """For each product a bit mask of the platforms that list it."""
    second_account: int
    """The platform on which the firm has two accounts, or -1."""


@dataclass(frozen=True, slots=True)
class SlotPattern:
    firm: int
    product: int
    copy: int


@dataclass(frozen=True, slots=True)
class Pattern:
    firms: tuple[FirmPattern, ...]
    slots: tuple[tuple[SlotPattern, ...], ...]


def _reach(random: Random, open_platforms: list[int]) -> tuple[int, ...]:
    wanted = random.choice(_REACH)
    left = tuple(platform for platform in wanted if platform in open_platforms)
    return left or (random.choice(open_platforms),)


def _masks(random: Random, reach: tuple[int, ...]) -> tuple[int, ...]:
    count = min(90, 2 + int(random.expovariate(1 / 13)))
    masks = []
    for _ in range(count):
        if len(reach) > 1 and random.random() < _SHARED:
            chosen = random.sample(reach, random.randint(2, len(reach)))
        else:
            chosen = [random.choice(reach)]
        masks.append(sum(1 << platform for platform in chosen))
    return tuple(masks)


def _list_products(random: Random, number: int, firm: FirmPattern, slots: list[list[SlotPattern]]) -> None:
    for product, mask in enumerate(firm.products):
        for platform in firm.reach:
            if mask >> platform & 1:
                copies = 2 if random.random() < _DUPLICATES else 1
                slots[platform].extend(SlotPattern(number, product, copy) for copy in range(copies))


@cache
def patterns() -> tuple[Pattern, ...]:
    return tuple(_build(Random(f"pattern/{number}")) for number in range(PATTERNS))


def _build(random: Random) -> Pattern:
    firms: list[FirmPattern] = []
    slots: list[list[SlotPattern]] = [[], [], []]
    while open_platforms := [platform for platform in range(3) if len(slots[platform]) < BLOCK]:
        reach = _reach(random, open_platforms)
        second = random.choice(reach) if random.random() < 0.02 else -1
        firm = FirmPattern(reach, _masks(random, reach), second)
        _list_products(random, len(firms), firm, slots)
        firms.append(firm)
    if len(firms) > FIRMS:
        raise ValueError(f"a pattern of {len(firms)} firms does not fit a block of {FIRMS}")
    return Pattern(tuple(firms), tuple(tuple(listed[:BLOCK]) for listed in slots))
