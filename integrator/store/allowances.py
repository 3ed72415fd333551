"""What each platform still allows: calls of its window, a ban, a rest; for people to see, never to decide by."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from integrator.store.breakers import load_breakers
from integrator.store.tables import budget


@dataclass(frozen=True, slots=True)
class Spent:
    """The calls of one window: `used` of `calls`, reserved ones included, until `ends_at` (POSIX seconds)."""

    used: int
    calls: int
    ends_at: float


@dataclass(frozen=True, slots=True)
class Allowance:
    """How a platform may be called now. Times are POSIX seconds.

    `spent` is the window that is nearest to its end of calls, where a platform counts several (each file's); None: it
    counts none now.
    """

    spent: Spent | None = None
    banned_until: float | None = None
    resting_since: float | None = None


def load_allowances(connection: Connection, platforms: Iterable[str], *, now: float) -> dict[str, Allowance]:
    """Each platform's, by name; of the server and credential that it was last asked with."""
    found = {name: Allowance() for name in platforms}
    for each in load_breakers(connection):
        if each.platform in found:
            rests_until = each.rests_until()
            found[each.platform] = Allowance(
                spent=_fullest(connection, each.key, now),
                banned_until=each.banned_until if each.is_banned(now) else None,
                resting_since=each.opened_at if rests_until is not None and rests_until > now else None,
            )
    return found


def _fullest(connection: Connection, key: str, now: float) -> Spent | None:
    lasting = (budget.c.key == key) & (budget.c.ends_at > now)
    rows = connection.execute(select(budget.c.used, budget.c.calls, budget.c.ends_at).where(lasting))
    return max((Spent(*row) for row in rows), key=lambda each: each.used / max(1, each.calls), default=None)
