"""What `hanmaru doctor` looks at: each check says how it is, and what to do where it is not well."""

import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from integrator.errors import HanmaruError, StorageUnavailable
from integrator.sync.outcome import count_of
from web.config import Settings, find_unknown_names, platform_setting
from web.wiring import Wiring

# Below this the database, the spool and a rebuilt index may not fit beside each other.
_FREE_BYTES = 1_000_000_000

_CONNECT_S = 3.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    ok: bool
    text: str


def check_all(settings: Settings) -> list[Check]:
    """Every check, in the order in which trouble is worth mending."""
    wiring = Wiring(settings)
    checks = [_check_names(), _check_disk(settings.home), _guarded("database", lambda: _check_database(wiring))]
    if checks[-1].ok:
        checks.append(_guarded("worklist", lambda: _check_worklist(wiring)))
        checks.append(_guarded("holds", lambda: _check_holds(wiring)))
        checks.append(_guarded("index", lambda: _check_index(wiring)))
    checks.append(_guarded("broker", lambda: _check_broker(settings)))
    checks.extend(_check_platforms(settings))
    wiring.close()
    return checks


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (HanmaruError, OSError) as error:
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

    database = wiring.unchecked_database()
    try:
        database.require_schema()
        age, _ = database.schema_age()
    except (SQLAlchemyError, StorageUnavailable) as error:
        return Check("database", False, f"{database.url} does not answer ({_say_why(error)}): is its server up?")
    finally:
        database.close()
    return Check("database", True, f"{database.url}, age {age}")


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

    url = find_broker(settings)
    if url is None:
        return Check("broker", True, "embedded, not running now: `hanmaru up` starts it")
    return Check("broker", True, "answers")


def _check_platforms(settings: Settings) -> Iterator[Check]:
    for feed in settings.feeds.values():
        parts = urlsplit(feed.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        place = f"{parts.hostname}:{port}"
        try:
            socket.create_connection((str(parts.hostname), port), timeout=_CONNECT_S).close()
        except OSError:
            name = platform_setting(feed.platform, "url")
            yield Check(feed.platform, False, f"nothing listens at {place}: is it up, and is {name} right?")
        else:
            yield Check(feed.platform, True, f"listens at {place}")
