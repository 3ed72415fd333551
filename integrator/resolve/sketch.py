"""A listing as the matcher sees it: words, measures, codes, colours and sizes of one statement, worked out once."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from integrator.listing import Listing
from integrator.resolve.names import consonants, fold, read_letter_names, romanise, translate
from integrator.resolve.words import COLOURS, MODIFIERS, SAME_WORDS, SIZES, STOP_WORDS

# unit as written -> (dimension, factor into the dimension's base unit)
_UNITS: dict[str, tuple[str, float]] = {
    "mg": ("mass", 0.001), "g": ("mass", 1), "gr": ("mass", 1), "gram": ("mass", 1), "grams": ("mass", 1), "그램": ("mass", 1),
    "kg": ("mass", 1000), "kgs": ("mass", 1000), "킬로": ("mass", 1000), "ton": ("mass", 1e6), "톤": ("mass", 1e6),
    "oz": ("ounce", 1), "lb": ("mass", 453.6), "lbs": ("mass", 453.6),
    "ml": ("volume", 1), "cc": ("volume", 1), "cl": ("volume", 10), "l": ("volume", 1000), "ltr": ("volume", 1000),
    "liter": ("volume", 1000), "liters": ("volume", 1000), "litre": ("volume", 1000), "litres": ("volume", 1000),
    "리터": ("volume", 1000), "밀리리터": ("volume", 1),
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1000), "meter": ("length", 1000), "meters": ("length", 1000),
    "미터": ("length", 1000), "센티": ("length", 10), "inch": ("length", 25.4), "in": ("length", 25.4), "인치": ("length", 25.4),
    "inches": ("length", 25.4), "ft": ("length", 304.8), "yd": ("length", 914.4), "um": ("thickness", 1), "㎛": ("thickness", 1),
    "w": ("power", 1), "watt": ("power", 1), "watts": ("power", 1), "와트": ("power", 1), "kw": ("power", 1000),
    "hp": ("horsepower", 1), "마력": ("horsepower", 1), "v": ("voltage", 1), "kv": ("voltage", 1000), "볼트": ("voltage", 1),
    "a": ("current", 1), "ma": ("current", 0.001), "mah": ("charge", 1), "ah": ("charge", 1000), "wh": ("energy", 1),
    "hz": ("frequency", 1), "khz": ("frequency", 1e3), "mhz": ("frequency", 1e6), "ghz": ("frequency", 1e9), "rpm": ("speed", 1),
    "bar": ("pressure", 1), "mpa": ("pressure", 10), "psi": ("psi", 1), "gb": ("memory", 1), "tb": ("memory", 1024),
    "mb": ("memory", 1 / 1024), "lm": ("light", 1), "k": ("colour temperature", 1), "gsm": ("grammage", 1), "d": ("denier", 1),
    "denier": ("denier", 1), "mesh": ("mesh", 1), "channel": ("channel", 1), "ch": ("channel", 1), "채널": ("channel", 1),
    "port": ("port", 1), "ports": ("port", 1), "포트": ("port", 1), "구": ("port", 1),
    "pcs": ("count", 1), "pc": ("count", 1), "ea": ("count", 1), "pieces": ("count", 1), "piece": ("count", 1), "sheets": ("count", 1),
    "sheet": ("count", 1), "매": ("count", 1), "매입": ("count", 1), "개": ("count", 1), "개입": ("count", 1), "입": ("count", 1),
    "packs": ("count", 1), "pack": ("count", 1), "팩": ("count", 1), "봉": ("count", 1), "포": ("count", 1), "병": ("count", 1),
    "box": ("count", 1), "boxes": ("count", 1), "bags": ("count", 1), "sachets": ("count", 1), "sticks": ("count", 1),
    "tablets": ("count", 1), "capsules": ("count", 1), "정": ("count", 1), "캡슐": ("count", 1), "ct": ("count", 1), "pairs": ("count", 1),
    "pair": ("count", 1), "켤레": ("count", 1), "족": ("count", 1), "rolls": ("count", 1), "roll": ("count", 1), "롤": ("count", 1),
    "%": ("percent", 1),
}  # fmt: skip

_UNIT_WORDS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
# "300 x 400 mm", "10x20": sides of one body, in one unit.
_SIDES = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)((?:\s?[x×*]\s?\d+(?:\.\d+)?)+)\s?(mm|cm|m|inch)(?![a-z])")
_MEASURE = re.compile(rf"(?<![\w.,])(\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?)\s?-?({_UNIT_WORDS})(?![a-z])")
_TIMES = re.compile(r"(?:(?<=\s)|(?<=[a-z)]))[x×*]\s?(\d+)\b")
# English words that are written apart or together.
_APART = re.compile(
    r"\b(?:flood light|down light|street light|ear phone|head phone|tooth brush|white board|tooth paste|back pack)"
)
_WORD = re.compile(r"[a-z0-9]+(?:[-/][a-z0-9]+)*|[가-힣]+")
_CODE = re.compile(r"(?=[a-z0-9-/]*\d)(?=[a-z0-9-/]*[a-z])[a-z0-9]+(?:[-/][a-z0-9]+)*")
_MARK = re.compile(r"[^a-z0-9]")
# Grades and standards: codes that many products share, yet two different ones of a kind are two products.
_GRADE = re.compile(
    r"(kf|ffp|n|spf|pa|ip|ipx|usb|ddr|sus|sts|sae|cat|iso|pm|uv|vol|ver|no|type|mk|ph|m|h|r|e|a|b)-?(\d{1,4})"
)
# "50ratio", "199memory": a number of something we have no unit for.
_COUNTED = re.compile(r"(\d{1,6})[a-z]{2,}")

_SPEC_NAMES = frozenset(
    """
    specification spec volume capacity weight net content size power voltage color colour length width height thickness diameter
    material scent flavor flavour rating wattage grade mesh denier 용량 중량 무게 색상 크기 전력 전압 길이 두께 재질 규격 향 맛 사이즈
    """.split()
)
_TYPE_NAMES = frozenset(["model", "type", "code", "number", "no", "모델", "모델명", "품번", "형식"])

Measures = dict[str, frozenset[float]]


@dataclass(frozen=True, slots=True)
class Sketch:
    """One listing, ready to be compared. `key` is the store's, `ref` is 'platform:id:generation'."""

    key: int
    ref: str
    platform: str
    visible: bool
    title: str
    words: frozenset[str]  # English, or Korean words translated; the rest in consonants
    sounds: frozenset[str]  # every word in consonants: where Korean and English titles meet
    by_language: dict[str, frozenset[str]]  # the words of each language's name apart
    modifiers: frozenset[str]  # words that tell variants apart (front, rear; roasted, dried)
    measures: Measures
    spec_measures: Measures
    dimensions: frozenset[str]  # of both
    codes: frozenset[str]  # model codes of title, model and seller's own number
    models: frozenset[str]  # those that name the model for certain
    grades: dict[str, str]
    colours: frozenset[str]
    sizes: frozenset[str]
    brand: str | None
    hs6: str | None
    category: str | None
    prices: tuple[float, ...]  # US dollars per piece, every unit reading we can defend
    korean_only: bool
    shown: dict[str, str]  # raw values for receipts


@dataclass(frozen=True, slots=True)
class Words:
    """What one line of text says."""

    words: frozenset[str]
    sounds: frozenset[str]
    measures: tuple[tuple[str, float], ...]
    codes: frozenset[str]
    grades: tuple[tuple[str, str], ...]
    colours: frozenset[str]
    sizes: frozenset[str]


def _number(text: str) -> float:
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        return float(text.replace(",", ""))
    return float(text.replace(",", "."))


def _measure(number: float, unit: str) -> tuple[str, float]:
    dimension, factor = _UNITS[unit]
    return dimension, round(number * factor, 4)


def normal_code(code: str) -> str:
    """'LB-F100' and 'lb f100' are one code: letters and digits only, lower case."""
    return _MARK.sub("", code.lower())


def _singular(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return SAME_WORDS.get(word, word)


def _latin_word(word: str) -> tuple[str, str]:
    normal = _singular(word)
    return normal, consonants(normal)


def _korean_words(word: str) -> list[tuple[str, str]]:
    found = []
    for part in translate(word):
        if part < "가":
            found.append(_latin_word(part))
            continue
        latin = (read_letter_names(part) if len(part) > 2 else None) or romanise(part)
        found.append((latin, consonants(latin)))
    return found


@lru_cache(maxsize=16_384)
def read_words(text: str) -> Words:
    """Words, measures, codes, grades, colours and sizes of one line of text."""
    folded = _APART.sub(lambda match: match[0].replace(" ", ""), fold(text).replace("extra large", "xl"))
    measures: list[tuple[str, float]] = []
    if any(letter.isdigit() for letter in folded):
        folded = _take_measures(folded, measures)
    words: set[str] = set()
    sounds: set[str] = set()
    codes: set[str] = set()
    grades: dict[str, str] = {}
    colours: set[str] = set()
    sizes: set[str] = set()
    for word in _WORD.findall(folded):
        if word in COLOURS:
            colours.add(COLOURS[word])
        elif word in SIZES:
            sizes.add(SIZES[word])
        elif word in STOP_WORDS:
            continue
        elif word >= "가":
            for latin, bones in _korean_words(word):
                words.add(latin)
                sounds.add(bones or latin)
        elif _CODE.fullmatch(word):
            grade = _GRADE.fullmatch(word)
            counted = _COUNTED.fullmatch(word)
            if counted is not None:
                measures.append(("number", float(counted[1])))
            elif grade is not None:
                grades[grade[1]] = grade[2]
            else:
                codes.add(normal_code(word))
        elif word.isdigit():
            # A number without a unit we know: a size, a number of persons, a grain.
            measures.append(("number", float(word[:12])))
        else:
            for part in word.replace("/", "-").split("-"):
                if part and part not in STOP_WORDS:
                    latin, bones = _latin_word(part)
                    words.add(latin)
                    sounds.add(bones or latin)
    return Words(
        frozenset(words),
        frozenset(sounds),
        tuple(measures),
        frozenset(codes),
        tuple(grades.items()),
        frozenset(colours),
        frozenset(sizes),
    )


def _without(line: Words, seller_name: str) -> Words:
    own = read_words(seller_name).words if seller_name else frozenset()
    left = line.words - own
    if not left or len(left) == len(line.words):
        return line
    return replace(line, words=left, sounds=line.sounds - {consonants(word) for word in own})


def _take_measures(text: str, found: list[tuple[str, float]]) -> str:
    """Move sides and measures out of the text into `found`."""

    def sides(match: re.Match[str]) -> str:
        numbers = [match[1], *re.findall(r"\d+(?:\.\d+)?", match[2])]
        factor = _UNITS[match[3]][1]
        found.append(("sides", round(sum(factor * float(n) * 31**i for i, n in enumerate(numbers)), 4)))
        return " "

    def measure(match: re.Match[str]) -> str:
        found.append(_measure(_number(match[1]), match[2]))
        return " "

    def times(match: re.Match[str]) -> str:
        found.append(("count", float(match[1])))
        return " "

    return _TIMES.sub(times, _MEASURE.sub(measure, _SIDES.sub(sides, text)))


def _group(pairs: Iterable[tuple[str, float]]) -> Measures:
    grouped: dict[str, set[float]] = {}
    for dimension, value in pairs:
        grouped.setdefault(dimension, set()).add(value)
    return {dimension: frozenset(values) for dimension, values in grouped.items()}


def _is_model_code(code: str) -> bool:
    return len(code) >= 4 and any(letter.isdigit() for letter in code)


def piece_prices(listing: Listing, rates: dict[str, Decimal]) -> tuple[float, ...]:
    """First-step prices in US dollars, per quoted unit and, where the listing states a pack, per piece of it."""
    found: list[float] = []
    packs = {pack.outer: float(pack.quantity) for pack in listing.packs if pack.quantity > 0}
    for step in listing.price.steps[:6]:
        rate = rates.get(step.currency or "")
        if rate is None:
            continue
        dollars = float(step.amount * rate)
        if dollars <= 0:
            continue
        found.append(dollars)
        if step.unit in packs:
            found.append(dollars / packs[step.unit])
    return tuple(sorted(set(found)))


def draw(
    listing: Listing, *, key: int, ref: str, visible: bool, rates: dict[str, Decimal], seller_name: str = ""
) -> Sketch:
    """Work out what the matcher needs to know of one listing.

    The seller's own name in a title says nothing about which of its products this is, and is left out.
    """
    lines = [_without(read_words(name), seller_name) for name in listing.names.values()]
    specs: list[Words] = []
    models = {normal_code(listing.model)} if listing.model else set()
    for attribute in listing.attributes:
        name = fold(attribute.name)
        if any(word in _SPEC_NAMES for word in _WORD.findall(name)):
            specs.append(read_words(attribute.value))
        elif name in _TYPE_NAMES and len(attribute.value) <= 40:
            models.add(normal_code(attribute.value))
    own_number = normal_code(listing.seller_number) if listing.seller_number else ""
    models = {code for code in models if _is_model_code(code)}
    codes = models | {code for line in lines for code in line.codes if _is_model_code(code)}
    if _is_model_code(own_number):
        codes.add(own_number)
    english = listing.names.get("en")
    measures = _group(pair for line in lines for pair in line.measures)
    spec_measures = _group(pair for line in specs for pair in line.measures)
    return Sketch(
        key=key,
        ref=ref,
        platform=listing.platform,
        visible=visible,
        title=fold(english or listing.name),
        words=frozenset().union(*(line.words for line in lines)),
        sounds=frozenset().union(*(line.sounds for line in lines)),
        by_language={language: line.words for language, line in zip(listing.names, lines, strict=True)},
        modifiers=frozenset().union(*(line.words for line in lines)) & MODIFIERS,
        measures=measures,
        spec_measures=spec_measures,
        dimensions=frozenset(measures) | frozenset(spec_measures),
        codes=frozenset(codes),
        models=frozenset(models),
        grades=dict(pair for line in lines for pair in line.grades),
        colours=frozenset().union(*(line.colours for line in (*lines, *specs))),
        sizes=frozenset().union(*(line.sizes for line in (*lines, *specs))),
        brand=fold(listing.brand) if listing.brand else None,
        hs6=listing.hs.hs6,
        category=listing.category.code,
        prices=piece_prices(listing, rates),
        korean_only=english is None,
        shown={
            "title": listing.name,
            "model": listing.model or listing.seller_number or "",
            "hs": listing.hs.hs6 or "",
        },
    )
