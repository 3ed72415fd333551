"""A platform played from its recording, and a store that has read it once; each trial begins from a copy of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Select, select

from connectors import CONNECTORS
from integrator.ports import Connector
from integrator.record import Lane, Plan, Record
from integrator.store.database import Database
from integrator.store.tables import account, contact, detail, listing, version, withdrawal
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from tests.contract.connectors.replay import (
    Recording,
    ReplayServer,
    SteadyClock,
    detail_asks,
    open_connector,
    records_of,
    walk,
)

PLATFORMS = [platform.name for platform in CONNECTORS]
DONE = "succeeded"

Facts = dict[str, list[str]]

# What buyers and sellers see, whichever run wrote it and when.
SHOWN: dict[str, Select] = {
    "listings": select(
        listing.c.external_id, listing.c.generation, listing.c.state, listing.c.visible, listing.c.account_id,
        listing.c.version, listing.c.fingerprint,
    ),
    "versions": select(version.c.listing_key, version.c.version, version.c.content),
    "accounts": select(account.c.external_id, account.c.version, account.c.content),
    "contacts": select(contact),
    "details": select(detail.c.listing_key, detail.c.content),
    "withdrawals": select(withdrawal.c.listing_key, withdrawal.c.kind),
}  # fmt: skip


class Stage:
    """Plays one platform; `server.spoilt` changes the answer to a question (see `ReplayServer`)."""

    def __init__(self, platform: str, folder: Path) -> None:
        self.platform = platform
        self.recording = Recording.load(platform)
        self.server = ReplayServer(self.recording)
        self._folder, self._spool = folder, folder / "spool"
        self._empty, self._read, self._trial = (folder / f"{name}.db" for name in ("empty", "read", "trial"))
        self.questions: list[str] = []
        self.records: list[Record] = []

    @classmethod
    @contextmanager
    def playing(cls, platform: str, folder: Path) -> Iterator["Stage"]:
        """Listens, and has read everything once."""
        stage = cls(platform, folder)
        with stage.server.serving():
            stage._prepare()
            yield stage

    def _prepare(self) -> None:
        database = Database(f"sqlite:///{self._empty}")
        database.migrate()
        database.close()
        shutil.copy(self._empty, self._read)
        database = Database(f"sqlite:///{self._read}")
        outcome = self.sync(database, hours=0)
        assert outcome.state == DONE, outcome.reason
        self.facts = read_facts(database)
        database.close()
        self.questions = list(dict.fromkeys(self.server.asked))
        connector = self.open()
        listed = records_of(walk(connector, Plan(Lane.CENSUS))[0])
        asks = detail_asks(listed, self.recording.gone)
        self.records = listed + records_of(walk(connector, Plan(Lane.DETAIL, asks=asks))[0])

    @contextmanager
    def trial(self, *, empty: bool = False) -> Iterator[Database]:
        """The store as it was after the first census, or one that has read nothing."""
        shutil.copy(self._empty if empty else self._read, self._trial)
        database = Database(f"sqlite:///{self._trial}")
        try:
            yield database
        finally:
            database.close()
            for left in self._folder.glob(f"{self._trial.name}-*"):
                left.unlink()

    def sync(self, database: Database, *, hours: float = 1, url: str = "") -> Outcome:
        """A census, so many hours after the recording. The spool is empty, so everything is asked for."""
        shutil.rmtree(self._spool, ignore_errors=True)
        clock = SteadyClock(self.recording.now + timedelta(hours=hours))
        return sync_feed(database, self.open(url), clock, how=Slice(full=True))

    def open(self, url: str = "") -> Connector:
        """A connector that remembers nothing but its spool; of another address than the recording's, if given."""
        return open_connector(self.platform, url or self.server.url, self.recording, self._spool)

    def body_of(self, question: str) -> bytes:
        return self.recording.replies[question].body


def read_facts(database: Database) -> Facts:
    with database.read() as connection:
        return {name: sorted(map(repr, connection.execute(wanted))) for name, wanted in SHOWN.items()}


def compare(expected: Facts, got: Facts) -> Iterator[str]:
    for name, rows in expected.items():
        if rows != got[name]:
            lost, other = len(set(rows) - set(got[name])), len(set(got[name]) - set(rows))
            yield f"{name}: {lost} lost, {other} other"


def read_contents(database: Database) -> dict[str, bytes]:
    """What every listing says, by its id."""
    wanted = select(listing.c.external_id, version.c.content).join(
        version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version)
    )
    with database.read() as connection:
        return {row.external_id: row.content for row in connection.execute(wanted)}
