"""What one sick platform costs the others: their time while it is down, slow or held, against all three healthy."""

import shutil
from pathlib import Path

from bench.figures import Figure
from bench.processes import PLATFORMS, environment, measure
from bench.sync import Bench

# The fault, and what the sick one's run is then: any state at all is taken, only the others are timed.
FAULTS = ("down", "slow", "shrunk")
SICK = "tradekorea"
BOUND = 1.2
_ROUNDS = 3


def measure_sick(bench: Bench) -> list[Figure]:
    """A census of a catalogue that is read already, from copies of one home, the best of some rounds each."""
    home = bench.home("sick-read")
    with bench.mock(0) as url:
        measure(["migrate"], environment=environment(home, url))
        measure(["sync", "--all", "--json"], environment=environment(home, url))
        best: dict[str, dict[str, float]] = {fault: {} for fault in ("", *FAULTS)}
        # In turns, so that a busy moment of the machine falls on healthy and sick alike.
        for _ in range(_ROUNDS):
            for fault, times in best.items():
                _time(bench, home, url, fault, times)
    healthy = best.pop("")
    return [
        Figure(
            f"others' time while {SICK} is {fault} / healthy (3 x {bench.size:,})",
            max(times[each] / healthy[each] for each in times),
            "x",
            BOUND,
            note=", ".join(f"{each} {times[each]:.2f} s of {healthy[each]:.2f} s" for each in times),
        )
        for fault, times in best.items()
    ]


def _time(bench: Bench, home: Path, url: str, fault: str, best: dict[str, float]) -> None:
    """Note each other platform's seconds where they are fewer than before. `fault` "": all are healthy."""
    copy = bench.home("sick")
    shutil.copytree(home, copy)
    settings = environment(copy, url)
    if fault:
        settings[f"HANMARU_{SICK.upper()}_URL"] = f"{url}/faulty/{fault}/{SICK}"
    ended = measure(["sync", "--all", "--full", "--json"], environment=settings, accept=(0, 1, 3))
    for row in ended.rows():
        if row["platform"] in PLATFORMS and row["platform"] != SICK:
            best[row["platform"]] = min(row["seconds"], best.get(row["platform"], row["seconds"]))
