"""Documents are true: what exists is documented, what is documented exists, and every link leads somewhere."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("integrator", "connectors", "search", "web")
DOCS = ROOT / "docs"
COMMANDS_TEXT = (DOCS / "commands.md").read_text(encoding="utf-8")

# Folders that set-up, tools or the product itself make, and wire samples with documents of their own.
FOREIGN = {"node_modules", "golden", "vendor", "out"}

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)


def find_documents() -> list[Path]:
    """Every Markdown file of ours."""
    found = [
        path
        for path in ROOT.rglob("*.md")
        if not any(part in FOREIGN or part.startswith(".") for part in path.relative_to(ROOT).parts)
    ]
    assert ROOT / "README.md" in found
    return sorted(found)


def find_links(path: Path) -> list[str]:
    """Links to files and headings of ours, as written."""
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    return [target for target in _LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def make_anchor(heading: str) -> str:
    """The name that a heading gets on code hosting pages."""
    bare = re.sub(r"[`*]", "", heading.strip()).lower()
    return re.sub(r"[^\w\- ]", "", bare).replace(" ", "-")


def list_anchors(path: Path) -> set[str]:
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    return {make_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.M)}


def follow(path: Path, target: str) -> tuple[Path, str]:
    """The file a link leads to, and its heading; a folder stands for its README."""
    name, _, anchor = target.partition("#")
    place = (path.parent / name).resolve() if name else path
    return (place / "README.md" if place.is_dir() else place), anchor


def write_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def walk_commands(group: click.Group, context: click.Context, *above: str) -> Iterator[tuple[str, click.Command]]:
    """Every command by its words, groups' own included."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        words = (*above, name)
        yield " ".join(words), command
        if isinstance(command, click.Group):
            yield from walk_commands(command, context, *words)


def list_commands() -> dict[str, click.Command]:
    from web.cli import main

    return dict(walk_commands(main, click.Context(main)))


def read_section(command: str) -> str:
    """The part of docs/commands.md whose heading names the command's first word."""
    word = command.split()[0]
    parts = re.split(r"^## (.+)$", COMMANDS_TEXT, flags=re.M)
    found = [
        body
        for heading, body in zip(parts[1::2], parts[2::2], strict=True)
        if word in re.split(r", | and ", heading.strip())
    ]
    assert len(found) == 1, f"{word} has {len(found)} sections"
    return found[0]


# Links and files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", find_documents(), ids=write_name)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(path):
    lost = []
    for target in find_links(path):
        place, anchor = follow(path, target)
        if not place.exists() or (anchor and anchor not in list_anchors(place)):
            lost.append(target)

    assert lost == []


def test_every_document_can_be_reached_from_the_readme():
    reached: set[Path] = set()
    frontier = [ROOT / "README.md"]
    while frontier:
        path = frontier.pop()
        reached.add(path)
        if path.suffix == ".md":
            frontier += [place for target in find_links(path) if (place := follow(path, target)[0]) not in reached]

    assert {path for path in DOCS.rglob("*") if path.is_file()} - reached == set()


@pytest.mark.parametrize("path", find_documents(), ids=write_name)
def test_every_file_that_is_named_exists(path):
    # A folder to be made (`connectors/<name>/`) and the example of the guide to a new platform are no files of ours.
    text = path.read_text(encoding="utf-8").replace("<platform>", "buykorea")
    named = re.findall(r"`((?:integrator|connectors|search|web|tests|bench|docs)/[\w./-]*[\w/])`", text)
    # These are made by their tests, or belong to the example.
    made = (
        "tests/out/",
        *(f"tests/golden/{kind}/example" for kind in ("walks", "parsed", "feeds")),
        "tests/connectors/example",
    )

    lost = [name for name in named if not name.startswith(made) and not (ROOT / name).exists()]
    bare = set(re.findall(r"`([\w-]+\.(?:py|tsv))`", text))
    known = {source.name for source in ROOT.glob("*.py")} | {
        source.name for package in PACKAGES for source in (ROOT / package).rglob("*.*")
    }

    assert lost == []
    assert bare - known == set()


def test_documents_name_no_place_on_a_machine():
    places = re.compile(r"/root/|/home/|/tmp/|\.\./shared")

    assert [write_name(path) for path in find_documents() if places.search(path.read_text(encoding="utf-8"))] == []


# Commands -------------------------------------------------------------------------------------------------------------


def test_every_command_stands_in_the_table_of_commands():
    from web.cli import COMMANDS

    table = COMMANDS_TEXT.partition("## All commands")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`([a-z]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))

    assert listed == set(COMMANDS)


@pytest.mark.parametrize("name", list_commands())
def test_every_command_and_option_is_documented(name):
    command = list_commands()[name]
    section = read_section(name)
    options = [
        max(parameter.opts, key=len) for parameter in command.params if isinstance(parameter, click.Option)
    ]  # fmt: skip

    missing = [option for option in options if not re.search(rf"{option}(?![\w-])", section)]

    assert missing == []
    assert re.search(rf"`(?:hanmaru )?{name}\b", section)


@pytest.mark.parametrize("name", list_commands())
def test_every_documented_option_exists(name):
    known = {
        option for command in list_commands().values() for parameter in command.params for option in parameter.opts
    } | {"--help"}

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", read_section(name))) - known == set()


def test_the_documented_exit_codes_are_those_of_the_program():
    from web import cli

    documented = {int(code) for code in re.findall(r"^\| (\d) \|", COMMANDS_TEXT, re.M)}

    assert documented == {cli.DONE, cli.FAILED, cli.WRONG_USE, cli.HELD}


def test_every_state_of_a_run_is_explained():
    from integrator.store.runs import RunState

    table = COMMANDS_TEXT.partition("| state | means | then |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`([a-z]+)`(?=[^|]*\|)", re.sub(r"(?m)^(\|[^|]*\|).*$", r"\1", table))) == set(RunState)


def test_the_documented_rows_of_a_sync_have_the_keys_it_prints():
    from integrator.store.runs import RunState
    from integrator.sync.outcome import Outcome

    example = json.loads(_find_json(read_section("sync")))

    assert list(example) == list(Outcome("p", RunState.SUCCEEDED, "", 0.0).as_row())


def test_the_documented_holds_have_the_keys_that_are_printed():
    from integrator.store.holds import Hold, HoldKind, HoldState
    from web.commands.holds import _hold_row

    hold = Hold(
        id=1, platform="p", run=1, kind=HoldKind.DELETIONS, state=HoldState.OPEN, reason="", diff={}, created_at=0.0,
        decided_at=None, decided_by=None, decided_reason=None, ceiling=0, waiting=0, is_told=False,
    )  # fmt: skip

    example = json.loads(_find_json(read_section("holds")))[0]

    assert list(example) == list(_hold_row(hold))


def test_every_column_of_a_run_is_documented():
    from integrator.store.tables import run

    named = set(re.findall(r"`(\w+)`", read_section("runs")))

    assert {column.name for column in run.columns} - named == set()


def test_everything_that_can_be_exported_is_documented():
    what = next(each for each in list_commands()["export"].params if each.name == "what")

    rows = re.findall(r"^\| `(\w+)` \|", read_section("export"), re.M)

    assert isinstance(what.type, click.Choice)
    assert set(rows) == set(what.type.choices)


def test_every_fault_of_the_mock_is_documented():
    from connectors.mock.faults import FAULTS

    assert [fault for fault in FAULTS if f"`{fault}`" not in read_section("mock")] == []


def _find_json(section: str) -> str:
    found = re.search(r"```json\n(.*?)```", section, re.S)
    assert found is not None
    return found[1]


# Platforms, routes, weights, tables -----------------------------------------------------------------------------------


def test_every_platform_stands_in_the_readme():
    from connectors import CONNECTORS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [platform.label for platform in CONNECTORS if platform.label not in readme] == []


def test_every_route_is_documented(tmp_path):
    from web.app import create_app
    from web.config import Settings

    app = create_app(Settings.from_environment({"HANMARU_HOME": str(tmp_path)}))
    described = set(app.test_client().get("/api/v1/openapi.json").get_json()["paths"])
    written = set(re.findall(r"`(?:GET )?(/[^\s`]*)`", "".join(path.read_text("utf-8") for path in DOCS.glob("*.md"))))

    lost = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        place = re.sub(r"<(?:[^:>]*:)?(?:\w+_)?(\w+)>", r"<\1>", str(rule))
        # docs/buyers.md: an address without a language leads to the page of that language.
        places = {place, f"/<lang>{place}"}
        if not places & written and re.sub(r"<(?:[^:>]*:)?(\w+)>", r"{\1}", str(rule)) not in described:
            lost.append(place)

    assert lost == []


def test_every_weight_of_the_matcher_is_documented():
    from integrator.resolve.scorer import WEIGHTS

    text = (DOCS / "matching.md").read_text(encoding="utf-8")
    table = text.partition("| evidence | weight |")[2].partition("\n\n")[0]
    written = {float(number) for number in re.findall(r"-?\d+\.\d", table)}

    assert written == {weight for name, weight in WEIGHTS.items() if name != "start"}
    assert f"from {WEIGHTS['start']:g}" in text


def test_the_strengths_and_crowds_of_keys_are_documented():
    from integrator.resolve.sellers import MOST_HOLDERS, MOST_NAMES, STRENGTH

    text = (DOCS / "matching.md").read_text(encoding="utf-8")
    written: dict[str, float] = {}
    for names, strengths in re.findall(r"^\| ((?:`[a-z+]+`(?:, )?)+) \|[^|]*\| ([\d., ]+) \|", text, re.M):
        written.update(zip(re.findall(r"`([a-z+]+)`", names), map(float, strengths.split(", ")), strict=True))

    assert written == STRENGTH
    assert f"more than {MOST_NAMES} distinct names" in text
    assert f"more than {MOST_HOLDERS} accounts" in text


def test_every_table_has_its_row_of_retention():
    from integrator.store.tables import metadata

    text = (DOCS / "retention.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2] for line in text.splitlines() if line.startswith("| ") and line.count("|") == 4]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    # Counters, watermarks, leases and a table counted from listings say where we are now; there is nothing to keep.
    assert set(metadata.tables) - named == {"meta", "feed", "lease", "category_guess"}


# Words ----------------------------------------------------------------------------------------------------------------

AVOIDED = {"item", "entity", "manager", "handler", "helper", "util", "utils", "info"}


def split_words(name: str) -> set[str]:
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")
    return {word.rstrip("s") for word in apart} | set(apart)


def list_names(path: Path) -> Iterator[str]:
    """What a module is called and what it defines."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def test_nothing_is_called_by_a_word_that_says_nothing():
    sources = [path for package in (*PACKAGES, "bench") for path in (ROOT / package).rglob("*.py")]

    named = [
        f"{write_name(path)}: {name}" for path in sources for name in list_names(path) if split_words(name) & AVOIDED
    ]

    assert sources
    assert named == []


def test_nothing_is_left_to_be_done():
    left = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|HA" r"CK)\b")
    sources = [path for package in (*PACKAGES, "bench", "tests") for path in (ROOT / package).rglob("*.py")]

    assert [write_name(path) for path in [*sources, *find_documents()] if left.search(path.read_text("utf-8"))] == []


def test_every_drill_stands_on_its_page():
    from tests.drills.report import HERE, read_promise, split_code

    text = (DOCS / "drills.md").read_text(encoding="utf-8")
    drills = sorted(HERE.glob("test_*.py"))

    assert [path.stem for path in drills if f"| {split_code(read_promise(path))[1]} | [{path.stem}](" not in text] == []
    assert all(read_promise(path) for path in drills)
