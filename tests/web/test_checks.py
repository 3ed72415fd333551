"""What `hanmaru doctor` looks at."""

import pytest

from integrator.errors import InvalidQuery
from integrator.record import Lane
from integrator.sync.lanes import Due
from web.commands.checks import Check, check_all
from web.config import Settings
from web.jobs import connect, make_queue, ring


@pytest.fixture
def check(monkeypatch, tmp_path):
    monkeypatch.setenv("HANMARU_HOME", str(tmp_path))
    for name in ("BUYKOREA", "GOBIZKOREA", "TRADEKOREA"):
        monkeypatch.setenv(f"HANMARU_{name}_URL", "http://127.0.0.1:1/nobody")
    return lambda *wanted: {each.name: each for each in check_all(Settings.from_environment(), wanted=wanted)}


def test_misspelt_names_of_settings_are_listed(check, monkeypatch):
    monkeypatch.setenv("HANMARU_PROT", "8001")
    monkeypatch.setenv("HANMARU_HOST_FILE", "host")

    found = check()["settings"]

    assert not found.ok
    assert found.text.endswith(": HANMARU_HOST_FILE, HANMARU_PROT")


def test_settings_that_are_all_known_are_well(check):
    assert check()["settings"].ok


def test_only_what_is_named_is_looked_at(check):
    assert list(check("broker", "settings")) == ["settings", "broker"]


def test_a_part_that_is_none_is_refused_with_the_names_of_all(check):
    with pytest.raises(InvalidQuery, match="brocker is no part to look at: choose among settings, disk, database"):
        check("brocker")


def test_a_public_address_where_nobody_answers_is_told(check, monkeypatch):
    monkeypatch.setenv("HANMARU_PUBLIC_URL", "http://127.0.0.1:1")

    found = check("address")["address"]

    assert not found.ok
    assert "are proxy and `hanmaru serve` up?" in found.text


def test_jobs_without_a_worker_are_told(check, monkeypatch, redis_url):
    monkeypatch.setenv("HANMARU_REDIS_URL", redis_url)
    assert check("broker")["broker"].ok
    with connect(redis_url) as connection:
        ring(make_queue(connection), Due("buykorea", Lane.CHANGES))

    found = check("broker")["broker"]

    assert found == Check("broker", False, "answers, 1 job waiting, 0 workers: start `hanmaru worker`")


def test_the_server_of_the_database_is_told(check, database, monkeypatch):
    monkeypatch.setenv("HANMARU_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))

    found = check("database")["database"]

    assert found.ok, found
    assert ("SQLite 3." if database.is_file else "PostgreSQL ") in found.text
