"""The broker: one that is named wins, else one of our own per HANMARU_HOME, and none stays behind."""

import os
import signal
import subprocess
import sys

import pytest
import redis

from web.broker import BrokerUnavailable, answers, find_broker, locate_files, open_broker
from web.config import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings.from_environment({"HANMARU_HOME": str(tmp_path / "home")})


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_embedded_broker_answers_and_ends_with_the_block(settings):
    files = locate_files(settings.home)

    with open_broker(settings) as url:
        assert answers(url)
        server = int(files.pid.read_text().split()[0])

    assert not answers(url)
    assert not is_alive(server)
    assert not files.pid.exists()


def test_the_embedded_broker_comes_again_when_it_is_killed(settings):
    files = locate_files(settings.home)

    with open_broker(settings) as url:
        killed = files.pid.read_text().split()[0]
        os.kill(int(killed), signal.SIGKILL)
        while files.pid.read_text().split()[:1] in ([], [killed]) or not answers(url):
            pass
        assert find_broker(settings) == url

    assert not answers(url)


def test_a_second_user_of_one_home_shares_the_broker_and_does_not_end_it(settings):
    with open_broker(settings) as first:
        with open_broker(settings) as second:
            assert second == first

        assert find_broker(settings) == first
        assert answers(first)


def test_homes_do_not_share_a_broker(settings, tmp_path):
    other = Settings.from_environment({"HANMARU_HOME": str(tmp_path / "other")})

    with open_broker(settings) as url, open_broker(other) as other_url, redis.Redis.from_url(url) as client:
        client.set("bell", "rings")
        with redis.Redis.from_url(other_url) as other_client:
            assert other_client.get("bell") is None


def test_a_broker_whose_starter_was_killed_is_ended_at_the_next_start(settings):
    files = locate_files(settings.home)
    program = (
        "import os, signal\n"
        "from web.broker import open_broker\nfrom web.config import Settings\n"
        "with open_broker(Settings.from_environment()): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program], check=False, env={**os.environ, "HANMARU_HOME": str(settings.home)}
    )
    assert killed.returncode == -signal.SIGKILL
    orphan = int(files.pid.read_text().split()[0])
    assert answers(files.url)
    assert find_broker(settings) is None

    with open_broker(settings) as url:
        assert int(files.pid.read_text().split()[0]) != orphan
        assert answers(url)

    assert not answers(url)


def test_a_stale_pid_file_never_ends_a_stranger(settings):
    files = locate_files(settings.home)
    files.folder.mkdir(parents=True)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    files.pid.write_text(f"{stranger.pid} {gone.pid}\n")
    try:
        with open_broker(settings):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_named_broker_wins_and_nothing_is_started(settings, tmp_path):
    with open_broker(settings) as url:
        named = Settings.from_environment({"HANMARU_HOME": str(tmp_path / "named"), "HANMARU_REDIS_URL": url})

        with open_broker(named) as chosen:
            assert chosen == url

    assert not (tmp_path / "named").exists()


def test_a_silent_named_broker_is_refused_with_what_to_do(tmp_path):
    environ = {"HANMARU_HOME": str(tmp_path), "HANMARU_REDIS_URL": f"unix://{tmp_path}/nothing.sock"}

    with pytest.raises(BrokerUnavailable, match="HANMARU_REDIS_URL does not answer: start it, or unset it"):
        find_broker(Settings.from_environment(environ))


def test_a_long_or_odd_home_still_gets_a_socket(tmp_path):
    home = tmp_path / ("long " * 20) / "100% odd?"
    settings = Settings.from_environment({"HANMARU_HOME": str(home)})

    with open_broker(settings) as url:
        assert answers(url)
