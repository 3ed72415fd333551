"""Changes runs and census slices in any order, with kills between, end with what the platform shows."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from integrator.errors import FeedUnavailable
from integrator.store.database import Database
from integrator.store.runs import COUNTERS, Counters
from integrator.store.tables import account_version, listing, run, version
from integrator.sync import release
from integrator.sync.commit import Committer
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, _Attempt, sync_feed
from integrator.sync.units import gather
from tests.databases import Databases
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, row

Shown = dict[str, tuple[str, str]]  # price and seller by id

IDS = [f"{number:03}" for number in range(8)]
SELLERS = ("A1", "A2")


class Killed(BaseException):
    """The process is gone: nothing after it is done."""


@dataclass(frozen=True, slots=True)
class Change:
    """What the platform does to one listing: says something new of it, withdraws it, or uses its id again."""

    external_id: str
    price: int
    how: str


@dataclass(frozen=True, slots=True)
class Sync:
    """A slice that ends by itself, by an outage at a page, or by a kill at its nth write."""

    full: bool
    outage: int | None
    kill: int | None


STEPS = st.one_of(
    st.builds(
        Change,
        st.sampled_from([*IDS, "900", "901"]),
        st.integers(1, 9),
        st.sampled_from(["say", "say", "say", "move", "hide", "withdraw", "reuse"]),
    ),
    st.builds(
        Sync,
        st.booleans(),
        st.none() | st.integers(1, 5),
        st.none() | st.integers(1, 12),
    ),
)


@dataclass
class Life:
    """A platform and its reader."""

    database: Database
    patch: pytest.MonkeyPatch
    feed: FakeConnector = field(
        default_factory=lambda: FakeConnector(
            listings=[row(each, account=SELLERS[number % 2]) for number, each in enumerate(IDS)],
            accounts=[{"id": each, "name": each} for each in SELLERS],
        )
    )
    clock: FakeClock = field(default_factory=FakeClock)
    turn: int = 2000

    def change(self, said: Change) -> None:
        self.turn += 1
        found = next((each for each in self.feed.listings if each["id"] == said.external_id), None)
        if said.how == "withdraw":
            if found is not None and len(self.feed.listings) > 3:
                self.feed.listings.remove(found)
                self.feed.gone.add(said.external_id)
                self.feed.tombstones.append({"id": said.external_id, "at": self.turn})
            return
        if found is None:
            # An id that was withdrawn comes back later in the list.
            found = row(said.external_id, account="A1")
            self.feed.listings.append(found)
            self.feed.gone.discard(said.external_id)
        found.update(price=f"{said.price}.50", updated=self.turn, visible=said.how != "hide")
        if said.how == "move":
            found["account"] = "A2" if found["account"] == "A1" else "A1"
        if said.how == "reuse":
            found["registered"] = self.turn

    def sync(self, how: Sync) -> Outcome | None:
        self.clock.advance(60)
        self.feed.fail_at, self.feed.error = how.outage, lambda: FeedUnavailable("away")
        with self.patch.context() as patch:
            if how.kill is not None:
                patch.setattr(Committer, "transaction", _killing(how.kill))
                patch.setattr(_Attempt, "_end", _unless_dead(_Attempt._end))
            try:
                return sync_feed(self.database, self.feed, self.clock, how=Slice(full=how.full))
            except Killed:
                return None

    def settle(self) -> None:
        """Until nothing is left to do; a census asks once more for what it could not confirm."""
        for full in (False, True, False):
            states = [self._state_of_sync(full=full)]
            while states[-1] != "succeeded" and len(states) < 5:
                states.append(self._state_of_sync(full=full))
            assert states[-1] == "succeeded", states

    def _state_of_sync(self, *, full: bool) -> str:
        outcome = self.sync(Sync(full, None, None))
        return outcome.state if outcome else "killed"


def _killing(number: int) -> Callable[..., object]:
    begin, left = Committer.transaction, [number]

    def transaction(self: Committer) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return begin(self)

    return transaction


def _unless_dead(end: Callable[..., Outcome]) -> Callable[..., Outcome | None]:
    def ended(self: _Attempt, verdict: object) -> Outcome | None:
        return None if "Killed" in getattr(verdict, "reason", "") else end(self, verdict)

    return ended


def _expected(life: Life) -> Shown:
    return {
        str(each["id"]): (str(each["price"]), str(each["account"])) for each in life.feed.listings if each["visible"]
    }


def _shown(database: Database) -> Shown:
    wanted = select(listing.c.external_id, listing.c.account_id, version.c.content).join(
        version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version)
    )
    with database.read() as connection:
        rows = connection.execute(wanted.where(listing.c.visible)).all()
    return {each[0]: (msgspec.json.decode(each[2])["price"]["steps"][0]["amount"], each[1]) for each in rows}


def _find_faults(database: Database) -> list[str]:
    with database.read() as connection:
        versions = connection.execute(select(version.c.listing_key, version.c.version, version.c.state)).all()
        accounts = connection.execute(select(account_version.c.state)).all()
        waiting = connection.execute(select(listing.c.external_id).where(listing.c.pending.is_not(None))).all()
        runs = connection.execute(select(run)).mappings().all()
    wrong = [f"{each.state} for ever" for each in (*versions, *accounts) if each.state in ("pending", "held")]
    wrong += [f"{each.external_id} waits for ever" for each in waiting]
    for key in {each.listing_key for each in versions}:
        numbers = sorted(each.version for each in versions if each.listing_key == key)
        wrong += [] if numbers == list(range(1, len(numbers) + 1)) else [f"versions {numbers}"]
    counted = [Counters(**{name: each[name] for name in COUNTERS}) for each in runs]
    return wrong + [f"{each} does not add up" for each in counted if not each.is_conserved()]


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(follows=st.booleans(), steps=st.lists(STEPS, max_size=10))
def test_any_order_of_slices_and_kills_ends_with_what_the_platform_shows(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, *, follows: bool, steps: list[Change | Sync]
) -> None:
    """`follows`: whether changes are read while a first census goes on."""
    monkeypatch.setattr("integrator.sync.run.gather", lambda pieces: gather(pieces, records=1))
    monkeypatch.setattr(release, "BATCH", 2)
    with databases.lend() as database:
        life = Life(database, monkeypatch)
        life.feed.tells_watermark = follows

        for step in steps:
            life.change(step) if isinstance(step, Change) else life.sync(step)
        life.settle()

        assert _shown(database) == _expected(life)
        assert _find_faults(database) == []
