"""What the project as a whole promises about its files, packages, locks and clocks."""

import ast
import importlib.metadata
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("integrator", "connectors", "search", "web")
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


def list_sources(*folders):
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def find_attribute_reads(path):
    """Dotted names as written, e.g. `os.environ`, and names imported from a module as `os.environ` too."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def find_users(names, *folders):
    """Files that use one of `names`, as "file: name"."""
    return [
        f"{path.relative_to(ROOT)}: {read}"
        for path in list_sources(*folders)
        for read in find_attribute_reads(path)
        if any(read == name or read.startswith(f"{name}.") for name in names)
    ]


def test_no_other_distribution_ships_our_top_level_names():
    owners = importlib.metadata.packages_distributions()

    others = {name: set(owners.get(name, [])) - {"hanmaru"} for name in PACKAGES}

    assert others == {name: set() for name in PACKAGES}


def test_our_packages_come_from_this_folder():
    places = {name: Path(next(iter(__import__(name).__path__))) for name in PACKAGES}

    assert places == {name: ROOT / name for name in PACKAGES}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_test_folder_can_replace_a_package(package):
    inits = [path for path in (ROOT / "tests").rglob("__init__.py") if path.parent.name == package]

    assert inits == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_by_hash(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    pinned = re.split(r"\n(?=\S)", text.strip())

    loose = [block.splitlines()[0] for block in pinned if "==" not in block or "--hash=sha256:" not in block]

    assert pinned
    assert loose == []


@pytest.mark.parametrize("name", [*LOCKS, "package-lock.json"])
def test_a_lock_holds_no_address_and_no_path(name):
    text = (ROOT / name).read_text(encoding="utf-8")

    assert re.findall(r"\w+://|--index-url|--extra-index-url|--find-links|\"resolved\"|/home/|/root/", text) == []


def test_front_end_packages_are_locked_by_integrity():
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    loose = [name for name, package in locked.items() if name and "integrity" not in package]

    assert len(locked) > 1
    assert loose == []


def test_every_served_front_end_file_comes_from_a_locked_package():
    served = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["served"]
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]

    foreign = [
        source
        for source in served.values()
        if not any(f"node_modules/{source}".startswith(f"{name}/") for name in locked if name)
    ]

    assert foreign == []


def test_the_development_lock_holds_the_run_time_versions():
    def read_pins(name):
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(encoding="utf-8"), re.M))

    assert read_pins("requirements.lock") <= read_pins("requirements-dev.lock")


def test_only_the_settings_module_reads_the_environment():
    users = find_users(("os.environ", "os.getenv", "os.environb"), *PACKAGES)

    assert {user.partition(":")[0] for user in users} == {"web/config.py"}


def test_wall_clocks_are_read_in_web_alone():
    clocks = (
        "datetime.now",
        "datetime.utcnow",
        "datetime.today",
        "datetime.datetime.now",
        "date.today",
        "time.time",
        "time.time_ns",
    )

    # The mock platforms are servers of their own with a world clock to keep; they are outside this rule.
    users = [
        each
        for each in find_users(clocks, "integrator", "connectors", "search")
        if not each.startswith("connectors/mock/")
    ]

    assert users == []


def test_every_listed_command_is_documented_by_a_line():
    from web.cli import COMMANDS

    assert [name for name, (_, line) in COMMANDS.items() if not line.endswith(".")] == []


SKIPPING = {
    "a test": ("import pytest\n@pytest.mark.skip(reason='no server')\ndef test_it(): pass\n", "no server"),
    "a file": ("import pytest\npytest.importorskip('surely_absent')\n", "surely_absent"),
}


@pytest.mark.parametrize("what", SKIPPING)
def test_a_skip_fails_when_ci_is_true_and_only_then(what, pytester, monkeypatch):
    source, reason = SKIPPING[what]
    pytester.makeconftest((ROOT / "tests/conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_sound="def test_it(): pass\n", test_skipping=source)

    monkeypatch.setenv("CI", "true")
    refused = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    monkeypatch.setenv("CI", "")
    allowed = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    assert refused.ret != 0
    assert (
        f"CI=true allows no skip: Skipped: {'could not import' if what == 'a file' else reason}" in refused.stdout.str()
    )
    assert allowed.ret == 0
