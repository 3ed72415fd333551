"""Which parts a process gets, and who is refused them."""

import shutil
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from integrator.errors import InvalidSetting
from integrator.store.database import Database
from integrator.store.leases import TERM_S, name_holder, take_lease
from tests.fakes.clock import FakeClock
from web.config import Settings
from web.wiring import Wiring

ELSEWHERE = "host-two:17:abcd"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wiring(tmp_path: Path, sqlite_template: Path, clock: FakeClock):
    shutil.copyfile(sqlite_template, tmp_path / "hanmaru.db")
    made = Wiring(Settings.from_environment({"HANMARU_HOME": str(tmp_path)}), clock=clock)
    yield made
    made.close()


def hold(database: Database, holder: str, clock: FakeClock) -> None:
    with database.write() as connection:
        assert take_lease(connection, "buykorea", "census", holder=holder, now=clock.now().timestamp())
    database.close()


def test_a_file_that_another_host_works_on_is_refused_in_one_line(wiring, clock) -> None:
    hold(wiring.unchecked_database(), ELSEWHERE, clock)

    with pytest.raises(InvalidSetting, match=r"^host-two works on this database now.*HANMARU_DATABASE_URL") as refused:
        _ = wiring.database

    assert "\n" not in str(refused.value)


def test_another_host_that_is_silent_for_a_lease_s_term_is_gone(wiring, clock) -> None:
    hold(wiring.unchecked_database(), ELSEWHERE, clock)
    clock.advance(TERM_S + 1)

    assert wiring.database.is_file


def test_other_processes_of_this_host_share_a_file(wiring, clock) -> None:
    hold(wiring.unchecked_database(), name_holder(), clock)

    assert wiring.database.is_file


@pytest.fixture
def open_on_server(tmp_path, postgresql_databases, clock):
    """A wiring on a PostgreSQL that another host works on too."""
    with postgresql_databases.lend() as lent, ExitStack() as opened:

        def open_with(**settings: str) -> Wiring:
            url = lent.engine.url.render_as_string(hide_password=False)
            environ = {"HANMARU_HOME": str(tmp_path), "HANMARU_DATABASE_URL": url, **settings}
            return opened.enter_context(closing(Wiring(Settings.from_environment(environ), clock=clock)))

        hold(lent, ELSEWHERE, clock)
        yield open_with


@pytest.mark.server
def test_an_index_in_one_host_s_folder_is_not_for_several(open_on_server) -> None:
    with pytest.raises(InvalidSetting, match="HANMARU_SEARCH_URL"):
        _ = open_on_server().database


@pytest.mark.server
def test_with_both_servers_there_may_be_several_hosts(open_on_server) -> None:
    assert not open_on_server(HANMARU_SEARCH_URL="http://search.example").database.is_file
