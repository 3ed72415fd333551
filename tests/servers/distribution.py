"""Elasticsearch's own files: fetched once from Maven Central by coordinates and checksum, unpacked once a run."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.servers.run import Missing

VERSION = "9.5.3"
SHA256 = "bec49f3b8d00e75c8d1cec85c35298635ec9fbd3ae80ef5aeb6bc05abdb3db2d"
_GROUP = "org.elasticsearch.distribution.integ-test-zip"
_NAME = f"elasticsearch-{VERSION}.zip"
_TIMEOUT_S = 900


def find_cache(environ: Mapping[str, str] = os.environ) -> Path:
    """Where downloads are kept: HANMARU_TEST_CACHE, else ~/.cache/hanmaru."""
    return Path(environ.get("HANMARU_TEST_CACHE") or "~/.cache/hanmaru").expanduser()


def fetch(cache: Path) -> Path:
    """The archive, verified at each use. Raises Missing when it cannot be had."""
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / _NAME
    with (cache / f"{_NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (archive.exists() and is_genuine(archive)):
            _download(cache / "download")
            fresh = cache / "download" / _NAME
            if not is_genuine(fresh):
                raise Missing(f"{_NAME} came with another checksum than {SHA256}: it lies in {fresh.parent}")
            fresh.replace(archive)
            fresh.parent.rmdir()
    return archive


def is_genuine(archive: Path) -> bool:
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256


def unpack(archive: Path, folder: Path) -> Path:
    """The home of Elasticsearch in `folder`; anyone may read it, so one copy serves every node."""
    with zipfile.ZipFile(archive) as packed:
        for each in packed.infolist():
            made = Path(packed.extract(each, folder))
            # What zipfile leaves out: which files are programs.
            made.chmod(0o755 if made.is_dir() or each.external_attr >> 16 & 0o100 else 0o644)
    return folder / f"elasticsearch-{VERSION}"


def _download(folder: Path) -> None:
    """By the machine's own Maven, which knows the mirrors of the place."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    coordinates = f"{_GROUP}:elasticsearch:{VERSION}:zip"
    words = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={coordinates}", f"-DoutputDirectory={folder}"]
    try:
        subprocess.run(words, check=True, cwd=folder, capture_output=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError) as failure:
        raise Missing(f"no Elasticsearch: Maven could not bring {coordinates} ({failure})") from failure
    if not (folder / _NAME).exists():
        raise Missing(f"no Elasticsearch: Maven brought no {_NAME}")
