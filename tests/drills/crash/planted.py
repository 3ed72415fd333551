"""Bugs of the kind that a crash brings to light, for the drills to find."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from integrator.publish.publisher import Publishing
from integrator.store.runs import save_run
from integrator.store.spool import DiskSpool
from integrator.store.versions import VersionState
from integrator.sync.commit import Committer
from integrator.sync.units import Unit


def plant_place_first(patch: pytest.MonkeyPatch) -> None:
    """The place is committed before its records."""
    commit = Committer.commit

    def place_first(self: Committer, unit: Unit) -> None:
        if unit.last is not None:
            with self.transaction() as connection:
                save_run(connection, replace(self.run, position=unit.last.position), now=self.now())
        commit(self, unit)

    patch.setattr(Committer, "commit", place_first)


def plant_acknowledged_first(patch: pytest.MonkeyPatch) -> None:
    """Rows leave the outbox before the index has made durable what it acknowledged."""
    settle = Publishing._commit

    class Later:
        def commit(self) -> None:
            """Not yet."""

    def acknowledge_first(self: Publishing) -> None:
        index, self._index = self._index, Later()  # type: ignore[assignment]
        settle(self)
        self._index = index
        index.commit()

    patch.setattr(Publishing, "_commit", acknowledge_first)


def plant_lease_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Whoever lost the lease writes on."""
    patch.setattr("integrator.sync.commit.renew_lease", lambda *_, **__: None)


def plant_spool_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Each process begins with an empty spool."""
    begin = DiskSpool.__init__

    def begin_empty(self: DiskSpool, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        begin(self, folder)

    patch.setattr(DiskSpool, "__init__", begin_empty)


def plant_release_first(patch: pytest.MonkeyPatch) -> None:
    """Versions are shown batch by batch, before the guards have seen the run."""
    patch.setattr("integrator.sync.commit.state_of_versions", lambda _run: VersionState.RELEASED)
