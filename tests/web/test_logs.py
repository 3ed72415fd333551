"""What services write about themselves."""

import subprocess
import sys

# In a process of its own: configuring logging is for a whole process and for good.
FAILING = """
import structlog
from web.logs import configure_logging

def sign(record):
    password = "hush-" + "hush"
    raise ValueError("the record cannot be signed")

def read():
    record = {"phone": "02-0000-" + "0000"}
    try:
        sign(record)
    except ValueError as error:
        raise RuntimeError("nothing was read") from error

configure_logging()
try:
    read()
except RuntimeError:
    structlog.get_logger().exception("sync ends", platform="buykorea", nothing=None)
"""


def log_a_failure():
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True, check=True)
    return done.stdout


def test_an_exception_is_logged_without_local_variables():
    written = log_a_failure()

    assert "hush-hush" not in written
    assert "02-0000-0000" not in written
    assert "locals" not in written


def test_an_exception_is_logged_with_its_frames_and_its_cause_in_one_line():
    written = log_a_failure()

    assert written.count("\n") == 1
    assert "level=error" in written
    assert "in sign" in written
    assert "ValueError: the record cannot be signed" in written
    assert "RuntimeError: nothing was read" in written
    assert "platform=buykorea" in written


# As a server of another make would start the application: nothing has been configured before.
STARTED = """
import structlog
from web.app import create_app
from web.config import Settings

create_app(Settings.from_environment({}))
structlog.get_logger().info("request fails", route="/search")
"""
OWN = """
import structlog
structlog.configure(processors=[structlog.processors.KeyValueRenderer()])
"""


def test_the_application_configures_logging_where_nothing_has():
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)

    assert 'level=info event="request fails" route=/search' in done.stdout


def test_the_application_leaves_logging_that_is_configured_alone():
    done = subprocess.run([sys.executable, "-c", OWN + STARTED], capture_output=True, text=True, check=True)

    assert done.stdout == "route='/search' event='request fails'\n"
