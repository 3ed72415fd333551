"""Situations, grouped by what helps: skip the record, try later, ask a person, tell the caller."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class HanmaruError(Exception):
    """Base of all our errors. Its text is safe to show: no keys, tokens, addresses with secrets, or persons."""


# Skip the record ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record cannot be used: a code of `integrator.issues`, the field, the raw value."""

    code: str
    field: str = ""
    raw: str = ""


class RejectedRecord(HanmaruError):
    """This record cannot be used; `reasons` says all that is wrong with it, the gravest first."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(", ".join(reason.code for reason in self.reasons))


# Try later ------------------------------------------------------------------------------------------------------------


class FeedUnavailable(HanmaruError):
    """The platform cannot be read now; `retry_at` (aware UTC) when it said so."""

    def __init__(self, text: str, *, code: str = "UNAVAILABLE", retry_at: datetime | None = None) -> None:
        self.code = code
        self.retry_at = retry_at
        super().__init__(text)


class QuotaSpent(FeedUnavailable):
    """The platform's calls for now are used up: nothing more before `retry_at`."""


class RetriesSpent(FeedUnavailable):
    """So many calls of a run had to be tried again that going on would only add to the platform's trouble."""


class BytesRefused(FeedUnavailable):
    """A body was not whole or not readable, and none of it is used.

    `code` is NOT_WELL_FORMED, ENCODING_INVALID, TRUNCATED, HASH, ROWS or TOO_LARGE.
    """


class IndexUnavailable(HanmaruError):
    """The search index does not answer; the outbox keeps what was to be written."""


class StorageUnavailable(HanmaruError):
    """The disk takes no more (full, or failing), or the database does not answer; what was committed stays, and
    writing goes on once there is room, or the database is back."""


class StorageBusy(StorageUnavailable):
    """Another transaction was in the way: nothing of this one was written, and all of it may be tried again at once."""


class LeaseLost(HanmaruError):
    """Another process runs this feed and lane now; what this one had not committed is dropped."""


# A person must look ---------------------------------------------------------------------------------------------------


class FeedChanged(HanmaruError):
    """The platform answers in a way the guide rules out (drift, a looping cursor, a refused key)."""

    def __init__(self, text: str, *, code: str = "FEED_CHANGED") -> None:
        self.code = code
        super().__init__(text)


class AccessRefused(FeedChanged):
    """The platform refuses our credentials."""


class ContradictoryJudgement(HanmaruError):
    """Two judgements, or a judgement and a rule, cannot both hold."""


# The caller is wrong --------------------------------------------------------------------------------------------------


class InvalidQuery(HanmaruError):
    """A search or filter that cannot be read; the text says what to change."""


class UnknownProduct(HanmaruError):
    """No such product, now or before."""


class UnknownListing(HanmaruError):
    """No such listing, now or before."""


class InvalidSetting(HanmaruError):
    """A setting is missing or unreadable; the text names it and says what to write."""


class SchemaMismatch(HanmaruError):
    """The database is of another age than this code; the text says which command mends it."""
