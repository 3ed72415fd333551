"""Chooses what the core runs on: settings to clock, database, spool, connectors, index; each made when asked for."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from connectors import CONNECTORS, Access, Platform
from integrator.errors import InvalidSetting
from integrator.ports import Budget, Clock, Connector, Spool
from web.config import FeedSettings, Settings

if TYPE_CHECKING:
    from integrator.merge.price import Rates
    from integrator.store.database import Database
    from search.engine import SearchIndex

PLATFORMS: Mapping[str, Platform] = {platform.name: platform for platform in CONNECTORS}


class SystemClock:
    """`ports.Clock` of this machine."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed instant."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


class Wiring:
    """One process's parts. Parts are not shared between processes: fork or start first, then ask."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()

    @cached_property
    def database(self) -> "Database":
        """The database, of this program's age. Raises SchemaMismatch, naming the command that mends it.

        Raises InvalidSetting where another host works on it though one of our parts is for one host only.
        """
        database = self.unchecked_database()
        database.require_schema()
        self._refuse_second_host(database)
        return database

    def _refuse_second_host(self, database: "Database") -> None:
        from integrator.store.leases import find_other_host

        with database.read() as connection:
            other = find_other_host(connection, now=self.clock.now().timestamp())
        if other is None:
            return
        if database.is_file:
            raise InvalidSetting(
                f"{other} works on this database now, which is a file for one host: set HANMARU_DATABASE_URL to a "
                "PostgreSQL for several hosts, or wait a minute if that host is gone"
            )
        if self.settings.search is None:
            raise InvalidSetting(
                f"{other} works on this database now, but the index is in this host's own HANMARU_HOME: set "
                "HANMARU_SEARCH_URL to a search server for several hosts, or wait a minute if that host is gone"
            )

    def unchecked_database(self) -> "Database":
        """The database as it is, for those who migrate or look at it."""
        from integrator.store.database import Database

        return Database(self.settings.database_url)

    @cached_property
    def spool(self) -> Spool:
        """Large files of the feeds, in HANMARU_HOME."""
        from integrator.store.spool import DiskSpool

        return DiskSpool(self.settings.home / "spool")

    def connector(self, platform: str) -> Connector:
        """A connector of this platform, ready to fetch. Raises InvalidSetting."""
        found = PLATFORMS.get(platform)
        if found is None:
            raise InvalidSetting(f"{platform} is no platform: use one of {', '.join(PLATFORMS)}")
        feed = self.settings.feeds[platform]
        access = Access(feed.url, feed.credentials, feed.calls)
        return found.open(access, clock=self.clock, spool=self.spool, budget=self._budget(feed))

    def _budget(self, feed: FeedSettings) -> Budget:
        """Counted by server and credential: another one begins anew. The name gives neither away."""
        from integrator.store.budgets import SharedBudget

        parts = (feed.url, *(f"{name}={value}" for name, value in sorted(feed.credentials.items())))
        key = sha256("\n".join(parts).encode()).hexdigest()[:32]
        label = PLATFORMS[feed.platform].label
        return SharedBudget.open(self.database, platform=feed.platform, key=key, clock=self.clock, label=label)

    @cached_property
    def index(self) -> "SearchIndex":
        """The search index; opens at its first use."""
        from search import open_index

        return open_index(self.settings.search or self.settings.home / "index", clock=self.clock)

    @cached_property
    def rates(self) -> "Rates":
        """Exchange rates with their day, of HANMARU_RATES or of a package."""
        from integrator.merge.price import load_rates

        return load_rates(self.settings.rates)

    def close(self) -> None:
        """Let go of what was opened."""
        for name in ("database", "index"):
            part = self.__dict__.pop(name, None)
            if part is not None:
                part.close()


@contextmanager
def wired(settings: Settings | None = None) -> Iterator[Wiring]:
    """The parts for one command, given back at its end."""
    wiring = Wiring(settings or Settings.from_environment())
    try:
        yield wiring
    finally:
        wiring.close()
