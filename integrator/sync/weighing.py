"""Parsed listings against what is stored of them: old news, the same, a change, or another product under a used id."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from integrator.listing import Listing
from integrator.ports import Connector
from integrator.store.accounts import FROM_LISTING
from integrator.store.listings import (
    HIDDEN_SCOPE,
    Known,
    ListingState,
    NewListing,
    NewVersion,
    Statement,
    find_runs_of_versions,
    load_contents,
)
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
        self._contents: dict[int, bytes] = {}
        self._withdrawals: dict[int, LastWithdrawal] = {}
        self._made_by: dict[int, int] = {}

    def weigh(self, connection: Connection, parsed: Sequence[tuple[Fresh, Listing]]) -> None:
        """Decide each; what a decision needs from the store is read once for all."""
        olds = [(each.known, each.record.scope) for each, _ in parsed if each.known is not None]
        compared = [old.key for old, scope in olds if old.parser_version != self._parser or scope is not None]
        self._contents = load_contents(connection, compared)
        gone = [old.key for old, _ in olds if old.state == ListingState.WITHDRAWN.value]
        self._withdrawals = find_last_withdrawals(connection, gone)
        repeated = [old.key for old, _ in olds if old.seen_run == self._run]
        self._made_by = find_runs_of_versions(connection, repeated)
        for each, listing in parsed:
            self._taken.count_unknown_codes(listing.issues, listing.external_id)
            if each.known is None:
                self._say_new(each, listing, generation=1)
            else:
                self._weigh_one(each, each.known, listing)

    def _weigh_one(self, each: Fresh, old: Known, listing: Listing) -> None:
        counters = self._taken.counters
        if self._is_old_news(each, old, listing):
            counters.superseded += 1
            # It is there, be it an old copy. Where copies are numbered the newer one comes itself, and is counted then.
            if old.state == ListingState.LIVE.value and not each.record.sequence:
                self._taken.sightings.append((old.key, old.sequence))
        elif is_used_again(old, listing):
            self._taken.ended.append(old)
            self._taken.dirty.add(old.account_id)
            self._say_new(each, listing, generation=old.generation + 1)
        elif self._says_the_same(each, old, listing):
            self._say_same(each, old, listing)
        else:
            self._say_changed(each, old, listing)

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

    def _says_the_same(self, each: Fresh, old: Known, listing: Listing) -> bool:
        if old.state != ListingState.LIVE.value:
            return False
        stored = self._contents.get(old.key)
        if stored is None:
            return each.fingerprint == old.fingerprint
        before = decode_listing(stored)
        now = keep_masked(listing, before) if keeps_masked(old, listing) else listing
        return replace(now, **READING_FIELDS) == replace(before, **READING_FIELDS)  # type: ignore[arg-type]

    def _say_new(self, each: Fresh, listing: Listing, *, generation: int) -> None:
        self._taken.counters.new += 1
        said = self._state(each, listing, hidden=bool(listing.masked))
        self._taken.news.append(NewListing(generation, said))

    def _say_changed(self, each: Fresh, old: Known, listing: Listing) -> None:
        keeps = keeps_masked(old, listing)
        if keeps and old.key in self._contents:
            listing = keep_masked(listing, decode_listing(self._contents[old.key]))
        said = self._state(each, listing, hidden=bool(listing.masked) and not keeps)
        self._taken.changes.append(NewVersion(old, said))
        self._taken.dirty.add(old.account_id)
        self._count_changed(old)

    def _count_changed(self, old: Known) -> None:
        counters = self._taken.counters
        if old.seen_run != self._run or old.rejected_at is not None:
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
        shown = listing.visible and (not listing.masked or keeps_masked(old, listing))
        said = Statement(
            external_id=old.external_id,
            account_id=old.account_id,
            visible=shown,
            hidden_reason=listing.hidden_reason if shown == listing.visible else HIDDEN_SCOPE,
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

    def _state(self, each: Fresh, listing: Listing, *, hidden: bool) -> Statement:
        record, contact = each.record, listing.contact
        if contact is not None and "contact" not in listing.masked:
            self._taken.contacts[listing.account_id, FROM_LISTING] = contact
        self._taken.dirty.add(listing.account_id)
        self._taken.named_accounts.add(listing.account_id)
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
        )
