"""Commands in a fresh installation, on small platforms in memory, with the real database and index."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integrator.record import Confirmation
from tests.fakes.connector import FakeConnector, row
from web.cli import main
from web.wiring import PLATFORMS, Wiring

Run = Callable[..., Result]


@pytest.fixture
def feeds(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeConnector]:
    """Three platforms of 15 listings each; forked children have them too."""
    made = {
        name: FakeConnector(
            platform=name,
            listings=[row(f"{name[0]}{number:02}", name=f"Pump {name} {number}") for number in range(15)],
            accounts=[{"id": "A1", "name": f"Firm of {name}"}],
            confirmation=Confirmation.WHOLE_READ,
        )
        for name in PLATFORMS
    }
    monkeypatch.setattr(Wiring, "connector", lambda self, platform: made[platform])
    return made


@pytest.fixture
def run(tmp_path: Path, feeds: dict[str, FakeConnector], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("sync", "buykorea")` in a fresh installation."""
    for name in [name for name in os.environ if name.startswith("HANMARU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path / "home"))

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    migrated = call("migrate")
    assert migrated.exit_code == 0, migrated.output
    return call
