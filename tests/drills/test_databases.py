"""Reliability D2, D3 on two databases: SQLite and PostgreSQL decide alike, whatever a platform writes into a field.

One census of hostile records, read into both; then every row of both is compared. And every text and number that a
column may be given goes straight in: what comes out is the same, or neither took it.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Connection, insert, select
from sqlalchemy.exc import DBAPIError

from connectors.decode import decode_row
from integrator.errors import BytesRefused
from integrator.ports import Connector
from integrator.record import Batch, End, Kind, Lane, Plan, Record
from integrator.store.database import Database
from integrator.store.measures import Measures, Share, save_measures
from integrator.store.tables import metadata, unknown
from integrator.sync.run import Slice, sync_feed
from tests.contract.connectors.replay import Recording, ReplayServer, SteadyClock, open_connector, records_of, walk
from tests.databases import Databases
from tests.drills.poisoning import FIELDS
from tests.drills.tally import OpenTally, Tally
from tests.drills.test_numbers import write_number
from tests.drills.test_text import write_text

SEED = 15
BATCH = 250

Pair = tuple[Database, Database]


@pytest.fixture
def pair(sqlite_databases: Databases, postgresql_databases: Databases) -> Iterator[Pair]:
    with sqlite_databases.lend() as one, postgresql_databases.lend() as other:
        yield one, other


# Hostile records -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hostile:
    """A platform that shows these records and nothing else; it reads them as the real one does."""

    connector: Connector
    records: Sequence[Record]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connector, name)

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        for start in range(0, len(self.records), BATCH):
            yield Batch(tuple(self.records[start : start + BATCH]), {"page": start})
        yield End(complete=True, census=True, watermark={}, total=len(self.records))


def write_value(dice: random.Random) -> object:
    """A text or a number as a platform may send it, read from its JSON."""
    while True:
        sent = json.dumps(write_text(dice)) if dice.random() < 0.5 else write_number(dice)
        try:
            return decode_row(sent.encode())
        except BytesRefused:
            continue  # no JSON at all


def spoil(record: Record, number: int, dice: random.Random) -> Record:
    """One to three fields say something else; no two records have the same id, nor the same bytes."""
    named = FIELDS[record.platform]
    external_id = f"{record.external_id[:-6]}1{number:05}" if record.platform != "buykorea" else f"{9_000_000 + number}"
    wanted = dice.sample([*named.names, named.seller, named.updated, *named.others], dice.randrange(1, 4))
    said: dict[str, Any] = {named.id: external_id, **{name: write_value(dice) for name in wanted}}
    fields: Mapping[str, Any] = {**record.fields, **said}
    if record.platform == "gobizkorea":
        cells = {name: value if isinstance(value, str) else str(value) for name, value in said.items()}
        fields = {**record.fields, "product": {**record.fields["product"], **cells}}  # type: ignore[dict-item]
    body = json.dumps([number, *map(repr, said.values())]).encode()
    return replace(record, external_id=external_id, fields=fields, cut=lambda: body, page=f"page {number // 100}")


def make_hostile(platform: str, folder: Path, *, records: int, seed: int) -> Hostile:
    dice, recording = random.Random(seed), Recording.load(platform)
    server = ReplayServer(recording)
    with server.serving():
        connector = open_connector(platform, server.url, recording, folder)
        every = records_of(walk(connector, Plan(Lane.CENSUS))[0])
    listings = [each for each in every if each.kind is Kind.LISTING and each.external_id]
    accounts = [each for each in every if each.kind is Kind.ACCOUNT]
    return Hostile(connector, [*accounts, *(spoil(dice.choice(listings), n, dice) for n in range(records))])


def read_everything(database: Database) -> dict[str, list[str]]:
    """Every row of every table; a key that a table gives by itself counts for nothing but what it leads to."""
    with database.read() as connection:
        names = metadata.tables["listing"]
        keys = {row[0]: row[1] for row in connection.execute(select(names.c.key, names.c.external_id))}
        found = {}
        for name, table in metadata.tables.items():
            rows = connection.execute(select(table)).mappings()
            found[name] = sorted(repr([_plain(of, value, keys) for of, value in row.items()]) for row in rows)
    return found


# The host's, or the process's.
_OWN = ("holder", "seconds", "cost", "id")


def _plain(column: str, value: object, keys: Mapping[object, str]) -> object:
    if column in _OWN:
        return None
    return keys.get(value, value) if column in ("key", "listing_key") else value


def compare(pair: Pair) -> Iterator[str]:
    left, right = map(read_everything, pair)
    for name in left.keys() - {"meta"}:
        for row in sorted(set(left[name]) ^ set(right[name]))[:5]:
            yield f"{name}: only {'SQLite' if row in left[name] else 'PostgreSQL'} has {row[:300]}"


def drill_records(tally: Tally, pair: Pair, platform: str, folder: Path, *, records: int) -> None:
    hostile: Any = make_hostile(platform, folder, records=records, seed=tally.seed)
    outcomes = []
    for database in pair:
        clock = SteadyClock(Recording.load(platform).now)
        outcome = sync_feed(database, hostile, clock, how=Slice(full=True))
        outcomes.append((outcome.state, outcome.reason, outcome.counters, outcome.warnings))
    tally.trials += records
    tally.count(*([] if outcomes[0] == outcomes[1] else [f"{platform}: {outcomes}"]), *compare(pair))
    taken = outcomes[0][2]
    tally.figures = {"new": str(taken.new), "rejected": str(taken.rejected)}


@pytest.mark.parametrize("platform", FIELDS)
def test_hostile_records_come_to_the_same_on_both(
    platform: str, pair: Pair, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally(f"D2 D3 two databases, {platform}", seed=SEED)

    drill_records(tally, pair, platform, tmp_path, records=10_000 if is_full_drill else 500)

    assert tally.violations == []


# Straight into a column ----------------------------------------------------------------------------------------------

TEXT, NUMBER = unknown.c.value, metadata.tables["listing"].c.sequence


def put(database: Database, column: Column[Any], value: object) -> object:
    """What the column gives back of it; None where it was not taken."""
    row = {each.name: _usual(each) for each in column.table.columns if not (each.nullable or each.name == "key")}
    try:
        with database.write() as connection:
            key = connection.execute(insert(column.table).values({**row, column.name: value})).inserted_primary_key
            assert key is not None
            here = [of == is_ for of, is_ in zip(column.table.primary_key, key, strict=True)]
            found = connection.execute(select(column).where(*here)).scalar_one()
            raise _Undone(found)
    except _Undone as told:
        return told.found
    except (DBAPIError, ValueError, OverflowError):
        return None


class _Undone(Exception):
    """Takes the row back."""

    def __init__(self, found: object) -> None:
        self.found = found


def _usual(column: Column[Any]) -> object:
    kind = column.type.python_type
    return b"" if kind is bytes else kind()


def drill_columns(tally: Tally, pair: Pair, *, values: int) -> None:
    dice = random.Random(tally.seed)
    for _ in range(values):
        text, number = write_text(dice), _whole(dice)
        for column, value in ((TEXT, text), (NUMBER, number)):
            answers = [put(database, column, value) for database in pair]
            alike = answers[0] == answers[1] and answers[0] in (None, value)
            tally.count(*([] if alike else [f"{column.name} {value!r:.80}: {answers!r:.200}"]))


def _whole(dice: random.Random) -> int:
    edge = 2 ** dice.choice((7, 15, 31, 32, 63, 64, 100))
    return dice.choice((-1, 1)) * (edge + dice.randrange(-2, 3))


def test_both_take_the_same_values_and_give_them_back(pair: Pair, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D2 D3 two databases, columns", seed=SEED)

    drill_columns(tally, pair, values=5_000 if is_full_drill else 150)

    assert tally.violations == []


# Bugs that it must find ----------------------------------------------------------------------------------------------


def test_the_drill_notices_text_that_one_of_them_takes(
    pair: Pair, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A NUL: SQLite would keep it."""
    pair[0].close()
    monkeypatch.setattr("integrator.store.engines._refuse_nul", lambda *_: None)
    tally = open_tally("D2 D3 two databases, columns", seed=SEED, planted="SQLite takes a NUL")

    drill_columns(tally, pair, values=60)

    assert tally.violations


def test_the_drill_notices_records_that_only_one_of_them_takes(
    pair: Pair, tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:

    def write_otherwise(connection: Connection, run: int, measured: Measures) -> None:
        is_one = connection.dialect.name == "sqlite"
        save_measures(connection, run, measured if is_one else {**measured, "parsed": Share(1, 1)})

    monkeypatch.setattr("integrator.sync.commit.save_measures", write_otherwise)
    tally = open_tally("D2 D3 two databases, buykorea", seed=SEED, planted="one of them counts otherwise")

    drill_records(tally, pair, "buykorea", tmp_path, records=50)

    assert tally.violations
