"""An authority of our own and a certificate for this machine's loopback, by the `openssl` command."""

import shutil
import subprocess
from pathlib import Path

from tests.servers.run import Missing

_DAYS = "2"


def make_certificates(folder: Path) -> Path:
    """Write ca.crt, server.crt and server.key to `folder`; returns the first. Raises Missing."""
    if not shutil.which("openssl"):
        raise Missing("no openssl command: install the Debian package openssl")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]
    _run(folder, "req", "-x509", *key, "-days", _DAYS, "-subj", "/CN=Hanmaru tests", "-keyout", "ca.key",
         "-out", "ca.crt", "-addext", "keyUsage=critical,keyCertSign",
         "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    _run(folder, "req", "-x509", *key, "-days", _DAYS, "-subj", "/CN=localhost", "-CA", "ca.crt", "-CAkey", "ca.key",
         "-keyout", "server.key", "-out", "server.crt", "-addext", "basicConstraints=critical,CA:FALSE",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")  # fmt: skip
    return folder / "ca.crt"


def _run(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)
