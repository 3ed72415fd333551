"""Reliability E5: what a platform changes in its records is seen, not swallowed.

A hundred and fifty records of each platform, as its mock serves them, are read; then all of them come again with one
change in the wire: a field renamed, of another type, emptied, with a code that nobody knows, or one more field. A
value that was shown and is not shown any more has to be in the open: the run is held or has failed, a warning names the
field, or an issue of the listing does.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from sqlalchemy import select

from connectors import CONNECTORS, Access
from connectors.buykorea.wire import ListingRow
from connectors.gobizkorea.wire import COLUMNS
from connectors.tradekorea.wire import ProductRow
from integrator.ports import Connector
from integrator.record import Batch, End, Kind, Lane, Plan, Record, Wire
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.store.tables import listing, unknown, version
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from tests.drills.mock_world import World, serving
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 5
PLATFORMS = {platform.name: platform for platform in CONNECTORS}
MUTATIONS = 40
SAMPLE = 4  # of each platform

# Where the fields of one listing stand in its record; GobizKOREA's record is the join of three tables.
Path_ = tuple[str, ...]
FIELDS: dict[str, list[Path_]] = {
    "buykorea": [(name,) for name in ListingRow().fields],
    "gobizkorea": [(table, name) for table in ("product", "price_line", "image") for name in COLUMNS[table]],
    "tradekorea": [(name,) for name in ProductRow().fields],
}

# What no listing can do without, and a field in which every record is edited.
REQUIRED: dict[str, list[Path_]] = {
    "buykorea": [("ENG_GOODS_NM",), ("ENTP_SN",), ("UPD_DT",)],
    "gobizkorea": [("product", "업체번호"), ("product", "수정일")],
    "tradekorea": [("name",), ("supplier",), ("updatedAt",)],
}
MODEL: dict[str, Path_] = {
    "buykorea": ("SELER_GOODS_NO",),
    "gobizkorea": ("product", "모델명"),
    "tradekorea": ("modelNo",),
}

Row = dict[str, Any]


def _rename(row: Row, name: str) -> None:
    if name in row:
        row[f"{name}_v2"] = row.pop(name)


def _retype(row: Row, name: str) -> None:
    if row.get(name) not in (None, ""):
        row[name] = {"value": row[name]}


def _empty(row: Row, name: str) -> None:
    if name in row:
        row[name] = ""


def _recode(row: Row, name: str) -> None:
    if row.get(name) not in (None, ""):
        row[name] = "QX-7"


def _enlarge(row: Row, name: str) -> None:
    row[f"{name}_NEW"] = "1"


def _edit(row: Row, name: str) -> None:
    row[name] = f"{row.get(name) or ''} II"


EDITED = "edited"
KINDS: dict[str, Callable[[Row, str], None]] = {
    "renamed": _rename,
    "of another type": _retype,
    "emptied": _empty,
    "of an unknown code": _recode,
    "joined by another": _enlarge,
}


@dataclass(frozen=True, slots=True)
class Mutation:
    platform: str
    path: Path_
    kind: str
    of: Kind = Kind.LISTING

    def __str__(self) -> str:
        return f"{self.platform} {'.'.join(self.path)} {self.kind}"

    def apply(self, record: Record, connector: Connector) -> Record:
        if record.kind is not self.of:
            return record
        fields = json.loads(json.dumps(connector.decode(record.kind, record.body)))
        *above, name = self.path
        place = fields
        for step in above:
            place = place.get(step) or []
        for row in [place] if isinstance(place, dict) else place:
            (_edit if self.kind == EDITED else KINDS[self.kind])(row, name)
            if above and isinstance(row.get(name), dict):
                row[name] = json.dumps(row[name])  # a table's cell is text
        return as_record(record, fields)


def as_record(record: Record, fields: Mapping[str, Wire]) -> Record:
    body = json.dumps(fields, ensure_ascii=False).encode()
    return replace(record, fields=fields, cut=lambda: body, sequence=record.sequence and record.sequence + 1)


def list_mutations(platform: str) -> list[Mutation]:
    """Every field in one of the ways, then the next way for each, until there are forty."""
    paths, kinds = FIELDS[platform], list(KINDS)
    turns = range(len(kinds))
    every = [
        Mutation(platform, path, kinds[(place + turn) % len(kinds)])
        for turn in turns
        for place, path in enumerate(paths)
    ]
    return every[:MUTATIONS]


@dataclass
class Repeating:
    """A connector whose walk is a list of records; it reads them as the platform's own does."""

    own: Connector
    records: list[Record] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        if plan.lane is not Lane.DETAIL:
            yield Batch(tuple(self.records), {"done": len(self.records)})
        yield End(complete=True, census=plan.lane is Lane.CENSUS)


class Stage:
    """One platform's records, and a store that has read them once."""

    def __init__(self, platform: str, folder: Path) -> None:
        self.platform = platform
        self._folder = folder
        clock = FakeClock()
        with serving(World(SEED, 150, 0), clock) as url:
            found = PLATFORMS[platform]
            access = Access(url + f"/{platform}", {each.name: each.test_value for each in found.credentials})
            self._connector = found.open(access, clock=clock, spool=DiskSpool(folder / "spool"))
            pieces = list(self._connector.fetch(Plan(Lane.CENSUS)))
        records = [each for piece in pieces if isinstance(piece, Batch) for each in piece.records]
        self.records = self.pick([each for each in records if each.kind in (Kind.LISTING, Kind.ACCOUNT)])
        self._read = folder / f"{platform}.db"
        database = Database(f"sqlite:///{self._read}")
        database.migrate()
        assert self.sync(database, self.records).state == "succeeded"
        self.shown = read_shown(database)
        database.close()

    def pick(self, records: list[Record]) -> list[Record]:
        """What of a platform's records is read."""
        return records

    def sync(self, database: Database, records: Iterable[Record], *, full: bool = True) -> Outcome:
        clock = FakeClock()
        clock.advance(86_400)
        repeating: Any = Repeating(self._connector, list(records))
        return sync_feed(database, repeating, clock, how=Slice(full=full))

    def try_broken_part(self, mutation: Mutation) -> list[str]:
        """A changes run in which every record was edited and every third is broken: nothing of it may be shown."""
        edit = Mutation(self.platform, MODEL[self.platform], EDITED)
        every = [edit.apply(each, self._connector) for each in self.records]
        some = [each if place % 3 else mutation.apply(each, self._connector) for place, each in enumerate(every)]
        with self.trying() as database:
            outcome = self.sync(database, some, full=False)
            after = read_shown(database)
        wrong = [f"{mutation}: {outcome.state}"] if outcome.state != "held" else []
        return wrong + [f"{mutation}: what is shown is another"] * (after != self.shown)

    def try_mutation(self, mutation: Mutation) -> list[str]:
        with self.trying() as database:
            outcome = self.sync(database, [mutation.apply(each, self._connector) for each in self.records])
            after, unknowns = read_shown(database), _read_unknowns(database)
        if outcome.state != "succeeded":
            unseen = compare(self.shown, after, said=frozenset())
            return [f"{mutation}: {outcome.state}, yet {each}" for each in unseen]
        said = {each.partition(":")[0].partition(".")[0] for each in outcome.warnings} | unknowns
        return [f"{mutation}: {each}" for each in compare(self.shown, after, said=frozenset(said))]

    @contextmanager
    def trying(self) -> Iterator[Database]:
        """A copy of what was read."""
        trial = self._folder / "trial.db"
        for left in self._folder.glob("trial.db*"):
            left.unlink()
        copy(self._read, trial)
        database = Database(f"sqlite:///{trial}")
        yield database
        database.close()


def read_shown(database: Database) -> dict[str, dict[str, Any]]:
    """What buyers see, by id."""
    wanted = (
        select(listing.c.external_id, version.c.content)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(listing.c.visible)
    )
    with database.read() as connection:
        return {row[0]: json.loads(row[1]) for row in connection.execute(wanted)}


def _read_unknowns(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(unknown.c.field).where(unknown.c.last_run > 1)).scalars())


# How a record was read is no statement of its seller's.
_UNSAID = {"issues", "scope", "masked", "view_count", "platform"}


def compare(before: dict[str, Row], after: dict[str, Row], *, said: frozenset[str]) -> Iterator[str]:
    """Values that were shown and are not, although nothing speaks of their field."""
    for external_id in before.keys() - after.keys():
        yield f"{external_id} is not shown any more"
    for external_id, was in before.items():
        now = after.get(external_id, was)
        spoken = said | {each["field"].partition(".")[0] for each in now.get("issues", ())}
        for name in sorted(_filled(was) - _filled(now)):
            if name.partition(".")[0] not in spoken and not name.startswith(tuple(_UNSAID)):
                yield f"{external_id} lost its {name}"


def _filled(said: Any, above: str = "") -> set[str]:
    """The paths of all values that say something; rows of a list count together."""
    if isinstance(said, dict):
        return {name for key, value in said.items() for name in _filled(value, f"{above}.{key}" if above else key)}
    if isinstance(said, list):
        return {name for value in said for name in _filled(value, above)}
    return set() if said in (None, "", False, "unknown", "missing") else {above}


def _stages(folder: Path) -> Iterator[Stage]:
    for platform in PLATFORMS:
        yield Stage(platform, folder)


def drill(tally: Tally, folder: Path, *, is_full: bool) -> None:
    for stage in _stages(folder):
        mutations = list_mutations(stage.platform)
        step = 1 if is_full else MUTATIONS // SAMPLE
        for mutation in mutations[::step]:
            tally.count(*stage.try_mutation(mutation))


def test_nothing_that_was_shown_is_blanked_in_silence(
    tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("E5 schema drift", seed=SEED)

    drill(tally, tmp_path, is_full=is_full_drill)

    assert tally.violations == []


def drill_parts(tally: Tally, folder: Path, *, is_full: bool) -> None:
    for stage in _stages(folder):
        for path in REQUIRED[stage.platform][: None if is_full else 1]:
            tally.count(*stage.try_broken_part(Mutation(stage.platform, path, "renamed")))


def test_a_run_that_lost_a_required_field_in_part_is_held_though_few_of_those_records_can_be_used(
    tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("E5 required fields lost in part", seed=SEED)

    drill_parts(tally, tmp_path, is_full=is_full_drill)

    assert tally.violations == []


def test_the_drill_notices_that_rejected_records_are_not_measured(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrator.sync.measuring.Measured.add_rejected", lambda *_: None)
    tally = open_tally("E5 required fields lost in part", seed=SEED, planted="rejected records count nowhere")

    drill_parts(tally, tmp_path, is_full=False)

    assert tally.violations


def test_the_drill_notices_a_run_that_nobody_judges(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrator.sync.release.object_to_run", lambda *_, **__: None)
    monkeypatch.setattr("integrator.sync.finish.warn_of_run", lambda *_, **__: [])
    tally = open_tally("E5 schema drift", seed=SEED, planted="no run is judged")
    stage = Stage("buykorea", tmp_path)

    for mutation in list_mutations("buykorea")[::10]:
        tally.count(*stage.try_mutation(mutation))

    assert tally.violations
