"""How well products are recognised: the clusters of a synced world against `hanmaru truth`, pair by pair."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.processes import environment, stream

Pair = tuple[str, str]


def measure_products(home: Path, *, seed: int, size: int, day: int) -> list[Figure]:
    """Precision and recall over pairs of visible listings of one true product, across and within platforms."""
    options = ["--seed", str(seed), "--size", str(size), "--day", str(day)]
    product, company = {}, {}
    for row in stream(["truth", *options], environment=environment(home)):
        if row["visible"]:
            product[row["platform"], row["id"]] = row["product"]
            company[row["platform"], row["id"]] = row["company"]
    clusters = [_pairs(row) for row in export(home, "clusters")]
    seller = {(row["platform"], row["id"]): row["seller_id"] for row in export(home, "listings") if row["visible"]}
    note = f"seed {seed}, {size:,} a platform, day {day}"
    precision, recall = score(clusters, product)
    by_seller: dict[object, list[Pair]] = defaultdict(list)
    for pair, seller_id in seller.items():
        by_seller[seller_id].append(pair)
    seller_precision, seller_recall = score(by_seller.values(), company)
    return [
        Figure("products: pair precision", precision, "", 0.97, at_least=True, note=note),
        Figure("products: pair recall", recall, "", 0.80, at_least=True, note=note),
        Figure("sellers: pair precision (by listing)", seller_precision, "", note=note),
        Figure("sellers: pair recall (by listing)", seller_recall, "", note=note),
    ]


def score(clusters: Iterable[Iterable[Pair]], truth: dict[Pair, str]) -> tuple[float, float]:
    """Pair precision and recall, counted by group sizes so that no list of pairs is ever made."""
    sizes: Counter[str] = Counter(truth.values())
    true_pairs = sum(n * (n - 1) // 2 for n in sizes.values())
    said = right = 0
    for cluster in clusters:
        known = [truth[pair] for pair in cluster if pair in truth]
        said += len(known) * (len(known) - 1) // 2
        right += sum(n * (n - 1) // 2 for n in Counter(known).values())
    return right / max(said, 1), right / max(true_pairs, 1)


def export(home: Path, what: str) -> Iterator[dict[str, Any]]:
    """The rows of `hanmaru export WHAT`."""
    return stream(["export", what, "--format", "jsonl"], environment=environment(home))


def _pairs(row: dict[str, Any]) -> list[Pair]:
    return [(platform, external_id) for platform, external_id in row["listings"]]
