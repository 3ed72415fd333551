"""Candidate pairs inside one seller: never all against all, except where a seller has a handful of listings."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from integrator.resolve.sketch import Sketch

# Up to here comparing all pairs costs no more than looking for keys.
_FEW = 4
# A key shared by more listings than this brings too many pairs for what it says.
_CROWD = 8
# Keys that say much (model codes) may be shared by more.
_CODE_CROWD = 30


def _keys(sketch: Sketch) -> Iterator[tuple[str, int]]:
    for code in sketch.codes:
        yield f"code {code}", _CODE_CROWD
        if len(code) > 5:
            yield f"stem {code[:5]}", _CROWD
    for word in sketch.words:
        yield f"word {word}", _CROWD
    for sound in sketch.sounds:
        yield f"sound {sound}", _CROWD
    words = sorted(sketch.words)
    for first, second in combinations(words[:7], 2):
        yield f"words {first} {second}", _CROWD
    for dimension, values in sketch.measures.items():
        for value in values:
            yield f"hs and measure {(sketch.hs6 or '')[:4]} {dimension} {value:g}", _CROWD


def candidates(sketches: Sequence[Sketch]) -> dict[tuple[int, int], str]:
    """Pairs worth a look, as positions (smaller first), each with the key that brought it."""
    if len(sketches) <= _FEW:
        return dict.fromkeys(combinations(range(len(sketches)), 2), "few listings")
    holders: dict[str, list[int]] = {}
    limits: dict[str, int] = {}
    for position, sketch in enumerate(sketches):
        for key, limit in _keys(sketch):
            holders.setdefault(key, []).append(position)
            limits[key] = limit
    pairs: dict[tuple[int, int], str] = {}
    for key, held in holders.items():
        if 2 <= len(held) <= limits[key]:
            for pair in combinations(held, 2):
                # The first by name: receipts must not depend on how a process orders its sets.
                known = pairs.get(pair)
                if known is None or key < known:
                    pairs[pair] = key
    return pairs
