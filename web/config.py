"""Every setting of Hanmaru, read from the environment; no other module looks there.

Each setting is one row of `SETTINGS`; docs/settings.md shows the same rows and a test compares the two. Those of the
platforms are made of `connectors.CONNECTORS`.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from connectors import CONNECTORS, Platform
from integrator.errors import InvalidSetting
from search.elastic_address import Server, read_nodes

PREFIX = "HANMARU_"

# Where `hanmaru demo` starts the mock platforms, so that every other command finds them without a setting.
MOCK_PORT = 8010


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable; a secret one may also be a file, named by the variable with _FILE after it."""

    name: str
    default: str  # in words, as docs/settings.md shows it
    meaning: str
    secret: bool = False


def platform_setting(platform: str, part: str) -> str:
    """The setting of one platform: its `url`, or a credential by its name."""
    return f"{PREFIX}{platform}_{part}".upper()


def mock_address(platform: str) -> str:
    """Where the mock of this platform listens during the demo."""
    return f"http://127.0.0.1:{MOCK_PORT}/{platform}"


def _feed_settings(platform: Platform) -> list[Setting]:
    url = platform_setting(platform.name, "url")
    calls = platform_setting(platform.name, "calls")
    default = f"the guide's test value while {url} is on loopback, elsewhere required"
    return [
        Setting(url, mock_address(platform.name), f"{platform.label}'s base address, ending in the platform's path"),
        *(
            Setting(platform_setting(platform.name, each.name), default, each.meaning, True)
            for each in platform.credentials
        ),
        *([Setting(calls, "the guide's number", platform.calls)] if platform.calls else []),
    ]


SETTINGS = (
    Setting(
        "HANMARU_HOME", ".data", "folder of everything Hanmaru writes: database, index, archive, spool, broker files"
    ),
    Setting(
        "HANMARU_DATABASE_URL",
        "SQLite in HANMARU_HOME",
        "`postgresql://user:password@host/database`, or `sqlite:///…`, a file for one host",
        True,
    ),
    Setting("HANMARU_REDIS_URL", "an embedded Valkey in HANMARU_HOME", "`redis://…`, `rediss://…` or `unix://…`", True),
    Setting(
        "HANMARU_SEARCH_URL",
        "tantivy in HANMARU_HOME",
        "Elasticsearch: `http(s)://[user:password@]host[:port][,host[:port]]`, nodes of one cluster",
        True,
    ),
    Setting("HANMARU_SEARCH_API_KEY", "none", "of Elasticsearch, encoded; instead of user and password", True),
    Setting("HANMARU_SEARCH_CA", "the system's", "file of the authorities that sign Elasticsearch's certificates, PEM"),
    Setting("HANMARU_SEARCH_SHARDS", "1", "of indices made from now on, in Elasticsearch"),
    Setting("HANMARU_SEARCH_REPLICAS", "0", "copies of each shard beside the first, in Elasticsearch"),
    Setting("HANMARU_SEARCH_PREFIX", "hanmaru", "begins the names of all our indices in Elasticsearch"),
    *(row for platform in CONNECTORS for row in _feed_settings(platform)),
    Setting("HANMARU_HOST", "127.0.0.1", "address the web server listens on"),
    Setting("HANMARU_PORT", "8000", "port the web server listens on"),
    Setting(
        "HANMARU_PUBLIC_URL", "none", "address that people use; one of `https://` makes browsers keep to it (HSTS)"
    ),
    Setting(
        "HANMARU_SECRET_KEY",
        "random at each start on loopback, elsewhere required",
        "signs cookies; at least 16 characters",
        True,
    ),
    Setting("HANMARU_MAIL_URL", "none", "mail comes with a later version; has no effect in this one", True),
    Setting(
        "HANMARU_DEMO",
        "no",
        "`yes`: the platforms are mock ones wherever they run, and need no credentials; known secrets are not refused",
    ),
    Setting("HANMARU_RATES", "the rates a package carries", "file of exchange rates with their date"),
)


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Where one platform is and how to sign in there; credentials by name (`key`, `client_secret`)."""

    platform: str
    url: str
    credentials: Mapping[str, str] = field(repr=False)
    calls: int | None = None  # what its operator allows; None: as the guide has it


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. No secret shows in its repr."""

    home: Path  # absolute
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)  # None: the embedded broker
    search: Server | None  # None: the embedded index
    feeds: Mapping[str, FeedSettings]
    host: str
    port: int
    public_url: str | None
    secret_key: str | None = field(repr=False)  # None: make one at start; only ever so on loopback
    rates: Path | None
    is_demo: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings, by default from this process's environment.

        A variable that is set but empty counts as not set. Raises InvalidSetting, one line that says what to change.
        """
        source = _Source(os.environ if environ is None else environ)
        home = Path(source.text("HANMARU_HOME") or ".data").expanduser().absolute()
        host = source.text("HANMARU_HOST") or "127.0.0.1"
        is_demo = source.yes("HANMARU_DEMO")
        return cls(
            home=home,
            database_url=source.url("HANMARU_DATABASE_URL", "postgresql", "postgres", "sqlite")
            or f"sqlite:///{home}/hanmaru.db",
            redis_url=source.url("HANMARU_REDIS_URL", "redis", "rediss", "unix"),
            search=_read_search(source),
            feeds=MappingProxyType({each.name: _read_feed(source, each, is_demo=is_demo) for each in CONNECTORS}),
            host=host,
            port=source.port("HANMARU_PORT", default=8000),
            public_url=source.url("HANMARU_PUBLIC_URL", "http", "https"),
            secret_key=_read_secret_key(source, host),
            rates=source.file("HANMARU_RATES"),
            is_demo=is_demo,
        )


def is_loopback(host: str | None) -> bool:
    """Whether only this machine can be behind the name."""
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def find_unknown_names(environ: Mapping[str, str] | None = None) -> list[str]:
    """Variables that look like settings and are none: a misspelt one silently leaves its default in force.

    Reported (`hanmaru doctor`), not refused: orchestrators put names of their own making beside ours.
    """
    source = os.environ if environ is None else environ
    known = {row.name for row in SETTINGS} | {f"{row.name}_FILE" for row in SETTINGS if row.secret}
    return sorted(name for name in source if name.startswith(PREFIX) and name not in known)


def for_child(
    settings: Settings, overrides: Mapping[str, str], *, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The environment for a process we start: this one's, the folder made absolute, and `overrides` by full name."""
    base = dict(os.environ if environ is None else environ)
    for name in overrides:
        base.pop(f"{name}_FILE", None)
    return {**base, "HANMARU_HOME": str(settings.home), **overrides}


def _read_feed(source: "_Source", platform: Platform, *, is_demo: bool) -> FeedSettings:
    url_name = platform_setting(platform.name, "url")
    url = source.url(url_name, "http", "https") or mock_address(platform.name)
    is_local = is_demo or is_loopback(urlsplit(url).hostname)
    credentials = {}
    for credential in platform.credentials:
        name = platform_setting(platform.name, credential.name)
        value = source.text(name) or (credential.test_value if is_local else None)
        if value is None:
            raise InvalidSetting(f"{name} is missing: set it (or {name}_FILE), as {url_name} is not on this machine")
        credentials[credential.name] = value
    calls = source.count(platform_setting(platform.name, "calls")) if platform.calls else None
    return FeedSettings(platform.name, url.rstrip("/"), MappingProxyType(credentials), calls)


def _read_search(source: "_Source") -> Server | None:
    address = source.url("HANMARU_SEARCH_URL", "http", "https")
    ca = source.file("HANMARU_SEARCH_CA")
    api_key = source.text("HANMARU_SEARCH_API_KEY")
    shards = source.count("HANMARU_SEARCH_SHARDS") or 1
    replicas = source.count("HANMARU_SEARCH_REPLICAS", least=0) or 0
    prefix = source.text("HANMARU_SEARCH_PREFIX") or "hanmaru"
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", prefix):
        raise InvalidSetting("HANMARU_SEARCH_PREFIX must be a small letter, then small letters, digits, _ or -")
    if address is None:
        return None
    nodes, user = read_nodes(address)
    if user and api_key:
        raise InvalidSetting("HANMARU_SEARCH_URL has a user, and HANMARU_SEARCH_API_KEY is set: keep one")
    return Server(nodes, user, api_key=api_key, ca=ca, shards=shards, replicas=replicas, prefix=prefix)


def _read_secret_key(source: "_Source", host: str) -> str | None:
    key = source.text("HANMARU_SECRET_KEY")
    if key is None and not is_loopback(host):
        raise InvalidSetting(
            "HANMARU_SECRET_KEY is missing: set it to a long random text, since HANMARU_HOST is not loopback"
        )
    if key is not None and len(key) < 16:
        raise InvalidSetting("HANMARU_SECRET_KEY is too short: write at least 16 random characters")
    return key


class _Source:
    """Typed reading of one mapping."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._secret = {row.name for row in SETTINGS if row.secret}

    def text(self, name: str) -> str | None:
        value = self._environ.get(name, "").strip() or None
        path = self._environ.get(f"{name}_FILE", "").strip() if name in self._secret else ""
        if not path:
            return value
        if value is not None:
            raise InvalidSetting(f"{name} and {name}_FILE are both set: keep one")
        try:
            return Path(path).expanduser().read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(f"{name}_FILE cannot be read: name a readable text file") from error

    def url(self, name: str, *schemes: str) -> str | None:
        value = self.text(name)
        if value is None:
            return None
        scheme, separator, rest = value.partition("://")
        # `sqlite+pysqlite://` names a driver after the scheme.
        if not separator or not rest or scheme.partition("+")[0] not in schemes:
            raise InvalidSetting(
                f"{name} must be an address that begins with {' or '.join(f'{each}://' for each in schemes)}"
            )
        try:
            urlsplit(value)
        except ValueError as error:
            raise InvalidSetting(f"{name} is not a readable address: correct its host part") from error
        return value

    def file(self, name: str) -> Path | None:
        value = self.text(name)
        if value is None:
            return None
        path = Path(value).expanduser().absolute()
        if not path.is_file():
            raise InvalidSetting(f"{name} names no file: give the path of an existing file")
        return path

    def yes(self, name: str) -> bool:
        value = (self.text(name) or "no").lower()
        if value not in ("yes", "no"):
            raise InvalidSetting(f"{name} must be yes or no")
        return value == "yes"

    def count(self, name: str, *, least: int = 1) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not (value.isascii() and value.isdecimal()) or not least <= int(value[:10]) < 10**9:
            raise InvalidSetting(f"{name} must be a whole number from {least} on")
        return int(value)

    def port(self, name: str, *, default: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        # `isdecimal` alone takes other scripts' digits too; `int` reads those the same way.
        if not value.isdecimal() or int(value) > 65535:
            raise InvalidSetting(f"{name} must be a whole number from 0 to 65535")
        return int(value)
