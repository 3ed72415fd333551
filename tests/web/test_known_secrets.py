"""A server that others can reach starts with secrets of its own only."""

import pytest

from connectors import CONNECTORS
from integrator.errors import InvalidSetting
from web.config import Settings
from web.known_secrets import refuse_known_secrets

OWN = {
    "HANMARU_HOST": "0.0.0.0",  # noqa: S104 - what a server of a container has
    "HANMARU_SECRET_KEY": "Vn3qk0-8xZr1_LwTc5",
    "HANMARU_DATABASE_URL": "postgresql://hanmaru:h4Kx91vq@database.example/hanmaru",
    "HANMARU_REDIS_URL": "redis://:t7Rw2pLd@broker.example:6379/0",
    "HANMARU_SEARCH_URL": "https://hanmaru:q9Zc5mBe@search.example",
    "HANMARU_BUYKOREA_URL": "https://feeds.buykorea.example/buykorea",
    "HANMARU_BUYKOREA_KEY": "own-key-91",
}
TEST_KEY = CONNECTORS[0].credentials[0].test_value
KNOWN = [
    ("HANMARU_SECRET_KEY", "aaaaaaaaaaaaaaaaaaaa"),
    ("HANMARU_SECRET_KEY", "my-Secret-key-of-2026"),
    ("HANMARU_DATABASE_URL", "postgresql://hanmaru:hanmaru@database.example/hanmaru"),
    ("HANMARU_REDIS_URL", "redis://:redis@broker.example:6379/0"),
    ("HANMARU_SEARCH_URL", "https://elastic:Change%6De@search.example"),
    ("HANMARU_BUYKOREA_KEY", TEST_KEY),
]


def refuse(environ):
    refuse_known_secrets(Settings.from_environment(environ))


def test_secrets_of_ones_own_are_taken():
    refuse(OWN)


@pytest.mark.parametrize(("name", "value"), KNOWN)
def test_a_secret_that_everybody_knows_is_refused_in_one_line_without_it(name, value):
    with pytest.raises(InvalidSetting) as refused:
        refuse({**OWN, name: value})

    assert str(refused.value).startswith(f"{name} holds a secret that everybody knows: set one of your own")
    assert "\n" not in str(refused.value)
    assert value not in str(refused.value)


@pytest.mark.parametrize(("name", "value"), KNOWN)
@pytest.mark.parametrize("allowed", [{"HANMARU_HOST": "127.0.0.1"}, {"HANMARU_DEMO": "yes"}])
def test_on_loopback_and_in_a_demo_it_is_taken(name, value, allowed):
    refuse({**OWN, name: value, **allowed})


def test_test_credentials_are_taken_for_a_platform_on_this_machine():
    here = {"HANMARU_BUYKOREA_URL": "http://127.0.0.1:8010/buykorea", "HANMARU_BUYKOREA_KEY": TEST_KEY}

    refuse({**OWN, **here})
