"""Parsed listings against what is stored of them: old news, the same, a change, or another product under a used id."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from integrator.listing import Listing
from integrator.ports import Connector
from integrator.store.listings import (
    HIDDEN_SCOPE,
    Known,
    ListingState,
    NewListing,
    NewVersion,
    find_runs_of_versions,
    load_contents,
)
from integrator.store.versions import Statement, load_waiting
from integrator.store.withdrawals import LastWithdrawal, WithdrawalKind, find_last_withdrawals
from integrator.sync.taken import (
    READING_FIELDS,
    Fresh,
    Taken,
    decode_listing,
    encode_content,
    is_used_again,
    keep_masked,
    keep_raw,
    keeps_masked,
    registered_at,
)


class Weighing:
    """Parsed listings against what is stored of them."""

    def __init__(self, connector: Connector, run_id: int, taken: Taken) -> None:
        self._platform = connector.platform
        self._parser = connector.parser_version
        self._run = run_id
        self._taken = taken
        self._shown: dict[int, Listing] = {}
        self._waiting: dict[int, Listing] = {}
        self._withdrawals: dict[int, LastWithdrawal] = {}
        self._made_by: dict[int, int] = {}
        self._newest: dict[int, Known] = {}

    def weigh(self, connection: Connection, parsed: Sequence[tuple[Fresh, Listing]]) -> None:
        """Decide each; what a decision needs from the store is read once for all."""
        olds = [each.known for each, _ in parsed if each.known is not None]
        contents = load_contents(connection, [old.key for old in olds if old.version is not None])
        self._shown = {key: decode_listing(content) for key, content in contents.items()}
        gone = [old.key for old in olds if old.state == ListingState.WITHDRAWN.value]
        self._withdrawals = find_last_withdrawals(connection, gone)
        self._made_by = find_runs_of_versions(connection, [old.key for old in olds if old.seen_run == self._run])
        self._load_waiting(connection, [old for old in olds if old.pending is not None])
        for each, listing in parsed:
            self._taken.count_unknown_codes(listing.issues, listing.external_id)
            if each.known is None:
                self._say_new(each, listing, generation=1)
            else:
                self._weigh_one(each, each.known, listing)

    def _load_waiting(self, connection: Connection, olds: Sequence[Known]) -> None:
        """Where a version waits, it is the newest that was said: records are weighed against it."""
        waiting = load_waiting(connection, [old.key for old in olds])
        for old in olds:
            newest = waiting[old.key]
            self._newest[old.key] = replace(
                old,
                account_id=newest.account_id,
                hidden_reason=newest.hidden_reason,
                registered_at=newest.registered_at,
                updated_at=newest.updated_at,
                state=ListingState.LIVE.value,
            )
            self._made_by[old.key] = newest.run
            self._waiting[old.key] = decode_listing(newest.content)

    def _newest_of(self, old: Known) -> Listing | None:
        """What this id said last: what waits, else what is shown."""
        return self._waiting.get(old.key) or self._shown.get(old.key)

    def _weigh_one(self, each: Fresh, row: Known, listing: Listing) -> None:
        counters, old = self._taken.counters, self._newest.get(row.key, row)
        if self._is_old_news(each, old, listing):
            counters.superseded += 1
            # It is there, be it an old copy. Where copies are numbered the newer one comes itself, and is counted then.
            if row.state == ListingState.LIVE.value and not each.record.sequence:
                self._taken.sightings.append((old.key, old.sequence))
        elif is_used_again(old, listing):
            # The generation before lives on until this one is released: it is there, for what that is worth.
            self._taken.sightings.append((old.key, old.sequence))
            self._say_new(each, listing, generation=old.generation + 1)
        else:
            self._taken.measured.add(listing, self._shown.get(row.key))
            say = self._say_same if self._says_the_same(old, listing) else self._say_changed
            say(each, row, listing)

    def _is_old_news(self, each: Fresh, old: Known, listing: Listing) -> bool:
        """Whether the store has newer of this id: a higher number, a later change, a later life, a later end."""
        number = each.record.sequence
        if number != old.sequence:
            return number < old.sequence
        if number and old.seen_run != self._run and old.rejected_at is None and each.fingerprint != old.fingerprint:
            return True  # an earlier walk weighed this drop's copies already, and another one won
        updated, registered = listing.updated.at.timestamp(), registered_at(listing)
        if is_used_again(old, listing):
            return False
        if registered is not None and old.registered_at is not None and registered < old.registered_at:
            return updated <= old.updated_at
        last = self._withdrawals.get(old.key)
        if last is not None and last.kind is WithdrawalKind.EXPLICIT and last.said_at is not None:
            return updated <= last.said_at
        return updated < old.updated_at

    def _says_the_same(self, old: Known, listing: Listing) -> bool:
        if old.state != ListingState.LIVE.value:
            return False
        before = self._newest_of(old)
        if before is None or before.updated != listing.updated:
            return False
        now = keep_masked(listing, before) if keeps_masked(old, listing) else listing
        return replace(now, **READING_FIELDS) == replace(before, **READING_FIELDS)  # type: ignore[arg-type]

    def _say_new(self, each: Fresh, listing: Listing, *, generation: int) -> None:
        self._taken.counters.new += 1
        self._taken.measured.add(listing, None)
        said = self._state(each, listing, hidden=bool(listing.masked))
        self._taken.news.append(NewListing(generation, said))

    def _say_changed(self, each: Fresh, old: Known, listing: Listing) -> None:
        keeps = keeps_masked(self._newest.get(old.key, old), listing)
        before = self._newest_of(old)
        if keeps and before is not None:
            listing = keep_masked(listing, before)
        said = self._state(each, listing, hidden=bool(listing.masked) and not keeps)
        self._taken.changes.append(NewVersion(old, said))
        self._count_changed(old)

    def _count_changed(self, old: Known) -> None:
        counters = self._taken.counters
        if old.seen_run != self._run or old.rejected_at is not None:
            if old.version is None and old.pending is None:
                counters.new += 1  # nothing was known of it but that it was withdrawn, or that a person refused it
            else:
                counters.changed += 1
            return
        # The later copy of a walk wins, and one of the two is the superseded one.
        counters.superseded += 1
        if self._made_by.get(old.key) != self._run:
            counters.changed += 1
            counters.unchanged -= 1

    def _say_same(self, each: Fresh, old: Known, listing: Listing) -> None:
        if old.seen_run == self._run and old.rejected_at is None:
            self._taken.counters.superseded += 1
        else:
            self._taken.counters.unchanged += 1
        shown, reason = self._see(old, listing)
        said = Statement(
            external_id=old.external_id,
            account_id=old.account_id,
            visible=shown,
            hidden_reason=reason,
            fingerprint=each.fingerprint,
            parser_version=self._parser,
            registered_at=old.registered_at,
            updated_at=old.updated_at,
            sequence=max(old.sequence, each.record.sequence),
            raw=b"",
            content=b"",
        )
        self._taken.same.append(NewVersion(old, said))
        if shown != old.visible:
            self._taken.dirty.add(old.account_id)
        if old.pending is not None:
            self._taken.met.append(old.key)

    def _see(self, old: Known, listing: Listing) -> tuple[bool, str | None]:
        """(visible, why not) of a listing that says what its newest version says."""
        if old.pending is not None:
            return old.visible, old.hidden_reason  # what is shown is another version
        shown = listing.visible and (not listing.masked or keeps_masked(old, listing))
        return shown, listing.hidden_reason if shown == listing.visible else HIDDEN_SCOPE

    def _state(self, each: Fresh, listing: Listing, *, hidden: bool) -> Statement:
        record, contact = each.record, None if "contact" in listing.masked else listing.contact
        return Statement(
            external_id=record.external_id,
            account_id=listing.account_id,
            visible=listing.visible and not hidden,
            hidden_reason=HIDDEN_SCOPE if hidden else listing.hidden_reason,
            fingerprint=each.fingerprint,
            parser_version=self._parser,
            registered_at=registered_at(listing),
            updated_at=listing.updated.at.timestamp(),
            sequence=record.sequence,
            raw=keep_raw(self._platform, record, self._taken),
            content=encode_content(listing),
            contact=contact,
        )
