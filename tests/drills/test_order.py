"""Reliability E4: pages shuffled and repeated, over one run or several, never let old news overwrite new."""

import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from integrator.store.database import Database
from integrator.store.runs import Counters
from integrator.store.tables import listing, run, version
from integrator.sync.run import sync_feed
from integrator.sync.units import gather
from integrator.sync.weighing import Weighing
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, Row, row

SEED = 20260914
PAGE = 3
IDS = [f"{number:03}" for number in range(6)]
SAYINGS = 4  # how often each listing changed while the pages were made
CONSERVED = ("seen", "new", "changed", "unchanged", "superseded", "rejected")

Page = list[Row]
Stored = dict[str, tuple[str, str, bool]]  # name, price and whether buyers see it, by id


def say(external_id: str, turn: int, *, numbered: bool) -> Row:
    """What the platform said of a listing at that turn; hidden at some, and shown again."""
    said = row(
        external_id,
        name=f"Hand cream {external_id}, take {turn}",
        price=f"{turn + 1}.50",
        visible=(turn + int(external_id)) % 3 != 0,
        updated=1000 + turn,
    )
    # A numbered drop outranks the time of change, which may go back from one drop to the next.
    return {**said, "sequence": turn + 1, "updated": 2000 - turn} if numbered else said


def make_pages(*, numbered: bool) -> list[Page]:
    """Every page that the platform showed, oldest first."""
    turns = [[say(each, turn, numbered=numbered) for each in IDS] for turn in range(SAYINGS)]
    return [rows[start : start + PAGE] for rows in turns for start in range(0, len(rows), PAGE)]


def newest(*, numbered: bool) -> Stored:
    last = {each: say(each, SAYINGS - 1, numbered=numbered) for each in IDS}
    return {key: (str(said["name"]), str(said["price"]), bool(said["visible"])) for key, said in last.items()}


def shuffle(pages: list[Page], dice: random.Random) -> list[list[Page]]:
    """The pages in any order, some of them again, dealt to one to three runs."""
    dealt = pages + dice.choices(pages, k=dice.randrange(len(pages)))
    dice.shuffle(dealt)
    cuts = sorted(dice.sample(range(1, len(dealt)), dice.randrange(3)))
    return [dealt[start:end] for start, end in zip([0, *cuts], [*cuts, len(dealt)], strict=True)]


class Store:
    """An empty store, copied for each order."""

    def __init__(self, folder: Path) -> None:
        self._empty, self._file = folder / "empty.db", folder / "trial.db"
        database = Database(f"sqlite:///{self._empty}")
        database.migrate()
        database.close()

    def find_faults(self, runs: Iterable[list[Page]], *, numbered: bool) -> list[str]:
        """What is wrong after these runs."""
        shutil.copy(self._empty, self._file)
        database, clock = Database(f"sqlite:///{self._file}"), FakeClock()
        wrong = []
        for pages in runs:
            clock.advance(60)
            platform = FakeConnector(listings=[each for page in pages for each in page], page=PAGE)
            outcome = sync_feed(database, platform, clock)
            wrong += [] if outcome.state == "succeeded" else [f"{outcome.state}: {outcome.reason}"]
        wrong += find_overwritten(newest(numbered=numbered), read_stored(database))
        wrong += find_gaps(database)
        database.close()
        return wrong


def read_stored(database: Database) -> Stored:
    wanted = select(listing.c.external_id, listing.c.visible, version.c.content).join(
        version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version)
    )
    with database.read() as connection:
        rows = connection.execute(wanted.where(listing.c.state == "live")).all()
    contents = [(each.external_id, msgspec.json.decode(each.content), each.visible) for each in rows]
    return {
        key: (content["names"]["en"], content["price"]["steps"][0]["amount"], visible)
        for key, content, visible in contents
    }


def find_overwritten(expected: Stored, stored: Stored) -> Iterator[str]:
    for external_id in expected.keys() | stored.keys():
        if expected.get(external_id) != stored.get(external_id):
            yield f"{external_id}: {stored.get(external_id)} stands, {expected.get(external_id)} is newest"


def find_gaps(database: Database) -> Iterator[str]:
    """Versions 1..n of each listing, one listing an id, counters that add up."""
    with database.read() as connection:
        listings = connection.execute(select(listing.c.key, listing.c.external_id)).all()
        versions = connection.execute(select(version.c.listing_key, version.c.version)).all()
        runs = connection.execute(select(run)).mappings().all()
    if len(listings) != len(IDS):
        yield f"{len(listings)} listings are stored for {len(IDS)}"
    for key, external_id in listings:
        numbers = sorted(each.version for each in versions if each.listing_key == key)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{external_id} has versions {numbers}"
    for each in runs:
        counted = Counters(**{name: each[name] for name in CONSERVED})
        if not counted.is_conserved():
            yield f"run {each['id']} does not add up: {counted}"


def drill(tally: Tally, store: Store, orders: int) -> None:
    dice = random.Random(tally.seed)
    for number in range(orders):
        numbered = number % 2 == 1
        runs = shuffle(make_pages(numbered=numbered), dice)
        wrong = store.find_faults(runs, numbered=numbered)
        tally.count(*(f"order {number}{', numbered' if numbered else ''}: {each}" for each in wrong))


@pytest.fixture(autouse=True)
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit a page, so that copies of one listing meet within a commit and across them."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))


def test_pages_in_any_order_end_in_the_newest_state(tmp_path: Path, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("E4 order", seed=SEED)

    drill(tally, Store(tmp_path), 1000 if is_full_drill else 30)

    assert tally.violations == []


def test_the_drill_notices_that_the_last_one_wins(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Weighing, "_is_old_news", lambda *_: False)
    tally = open_tally("E4 order", seed=SEED, planted="the last one wins")

    drill(tally, Store(tmp_path), 30)

    plain = [each for each in tally.violations if "numbered" not in each]
    assert len(plain) > 10
    assert len(tally.violations) - len(plain) > 10
