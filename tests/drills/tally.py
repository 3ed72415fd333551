"""What a drill counted, and the one line that says so."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter


@dataclass(slots=True)
class Tally:
    """Trials and violations of one drill. `planted` names the bug that was put in, "" for the code as it is.

    `figures` are more to tell, by name.
    """

    name: str
    seed: int
    planted: str = ""
    trials: int = 0
    violations: list[str] = field(default_factory=list)
    figures: dict[str, str] = field(default_factory=dict)
    began: float = field(default_factory=perf_counter)

    def count(self, *violations: str) -> None:
        """One more trial, and what it broke."""
        self.trials += 1
        self.violations.extend(violations)

    def line(self) -> str:
        """`drill NAME: trials=… seconds=… violations=… seed=… FIGURE=…`."""
        name = f"{self.name} (planted: {self.planted})" if self.planted else self.name
        seconds = perf_counter() - self.began
        return (
            f"drill {name}: trials={self.trials} seconds={seconds:.1f} "
            f"violations={len(self.violations)} seed={self.seed}"
            + "".join(f" {name}={value}" for name, value in self.figures.items())
        )


# `open_tally("bytes", seed=1)`, or with `planted="what is wrong"`.
OpenTally = Callable[..., Tally]
