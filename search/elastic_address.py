"""Where Elasticsearch is: an address to nodes and a user. Loads no client: settings are read by every command."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from integrator.errors import InvalidSetting

_DEFAULT_PORT = 9200


@dataclass(frozen=True, slots=True)
class Server:
    """Where Elasticsearch is, and how our indices are made there. All names of ours begin with `prefix`."""

    nodes: tuple[str, ...]
    user: tuple[str, str] | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)
    ca: Path | None = None
    shards: int = 1
    replicas: int = 0
    prefix: str = "hanmaru"


def read_nodes(address: str) -> tuple[tuple[str, ...], tuple[str, str] | None]:
    """`http(s)://[user:password@]host[:port][,host[:port]]` to the nodes' addresses and the user.

    Raises InvalidSetting, without the address, as it may hold a password.
    """
    scheme, _, rest = address.partition("://")
    name, at, hosts = rest.rpartition("@")
    nodes = tuple(_read_node(scheme, host.strip()) for host in hosts.rstrip("/").split(","))
    if not at:
        return nodes, None
    user, colon, password = name.partition(":")
    if not user or not colon:
        raise InvalidSetting("HANMARU_SEARCH_URL names a user without a password: write user:password@")
    return nodes, (unquote(user), unquote(password))


def _read_node(scheme: str, host: str) -> str:
    try:
        parts = urlsplit(f"{scheme}://{host}")
        port = parts.port or _DEFAULT_PORT
        name = parts.hostname
    except ValueError:
        name, parts, port = None, urlsplit(""), 0
    if scheme not in {"http", "https"} or not name or parts.path or parts.query or parts.fragment:
        raise InvalidSetting("HANMARU_SEARCH_URL must read http(s)://[user:password@]host[:port][,host[:port]]")
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port}"
