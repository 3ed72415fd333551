"""Reliability I8: what is kept, read again into an empty database, gives the same rows.

Each mock platform is read for some days (a census, changes, details); then its archived raw records alone go through
today's code in the runs that first took them in. What was withdrawn is told by its proof rows, for an absence leaves no
bytes. Row for row: listings, the contents of all versions, accounts with theirs, contacts, details, rejections.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import RowMapping, Select, select

from connectors import Access
from integrator.listing import Grain, Listing, Moment, Withdrawal
from integrator.ports import Connector, Parsed
from integrator.record import Batch, End, Kind, Lane, Plan, Record, Wire
from integrator.store.archive import ArchiveReader
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.store.tables import (
    account,
    account_version,
    archive,
    contact,
    detail,
    listing,
    rejection,
    run,
    version,
    withdrawal,
)
from integrator.sync.detailing import read_details
from integrator.sync.run import Slice, sync_feed
from tests.drills.mock_world import PLATFORMS, World, serving
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 20260914
BATCH = 500

# What does not depend on when a thing was read, and by which run.
ROWS: dict[str, Select] = {
    "listings": select(
        listing.c.external_id, listing.c.generation, listing.c.account_id, listing.c.state, listing.c.visible,
        listing.c.hidden_reason, listing.c.version, listing.c.registered_at, listing.c.updated_at,
        listing.c.rejected_at.is_not(None),
    ),
    "versions": select(
        listing.c.external_id, listing.c.generation, version.c.version, version.c.state, version.c.fingerprint,
        version.c.raw, version.c.content, version.c.visible, version.c.hidden_reason,
    ).join_from(version, listing),
    "accounts": select(account.c.external_id, account.c.version, account.c.raw, account.c.content),
    "account versions": select(
        account_version.c.external_id, account_version.c.version, account_version.c.state,
        account_version.c.fingerprint, account_version.c.raw, account_version.c.content,
    ),
    "contacts": select(contact),
    "details": select(listing.c.external_id, detail.c.raw, detail.c.content).join_from(detail, listing),
    "rejections": select(
        rejection.c.kind, rejection.c.external_id, rejection.c.fingerprint, rejection.c.code,
        rejection.c.resolved_at.is_not(None),
    ),
}  # fmt: skip

Facts = dict[str, set[tuple[object, ...]]]


def read_rows(database: Database) -> Facts:
    with database.read() as connection:
        return {name: {tuple(row) for row in connection.execute(wanted)} for name, wanted in ROWS.items()}


def find_differences(before: Facts, after: Facts) -> list[str]:
    return [
        f"{name}: {len(before[name] - after[name])} lost, {len(after[name] - before[name])} made up"
        for name in ROWS
        if before[name] != after[name]
    ]


# What is kept, as a platform ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A record, and its place within the run that took it in."""

    place: tuple[object, ...]
    record: Record


class Archived:
    """The connector of a platform whose records come out of a store's archive, run by run."""

    def __init__(self, sound: Connector, database: Database) -> None:
        self._sound = sound
        self._told: dict[int, list[Told]] = defaultdict(list)
        self.platform, self.parser_version = sound.platform, sound.parser_version
        self.confirmation, self.separate_lanes = sound.confirmation, sound.separate_lanes
        self.policies = sound.policies
        self.now = datetime.min.replace(tzinfo=UTC)
        self.run = 0
        self._load(database)

    # As a platform ----------------------------------------------------------------------------------------------------

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        records = [each.record for each in sorted(self._told[self.run], key=lambda each: each.place)]
        if plan.lane is Lane.DETAIL:
            wanted = {(ask.kind, ask.external_id) for ask in plan.asks}
            records = [each for each in records if (each.kind, each.external_id) in wanted]
        for number, start in enumerate(range(0, len(records), BATCH)):
            yield Batch(tuple(records[start : start + BATCH]), {"batch": number}, clock=self.now)
        yield End(complete=True, census=plan.lane is Lane.CENSUS, watermark={"run": self.run}, clock=self.now)

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        return self._sound.decode(kind, body)

    def fingerprint(self, record: Record) -> bytes:
        return self._sound.fingerprint(record)

    def parse(self, record: Record) -> Parsed:
        if record.kind is not Kind.WITHDRAWAL:
            return self._sound.parse(record)
        said: Any = record.fields
        at = None if said["at"] is None else Moment(datetime.fromtimestamp(said["at"], UTC), Grain.SECOND)
        return Withdrawal(self.platform, record.external_id, at, said["reason"], said["merged_into"])

    # Out of the archive -----------------------------------------------------------------------------------------------

    def _load(self, database: Database) -> None:
        with database.read() as connection:
            kept = ArchiveReader().find(connection, connection.execute(select(archive.c.hash)).scalars())
            rows = {name: connection.execute(wanted).mappings().all() for name, wanted in _TOLD.items()}
        for kind, row in ((name, row) for name in ("listing", "account", "rejection") for row in rows[name]):
            of = kept[row["raw"]]
            scope = msgspec.json.decode(row["content"], type=_Scope).scope if kind != "rejection" else None
            self._tell(row["run"], row["place"], self._record(of.kind, row, of.body, scope), row["sequence"] or 0)
        of_versions = {row["raw"] for row in rows["listing"]}
        for row in rows["detail"]:
            if row["raw"] not in of_versions:
                self._tell(row["run"], 0, self._record(Kind.DETAIL, row, kept[row["raw"]].body, None), 0)
        for row in rows["withdrawal"]:
            fields = {"at": msgspec.json.decode(row["evidence"]).get("said_at"), **row}
            record = Record(self.platform, Kind.WITHDRAWAL, row["external_id"], fields, lambda: b"told by its proof")
            self._tell(row["run"], row["place"], record, 0)

    def _record(self, kind: Kind, row: RowMapping, body: bytes, scope: str | None) -> Record:
        fields, name = self.decode(kind, body), row["external_id"]
        return Record(self.platform, kind, name, fields, lambda: body, sequence=row["sequence"] or 0, scope=scope)

    def _tell(self, run_id: int, place: int, record: Record, sequence: int) -> None:
        order = (sequence, list(Kind).index(record.kind) if record.kind is not Kind.ACCOUNT else -1, place)
        self._told[run_id].append(Told((*order, len(self._told[run_id])), record))


class _Scope(msgspec.Struct):
    scope: str | None = None


_TOLD: dict[str, Select] = {
    "listing": select(
        version.c.run, listing.c.external_id, version.c.raw, version.c.content, version.c.sequence,
        version.c.version.label("place"),
    ).join_from(version, listing),
    "account": select(
        account_version.c.run, account_version.c.external_id, account_version.c.raw, account_version.c.content,
        account_version.c.sequence, account_version.c.version.label("place"),
    ),
    "rejection": select(
        rejection.c.first_run.label("run"), rejection.c.external_id, rejection.c.raw, rejection.c.id.label("place"),
        listing.c.sequence,
    ).select_from(
        rejection.outerjoin(
            listing, (listing.c.external_id == rejection.c.external_id) & (rejection.c.kind == "listing")
        )
    ),
    "detail": select(archive.c.run, listing.c.external_id, detail.c.raw, listing.c.sequence)
    .join_from(detail, listing)
    .join(archive, archive.c.hash == detail.c.raw),
    "withdrawal": select(
        withdrawal.c.run, listing.c.external_id, withdrawal.c.reason, withdrawal.c.evidence, withdrawal.c.merged_into,
        withdrawal.c.id.label("place"),
    )
    .join_from(withdrawal, listing)
    .where(withdrawal.c.kind != "reused"),
}  # fmt: skip


# The drill ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    """One platform's days, and what comes between the connector and the code."""

    platform: str
    size: int
    days: tuple[int, ...]
    folder: Path

    def live(self, spoil: Callable[[Connector], Connector]) -> Database:
        """A census, each day's changes, at the end a census again; some details every day."""
        database = _create(self.folder / "lived.db")
        clock = FakeClock()
        for before, day in zip((0, *self.days), self.days, strict=False):
            clock.advance(days=day - before)
            with serving(World(SEED, self.size, day), clock) as url:
                connector = spoil(self._open(f"{url}/{self.platform}", clock))
                outcome = sync_feed(database, connector, clock, how=Slice(full=day == self.days[-1]))
                assert outcome.state == "succeeded", outcome
                clock.advance(60)
                read_details(database, connector, clock, limit=self.size // 10)
        return database

    def _open(self, url: str, clock: FakeClock) -> Connector:
        found = PLATFORMS[self.platform]
        access = Access(url, {each.name: each.test_value for each in found.credentials})
        return found.open(access, clock=clock, spool=DiskSpool(self.folder / "spool"))

    def replay(self, lived: Database) -> Database:
        """An empty database that is told what the other keeps, in the same runs."""
        database, clock = _create(self.folder / "again.db"), FakeClock()
        archived = Archived(self._open("http://nowhere.example", clock), lived)
        with lived.read() as connection:
            runs = connection.execute(select(run).order_by(run.c.id)).mappings().all()
        for each in runs:
            clock.advance(max(0.0, each["started_at"] - clock.now().timestamp()))
            archived.run = each["id"]
            archived.now = datetime.fromtimestamp(each["platform_clock"] or each["started_at"], UTC)
            outcome = sync_feed(database, archived, clock, how=Slice())
            assert outcome.state == "succeeded", outcome
        return database


def _create(file: Path) -> Database:
    database = Database(f"sqlite:///{file}")
    database.migrate()
    return database


def run_drill(tally: Tally, scene: Scene, spoil: Callable[[Connector], Connector] = lambda sound: sound) -> Facts:
    lived = scene.live(spoil)
    again = scene.replay(lived)
    before, after = read_rows(lived), read_rows(again)
    tally.count(*(f"{scene.platform}: {each}" for each in find_differences(before, after)))
    lived.close()
    again.close()
    return before


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_is_kept_gives_the_same_rows_in_an_empty_database(
    platform: str, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"I8 replay of {platform}", seed=SEED)
    size, days = (2_000, (0, 1, 2, 6)) if is_full_drill else (240, (0, 1, 6))

    lived = run_drill(tally, Scene(platform, size, days, tmp_path))

    assert tally.violations == []
    # Not for want of anything to compare.
    assert len(lived["versions"]) > len(lived["listings"]) > size // 2
    assert is_full_drill <= bool(lived["rejections"])
    assert is_full_drill <= any(row[3] == "withdrawn" for row in lived["listings"])
    assert bool(lived["details"]) == (platform != "gobizkorea")


# Planted bugs ---------------------------------------------------------------------------------------------------------


class Stale:
    """Keeps, of each listing, the bytes that it came with first."""

    def __init__(self, sound: Connector, first: dict[str, bytes]) -> None:
        self._sound, self._first = sound, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        for piece in self._sound.fetch(plan):
            yield replace(piece, records=tuple(map(self._spoil, piece.records))) if isinstance(piece, Batch) else piece

    def _spoil(self, record: Record) -> Record:
        if record.kind is not Kind.LISTING or not record.external_id:
            return record
        body = self._first.setdefault(record.external_id, record.body)
        return replace(record, cut=lambda: body)


class Counting:
    """Reads into a listing how many it has read before it."""

    def __init__(self, sound: Connector, numbers: Iterator[int]) -> None:
        self._sound, self._numbers = sound, numbers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sound, name)

    def parse(self, record: Record) -> Parsed:
        parsed = self._sound.parse(record)
        return replace(parsed, stock=next(self._numbers)) if isinstance(parsed, Listing) else parsed


Spoil = Callable[[Connector], Any]


def plant_stale() -> Spoil:
    first: dict[str, bytes] = {}
    return lambda sound: Stale(sound, first)


def plant_counting() -> Spoil:
    numbers = count()
    return lambda sound: Counting(sound, numbers)


PLANTED: dict[str, Callable[[], Spoil]] = {"stale bytes kept": plant_stale, "parser not pure": plant_counting}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, tmp_path: Path, open_tally: OpenTally) -> None:
    tally = open_tally("I8 replay", seed=SEED, planted=bug)

    run_drill(tally, Scene("tradekorea", 120, (0, 1), tmp_path), PLANTED[bug]())

    assert any("versions" in each for each in tally.violations)
