"""Dockerfile: what it copies and starts is there, and what it installs needs neither compiler nor libraries."""

import importlib.metadata
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
LINES = [line.split(maxsplit=1) for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
OURS = ("integrator", "connectors", "search", "web")


def read_ignored():
    """Lines of .dockerignore that let something in again."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def test_the_last_stage_begins_anew_and_runs_as_nobody_in_particular():
    stages = [index for index, (word, _) in enumerate(LINES) if word == "FROM"]
    last = LINES[stages[-1] :]
    user = next(rest for word, rest in last if word == "USER")

    assert len(stages) == 2
    assert [rest for word, rest in last if word == "COPY"] == ["--from=build /opt/hanmaru /opt/hanmaru"]
    assert f"--uid 10001 --gid {user} " in next(rest for word, rest in last if "useradd" in rest)
    assert not any(re.search(r"apt-get|\bpip\b|\bgcc\b", rest) for word, rest in last if word == "RUN")


def test_everything_the_build_needs_is_let_into_it():
    named = set(re.findall(r"(?<![\w/.-])([\w-]+\.(?:py|lock))\b", TEXT))
    needed = named | {*OURS, "pyproject.toml", "package.json", "package-lock.json", "LICENSE", ".gitignore"}
    let_in = {each for each in read_ignored() if "*" not in each} | {path.name for path in ROOT.glob("*.lock")}

    assert needed - let_in == set()
    assert [each for each in read_ignored() if not list(ROOT.glob(each))] == []


def test_what_runs_is_the_lock_without_what_only_builds():
    pinned = set(re.findall(r"(?m)^([\w.-]+)==", LOCK))
    removed = re.search(r"pip uninstall [^\n]*/opt/hanmaru ([a-z -]+)", TEXT)

    assert removed
    building = set(removed[1].split())
    assert building <= pinned
    assert not {require.lower() for require in find_needed("hanmaru")} & building


def find_needed(name, found=None):
    """The packages that one needs at run time, with those that they need."""
    found = set() if found is None else found
    try:
        requires = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return found
    for each in requires:
        required = re.split(r"[^\w.-]", each)[0].lower().replace("_", "-")
        if "extra ==" not in each and required not in found:
            found.add(required)
            find_needed(required, found)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="the image's kind of machine")
def test_every_package_comes_as_a_wheel_that_needs_nothing_of_the_machine():
    """Such a wheel is of Python alone, or promises (manylinux) to bring all but the C library with it."""
    built = {}
    for name in re.findall(r"(?m)^([\w.-]+)==", LOCK):
        try:
            wheel = importlib.metadata.distribution(name).read_text("WHEEL") or ""
        except importlib.metadata.PackageNotFoundError:
            continue  # for another Python or another kind of machine
        built[name] = re.findall(r"(?m)^Tag: (\S+)", wheel)

    assert len(built) > 20
    assert [name for name, tags in built.items() if not any("none-any" in t or "manylinux" in t for t in tags)] == []


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_ours_with_what_is_made_for_it(tmp_path):
    tool = Path(sys.executable).with_name("hatchling")
    subprocess.run([tool, "build", "--target", "wheel", "--directory", tmp_path], cwd=ROOT, check=True, timeout=120)

    (wheel,) = tmp_path.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())

    sources = [path for name in OURS for path in (ROOT / name).rglob("*") if path.is_file()]
    wanted = {os.fspath(path.relative_to(ROOT)) for path in sources if "__pycache__" not in path.parts}
    assert wanted - packed == set()
    assert any(name.startswith("web/static/vendor/") for name in packed)
    assert any(name.endswith("ko/LC_MESSAGES/messages.mo") for name in packed)
    assert "console_scripts" in zipfile.ZipFile(wheel).read(find_entry_points(packed)).decode()


def find_entry_points(packed):
    return next(name for name in packed if name.endswith(".dist-info/entry_points.txt"))
