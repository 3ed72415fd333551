"""Reliability B4: a rebuild under load fails no search, misses no write, and is always one complete index or the other.

On Elasticsearch. The process that rebuilds is killed before and after each of its requests, while others change
products, publish and search. Whatever was left, the alias is on one whole index, the next rebuild ends well, and no
orphan stays.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from integrator.errors import IndexUnavailable
from integrator.listing import Hs, HsState
from integrator.ports import IndexWriter
from integrator.publish.publisher import publish
from integrator.publish.rebuild import rebuild, verify
from search.elastic import ElasticIndex
from search.elastic_address import Server, read_nodes
from search.elastic_shelf import SILENCE_S
from search.engine import Ask
from tests.databases import Databases
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.shop import Shop, StillClock, make_listing
from tests.servers.elastic import ElasticServer

SEED = 0
PRODUCTS = 6
HS = Hs(HsState.EXACT6, "330499", "330499")
BEFORE, AFTER = "before", "after"


class Killed(Exception):
    """The process ends here; nothing it would do afterwards happens."""


class MortalIndex(ElasticIndex):
    """Its process is killed on one side of its Nth request; `requests` are those made."""

    def __init__(self, server: Server, clock: FakeClock, *, at: int | None = None, side: str = BEFORE) -> None:
        super().__init__(server, clock=clock)
        self.requests = 0
        self._at = at
        self._side = side
        self._is_dead = False
        self._counting = threading.Lock()

    def _client(self) -> Elasticsearch:
        is_new = not self._clients
        client = super()._client()
        if is_new:
            transport: Any = client.transport
            perform = transport.perform_request
            transport.perform_request = lambda *words, **options: self._perform(perform, *words, **options)
        return client

    def _perform(self, perform: Callable[..., Any], *words: Any, **options: Any) -> Any:
        with self._counting:
            self.requests += 1
            is_last = self.requests == self._at
            dies_unasked = self._is_dead or (is_last and self._side == BEFORE)
            self._is_dead = self._is_dead or is_last
        if dies_unasked:
            raise Killed
        answer = perform(*words, **options)
        if is_last:
            raise Killed
        return answer


Make = Callable[..., ElasticIndex]


def drill(tally: Tally, shop: Shop, server: Server, make: Make, *, every: int) -> None:
    """Kill a rebuild at every so many of its requests."""
    clock = FakeClock()
    steady = ElasticIndex(server, clock=clock)
    _stock(shop)
    publish(shop.database, steady)
    whole = MortalIndex(server, clock)
    rebuild(shop.database, whole)
    with _searching(tally, server):
        for at in range(1, whole.requests + 1, every):
            for side in (BEFORE, AFTER):
                with suppress(Killed, IndexUnavailable):
                    rebuild(shop.database, make(server, clock, at=at, side=side))
                broken = _differing(shop, steady)
                _change(shop, at)
                publish(shop.database, steady)
                broken += _differing(shop, steady)
                clock.advance(SILENCE_S + 1)
                rebuild(shop.database, steady)
                names = steady._shelf().places().known
                broken += _differing(shop, steady) + ([f"{len(names)} indices"] if len(names) > 2 else [])
                tally.count(*(f"killed {side} request {at}: {each}" for each in broken))
    tally.figures["requests"] = str(whole.requests)
    steady.close()


def _stock(shop: Shop) -> None:
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    for number in range(PRODUCTS):
        shop.listing(make_listing("buykorea", str(number), "1", f"Cream No. {number} {number * 7 + 10}ml", hs=HS))
    shop.resolve()


def _change(shop: Shop, number: int) -> None:
    place = number % PRODUCTS
    title = f"Cream No. {place} {place * 7 + 10}ml, made for the {number}th time"
    shop.listing(make_listing("buykorea", str(place), "1", title, hs=HS))
    shop.resolve()


def _differing(shop: Shop, index: ElasticIndex) -> list[str]:
    drift = verify(shop.database, index)
    return [f"{each} differs" for each in (*drift.missing, *drift.surplus, *drift.differing)]


@contextmanager
def _searching(tally: Tally, server: Server) -> Iterator[None]:
    """Ask all the time from another thread: every answer is of a whole index."""
    done = threading.Event()
    searches = 0

    def ask() -> None:
        nonlocal searches
        index = ElasticIndex(server, clock=FakeClock())
        while not done.is_set():
            try:
                total = index.ask(Ask()).total
            except IndexUnavailable as error:
                tally.violations.append(f"a search failed: {error}")
            else:
                tally.violations += [f"a search found {total}"] if total != PRODUCTS else []
            searches += 1
        index.close()

    thread = threading.Thread(target=ask, name="searching")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        tally.figures["searches"] = str(searches)


@pytest.fixture
def server(elasticsearch: ElasticServer) -> Iterator[Server]:
    with elasticsearch.prefix() as prefix:
        yield Server(*read_nodes(elasticsearch.url), prefix=prefix)


@pytest.fixture
def shop(sqlite_databases: Databases) -> Iterator[Shop]:
    with sqlite_databases.lend() as database:
        yield Shop(database, StillClock())


def test_a_rebuild_killed_anywhere_leaves_one_whole_index(
    shop: Shop, server: Server, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("B4 rebuild", seed=SEED)

    drill(tally, shop, server, MortalIndex, every=1 if is_full_drill else 7)

    assert tally.violations == []


class Hasty(MortalIndex):
    """Moves the alias first, and fills afterwards."""

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        fresh = self._shelf().open_fresh()
        self._shelf().take_over(fresh)
        yield self
        self.commit()


def test_the_drill_notices_an_alias_that_moves_first(shop: Shop, server: Server, open_tally: OpenTally) -> None:
    tally = open_tally("B4 rebuild", seed=SEED, planted="the alias moves before the index is filled")

    drill(tally, shop, server, Hasty, every=9)

    assert any("a search found" in each for each in tally.violations)
