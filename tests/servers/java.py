"""A Java among the installed ones: `python java.py` prints its home, or says what to install and ends with 1."""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

OLDEST = 21
# Trimmed runtimes come without it, and Elasticsearch does not start then.
_MODULE = "jdk.incubator.vector"
ADVICE = f"no complete Java {OLDEST} or newer: install one (Debian: openjdk-{OLDEST}-jdk-headless), or set ES_JAVA_HOME"


def find_java(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The home of the first that will do: as the environment says, that on the path, then the newest installed."""
    return next((home for home in _list_homes(environ) if is_enough(home)), None)


def is_enough(home: Path) -> bool:
    try:
        release = (home / "release").read_text("utf-8")
    except OSError:
        return False
    said = re.search(r'^JAVA_VERSION="(\d+)', release, re.M)
    has_all = "MODULES=" not in release or _MODULE in release
    return said is not None and int(said[1]) >= OLDEST and has_all and (home / "bin" / "java").exists()


def _list_homes(environ: Mapping[str, str]) -> Iterator[Path]:
    yield from (Path(environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if environ.get(name))
    found = shutil.which("java")
    if found:
        yield Path(found).resolve().parents[1]
    for folder in ("/usr/lib/jvm", "/opt"):
        yield from sorted(Path(folder).glob("*"), reverse=True)


if __name__ == "__main__":
    home = find_java()
    sys.stdout.write(f"{home or ADVICE}\n")
    sys.exit(home is None)
