"""What records come to: unchanged, new, changed, superseded or rejected. Reads and parses; writes nothing.

The common case is a record that says what it said before: its fingerprint is enough, and it is not parsed. Everything
else is parsed and weighed against what is stored; old news never replaces newer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from sqlalchemy import Connection

from integrator.errors import Reason, RejectedRecord
from integrator.issues import CODE_UNKNOWN, CURRENCY_UNKNOWN, UNIT_UNKNOWN, UNREADABLE
from integrator.listing import Account, Contact, Issue, Listing
from integrator.ports import Connector, Parsed
from integrator.record import Kind, Record
from integrator.store.accounts import (
    FROM_ACCOUNT,
    FROM_LISTING,
    AccountStatement,
    KnownAccount,
    find_accounts,
    load_account_contents,
)
from integrator.store.archive import Raw, name_body
from integrator.store.listings import (
    HIDDEN_SCOPE,
    Known,
    ListingState,
    NewListing,
    NewVersion,
    Statement,
    find_known,
    find_runs_of_versions,
    load_contents,
)
from integrator.store.rejections import KnownRejection, Rejected, find_rejections
from integrator.store.runs import Counters
from integrator.store.withdrawals import LastWithdrawal, WithdrawalKind, find_last_withdrawals

# Issues that say "no table of ours knows this": counted for `hanmaru unknowns`.
_UNKNOWN_CODES = frozenset({CODE_UNKNOWN, CURRENCY_UNKNOWN, UNIT_UNKNOWN})

# What may differ although a listing says the same: how it was read, and a counter.
READING_FIELDS: Mapping[str, object] = {"scope": None, "masked": (), "issues": (), "view_count": None, "contact": None}

# A parser that trips over a record costs that record, not the run.
_TRIPS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)

_encode = msgspec.json.Encoder().encode
decode_listing = msgspec.json.Decoder(Listing).decode
decode_account = msgspec.json.Decoder(Account).decode


@dataclass(slots=True)
class Taken:
    """What some records come to, ready to be written."""

    counters: Counters = field(default_factory=Counters)
    raws: list[Raw] = field(default_factory=list)
    sightings: list[tuple[int, int]] = field(default_factory=list)  # (key, sequence)
    news: list[NewListing] = field(default_factory=list)
    changes: list[NewVersion] = field(default_factory=list)
    same: list[NewVersion] = field(default_factory=list)
    ended: list[Known] = field(default_factory=list)  # their ids were used again
    rejected: list[Rejected] = field(default_factory=list)
    rejected_again: list[tuple[Kind, str, bytes]] = field(default_factory=list)
    rejected_sightings: list[tuple[int, int]] = field(default_factory=list)
    sound: list[tuple[Kind, str]] = field(default_factory=list)  # rejected before, usable now
    accounts: list[AccountStatement] = field(default_factory=list)
    account_sightings: list[tuple[str, int]] = field(default_factory=list)
    contacts: dict[tuple[str, str], Contact] = field(default_factory=dict)
    dirty: set[str] = field(default_factory=set)  # accounts to work out again
    named_accounts: set[str] = field(default_factory=set)  # accounts that new and changed listings name
    unknowns: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)

    def keys_seen(self) -> Iterable[int]:
        """Known listings that are there, whatever their record came to."""
        yield from (key for key, _ in self.sightings)
        yield from (key for key, _ in self.rejected_sightings)
        yield from (each.known.key for each in self.changes)
        yield from (each.known.key for each in self.same)

    def count_unknown_codes(self, issues: Sequence[Issue], external_id: str) -> None:
        """Remember values that a table of ours should know."""
        for issue in issues:
            if issue.code in _UNKNOWN_CODES:
                self.unknowns[issue.field, issue.raw] += 1
                self.examples.setdefault((issue.field, issue.raw), external_id)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A record that its fingerprint does not settle."""

    record: Record
    fingerprint: bytes
    known: Known | None


class Intake:
    """Weighs one run's records against the store."""

    def __init__(self, connector: Connector, run_id: int) -> None:
        self._connector = connector
        self._platform = connector.platform
        self._run = run_id

    # Listings --------------------------------------------------------------------------------------------------------

    def take_listings(self, connection: Connection, records: Sequence[Record], taken: Taken) -> None:
        """Weigh listing records; no id may come twice among them, except the empty one."""
        known = find_known(connection, self._platform, [record.external_id for record in records])
        fingerprint, parser, run = self._connector.fingerprint, self._connector.parser_version, self._run
        counters, sightings, live = taken.counters, taken.sightings, ListingState.LIVE.value
        counters.seen += len(records)
        fresh = []
        for record in records:
            print_, old = fingerprint(record), known.get(record.external_id)
            if (
                old is None
                or old.fingerprint != print_
                or old.parser_version != parser
                or old.state != live
                or old.rejected_at is not None
            ):
                fresh.append(_Fresh(record, print_, old))
            elif old.seen_run == run:
                counters.superseded += 1  # a repeated copy in one walk
            else:
                counters.unchanged += 1
                sightings.append((old.key, max(old.sequence, record.sequence)))
        if fresh:
            self._take_fresh(connection, fresh, taken)

    def _take_fresh(self, connection: Connection, fresh: Sequence[_Fresh], taken: Taken) -> None:
        remembered = self._find_rejections(connection, Kind.LISTING, fresh)
        parsed: list[tuple[_Fresh, Listing]] = []
        for each in fresh:
            before = remembered.get(each.record.external_id, ())
            listing = self._parse_or_reject(each, before, taken)
            if isinstance(listing, Listing):
                parsed.append((each, listing))
        _Weighing(self._connector, self._run, taken).weigh(connection, parsed)

    def _find_rejections(
        self, connection: Connection, kind: Kind, fresh: Sequence["_Fresh | _FreshAccount"]
    ) -> dict[str, list[KnownRejection]]:
        ids = [each.record.external_id for each in fresh]
        nameless = [each.fingerprint for each in fresh if not each.record.external_id]
        return find_rejections(connection, self._platform, kind, ids, nameless=nameless)

    def _parse_or_reject(
        self, each: "_Fresh | _FreshAccount", before: Iterable[KnownRejection], taken: Taken
    ) -> Parsed | None:
        record, parser = each.record, self._connector.parser_version
        if any(old.fingerprint == each.fingerprint and old.parser_version == parser for old in before):
            taken.rejected_again.append((record.kind, record.external_id, each.fingerprint))
            self._count_rejected(each, taken)
            return None
        try:
            parsed = self._connector.parse(record)
        except RejectedRecord as error:
            self._reject(each, error.reasons, taken)
            return None
        except _TRIPS as error:
            self._reject(each, (Reason(UNREADABLE, raw=type(error).__name__),), taken)
            return None
        if any(not old.resolved for old in before):
            taken.sound.append((record.kind, record.external_id))
        return parsed

    def _reject(self, each: "_Fresh | _FreshAccount", reasons: tuple[Reason, ...], taken: Taken) -> None:
        record = each.record
        raw = keep_raw(self._platform, record, taken)
        taken.rejected.append(
            Rejected(
                kind=record.kind,
                external_id=record.external_id,
                fingerprint=each.fingerprint,
                parser_version=self._connector.parser_version,
                raw=raw,
                reasons=reasons,
                page=record.page,
                offset=record.offset,
            )
        )
        self._count_rejected(each, taken)

    def _count_rejected(self, each: "_Fresh | _FreshAccount", taken: Taken) -> None:
        if isinstance(each, _FreshAccount):
            taken.counters.accounts_rejected += 1
            return
        taken.counters.rejected += 1
        if each.known is not None and each.known.state == ListingState.LIVE.value:
            sequence = max(each.known.sequence, each.record.sequence)
            taken.rejected_sightings.append((each.known.key, sequence))

    # Accounts --------------------------------------------------------------------------------------------------------

    def take_accounts(self, connection: Connection, records: Sequence[Record], taken: Taken) -> None:
        """Weigh account records; no id may come twice among them, except the empty one."""
        known = find_accounts(connection, self._platform, [record.external_id for record in records])
        parser, taken.counters.accounts_seen = (
            self._connector.parser_version,
            taken.counters.accounts_seen + len(records),
        )
        fresh = []
        for record in records:
            print_, old = self._connector.fingerprint(record), known.get(record.external_id)
            if old is not None and record.sequence < old.sequence:
                continue  # old news
            if old is None or old.fingerprint != print_ or old.parser_version != parser:
                fresh.append(_FreshAccount(record, print_, old))
            elif old.seen_run != self._run:
                taken.account_sightings.append((record.external_id, record.sequence))
        if fresh:
            self._take_fresh_accounts(connection, fresh, taken)

    def _take_fresh_accounts(self, connection: Connection, fresh: Sequence["_FreshAccount"], taken: Taken) -> None:
        remembered = self._find_rejections(connection, Kind.ACCOUNT, fresh)
        contents = load_account_contents(connection, self._platform, [each.record.external_id for each in fresh])
        for each in fresh:
            external_id = each.record.external_id
            account = self._parse_or_reject(each, remembered.get(external_id, ()), taken)
            if isinstance(account, Account):
                self._say_account(each, account, contents.get(external_id), taken)

    def _say_account(self, each: "_FreshAccount", account: Account, stored: bytes | None, taken: Taken) -> None:
        record, contact = each.record, account.contact
        if account.masked and stored is not None:
            account = _keep_masked_account(account, decode_account(stored))
        taken.count_unknown_codes(account.issues, record.external_id)
        content = _encode(_without_contact(account))
        if contact is not None and "contact" not in account.masked:
            taken.contacts[record.external_id, FROM_ACCOUNT] = contact
        if content != stored:
            taken.counters.accounts_changed += 1
            taken.dirty.add(record.external_id)
        taken.accounts.append(
            AccountStatement(
                external_id=record.external_id,
                was_version=each.known.version if each.known else 0,
                fingerprint=each.fingerprint,
                parser_version=self._connector.parser_version,
                raw=keep_raw(self._platform, record, taken),
                content=content,
                sequence=record.sequence,
            )
        )


@dataclass(frozen=True, slots=True)
class _FreshAccount:
    record: Record
    fingerprint: bytes
    known: KnownAccount | None


class _Weighing:
    """Parsed listings against what is stored of them."""

    def __init__(self, connector: Connector, run_id: int, taken: Taken) -> None:
        self._platform = connector.platform
        self._parser = connector.parser_version
        self._run = run_id
        self._taken = taken
        self._contents: dict[int, bytes] = {}
        self._withdrawals: dict[int, LastWithdrawal] = {}
        self._made_by: dict[int, int] = {}

    def weigh(self, connection: Connection, parsed: Sequence[tuple[_Fresh, Listing]]) -> None:
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

    def _weigh_one(self, each: _Fresh, old: Known, listing: Listing) -> None:
        counters = self._taken.counters
        if self._is_old_news(each, old, listing):
            counters.superseded += 1
            if old.state == ListingState.LIVE.value:
                self._taken.sightings.append((old.key, old.sequence))  # it is there, be it an old copy
        elif _is_used_again(old, listing):
            self._taken.ended.append(old)
            self._taken.dirty.add(old.account_id)
            self._say_new(each, listing, generation=old.generation + 1)
        elif self._says_the_same(each, old, listing):
            self._say_same(each, old, listing)
        else:
            self._say_changed(each, old, listing)

    def _is_old_news(self, each: _Fresh, old: Known, listing: Listing) -> bool:
        """Whether the store has newer of this id: a higher number, a later change, a later life, a later end."""
        number = each.record.sequence
        if number != old.sequence:
            return number < old.sequence
        if number and old.seen_run != self._run and old.rejected_at is None and each.fingerprint != old.fingerprint:
            return True  # an earlier walk weighed this drop's copies already, and another one won
        updated, registered = listing.updated.at.timestamp(), _registered_at(listing)
        if _is_used_again(old, listing):
            return False
        if registered is not None and old.registered_at is not None and registered < old.registered_at:
            return updated <= old.updated_at
        last = self._withdrawals.get(old.key)
        if last is not None and last.kind is WithdrawalKind.EXPLICIT and last.said_at is not None:
            return updated <= last.said_at
        return updated < old.updated_at

    def _says_the_same(self, each: _Fresh, old: Known, listing: Listing) -> bool:
        if old.state != ListingState.LIVE.value:
            return False
        stored = self._contents.get(old.key)
        if stored is None:
            return each.fingerprint == old.fingerprint
        before = decode_listing(stored)
        now = _keep_masked(listing, before) if _keeps_masked(old, listing) else listing
        return replace(now, **READING_FIELDS) == replace(before, **READING_FIELDS)  # type: ignore[arg-type]

    def _say_new(self, each: _Fresh, listing: Listing, *, generation: int) -> None:
        self._taken.counters.new += 1
        said = self._state(each, listing, hidden=bool(listing.masked))
        self._taken.news.append(NewListing(generation, said))

    def _say_changed(self, each: _Fresh, old: Known, listing: Listing) -> None:
        keeps = _keeps_masked(old, listing)
        if keeps and old.key in self._contents:
            listing = _keep_masked(listing, decode_listing(self._contents[old.key]))
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

    def _say_same(self, each: _Fresh, old: Known, listing: Listing) -> None:
        if old.seen_run == self._run and old.rejected_at is None:
            self._taken.counters.superseded += 1
        else:
            self._taken.counters.unchanged += 1
        shown = listing.visible and (not listing.masked or _keeps_masked(old, listing))
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

    def _state(self, each: _Fresh, listing: Listing, *, hidden: bool) -> Statement:
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
            registered_at=_registered_at(listing),
            updated_at=listing.updated.at.timestamp(),
            sequence=record.sequence,
            raw=keep_raw(self._platform, record, self._taken),
            content=_encode(_without_contact(listing)),
        )


def keep_raw(platform: str, record: Record, taken: Taken) -> bytes:
    """Put the record's bytes among those to archive; gives their name."""
    body = record.body
    name = name_body(platform, record.kind, body)
    taken.raws.append(Raw(name, record.kind, record.external_id, record.page, record.offset, body))
    return name


def encode_content(listing: Listing) -> bytes:
    """A listing as it is stored: JSON, without contact."""
    return _encode(_without_contact(listing))


def _registered_at(listing: Listing) -> float | None:
    return None if listing.registered is None else listing.registered.at.timestamp()


def _is_used_again(old: Known, listing: Listing) -> bool:
    registered = _registered_at(listing)
    return registered is not None and old.registered_at is not None and registered > old.registered_at


def _keeps_masked(old: Known, listing: Listing) -> bool:
    """Whether an earlier reading of a higher scope fills what this one may not see."""
    return bool(listing.masked) and old.hidden_reason != HIDDEN_SCOPE


def _keep_masked(listing: Listing, before: Listing) -> Listing:
    kept = {name: getattr(before, name) for name in listing.masked if name in _LISTING_FIELDS and name != "contact"}
    return replace(listing, **kept)


def _keep_masked_account(account: Account, before: Account) -> Account:
    kept = {name: getattr(before, name) for name in account.masked if name in _ACCOUNT_FIELDS and name != "contact"}
    return replace(account, **kept)


_LISTING_FIELDS = frozenset(Listing.__slots__)
_ACCOUNT_FIELDS = frozenset(Account.__slots__)

_set: Callable[[object, str, object], None] = object.__setattr__


def _without_contact(said: Listing | Account) -> Listing | Account:
    # The parsed value is ours alone and nobody has hashed it; a copy of fifty fields would cost more than the encoding.
    if said.contact is not None:
        _set(said, "contact", None)
    return said
