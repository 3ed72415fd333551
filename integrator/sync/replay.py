"""Kept raw records through today's parser: what an older one misread is put right without asking the platform again.

A replay sees nothing: when a listing was last seen stays as it was, and what is withdrawn stays withdrawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import msgspec

from integrator.errors import BytesRefused, RejectedRecord
from integrator.issues import OWN_FAULT
from integrator.ports import Clock, Connector
from integrator.record import Kind, Record
from integrator.store.accounts import list_held_accounts, list_kept_accounts
from integrator.store.archive import ArchiveReader, Kept
from integrator.store.database import Database
from integrator.store.feeds import load_feed
from integrator.store.holds import Hold
from integrator.store.listings import ListingState, find_known
from integrator.store.rejections import forget_rejections, list_kept_rejections, reopen_rejections
from integrator.store.runs import REPLAY, Counters, save_run
from integrator.store.sightings import list_kept, load_sightings, restore_sightings
from integrator.store.waiting import list_held
from integrator.sync.asides import Aside, aside, busy
from integrator.sync.intake import Intake
from integrator.sync.outcome import Outcome, Progress, count_of, quiet
from integrator.sync.poison import may_be_poison
from integrator.sync.rejudging import judge_hold_anew
from integrator.sync.rereading import Reread, reread_details
from integrator.sync.taken import Taken
from integrator.sync.units import in_rounds

# Records in one transaction.
_UNIT = 500


@dataclass(frozen=True, slots=True)
class _Again:
    """A kept record to read again: its name in the archive and what else its record carried."""

    raw: bytes
    external_id: str
    sequence: int = 0
    scope: str | None = None
    rejection: int | None = None
    held: bool = False

    @property
    def is_newest(self) -> bool:
        """Whether nothing came of its listing after it."""
        return self.held or self.rejection is not None


class _Scope(msgspec.Struct):
    scope: str | None = None


_decode_scope = msgspec.json.Decoder(_Scope).decode


def replay_feed(
    database: Database, connector: Connector, clock: Clock, *, rejected: bool = False, progress: Progress = quiet
) -> Outcome:
    """Read again what is kept of every live listing, account and detail, or (`rejected`) only what stands rejected.

    Without a newer parser nothing but rejections can change: a record of an unchanged parser is unchanged.
    """
    with aside(database, connector, clock, lane=REPLAY) as run:
        if run is None:
            return busy(connector.platform)
        _Replay(run, progress).go(rejected_only=rejected)
    return run.outcome()


def replay_hold(database: Database, connector: Connector, clock: Clock, hold: Hold) -> Outcome:
    """What a run's hold keeps waiting, through today's parser and under today's guards: shown, or held once more."""
    with aside(database, connector, clock, lane=REPLAY) as run:
        if run is None:
            return busy(connector.platform)
        _Replay(run, quiet).go_held(hold)
    return run.outcome()


class _Replay:
    def __init__(self, run: Aside, progress: Progress) -> None:
        self._run = run
        self._committer = run.committer
        self._connector = run.committer.connector
        self._intake = Intake(self._connector, run.committer.run.id)
        self._reader = ArchiveReader()
        self._progress = progress
        self._pruned = 0
        self._committer.keep_holds()
        with self._committer.database.read() as connection:
            self._scope = load_feed(connection, self._connector.platform).scope

    def go(self, *, rejected_only: bool) -> None:
        done = 0
        sources = [self._rejections()] if rejected_only else [self._accounts(), self._listings(), self._rejections()]
        for source in sources:
            for unit in source:
                self._take(unit)
                done += len(unit)
                self._progress("replay", done, None)
        details = Reread() if rejected_only else reread_details(self._committer)
        done, self._pruned = done + details.read, self._pruned + details.not_kept
        counted = self._committer.run.counters
        gone = f" {self._pruned:,} not kept any more." if self._pruned else ""
        self._run.reason = (
            f"{count_of(done, 'kept record')} read again: {count_of(counted.changed, 'listing')} changed, "
            f"{counted.new:,} new{details.say_changed()}.{gone}"
        )

    def go_held(self, hold: Hold) -> None:
        """Read a hold's versions again; what is readable leaves it and is judged as this run's."""
        done = 0
        for unit in chain(self._held_accounts(hold.id), self._held(hold.id)):
            self._take(unit)
            done += len(unit)
        judged, counted = judge_hold_anew(self._committer, hold), self._committer.run.counters
        otherwise = counted.changed + counted.accounts_changed
        self._run.reason = f"{count_of(done, 'held record')} read again: {otherwise:,} otherwise, {judged:,} as before."

    # What to read again ----------------------------------------------------------------------------------------------

    def _listings(self) -> Iterator[list[_Again]]:
        last = 0
        while True:
            with self._committer.database.read() as connection:
                page = list_kept(connection, self._connector.platform, after=last, limit=_UNIT)
            if not page:
                return
            yield [
                _Again(each.raw, each.external_id, each.sequence, _decode_scope(each.content).scope) for each in page
            ]
            last = page[-1].key

    def _accounts(self) -> Iterator[list[_Again]]:
        last = ""
        while True:
            with self._committer.database.read() as connection:
                page = list_kept_accounts(connection, self._connector.platform, after=last, limit=_UNIT)
            if not page:
                return
            yield [
                _Again(each.raw, each.external_id, each.sequence, _decode_scope(each.content).scope) for each in page
            ]
            last = page[-1].external_id

    def _rejections(self) -> Iterator[list[_Again]]:
        last = 0
        while True:
            with self._committer.database.read() as connection:
                page = list_kept_rejections(connection, self._connector.platform, after=last, limit=_UNIT)
            if not page:
                return
            yield [_Again(each.raw, each.external_id, rejection=each.id) for each in page]
            last = page[-1].id

    def _held(self, number: int) -> Iterator[list[_Again]]:
        last = 0
        while True:
            with self._committer.database.read() as connection:
                page = list_held(connection, number, after=last, limit=_UNIT)
            if not page:
                return
            yield [
                _Again(each.raw, each.external_id, each.sequence, _decode_scope(each.content).scope, held=True)
                for each in page
            ]
            last = page[-1].key

    def _held_accounts(self, number: int) -> Iterator[list[_Again]]:
        last = ""
        while True:
            with self._committer.database.read() as connection:
                page = list_held_accounts(connection, number, after=last, limit=_UNIT)
            if not page:
                return
            yield [
                _Again(each.raw, each.external_id, each.sequence, _decode_scope(each.content).scope, held=True)
                for each in page
            ]
            last = page[-1].external_id

    # Reading again ---------------------------------------------------------------------------------------------------

    def _take(self, unit: Sequence[_Again]) -> None:
        """Take the unit in; a record on which our own code fails stays as it was."""
        try:
            self._take_whole(unit)
        except Exception as error:
            if not may_be_poison(error):
                raise
            if len(unit) == 1:
                name = type(error).__name__
                self._committer.run.warnings.append(
                    f"A fault of our own ({name}) on {unit[0].external_id!r}: it stays."
                )
                return
            middle = len(unit) // 2
            self._take(unit[:middle])
            self._take(unit[middle:])

    def _take_whole(self, unit: Sequence[_Again]) -> None:
        committer = self._committer
        with committer.database.read() as connection:
            kept = self._reader.find(connection, [each.raw for each in unit])
            known = find_known(connection, self._connector.platform, [each.external_id for each in unit])
        self._pruned += sum(each.raw not in kept for each in unit)
        records, named = [], []
        for each in unit:
            old = known.get(each.external_id)
            sequence = old.sequence if old is not None and each.rejection else each.sequence
            record = self._record(each, kept[each.raw], sequence) if each.raw in kept else None
            if record is not None:
                records.append(record)
                if each.rejection and record.external_id and not each.external_id:
                    named.append(each.rejection)
        first, later, _ = in_rounds(records)
        counted, mended = Counters(), set[int]()
        with committer.transaction() as connection:
            sightings = load_sightings(connection, [old.key for old in known.values()])
            reopen_rejections(connection, [each.rejection for each in unit if each.rejection], code=OWN_FAULT)
            for of_round in (first, *later):
                taken = self._intake.weigh(connection, of_round)
                _forget_signs_of_life(taken, is_newest=unit[0].is_newest)
                committer.write(connection, taken, counted)
                mended.update(each.known.key for each in (*taken.changes, *taken.same))
            restore_sightings(connection, sightings, usable=mended if unit[0].rejection else ())
            forget_rejections(connection, named, now=committer.now())
            save_run(connection, committer.run, now=committer.now())
        committer.run.counters.add(counted)

    def _record(self, again: _Again, kept: Kept, sequence: int) -> Record | None:
        if kept.kind not in (Kind.LISTING, Kind.ACCOUNT):
            return None  # a detail's list part waits for the next list record, which is read whatever it says
        try:
            fields = self._connector.decode(kept.kind, kept.body)
        except BytesRefused as error:
            self._committer.run.warnings.append(f"Kept bytes of {kept.external_id} cannot be read back: {error}")
            return None
        record = Record(
            platform=kept.platform,
            kind=kept.kind,
            external_id=again.external_id,
            fields=fields,
            cut=lambda: kept.body,
            page=kept.page,
            offset=kept.offset,
            sequence=sequence,
            scope=again.scope if again.rejection is None else self._scope,
        )
        return record if record.external_id else self._find_name(record)

    def _find_name(self, record: Record) -> Record:
        """A record whose id no parser could read: today's may."""
        try:
            parsed = self._connector.parse(record)
        except RejectedRecord:
            return record
        return replace(record, external_id=parsed.external_id)


def _forget_signs_of_life(taken: Taken, *, is_newest: bool) -> None:
    """What is withdrawn stays so, and what was rejected did not come again: an old record is no sign of life.

    Unless these are the newest records that came, what came after them stays remembered as it is.
    """
    taken.changes = [each for each in taken.changes if each.known.state == ListingState.LIVE.value]
    taken.rejected_again.clear()
    if not is_newest:
        taken.same = [each for each in taken.same if each.said.fingerprint == each.known.fingerprint]
        taken.sound.clear()
