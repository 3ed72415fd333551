"""Every test here is a drill; each prints a line of what it tried, all lines together at the end of the session.

A full run (`make drills`) also writes them to `.data/drills.txt`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drills import report
from tests.drills.tally import OpenTally, Tally

HERE = Path(__file__).parent
LINES = pytest.StashKey[list[str]]()
_SENT = "drill lines"


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
    _lines(request.config).extend(each.line() for each in opened)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its lines to the session that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = _lines(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes them there."""
    _lines(node.config).extend(getattr(node, "workeroutput", {}).get(_SENT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = sorted(_lines(config))
    if not lines:
        return
    terminalreporter.section("drills")
    for line in lines:
        terminalreporter.write_line(line)
    if config.getoption("--drills") == "full":
        report.LINES.parent.mkdir(exist_ok=True)
        report.LINES.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _lines(config: pytest.Config) -> list[str]:
    return config.stash.setdefault(LINES, [])
