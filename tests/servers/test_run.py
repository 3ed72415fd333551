"""Servers are started once a run and never outlive it."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.servers.run import Missing, NotStarted, Process, Run, has_ended, wait_until

ROOT = Path(__file__).parents[2]
FOREVER = ["/bin/sleep", "600"]
OWNER = f"""
import sys, time
from tests.servers.run import Run
run = Run.of_this_process()
run.make()
process = run.start(run.make_folder("forever"), {FOREVER})
print(process.keeper, process.server, run.folder, flush=True)
time.sleep(600)
"""


@pytest.fixture
def run():
    made = Run.of_this_process()
    made.make()
    yield made
    made.end()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_its_owner_and_leaves_no_folder(how):
    owner = subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    keeper, server, folder = owner.stdout.readline().split()

    owner.send_signal(how)
    owner.communicate()

    assert has_ended(int(server), within_s=30)
    assert has_ended(int(keeper), within_s=30)
    assert not Path(folder).exists()


def test_the_end_of_a_run_ends_every_server_and_removes_the_folder(run):
    started = [run.start(run.make_folder("forever"), FOREVER) for _ in range(2)]

    run.end()

    assert not any(each.is_alive() for each in started)
    assert not run.folder.exists()


def test_one_server_ends_alone(run):
    one, other = (run.start(run.make_folder("forever"), FOREVER) for _ in range(2))

    one.end()

    assert not one.is_alive()
    assert other.is_alive()
    assert run.folder.exists()


def test_a_killed_server_takes_its_children_along(run):
    folder = run.make_folder("parent")
    process = run.start(folder, ["/bin/sh", "-c", "sleep 600 & echo $! > child; wait"])
    wait_until(lambda: (folder / "child").exists(), process, log=Path(f"{folder}.log"), timeout_s=30)
    child = int((folder / "child").read_text())

    process.kill()

    assert has_ended(child, within_s=30)


def test_a_server_that_ends_instead_of_answering_is_reported_with_its_log(run):
    folder = run.make_folder("broken")
    process = run.start(folder, ["/bin/sh", "-c", "echo the reason; exit 1"])

    with pytest.raises(NotStarted, match=r"ended:\nthe reason"):
        wait_until(lambda: False, process, log=Path(f"{folder}.log"), timeout_s=30)


def test_a_program_that_is_not_there_is_reported_at_the_start(run):
    with pytest.raises(NotStarted, match="nowhere"):
        run.start(run.make_folder("absent"), ["/nowhere/server"])


def test_all_who_ask_get_the_server_that_was_started_first(run):
    def ask(number):
        return Run(run.folder, run.owner).share("one", lambda: {"number": number})["number"]

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(ask, range(8)))

    assert len(set(got)) == 1


def test_what_is_missing_is_looked_for_once_and_missing_for_all(run):
    asked = []

    def start():
        asked.append(1)
        raise Missing("no such server")

    for _ in range(2):
        with pytest.raises(Missing, match="no such server"):
            run.share("one", start)

    assert asked == [1]
    assert [note.line() for note in run.notes()] == ["NOT TESTED on one: no such server"]


def test_what_ended_before_ends_without_a_word():
    gone = subprocess.Popen(FOREVER)
    gone.kill()
    gone.wait()

    Process(gone.pid, gone.pid).end()


SOURCE = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n, redis_server): pass\n"


@pytest.fixture
def session(pytester, monkeypatch):
    """`session("-n", "2")` runs a session of its own, with four tests that want a Redis and one that does not."""
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = server: one\n")
    pytester.makepyfile(SOURCE + "def test_other(): pass\n")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("HANMARU_TEST_REDIS_URL", raising=False)
    monkeypatch.setenv("CI", "")
    return lambda *options: pytester.runpytest_subprocess("-p", "xdist.plugin", "-p", "no:cacheprovider", *options)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_missing_server_skips_its_tests_with_one_loud_line(workers, session):
    ran = session("-n", workers)

    ran.assert_outcomes(skipped=4, passed=1)
    loud = [each for each in ran.outlines if each.startswith("NOT TESTED")]
    assert len(loud) == 1
    assert loud[0].startswith("NOT TESTED on Redis: no Redis: install the Debian package redis-server")


@pytest.mark.slow
def test_a_missing_server_fails_its_tests_when_ci_is_true(session, monkeypatch):
    monkeypatch.setenv("CI", "true")

    session().assert_outcomes(errors=4, passed=1)


@pytest.mark.slow
def test_tests_that_need_a_server_can_be_left_out(session):
    session("-m", "not server").assert_outcomes(deselected=4, passed=1)
