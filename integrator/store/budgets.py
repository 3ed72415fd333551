"""Calls of one credential, counted where every process sees them: `ports.Budget` on the database.

Calls are reserved in lots, so that a fast walk writes seldom; a lot is small beside its window, and what a killed
process had reserved is lost to the window, never called twice.
"""

from datetime import UTC, datetime
from typing import Final, Self

from sqlalchemy import Connection, RowMapping, delete, select, update

from integrator.errors import AccessRefused, FeedUnavailable, HanmaruError, QuotaSpent
from integrator.ports import LONGEST_BAN, Clock, Window
from integrator.record import Lane
from integrator.store.breakers import (
    Breaker,
    BreakerState,
    ban_platform,
    begin_anew,
    claim_trial,
    is_about,
    load_breaker,
    note_failure,
    note_success,
)
from integrator.store.database import Database, insert_for
from integrator.store.tables import budget

# Census and detail calls leave this part of every window to changes, which are few and must stay fresh.
SHARE_FOR_CHANGES: Final = 12
# One lot is this part of its window, at least one call.
LOTS: Final = 1000
# The end of a window is told in whole seconds; nearer than this is the same end.
_SAME_END_S: Final = 2.0
# What was read of a platform's health is good for this long: less than a call takes on its way, and a fast walk does
# not read it for every page.
_TRUSTED_S: Final = 0.05
_KEPT_S: Final = 2 * 86_400.0


class SharedBudget:
    """What one process sees of a platform's budget. `key` names server and credential and holds neither.

    `label` is the platform's name as people write it, for sentences.
    """

    def __init__(self, database: Database, *, platform: str, key: str, clock: Clock, label: str = "") -> None:
        self._database = database
        self._platform = platform
        self._label = label or platform
        self._key = key
        self._clock = clock
        self._lots: dict[str, tuple[int, float]] = {}  # window: calls left, its end
        self._uncounted = 0  # calls made before their window was known
        self._successes = 0  # since the last write about the platform's health
        self._breaker = Breaker(platform, key)
        self._read_at = -_TRUSTED_S

    @classmethod
    def open(cls, database: Database, *, platform: str, key: str, clock: Clock, label: str = "") -> Self:
        """A budget for this server and credential; what another one had asked for is void."""
        with database.read() as connection:
            is_known = is_about(connection, platform, key)
        if not is_known:
            with database.write(key) as connection:
                begin_anew(connection, platform, key)
        return cls(database, platform=platform, key=key, clock=clock, label=label)

    def check(self) -> None:
        """See `ports.Budget`. A ban that another process met holds here within the time that a call takes."""
        if self._clock.monotonic() - self._read_at >= _TRUSTED_S:
            with self._database.read() as connection:
                self._breaker = load_breaker(connection, self._platform, self._key)
            self._read_at = self._clock.monotonic()
        found, now = self._breaker, self._now()
        if found.is_banned(now):
            raise self._refusal(f"{self._label} asked us to wait ({found.reason})", "BANNED", found.banned_until)
        until = found.rests_until()
        if until is None:
            return
        if until <= now:
            with self._database.write(self._key) as connection:
                self._breaker, is_ours = claim_trial(connection, self._platform, self._key, now=now)
            if is_ours:
                return
            until = now + 1.0  # another process was quicker; its answer comes soon
        raise self._refusal(f"{self._label} is left alone after failures ({found.reason})", "RESTING", until)

    def take(self, window: Window | None, *, lane: Lane) -> None:
        """See `ports.Budget`."""
        now = self._now()
        if self._use_lot(window, now):
            return
        with self._database.write(self._key) as connection:
            row = self._row_of(connection, window, now)
            if row is None:
                self._uncounted += 1
                return
            self._reserve(connection, row, lane)

    def learn(self, window: Window, *, used: int) -> None:
        """See `ports.Budget`. Written only when the platform counts more, or otherwise, than we do."""
        with self._database.read() as connection:
            if _agrees(_find(connection, self._key, window.name), window, used, self._now()):
                return
        # The platform's count holds the calls made before the window was known.
        self._uncounted = 0
        if used >= window.calls:
            self._lots.pop(window.name, None)
        with self._database.write(self._key) as connection:
            row = self._row_of(connection, window, self._now())
            used = max(used, row["used"]) if row is not None else used
            ends_at = window.ends_at.timestamp()
            _set(connection, self._key, window.name, calls=window.calls, ends_at=ends_at, used=used)

    def ban(self, until: datetime, *, reason: str) -> None:
        """See `ports.Budget`."""
        until = min(until, self._clock.now() + LONGEST_BAN)
        with self._database.write(self._key) as connection:
            key, moment = self._key, until.timestamp()
            self._breaker = ban_platform(connection, self._platform, key, until=moment, reason=reason)

    def note(self, trouble: HanmaruError | None) -> None:
        """See `ports.Budget`. Costs nothing while all is well."""
        if _is_failure(trouble):
            with self._database.write(self._key) as connection:
                self._breaker = note_failure(
                    connection,
                    self._platform,
                    self._key,
                    successes=self._successes,
                    reason=str(trouble),
                    is_refusal=isinstance(trouble, AccessRefused),
                    now=self._now(),
                )
            self._successes = 0
            return
        self._successes += 1
        if self._breaker.failures or self._breaker.state is not BreakerState.CLOSED:
            with self._database.write(self._key) as connection:
                self._breaker = note_success(connection, self._platform, self._key, successes=self._successes)
            self._successes = 0

    def give_back(self) -> None:
        """See `ports.Budget`."""
        lots, self._lots = self._lots, {}
        now = self._now()
        left = {name: left for name, (left, ends_at) in lots.items() if left and ends_at > now}
        if not left:
            return
        with self._database.write(self._key) as connection:
            for name, calls in left.items():
                here = (budget.c.key == self._key) & (budget.c.window == name)
                # A window that is spent stays so: the platform itself may have said it.
                here &= budget.c.used < budget.c.calls
                connection.execute(update(budget).where(here).values(used=budget.c.used - calls))

    # Windows ---------------------------------------------------------------------------------------------------------

    def _use_lot(self, window: Window | None, now: float) -> bool:
        """One of the calls reserved before; while the window is not told, any lot that still lasts is of the last."""
        names = [window.name] if window is not None else list(self._lots)
        for name in names:
            left, ends_at = self._lots.get(name, (0, 0.0))
            if left and ends_at > now:
                self._lots[name] = (left - 1, ends_at)
                return True
        return False

    def _row_of(self, connection: Connection, window: Window | None, now: float) -> RowMapping | None:
        """The row that counts now, made if the platform has told its window; None: nothing is known to be counted."""
        if window is None or window.ends_at.timestamp() <= now:
            return _find_last(connection, self._key, now)
        row = _find(connection, self._key, window.name)
        if row is not None and row["ends_at"] > now:
            return row
        connection.execute(delete(budget).where(budget.c.key == self._key, budget.c.ends_at < now - _KEPT_S))
        _set(connection, self._key, window.name, calls=window.calls, ends_at=window.ends_at.timestamp(), used=0)
        return _find(connection, self._key, window.name)

    def _reserve(self, connection: Connection, row: RowMapping, lane: Lane) -> None:
        calls = row["calls"] if lane is Lane.CHANGES else row["calls"] - row["calls"] // SHARE_FOR_CHANGES
        used = row["used"] + self._uncounted
        if used >= calls:
            those = "all of them" if calls == row["calls"] else f"the {calls} that are not kept for changes"
            text = f"{self._label} allows {row['calls']} calls {_say_window(row['window'])}, and {those} are used up"
            retry_at = datetime.fromtimestamp(row["ends_at"], UTC)
            raise QuotaSpent(text, code="QUOTA_SPENT", retry_at=retry_at)
        lot = min(max(1, row["calls"] // LOTS), calls - used)
        _set(connection, self._key, row["window"], used=used + lot)
        self._uncounted = 0
        self._lots[row["window"]] = (lot - 1, row["ends_at"])

    def _refusal(self, text: str, code: str, until: float | None) -> FeedUnavailable:
        return FeedUnavailable(text, code=code, retry_at=datetime.fromtimestamp(until or 0.0, UTC))

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _is_failure(trouble: HanmaruError | None) -> bool:
    """Whether the platform is unwell, or refuses our credentials; a wait that it asks for is an answer."""
    if isinstance(trouble, AccessRefused):
        return True
    return isinstance(trouble, FeedUnavailable) and not isinstance(trouble, QuotaSpent) and trouble.retry_at is None


def _say_window(name: str) -> str:
    """A window in a sentence: a day by its Korean date, a file's day with the file, any other span by its name."""
    day, _, file = name.partition(" ")
    if not (len(day) == 8 and day.isdecimal()):
        return f"in this {name}"
    date = f"on {day[:4]}-{day[4:6]}-{day[6:]} (Korean time)"
    return f"for {file} {date}" if file else date


def _agrees(row: RowMapping | None, window: Window, used: int, now: float) -> bool:
    if row is None or row["ends_at"] <= now or row["calls"] != window.calls or row["used"] < used:
        return False
    return bool(abs(row["ends_at"] - window.ends_at.timestamp()) <= _SAME_END_S)


def _find(connection: Connection, key: str, name: str) -> RowMapping | None:
    here = (budget.c.key == key) & (budget.c.window == name)
    return connection.execute(select(budget).where(here)).mappings().first()


def _find_last(connection: Connection, key: str, now: float) -> RowMapping | None:
    lasting = select(budget).where(budget.c.key == key, budget.c.ends_at > now)
    return connection.execute(lasting.order_by(budget.c.ends_at.desc()).limit(1)).mappings().first()


def _set(connection: Connection, key: str, name: str, **values: object) -> None:
    """Change the named columns of a window's row; with all of them, make it."""
    here = (budget.c.key == key) & (budget.c.window == name)
    if connection.execute(update(budget).where(here).values(values)).rowcount == 0:
        statement = insert_for(connection, budget).values(key=key, window=name, **values)
        connection.execute(statement.on_conflict_do_nothing())
