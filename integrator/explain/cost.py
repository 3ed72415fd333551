"""What a run cost, against what it changed."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

# In the order of the work: asked for, read, parsed, resolved, written. What else a run's `cost` holds follows.
_ORDER = (
    "calls", "retries", "slices", "bytes", "records", "parsed", "sellers", "pairs", "products", "indexed",
    "cpu_seconds", "seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """Amounts by name, and `changed`: listings, accounts and details that are not as they were."""

    changed: int
    amounts: Mapping[str, int | float]

    def per_change(self, name: str) -> float | None:
        """How much of it each change cost; None when nothing changed."""
        return self.amounts[name] / self.changed if self.changed else None


def count_cost(run: Mapping[str, object]) -> Cost:
    """The receipt of one row of the table of runs."""
    amounts = {
        "calls": _number(run, "calls"),
        "retries": _number(run, "retries"),
        "slices": _number(run, "slices"),
        "bytes": _number(run, "bytes"),
        "records": sum(_number(run, name) for name in _RECORDS),
        "indexed": _number(run, "index_writes"),
        "seconds": round(
            _number(run, "ended_at" if run["ended_at"] else "heartbeat_at") - _number(run, "started_at"), 1
        ),
    } | msgspec.json.decode(str(run["cost"] or "{}"), type=dict[str, int | float])
    places = {name: place for place, name in enumerate(_ORDER)}
    ordered = sorted(amounts, key=lambda name: (places.get(name, len(places)), name))
    changed = sum(int(_number(run, name)) for name in _CHANGES)
    return Cost(changed, {name: amounts[name] for name in ordered})


_RECORDS = ("seen", "accounts_seen", "details_seen", "withdrawals_seen")
_CHANGES = ("new", "changed", "withdrawn", "accounts_changed", "details_seen")


def _number(run: Mapping[str, object], name: str) -> int | float:
    found = run[name]
    return found if isinstance(found, int | float) else 0
