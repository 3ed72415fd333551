"""Reliability D8: a name that a feed gives never becomes a path outside the folder that it is for."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from connectors.gobizkorea.manifest import read_manifest
from integrator.errors import FeedChanged, FeedUnavailable
from integrator.ports import Spool
from integrator.record import Lane, Plan
from integrator.store.spool import DiskSpool
from tests.contract.connectors.replay import Recording, ReplayServer, open_connector, walk
from tests.drills.tally import OpenTally, Tally

SEED = 300

_UP = (
    "..",
    "../",
    "..\\",
    "%2e%2e%2f",
    "%2e%2e/",
    "..%2f",
    "..%5c",
    "..%c0%af",
    "%252e%252e%252f",
    "....//",
    "..;/",
    "．．／",
)
NAMES = (
    *(up * depth + "canary" for up in _UP for depth in (1, 3, 9)),
    "/etc/canary", "//host/canary", "\\\\host\\canary", "C:\\canary", "C:canary", "file:///canary", "~/canary", "~root",
    "\x00", "canary\x00.gz", "a\x00/../../canary", "canary\n", "\r\ncanary", "CON", "NUL", "COM1.gz", "aux", "PRN",
    ".", "..", "", " ",
    "a" * 300, "가" * 300, "a/" * 150, "-rf", "--help", "$(canary)", "`canary`", "|canary", "*", "?",
    ":stream", "a:b", ".canary", "canary.", "canary ", "\u202eyranac",
    "a/./b", "a//b", "con.csv.gz", "\ud83d", "../" * 40 + "tmp/canary",
)  # fmt: skip
# A question that stays in its folder, whatever a server makes of an address.
PLAIN = re.compile(r"(?:GET|POST) (?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_MANIFEST = "GET /drop/v2/100250/manifest.json"


class Host:
    """A drop server's recording, and a folder with a spool in its middle."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.spool = folder / "a" / "b" / "c" / "spool"
        self.spool.mkdir(parents=True)
        (folder / "canary").write_text("outside")
        self.recording = Recording.load("gobizkorea")
        self.server = ReplayServer(self.recording)

    def outside(self) -> dict[str, str]:
        """Every file that is not in the spool, with its content."""
        files = (path for path in self.root.rglob("*") if path.is_file() and self.spool not in path.parents)
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def manifest(self, field: str, name: str) -> bytes:
        """The recorded manifest in which a part has this name or this hash; as a platform that means harm writes it."""
        found: Any = json.loads(self.recording.replies[_MANIFEST].body)
        for table in found["tables"].values():
            for part in table["parts"]:
                part[field] = name
        return json.dumps(found).encode("utf-8", "surrogatepass")


class TrustingSpool(DiskSpool):
    """Names its files as it is told."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._named = folder

    def find(self, sha256: str) -> Path | None:
        path = self._named / sha256
        return path if path.is_file() else None

    @contextmanager
    def create(self, sha256: str) -> Iterator[BinaryIO]:
        with (self._named / sha256).open("wb") as file:
            yield file

    def keep_only(self, sha256s: Any) -> None:
        pass

    def recall(self, address: str) -> None:
        return None

    def keep(self, address: str, answer: Any) -> None:
        pass


def find_escapes(host: Host, spool: Spool, name: str) -> Iterator[str]:
    """What a name does to the spool, and what a manifest that gives it does to a walk."""
    before = host.outside()
    with suppress(ValueError, OSError, FeedUnavailable):
        if (found := spool.find(name)) is not None:
            yield f"{name[:40]!r} was found at {found}"
    with suppress(ValueError, OSError, FeedUnavailable), spool.create(name) as file:
        file.write(b"inside")
    with suppress(ValueError, OSError, FeedUnavailable):
        spool.keep_only([name])
    for field in ("file", "sha256"):
        host.server.spoilt = {_MANIFEST: host.manifest(field, name)}
        connector = open_connector("gobizkorea", host.server.url, host.recording, host.spool)
        asked = len(host.server.asked)
        with suppress(FeedUnavailable, FeedChanged):
            batches, _ = walk(connector, Plan(Lane.CENSUS))
            if any(batch.records for batch in batches):
                yield f"a part whose {field} is {name[:40]!r} was read"
        if strays := [question for question in host.server.asked[asked:] if not PLAIN.fullmatch(question)]:
            yield f"{name[:40]!r} was asked for as {strays[0]}"
    if host.outside() != before:
        yield f"{name[:40]!r} left the spool"


def drill(tally: Tally, host: Host, spool: Spool, names: list[str]) -> None:
    with host.server.serving():
        for name in names:
            tally.count(*find_escapes(host, spool, name))


def choose(*, full: bool) -> list[str]:
    return list(NAMES) if full else random.Random(SEED).sample(NAMES, 25)


def test_no_name_of_a_feed_becomes_a_path(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally, host = open_tally("D8 names", seed=SEED), Host(tmp_path)

    drill(tally, host, DiskSpool(host.spool), choose(full=is_full_drill))

    assert tally.violations == []


def test_the_recorded_names_are_taken(tmp_path: Path) -> None:
    """Else a reader that refuses everything would pass the drill."""
    host = Host(tmp_path)

    drop = read_manifest(json.loads(host.recording.replies[_MANIFEST].body), seq=100250)

    assert all(table.parts for table in drop.tables.values())


def test_the_drill_notices_a_spool_that_trusts_names(tmp_path: Path, open_tally: OpenTally) -> None:
    tally, host = open_tally("D8 names", seed=SEED, planted="the spool trusts names"), Host(tmp_path)

    drill(tally, host, TrustingSpool(host.spool), [name for name in NAMES if "../" in name])

    assert sum("left the spool" in violation for violation in tally.violations) > 1
