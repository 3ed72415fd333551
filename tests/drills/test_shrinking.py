"""Reliability E1: a feed that suddenly shows less is held, not obeyed; what it adds and changes is taken in.

Two hundred visible listings of eight sellers. A trial lets a share of them survive in one of six shapes; the platform
claims that its list is whole, and where it is asked singly it says that the rest is gone: the worst it can do. In the
sixth it says so of itself, by a tombstone for each. Read twice, as the next day would. Then the list is whole again,
and so must be what buyers see.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy

import pytest
from sqlalchemy import Connection, func, select

from integrator.listing import Withdrawal
from integrator.record import Confirmation
from integrator.store.database import Database
from integrator.store.listings import find_known
from integrator.store.runs import Counters
from integrator.store.tables import hold, listing, withdrawal
from integrator.sync.commit import Committer
from integrator.sync.outcome import Outcome
from integrator.sync.run import Slice, sync_feed
from integrator.sync.withdrawing import find_told
from tests.drills.tally import OpenTally, Tally
from tests.fakes.clock import FakeClock
from tests.fakes.connector import FakeConnector, Row, row

SEED = 0  # nothing here is random
PAGE = 50
LARGE = "A0"
WHOLE = [row(f"{number:03}", account=f"A{number % 8}") for number in range(200)]

# The bounds that the design sets (section 5), written down once more.
MANY, SHARE, SELLER, SELLER_SHARE = 10, 0.10, 20, 0.50


def _truncate(survival: float) -> list[Row]:
    return WHOLE[: round(survival * len(WHOLE))]


def _empty(survival: float) -> list[Row]:
    """Every page beyond the surviving ones has no rows."""
    pages = [WHOLE[start : start + PAGE] for start in range(0, len(WHOLE), PAGE)]
    return [each for page in pages[: int(survival * len(pages))] for each in page]


def _first_page(survival: float) -> list[Row]:
    return WHOLE[: round(survival * PAGE)]


def _one_seller(survival: float) -> list[Row]:
    of_seller = [each for each in WHOLE if each["account"] == LARGE]
    kept = {str(each["id"]) for each in of_seller[: round(survival * len(of_seller))]}
    return [each for each in WHOLE if each["account"] != LARGE or each["id"] in kept]


def _rekeyed(survival: float) -> list[Row]:
    kept = round(survival * len(WHOLE))
    return WHOLE[:kept] + [{**each, "id": f"N{each['id']}"} for each in WHOLE[kept:]]


WITHDRAWN = "withdrawn explicitly"
SHAPES: dict[str, Callable[[float], list[Row]]] = {
    "truncated": _truncate,
    "empty": _empty,
    "first page only": _first_page,
    "one seller gone": _one_seller,
    "ids re-keyed": _rekeyed,
    WITHDRAWN: _truncate,
}
SURVIVALS = [step / 20 for step in range(21)]


@dataclass(frozen=True, slots=True)
class Case:
    shape: str
    survival: float
    confirmation: Confirmation

    def __str__(self) -> str:
        return f"{self.shape}, {self.survival:.0%}, {self.confirmation}"


EVERY = [Case(shape, share, way) for shape in SHAPES for share in SURVIVALS for way in Confirmation]
# Each shape at nothing and just above the tenth that may go; the two ways in turn.
SAMPLE = [each for number, each in enumerate(EVERY) if each.survival in (0.0, 0.85) and number % 2]


class Stage:
    """A store that has read the whole feed, copied for each trial."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._whole = folder / "whole.db"
        database = Database(f"sqlite:///{self._whole}")
        database.migrate()
        outcome = _sync(database, FakeConnector(listings=WHOLE), FakeClock())
        assert outcome.state == "succeeded", outcome.reason
        database.close()

    @contextmanager
    def copied(self) -> Iterator[Database]:
        for left in self._folder.glob("trial.db*"):
            left.unlink()
        copy(self._whole, self._folder / "trial.db")
        database = Database(f"sqlite:///{self._folder}/trial.db")
        try:
            yield database
        finally:
            database.close()


def _sync(database: Database, platform: FakeConnector, clock: FakeClock, *, full: bool = True) -> Outcome:
    clock.advance(86_400)
    return sync_feed(database, platform, clock, how=Slice(full=full))


def _visible(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.execute(select(listing.c.external_id).where(listing.c.visible)).scalars())


def _without_proof(database: Database) -> int:
    """Listings that are not live and that no row of withdrawals speaks of."""
    proven = select(withdrawal.c.listing_key)
    lost = select(func.count()).where(listing.c.state != "live", listing.c.key.not_in(proven))
    with database.read() as connection:
        return int(connection.execute(lost).scalar_one())


def _find_disobeyed(before: set[str], after: set[str], *, shown: int) -> Iterator[str]:
    """Disappearances that a person should have been asked about."""
    lost = before - after
    if lost and not shown:
        yield f"{len(lost)} hidden after a list of nothing"
    if len(lost) > MANY and len(lost) > SHARE * len(before):
        yield f"{len(lost)} of {len(before)} hidden at once"
    sellers = {str(each["id"]): str(each["account"]) for each in WHOLE}
    for account in sorted(set(sellers.values())):
        had = [each for each in before if sellers.get(each) == account]
        gone = [each for each in had if each in lost]
        if len(had) >= SELLER and len(gone) > SELLER_SHARE * len(had):
            yield f"{len(gone)} of {len(had)} of seller {account} hidden"


def try_case(stage: Stage, case: Case) -> list[str]:
    survivors = SHAPES[case.shape](case.survival)
    gone = {str(each["id"]) for each in WHOLE} - {str(each["id"]) for each in survivors}
    platform = FakeConnector(listings=survivors, page=PAGE, confirmation=case.confirmation, gone=gone)
    if case.confirmation is Confirmation.WHOLE_READ:
        platform.separate_lanes = False
    is_told = case.shape == WITHDRAWN
    platform.tombstones = [{"id": each, "at": 5000} for each in sorted(gone)] if is_told else []
    wrong: list[str] = []
    with stage.copied() as database:
        clock, first = FakeClock(), _visible(database)
        clock.advance(86_400)
        for full in (not is_told, True):
            _sync(database, platform, clock, full=full)
            wrong += _find_disobeyed(first, _visible(database), shown=len(survivors))
        added = {str(each["id"]) for each in survivors} - _visible(database)
        wrong += [f"{len(added)} that the platform shows are not shown"] if added else []
        platform.listings, platform.gone = [{**each, "updated": 9000} for each in WHOLE], set()
        platform.tombstones = []
        _sync(database, platform, clock)
        missing = first - _visible(database)
        wrong += [f"{len(missing)} did not come back with the whole list"] if missing else []
        wrong += [f"{count} ended without a proof" for count in [_without_proof(database)] if count]
        with database.read() as connection:
            waiting = connection.execute(select(func.count()).where(hold.c.state == "open")).scalar_one()
        held_new = case.shape == "ids re-keyed" and waiting
        wrong += ["a hold of what is there again stays open"] if waiting and not held_new else []
    return [f"{case}: {each}" for each in wrong]


def try_bleeding(stage: Stage, *, a_day: int) -> list[str]:
    """So many listings fewer each day, for a week: never enough for one day's rule."""
    wrong: list[str] = []
    with stage.copied() as database:
        clock, first = FakeClock(), _visible(database)
        clock.advance(86_400)
        platform = FakeConnector(listings=WHOLE, page=PAGE, confirmation=Confirmation.WHOLE_READ, separate_lanes=False)
        for day in range(1, 8):
            platform.listings = WHOLE[a_day * day :]
            _sync(database, platform, clock)
        lost = len(first) - len(_visible(database))
        if lost > 0.25 * len(first):
            wrong.append(f"{a_day} a day: {lost} of {len(first)} bled away in a week")
    return wrong


def drill(tally: Tally, stage: Stage, cases: Iterable[Case]) -> None:
    for case in cases:
        tally.count(*try_case(stage, case))


def test_a_feed_that_shrinks_in_any_shape_hides_nothing_unasked(
    tmp_path: Path, open_tally: OpenTally, is_full_drill: bool
) -> None:
    stage, tally = Stage(tmp_path), open_tally("E1 shrinking feed", seed=SEED)

    drill(tally, stage, EVERY if is_full_drill else SAMPLE)
    for a_day in (5, 10, 15, 20) if is_full_drill else (10,):
        tally.count(*try_bleeding(stage, a_day=a_day))

    assert tally.violations == []


def test_the_drill_notices_a_guard_that_believes_everything(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrator.sync.settling.object_to", lambda *_, **__: None)
    stage = Stage(tmp_path)
    tally = open_tally("E1 shrinking feed", seed=SEED, planted="every absence is believed")

    drill(tally, stage, SAMPLE[:4])
    tally.count(*try_bleeding(stage, a_day=10))

    assert len(tally.violations) > 3


def obey(self: Committer, connection: Connection, said: Sequence[Withdrawal], counted: Counters) -> None:
    """As before there was a guard: what a platform says is gone goes with the batch that says so."""
    known = find_known(connection, self.connector.platform, [each.external_id for each in said])
    self.withdraw_told(connection, find_told(connection, known, said))


def test_the_drill_notices_withdrawals_that_are_obeyed_batch_by_batch(
    tmp_path: Path, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Committer, "_take_withdrawals", obey)
    tally = open_tally("E1 shrinking feed", seed=SEED, planted="every withdrawal is obeyed at once")

    drill(tally, Stage(tmp_path), [each for each in SAMPLE if each.shape == WITHDRAWN])

    assert tally.violations
