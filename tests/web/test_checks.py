"""What `hanmaru doctor` looks at."""

import pytest

from web.commands.checks import check_all
from web.config import Settings


@pytest.fixture
def check(monkeypatch, tmp_path):
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path))
    for name in ("BUYKOREA", "GOBIZKOREA", "TRADEKOREA"):
        monkeypatch.setenv(f"HANMARU_{name}_URL", "http://127.0.0.1:1/nobody")
    return lambda: {each.name: each for each in check_all(Settings.from_environment())}


def test_misspelt_names_of_settings_are_listed(check, monkeypatch):
    monkeypatch.setenv("HANMARU_PROT", "8001")
    monkeypatch.setenv("HANMARU_HOST_FILE", "host")

    found = check()["settings"]

    assert not found.ok
    assert found.text.endswith(": HANMARU_HOST_FILE, HANMARU_PROT")


def test_settings_that_are_all_known_are_well(check):
    assert check()["settings"].ok
