"""Reliability F1: a copy taken while others write is whole; once it is put back, the index follows the database.

Products change and are published before, while and after the database is copied; so the index is from later than the
copy. What was committed before the copy began is in it, nothing in it is half, and a repair leaves no difference.
"""

import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from integrator.listing import Hs, HsState, Listing
from integrator.publish.publisher import publish
from integrator.publish.rebuild import queue_drift, verify
from integrator.store import backup
from integrator.store.backup import back_up, put_back
from integrator.store.database import Database
from integrator.store.tables import listing, product, product_listing, version
from search.memory import MemoryIndex
from tests.databases import SQLITE
from tests.drills.tally import OpenTally, Tally
from tests.fakes.shop import LendShop, Shop, lend_shop, make_listing

__all__ = ["lend_shop"]

SEED = 20
LISTINGS = 10
HS = Hs(HsState.EXACT6, "330499", "330499")
_WORDS = ("Aloe", "Rose", "Mugwort", "Citron", "Ginseng", "Camellia", "Honey", "Cica")

Copy = Callable[[Database, Path], None]


def drill(tally: Tally, lend_shop: LendShop, folder: Path, *, runs: int, copy: Copy = back_up) -> None:
    for run in range(runs):
        chance = random.Random(f"{tally.seed}-{run}")
        with lend_shop() as shop:
            broken = play(shop, chance, copy, folder / f"copy-{run}")
            tally.count(*(f"run {run}: {each}" for each in broken))


def play(shop: Shop, chance: random.Random, copy: Copy, file: Path) -> list[str]:
    """A catalogue that is copied amid changes, goes on, and is put back; what was broken."""
    index = MemoryIndex()
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    for number in range(LISTINGS):
        shop.listing(_listing(number, chance))
    change(shop, chance, index)
    before = read_newest(shop.database)
    with changing(shop, chance, index):
        copy(shop.database, file)
    for _ in range(3):
        change(shop, chance, index)
    put_back(shop.database, file, now=shop.clock.now().timestamp())
    queue_drift(shop.database, index)
    publish(shop.database, index)
    drift = verify(shop.database, index)
    differing = [f"{each} differs" for each in (*drift.missing, *drift.surplus, *drift.differing)]
    return find_lost(shop.database, before) + find_halves(shop.database) + differing


@contextmanager
def changing(shop: Shop, chance: random.Random, index: MemoryIndex) -> Iterator[None]:
    """Changes go on beside the block, from before its beginning to its end."""
    going, stop = threading.Event(), threading.Event()

    def write() -> None:
        while not stop.is_set():
            change(shop, chance, index)
            going.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        going.wait(60)
        yield
    finally:
        stop.set()
        writer.join()


def change(shop: Shop, chance: random.Random, index: MemoryIndex) -> None:
    """Three listings get another text or go; products and index follow."""
    for number in chance.sample(range(LISTINGS), 3):
        if chance.random() < 0.3:
            shop.withdraw("buykorea", str(number))
        else:
            shop.listing(_listing(number, chance))
    shop.mark("buykorea", "1")
    shop.resolve()
    publish(shop.database, index)


def _listing(number: int, chance: random.Random) -> Listing:
    title = f"Cream No. {number} {' '.join(chance.sample(_WORDS, 2))} {number * 7 + 10}ml"
    return make_listing("buykorea", str(number), "1", title, hs=HS)


def read_newest(database: Database) -> dict[str, int]:
    """The newest version of each listing."""
    with database.read() as connection:
        rows = connection.execute(select(listing.c.external_id, listing.c.version))
        return {row[0]: row[1] for row in rows}


def find_lost(database: Database, before: dict[str, int]) -> list[str]:
    """What had been committed before the copy began and is not in it."""
    now = read_newest(database)
    return [f"version {number} of {name} is lost" for name, number in before.items() if now.get(name, 0) < number]


def find_halves(database: Database) -> list[str]:
    """Rows whose other half, written in the same transaction, is not there."""
    with database.read() as connection:
        versions = {(row[0], row[1]) for row in connection.execute(select(version.c.listing_key, version.c.version))}
        newest = {(row[0], row[1]) for row in connection.execute(select(listing.c.key, listing.c.version))}
        products = set(connection.execute(select(product.c.id)).scalars())
        owners = set(connection.execute(select(product_listing.c.product_id)).scalars())
    return [f"{half} has no other half" for half in (*sorted(newest - versions), *sorted(owners - products))]


def test_a_copy_taken_amid_changes_is_whole_and_the_index_follows_it_back(
    lend_shop: LendShop, open_tally: OpenTally, is_full_drill: bool, backend: str, tmp_path: Path
) -> None:
    tally = open_tally(f"F1 backup, {backend}", seed=SEED)

    drill(tally, lend_shop, tmp_path, runs=20 if is_full_drill else 2)

    assert tally.violations == []


def copy_file(database: Database, file: Path) -> None:
    """Without the log beside it."""
    shutil.copyfile(str(database.engine.url.database), file)


@pytest.mark.parametrize("backend", [SQLITE])
def test_the_drill_notices_a_copy_of_the_file_alone(
    lend_shop: LendShop, open_tally: OpenTally, tmp_path: Path, backend: str
) -> None:
    tally = open_tally("F1 backup", seed=SEED, planted="the file alone is copied")

    drill(tally, lend_shop, tmp_path, runs=1, copy=copy_file)

    assert any("is lost" in each for each in tally.violations)


def test_the_drill_notices_an_epoch_that_stays(
    lend_shop: LendShop, open_tally: OpenTally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "begin_epoch", lambda connection, *, above: above)
    tally = open_tally("F1 backup", seed=SEED, planted="no new epoch begins")

    drill(tally, lend_shop, tmp_path, runs=1)

    assert any("differ" in each for each in tally.violations)
