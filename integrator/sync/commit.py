"""One commit unit: raw records, versions, rejections, counters and the position after them, in one transaction.

What the records come to is worked out before the transaction, so that parsing never holds the database's one writer up.
A write that finds another lane's newer state touches nothing; the unit is then weighed again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from integrator.errors import HanmaruError, RejectedRecord, StorageBusy
from integrator.listing import Detail, Withdrawal
from integrator.ports import Clock, Connector
from integrator.record import Kind, Lane, Record
from integrator.store import account_versions
from integrator.store.accounts import (
    add_accounts,
    change_accounts,
    confirm_accounts,
    load_newest_accounts,
    load_shown_accounts,
    mark_accounts_seen,
)
from integrator.store.archive import Archive
from integrator.store.database import Database
from integrator.store.holds import close_empty_holds, held_keys, leave_holds
from integrator.store.leases import Lease, renew_lease
from integrator.store.listings import (
    ListingState,
    StaleState,
    add_listings,
    change_listings,
    confirm_listings,
    end_listings,
    find_known,
)
from integrator.store.measures import save_measures
from integrator.store.rejections import count_unknowns, repeat_rejections, resolve_rejections, save_rejections
from integrator.store.runs import Counters, Run, add_cost, save_run, write_json
from integrator.store.sightings import mark_rejected, mark_seen
from integrator.store.statistics import refresh_statistics
from integrator.store.told import Told
from integrator.store.versions import VersionState, take_over
from integrator.store.waiting import find_left_pending
from integrator.store.withdrawals import Proof, save_proofs
from integrator.store.worklist import mark
from integrator.sync.details import take_details
from integrator.sync.intake import Intake
from integrator.sync.poison import MANY, TRIES, halve, may_be_poison, say_aside
from integrator.sync.taken import Taken, decode_account, decode_listing, keep_raw
from integrator.sync.units import Unit, in_rounds
from integrator.sync.withdrawing import end_earlier, find_told, let_wait, prove_told, remember_unheard

# Two lanes meeting on the same listings again and again is not a thing that happens by chance.
_TRIES = 5


class Committer:
    """Commits the units of one run."""

    def __init__(self, database: Database, connector: Connector, clock: Clock, *, run: Run, lease: Lease) -> None:
        self.database = database
        self.connector = connector
        self.clock = clock
        self.run = run
        self.lease = lease
        self._intake = Intake(connector, run.id)
        self._archive = Archive(connector.platform)
        self._is_known = not run.first_census
        with database.read() as connection:
            self._held = held_keys(connection, connector.platform)

    def keep_holds(self) -> None:
        """What this run writes is no sight of a listing: none leaves a hold by it."""
        self._held = set()

    def now(self) -> float:
        """POSIX seconds."""
        return self.clock.now().timestamp()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction that is ours to make. Raises LeaseLost."""
        with self.database.write(self.connector.platform) as connection:
            renew_lease(connection, self.lease, now=self.now())
            yield connection

    @contextmanager
    def recording(self) -> Iterator[Connection]:
        """A transaction that also writes what the run says of itself, which stays true when it is rolled back.

        Raises LeaseLost.
        """
        with self._unchanged_on_failure(), self.transaction() as connection:
            yield connection
            save_run(connection, self.run, now=self.now())

    def commit(self, unit: Unit) -> None:
        """Take the unit in, whole or not at all.

        A fault of our own is tried again; then the unit is cut down to the records that cause it: they are set aside.
        """
        while True:
            try:
                return self._take_in(unit)
            except Exception as error:
                if not may_be_poison(error) or not unit.records:
                    raise
                if self._count_failure() < TRIES:
                    continue
                if self._cut_down(unit, error) > max(MANY, len(unit.records) // 2):
                    raise  # it is not the records: whatever comes fails
                return None

    def _make_known(self) -> None:
        """Behind the first listings of a first census: tables of which nothing was known are not empty any more."""
        if not self._is_known and self.run.counters.seen:
            # What is committed is not tried again for the sake of this.
            with suppress(StorageBusy), self.database.write() as connection:
                refresh_statistics(connection)
            self._is_known = True

    def _count_failure(self) -> int:
        """How often this place has failed in a row, over every process that tried."""
        run, place = self.run, write_json(self.run.position)
        run.failed_times = run.failed_times + 1 if run.failed_place == place else 1
        run.failed_place = place
        with self.transaction() as connection:
            save_run(connection, run, now=self.now())
        return run.failed_times

    def _cut_down(self, unit: Unit, error: Exception) -> int:
        """Take in what can be; gives how many records were set aside."""
        if len(unit.records) == 1:
            self._set_aside(unit, error)
            return 1
        aside = 0
        for half in halve(unit):
            try:
                self._take_in(half)
            except Exception as again:
                if not may_be_poison(again):
                    raise
                aside += self._cut_down(half, again)
        return aside

    def _set_aside(self, unit: Unit, error: Exception) -> None:
        taken, counted = Taken(), Counters(calls=unit.calls, bytes=unit.bytes_read)
        with self.recording() as connection:
            self._intake.set_aside(connection, unit.records[0], error, taken)
            self.write(connection, taken, counted)
            self._advance(unit, counted)
            self.run.warnings.append(say_aside(unit.records[0], error))

    def _take_in(self, unit: Unit) -> None:
        for _ in range(_TRIES):
            try:
                return self._try(unit)
            except (StaleState, IntegrityError, StorageBusy):
                self._archive.forget()
        raise HanmaruError("Two runs of this platform keep writing the same listings; run one at a time.")

    def _try(self, unit: Unit) -> None:
        first, later, others = in_rounds(unit.records)
        with self.database.read() as connection:
            taken = self._intake.weigh(connection, first)
        counted = Counters(calls=unit.calls, bytes=unit.bytes_read)
        with self.recording() as connection:
            self.write(connection, taken, counted)
            for records in later:
                self.write(connection, self._intake.weigh(connection, records), counted)
            self._take_others(connection, others, counted)
            self._advance(unit, counted)
        self._make_known()

    @contextmanager
    def _unchanged_on_failure(self) -> Iterator[None]:
        """What the run says of itself stays true when the transaction is rolled back."""
        run = self.run
        before = replace(run, counters=replace(run.counters), warnings=list(run.warnings), cost=dict(run.cost))
        try:
            yield
        except BaseException:
            for each in fields(Run):
                setattr(self.run, each.name, getattr(before, each.name))
            raise

    def _advance(self, unit: Unit, counted: Counters) -> None:
        run = self.run
        run.counters.add(counted)
        run.retries += unit.retries
        run.warnings.extend(unit.warnings)
        run.failed_place, run.failed_times = None, 0
        if unit.clock is not None:
            run.platform_clock = unit.clock.timestamp()
        if unit.last is not None:
            run.position = unit.last.position
            run.stage_done = len(unit.records) + (run.stage_done if run.stage == unit.last.stage else 0)
            run.stage, run.stage_total = unit.last.stage, unit.last.total

    # Writing ---------------------------------------------------------------------------------------------------------

    def write(self, connection: Connection, taken: Taken, counted: Counters) -> None:
        """Write what records came to."""
        platform, run, now, state = self.connector.platform, self.run.id, self.now(), state_of_versions(self.run)
        self._archive.keep(connection, taken.raws, run=run, now=now)
        mark_seen(connection, taken.sightings, run=run, now=now)
        add_listings(connection, platform, taken.news, run=run, now=now, state=state)
        change_listings(connection, platform, taken.changes, run=run, now=now, state=state)
        confirm_listings(connection, taken.same, run=run, now=now)
        mark_rejected(connection, taken.rejected_sightings, run=run, now=now)
        self._write_rejections(connection, taken, now=now)
        self._write_accounts(connection, taken, now=now)
        self._take_over(connection, taken)
        dirty = set(taken.dirty)
        if state is VersionState.RELEASED:
            dirty |= taken.accounts_touched()
            later = [(new.said.external_id, new.generation) for new in taken.news if new.generation > 1]
            dirty |= end_earlier(connection, platform, later, run=run, now=now)
        mark(connection, platform, dirty, run=run, now=now)
        count_unknowns(connection, platform, taken.unknowns, examples=taken.examples, run=run)
        save_measures(connection, run, taken.measured.shares())
        self._leave_holds(connection, taken.keys_seen(), now=now)
        if taken.replaces_waiting():
            close_empty_holds(connection, platform, now=now)
        add_cost(self.run, "parsed", taken.parsed)
        counted.add(taken.counters)

    def _write_accounts(self, connection: Connection, taken: Taken, *, now: float) -> None:
        platform, run, state = self.connector.platform, self.run.id, state_of_versions(self.run)
        new = [each for each in taken.accounts if each.known is None]
        known = [each for each in taken.accounts if each.known is not None]
        add_accounts(connection, platform, new, run=run, now=now)
        mark(connection, platform, [each.external_id for each in new], run=run, now=now)
        change_accounts(connection, platform, known, run=run, now=now, state=state)
        confirm_accounts(connection, platform, taken.same_accounts, run=run)
        mark_accounts_seen(connection, platform, taken.account_sightings, run=run)

    def _take_over(self, connection: Connection, taken: Taken) -> None:
        """Changes release at once what they meet; it is judged with them. The other lanes leave it to whose it is."""
        if self.run.lane != Lane.CHANGES:
            return
        platform, run = self.connector.platform, self.run.id
        for before, after in find_left_pending(connection, taken.met, run=run):
            taken.measured.add(decode_listing(after), decode_listing(before) if before else None)
        left = account_versions.find_left_pending(connection, platform, taken.met_accounts, run=run)
        shown = load_shown_accounts(connection, platform, left)
        for account_id, waits in load_newest_accounts(connection, platform, left).items():
            taken.measured.add_seller(decode_account(waits), decode_account(shown[account_id]))
        take_over(connection, taken.met, run=run)
        account_versions.take_over(connection, platform, taken.met_accounts, run=run)

    def _write_rejections(self, connection: Connection, taken: Taken, *, now: float) -> None:
        platform, run = self.connector.platform, self.run.id
        save_rejections(connection, platform, taken.rejected, run=run, now=now)
        for kind in Kind:
            again = [(external_id, print_) for of, external_id, print_ in taken.rejected_again if of is kind]
            repeat_rejections(connection, platform, kind, again, run=run, now=now)
            sound = [external_id for of, external_id in taken.sound if of is kind and external_id]
            resolve_rejections(connection, platform, kind, sound, now=now)

    def _leave_holds(self, connection: Connection, keys: Iterable[int], *, now: float) -> None:
        back = self._held.intersection(keys) if self._held else ()
        if back:
            leave_holds(connection, self.connector.platform, sorted(back), now=now)
            self._held.difference_update(back)

    # Withdrawals and details: few, and weighed inside the transaction ------------------------------------------------

    def _take_others(self, connection: Connection, records: Sequence[Record], counted: Counters) -> None:
        taken = Taken()
        withdrawals: list[Withdrawal] = []
        details: list[tuple[Record, Detail]] = []
        for record in records:
            if record.kind is Kind.WITHDRAWAL:
                counted.withdrawals_seen += 1
            else:
                counted.details_seen += 1
            try:
                parsed = self.connector.parse(record)
            except RejectedRecord as rejected:
                self._intake.reject_other(record, rejected.reasons, taken)
                continue
            taken.sound.append((record.kind, record.external_id))
            if isinstance(parsed, Withdrawal):
                keep_raw(self.connector.platform, record, taken)
                withdrawals.append(parsed)
            elif isinstance(parsed, Detail):
                details.append((record, parsed))
        self._archive.keep(connection, taken.raws, run=self.run.id, now=self.now())
        self._write_rejections(connection, taken, now=self.now())
        add_cost(self.run, "parsed", len(records))
        self._take_withdrawals(connection, withdrawals, counted)
        if details:
            self.write(connection, take_details(connection, self.connector, details, now=self.now()), counted)

    def _take_withdrawals(self, connection: Connection, said: Sequence[Withdrawal], counted: Counters) -> None:
        """The platform says these are gone; a listing that changed after that lives.

        What no buyer sees ends at once, as all does in a first census. The rest waits until the guards have seen it.
        """
        run, platform, now = self.run, self.connector.platform, self.now()
        known = find_known(connection, platform, [each.external_id for each in said])
        unheard = [each for each in said if each.external_id not in known]
        remember_unheard(connection, platform, unheard, run=run.id, now=now)
        found = find_told(connection, known, said)
        may_wait = state_of_versions(run) is VersionState.PENDING
        at_once = [each for each in found if not (each.visible and may_wait)]
        let_wait(connection, [each for each in found if each.visible and may_wait], run=run, now=now)
        self.withdraw_told(connection, at_once)
        counted.withdrawn += len(at_once)

    def withdraw_told(self, connection: Connection, told: Sequence[Told]) -> None:
        """Take out of sight what the platform says is gone."""
        proofs, accounts = [prove_told(each) for each in told], {each.account_id for each in told}
        self.withdraw(connection, [each.key for each in told], proofs, accounts)

    def withdraw(
        self, connection: Connection, keys: Sequence[int], proofs: Sequence[Proof], accounts: Iterable[str]
    ) -> None:
        """Take listings out of sight, each with its proof."""
        now = self.now()
        if end_listings(connection, keys, ListingState.WITHDRAWN):
            close_empty_holds(connection, self.connector.platform, now=now)
        save_proofs(connection, proofs, run=self.run.id, now=now)
        mark(connection, self.connector.platform, accounts, run=self.run.id, now=now)
        self._leave_holds(connection, keys, now=now)


def state_of_versions(run: Run) -> VersionState:
    """What versions are written as. A first census has nothing that it could spoil: batch by batch it is shown.

    Every other run's versions wait until the guards have seen them together.
    """
    is_first = run.first_census and run.lane == Lane.CENSUS
    return VersionState.RELEASED if is_first else VersionState.PENDING
