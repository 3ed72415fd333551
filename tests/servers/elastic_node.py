"""One node of Elasticsearch: its folder, its settings, its process."""

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from tests.servers.distribution import fetch, find_cache, unpack
from tests.servers.java import ADVICE, find_java
from tests.servers.run import Missing, Process, Run, find_free_port, give_away, wait_until

READY_S = 300

# Little memory, and the first compiler alone: these servers live for minutes. What goes wrong is said on stderr.
_JAVA_OPTIONS = "-Xms512m\n-Xmx512m\n-XX:TieredStopAtLevel=1\n-Xlog:disable\n-Xlog:all=error:stderr\n"
_SETTINGS = {
    "network.host": "127.0.0.1",
    # A developer's nearly full disk would otherwise make every index read-only.
    "cluster.routing.allocation.disk.threshold_enabled": "false",
}


@dataclass(frozen=True, slots=True)
class Node:
    """What a node is started with, so that a killed one can be started again with its files."""

    folder: str
    command: list[str]
    environ: dict[str, str]
    address: str  # with scheme, without user

    def start(self, run: Run) -> Process:
        """Does not wait for it to be ready. Whoever else has the node finds the process by `process()`."""
        process = run.start(Path(self.folder), self.command, environ=self.environ)
        Path(f"{self.folder}.process").write_text(json.dumps(asdict(process)), "utf-8")
        return process

    def process(self) -> Process:
        """The one started last; it may have ended."""
        return Process(**json.loads(Path(f"{self.folder}.process").read_text("utf-8")))

    def log(self) -> Path:
        return Path(f"{self.folder}.log")


def unpack_elasticsearch(run: Run) -> Path:
    """The home that all nodes of the run share. Raises Missing."""
    archive = fetch(find_cache())
    made = run.share("Elasticsearch's files", lambda: {"home": str(unpack(archive, run.folder))})
    return Path(made["home"])


def find_java_home() -> Path:
    java = find_java()
    if java is None:
        raise Missing(f"no Elasticsearch: {ADVICE}")
    return java


def make_node(run: Run, name: str, settings: Mapping[str, str], *, files: Iterable[Path] = ()) -> Node:
    """A node that is not started yet. `settings` are Elasticsearch's; `files` are put beside them."""
    java, home = find_java_home(), unpack_elasticsearch(run)
    folder = run.make_folder(name)
    configuration = folder / "config"
    shutil.copytree(home / "config", configuration)
    (configuration / "jvm.options.d" / "tests.options").write_text(_JAVA_OPTIONS, "utf-8")
    for each in files:
        shutil.copy(each, configuration)
    # Apart from the rest: whoever may write to the temporary folder must not be able to change the settings.
    temporary = folder / "tmp"
    temporary.mkdir()
    give_away(folder)
    port = find_free_port()
    scheme = "https" if settings.get("xpack.security.http.ssl.enabled") == "true" else "http"
    paths = {"path.data": str(folder / "data"), "path.logs": str(folder / "logs"), "http.port": str(port)}
    words = [f"-E{key}={value}" for key, value in {**_SETTINGS, **paths, **settings}.items()]
    environ = {"ES_JAVA_HOME": str(java), "ES_PATH_CONF": str(configuration), "ES_TMPDIR": str(temporary)}
    return Node(str(folder), [str(home / "bin" / "elasticsearch"), *words], environ, f"{scheme}://127.0.0.1:{port}")


def wait_for_nodes(nodes: Iterable[Node], *, auth: tuple[str, str] | None = None, ca: str | None = None) -> None:
    """Until every one of them sees all of them, and every shard has a place. Raises NotStarted."""
    nodes = list(nodes)
    asked = f"/_cluster/health?wait_for_nodes={len(nodes)}&wait_for_status=yellow&timeout=1s"
    for each in nodes:

        def is_ready(address: str = each.address) -> bool:
            try:
                return requests.get(address + asked, auth=auth, verify=ca or True, timeout=5).status_code == 200
            except requests.RequestException:
                return False

        wait_until(is_ready, each.process(), log=each.log(), timeout_s=READY_S)
