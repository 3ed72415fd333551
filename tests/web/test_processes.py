"""Processes that run together: none outlives the one that started them."""

import os
import signal
import subprocess
import sys

import pytest

from web import processes
from web.processes import Stopped, Together

FOREVER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(600)",
]


@pytest.fixture(autouse=True)
def short_grace(monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 0.2)
    monkeypatch.setattr(processes, "LAST_S", 0.2)


def start(together, name, words, **options):
    return together.start(name, words, environ=os.environ, **options)


def test_leaving_the_block_ends_every_child():
    with Together() as together:
        children = [start(together, name, FOREVER) for name in ("one", "two")]

    assert [child.returncode for child in children] == [-signal.SIGTERM] * 2


def test_an_error_in_the_block_ends_every_child_too():
    children = []

    def fail_in_the_block():
        with Together() as together:
            children.append(start(together, "one", FOREVER))
            raise LookupError

    with pytest.raises(LookupError):
        fail_in_the_block()

    assert children[0].returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed():
    with Together() as together:
        child = start(together, "stubborn", STUBBORN, stdout=subprocess.PIPE)
        assert child.stdout.readline() == "ready\n"
    child.stdout.close()

    assert child.returncode == -signal.SIGKILL


def test_a_child_that_ends_by_itself_is_named():
    with Together() as together:
        start(together, "stays", FOREVER)
        start(together, "ends", [sys.executable, "-c", "raise SystemExit(7)"])

        assert together.wait() == ("ends", 7)


def test_a_finished_step_is_not_taken_for_a_service_that_ended():
    with Together() as together:
        start(together, "step", [sys.executable, "-c", ""])
        assert together.finish("step") == 0
        start(together, "ends", [sys.executable, "-c", "raise SystemExit(7)"])

        assert together.wait() == ("ends", 7)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_stop_ends_the_wait_and_the_children(told):
    before = signal.getsignal(told)
    with Together() as together:
        child = start(together, "one", FOREVER)
        os.kill(os.getpid(), told)

        assert together.wait() is None
        with pytest.raises(Stopped):
            together.finish("one")
        with pytest.raises(Stopped):
            start(together, "late", FOREVER)

    assert child.returncode == -signal.SIGTERM
    assert signal.getsignal(told) == before
