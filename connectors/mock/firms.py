"""The world's firms: what is true of them, whatever their accounts state."""

from dataclasses import dataclass

from connectors.mock import names
from connectors.mock.goods import Kind, sectors
from connectors.mock.pattern import FirmPattern
from connectors.mock.rng import Draw, Shuffle, stream_key

_FIRMS = 5_939_981
"""A prime below the 5,940,000 registration numbers of prefix 001-099, six types and ten thousand serials."""


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


class Firms:
    """Makes any firm from its number; registration number, host and phone are unique to it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._brn = Shuffle(stream_key(seed, "brn"), _FIRMS)
        self._host = Shuffle(stream_key(seed, "host"), 456_959)
        self._phone = Shuffle(stream_key(seed, "phone"), 999_983)

    def make(self, number: int, pattern: FirmPattern) -> Firm:
        draw = Draw(self._seed, "firm", number)
        # One firm in ten shares its exact name, and its trade, with a stranger.
        naming = Draw(self._seed, "firm name", number - number % 20 if number % 20 < 2 else number)
        sector = sectors()[naming.below(len(sectors()))]
        hangul, roman, other = names.core_name(naming)
        brand, brand_korean = self._brand(draw, hangul, roman)
        place = draw.below(len(names.PLACES))
        host = self._host_of(number, roman)
        has_host = draw.chance(0.75)
        surname, given = draw.pick(names.SURNAMES), draw.pick(names.GIVEN)
        start = draw.below(len(sector.kinds))
        made = tuple(sector.kinds[(start + step) % len(sector.kinds)] for step in range(draw.between(1, 3)))
        trade = naming.pick(sector.trades)
        return Firm(
            number=number,
            pattern=pattern,
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
        serial = self._brn.forward(number % _FIRMS)
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
