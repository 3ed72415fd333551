"""What records come to: unchanged, new, changed, superseded or rejected. Reads and parses; writes nothing.

The common case is a record that says what it said before: its fingerprint is enough, and it is not parsed. Everything
else is parsed and weighed against what is stored; old news never replaces newer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from integrator.errors import Reason, RejectedRecord
from integrator.issues import OWN_FAULT, UNREADABLE
from integrator.listing import Account, Contact, Listing
from integrator.ports import Connector, Parsed
from integrator.record import Kind, Record
from integrator.store.accounts import (
    AccountStatement,
    StoredAccount,
    find_accounts,
    load_newest_accounts,
    load_shown_accounts,
)
from integrator.store.archive import name_body
from integrator.store.listings import Known, ListingState, find_known, load_contents
from integrator.store.rejections import KnownRejection, Rejected, find_rejections
from integrator.store.versions import find_refused
from integrator.sync.measuring import REQUIRED
from integrator.sync.taken import (
    Fresh,
    FreshAccount,
    Taken,
    decode_account,
    decode_listing,
    encode_content,
    keep_masked_account,
    keep_raw,
)
from integrator.sync.weighing import Weighing

# A parser that trips over a record costs that record, not the run.
_TRIPS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)

# No platform's id comes near this.
_LONGEST_ID = 200


class Intake:
    """Weighs one run's records against the store."""

    def __init__(self, connector: Connector, run_id: int) -> None:
        self._connector = connector
        self._platform = connector.platform
        self._run = run_id

    def weigh(self, connection: Connection, records: Sequence[Record]) -> Taken:
        """What listing and account records come to; no id may come twice among them, except the empty one."""
        taken = Taken()
        listings = [record for record in records if record.kind is Kind.LISTING]
        accounts = [record for record in records if record.kind is Kind.ACCOUNT]
        if accounts:
            self._take_accounts(connection, accounts, taken)
        if listings:
            self._take_listings(connection, listings, taken)
        return taken

    # Listings --------------------------------------------------------------------------------------------------------

    def _take_listings(self, connection: Connection, records: Sequence[Record], taken: Taken) -> None:
        known = find_known(connection, self._platform, [record.external_id for record in records])
        fingerprint, parser, live = self._connector.fingerprint, self._connector.parser_version, ListingState.LIVE.value
        taken.counters.seen += len(records)
        fresh, marked = [], []
        for record in records:
            if record.outranked:
                keep_raw(self._platform, record, taken)
                taken.counters.superseded += 1
                continue
            print_, old = fingerprint(record), known.get(record.external_id)
            if old is None or old.fingerprint != print_ or old.parser_version != parser:
                fresh.append(Fresh(record, print_, old))
            elif old.rejected_at is not None:
                marked.append(Fresh(record, print_, old))
            elif old.state != live and old.pending is None:
                fresh.append(Fresh(record, print_, old))
            else:
                self._say_unchanged(record, old, taken)
        if marked:
            fresh += self._pass_refused(connection, marked, taken)
        if fresh:
            self._take_fresh(connection, fresh, taken)

    def _say_unchanged(self, record: Record, old: Known, taken: Taken) -> None:
        if old.seen_run == self._run:
            taken.counters.superseded += 1  # a repeated copy in one walk
            return
        taken.counters.unchanged += 1
        taken.sightings.append((old.key, max(old.sequence, record.sequence)))
        if old.pending is not None:
            taken.met.append(old.key)

    def _pass_refused(self, connection: Connection, marked: Sequence[Fresh], taken: Taken) -> list[Fresh]:
        """A record that a person refused says nothing new; the others mend a listing whose newest was unusable."""
        refused = find_refused(connection, [each.known.key for each in marked if each.known])
        rest = []
        for each in marked:
            if each.known is not None and each.known.key in refused and each.known.state == ListingState.LIVE.value:
                self._say_unchanged(each.record, each.known, taken)
            else:
                rest.append(each)
        return rest

    def _take_fresh(self, connection: Connection, fresh: Sequence[Fresh], taken: Taken) -> None:
        remembered = self._find_rejections(connection, Kind.LISTING, fresh)
        parsed: list[tuple[Fresh, Listing]] = []
        for each in fresh:
            before = remembered.get(each.record.external_id, ())
            listing = self._parse_or_reject(each, before, taken)
            if isinstance(listing, Listing):
                parsed.append((each, listing))
        if taken.rejected:
            self._measure_rejected(connection, fresh, remembered, taken)
        Weighing(self._connector, self._run, taken).weigh(connection, parsed)

    def _measure_rejected(
        self,
        connection: Connection,
        fresh: Sequence[Fresh],
        remembered: Mapping[str, Sequence[KnownRejection]],
        taken: Taken,
    ) -> None:
        """What a platform broke in a shown listing's record is a loss, though the record is not used.

        The same record again is no news, whichever parser rejects it.
        """
        lacks = {each.external_id: _find_lacks(each) for each in taken.rejected if each.kind is Kind.LISTING}
        broken = {
            each.known.key: lacks[each.known.external_id]
            for each in fresh
            if each.known is not None and each.known.external_id in lacks and _is_loss(each, each.known, remembered)
        }
        for key, content in load_contents(connection, list(broken)).items():
            taken.measured.add_rejected(decode_listing(content), broken[key])

    def _find_rejections(
        self, connection: Connection, kind: Kind, fresh: Sequence[Fresh | FreshAccount]
    ) -> dict[str, list[KnownRejection]]:
        ids = [each.record.external_id for each in fresh]
        nameless = [each.fingerprint for each in fresh if not each.record.external_id]
        return find_rejections(connection, self._platform, kind, ids, nameless=nameless)

    def _parse_or_reject(
        self, each: Fresh | FreshAccount, before: Iterable[KnownRejection], taken: Taken
    ) -> Parsed | None:
        record, parser = each.record, self._connector.parser_version
        if any(old.fingerprint == each.fingerprint and old.parser_version == parser for old in before):
            taken.rejected_again.append((record.kind, record.external_id, each.fingerprint))
            self._count_rejected(each, taken)
            return None
        taken.parsed += 1
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

    def _reject(self, each: Fresh | FreshAccount, reasons: tuple[Reason, ...], taken: Taken) -> None:
        self._keep_rejected(each.record, each.fingerprint, reasons, taken)
        self._count_rejected(each, taken)

    def reject_other(self, record: Record, reasons: tuple[Reason, ...], taken: Taken) -> None:
        """A withdrawal or a detail that cannot be used; whoever read it counts it."""
        self._keep_rejected(record, self._print(record), reasons, taken)

    def _keep_rejected(self, record: Record, print_: bytes, reasons: tuple[Reason, ...], taken: Taken) -> None:
        raw = keep_raw(self._platform, record, taken)
        taken.rejected.append(
            Rejected(
                kind=record.kind,
                external_id=record.external_id,
                fingerprint=print_,
                parser_version=self._connector.parser_version,
                raw=raw,
                reasons=reasons,
                page=record.page,
                offset=record.offset,
            )
        )

    def set_aside(self, connection: Connection, record: Record, error: Exception, taken: Taken) -> None:
        """A record on which our own code fails is rejected without another look at it; its bytes are kept."""
        kept = _make_storable(record)
        reasons = (Reason(OWN_FAULT, raw=type(error).__name__),)
        if record.kind is Kind.LISTING:
            taken.counters.seen += 1
            known = find_known(connection, self._platform, [kept.external_id])
            self._reject(Fresh(kept, self._print(kept), known.get(kept.external_id)), reasons, taken)
        elif record.kind is Kind.ACCOUNT:
            taken.counters.accounts_seen += 1
            self._reject(FreshAccount(kept, self._print(kept), None), reasons, taken)
        else:
            taken.counters.withdrawals_seen += record.kind is Kind.WITHDRAWAL
            taken.counters.details_seen += record.kind is Kind.DETAIL
            self.reject_other(kept, reasons, taken)

    def _print(self, record: Record) -> bytes:
        try:
            return self._connector.fingerprint(record)
        except _TRIPS:
            return name_body(self._platform, record.kind, record.body)

    def _count_rejected(self, each: Fresh | FreshAccount, taken: Taken) -> None:
        if isinstance(each, FreshAccount):
            taken.counters.accounts_rejected += 1
            return
        taken.counters.rejected += 1
        if each.known is not None and each.known.state == ListingState.LIVE.value:
            sequence = max(each.known.sequence, each.record.sequence)
            taken.rejected_sightings.append((each.known.key, sequence))

    # Accounts --------------------------------------------------------------------------------------------------------

    def _take_accounts(self, connection: Connection, records: Sequence[Record], taken: Taken) -> None:
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
                fresh.append(FreshAccount(record, print_, old))
            elif old.seen_run != self._run:
                taken.account_sightings.append((record.external_id, record.sequence))
                if old.pending is not None:
                    taken.met_accounts.append(record.external_id)
        if fresh:
            self._take_fresh_accounts(connection, fresh, taken)

    def _take_fresh_accounts(self, connection: Connection, fresh: Sequence[FreshAccount], taken: Taken) -> None:
        remembered = self._find_rejections(connection, Kind.ACCOUNT, fresh)
        newest = load_newest_accounts(connection, self._platform, [each.record.external_id for each in fresh])
        waiting = [
            each.record.external_id for each in fresh if each.known is not None and each.known.pending is not None
        ]
        shown = load_shown_accounts(connection, self._platform, waiting)
        for each in fresh:
            external_id = each.record.external_id
            account = self._parse_or_reject(each, remembered.get(external_id, ()), taken)
            if isinstance(account, Account):
                stored = newest.get(external_id)
                self._say_account(each, account, taken, stored=stored, shown=shown.get(external_id, stored))

    def _say_account(
        self,
        each: FreshAccount,
        account: Account,
        taken: Taken,
        *,
        stored: StoredAccount | None,
        shown: StoredAccount | None,
    ) -> None:
        """`stored`: what it said last, be it waiting for release; `shown`: what buyers see of it."""
        record, contact = each.record, None if "contact" in account.masked else account.contact or Contact()
        if account.masked and stored is not None:
            account = keep_masked_account(account, decode_account(stored))
        taken.measured.add_seller(account, None if shown is None else decode_account(shown))
        taken.count_unknown_codes(account.issues, record.external_id)
        content = encode_content(account)
        said = AccountStatement(
            external_id=record.external_id,
            known=each.known,
            fingerprint=each.fingerprint,
            parser_version=self._connector.parser_version,
            raw=keep_raw(self._platform, record, taken),
            content=content,
            sequence=record.sequence,
            contact=contact,
        )
        if stored is not None and content == stored.content and contact in (None, stored.contact):
            taken.same_accounts.append(said)
            return
        taken.counters.accounts_changed += 1
        taken.accounts.append(said)


def _find_lacks(rejected: Rejected) -> frozenset[str]:
    """The required fields that its reasons name, or all of them: then the record could not be read at all."""
    return REQUIRED.intersection(each.field for each in rejected.reasons) or REQUIRED


def _is_loss(each: Fresh, known: Known, remembered: Mapping[str, Sequence[KnownRejection]]) -> bool:
    """Whether this record, if it cannot be used, is another than before, and of a listing that is there."""
    before = remembered.get(known.external_id, ())
    is_news = all(old.fingerprint != each.fingerprint for old in before)
    return is_news and known.state == ListingState.LIVE.value and each.record.sequence >= known.sequence


def _make_storable(record: Record) -> Record:
    """The record with what of it any database can hold; its bytes, or else its fields as we print them."""
    try:
        body = record.body
    except _TRIPS:
        body = repr(record.fields).encode(errors="backslashreplace")
    can_be_named = record.external_id.isprintable() and len(record.external_id) <= _LONGEST_ID
    return replace(record, external_id=record.external_id if can_be_named else "", cut=lambda: body)
