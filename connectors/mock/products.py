"""The world's products: families of variants inside a firm, told apart by a value, a colour or a size."""

from dataclasses import dataclass

from connectors.mock.firms import Firm
from connectors.mock.goods import COLOURS, LINES, SIZES, Kind, sectors
from connectors.mock.rng import Draw


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


def make_product(seed: int, firm: Firm, number: int) -> Product:
    family, variant = divmod(number, 3)
    draw = Draw(seed, "family", firm.number, family)
    kind = firm.kinds[family % len(firm.kinds)]
    modifiers = sectors()[kind.sector].modifiers
    turn = family // len(firm.kinds)
    modifier = modifiers[(firm.number + turn) % len(modifiers)]
    line = LINES[(turn // len(modifiers)) % len(LINES)]
    place, option = _variant(draw, kind, variant)
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
        model=_model(draw, firm, kind, family, variant),
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


def _model(draw: Draw, firm: Firm, kind: Kind, family: int, variant: int) -> str:
    if not draw.chance(0.62):
        return ""
    words = kind.english[0].upper().split()
    code = words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]
    stem = f"{firm.initials}{'-' if draw.chance(0.7) else ''}{code}{100 + (family * 37 + draw.below(30)) % 9900}"
    return stem + (("", "S", "P") if draw.chance(0.5) else ("A", "B", "C"))[variant]
