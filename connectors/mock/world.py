"""The world's firms, accounts, products and listing slots: each one a pure function of (seed, size, number)."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from connectors.mock import names
from connectors.mock.goods import COLOURS, LINES, SIZES, Kind, sectors
from connectors.mock.pattern import BLOCK, FIRMS, PATTERNS, FirmPattern, patterns
from connectors.mock.rng import Draw, Numbers, Shuffle, mix, mix_array, remainders, stream_key

BUYKOREA, GOBIZKOREA, TRADEKOREA = 0, 1, 2

MAX_SIZE = 3_000_000
_REUSED_PRODUCT = 10_000
_RECENT_FROM_SIZE = 100
_ADDED_PRODUCT = 5_000_000
_PRIME_FIRMS = 5_939_981
"""Below the 5,940,000 registration numbers of prefix 001-099, six types and 9,999 serials."""

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
class Firm:
    """What is true of a firm; accounts state it with gaps and errors."""

    number: int
    pattern: FirmPattern
    sector: int
    kinds: tuple[Kind, ...]
    hangul: str
    roman: str
    roman_other: str
    trade: tuple[str, str]
    form: str
    brand: str
    brand_korean: str
    initials: str
    brn: str
    host: str
    has_host: bool
    phone: str
    """National form with hyphens."""
    mail: str
    person: tuple[str, str]
    place: int
    house: int
    zip: str
    founded: tuple[int, int, int]
    staff: int


@dataclass(frozen=True, slots=True)
class Product:
    """What is true of a product; `value` and `option` tell it from its family."""

    key: str
    firm: int
    kind: Kind
    english: str
    korean: str
    modifier: tuple[str, str]
    line: tuple[str, str]
    branded: bool
    model: str
    value: str
    option: tuple[str, str]
    price: float
    """US dollars for one unit of sale."""
    moq: int
    lead: tuple[int, int]
    certificates: tuple[str, ...]
    hs10: str
    weight: float
    origin: str


@dataclass(frozen=True, slots=True)
class Slot:
    firm: int
    product: int
    copy: int


def check_digit(first_nine: str) -> str:
    """Common rule 3 of the feeds."""
    weights = (1, 3, 7, 1, 3, 7, 1, 3, 5)
    total = sum(int(digit) * weight for digit, weight in zip(first_nine, weights, strict=True))
    total += int(first_nine[8]) * 5 // 10
    return str((10 - total % 10) % 10)


def _letters(number: int, width: int) -> str:
    letters = ""
    for _ in range(width):
        number, rest = divmod(number, 26)
        letters += chr(97 + rest)
    return letters


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
        self._brn = Shuffle(stream_key(seed, "brn"), _PRIME_FIRMS)
        self._host = Shuffle(stream_key(seed, "host"), 456_959)
        self._phone = Shuffle(stream_key(seed, "phone"), 999_983)
        self._pattern_key = stream_key(seed, "pattern")
        self._firms: Recent[int, Firm] = Recent(self._make_firm)
        self._products: Recent[tuple[int, int], Product] = Recent(self._make_product, 4096)

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

    def _make_firm(self, number: int) -> Firm:
        draw = Draw(self.seed, "firm", number)
        sector = sectors()[draw.below(len(sectors()))]
        hangul, roman, other = names.core_name(draw)
        brand, brand_korean = self._brand(draw, hangul, roman)
        place = draw.below(len(names.PLACES))
        host = self._host_of(number, roman)
        has_host = draw.chance(0.75)
        surname, given = draw.pick(names.SURNAMES), draw.pick(names.GIVEN)
        start = draw.below(len(sector.kinds))
        made = tuple(sector.kinds[(start + step) % len(sector.kinds)] for step in range(draw.between(1, 3)))
        trade = draw.pick(sector.trades)
        return Firm(
            number=number,
            pattern=self.firm_pattern(number),
            sector=sector.number,
            kinds=made,
            hangul=hangul,
            roman=roman,
            roman_other=other,
            trade=trade,
            form=draw.pick(("stock",) * 17 + ("limited",) * 2 + ("farm" if sector.prefix in "FOO AGR" else "stock",)),
            brand=brand,
            brand_korean=brand_korean,
            initials=(brand[0] + brand[len(brand) // 2]).upper(),
            brn=self._brn_of(number),
            host=host,
            has_host=has_host,
            phone=self._phone_of(number, names.PLACES[place][5]),
            mail=f"{draw.pick(('sales', 'export', 'info', 'trade'))}@{host}"
            if has_host
            else f"{roman.lower()}{number % 9973}@{draw.pick(('freemail', 'postbox', 'mymail'))}.example",
            person=(surname[0] + given[0], f"{surname[1]} {given[1]}"),
            place=place,
            house=draw.between(1, 399),
            zip=f"{names.PLACES[place][4]}{draw.below(1000):03d}",
            founded=(draw.between(1975, 2024), draw.between(1, 12), draw.between(1, 28)),
            staff=draw.pick((4, 9, 15, 28, 35, 62, 85, 120, 180, 260, 430, 800, 1300)),
        )

    @staticmethod
    def _brand(draw: Draw, hangul: str, roman: str) -> tuple[str, str]:
        if draw.chance(0.5):
            return roman, hangul
        parts = [draw.pick(names.SYLLABLES) for _ in range(2)]
        return "".join(part[1] for part in parts).capitalize(), "".join(part[0] for part in parts)

    def _brn_of(self, number: int) -> str:
        serial = self._brn.forward(number % _PRIME_FIRMS)
        serial, prefix = divmod(serial, 99)
        serial, kind = divmod(serial, 6)
        nine = f"{prefix + 1:03d}{(81, 82, 85, 86, 87, 88)[kind]}{serial:04d}"
        return nine + check_digit(nine)

    def _host_of(self, number: int, roman: str) -> str:
        # The letters keep hosts of firms with one name apart: a shared host would make them one seller.
        high, low = divmod(number, 456_959)
        tail = _letters(self._host.forward(low), 4) + (_letters(high, 2) if high else "")
        return f"{roman.lower()}{tail}.example"

    def _phone_of(self, number: int, area: str) -> str:
        # Korean exchanges never begin with 0, so 000-0001 and the like reach nobody.
        high, low = divmod(number, 999_983)
        value = self._phone.forward(low)
        return f"{area}-0{high % 10 if high else ''}{value // 10_000:02d}-{value % 10_000:04d}"

    # --- products ----------------------------------------------------------------------------------------------

    def product(self, firm: int, number: int) -> Product:
        return self._products.get((firm, number))

    def product_key(self, slot: Slot) -> str:
        return f"F{slot.firm}-{slot.product}"

    def _make_product(self, key: tuple[int, int]) -> Product:
        firm, number = self.firm(key[0]), key[1]
        family, variant = divmod(number, 3)
        draw = Draw(self.seed, "family", firm.number, family)
        kind = firm.kinds[family % len(firm.kinds)]
        modifiers = sectors()[kind.sector].modifiers
        turn = family // len(firm.kinds)
        modifier = modifiers[(firm.number + turn) % len(modifiers)]
        line = LINES[(turn // len(modifiers)) % len(LINES)]
        place, option = self._variant(draw, kind, variant)
        price = (kind.low + (kind.high - kind.low) * draw.share() ** 2) * (0.75 + 0.35 * place)
        low = draw.pick((3, 5, 7, 10, 14, 15, 20, 21, 30, 42))
        return Product(
            key=f"F{firm.number}-{number}",
            firm=firm.number,
            kind=kind,
            english=draw.pick(kind.english),
            korean=draw.pick(kind.korean),
            modifier=modifier,
            line=line,
            branded=draw.chance(0.8),
            model=self._model(draw, firm, kind, family, variant),
            value=kind.values[place % len(kind.values)],
            option=option,
            price=round(price, 2 if price < 100 else 0) or 0.1,
            moq=draw.pick((1, 5, 10, 20, 50)) if kind.high > 200 else draw.pick((50, 100, 200, 300, 500, 1000, 3000)),
            lead=(low, low + draw.pick((0, 5, 7, 14))),
            certificates=tuple(draw.sample(sectors()[kind.sector].certificates, draw.below(4))),
            hs10=kind.hs10,
            weight=round(0.05 + kind.high * draw.share() / 20, 2),
            origin="VN" if draw.chance(0.03) else "KR",
        )

    @staticmethod
    def _variant(draw: Draw, kind: Kind, variant: int) -> tuple[int, tuple[str, str]]:
        """Variants of a family differ in the value, or in the colour or size where the kind has one."""
        first = draw.below(len(kind.values))
        options = COLOURS if kind.option == "color" else SIZES if kind.option == "size" else (("", ""),)
        start = draw.below(len(options))
        by_option = kind.option != "" and draw.chance(0.5)
        place = first if by_option else (first + variant) % len(kind.values)
        if not by_option and len(kind.values) < 3 and len(options) > 1:
            start += variant // len(kind.values)
        return place, options[(start + (variant if by_option else 0)) % len(options)]

    @staticmethod
    def _model(draw: Draw, firm: Firm, kind: Kind, family: int, variant: int) -> str:
        if not draw.chance(0.62):
            return ""
        words = kind.english[0].upper().split()
        code = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
        stem = f"{firm.initials}{'-' if draw.chance(0.7) else ''}{code}{100 + (family * 37 + draw.below(30)) % 9900}"
        return stem + (("", "S", "P") if draw.chance(0.5) else ("A", "B", "C"))[variant]
