"""Whether a platform may be asked now: the bans it told us of, and a breaker that leaves a sick one alone.

One row a platform, seen by every process. It opens after failures in a row or too many of the last calls; when it has
rested, one call of one process tries the platform, and either closes it or begins a rest of twice the length.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from integrator.store.database import insert_for
from integrator.store.tables import breaker, run

IN_A_ROW: Final = 5
RECENT: Final = 20
SICK_SHARE: Final = 0.5
# The first rest; each one after a call that failed again is twice as long, up to the longest.
REST_S: Final = 30.0
LONGEST_REST_S: Final = 15 * 60.0
# The one call that tries a platform is over by then (its deadline, and some); otherwise its process is gone.
TRIAL_S: Final = 150.0
# As many failures as the longest rest needs.
_REFUSED: Final = IN_A_ROW + 5


class BreakerState(StrEnum):
    """`half_open`: one call is under way to see whether the platform is well again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """One row. Times are POSIX seconds; `recent` holds a sign a call, `-` for one that failed."""

    platform: str
    key: str
    state: BreakerState = BreakerState.CLOSED
    opened_at: float | None = None
    failures: int = 0
    recent: str = ""
    banned_until: float | None = None
    reason: str = ""

    def rests_until(self) -> float | None:
        """When the platform may be tried (again); None when it is well."""
        if self.state is BreakerState.CLOSED or self.opened_at is None:
            return None
        if self.state is BreakerState.HALF_OPEN:
            return self.opened_at + TRIAL_S
        doublings = min(max(0, self.failures - IN_A_ROW), 10)
        return self.opened_at + min(LONGEST_REST_S, REST_S * float(2**doublings))

    def is_banned(self, now: float) -> bool:
        """Whether the platform asked to be left alone at this time."""
        return self.banned_until is not None and self.banned_until > now


_COLUMNS: Final = [breaker.c[name] for name in Breaker.__slots__]
_one = select(*_COLUMNS)


def load_breaker(connection: Connection, platform: str, key: str) -> Breaker:
    """The platform's row; what was written of another server or credential counts for nothing."""
    row = connection.execute(_one.where(breaker.c.platform == platform)).first()
    if row is None or row.key != key:
        return Breaker(platform, key)
    return Breaker(row[0], row[1], BreakerState(row[2]), *row[3:])


def load_breakers(connection: Connection) -> list[Breaker]:
    """Every platform's row, whatever server and credential it is about."""
    return [Breaker(row[0], row[1], BreakerState(row[2]), *row[3:]) for row in connection.execute(_one)]


def is_about(connection: Connection, platform: str, key: str) -> bool:
    """Whether the platform's row is about this server and credential."""
    return connection.execute(select(breaker.c.key).where(breaker.c.platform == platform)).scalar() == key


def begin_anew(connection: Connection, platform: str, key: str) -> None:
    """From now on the platform is another server, or knows us by another credential: no wait of the former holds."""
    _save(connection, Breaker(platform, key))
    waiting = (run.c.platform == platform) & run.c.not_before.is_not(None)
    connection.execute(update(run).where(waiting).values(not_before=None))


def note_failure(
    connection: Connection, platform: str, key: str, *, successes: int, reason: str, is_refusal: bool, now: float
) -> Breaker:
    """A call failed, after so many that did not; may open the breaker.

    A refusal of our credentials opens it at once and for the longest rest: knocking on does not make us welcome.
    """
    found = load_breaker(connection, platform, key)
    failures = _REFUSED if is_refusal else (1 if successes else found.failures + 1)
    recent = _append(found.recent, "+" * successes + "-")
    is_sick = len(recent) == RECENT and recent.count("-") >= RECENT * SICK_SHARE
    noted = replace(found, failures=failures, recent=recent)
    if found.state is not BreakerState.CLOSED or failures >= IN_A_ROW or is_sick:
        noted = replace(noted, state=BreakerState.OPEN, opened_at=now, reason=reason)
    return _save(connection, noted)


def note_success(connection: Connection, platform: str, key: str, *, successes: int) -> Breaker:
    """The platform answers: its failures are in a row no longer, and a breaker that was tried closes, wiped clean."""
    found = load_breaker(connection, platform, key)
    recent = "" if found.state is not BreakerState.CLOSED else _append(found.recent, "+" * successes)
    reason = "" if found.banned_until is None else found.reason
    return _save(
        connection, replace(found, state=BreakerState.CLOSED, opened_at=None, failures=0, recent=recent, reason=reason)
    )


def claim_trial(connection: Connection, platform: str, key: str, *, now: float) -> tuple[Breaker, bool]:
    """The row, and whether this process is the one that tries the rested platform."""
    found = load_breaker(connection, platform, key)
    until = found.rests_until()
    if until is None or until > now:
        return found, until is None
    return _save(connection, replace(found, state=BreakerState.HALF_OPEN, opened_at=now)), True


def ban_platform(connection: Connection, platform: str, key: str, *, until: float, reason: str) -> Breaker:
    """The platform wants no call before `until`; a longer ban that is known already stays."""
    found = load_breaker(connection, platform, key)
    if (found.banned_until or 0.0) >= until:
        return found
    return _save(connection, replace(found, banned_until=until, reason=reason))


def _append(recent: str, signs: str) -> str:
    return (recent + signs[-RECENT:])[-RECENT:]


def _save(connection: Connection, saved: Breaker) -> Breaker:
    values = {name: getattr(saved, name) for name in Breaker.__slots__}
    values["state"] = saved.state.value
    statement = insert_for(connection, breaker).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=[breaker.c.platform], set_=values))
    return saved
