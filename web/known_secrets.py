"""Secrets that everybody knows: a server that others can reach does not start with one of them."""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from connectors import CONNECTORS
from integrator.errors import InvalidSetting
from web.config import Settings, is_loopback, platform_setting

# Words of examples, guides and images; in lower case.
_KNOWN = frozenset(
    (
        *(
            "admin",
            "changeme",
            "change-me",
            "default",
            "demo",
            "elastic",
            "example",
            "guest",
            "hanmaru",
            "hanmaru-test",
        ),
        *("pass", "passw0rd", "password", "postgres", "redis", "root", "secret", "test", "test123"),
        *("1234", "12345", "123456", "12345678"),
    )
)
# No text made by chance has these in it.
_TELLING = ("changeme", "change-me", "password", "secret", "example", "12345678")
# Of sixteen characters made by chance ten differ, at the very least.
_FEWEST_LETTERS = 8


def refuse_known_secrets(settings: Settings) -> None:
    """Raises InvalidSetting that names the setting, unless only this machine can reach the server, or it is a demo."""
    if settings.is_demo or is_loopback(settings.host):
        return
    for name in find_known_secrets(settings):
        raise InvalidSetting(
            f"{name} holds a secret that everybody knows: set one of your own, as HANMARU_HOST is not loopback "
            "(HANMARU_DEMO=yes allows it, for a demo)"
        )


def find_known_secrets(settings: Settings) -> Iterator[str]:
    """The settings that hold one."""
    key = (settings.secret_key or "").lower()
    if key and (len(set(key)) < _FEWEST_LETTERS or any(word in key for word in _TELLING)):
        yield "HANMARU_SECRET_KEY"
    for name, address in (("HANMARU_DATABASE_URL", settings.database_url), ("HANMARU_REDIS_URL", settings.redis_url)):
        password = urlsplit(address or "").password
        if password is not None and unquote(password).lower() in _KNOWN:
            yield name
    if settings.search and settings.search.user and settings.search.user[1].lower() in _KNOWN:
        yield "HANMARU_SEARCH_URL"
    for platform in CONNECTORS:
        feed = settings.feeds[platform.name]
        if is_loopback(urlsplit(feed.url).hostname):
            continue
        for each in platform.credentials:
            if feed.credentials[each.name] == each.test_value:
                yield platform_setting(platform.name, each.name)
