"""Settings: what the environment may say, what it means, and that docs/settings.md says the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors import CONNECTORS
from integrator.errors import InvalidSetting
from search.elastic_address import Server
from web.config import SETTINGS, Settings, find_unknown_names, for_child, platform_setting

ROOT = Path(__file__).parents[2]
LATER = {"HANMARU_MAIL_URL"}
REMOTE = {
    "HANMARU_BUYKOREA_URL": "https://feeds.buykorea.example/buykorea",
    "HANMARU_BUYKOREA_KEY": "a%2Bb%3D%3D",
}


def read_documented_rows():
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    pattern = r"^\| `(HANMARU_\w+)` \| (.+?) \| (.+?) \| (yes|) ?\|$"
    return {name: (default, meaning, mark == "yes") for name, default, meaning, mark in re.findall(pattern, text, re.M)}


def test_docs_show_every_setting_with_its_default_and_meaning_and_no_other():
    documented = read_documented_rows()

    assert documented == {row.name: (row.default, row.meaning, row.secret) for row in SETTINGS}


def test_documented_defaults_are_the_ones_in_force(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    defaults = {name: default for name, (default, _, _) in read_documented_rows().items()}

    settings = Settings.from_environment({})

    assert settings.home == tmp_path / defaults["HANMARU_HOME"]
    assert settings.host == defaults["HANMARU_HOST"]
    assert str(settings.port) == defaults["HANMARU_PORT"]
    assert settings.database_url == f"sqlite:///{settings.home}/hanmaru.db"
    for platform in CONNECTORS:
        assert settings.feeds[platform.name].url == defaults[platform_setting(platform.name, "url")]
    assert (settings.redis_url, settings.search, settings.public_url) == (None, None, None)
    assert (settings.secret_key, settings.rates) == (None, None)


def test_each_documented_setting_is_read(tmp_path):
    rates = tmp_path / "rates.csv"
    rates.write_text("x")
    given = {
        "HANMARU_HOME": str(tmp_path),
        "HANMARU_DATABASE_URL": "sqlite:////srv/own.db",
        "HANMARU_REDIS_URL": "redis://queue.example:6379/0",
        "HANMARU_SEARCH_URL": "https://one.example,two.example:9201",
        "HANMARU_SEARCH_API_KEY": "own-key",
        "HANMARU_SEARCH_CA": str(rates),
        "HANMARU_SEARCH_SHARDS": "3",
        "HANMARU_SEARCH_REPLICAS": "1",
        "HANMARU_SEARCH_PREFIX": "own",
        "HANMARU_BUYKOREA_URL": "https://bk.example/buykorea/",
        "HANMARU_BUYKOREA_KEY": "bk-key",
        "HANMARU_BUYKOREA_CALLS": "1000",
        "HANMARU_GOBIZKOREA_URL": "https://gb.example/gobizkorea",
        "HANMARU_GOBIZKOREA_ID": "gb-id",
        "HANMARU_GOBIZKOREA_SECRET": "gb-secret",
        "HANMARU_GOBIZKOREA_CALLS": "20",
        "HANMARU_TRADEKOREA_URL": "https://tk.example/tradekorea",
        "HANMARU_TRADEKOREA_CLIENT_ID": "tk-id",
        "HANMARU_TRADEKOREA_CLIENT_SECRET": "tk-secret",
        "HANMARU_HOST": "127.0.0.2",
        "HANMARU_PORT": "9000",
        "HANMARU_PUBLIC_URL": "https://catalogue.example",
        "HANMARU_SECRET_KEY": "sixteen or more characters",
        "HANMARU_DEMO": "yes",
        "HANMARU_RATES": str(rates),
    }
    assert set(given) == {row.name for row in SETTINGS} - LATER

    settings = Settings.from_environment(given)

    assert settings == Settings(
        home=tmp_path,
        database_url="sqlite:////srv/own.db",
        redis_url="redis://queue.example:6379/0",
        search=Server(
            ("https://one.example:9200", "https://two.example:9201"),
            api_key="own-key",
            ca=rates,
            shards=3,
            replicas=1,
            prefix="own",
        ),
        feeds=settings.feeds,
        host="127.0.0.2",
        port=9000,
        public_url="https://catalogue.example",
        secret_key="sixteen or more characters",
        rates=rates,
        is_demo=True,
    )
    assert settings.feeds["buykorea"].url == "https://bk.example/buykorea"
    assert [feed.calls for feed in settings.feeds.values()] == [1000, 20, None]
    assert {name: dict(feed.credentials) for name, feed in settings.feeds.items()} == {
        "buykorea": {"key": "bk-key"},
        "gobizkorea": {"id": "gb-id", "secret": "gb-secret"},
        "tradekorea": {"client_id": "tk-id", "client_secret": "tk-secret"},
    }


@pytest.mark.parametrize("calls", ["0", "-1", "many", "1.5", "²", "9" * 40])
def test_calls_are_a_whole_number_from_one_on(calls):
    with pytest.raises(InvalidSetting, match="HANMARU_BUYKOREA_CALLS must be a whole number from 1 on"):
        Settings.from_environment({"HANMARU_BUYKOREA_CALLS": calls})


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1.2.3"])
def test_a_platform_on_loopback_gets_the_guides_test_credentials(host):
    settings = Settings.from_environment({"HANMARU_TRADEKOREA_URL": f"http://{host}:5000/tradekorea"})

    assert dict(settings.feeds["tradekorea"].credentials) == {
        "client_id": "tkc-test-member",
        "client_secret": "mS3-9fQ2xV7bL1kT",
    }


@pytest.mark.parametrize("platform", CONNECTORS, ids=lambda platform: platform.name)
def test_a_platform_elsewhere_needs_its_own_credentials(platform):
    environ = {platform_setting(platform.name, "url"): "https://127.0.0.1.example/feed"}
    missing = platform_setting(platform.name, platform.credentials[0].name)

    with pytest.raises(InvalidSetting, match=f"{missing} is missing"):
        Settings.from_environment(environ)


def test_in_a_demo_platforms_elsewhere_get_the_guides_test_credentials():
    settings = Settings.from_environment({"HANMARU_DEMO": "yes", "HANMARU_TRADEKOREA_URL": "http://mock.example/t"})

    assert settings.feeds["tradekorea"].credentials["client_id"] == "tkc-test-member"


def test_whether_it_is_a_demo_is_said_by_yes_or_no():
    with pytest.raises(InvalidSetting, match="HANMARU_DEMO must be yes or no"):
        Settings.from_environment({"HANMARU_DEMO": "maybe"})


# In a process of its own: here the connectors may be there already.
LISTED = """
import sys
from web.config import Settings

Settings.from_environment({})
print(*(name for name in sys.modules if name.startswith(("connectors.", "lxml", "marshmallow", "requests"))))
"""


ADDED = """
import connectors
from connectors import Credential, Platform

added = Platform("example", "Example", "connectors.example.feed:Example", (Credential("key", "its key", "open"),))
connectors.CONNECTORS = (*connectors.CONNECTORS, added)

from web.config import SETTINGS, Settings

print(*(row.name for row in SETTINGS if "EXAMPLE" in row.name))
print(Settings.from_environment({}).feeds["example"].credentials)
"""


def test_a_platform_added_to_the_list_has_its_settings():
    done = subprocess.run([sys.executable, "-c", ADDED], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["HANMARU_EXAMPLE_URL HANMARU_EXAMPLE_KEY", "{'key': 'open'}"]


def test_settings_are_read_without_importing_a_connector():
    done = subprocess.run([sys.executable, "-c", LISTED], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


def test_a_secret_may_stand_in_a_file(tmp_path):
    path = tmp_path / "key"
    path.write_text("from-a-file==\n")
    environ = {"HANMARU_BUYKOREA_URL": "https://bk.example/buykorea", "HANMARU_BUYKOREA_KEY_FILE": str(path)}

    assert Settings.from_environment(environ).feeds["buykorea"].credentials["key"] == "from-a-file=="


def test_no_secret_shows_in_the_settings_repr():
    environ = {
        **REMOTE,
        "HANMARU_SECRET_KEY": "a-secret-of-cookies",
        "HANMARU_DATABASE_URL": "sqlite:////srv/db-secret",
        "HANMARU_REDIS_URL": "redis://:redis-secret@q.example",
        "HANMARU_SEARCH_URL": "https://u:search-secret@s.example",
    }

    shown = repr(Settings.from_environment(environ))

    assert not [value for value in ("a%2Bb", "secret-of", "db-secret", "redis-s", "search-s", "hM9v") if value in shown]


@pytest.mark.parametrize(
    ("environ", "text"),
    [
        ({"HANMARU_PORT": "http"}, "HANMARU_PORT must be a whole number"),
        ({"HANMARU_PORT": "65536"}, "HANMARU_PORT must be a whole number"),
        ({"HANMARU_PORT": "-1"}, "HANMARU_PORT must be a whole number"),
        ({"HANMARU_DATABASE_URL": "mysql://db.example/h"}, "HANMARU_DATABASE_URL must be an address"),
        ({"HANMARU_REDIS_URL": "queue.example:6379"}, "HANMARU_REDIS_URL must be an address"),
        ({"HANMARU_PUBLIC_URL": "https://[::1"}, "HANMARU_PUBLIC_URL is not a readable address"),
        ({"HANMARU_SEARCH_URL": "ftp://one.example"}, "begins with http:// or https://"),
        ({"HANMARU_SEARCH_URL": "http://one.example/x"}, "HANMARU_SEARCH_URL must read"),
        ({"HANMARU_SEARCH_URL": "http://u:p@one.example", "HANMARU_SEARCH_API_KEY": "k"}, "keep one"),
        ({"HANMARU_SEARCH_CA": "/nowhere/ca.pem"}, "HANMARU_SEARCH_CA names no file"),
        ({"HANMARU_SEARCH_SHARDS": "0"}, "HANMARU_SEARCH_SHARDS must be a whole number from 1 on"),
        ({"HANMARU_SEARCH_REPLICAS": "x"}, "HANMARU_SEARCH_REPLICAS must be a whole number from 0 on"),
        ({"HANMARU_SEARCH_PREFIX": "Own*"}, "HANMARU_SEARCH_PREFIX must be"),
        ({"HANMARU_RATES": "/nowhere/rates.csv"}, "HANMARU_RATES names no file"),
        ({"HANMARU_SECRET_KEY": "short"}, "HANMARU_SECRET_KEY is too short"),
        ({"HANMARU_HOST": "0.0.0.0"}, "HANMARU_SECRET_KEY is missing"),  # noqa: S104 - refused is the point
        ({"HANMARU_BUYKOREA_KEY_FILE": "/nowhere/key"}, "HANMARU_BUYKOREA_KEY_FILE cannot be read"),
        ({"HANMARU_BUYKOREA_KEY": "a", "HANMARU_BUYKOREA_KEY_FILE": "b"}, "keep one"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line_that_names_it(environ, text):
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_environment(environ)

    assert text in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", sorted(LATER))
def test_docs_say_what_comes_with_a_later_version(name):
    _, meaning, _ = read_documented_rows()[name]

    assert re.search(r"later version|no effect in this version", meaning)


def test_settings_that_are_without_effect_change_nothing():
    environ = {"HANMARU_MAIL_URL": "smtp://u:p@mail.example"}

    assert Settings.from_environment(environ) == Settings.from_environment({})
    assert find_unknown_names(environ) == []


def test_an_empty_setting_counts_as_not_set():
    environ = {row.name: "" for row in SETTINGS}

    assert repr(Settings.from_environment(environ)) == repr(Settings.from_environment({}))


def test_names_that_are_no_settings_are_found():
    environ = {
        "HANMARU_PROT": "1",
        "HANMARU_PORT": "1",
        "HANMARU_HOST_FILE": "x",
        "HANMARU_SECRET_KEY_FILE": "x",
        "HOME": "/",
    }

    assert find_unknown_names(environ) == ["HANMARU_HOST_FILE", "HANMARU_PROT"]


def test_a_child_process_writes_to_the_same_folder(tmp_path):
    settings = Settings.from_environment({"HANMARU_HOME": str(tmp_path / "x")})

    base = {"PATH": "p", "HANMARU_REDIS_URL_FILE": "/x", "HANMARU_HOST": "::1"}
    environ = for_child(settings, {"HANMARU_REDIS_URL": "redis://q.example"}, environ=base)

    assert environ == {
        "PATH": "p",
        "HANMARU_HOME": str(tmp_path / "x"),
        "HANMARU_HOST": "::1",
        "HANMARU_REDIS_URL": "redis://q.example",
    }
