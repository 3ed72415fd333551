"""What the core needs from outside, in the core's own words."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from integrator.errors import HanmaruError
from integrator.listing import Account, Detail, Listing, Withdrawal
from integrator.record import Batch, Confirmation, End, Kind, Lane, Plan, Policies, Record, Wire

Parsed = Listing | Detail | Account | Withdrawal

# A platform that asks for a longer wait is not believed for longer: the next try learns the truth.
LONGEST_BAN = timedelta(hours=24)


class Clock(Protocol):
    """Time. Wall time for what is written down, monotonic time for how long something took."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed instant; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait; a test's clock only moves on."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span in which a platform counts calls (a Korean day, a minute, a file's day); `ends_at` by our own clock."""

    name: str
    calls: int
    ends_at: datetime


class Budget(Protocol):
    """What one platform lets one credential do, kept where every process sees it: calls left, bans, its health.

    What is raised carries `retry_at`: from then on the same question may be answered otherwise.
    """

    def check(self) -> None:
        """Before every try. Raises FeedUnavailable inside a ban (BANNED), or after too many failures (RESTING)."""

    def take(self, window: Window | None, *, lane: Lane) -> None:
        """One call of this window. Raises QuotaSpent; lanes other than changes leave some calls for changes.

        None: the platform has not told this process its window yet; the last one known counts while it lasts.
        """

    def learn(self, window: Window, *, used: int) -> None:
        """The platform itself says how many calls of the window are used."""

    def ban(self, until: datetime, *, reason: str) -> None:
        """The platform wants to be left alone until then."""

    def note(self, trouble: HanmaruError | None) -> None:
        """What became of a try: None when the platform answered as it should."""

    def give_back(self) -> None:
        """Calls that were reserved and not made may be made by others."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole answer, and what its server calls it; "" where it does not say."""

    body: bytes
    etag: str = ""
    last_modified: str = ""


class Spool(Protocol):
    """Large files on this host's disk, named by the SHA-256 of their bytes; survives a restart.

    Beside them, answers by their address: the server may be asked whether they changed instead of for all their bytes.
    """

    def find(self, sha256: str) -> Path | None:
        """The file, if it is here whole."""

    def create(self, sha256: str) -> AbstractContextManager[BinaryIO]:
        """A file to write to; it appears under its name only if the block ends well and the bytes hash to the name."""

    def keep_only(self, sha256s: Iterable[str]) -> None:
        """Remove every other file, and the answers."""

    def recall(self, address: str) -> Kept | None:
        """The answer last kept of this address, if it is here whole."""

    def keep(self, address: str, answer: Kept) -> None:
        """Keep this answer instead of the last one. The address holds no secret."""


class Connector(Protocol):
    """One platform, read by its guide. Fetching fails for the network's reasons only; parsing is pure."""

    platform: str
    parser_version: int  # raise it whenever `parse` reads the same bytes differently
    confirmation: Confirmation
    separate_lanes: bool  # False: changes and census are one walk under one lease (GobizKOREA)
    policies: Policies  # what a drift of each field calls for

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        """Batches in order, then exactly one End.

        In the detail lane a record that is gone comes back as a withdrawal. Raises FeedUnavailable (and its kinds),
        FeedChanged or AccessRefused; what was yielded before stays good.
        """

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        """Kept bytes back to the fields they were cut from. Raises BytesRefused."""

    def fingerprint(self, record: Record) -> bytes:
        """16 bytes over the known fields by name, without the volatile ones; absent = null = empty, 5 = "5"."""

    def parse(self, record: Record) -> Parsed:
        """Wire to schema; pure. Raises RejectedRecord with all its reasons."""


# What the index is given ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """Versions compare as pairs: a restore from backup raises the epoch, so an index from the future cannot win."""

    epoch: int
    sequence: int


class IndexDocument(msgspec.Struct, frozen=True):
    """One product as the index needs it: texts by weight, and raw values for filters, facets and sorting.

    Text lists hold plain text in any language; `search` analyses them with the weights of its own table. Public facts
    only. `listings` are `[platform, id]` pairs. Prices are per unit of `unit_class` (piece, kg, litre, metre, set), US
    dollars; None: not known or not comparable. Times are POSIX seconds.
    """

    product_id: str
    version: DocumentVersion
    digest: str
    listings: tuple[tuple[str, str], ...]
    titles: dict[str, str]  # by language
    kind_words: tuple[str, ...] = ()  # category words in every language we have
    brand: str | None = None
    models: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    hs_words: tuple[str, ...] = ()
    seller_id: str = ""
    seller_name: str = ""
    platforms: tuple[str, ...] = ()
    section: str | None = None  # HS section number, "06"
    chapter: str | None = None  # "33"
    heading: str | None = None  # "3304"
    hs6: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()
    price_state: str = "unknown"
    unit_class: str | None = None
    price_usd: Decimal | None = None
    moq: Decimal | None = None
    lead_days: int | None = None
    sample: bool | None = None
    online_order: bool | None = None
    availability: str = "unknown"
    offer_count: int = 1
    image: str | None = None
    updated_at: int = 0
    stored: dict[str, str] = msgspec.field(default_factory=dict)  # what a result card shows without the database


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of one document: written, already there (equal or newer), or refused with a reason."""

    product_id: str
    ok: bool
    reason: str = ""


class IndexWriter(Protocol):
    """The index, seen by the publisher. Writes are by external version: an older one never wins."""

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        """One Ack a document, in order. Raises IndexUnavailable when nothing can be written at all."""

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        """Take products out, leaving a tombstone of that version."""

    def commit(self) -> None:
        """Make what was acknowledged durable and visible to new searches."""

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        """(product_id, version, digest) of every document that can be found, ordered by product_id."""

    def rebuild(self) -> AbstractContextManager["IndexWriter"]:
        """A fresh index beside the live one; it takes over when the block ends well, and is removed otherwise."""
