"""The feed contract kit in full: mutants of every sort against every connector, with its kill rate."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from integrator.listing import Listing
from integrator.ports import Connector, Parsed
from integrator.record import Record, Wire
from tests.contract.connectors.mutations import MUTATORS, plain, try_mutants
from tests.drills.stage import PLATFORMS, Stage
from tests.drills.tally import OpenTally, Tally

SEED = 95


def drill(tally: Tally, connector: Connector, records: list[Record], *, rounds: int) -> None:
    tried = try_mutants(connector, records, random.Random(tally.seed), rounds=rounds)
    tally.trials += tried.made
    tally.violations += tried.faults
    tally.figures["killed"] = f"{tried.kill_rate:.4f}"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_connector_keeps_the_contract_over_its_mutants(
    platform: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"feed contract kit, {platform}", seed=SEED)

    with Stage.playing(platform, tmp_path) as stage:
        drill(tally, stage.open(), stage.records, rounds=120 if is_full_drill else 8)

    assert tally.trials > len(MUTATORS) * 5
    assert tally.violations == []
    assert float(tally.figures["killed"]) >= 0.95


@dataclass
class Careless:
    """A connector with two bugs: what cannot be read is dropped without a word, and a name is not compared."""

    connector: Connector

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def parse(self, record: Record) -> Parsed:
        parsed = self.connector.parse(record)
        return replace(parsed, issues=()) if isinstance(parsed, Listing) else parsed

    def fingerprint(self, record: Record) -> bytes:
        fields: Mapping[str, Wire] = {name: value for name, value in plain(record.fields).items() if name != "name"}
        return self.connector.fingerprint(replace(record, fields=fields))


def test_the_kit_notices_a_careless_connector(tmp_path: Path, open_tally: OpenTally) -> None:
    tally = open_tally("feed contract kit, tradekorea", seed=SEED, planted="issues dropped, names not compared")

    with Stage.playing("tradekorea", tmp_path) as stage:
        drill(tally, Careless(stage.open()), stage.records, rounds=15)

    broken = {violation.rpartition(": ")[2] for violation in tally.violations}
    assert "says something else under the same fingerprint" in broken
    assert any("without a word" in each for each in broken)
