"""The kinds of goods that the world's firms make, and where each platform files them."""

from dataclasses import dataclass
from functools import cache

from connectors.mock.goods_table import SECTORS


@dataclass(frozen=True, slots=True)
class Sector:
    number: int
    prefix: str
    """tradeKorea's category prefix."""
    buykorea: str
    tradekorea: str
    gobizkorea: str
    trades: tuple[tuple[str, str], ...]
    """Trade words in firm names, English and Korean."""
    certificates: tuple[str, ...]
    modifiers: tuple[tuple[str, str], ...]
    kinds: tuple["Kind", ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of goods. `values` of `measure` and `option` tell the variants of one family apart."""

    number: int
    sector: int
    place: int
    """Among the kinds of its sector, from 1."""
    english: tuple[str, ...]
    korean: tuple[str, ...]
    middle: str
    middle_korean: str
    middle_number: int
    hs10: str
    unit: str
    pack: int
    low: float
    high: float
    measure: str
    values: tuple[str, ...]
    option: str


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((english, korean) for english, korean in (pair.split(":") for pair in text.split(";")))


def _kind(line: str, number: int, sector: int, place: int, middles: list[str]) -> Kind:
    english, korean, middle, middle_korean, hs10, sold, prices, values, option = line.split("|")
    if middle not in middles:
        middles.append(middle)
    unit, _, pack = sold.partition("*")
    low, high = prices.split("-")
    amounts, _, measure = values.partition(" ")
    return Kind(
        number=number, sector=sector, place=place, english=tuple(english.split(";")), korean=tuple(korean.split(";")),
        middle=middle, middle_korean=middle_korean, middle_number=middles.index(middle) + 1, hs10=hs10, unit=unit,
        pack=int(pack or 1), low=float(low), high=float(high), measure=measure, values=tuple(amounts.split(",")),
        option=option,
    )  # fmt: skip


@cache
def sectors() -> tuple[Sector, ...]:
    found: list[Sector] = []
    number = 0
    for place, block in enumerate(SECTORS):
        head, trades, certificates, modifiers, *lines = (line.strip() for line in block.strip().splitlines())
        prefix, buykorea, tradekorea, gobizkorea = head.split("|")
        middles: list[str] = []
        made = tuple(_kind(line, number + offset, place, offset + 1, middles) for offset, line in enumerate(lines))
        number += len(made)
        found.append(
            Sector(
                number=place,
                prefix=prefix,
                buykorea=buykorea,
                tradekorea=tradekorea,
                gobizkorea=gobizkorea,
                trades=_pairs(trades),
                certificates=tuple(certificates.split(",")),
                modifiers=_pairs(modifiers),
                kinds=made,
            )
        )
    return tuple(found)


@cache
def kinds() -> tuple[Kind, ...]:
    return tuple(kind for sector in sectors() for kind in sector.kinds)


COLOURS = (
    ("White", "화이트"), ("Black", "블랙"), ("Red", "레드"), ("Navy", "네이비"), ("Beige", "베이지"),
    ("Gray", "그레이"), ("Pink", "핑크"), ("Rose", "로즈"), ("Coral", "코랄"), ("Green", "그린"),
    ("Silver", "실버"), ("Brown", "브라운"),
)  # fmt: skip
SIZES = (("S", "소형"), ("M", "중형"), ("L", "대형"), ("XL", "특대형"))
LINES = (
    ("", ""), ("Premium", "프리미엄"), ("Pro", "프로"), ("Classic", "클래식"), ("Eco", "에코"), ("Plus", "플러스"),
    ("Signature", "시그니처"), ("Basic", "베이직"), ("Royal", "로얄"), ("Natural", "내추럴"), ("Smart", "스마트"),
)  # fmt: skip
