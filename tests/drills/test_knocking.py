"""Reliability C3: nobody knocks before the platform said he may, no call has six tries, errors never raise the rate.

Two callers with budgets on one database stand for two processes; the server writes down by their clock what breaks.
"""

import random
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from connectors.http import Transport
from integrator.errors import FeedUnavailable, RetriesSpent
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from tests.drills.scripted import Host, answer
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 31
SCRIPTS, SAMPLE = 1000, 40
DAY_S = 86_400.0
CALL_S = 0.2


@dataclass(slots=True)
class Script:
    """Troubles one after another, then sound answers; a ban that is told holds from its answer on."""

    troubles: list[tuple[str, float]]  # header line, and the seconds that it asks for
    clock: FakeClock
    banned_until: float = 0.0
    failed: tuple[bytes, float] = (b"", 0.0)  # the last call that failed, and when
    violations: list[str] = field(default_factory=list)

    def reply(self, head: bytes) -> Iterable[bytes]:
        now, call = self.clock.now().timestamp(), head.split(b" ")[1]
        if now < self.banned_until:
            self.violations.append(f"asked {self.banned_until - now:.1f} s inside a ban")
        if call == self.failed[0] and now - self.failed[1] < 0.99:
            self.violations.append(f"tried again {now - self.failed[1]:.1f} s after a failure")
        self.clock.advance(CALL_S)
        if not self.troubles:
            return [answer(b"{}")]
        header, told = self.troubles.pop(0)
        self.failed = (call, now + CALL_S)
        self.banned_until = max(self.banned_until, now + min(told, DAY_S))
        status = "429 Too Many Requests" if told or len(self.troubles) % 2 else "503 Service Unavailable"
        return [answer(b"", *([header] if header else []), status=status)]


def make_trouble(clock: FakeClock, dice: random.Random) -> tuple[str, float]:
    """A Retry-After in one of the forms that occur, with the seconds that a reader has to make of it."""
    told = float(dice.choice((1, 5, 37, 600, 899, 900, 901, 3600, 86_400, 90_000)))
    at = clock.now() + timedelta(seconds=told)
    forms: list[tuple[str, float]] = [
        (f"Retry-After: {told:.0f}", told),
        # A date is a moment: what has passed since the script was written is no part of the ban any more.
        (f"Retry-After: {format_datetime(at, usegmt=True)}", 0.0),
        ("Retry-After: Mon, 14 Sep 2020 03:00:00 GMT", 0.0),
        ("Retry-After: -30", 0.0),
        (f"Retry-After: {dice.choice(('soon', '1e3', '٣٠', '12.5', ''))}", 0.0),
        ("Retry-After: 315360000", 315_360_000.0),
        ("Retry-After: 99999999999999999999", DAY_S),
        ("", 0.0),
    ]
    return dice.choice(forms)


class Trial:
    """One script against two callers."""

    def __init__(self, host: Host, database: Database, number: int) -> None:
        self._dice = random.Random(SEED * 10_000 + number)
        self.clock = FakeClock()
        self.script = Script([], self.clock)
        self.script.troubles = [make_trouble(self.clock, self._dice) for _ in range(self._dice.randint(1, 12))]
        self._host = host
        host.reply = self.script.reply
        budgets = [SharedBudget.open(database, platform="shop", key=str(number), clock=self.clock) for _ in range(2)]
        self.callers = [Transport(host.url, clock=self.clock, budget=each) for each in budgets]

    def run(self) -> Iterator[str]:
        for turn in range(60):
            for number, caller in enumerate(self.callers):
                yield from self._call(caller, f"/{number}/{turn}")
            if not self.script.troubles:
                break
            self.clock.advance(self._dice.choice((0.0, 0.0, 1.0, 300.0, 2000.0, DAY_S)))
        for caller in self.callers:
            caller.close()
        yield from self.script.violations

    def _call(self, caller: Transport, path: str) -> Iterator[str]:
        before = caller.calls
        try:
            caller.get(path)
        except FeedUnavailable as trouble:
            until = trouble.retry_at
            if until is not None and until > self.clock.now() + timedelta(seconds=DAY_S):
                yield f"told to wait until {until}, more than a day"
        if caller.calls - before > 5:
            yield f"{caller.calls - before} tries of one call"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hanmaru.db")
    database.migrate()
    with closing(database):
        yield database


def drill(tally: Tally, database: Database, scripts: int) -> None:
    with Host().serving() as host:
        for number in range(scripts):
            tally.count(*Trial(host, database, number).run())


def test_no_request_is_made_inside_a_ban(database: Database, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("C3 knocking", seed=SEED)

    drill(tally, database, SCRIPTS if is_full_drill else SAMPLE)

    assert tally.violations == []


def test_the_drill_notices_a_ban_that_only_its_own_process_knows(
    database: Database, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedBudget, "ban", lambda self, until, *, reason: None)
    tally = open_tally("C3 knocking", seed=SEED, planted="a ban is not kept in the database")

    drill(tally, database, SAMPLE)

    assert len(tally.violations) > 5


def find_eager_retries(calls: int) -> Iterator[str]:
    """Every other try fails, for ever: how many are tried again before the walk gives up?"""
    clock, tried = FakeClock(), []

    def reply(_: bytes) -> Iterable[bytes]:
        tried.append(1)
        return [answer(b"", status="500 Error") if len(tried) % 2 else answer(b"{}")]

    with Host(reply).serving() as host, closing(Transport(host.url, clock=clock)) as caller, suppress(RetriesSpent):
        for number in range(1, calls + 1):
            caller.get("/list")
            if caller.retries > 20 + 0.1 * number:
                yield f"{caller.retries} of {number} calls tried again"
                return


def test_a_tenth_of_the_calls_is_tried_again_beyond_twenty_free_ones(open_tally: OpenTally) -> None:
    tally = open_tally("C3 retries", seed=0)

    tally.count(*find_eager_retries(100))

    assert tally.violations == []


def test_the_drill_notices_retries_that_nobody_counts(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.admission.FREE_RETRIES", 10_000)
    tally = open_tally("C3 retries", seed=0, planted="retries have no end")

    tally.count(*find_eager_retries(100))

    assert tally.violations
