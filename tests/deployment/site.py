"""The proxy's very configuration, its addresses and folders those of a test."""

from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
NGINX = ROOT / "deploy" / "nginx.conf"


def read_site(*, port: int, servers: Sequence[int]) -> str:
    """deploy/nginx.conf for `nginx.serving`: listens on `port` of loopback, before web servers on these ports."""
    text = NGINX.read_text("utf-8")
    places = {
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "server web-a:8000 ": f"server 127.0.0.1:{servers[0]} ",
        "server web-b:8000 ": f"server 127.0.0.1:{servers[1]} ",
        "/var/cache/nginx/": "FOLDER/",
        "/dev/stdout": "FOLDER/access.log",
    }
    for written, here in places.items():
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    return text
