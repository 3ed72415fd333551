"""`make bench [SIZE=20000]`: measure every promised figure; a table on stdout, JSON beside it.

SIZE is the number of listings a platform. Growth is measured between half and five times of it.
Ends with 1 when a figure misses its bound.
"""

import argparse
import shutil
import sys
from pathlib import Path

from bench.figures import Figure, print_figures
from bench.kills import measure_kills
from bench.products import measure_products
from bench.reading import measure_reading
from bench.sick import measure_sick
from bench.sync import Bench, measure_censuses, measure_changes, measure_growth

# Neither seed is used by a test or while the matcher's weights were chosen.
SEED = 11
PARTS = ("censuses", "changes", "growth", "kills", "sick")


def main() -> int:
    """Run the parts asked for and print their figures."""
    options = _options()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    figures: list[Figure] = []
    for part in options.part or PARTS:
        figures += _measure(part, folder, options.size)
    print_figures(figures, title=f"Hanmaru, {options.size:,} listings a platform", to=folder / "figures.json")
    if not options.keep:
        for leftover in folder.glob("home-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    return 0 if all(figure.holds for figure in figures) else 1


def _measure(part: str, folder: Path, size: int) -> list[Figure]:
    if part == "censuses":
        figures, home = measure_censuses(Bench(folder, SEED, size))
        return figures + measure_products(home, seed=SEED, size=size, day=1) + measure_reading(home)
    if part == "changes":
        return measure_changes(Bench(folder, SEED, size * 5))
    if part == "kills":
        return measure_kills(Bench(folder, SEED, size))
    if part == "sick":
        return measure_sick(Bench(folder, SEED, size))
    return measure_growth(*(Bench(folder, SEED, each) for each in (size // 2, size, size * 5)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", type=int, default=20_000, help="listings a platform")
    parser.add_argument("--folder", type=Path, default=Path(".data/bench"), help="where answers and homes are kept")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part (may be given more than once)")
    parser.add_argument("--keep", action="store_true", help="keep the homes, for a look with a profiler")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
