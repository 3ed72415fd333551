"""What a platform states, in one schema: listings, accounts, details and withdrawals.

All values are frozen. Money is `Decimal` with an ISO 4217 currency, quantities carry a UN/ECE Recommendation 20 unit
code (plus `20FT`/`40FT`, ours, for containers), times are aware UTC. What is not known is a state or None, not a guess.
`msgspec.json` encodes and decodes these classes; the exported form has its JSON Schema in docs/.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class PriceState(StrEnum):
    """What the seller says about the price. `hidden` and `negotiable` are statements, `unknown` is a gap."""

    PRICED = "priced"
    RANGE = "range"
    TIERED = "tiered"
    HIDDEN = "hidden"
    NEGOTIABLE = "negotiable"
    UNKNOWN = "unknown"


class QuantityState(StrEnum):
    """What the seller says about a quantity or a time."""

    STATED = "stated"
    HIDDEN = "hidden"
    NEGOTIABLE = "negotiable"
    UNKNOWN = "unknown"


class HsState(StrEnum):
    """How an HS code was read: six or ten digits as given, a lost zero put back, fewer than six, or none."""

    EXACT6 = "exact6"
    EXACT10 = "exact10"
    PADDED = "padded"
    PREFIX = "prefix"
    MISSING = "missing"


class Availability(StrEnum):
    """Whether the goods can be had now, as the platform says."""

    ON_SALE = "on_sale"
    SOLD_OUT = "sold_out"
    NOT_ON_SALE = "not_on_sale"
    UNKNOWN = "unknown"


class Grain(StrEnum):
    """How fine a `Moment` is: a platform that names only a day gets that day's first Korean instant."""

    DAY = "day"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as a platform states it: aware UTC and the grain it was stated in."""

    at: datetime
    grain: Grain


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One offer line: from `low` to `high` (None: open end) pieces of `unit`, `amount` (to `amount_to`) each.

    `low` and `high` count in the price unit, both included. `unit`, `currency` and `term` (Incoterm) are None when not
    known.
    """

    low: int
    high: int | None
    amount: Decimal
    amount_to: Decimal | None = None
    currency: str | None = None
    unit: str | None = None
    term: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A price in one of six states; `steps` is empty unless the state is priced, range or tiered."""

    state: PriceState
    steps: tuple[PriceStep, ...] = ()


@dataclass(frozen=True, slots=True)
class Moq:
    """Minimum order quantity; `maximum` None is an open end, `unit` None is not known."""

    state: QuantityState
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """`quantity` of `unit` are in one `outer` unit, as the listing states it (24 H87 in a CT)."""

    quantity: Decimal
    unit: str
    outer: str


@dataclass(frozen=True, slots=True)
class Lead:
    """Lead time in days. Business days are kept as such (`business`), never converted."""

    state: QuantityState
    min_days: int | None = None
    max_days: int | None = None
    business: bool = False


@dataclass(frozen=True, slots=True)
class Hs:
    """An HS code: the text as given, six digits if known, ten (HSK) if given; a prefix stays in `raw` alone."""

    state: HsState
    raw: str = ""
    hs6: str | None = None
    hsk10: str | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """The platform's own category: its code, the path by language (`en`, `ko`), the version of its tree."""

    code: str | None = None
    path: dict[str, tuple[str, ...]] = field(default_factory=dict)
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One free attribute as the seller wrote it."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Certificate:
    """`code` in our scheme when known (CE, FDA, KC, ISO9001, …), `name` as given; days as ISO text."""

    name: str
    code: str | None = None
    number: str | None = None
    country: str | None = None
    issued: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """An image address (https), its place in the gallery and what the platform says of it."""

    url: str
    order: int = 1
    main: bool = False
    width: int | None = None
    height: int | None = None
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """Supply ability: the text as given, and quantity, unit and period (DAY, WEEK, MONTH, YEAR) where readable."""

    text: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    period: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """Something a seller could fix: a code of `integrator.issues`, our field name, the raw value seen."""

    code: str
    field: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """For matching and members only, kept in a table of its own: never in a catalogue row, a document or an export.

    `brn` is ten digits when it has that shape, else the text as given; `brn_valid` says whether its check digit holds.
    `phone` is E.164 where readable. A platform's mask is not a value: masked parts are None.
    """

    brn: str | None = None
    brn_valid: bool = False
    person: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """One platform's statement about one product."""

    platform: str
    external_id: str
    account_id: str
    account_name: str | None
    names: dict[str, str]  # by language: en, ko; at least one
    visible: bool  # whether the platform lets a buyer see it
    registered: Moment | None
    updated: Moment
    price: Price
    moq: Moq
    lead: Lead
    hs: Hs
    account_country: str | None = None
    status: str | None = None  # the platform's own word
    hidden_reason: str | None = None
    availability: Availability = Availability.UNKNOWN
    category: Category = Category()
    summaries: dict[str, str] = field(default_factory=dict)  # plain text by language
    descriptions: dict[str, str] = field(default_factory=dict)  # cleaned HTML by language
    brand: str | None = None
    model: str | None = None
    seller_number: str | None = None
    attributes: tuple[Attribute, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    keywords: tuple[str, ...] = ()
    origin: tuple[str, ...] = ()  # ISO 3166 alpha-2
    payment: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()  # Incoterms offered
    transport: tuple[str, ...] = ()  # SEA, AIR, MULTI
    port: str | None = None
    packaging: str | None = None
    packs: tuple[Pack, ...] = ()
    weight_kg: Decimal | None = None
    supply: Supply = Supply()
    stock: int | None = None
    sample: bool | None = None
    online_order: bool | None = None
    quotation: bool | None = None
    online_payment: bool | None = None
    images: tuple[Image, ...] = ()
    video: str | None = None
    awards: tuple[str, ...] = ()
    url: str | None = None
    slug: str | None = None
    view_count: int | None = None
    scope: str | None = None  # the scope it was read with, where a platform has scopes
    masked: tuple[str, ...] = ()  # our field names that this scope may not see
    issues: tuple[Issue, ...] = ()
    contact: Contact | None = None  # split off before the row is written; None when read back

    @property
    def name(self) -> str:
        """The name to show when no language was asked for: English, else Korean, else any."""
        return self.names.get("en") or self.names.get("ko") or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Account:
    """A seller as one platform knows it."""

    platform: str
    external_id: str
    names: dict[str, str]
    country: str | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    zip: str | None = None  # five digits; the abolished six-digit form is not a value
    homepage: str | None = None  # host only
    minisite: str | None = None
    business_types: tuple[str, ...] = ()
    established: str | None = None  # ISO day or year
    employees: str | None = None
    sales: str | None = None
    markets: tuple[str, ...] = ()
    updated: Moment | None = None
    scope: str | None = None
    masked: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    contact: Contact | None = None

    @property
    def name(self) -> str:
        """The name to show when no language was asked for."""
        return self.names.get("en") or self.names.get("ko") or next(iter(self.names.values()))


@dataclass(frozen=True, slots=True)
class Detail:
    """What only a detail call tells; `listing` is the list part of the same answer where the platform repeats it."""

    platform: str
    external_id: str
    listing: Listing | None = None
    descriptions: dict[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    supply: Supply = Supply()
    video: str | None = None
    awards: tuple[str, ...] = ()
    past_slugs: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A platform says a listing is gone: by a tombstone, or as the answer to a detail call."""

    platform: str
    external_id: str
    at: Moment | None = None  # None: the platform does not say when
    reason: str | None = None
    merged_into: str | None = None
