"""The contract suite runs on every platform of `CONNECTORS`, each against its recording."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors import CONNECTORS
from integrator.ports import Connector
from integrator.record import Batch, End, Lane, Plan, Record
from tests.contract.connectors.replay import Recording, ReplayServer, detail_asks, open_connector, records_of, walk


@dataclass
class Case:
    """One platform: its recording, a server that plays it, and what a whole walk gives."""

    platform: str
    recording: Recording
    server: ReplayServer
    folder: Path
    batches: list[Batch]
    end: End
    details: list[Record]

    @property
    def records(self) -> list[Record]:
        return [*records_of(self.batches), *self.details]

    def open(self, folder: Path | None = None) -> Connector:
        """A connector with nothing remembered, unless `folder` holds an earlier spool."""
        return open_connector(self.platform, self.server.url, self.recording, folder or self.folder)


@pytest.fixture(scope="session", params=[platform.name for platform in CONNECTORS])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    platform = str(request.param)
    recording = Recording.load(platform)
    server = ReplayServer(recording)
    folder = tmp_path_factory.mktemp(platform)
    with server.serving():
        connector = open_connector(platform, server.url, recording, folder)
        batches, end = walk(connector, Plan(Lane.CENSUS))
        asks = detail_asks(records_of(batches), recording.gone)
        answered, _ = walk(connector, Plan(Lane.DETAIL, asks=asks))
        yield Case(platform, recording, server, folder, batches, end, records_of(answered))


@pytest.fixture
def connector(case: Case) -> Connector:
    return case.open()
