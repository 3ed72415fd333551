"""nginx with a configuration of the caller's."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.run import Missing, Run, give_away, run_as_server, wait_until

# What surrounds a site in Debian's package and in the container image, with every file in the server's own folder.
_FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    run: Run
    program: str

    @contextmanager
    def serving(self, site: str, *, port: int) -> Iterator[str]:
        """Serve `site`, the text of a file in conf.d that listens on `port` of loopback; yields the address.

        FOLDER in it stands for a folder that nginx may write to. Raises NotStarted with what nginx finds wrong.
        """
        folder = self.run.make_folder("nginx")
        (folder / "site.conf").write_text(site.replace("FOLDER", str(folder)), "utf-8")
        (folder / "nginx.conf").write_text(_FRAME.format(folder=folder), "utf-8")
        give_away(folder)
        words = [self.program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        run_as_server(folder, [*words, "-t"])
        process = self.run.start(folder, words)
        try:
            wait_until(lambda: _listens(port), process, log=Path(f"{folder}.log"), timeout_s=30)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.end()


def have_nginx(run: Run) -> Nginx:
    """Raises Missing."""
    return Nginx(run, run.share("nginx", lambda: {"program": _find_program()})["program"])


def _find_program() -> str:
    # Not on everybody's path.
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        raise Missing("no nginx: install the Debian package nginx")
    return found


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
