"""Fresh and seeded installations."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.installation import Home, World, addresses, serving


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A fresh installation with its database."""
    fresh = Home(tmp_path / "home")
    ended = fresh.run("migrate")
    assert ended.code == 0, ended.err
    return fresh


@pytest.fixture(scope="session")
def seeded_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[World], Home]:
    """A home that has synced a world once; made once a world and session, copied by the tests that change it."""
    made: dict[World, Home] = {}

    def make(world: World) -> Home:
        if world not in made:
            fresh = Home(tmp_path_factory.mktemp("seeded") / "home")
            assert fresh.run("migrate").code == 0
            with serving(world) as url:
                rows = fresh.sync(addresses(url))
            assert {row["state"] for row in rows.values()} == {"succeeded"}, rows
            made[world] = fresh
        return made[world]

    return make
