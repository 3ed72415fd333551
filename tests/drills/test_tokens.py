"""Reliability C6: a token that ends at any page costs one refresh and that page again; a second refusal is a rest.

Two readers with tokens of their own walk the same members' API, a page each in turn, on one budget in one database.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from connectors import Access
from connectors.tradekorea.access import Calls
from connectors.tradekorea.feed import TradeKorea
from integrator.errors import AccessRefused, FeedChanged, FeedUnavailable
from integrator.record import Batch, End, Kind, Lane, Plan
from integrator.store.budgets import SharedBudget
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from tests.drills.scripted import Host, answer
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock

SEED = 0  # nothing here is random
PAGES = 50
AS_OF = "2026-09-14T11:00:00+09:00"
SPENT = b'{"error":{"code":"INVALID_TOKEN","message":"The token is unknown or has run out"}}'


class Members:
    """Fifty pages of one product each; the first token ends at the page `ends_at`, every one if `refuses_all`."""

    def __init__(self, ends_at: int, *, refuses_all: bool = False) -> None:
        self.ends_at = ends_at
        self.refuses_all = refuses_all
        self.tokens: list[str] = []
        self.asked: list[tuple[str, int]] = []
        self.refused = 0

    def reply(self, head: bytes) -> Iterable[bytes]:
        path, _, query = head.split(b" ")[1].decode().partition("?")
        if path == "/oauth/token":
            self.tokens.append(f"token-{len(self.tokens)}")
            told = {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 1800, "scope": "member"}
            return [answer(json.dumps(told).encode())]
        token = next(line for line in head.decode().split("\r\n") if line.startswith("Authorization")).split()[-1]
        number = int(query.partition("cursor=c")[2].partition("&")[0] or 1)
        if path == "/v1/products":
            self.asked.append((token, number))
        if path == "/v1/products" and self._is_over(token, number):
            self.refused += 1
            return [answer(SPENT, status="401 Unauthorized")]
        return [answer(self._page(path, number))]

    def _is_over(self, token: str, number: int) -> bool:
        has_ended = number >= self.ends_at
        return has_ended and (self.refuses_all or token == "token-0")

    def _page(self, path: str, number: int) -> bytes:
        last = path != "/v1/products" or number == PAGES
        rows: list[dict[str, Any]] = [] if path != "/v1/products" else [product(number)]
        told = {"asOf": AS_OF, "items": rows, "hasMore": not last, "nextCursor": None if last else f"c{number + 1}"}
        return json.dumps(told).encode()


def product(number: int) -> dict[str, Any]:
    return {
        "productNo": f"P{100_000 + number}", "slug": "trial", "url": "https://www.tradekorea.example/p",
        "name": "Trial", "supplier": {"id": "1", "name": "Trial Co.", "country": "KR"}, "status": "ACTIVE",
        "registeredAt": "2025-03-10T09:00:00+09:00", "updatedAt": f"2026-09-01T00:00:{number:02}+09:00",
    }  # fmt: skip


class World:
    """Two readers of one members' API."""

    def __init__(self, members: Members, host: Host, database: Database, folder: Path, number: int) -> None:
        host.reply = members.reply
        self.members = members
        self._clock = FakeClock()
        self._access = Access(host.url, {"client_id": "members", "client_secret": "a secret of ours"})
        self._database, self._folder, self._key = database, folder, str(number)

    def open(self) -> TradeKorea:
        budget = SharedBudget.open(self._database, platform="tradekorea", key=self._key, clock=self._clock)
        return TradeKorea.open(self._access, clock=self._clock, spool=DiskSpool(self._folder), budget=budget)

    def read_in_turn(self) -> list[list[str]]:
        """The products that each of two readers got, a page at a time."""
        walks = [self.open().fetch(Plan(Lane.CENSUS, accounts=False)) for _ in range(2)]
        read: list[list[str]] = [[], []]
        left = {0, 1}
        while left:
            for number in sorted(left):
                piece = next(walks[number])
                if isinstance(piece, End):
                    left.discard(number)
                else:
                    read[number] += ids(piece)
            self._clock.advance(1)
        return read


def ids(batch: Batch) -> list[str]:
    return [record.external_id for record in batch.records if record.kind is Kind.LISTING]


def expire(world: World) -> Iterator[str]:
    """One token ends at one page: what went wrong."""
    at = world.members.ends_at
    try:
        read = world.read_in_turn()
    except (FeedChanged, FeedUnavailable) as error:
        yield f"at page {at}: {error}"
        return
    whole = [f"P{100_000 + number}" for number in range(1, PAGES + 1)]
    if read != [whole, whole]:
        yield f"at page {at}: {[len(each) for each in read]} products instead of {PAGES} each"
    if len(world.members.tokens) != 3:
        yield f"at page {at}: {len(world.members.tokens)} tokens instead of two and one refresh"
    asked = [number for _, number in world.members.asked]
    twice = [number for number in range(1, PAGES + 1) if asked.count(number) != 2 + (number == at)]
    if twice:
        yield f"at page {at}: pages {twice} were asked for otherwise than once a reader, the refused one again"


def refuse_all(world: World) -> Iterator[str]:
    """Every token is refused from one page on: the platform is left alone by both readers."""
    readers = [world.open() for _ in range(2)]
    for reader in readers:
        with suppress(AccessRefused, FeedUnavailable):
            list(reader.fetch(Plan(Lane.CENSUS, accounts=False)))
    if world.members.refused != 2:
        yield f"at page {world.members.ends_at}: {world.members.refused} refusals were asked for instead of two"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/hanmaru.db")
    database.migrate()
    with closing(database):
        yield database


def drill(tally: Tally, database: Database, folder: Path, pages: Iterable[int]) -> None:
    with Host().serving() as host:
        for page in pages:
            tally.count(*expire(World(Members(page), host, database, folder, 2 * page)))
            tally.count(*refuse_all(World(Members(page, refuses_all=True), host, database, folder, 2 * page + 1)))


def test_a_token_that_ends_at_any_page_costs_one_refresh(
    database: Database, tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    tally = open_tally("C6 tokens", seed=SEED)

    drill(tally, database, tmp_path, range(1, PAGES + 1) if is_full_drill else (1, 2, 25, PAGES))

    assert tally.violations == []


def test_the_drill_notices_a_walk_that_begins_again(
    database: Database, tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_page = Calls.ask_page

    def forgetful(self: Calls, path: str, query: dict[str, str]) -> Any:
        had = self._token
        page = ask_page(self, path, query)
        return page if self._token == had else ask_page(self, path, {})

    monkeypatch.setattr(Calls, "ask_page", forgetful)
    tally = open_tally("C6 tokens", seed=SEED, planted="the walk begins again with the new token")

    drill(tally, database, tmp_path, (2,))

    assert tally.violations


def test_the_drill_notices_refusals_that_nobody_notes(
    database: Database, tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SharedBudget, "note", lambda self, trouble: None)
    tally = open_tally("C6 tokens", seed=SEED, planted="a second refusal is not noted")

    drill(tally, database, tmp_path, (2,))

    assert tally.violations
