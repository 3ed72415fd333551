"""The matcher release "fixed-1": fixed weights in log-odds for a few features. A later one replaces this file alone.

`score` is a function of two sketches and the seller's own word weights. Positive means one product. `veto` names a
contradiction that no other evidence may outweigh: another volume, power, grade, colour, size or model.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

import msgspec

from integrator.resolve.measures import write_measure
from integrator.resolve.sketch import Sketch
from integrator.resolve.words import LINES, MODIFIERS

RELEASE = "fixed-1"

WEIGHTS: dict[str, float] = {
    "start": -5.0,
    "words": 7.0,  # times the share of word weight in common, 0 to 1
    "sounds": 6.0,  # the same through Hangul, where one title has no English
    "code": 6.5,  # one rare model code in both
    "code_common": 1.5,  # a code that many of the seller's listings carry
    "code_conflict": -6.0,
    "code_longer": -2.5,  # one code begins with the other (DJP-1500, DJP-1500S)
    "measure": 1.3,
    "measure_conflict": -9.0,
    "spec_conflict": -4.0,
    "count": 0.5,
    "count_conflict": -7.0,
    "pack": -0.2,  # a carton of 12 is the same product in another sales unit: the measure of one agrees
    "modifier_conflict": -4.5,  # front against rear: each side has a word for its variant that the other has not
    "modifier_one_sided": -2.4,
    "line_conflict": -7.0,  # Pro against Premium
    "line_one_sided": -3.5,
    "words_conflict": -1.2,  # each side has other words that the other has not
    "grade": 2.0,
    "grade_conflict": -7.0,
    "colour": 1.0,
    "colour_conflict": -7.0,
    "colour_one_sided": -0.5,
    "size": 1.2,
    "size_conflict": -7.0,
    "brand": 0.6,
    "brand_conflict": -1.5,
    "hs6": 1.0,
    "hs4": 0.5,
    "hs_conflict": -0.8,
    "price_near": 1.0,
    "price_far": -1.2,
    "price_apart": -2.5,
    "same_platform": -4.7,  # a seller seldom lists one product twice in one place
    "same_platform_code": -2.5,  # unless the model code says it did
}
_ACCEPT = 0.0


# A raw value: text, words, or (values, dimension) of a measure.
Raw = str | frozenset[str] | tuple[frozenset[float], str]
Part = tuple[str, float, Raw, Raw]
Parts = list[Part]
_NONE: frozenset[float] = frozenset()


def write_raw(raw: Raw, sketch: Sketch) -> str:
    """A raw value of a part as text; a measure in the words of the listing it is from."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, frozenset):
        return " ".join(sorted(raw))
    values, dimension = raw
    texts = (sketch.written.get((dimension, value)) or write_measure(value, dimension) for value in sorted(values))
    return " / ".join(texts)


class Score(msgspec.Struct, frozen=True):
    """Log-odds of a pair with its parts: (feature, contribution, left value, right value).

    Of a vetoed pair the parts end with the veto: nothing else could change the verdict. Values are raw: text is made of
    them (`write_raw`) only for the few pairs that are kept.
    """

    total: float
    veto: str | None
    parts: tuple[Part, ...]

    @property
    def accepted(self) -> bool:
        """Whether this pair alone is taken for one product."""
        return self.veto is None and self.total > _ACCEPT


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare words, sounds and codes are among one seller's listings."""

    words: dict[str, float]
    sounds: dict[str, float]
    codes: dict[str, int]


def _weights(sets: list[frozenset[str]]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for members in sets:
        for word in members:
            counts[word] = counts.get(word, 0) + 1
    everything = len(sets) + 1
    return {word: 0.35 + log(everything / count) for word, count in counts.items()}


def rarity_of(sketches: Iterable[Sketch]) -> Rarity:
    """Word weights inside one seller: a word that all its titles share says little."""
    drawn = list(sketches)
    codes: dict[str, int] = {}
    for sketch in drawn:
        for code in sketch.codes:
            codes[code] = codes.get(code, 0) + 1
    return Rarity(_weights([sketch.words for sketch in drawn]), _weights([sketch.sounds for sketch in drawn]), codes)


def overlap(left: frozenset[str], right: frozenset[str], weights: dict[str, float]) -> float:
    """Share of word weight in common, half by the shorter title, half by both together."""
    if not left or not right:
        return 0.0
    shared = sum(weights[word] for word in left & right)
    if shared == 0.0:
        return 0.0
    ours = sum(weights[word] for word in left)
    theirs = sum(weights[word] for word in right)
    return 0.5 * shared / min(ours, theirs) + 0.5 * shared / (ours + theirs - shared)


def score(left: Sketch, right: Sketch, rarity: Rarity) -> Score:
    """Log-odds that two listings of one seller are one product."""
    parts: Parts = [("start", WEIGHTS["start"], "", "")]
    # What can forbid the pair comes first, the cheapest before the others.
    veto = _score_sets(left, right, parts) or _score_measures(left, right, parts)
    veto = veto or _score_codes(left, right, rarity, parts)
    if veto:
        return Score(round(sum(each[1] for each in parts), 4), veto, tuple(parts))
    _score_text(left, right, rarity, parts)
    _score_trade(left, right, parts)
    return Score(round(sum(each[1] for each in parts), 4), None, tuple(parts))


def _score_text(left: Sketch, right: Sketch, rarity: Rarity, parts: Parts) -> None:
    best = overlap(left.words, right.words, rarity.words)
    apart = [(left.words, right.words)]
    for language, ours in left.by_language.items():
        theirs = right.by_language.get(language)
        if theirs is not None:
            best = max(best, overlap(ours, theirs, rarity.words))
            apart.append((ours, theirs))
    feature, share = "words", best
    if left.korean_only != right.korean_only:
        through_sounds = overlap(left.sounds, right.sounds, rarity.sounds)
        if through_sounds * WEIGHTS["sounds"] > best * WEIGHTS["words"]:
            feature, share = "sounds", through_sounds
    parts.append((feature, WEIGHTS[feature] * share, left.title, right.title))
    _score_differences(apart, parts, by_sound=feature == "sounds")
    _score_lines(left.words & LINES, right.words & LINES, parts)


def _score_differences(apart: list[tuple[frozenset[str], frozenset[str]]], parts: Parts, *, by_sound: bool) -> None:
    """The gravest difference of words, over the names in each language and over all names together."""
    worst: Part | None = None
    for left, right in apart:
        ours, theirs = left - right, right - left
        our_kind, their_kind = ours & MODIFIERS, theirs & MODIFIERS
        if our_kind and their_kind:
            feature = "modifier_conflict"
        elif (our_kind or their_kind) and not by_sound:
            feature, our_kind, their_kind = "modifier_one_sided", our_kind or ours, their_kind or theirs
        elif ours and theirs and not by_sound:
            feature, our_kind, their_kind = "words_conflict", ours, theirs
        else:
            continue
        if worst is None or WEIGHTS[feature] < worst[1]:
            worst = (feature, WEIGHTS[feature], our_kind, their_kind)
    if worst is not None:
        parts.append(worst)


def _score_lines(left: frozenset[str], right: frozenset[str], parts: Parts) -> None:
    if left == right:
        return
    feature = "line_conflict" if left and right else "line_one_sided"
    parts.append((feature, WEIGHTS[feature], left, right))


def _score_codes(left: Sketch, right: Sketch, rarity: Rarity, parts: Parts) -> str | None:
    if not left.codes or not right.codes:
        return None
    shared = left.codes & right.codes
    if shared:
        best = min(shared, key=lambda code: (rarity.codes[code], code))
        feature = "code" if rarity.codes[best] <= 4 else "code_common"
        parts.append((feature, WEIGHTS[feature], _spell(left, best), _spell(right, best)))
        return None
    ours, theirs = min(left.models or left.codes), min(right.models or right.codes)
    longer = any(a.startswith(b) or b.startswith(a) for a in left.codes for b in right.codes)
    feature = "code_longer" if longer else "code_conflict"
    parts.append((feature, WEIGHTS[feature], _spell(left, ours), _spell(right, theirs)))
    return None if longer else feature


def _spell(sketch: Sketch, code: str) -> str:
    return sketch.spelled.get(code) or code.upper()


def _score_measures(left: Sketch, right: Sketch, parts: Parts) -> str | None:
    agreed = False
    # In order: receipts must not depend on how a process orders its sets.
    for dimension in sorted(left.dimensions & right.dimensions):
        if dimension == "count":
            continue
        ours, theirs = left.measures.get(dimension, _NONE), right.measures.get(dimension, _NONE)
        our_all = ours | left.spec_measures.get(dimension, _NONE)
        their_all = theirs | right.spec_measures.get(dimension, _NONE)
        if not our_all.isdisjoint(their_all):
            agreed = True
            feature = "measure"
        else:
            feature = "measure_conflict" if ours and theirs else "spec_conflict"
        _add_measure(feature, dimension, our_all, their_all, parts)
        if feature == "measure_conflict":
            return feature
    ours, theirs = left.measures.get("count", _NONE), right.measures.get("count", _NONE)
    if ours and theirs:
        other = ours - theirs and theirs - ours
        feature = "count" if not other else "pack" if agreed else "count_conflict"
        _add_measure(feature, "count", ours, theirs, parts)
    return None


def _add_measure(feature: str, dimension: str, ours: frozenset[float], theirs: frozenset[float], parts: Parts) -> None:
    parts.append((feature, WEIGHTS[feature], (ours, dimension), (theirs, dimension)))


def _score_sets(left: Sketch, right: Sketch, parts: Parts) -> str | None:
    for kind, grade in left.grades.items():
        other = right.grades.get(kind)
        if other is not None:
            feature = "grade" if grade == other else "grade_conflict"
            parts.append((feature, WEIGHTS[feature], kind + grade, kind + other))
            if feature == "grade_conflict":
                return feature
    for name, ours, theirs in (("colour", left.colours, right.colours), ("size", left.sizes, right.sizes)):
        if ours and theirs:
            feature = f"{name}_conflict" if ours - theirs and theirs - ours else name
            parts.append((feature, WEIGHTS[feature], ours, theirs))
            if feature != name:
                return feature
        elif ours != theirs and name == "colour":
            parts.append(("colour_one_sided", WEIGHTS["colour_one_sided"], ours, theirs))
    return None


def _score_trade(left: Sketch, right: Sketch, parts: Parts) -> None:
    if left.brand and right.brand:
        feature = "brand" if left.brand == right.brand else "brand_conflict"
        parts.append((feature, WEIGHTS[feature], left.brand, right.brand))
    if left.hs6 and right.hs6:
        feature = _hs_feature(left.hs6, right.hs6)
        if feature:
            parts.append((feature, WEIGHTS[feature], left.hs6, right.hs6))
    if left.prices and right.prices:
        apart = min(abs(log(a / b)) for a in left.prices for b in right.prices)
        feature = "price_near" if apart < 0.25 else "price_apart" if apart > 2.0 else "price_far" if apart > 0.9 else ""
        if feature:
            parts.append((feature, WEIGHTS[feature], f"{left.prices[0]:.2f}", f"{right.prices[0]:.2f}"))
    if left.platform == right.platform:
        coded = any(feature == "code" for feature, *_ in parts)
        feature = "same_platform_code" if coded else "same_platform"
        parts.append((feature, WEIGHTS[feature], left.platform, right.platform))


def _hs_feature(left: str, right: str) -> str:
    if left == right:
        return "hs6"
    if left[:4] == right[:4]:
        return "hs4"
    return "" if left[:2] == right[:2] else "hs_conflict"
