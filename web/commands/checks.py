"""What `hanmaru doctor` looks at: each check says how it is, and what to do where it is not well."""

import shutil
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from integrator.errors import HanmaruError, InvalidQuery, StorageUnavailable
from integrator.sync.outcome import count_of
from web.config import FeedSettings, Settings, find_unknown_names, platform_setting
from web.wiring import Wiring

# Below this the database, the spool and a rebuilt index may not fit beside each other.
_FREE_BYTES = 1_000_000_000

_CONNECT_S = 3.0

# A process more needs one or two of the database's connections.
_FEWEST_CONNECTIONS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    text: str


# They ask the database, and are left out when it does not answer.
_OF_DATABASE = ("worklist", "holds", "index")


def check_all(settings: Settings, *, wanted: Collection[str] = ()) -> list[Check]:
    """Every check, or the wanted ones, in the order in which trouble is worth mending. Raises InvalidQuery."""
    wiring = Wiring(settings)
    known = list_checks(settings, wiring)
    unknown = sorted(set(wanted) - known.keys())
    if unknown:
        raise InvalidQuery(f"{', '.join(unknown)} is no part to look at: choose among {', '.join(known)}")
    found: dict[str, Check] = {}
    for name in known:
        is_moot = name in _OF_DATABASE and "database" in found and not found["database"].ok
        if not is_moot and (not wanted or name in wanted):
            found[name] = _guarded(name, known[name])
    wiring.close()
    return list(found.values())


def list_checks(settings: Settings, wiring: Wiring) -> dict[str, Callable[[], Check]]:
    """The checks by what they look at."""
    return {
        "settings": _check_names,
        "disk": lambda: _check_disk(settings.home),
        "database": lambda: _check_database(wiring),
        "worklist": lambda: _check_worklist(wiring),
        "holds": lambda: _check_holds(wiring),
        "index": lambda: _check_index(wiring),
        "broker": lambda: _check_broker(settings),
        "address": lambda: _check_address(settings.public_url),
        **{feed.platform: partial(_check_platform, feed) for feed in settings.feeds.values()},
    }


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    from redis import RedisError

    try:
        return check()
    except (HanmaruError, OSError, RedisError) as error:
        return Check(name, False, str(error))


def _check_names() -> Check:
    unknown = find_unknown_names()
    if unknown:
        return Check("settings", False, f"no settings of ours, correct or unset them: {', '.join(unknown)}")
    return Check("settings", True, "every HANMARU_ name is a setting")


def _check_disk(home: Path) -> Check:
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    text = f"{free / 1e9:.1f} GB free for {home}"
    return Check("disk", True, text) if free >= _FREE_BYTES else Check("disk", False, f"{text}: make room")


def _check_database(wiring: Wiring) -> Check:
    from sqlalchemy.exc import SQLAlchemyError

    from integrator.store.figures import describe_server

    database = wiring.unchecked_database()
    try:
        database.require_schema()
        age, _ = database.schema_age()
        with database.read() as connection:
            server = describe_server(connection)
    except (SQLAlchemyError, StorageUnavailable) as error:
        return Check("database", False, f"{database.url} does not answer ({_say_why(error)}): is its server up?")
    finally:
        database.close()
    text = f"{database.url}, age {age}, {server.name}"
    if server.encoding != "UTF8":
        return Check("database", False, f"{text}: its encoding is {server.encoding}, make it anew with UTF8")
    if server.connections_left < _FEWEST_CONNECTIONS:
        return Check("database", False, f"{text}: {server.connections_left} connections left, raise max_connections")
    return Check("database", True, text)


def _say_why(error: Exception) -> str:
    """In the driver's words, without the advice that follows them."""
    told = getattr(error.__cause__ or error, "orig", None) or error
    return str(told).partition("\n")[0] or type(told).__name__


def _check_worklist(wiring: Wiring) -> Check:
    from integrator.store.worklist import count_set_aside, count_waiting

    with wiring.database.read() as connection:
        waiting, aside = count_waiting(connection), count_set_aside(connection)
    if aside:
        return Check(
            "worklist",
            False,
            f"{count_of(aside, 'account')} failed until their listings change: a fault of ours",
        )
    text = f"{count_of(waiting, 'account')} to work out" + (": `hanmaru sync` does that" if waiting else "")
    return Check("worklist", True, text)


def _check_holds(wiring: Wiring) -> Check:
    from integrator.store.holds import list_holds

    with wiring.database.read() as connection:
        found = list_holds(connection)
    if found:
        return Check("holds", False, f"{count_of(len(found), 'hold')} for a person to decide: see `hanmaru holds list`")
    return Check("holds", True, "nothing waits for a person")


def _check_index(wiring: Wiring) -> Check:
    from integrator.publish.rebuild import verify

    drift = verify(wiring.database, wiring.index)
    if drift.count:
        return Check("index", False, f"{drift.count} products differ from the database: run `hanmaru index repair`")
    return Check("index", True, "holds what the database holds")


def _check_broker(settings: Settings) -> Check:
    from web.broker import find_broker
    from web.jobs import connect, count_jobs

    url = find_broker(settings)
    if url is None:
        return Check("broker", True, "embedded, not running now: `hanmaru up` starts it")
    with connect(url) as connection:
        jobs, workers = count_jobs(connection)
    text = f"answers, {count_of(jobs, 'job')} waiting, {count_of(workers, 'worker')}"
    if jobs and not workers:
        return Check("broker", False, f"{text}: start `hanmaru worker`")
    return Check("broker", True, text)


def _check_address(address: str | None) -> Check:
    """That the catalogue answers where people look for it: by the proxy, with its certificate."""
    import requests

    if address is None:
        return Check("address", True, "HANMARU_PUBLIC_URL is not set, so nobody was asked")
    try:
        status = requests.get(f"{address.rstrip('/')}/healthz/live", timeout=_CONNECT_S).status_code
    except requests.RequestException as error:
        reason = f"does not answer ({type(error).__name__})"
    else:
        reason = f"answers {status}"
        if status == 200:
            return Check("address", True, f"{address} answers")
    return Check("address", False, f"{address} {reason}: are proxy and `hanmaru serve` up?")


def _check_platform(feed: FeedSettings) -> Check:
    parts = urlsplit(feed.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{parts.hostname}:{port}"
    try:
        socket.create_connection((str(parts.hostname), port), timeout=_CONNECT_S).close()
    except OSError:
        name = platform_setting(feed.platform, "url")
        return Check(feed.platform, False, f"nothing listens at {place}: is it up, and is {name} right?")
    return Check(feed.platform, True, f"listens at {place}")
