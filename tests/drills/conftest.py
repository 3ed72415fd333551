"""Every test here is a drill; each has a line of what it tried (`summary.py` prints them)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drills.summary import lines_of
from tests.drills.tally import OpenTally, Tally

HERE = Path(__file__).parent


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
    lines_of(request.config).extend(each.line() for each in opened)
