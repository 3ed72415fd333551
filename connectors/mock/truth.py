"""What a correct reader knows at noon of a day: every sound listing, its world product and firm, whether buyers see it.

Left out are records that never were usable. Listings withdrawn before a reader could meet them are told as not visible.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.mock import buykorea_records, gobizkorea_rows, tradekorea_records
from connectors.mock.days import Days, visible
from connectors.mock.pattern import PLATFORMS
from connectors.mock.world import World


@dataclass(frozen=True, slots=True)
class Fact:
    platform: str
    id: str
    product: str
    company: str
    visible: bool


def facts(seed: int, size: int, day: int) -> Iterator[Fact]:
    world = World(seed, size)
    buykorea, tradekorea = buykorea_records.Numbers(world), tradekorea_records.Numbers(world)
    names = (lambda index: str(buykorea.goods(index)), gobizkorea_rows.Numbers(world).product, tradekorea.product)
    for platform, name in enumerate(names):
        state = Days(world, platform).state(day)
        seen = visible(platform, state)
        for index in (state.unusable == 0).nonzero()[0].tolist():
            slot = world.reused_slot(platform, index) if state.generation[index] else world.slot(platform, index)
            yield Fact(PLATFORMS[platform], name(index), world.product_key(slot), f"F{slot.firm}", bool(seen[index]))
