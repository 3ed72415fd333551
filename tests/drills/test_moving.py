"""Reliability E2: a feed that moves while it is read. Present throughout means stored; paging always ends.

Between any two pages rows are edited, added, taken out or change places, and a page may come again or lead back to the
beginning. The store knows the rows from before, so one that only moved must not be withdrawn either.

A walk makes at most two calls for each page of the list, and ten; what does not close within them leaves it incomplete,
and the next one begins where it did. Calls seller by seller are not within this bound: they are for rows that a list
hides while nothing moves, which does not happen here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.buykorea.envelope import WirePage as WindowPage
from connectors.buykorea.windows import Tally as Window
from connectors.tradekorea.access import Calls, WirePage
from integrator.store.tables import listing, version
from integrator.sync.outcome import Outcome
from tests.drills.mock_world import Home
from tests.drills.moving import (
    MOST_ITEMS,
    MOST_ROWS,
    MOVING,
    Move,
    MovingBuyKorea,
    MovingFeed,
    MovingTradeKorea,
    Stage,
    playing,
)
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 51
SAMPLE = 10
FIRST, ROWS, NEW = 1_000_000, 50, 40
DAYS = 10  # since the store has read them
PAGE = {"buykorea": MOST_ROWS, "tradekorea": MOST_ITEMS}
NAMES = ("stay", "edit", "insert", "delete", "reorder", "pause") * 3 + ("again", "cycle")
MOVES = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 99)), min_size=12, max_size=50)
# Each fault may end a run; after the last one nothing is left to stop the next.
MOST_RUNS = 12


@dataclass
class Trial:
    """One platform and a store that has read it once."""

    platform: str
    folder: Path
    stage: Stage
    warm: Home
    number: int = 0

    def find_faults(self, moves: list[Move]) -> list[str]:
        """Census after census while the feed moves, to one that nothing disturbs; gives what is wrong."""
        self.number += 1
        home, clock = self.warm.copy(self.folder / f"trial{self.number}"), FakeClock()
        clock.advance(days=DAYS)
        # Since then every row was edited and others came, so that whoever misses one has missed something.
        feed = self.stage.feed = make_feed(self.platform, clock, rows=ROWS + NEW, take=1)
        feed.moves = list(moves)
        wrong: list[str] = []
        for turn in range(MOST_RUNS):
            if turn == MOST_RUNS - 1:
                feed.moves = []
            is_last = not feed.moves
            feed.watch()
            outcome = home.sync(self.platform, self.stage.url, clock)
            wrong += self.judge(feed, outcome, home)
            clock.advance(3600)
            if is_last and outcome.state == "succeeded":
                return wrong
        return [*wrong, f"no end after {MOST_RUNS} runs"]

    def judge(self, feed: MovingFeed, outcome: Outcome, home: Home) -> list[str]:
        bound = 2 * ceil(feed.most / PAGE[self.platform]) + 10
        wrong = [f"{feed.calls} calls for {feed.most} rows, {bound} are enough"] if feed.calls > bound else []
        stored = read_takes(home, self.platform)
        lost = {number for number in feed.steady if number < FIRST + ROWS and number not in stored}
        wrong += [f"{len(lost)} rows that were never away are not shown"] if lost else []
        if outcome.state not in ("succeeded", "held"):
            return wrong
        missed = {number: take for number, take in feed.steady.items() if stored.get(number, -1) < take}
        return wrong + ([f"{len(missed)} rows present throughout were missed"] if missed else [])


def make_feed(platform: str, clock: FakeClock, *, rows: int = ROWS, take: int = 0) -> MovingBuyKorea | MovingTradeKorea:
    feed = MOVING[platform](clock)
    for place in range(rows):
        feed.put(FIRST + place, days_ago=1 + place * 7919 % (DAYS - 1), take=take)
    return feed


def read_takes(home: Home, platform: str) -> dict[int, int]:
    """How many edits of each shown listing the store knows."""
    wanted = select(listing.c.external_id, version.c.content).join(
        version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version)
    )
    shown = wanted.where(listing.c.platform == platform, listing.c.state == "live", listing.c.visible)
    with home.open() as database, database.read() as connection:
        rows = connection.execute(shown).all()
    return {int(number.lstrip("P")): int(content.partition(b"take ")[2].split(b'"')[0]) for number, content in rows}


def drill(tally: Tally, trial: Trial, examples: int) -> None:
    """As many scripts of up to fifty moves."""

    @seeded(tally.seed)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(MOVES)
    def play(moves: list[Move]) -> None:
        tally.count(*(f"{trial.platform}, {moves}: {each}" for each in trial.find_faults(moves)))

    play()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of ten and windows of fifty rows: as many borders as a long list has."""
    for module in ("calls", "feed", "windows"):
        monkeypatch.setattr(f"connectors.buykorea.{module}.MOST_ROWS", MOST_ROWS)
    monkeypatch.setattr("connectors.buykorea.windows._READINGS", (MOST_ROWS, 9, 7, 8))
    monkeypatch.setattr("connectors.buykorea.feed.WINDOW_ROWS", 5 * MOST_ROWS)


@pytest.fixture(params=sorted(MOVING))
def trial(request: pytest.FixtureRequest, tmp_path: Path, small_pages: None):
    platform, clock = str(request.param), FakeClock()
    with playing(make_feed(platform, clock)) as stage:
        warm = Home.begin(tmp_path / "warm")
        assert warm.sync(platform, stage.url, clock).state == "succeeded"
        yield Trial(platform, tmp_path, stage, warm)


def test_whoever_is_there_throughout_is_stored_and_paging_ends(
    trial: Trial, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"E2 moving feed, {trial.platform}", seed=SEED)

    drill(tally, trial, 500 if is_full_drill else SAMPLE)

    assert tally.violations == []


def keep_counting(window: Window, page: WindowPage) -> None:
    """As `Tally.stand`, but what was counted before the count moved goes on to count."""
    window.total, window.day = page.total, page.day


def end_at_an_empty_page(ask: Callable[..., WirePage]) -> Callable[..., WirePage]:
    def asked(self: Calls, path: str, query: dict[str, str]) -> WirePage:
        page = ask(self, path, query)
        return page if page.rows else replace(page, cursor=None)

    return asked


def test_the_drill_notices_a_count_that_is_too_old_and_an_end_that_is_none(
    trial: Trial, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = "an old count proves" if trial.platform == "buykorea" else "an empty page ends the walk"
    monkeypatch.setattr(Window, "stand", keep_counting)
    monkeypatch.setattr(Calls, "ask_page", end_at_an_empty_page(Calls.ask_page))
    tally = open_tally(f"E2 moving feed, {trial.platform}", seed=SEED, planted=planted)

    drill(tally, trial, SAMPLE)

    assert any("missed" in each for each in tally.violations)
