"""Elasticsearch: a plain node, and one with security on."""

import base64
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.servers.certificates import make_certificates
from tests.servers.elastic_node import make_node, wait_for_nodes
from tests.servers.run import Run

SETTING = "HANMARU_TEST_ELASTICSEARCH_URL"
PREFIX = "hanmaru-test-"
USER, PASSWORD = "hanmaru", "hanmaru-test"

_PLAIN = {"discovery.type": "single-node", "xpack.security.enabled": "false"}
_SECURE = {
    "discovery.type": "single-node",
    "xpack.security.enabled": "true",
    "xpack.security.enrollment.enabled": "false",
    "xpack.security.http.ssl.enabled": "true",
    "xpack.security.http.ssl.key": "server.key",
    "xpack.security.http.ssl.certificate": "server.crt",
}


@dataclass(frozen=True, slots=True)
class ElasticServer:
    """`url` is written as HANMARU_SEARCH_URL is, with user, password and every node; `ca` as HANMARU_SEARCH_CA."""

    url: str
    ca: str | None = None

    @contextmanager
    def prefix(self) -> Iterator[str]:
        """A beginning for names of indices and aliases; at the end every index that has it is gone."""
        made = f"{PREFIX}{token_hex(6)}"
        try:
            yield made
        finally:
            self.wipe(made)

    def wipe(self, prefix: str) -> None:
        """Remove every index whose name begins so, each by its full name: servers may refuse patterns."""
        for each in self.ask("GET", f"/_cat/indices/{prefix}*?format=json&expand_wildcards=all"):
            self.ask("DELETE", f"/{each['index']}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call, without the client: the JSON that the first node answers. Raises requests' errors."""
        answer = requests.request(method, self.addresses()[0] + path, json=body, verify=self.ca or True, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def addresses(self) -> list[str]:
        """Each node's own address, with user and password."""
        parts = urlsplit(self.url)
        signed, at, hosts = parts.netloc.rpartition("@")
        return [f"{parts.scheme}://{signed}{at}{host}" for host in hosts.split(",")]


def have_elasticsearch(run: Run, environ: Mapping[str, str] = os.environ) -> ElasticServer:
    """The server that HANMARU_TEST_ELASTICSEARCH_URL names, else the run's own plain node. Raises Missing."""
    if environ.get(SETTING):
        return ElasticServer(environ[SETTING])
    return ElasticServer(**run.share("Elasticsearch", lambda: _start_plain(run)))


def have_secure_elasticsearch(run: Run) -> ElasticServer:
    """The run's own node that wants user, password and TLS by an authority of ours. Raises Missing."""
    return ElasticServer(**run.share("Elasticsearch, secured", lambda: _start_secure(run)))


def _start_plain(run: Run) -> dict[str, str]:
    node = make_node(run, "elasticsearch", _PLAIN)
    node.start(run)
    wait_for_nodes([node])
    return {"url": node.address}


def _start_secure(run: Run) -> dict[str, str]:
    with TemporaryDirectory() as made:
        drafts = Path(made)
        make_certificates(drafts)
        (drafts / "users").write_text(f"{USER}:{hash_password(PASSWORD)}\n", "utf-8")
        (drafts / "users_roles").write_text(f"superuser:{USER}\n", "utf-8")
        files = [drafts / name for name in ("server.crt", "server.key", "users", "users_roles")]
        node = make_node(run, "elasticsearch-secured", _SECURE, files=files)
        ca = run.folder / "ca.crt"
        ca.write_bytes((drafts / "ca.crt").read_bytes())
    node.start(run)
    wait_for_nodes([node], auth=(USER, PASSWORD), ca=str(ca))
    return {"url": node.address.replace("://", f"://{USER}:{PASSWORD}@"), "ca": str(ca)}


def hash_password(password: str) -> str:
    """As Elasticsearch keeps it in its file of users: PBKDF2 with SHA-512, 256 bits of key."""
    rounds, salt = 1000, os.urandom(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, 32)
    return f"{{PBKDF2}}{rounds}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
