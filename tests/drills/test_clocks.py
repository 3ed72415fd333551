"""Reliability E3: whatever our clock, the platform's or a record's date says, no update is lost.

Our clock jumps by 400 days either way, or stands in a zone that sets its clocks back; the platform's goes back by hours
or a day; rows are dated 2099 or 1970. Watermarks are the platform's own words, never ahead of its clock by an hour.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.buykorea.feed import BuyKorea
from connectors.tradekorea.feed import TradeKorea
from integrator.record import Batch, End, Json, Plan
from integrator.store.tables import feed as feed_table
from tests.drills.mock_world import Home, World, serving
from tests.drills.moving import MOVING, MovingBuyKorea, MovingTradeKorea, playing
from tests.drills.tally import OpenTally, Tally
from tests.drills.test_moving import read_takes
from tests.fakes.clock import FakeClock

SEED = 0  # nothing here is random
ROWS, ROUNDS = 12, 5
HOUR, DAY, YEARS = timedelta(hours=1), timedelta(days=1), timedelta(days=400)
DST_ENDS = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)  # in New York the clocks go back at 06:00
AHEAD, PAST = datetime(2099, 1, 1, tzinfo=UTC), datetime(1970, 1, 2, tzinfo=UTC)


class JumpingClock(FakeClock):
    def jump(self, by: timedelta) -> None:
        """Somebody sets the clock; what measures durations goes on."""
        self._at += by


@dataclass(frozen=True, slots=True)
class Case:
    """What happens before each round: to our clock, to the platform's, and to one row's date."""

    name: str
    ours: timedelta = timedelta()
    theirs: timedelta = timedelta()
    stamp: datetime | None = None
    begin: datetime = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)


CASES = (
    Case("sound"),
    Case("ours 400 days on", ours=YEARS),
    Case("ours 400 days back", ours=-YEARS),
    Case("the zone's clocks go back", begin=DST_ENDS),
    Case("theirs an hour back", theirs=-2 * HOUR),
    Case("theirs a day back", theirs=-DAY),
    Case("theirs 400 days on", theirs=YEARS),
    Case("a row of 2099", stamp=AHEAD),
    Case("a row of 1970", stamp=PAST),
    Case("a row of 2099, ours 400 days back", ours=-YEARS, stamp=AHEAD),
)
SAMPLE = (CASES[2], CASES[4], CASES[7])


def find_faults(platform: str, case: Case, folder: Path) -> list[str]:
    """A census, then rounds of edits, each read by changes; a census at last."""
    clock = JumpingClock(case.begin)
    feed = MOVING[platform](clock)
    for number in range(ROWS):
        feed.put(1_000_000 + number, days_ago=number % 5)
    home, wrong = Home.begin(folder), []
    with playing(feed) as stage:
        home.sync(platform, stage.url, clock)
        for turn in range(ROUNDS):
            clock.advance(3600)
            upset(case, turn, clock, feed)
            edit(feed, turn, case.stamp)
            clock.advance(90)
            outcome = home.sync(platform, stage.url, clock, full=False)
            wrong += [f"{outcome.state}: {outcome.reason}"] if outcome.state != "succeeded" else []
            wrong += find_lost(home, platform, feed, but=PAST)
            wrong += find_ahead(home, feed)
        clock.advance(3600)
        home.sync(platform, stage.url, clock)
        wrong += find_lost(home, platform, feed, but=PAST)
    return [f"{platform}, {case.name}: {each}" for each in wrong]


def upset(case: Case, turn: int, clock: JumpingClock, feed: MovingBuyKorea | MovingTradeKorea) -> None:
    """In the second round somebody sets a clock; ours moves without theirs."""
    if turn == 1:
        clock.jump(case.ours)
        feed.ahead += case.theirs - case.ours


def edit(feed: MovingBuyKorea | MovingTradeKorea, turn: int, stamp: datetime | None) -> None:
    for number in (turn, turn + 5):
        row = feed.rows[1_000_000 + number]
        row.at, row.take = feed.now(), row.take + 1
    if stamp is not None:
        row = feed.rows[1_000_000 + ROWS - 1]
        row.at, row.take = stamp, row.take + 1


def find_lost(home: Home, platform: str, feed: MovingBuyKorea | MovingTradeKorea, *, but: datetime) -> Iterator[str]:
    """What the store does not know. A row dated `but` is old news by its own word: what was newer stays (E4)."""
    stored = read_takes(home, platform)
    for row in feed.rows.values():
        if row.at != but and stored.get(row.number, -1) < row.take:
            yield f"take {row.take} of {row.number} of {row.at:%Y-%m-%d} is lost"


def find_ahead(home: Home, feed: MovingBuyKorea | MovingTradeKorea) -> Iterator[str]:
    with home.open() as database, database.read() as connection:
        watermark = json.loads(connection.execute(select(feed_table.c.watermark)).scalar_one())
    told = str(watermark.get("as_of") or watermark.get("time"))
    at = datetime.fromisoformat(told) if "-" in told else datetime.strptime(f"{told}+0900", "%Y%m%d%H%M%S%z")
    if at > feed.now() + HOUR:
        yield f"the watermark {told} is ahead of the platform's clock"


def drill(tally: Tally, cases: tuple[Case, ...], folder: Path) -> None:
    for platform in sorted(MOVING):
        for case in cases:
            tally.count(*find_faults(platform, case, folder / f"{platform}{tally.trials}"))


@pytest.fixture(autouse=True)
def summer_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone that has it: whoever reads a time as local shows."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_no_clock_loses_an_update(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("E3 clocks", seed=SEED)

    drill(tally, CASES if is_full_drill else SAMPLE, tmp_path)

    assert tally.violations == []


@pytest.mark.parametrize("days", [-400, 400])
def test_a_signature_is_made_by_the_platforms_clock(tmp_path: Path, days: int) -> None:
    world, ours, theirs = World(8, 40, 0), FakeClock(), FakeClock()
    ours.advance(days=days)
    home = Home.begin(tmp_path / "home")

    with serving(world, theirs) as url:
        outcome = home.sync("gobizkorea", f"{url}/gobizkorea", ours)

    assert (outcome.state, home.visible("gobizkorea")) == ("succeeded", world.visible("gobizkorea"))


Fetch = Callable[[Any, Plan], Iterator[Batch | End]]


def told_by(read: Callable[[End], datetime], fetch: Fetch) -> Fetch:
    """A walk whose watermark is told by somebody else."""

    def fetched(self: BuyKorea | TradeKorea, plan: Plan) -> Iterator[Batch | End]:
        for piece in fetch(self, plan):
            yield replace(piece, watermark=watermark(piece)) if isinstance(piece, End) and piece.watermark else piece

    def watermark(end: End) -> dict[str, Json]:
        korean = read(end) + timedelta(hours=9)
        return {"time": f"{korean:%Y%m%d%H%M%S}", "as_of": f"{korean:%Y-%m-%dT%H:%M:%S}+09:00"}

    return fetched


@pytest.mark.parametrize(
    ("planted", "case", "offset"),
    [
        ("the watermark is our clock's", CASES[1], YEARS),
        ("a row dated ahead moves the watermark", CASES[7], 26_000 * DAY),
    ],
)
def test_the_drill_notices_a_watermark_that_is_not_the_platforms(
    planted: str,
    case: Case,
    offset: timedelta,
    tmp_path: Path,
    open_tally: OpenTally,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for connector in (BuyKorea, TradeKorea):
        told = told_by(lambda end: (end.clock or case.begin) + offset, connector.fetch)
        monkeypatch.setattr(connector, "fetch", told)
    tally = open_tally("E3 clocks", seed=SEED, planted=planted)

    drill(tally, (case,), tmp_path)

    assert any("ahead" in each for each in tally.violations)
