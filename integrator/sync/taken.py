"""What records come to, ready to be written, and how contents travel to and from the store."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from integrator.issues import CODE_UNKNOWN, CURRENCY_UNKNOWN, UNIT_UNKNOWN
from integrator.listing import Account, Issue, Listing
from integrator.record import Kind, Record
from integrator.store.accounts import AccountStatement, KnownAccount, StoredAccount
from integrator.store.archive import Raw, name_body
from integrator.store.listings import HIDDEN_SCOPE, Known, NewListing, NewVersion
from integrator.store.rejections import Rejected
from integrator.store.runs import Counters
from integrator.sync.measuring import Measured

# Issues that say "no table of ours knows this": counted for `hanmaru unknowns`.
_UNKNOWN_CODES = frozenset({CODE_UNKNOWN, CURRENCY_UNKNOWN, UNIT_UNKNOWN})

# What may differ although a listing says the same: how it was read, and a counter.
READING_FIELDS: Mapping[str, object] = {"scope": None, "masked": (), "issues": (), "view_count": None, "contact": None}

_encode = msgspec.json.Encoder().encode
decode_listing = msgspec.json.Decoder(Listing).decode
_decode_account = msgspec.json.Decoder(Account).decode


@dataclass(slots=True)
class Taken:
    """What some records come to, ready to be written."""

    counters: Counters = field(default_factory=Counters)
    raws: list[Raw] = field(default_factory=list)
    sightings: list[tuple[int, int]] = field(default_factory=list)  # (key, sequence)
    news: list[NewListing] = field(default_factory=list)
    changes: list[NewVersion] = field(default_factory=list)
    same: list[NewVersion] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rejected_again: list[tuple[Kind, str, bytes]] = field(default_factory=list)
    rejected_sightings: list[tuple[int, int]] = field(default_factory=list)
    sound: list[tuple[Kind, str]] = field(default_factory=list)  # rejected before, usable now
    met: list[int] = field(default_factory=list)  # listings whose newest version another run may have left pending
    accounts: list[AccountStatement] = field(default_factory=list)  # new and changed ones
    same_accounts: list[AccountStatement] = field(default_factory=list)
    met_accounts: list[str] = field(default_factory=list)  # as `met`
    account_sightings: list[tuple[str, int]] = field(default_factory=list)
    dirty: set[str] = field(default_factory=set)  # accounts to work out again, whatever is released
    measured: Measured = field(default_factory=Measured)
    parsed: int = 0
    unknowns: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)

    def keys_seen(self) -> Iterable[int]:
        """Known listings that are there, whatever their record came to."""
        yield from (key for key, _ in self.sightings)
        yield from (key for key, _ in self.rejected_sightings)
        yield from (each.known.key for each in self.changes)
        yield from (each.known.key for each in self.same)

    def accounts_touched(self) -> set[str]:
        """Accounts that look otherwise once all of this is released."""
        touched = {each.said.account_id for each in self.news}
        for each in self.changes:
            touched |= {each.known.account_id, each.said.account_id}
        return touched | {each.external_id for each in self.accounts}

    def replaces_waiting(self) -> bool:
        """Whether something here takes the place of a version that waited, perhaps in a hold."""
        of_accounts = any(each.known is not None and each.known.pending is not None for each in self.accounts)
        return of_accounts or any(each.known.pending is not None for each in self.changes)

    def count_unknown_codes(self, issues: Sequence[Issue], external_id: str) -> None:
        """Remember values that a table of ours should know."""
        for issue in issues:
            if issue.code in _UNKNOWN_CODES:
                self.unknowns[issue.field, issue.raw] += 1
                self.examples.setdefault((issue.field, issue.raw), external_id)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A record that its fingerprint does not settle."""

    record: Record
    fingerprint: bytes
    known: Known | None


@dataclass(frozen=True, slots=True)
class FreshAccount:
    record: Record
    fingerprint: bytes
    known: KnownAccount | None


def keep_raw(platform: str, record: Record, taken: Taken) -> bytes:
    """Put the record's bytes among those to archive; gives their name."""
    body = record.body
    name = name_body(platform, record.kind, body)
    taken.raws.append(Raw(name, record.kind, record.external_id, record.page, record.offset, body))
    return name


def decode_account(stored: StoredAccount) -> Account:
    """An account as it was read, contact included."""
    return replace(_decode_account(stored.content), contact=stored.contact)


def encode_content(said: Listing | Account) -> bytes:
    """A listing or account as it is stored: JSON, without contact."""
    return _encode(_without_contact(said))


def registered_at(listing: Listing) -> float | None:
    return None if listing.registered is None else listing.registered.at.timestamp()


def is_used_again(old: Known, listing: Listing) -> bool:
    registered = registered_at(listing)
    return registered is not None and old.registered_at is not None and registered > old.registered_at


def keeps_masked(old: Known, listing: Listing) -> bool:
    """Whether an earlier reading of a higher scope fills what this one may not see."""
    return bool(listing.masked) and old.hidden_reason != HIDDEN_SCOPE


def keep_masked(listing: Listing, before: Listing) -> Listing:
    kept = {name: getattr(before, name) for name in listing.masked if name in _LISTING_FIELDS and name != "contact"}
    return replace(listing, **kept)


def keep_masked_account(account: Account, before: Account) -> Account:
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
