"""The lines of all drills of a session, together at its end; a full run also writes them to `.data/drills.txt`.

A plugin of its own: where workers run the tests, the session that prints the summary never loads a drill.
"""

from typing import Any

import pytest

from tests.drills import report

_LINES = pytest.StashKey[list[str]]()
_SENT = "drill lines"


def lines_of(config: pytest.Config) -> list[str]:
    """What the drills of this process said so far."""
    return config.stash.setdefault(_LINES, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its lines to the session that started it."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_SENT] = lines_of(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes them there."""
    lines_of(node.config).extend(getattr(node, "workeroutput", {}).get(_SENT, ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = sorted(lines_of(config))
    if not lines:
        return
    terminalreporter.section("drills")
    for line in lines:
        terminalreporter.write_line(line)
    if config.getoption("--drills") == "full":
        report.LINES.parent.mkdir(exist_ok=True)
        report.LINES.write_text("".join(f"{line}\n" for line in lines), "utf-8")
