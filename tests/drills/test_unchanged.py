"""Reliability C8: a feed that did not change costs sightings and the run's own row, no other row and no drop's byte."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from connectors import Access
from connectors.buykorea.feed import BuyKorea
from integrator.record import Record
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from tests.drills.mock_world import PLATFORMS, World, serving
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 5

# What a walk writes about itself.
OWN = {"run", "feed", "lease", "budget", "breaker", "measure"}
_WRITE = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)
# Sightings: when, by which run and under which number a record was last there.
_SEEN = re.compile(
    r"UPDATE (?:(?:listing|account) SET (?:(?:seen_run|seen_at|sequence|kept_at)=\?,? ?)+"
    r"|rejection SET (?:(?:last_run|last_at|resolved_at)=\?,? ?)+)WHERE"
)


class Reader:
    """One platform, read into a store of its own."""

    def __init__(self, platform: str, url: str, folder: Path, clock: FakeClock) -> None:
        folder.mkdir()
        self.platform = platform
        self.database = Database(f"sqlite:///{folder}/hanmaru.db")
        self.database.migrate()
        self._url, self._clock = url, clock
        self.spool = folder / "spool"

    def sync(self, *, full: bool) -> Outcome:
        found = PLATFORMS[self.platform]
        access = Access(f"{self._url}/{self.platform}", {each.name: each.test_value for each in found.credentials})
        budget = SharedBudget.open(self.database, platform=self.platform, key="k", clock=self._clock)
        connector = found.open(access, clock=self._clock, spool=DiskSpool(self.spool), budget=budget)
        self._clock.advance(60)
        return sync_feed(self.database, connector, self._clock, how=Slice(full=full))

    def spooled(self) -> int:
        """Bytes of drops on the disk."""
        return sum(file.stat().st_size for file in self.spool.iterdir()) if self.spool.exists() else 0


@contextmanager
def writes(database: Database) -> Iterator[Counter[str]]:
    """Rows written inside the block, by table; those about the walk itself and mere sightings left out."""
    counted: Counter[str] = Counter()

    def note(_c: Any, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool) -> None:
        found = _WRITE.match(statement)
        if found and found[2] not in OWN and not _SEEN.match(" ".join(statement.split())) and cursor.rowcount > 0:
            counted[f"{found[1].lower()} {found[2]}"] += cursor.rowcount

    event.listen(database.engine, "after_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(database.engine, "after_cursor_execute", note)


def read_again(reader: Reader) -> Iterator[list[str]]:
    """A first census and the changes since, then both again: what each of the latter cost."""
    first = reader.sync(full=True)
    assert first.state == "succeeded", first.reason
    reader.sync(full=False)
    for full in (True, False):
        yield [*find_costs(reader, first, full=full)]


def find_costs(reader: Reader, first: Outcome, *, full: bool) -> Iterator[str]:
    with writes(reader.database) as counted:
        again = reader.sync(full=full)
    name = f"{reader.platform}, {'census' if full else 'changes'}"
    if again.state != "succeeded" or again.counters.new or again.counters.changed or again.counters.accounts_changed:
        yield f"{name}: {again.state}, {again.counters}"
    for what, rows in counted.items():
        yield f"{name}: {rows} times {what}"
    saved = first.counters.bytes - again.counters.bytes
    if saved < reader.spooled():
        yield f"{name}: {saved} bytes less than at first, of {reader.spooled()} in the spool"
    if reader.platform == "gobizkorea" and not reader.spooled():
        yield "nothing was spooled, so nothing is shown"


def drill(tally: Tally, folder: Path, size: int, platforms: Iterable[str] = tuple(PLATFORMS)) -> None:
    clock = FakeClock()
    with serving(World(SEED, size, 0), clock) as url:
        for platform in platforms:
            reader = Reader(platform, url, folder / platform, clock)
            for wrong in read_again(reader):
                tally.count(*wrong)
            reader.database.close()


def test_an_unchanged_feed_costs_sightings_alone(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("C8 unchanged", seed=SEED)

    drill(tally, tmp_path, 2000 if is_full_drill else 60)

    assert tally.violations == []


def test_the_drill_notices_a_fingerprint_that_is_never_the_same(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = iter(range(1, 1_000_000))

    def fingerprint(_self: BuyKorea, _record: Record) -> bytes:
        return next(fresh).to_bytes(16, "big")

    monkeypatch.setattr(BuyKorea, "fingerprint", fingerprint)
    tally = open_tally("C8 unchanged", seed=SEED, planted="a fingerprint with a counter in it")

    drill(tally, tmp_path, 30, ["buykorea"])

    assert any(each.startswith("buykorea, census") for each in tally.violations)


def test_the_drill_notices_a_spool_that_forgets(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = DiskSpool.find
    asked: Counter[str] = Counter()

    def forgetful(self: DiskSpool, sha256: str) -> Path | None:
        asked[sha256] += 1
        return find(self, sha256) if asked[sha256] % 2 == 0 else None

    monkeypatch.setattr(DiskSpool, "find", forgetful)
    tally = open_tally("C8 unchanged", seed=SEED, planted="a spool that forgets")

    drill(tally, tmp_path, 30, ["gobizkorea"])

    assert any("bytes less" in each for each in tally.violations)
