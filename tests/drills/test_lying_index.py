"""Reliability B2: an index may lie (errors in replies, full, away, replies lost, late writes): nothing stays wrong.

Each call draws its lies; meanwhile products change, leave and come back. A row leaves the outbox only on its own
document's acknowledgement, so that at every moment what differs still waits, and at the end nothing differs but what is
refused for good; that is set aside with its reason.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from integrator.errors import IndexUnavailable
from integrator.listing import Hs, HsState, Listing
from integrator.ports import Ack, DocumentVersion, IndexDocument
from integrator.publish.publisher import publish
from integrator.publish.rebuild import verify
from integrator.store.outbox import REFUSALS
from integrator.store.tables import outbox
from search.memory import Lies, MemoryIndex, _Row
from tests.drills.tally import OpenTally, Tally
from tests.fakes.shop import LendShop, Shop, lend_shop, make_listing

__all__ = ["lend_shop"]

SEED = 52
CHANCE = 0.2
ROUNDS = 8
LISTINGS = 10
HS = Hs(HsState.EXACT6, "330499", "330499")
_WORDS = ("Aloe", "Rose", "Mugwort", "Citron", "Ginseng", "Camellia", "Honey", "Cica")


class LyingIndex(MemoryIndex):
    """Draws lies for every call; `poisoned` products are refused whenever they are written."""

    def __init__(self, chance: random.Random, poisoned: set[str]) -> None:
        super().__init__()
        self._chance = chance
        self.poisoned = poisoned
        self.is_honest = False

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        with self._lying([each.product_id for each in documents]):
            return super().put(documents)

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        with self._lying([product_id for product_id, _ in drops]):
            return super().drop(drops)

    def commit(self) -> None:
        with self._lying([]):
            if self._draw():
                self.arrive()
            super().commit()

    @contextmanager
    def _lying(self, product_ids: Sequence[str]) -> Iterator[None]:
        now_refused = {each: "too many fields" for each in product_ids if self._draw()}
        self.lies = Lies(
            unavailable=self._draw(),
            is_full=self._draw(),
            lost_reply=self._draw(),
            late=self._draw(),
            refused=now_refused | dict.fromkeys(self.poisoned, "immense term"),
            conflicts={each for each in product_ids if self._draw()},
        )
        try:
            yield
        finally:
            self.lies = Lies()

    def _draw(self) -> bool:
        return not self.is_honest and self._chance.random() < CHANCE


MakeIndex = Callable[[random.Random, set[str]], LyingIndex]


def drill(tally: Tally, lend_shop: LendShop, make: MakeIndex, *, runs: int) -> None:
    for run in range(runs):
        chance = random.Random(f"{tally.seed}-{run}")
        with lend_shop() as shop:
            tally.count(*(f"run {run}: {each}" for each in play(shop, chance, make)))


def play(shop: Shop, chance: random.Random, make: MakeIndex) -> list[str]:
    """One catalogue over some rounds of changes and lies, then an honest end; what was broken."""
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    for number in range(LISTINGS):
        shop.listing(_listing(number, chance))
    shop.resolve()
    index = make(chance, {shop.product_of(f"buykorea:{number}") for number in chance.sample(range(LISTINGS), 2)})
    broken: list[str] = []
    for _ in range(ROUNDS):
        _change(shop, chance)
        _try_to_publish(shop, index)
        broken += _differing_unheard(shop, index)
    index.is_honest = True
    index.arrive()
    for _ in range(REFUSALS + 1):
        publish(shop.database, index)
    broken += _differing_unheard(shop, index)
    left = _waiting(shop)
    broken += [f"{each} still waits" for each, (_, is_set_aside) in left.items() if not is_set_aside]
    broken += [f"{each} was set aside as {reason}" for each, (reason, _) in left.items() if each not in index.poisoned]
    broken += [f"{each} has no reason" for each, (reason, _) in left.items() if not reason]
    return broken


def _listing(number: int, chance: random.Random) -> Listing:
    title = f"Cream No. {number} {' '.join(chance.sample(_WORDS, 2))} {number * 7 + 10}ml"
    return make_listing("buykorea", str(number), "1", title, hs=HS)


def _change(shop: Shop, chance: random.Random) -> None:
    for number in chance.sample(range(LISTINGS), 3):
        if chance.random() < 0.4:
            shop.withdraw("buykorea", str(number))
        else:
            shop.listing(_listing(number, chance))
    shop.resolve()


def _try_to_publish(shop: Shop, index: MemoryIndex) -> None:
    try:
        publish(shop.database, index)
    except IndexUnavailable:
        return


def _waiting(shop: Shop) -> dict[str, tuple[str | None, bool]]:
    """What waits, with the reason of its last refusal and whether it was set aside."""
    with shop.database.read() as connection:
        rows = connection.execute(select(outbox.c.product_id, outbox.c.refusal, outbox.c.set_aside))
        return {row[0]: (row[1], row[2]) for row in rows}


def _differing_unheard(shop: Shop, index: LyingIndex) -> list[str]:
    """Products in another state than the index's though nothing waits to tell it."""
    honest, index.is_honest = index.is_honest, True
    MemoryIndex.commit(index)
    drift = verify(shop.database, index)
    index.is_honest = honest
    waiting = _waiting(shop)
    return [f"{each} differs" for each in (*drift.missing, *drift.surplus, *drift.differing) if each not in waiting]


def test_nothing_differs_for_good_in_an_index_that_lies(
    lend_shop: LendShop, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("B2 lying index", seed=SEED)

    drill(tally, lend_shop, LyingIndex, runs=100 if is_full_drill else 2)

    assert tally.violations == []


class Believed(LyingIndex):
    """As a publisher would see it that looks at the whole reply only: whatever was answered counts as written."""

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        return [Ack(ack.product_id, ok=True) for ack in super().put(documents)]


class Forgetful(LyingIndex):
    """Without versions: what comes last stays, however old it is."""

    def _store(self, product_id: str, row: _Row) -> bool:
        self._pending[product_id] = row
        return True


@pytest.mark.parametrize(
    ("make", "planted"), [(Believed, "errors of single documents not read"), (Forgetful, "late writes win")]
)
def test_the_drill_notices(lend_shop: LendShop, open_tally: OpenTally, make: MakeIndex, planted: str) -> None:
    tally = open_tally("B2 lying index", seed=SEED, planted=planted)

    drill(tally, lend_shop, make, runs=2)

    assert any("differs" in each for each in tally.violations)
