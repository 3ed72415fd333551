"""What a sync costs: a first census, the same again, the next day's, and one day's changes."""

import shutil
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.floor import floor_seconds
from bench.pages import all_pages
from bench.processes import Measured, environment, measure, recorded_mock


@dataclass(frozen=True, slots=True)
class Bench:
    """One world and the folder in which its answers and homes are kept while the bench runs."""

    folder: Path
    seed: int
    size: int

    @property
    def records(self) -> Path:
        """Rendered answers, by day."""
        return self.folder / f"recorded-{self.seed}-{self.size}"

    def home(self, name: str) -> Path:
        """A folder that does not exist yet."""
        path = self.folder / f"home-{self.size}-{name}"
        shutil.rmtree(path, ignore_errors=True)
        return path

    def mock(self, day: int) -> AbstractContextManager[str]:
        """The recorded mock of one day."""
        return recorded_mock(self.records / f"day-{day}", seed=self.seed, size=self.size, day=day)


def listings_seen(run: Measured) -> int:
    """Listing records read, over all platforms."""
    return sum(row["seen"] for row in run.rows())


def index_writes(run: Measured) -> int:
    """Documents written to the index, over all platforms."""
    return sum(row["index_writes"] for row in run.rows())


def measure_censuses(bench: Bench) -> tuple[list[Figure], Path]:
    """First census, unchanged census and the next day's, each after an unmeasured round that renders the answers."""
    home, floor = bench.home("census"), bench.home("floor")
    with bench.mock(0) as url:
        warm = _synced(bench.home("warm"), url)
        floor.mkdir(parents=True)
        records = listings_seen(warm[1])
        seconds = floor_seconds(all_pages(url), records=records, database=floor / "floor.db")
        first = _synced(home, url)[1]
        again = measure(["sync", "--all", "--full", "--json"], environment=environment(home, url))
    with bench.mock(1) as url:
        warm_next = bench.home("warm-next")
        shutil.copytree(home, warm_next)
        measure(["sync", "--all", "--full", "--json"], environment=environment(warm_next, url))
        next_day = measure(["sync", "--all", "--full", "--json"], environment=environment(home, url))
    return _census_figures(bench, seconds, records, first, again, next_day), home


def _synced(home: Path, url: str) -> tuple[Path, Measured]:
    measure(["migrate"], environment=environment(home))
    return home, measure(["sync", "--all", "--json"], environment=environment(home, url))


def _census_figures(
    bench: Bench, floor: float, records: int, first: Measured, again: Measured, next_day: Measured
) -> list[Figure]:
    size = f"3 x {bench.size:,}"
    rate = listings_seen(first) / first.seconds
    rate_again = listings_seen(again) / again.seconds
    per_record_us = floor / records * 1e6
    return [
        Figure(
            f"floor ({size})", per_record_us, "us/listing", note="read over HTTP, hash, one insert each; one process"
        ),
        Figure(
            f"first census to searchable ({size})", rate, "listings/s", 2_000, at_least=True, note=_cost(first, floor)
        ),
        Figure(f"census unchanged ({size})", rate_again, "listings/s", 12_000, at_least=True, note=_cost(again, floor)),
        Figure("index writes of an unchanged census", index_writes(again), "writes", 0),
        Figure("next day's census / unchanged", next_day.seconds / again.seconds, "x", 2, note=_cost(next_day, floor)),
        Figure(f"peak memory of a process ({size})", max(run.peak_mb for run in (first, again, next_day)), "MB", 600),
        Figure(f"cost per listing, first census ({size})", first.seconds / listings_seen(first) * 1e6, "us/listing"),
    ]


def _cost(run: Measured, floor: float) -> str:
    return f"{run.seconds:.1f} s, {run.cpu_seconds:.1f} CPU s, {run.seconds / floor:.1f} x floor"


def measure_changes(bench: Bench) -> list[Figure]:
    """One day's changes of BuyKorea and tradeKorea against their first census, account lists included."""
    platforms = ["buykorea", "tradekorea"]
    home = bench.home("changes")
    warm = bench.home("changes-warm")

    def sync(place: Path, url: str) -> Measured:
        return measure(["sync", *platforms, "--json"], environment=environment(place, url))

    for place in (warm, home):
        measure(["migrate"], environment=environment(place))
    with bench.mock(0) as url:
        sync(warm, url)
        first = sync(home, url)
    with bench.mock(1) as url:
        sync(warm, url)
        changes = sync(home, url)
    share = changes.seconds / first.seconds
    note = f"{changes.seconds:.1f} s of {first.seconds:.1f} s"
    return [Figure(f"changes of one day / first census (2 x {bench.size:,})", share, "x", 0.10, note=note)]


def measure_growth(small: Bench, middle: Bench, large: Bench) -> list[Figure]:
    """Cost per listing at ten times the size, peak memory at five times."""
    costs, peaks = [], []
    for bench in (small, middle, large):
        with bench.mock(0) as url:
            _synced(bench.home("growth-warm"), url)
            run = _synced(bench.home("growth"), url)[1]
        costs.append(run.seconds / listings_seen(run))
        peaks.append(run.peak_mb)
    most = f"3 x {large.size:,}"
    note = f"{costs[-1] * 1e6:.0f} us a listing"
    return [
        Figure(f"cost per listing ({most} / 3 x {small.size:,})", costs[-1] / costs[0], "x", 1.15, note=note),
        Figure(f"peak memory of a process ({most})", peaks[-1], "MB", 600),
        Figure(f"peak memory ({most} / 3 x {middle.size:,})", peaks[-1] / peaks[1], "x", 1.15),
    ]
