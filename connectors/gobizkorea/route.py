"""Which drops to read, in which order, and where a walk stands (guide section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from integrator.errors import FeedChanged
from integrator.record import Json, Lane, Plan

# A day is one full drop and 24 deltas (guide 1).
DAY: Final = 25


@dataclass(frozen=True, slots=True)
class Place:
    """A position: the last drop applied, the full drop of this walk, and where inside a drop (`seq` None: between two).

    `drop` tells which making of the drop it was, so that rows are never counted off in another one.
    """

    applied: int | None = None
    full: int | None = None
    seq: int | None = None
    drop: str = ""
    stage: str = ""
    row: int = 0

    @classmethod
    def read(cls, position: Mapping[str, Json] | None) -> Self:
        """A position that `write` made; None is the beginning."""
        return cls(**position) if position else cls()  # type: ignore[arg-type]

    def write(self) -> dict[str, Json]:
        """Plain JSON, for the core to store."""
        between: dict[str, Json] = {"applied": self.applied, "full": self.full}
        if self.seq is None:
            return between
        return between | {"seq": self.seq, "drop": self.drop, "stage": self.stage, "row": self.row}

    @property
    def reached(self) -> int | None:
        """The last drop that was begun."""
        return self.applied if self.seq is None else self.seq


@dataclass(frozen=True, slots=True)
class Route:
    """The drops to read now, in order; `notes` for the operator, `trouble` when nothing can be read at all."""

    drops: tuple[int, ...]
    notes: tuple[str, ...] = ()
    trouble: str = ""


def plan_walk(plan: Plan, index: Mapping[str, Any]) -> tuple[Place, Route]:
    """Where the walk begins, and its route.

    An interrupted walk goes on where it was, but for a newer full drop: that one replaces all that came before it.
    """
    place = Place.read(plan.position)
    if _can_go_on(place, plan, index):
        after = plan_route(index, applied=place.reached, whole=False)
        return place, after if place.seq is None else replace(after, drops=(place.seq, *after.drops))
    applied = (plan.watermark or {}).get("seq")
    begin = Place(applied=applied if isinstance(applied, int) else None)
    return begin, plan_route(index, applied=begin.applied, whole=plan.lane is Lane.CENSUS)


def _can_go_on(place: Place, plan: Plan, index: Mapping[str, Any]) -> bool:
    if place.reached is None or (plan.lane is Lane.CENSUS and place.full is None):
        return False
    is_kept = place.seq is None or any(entry["seq"] == place.seq for entry in index["drops"])
    return is_kept and (index["latestFull"] or 0) <= place.reached


def plan_route(index: Mapping[str, Any], *, applied: int | None, whole: bool) -> Route:
    """The newest full drop if it is above the last applied one (or `whole` asks for it again), then deltas in order."""
    kinds = {entry["seq"]: entry["kind"] for entry in index["drops"]}
    full = index["latestFull"]
    if not kinds:
        return Route((), trouble="GobizKOREA's index names no drop at all")
    if applied is not None and max(kinds) < applied:
        text = f"GobizKOREA's newest drop is {max(kinds)}, below {applied} that was applied before"
        raise FeedChanged(text, code="SEQUENCE_WENT_BACK")
    if full is not None and (whole or applied is None or full > applied):
        return _follow(kinds, (full,), after=full, full=full)
    if whole or applied is None:
        return Route((), trouble="GobizKOREA has no full drop yet, and deltas alone cannot be applied")
    return _follow(kinds, (), after=applied, full=full)


def _follow(kinds: Mapping[int, str], begun: tuple[int, ...], *, after: int, full: int | None) -> Route:
    last = after
    while kinds.get(last + 1) == "DELTA":
        last += 1
    drops = (*begun, *range(after + 1, last + 1))
    return Route(drops, notes=(_describe_gap(last + 1, full),) if max(kinds) > last else ())


def _describe_gap(missing: int, full: int | None) -> str:
    if full is not None and missing - full == DAY:
        return f"The new day's full drop {missing} is not there yet; the deltas after it wait for it"
    return f"Drop {missing} is missing: nothing after it can be applied before the next full drop"
