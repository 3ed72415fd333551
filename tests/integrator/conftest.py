"""An empty database and a clock that only moves when told."""

from pathlib import Path

import pytest

from integrator.store.database import Database
from tests.fakes.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path}/hanmaru.db")
    made.migrate()
    return made


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
