"""Every test here is a drill; each prints a line of what it tried, whatever the verbosity."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.tally import OpenTally, Tally

HERE = Path(__file__).parent
LINES = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for each in items:
        if HERE in each.path.parents:
            each.add_marker(pytest.mark.drill)


@pytest.fixture
def open_tally(request: pytest.FixtureRequest) -> Iterator[OpenTally]:
    """Begins a tally, whose line is printed at the end of the session."""
    opened: list[Tally] = []

    def begin(name: str, *, seed: int, planted: str = "") -> Tally:
        opened.append(Tally(name, seed, planted))
        return opened[-1]

    yield begin
    lines = [each.line() for each in opened]
    if hasattr(request.config, "workerinput"):
        _print_from_worker(request.config, lines)
    else:
        request.config.stash.setdefault(LINES, []).extend(lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(LINES, []):
        terminalreporter.write_line(line)


def _print_from_worker(config: pytest.Config, lines: list[str]) -> None:
    """A worker of pytest-xdist has no summary of its own; its error stream is the terminal's."""
    capture = config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        sys.stderr.write("".join(f"\n{line}" for line in lines) + "\n")
        sys.stderr.flush()
