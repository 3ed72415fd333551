"""The world's firms, accounts, products and listing slots: each one a pure function of (seed, size, number)."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.mock.firms import Firm, Firms
from connectors.mock.pattern import BLOCK, FIRMS, PATTERNS, FirmPattern, patterns
from connectors.mock.products import Product, make_product
from connectors.mock.rng import Draw, Numbers, Shuffle, mix, mix_array, remainders, stream_key

BUYKOREA, GOBIZKOREA, TRADEKOREA = 0, 1, 2

MAX_SIZE = 3_000_000
_REUSED_PRODUCT = 10_000
_RECENT_FROM_SIZE = 100
_ADDED_PRODUCT = 5_000_000

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The last values of a pure function; pages share firms."""

    def __init__(self, make: Callable[[K], V], limit: int = 30_000) -> None:
        self._make, self._limit = make, limit
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V:
        value = self._kept.get(key)
        if value is None:
            value = self._kept[key] = self._make(key)
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Slot:
    firm: int
    product: int
    copy: int


class World:
    """(seed, size): everything that does not depend on the day. `days.py` adds the days."""

    def __init__(self, seed: int, size: int) -> None:
        if not 1 <= size <= MAX_SIZE:
            raise ValueError(f"size must be from 1 to {MAX_SIZE}, not {size}")
        self.seed, self.size = seed, size
        self.added_a_day = max(1, size * 15 // 10_000)
        # The last eight days' arrivals are among the first `size` slots; a tiny world has none.
        self.recent_from = size - 8 * self.added_a_day if size >= _RECENT_FROM_SIZE else size
        self._goods_no = Shuffle(stream_key(seed, "old goods_no"), 299_999_977)
        self._pattern_key = stream_key(seed, "pattern")
        self._firm_maker = Firms(seed)
        self._firms: Recent[int, Firm] = Recent(lambda number: self._firm_maker.make(number, self.firm_pattern(number)))
        self._products: Recent[tuple[int, int], Product] = Recent(
            lambda key: make_product(seed, self.firm(key[0]), key[1]), 4096
        )

    # --- slots -------------------------------------------------------------------------------------------------

    def slot(self, platform: int, index: int) -> Slot:
        """The firm and product of the first listing under this slot."""
        if index >= self.size:
            return self._added_slot(platform, index)
        block, place = divmod(index, BLOCK)
        found = patterns()[self._pattern_of(block)].slots[platform][place]
        return Slot(block * FIRMS + found.firm, found.product, found.copy)

    def _pattern_of(self, block: int) -> int:
        return mix(self._pattern_key, block) % PATTERNS

    def _added_slot(self, platform: int, index: int) -> Slot:
        """A later listing of a firm that is already there: one in four repeats a product it lists elsewhere."""
        draw = Draw(self.seed, "added", platform, index)
        anchor = self.slot(platform, self._anchor(platform, index))
        absent = [
            number for number, mask in enumerate(self.firm_pattern(anchor.firm).products) if not mask >> platform & 1
        ]
        if absent and draw.chance(0.25):
            return Slot(anchor.firm, draw.pick(absent), 0)
        return Slot(anchor.firm, _ADDED_PRODUCT + 3 * index + platform, 0)

    def _anchor(self, platform: int, index: int) -> int:
        """An original slot whose account the added listing stands under."""
        return mix(self._pattern_key + 2 + platform, index) % self.size

    def birth(self, index: Numbers) -> Numbers:
        """The day on which each recent slot arrives; meaningless below `recent_from`."""
        first = 1 - (self.size - self.recent_from) // self.added_a_day
        return first + (index - self.recent_from) // self.added_a_day

    def old_goods_no(self, index: Numbers) -> tuple[Numbers, Numbers]:
        """GobizKOREA's number of an old slot: the day of its first registration and a serial."""
        day, serial = np.divmod(self._goods_no.forward_array(index), 99_999)
        return -11 - day, serial

    def reused_slot(self, platform: int, index: int) -> Slot:
        """The listing that takes the id over: another product of the same firm."""
        first = self.slot(platform, index)
        return Slot(first.firm, _REUSED_PRODUCT + 3 * (index % 1_000_000) + platform, 0)

    @cached_property
    def _firm_tables(self) -> tuple[Numbers, ...]:
        return tuple(
            np.array([[slot.firm for slot in pattern.slots[platform]] for pattern in patterns()], dtype=np.int64)
            for platform in range(3)
        )

    def firms_of(self, platform: int, count: int) -> Numbers:
        """Firm numbers of the first `count` original slots."""
        index = np.arange(count, dtype=np.int64)
        block, place = index // BLOCK, index % BLOCK
        chosen = remainders(mix_array(self._pattern_key, block), PATTERNS)
        return block * FIRMS + self._firm_tables[platform][chosen, place]

    # --- accounts ----------------------------------------------------------------------------------------------

    def account(self, platform: int, index: int) -> int:
        """Account number = firm number * 2, + 1 for a firm's second account on one platform."""
        index = index if index < self.size else self._anchor(platform, index)
        firm = self.slot(platform, index).firm
        second = self.firm_pattern(firm).second_account == platform
        return firm * 2 + (1 if second and mix(self._pattern_key + 1, index) % 3 == 0 else 0)

    def account_numbers(self, platform: int, count: int) -> Numbers:
        """The account behind each of the first `count` slots."""
        firms = self.firms_of(platform, min(count, self.size))
        chosen = remainders(mix_array(self._pattern_key, firms // FIRMS), PATTERNS)
        index = np.arange(len(firms), dtype=np.int64)
        third = remainders(mix_array(self._pattern_key + 1, index), 3) == 0
        found = firms * 2 + (self._second_accounts[platform][chosen, firms % FIRMS] & third)
        added = np.array([self.account(platform, index) for index in range(self.size, count)], dtype=np.int64)
        return np.concatenate([found, added])

    @cached_property
    def _second_accounts(self) -> tuple[NDArray[np.bool_], ...]:
        tables = np.zeros((3, PATTERNS, FIRMS), dtype=np.bool_)
        for number, pattern in enumerate(patterns()):
            for place, firm in enumerate(pattern.firms):
                if firm.second_account >= 0:
                    tables[firm.second_account, number, place] = True
        return tuple(tables)

    # --- firms -------------------------------------------------------------------------------------------------

    def firm_pattern(self, number: int) -> FirmPattern:
        block, place = divmod(number, FIRMS)
        return patterns()[self._pattern_of(block)].firms[place]

    def firm(self, number: int) -> Firm:
        return self._firms.get(number)

    # --- products ----------------------------------------------------------------------------------------------

    def product(self, firm: int, number: int) -> Product:
        return self._products.get((firm, number))

    def product_key(self, slot: Slot) -> str:
        return f"F{slot.firm}-{slot.product}"
