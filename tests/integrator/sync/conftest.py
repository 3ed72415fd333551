"""One small platform, one database, one clock."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from integrator.record import Lane
from integrator.store.database import Database
from integrator.store.feeds import load_states
from integrator.store.tables import listing, metadata, run
from integrator.sync.lanes import find_due
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, row


@pytest.fixture
def feed() -> FakeConnector:
    """Twenty listings of two sellers."""
    listings = [row(f"{number:03}", account="A1" if number % 2 else "A2") for number in range(20)]
    return FakeConnector(listings=listings, accounts=[{"id": "A1", "name": "First"}, {"id": "A2", "name": "Second"}])


class World:
    """Syncs the feed and looks into the database."""

    def __init__(self, database: Database, feed: FakeConnector, clock: FakeClock) -> None:
        self.database = database
        self.feed = feed
        self.clock = clock

    def sync(self, *, full: bool = False, limit_s: float | None = None) -> Outcome:
        """One sync, a minute after whatever came before."""
        self.clock.advance(60)
        return sync_feed(self.database, self.feed, self.clock, how=Slice(full=full, limit_s=limit_s))

    def due(self) -> Lane | None:
        """The lane that the scheduler would have read now."""
        now = self.clock.now().timestamp()
        with self.database.read() as connection:
            (state,) = load_states(connection, [self.feed.platform], now=now)
        found = find_due(state, self.feed, now)
        return found.lane if found else None

    def visible(self) -> set[str]:
        with self.database.read() as connection:
            return set(connection.execute(select(listing.c.external_id).where(listing.c.visible)).scalars())

    def one(self, external_id: str) -> dict[str, object]:
        """The newest generation's row."""
        wanted = select(listing).where(listing.c.external_id == external_id).order_by(listing.c.generation.desc())
        with self.database.read() as connection:
            found = connection.execute(wanted).mappings().first()
        assert found is not None
        return dict(found)

    def rows(self, table: str) -> list[dict[str, object]]:
        """In the order of the primary key."""
        found = metadata.tables[table]
        with self.database.read() as connection:
            wanted = select(found).order_by(*found.primary_key)
            return [dict(each) for each in connection.execute(wanted).mappings()]

    def clear_worklist(self) -> None:
        with self.database.write() as connection:
            connection.execute(metadata.tables["worklist"].delete())

    def marked(self) -> set[str]:
        """Accounts that wait to be worked out."""
        return {str(each["account_id"]) for each in self.rows("worklist")}

    def count_runs(self) -> int:
        with self.database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(run)).scalar_one())


@pytest.fixture
def world(database: Database, feed: FakeConnector, clock: FakeClock) -> World:
    return World(database, feed, clock)


@pytest.fixture
def synced(world: World) -> World:
    """A world whose first census is done and worked out."""
    outcome = world.sync()
    assert outcome.state == "succeeded", outcome.reason
    world.clear_worklist()
    return world


Change = Callable[[str], dict[str, object]]


@pytest.fixture
def change(feed: FakeConnector) -> Callable[..., None]:
    """Change a listing on the platform: `change("003", price="9", updated=2000)`."""

    def apply(external_id: str, **said: object) -> None:
        next(each for each in feed.listings if each["id"] == external_id).update(said)

    return apply
