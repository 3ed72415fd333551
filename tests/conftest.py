"""What holds for every test: options, markers by folder, and no skips under CI."""

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["tests.drills.summary", "tests.servers.plugin", "tests.databases"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--drills",
        choices=("sample", "full"),
        default="sample",
        help="sample: each drill at a stated size, for every run; full: exhaustively",
    )


@pytest.fixture
def is_full_drill(request: pytest.FixtureRequest) -> bool:
    """Whether a drill shall try everything (`make drills`) or its stated sample."""
    return bool(request.config.getoption("--drills") == "full")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if is_ci() and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, though CI=true allows no skip: {describe_skip(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if is_ci() and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"a whole file skipped, though CI=true allows no skip: {describe_skip(report.longrepr)}"
    return report


def is_ci() -> bool:
    return os.environ.get("CI", "").lower() == "true"


def describe_skip(longrepr: object) -> str:
    """The reason that pytest keeps as (file, line, reason)."""
    return str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
