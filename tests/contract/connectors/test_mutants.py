"""The feed contract kit on every connector: a few mutants of each sort (`make drills` tries thousands)."""

import random

from integrator.ports import Connector
from tests.contract.connectors.conftest import Case
from tests.contract.connectors.mutations import try_mutants


def test_a_spoilt_record_keeps_the_contract(case: Case, connector: Connector) -> None:
    tried = try_mutants(connector, case.records, random.Random(8), rounds=4)

    assert tried.faults == []


def test_nearly_every_mutant_is_noticed(case: Case, connector: Connector) -> None:
    tried = try_mutants(connector, case.records, random.Random(9), rounds=2)

    assert tried.kill_rate >= 0.95, tried.unnoticed
