"""Reliability D1: a poisoned record never stops a run. The records around it are taken in, and it is kept as it came.

Each trial reads a whole feed into an empty store with one row poisoned. What cannot be used stands among the rejections
with its bytes, page, place, reason and parser; where a field alone cannot be read, the listing is there without it.
After a mended parser has read the kept bytes again, no such rejection is left.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors.strict_json import scan
from integrator.errors import BytesRefused, RejectedRecord
from integrator.ports import Connector, Parsed
from integrator.record import Kind, Record
from integrator.store.archive import ArchiveReader
from integrator.store.database import Database
from integrator.store.tables import rejection
from integrator.sync.replay import replay_feed
from tests.contract.connectors.replay import SteadyClock
from tests.drills.poisoning import FIELDS, Poison, poisons_of, read_row_id, replace_row
from tests.drills.stage import DONE, Stage, read_contents
from tests.drills.tally import OpenTally, Tally

SEED = 41
ROWS = 40  # of the first page, from which the poisoned one is chosen


def read_rejections(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(rejection).where(rejection.c.resolved_at.is_(None))))


@dataclass
class Mended:
    """The connector with its next parser, which can read the record after all."""

    connector: Connector
    sound: Mapping[str, Record]

    def __post_init__(self) -> None:
        self.parser_version = self.connector.parser_version + 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def parse(self, record: Record) -> Parsed:
        try:
            return self.connector.parse(record)
        except RejectedRecord:
            return self.connector.parse(self.sound[record.kind.value])


class Trial:
    """One platform, what it comes to when sound, and one poison after the other."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        with stage.trial(empty=True) as database:
            stage.sync(database)
            self._sound = read_contents(database)
            self._rejected = len(read_rejections(database))

    def find_faults(self, number: int, poison: Poison) -> Iterator[str]:
        stage = self._stage
        external_id, stage.server.spoilt = read_row_id(stage, number), replace_row(stage, number, poison)
        with stage.trial(empty=True) as database:
            try:
                outcome = stage.sync(database)
            finally:
                stage.server.spoilt = {}
            if outcome.state != DONE or not outcome.counters.is_conserved():
                yield f"the run {outcome.state}: {outcome.reason}"
            got, rejected = read_contents(database), read_rejections(database)
            others = {key: content for key, content in self._sound.items() if key != external_id}
            if lost := [key for key, content in others.items() if got.get(key) != content]:
                yield f"{len(lost)} of {len(others)} others were not taken in"
            if len(got.keys() - others.keys()) + len(rejected) - self._rejected != 1:
                yield f"it came to {sorted(got.keys() - others.keys())} and {len(rejected)} rejections"
            yield from self._find_unkept(database, rejected)
            yield from self._replay(database, external_id, rejected)

    def _find_unkept(self, database: Database, rejected: list[Any]) -> Iterator[str]:
        connector = self._stage.open()
        with database.read() as connection:
            kept = ArchiveReader().find(connection, [row.raw for row in rejected])
        for row in rejected:
            if not (row.page and row.offset >= 0 and row.code and row.parser_version == connector.parser_version):
                yield f"the rejection says too little: {row}"
            if row.raw not in kept:
                yield f"the bytes of {row.code} are lost"
                continue
            try:
                connector.decode(kept[row.raw].kind, kept[row.raw].body)
            except BytesRefused as error:
                yield f"the bytes of {row.code} cannot be read back: {error}"

    def _replay(self, database: Database, external_id: str, rejected: list[Any]) -> Iterator[str]:
        if len(rejected) <= self._rejected:
            return
        stage = self._stage
        sound = {record.kind.value: record for record in stage.records if record.external_id == external_id}
        clock = SteadyClock(stage.recording.now + timedelta(hours=2))
        replay_feed(database, Mended(stage.open(), sound), clock, rejected=True)
        left = read_rejections(database)
        if len(left) > self._rejected:
            yield f"after the parser was mended {left[-1].code} is still there"


def drill(tally: Tally, stage: Stage, poisons: Mapping[str, Poison], *, places: int) -> None:
    """Each poison in so many rows of the feed."""
    trial, dice, rows = Trial(stage), random.Random(tally.seed), find_rows(stage)
    for name, poison in poisons.items():
        for number in dice.sample(rows, places):
            wrong = trial.find_faults(number, poison)
            tally.count(*(f"{stage.platform}, row {number}, {name}: {each}" for each in wrong))


def find_rows(stage: Stage) -> list[int]:
    """Rows whose id comes once: of two copies the other would still be there."""
    copies = Counter(record.external_id for record in stage.records if record.kind is Kind.LISTING)
    return [number for number in range(1, ROWS) if copies[read_row_id(stage, number)] == 1]


def choose(poisons: Mapping[str, Poison], *, every: int) -> dict[str, Poison]:
    return dict(list(poisons.items())[::every])


@pytest.mark.parametrize("platform", FIELDS)
def test_a_poisoned_record_costs_only_itself(
    platform: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"D1 poisons, {platform}", seed=SEED)
    poisons = poisons_of(platform)

    with Stage.playing(platform, tmp_path) as stage:
        drill(tally, stage, poisons if is_full_drill else choose(poisons, every=61), places=1)

    assert len(poisons) >= 60
    assert tally.violations == []


def test_the_drill_notices_a_reader_that_refuses_the_page(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.json_page.scan_row", scan)
    tally = open_tally("D1 poisons, tradekorea", seed=SEED, planted="an unsound row refuses its page")
    poisons = {name: poison for name, poison in poisons_of("tradekorea").items() if name.endswith((" twice", "NaN"))}

    with Stage.playing("tradekorea", tmp_path) as stage:
        drill(tally, stage, choose(poisons, every=4), places=1)

    assert len(tally.violations) >= tally.trials
