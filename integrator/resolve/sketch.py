"""A listing as the matcher sees it: words, measures, codes, colours and sizes of one statement, worked out once."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from integrator.listing import Listing
from integrator.resolve.measures import Measure, Measures, take_measures
from integrator.resolve.names import consonants, fold, read_letter_names, romanise, translate
from integrator.resolve.words import COLOURS, MODIFIERS, SAME_WORDS, SIZES, STOP_WORDS, word_set

# English words that are written apart or together.
_APART = re.compile(
    r"\b(?:flood light|down light|street light|ear phone|head phone|tooth brush|white board|tooth paste|back pack)"
)
_WORD = re.compile(r"[a-z0-9]+(?:[-/][a-z0-9]+)*|[가-힣]+")
_CODE = re.compile(r"(?=[a-z0-9-/]*\d)(?=[a-z0-9-/]*[a-z])[a-z0-9]+(?:[-/][a-z0-9]+)*")
_DIGIT = re.compile(r"\d")
_MARK = re.compile(r"[^a-z0-9]")
# Grades and standards: codes that many products share, yet two different ones of a kind are two products.
_GRADE = re.compile(
    r"(kf|ffp|n|spf|pa|ip|ipx|usb|ddr|sus|sts|sae|cat|iso|pm|uv|vol|ver|no|type|mk|ph|m|h|r|e|a|b)-?(\d{1,4})"
)
# "50ratio", "199memory": a number of something we have no unit for.
_COUNTED = re.compile(r"(\d{1,6})[a-z]{2,}")

_SPEC_NAMES = word_set(
    """
    capacity color colour content denier diameter flavor flavour grade height length material mesh net power rating
    scent size spec specification thickness voltage volume wattage weight width 규격 길이 두께 맛 무게 사이즈
    색상 용량 재질 전력 전압 중량 크기 향
    """
)
_TYPE_NAMES = word_set("code model no number type 모델 모델명 품번 형식")


class Sketch(msgspec.Struct, frozen=True):
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
    spelled: dict[str, str]  # codes as the listing writes them, for receipts
    written: dict[Measure, str]  # measures as the listing writes them, for receipts


class Words(msgspec.Struct, frozen=True):
    """What one line of text says."""

    words: frozenset[str]
    sounds: frozenset[str]
    measures: tuple[Measure, ...]
    written: dict[Measure, str]  # each measure in the words of the line
    codes: frozenset[str]
    grades: tuple[tuple[str, str], ...]
    colours: frozenset[str]
    sizes: frozenset[str]


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
    measures: dict[Measure, str] = {}
    if _DIGIT.search(folded):
        folded = take_measures(folded, measures)
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
                measures.setdefault(("number", float(counted[1])), word)
            elif grade is not None:
                grades[grade[1]] = grade[2]
            else:
                codes.add(normal_code(word))
        elif word.isdigit():
            # A number without a unit we know: a size, a number of persons, a grain.
            measures.setdefault(("number", float(word[:12])), word)
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
        measures,
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


def _group(pairs: Iterable[tuple[str, float]]) -> Measures:
    grouped: dict[str, set[float]] = {}
    for dimension, value in pairs:
        grouped.setdefault(dimension, set()).add(value)
    return {dimension: frozenset(values) for dimension, values in grouped.items()}


def _is_model_code(code: str) -> bool:
    return len(code) >= 4 and _DIGIT.search(code) is not None


@lru_cache(maxsize=8_192)
def _kind_of(attribute: str) -> str:
    """What an attribute's value says by its name: a specification, a model, or neither."""
    name = fold(attribute)
    if not _SPEC_NAMES.isdisjoint(_WORD.findall(name)):
        return "specification"
    return "model" if name in _TYPE_NAMES else ""


def _all(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def piece_prices(listing: Listing, rates: dict[str, Decimal]) -> tuple[float, ...]:
    """First-step prices in US dollars, per quoted unit and, where the listing states a pack, per piece of it."""
    found: list[float] = []
    if not listing.price.steps:
        return ()
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


def _spelled(listing: Listing) -> dict[str, str]:
    stated = [each for each in (listing.model, listing.seller_number) if each]
    return {normal_code(each): each for each in stated}


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
        kind = _kind_of(attribute.name)
        if kind == "specification":
            specs.append(read_words(attribute.value))
        elif kind == "model" and len(attribute.value) <= 40:
            models.add(normal_code(attribute.value))
    own_number = normal_code(listing.seller_number) if listing.seller_number else ""
    models = {code for code in models if _is_model_code(code)}
    codes = models | {code for line in lines for code in line.codes if _is_model_code(code)}
    if _is_model_code(own_number):
        codes.add(own_number)
    english = listing.names.get("en")
    words = _all([line.words for line in lines])
    every = [*lines, *specs]
    measures = _group(pair for line in lines for pair in line.measures)
    spec_measures = _group(pair for line in specs for pair in line.measures)
    return Sketch(
        key=key,
        ref=ref,
        platform=listing.platform,
        visible=visible,
        title=fold(english or listing.name),
        words=words,
        sounds=_all([line.sounds for line in lines]),
        by_language={language: line.words for language, line in zip(listing.names, lines, strict=True)},
        modifiers=words & MODIFIERS,
        measures=measures,
        spec_measures=spec_measures,
        dimensions=frozenset(measures) | frozenset(spec_measures),
        codes=frozenset(codes),
        models=frozenset(models),
        grades=dict(pair for line in lines for pair in line.grades),
        colours=_all([line.colours for line in every]),
        sizes=_all([line.sizes for line in every]),
        brand=fold(listing.brand) if listing.brand else None,
        hs6=listing.hs.hs6,
        category=listing.category.code,
        prices=piece_prices(listing, rates),
        korean_only=english is None,
        spelled=_spelled(listing),
        written={measure: text for line in reversed(every) for measure, text in line.written.items()},
    )
