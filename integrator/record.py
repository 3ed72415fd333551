"""What travels from a connector to the core: plans in, batches of raw records and a proof out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

# Plain JSON values: what a position or a watermark is made of. The core stores them and never looks inside.
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

# A wire value as decoded: text, numbers as int or as Decimal's text (never float), lists and mappings of the same.
Wire = object


class Lane(StrEnum):
    """The three walks of a feed: what is new, all that is there, and single listings in full."""

    CHANGES = "changes"
    CENSUS = "census"
    DETAIL = "detail"


class Kind(StrEnum):
    """What a raw record is about."""

    LISTING = "listing"
    DETAIL = "detail"
    ACCOUNT = "account"
    WITHDRAWAL = "withdrawal"


class Confirmation(StrEnum):
    """What makes an absence believable: one verified whole read, or a census and then the detail call."""

    WHOLE_READ = "whole_read"
    DETAIL_CALL = "detail_call"


class Policy(StrEnum):
    """What a drift calls for: nothing, a warning on the run, or a person before anything is released."""

    ACCEPT = "accept"
    WARN = "warn"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Policies:
    """What a platform's drift calls for, field by field; what is not named here is a warning.

    `missing`: by our field name, when listings lose it or its values jump. `values`: by our field name, when a value
    appears that no table knows. `names`: by wire name, when a field appears that the guide does not have.
    """

    missing: Mapping[str, Policy] = field(default_factory=dict)
    values: Mapping[str, Policy] = field(default_factory=dict)
    names: Mapping[str, Policy] = field(default_factory=dict)

    def of_missing(self, name: str) -> Policy:
        """Of a field, or else of the field it is part of (`price.unit`: `price`)."""
        while name and name not in self.missing:
            name = name.rpartition(".")[0]
        return self.missing.get(name, Policy.WARN)

    def of_unknown(self, name: str, value: str) -> Policy:
        """Of a row of the unknowns; `name` is UNKNOWN_FIELD for a wire name."""
        if name == UNKNOWN_FIELD:
            return self.names.get(value, Policy.WARN)
        return self.values.get(name, Policy.WARN)


# Where the names of wire fields that no guide has stand among the unknowns.
UNKNOWN_FIELD = "(field)"


@dataclass(frozen=True, slots=True)
class Ask:
    """One record asked for singly: a listing's detail, or an account nobody has heard of."""

    kind: Kind
    external_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch.

    `watermark` is what the last good run's End gave (None: never read), `position` what the last committed batch of
    this very run gave (None: from the start). `accounts` asks for the account list too. `asks` is used by the detail
    lane alone.
    """

    lane: Lane
    watermark: dict[str, Json] | None = None
    position: dict[str, Json] | None = None
    accounts: bool = True
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One raw record.

    `external_id` is "" when unreadable. `fields` is the wire form, names as the guide spells them. `cut` gives the
    bytes to keep (asked for only when the record is new or changed); `Connector.decode` reads them back to the same
    fields. `page` and `offset` say where it stood, `sequence` is the number that orders copies of one id where a
    platform has one (GobizKOREA's drop number), else 0. `scope` is what the token could see, where there are scopes.
    `outranked`: another copy of this id in the same whole read counts by the guide's own rule; this one is only kept.
    """

    platform: str
    kind: Kind
    external_id: str
    fields: Mapping[str, Wire]
    cut: Callable[[], bytes]
    page: str = ""
    offset: int = 0
    sequence: int = 0
    scope: str | None = None
    outranked: bool = False

    @property
    def body(self) -> bytes:
        """The record's own bytes, as they go into the archive."""
        return self.cut()


@dataclass(frozen=True, slots=True)
class Batch:
    """Raw records and the position that follows them; committing both together is what makes a run resumable.

    `done` and `total` (None: not known yet) are for the progress bar, in records of `stage`. `calls`, `bytes_read` and
    `retries` count what this batch cost; `warnings` are sentences for the operator (a clock that went back, a walk
    begun again). `watermark` is where changes since the beginning of this walk begin, told once it is known and if
    changes can be read beside a census.
    """

    records: tuple[Record, ...]
    position: dict[str, Json]
    clock: datetime | None = None
    stage: str = "listings"
    total: int | None = None
    calls: int = 0
    bytes_read: int = 0
    retries: int = 0
    warnings: tuple[str, ...] = ()
    watermark: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The end of a walk and its proof, or why there is none.

    `complete` means the proof by the platform's own guide held; `reason` says in a sentence what was missing otherwise.
    `census` is True when everything the platform shows was read, so that an absence may count; with `sequence`, only
    for listings last seen below that number. `watermark` is for the next plan, `clock` the platform's own. `total` is
    what the platform declared. `unknown_fields` counts field names nobody knows, for `hanmaru unknowns`.
    """

    complete: bool
    census: bool = False
    sequence: int | None = None
    watermark: dict[str, Json] | None = None
    clock: datetime | None = None
    total: int | None = None
    reason: str = ""
    scope: str | None = None
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    calls: int = 0
    bytes_read: int = 0
    retries: int = 0
