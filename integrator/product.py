"""What is resolved: sellers, products with their offers, and the receipts that say why.

The smallest values, of which a product has dozens, are msgspec structs: a frozen dataclass costs ten times as much to
make.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import msgspec

from integrator.listing import Image, Lead, Moq, Price


@dataclass(frozen=True, slots=True)
class Seller:
    """A firm, resolved over its accounts. Public facts only."""

    seller_id: str
    names: dict[str, str]
    accounts: tuple[tuple[str, str], ...]  # (platform, account id)
    country: str | None = None
    region: str | None = None
    homepage: str | None = None
    established: str | None = None
    business_types: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name to show when no language was asked for."""
        return self.names.get("en") or self.names.get("ko") or self.seller_id


class Source(msgspec.Struct, frozen=True):
    """The listing a value came from, and the value as that listing has it."""

    platform: str
    external_id: str
    value: str


class Chosen(msgspec.Struct, frozen=True):
    """One merged value: what is shown, the rule that chose it, where it came from and what lost."""

    value: str
    rule: str  # a code of integrator.merge.product.RULES
    source: Source
    losers: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing as shown under its product."""

    platform: str
    external_id: str
    generation: int
    account_id: str
    account_name: str | None
    names: dict[str, str]
    price: Price
    moq: Moq
    lead: Lead
    url: str | None
    availability: str
    updated_at: datetime
    seen_at: datetime
    terms: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    stale: bool = False  # its newest records cannot be used; this is the last good version


class Headline(msgspec.Struct, frozen=True):
    """The offer on the card, picked by rule; amounts per unit of one unit class, in US dollars at a dated rate."""

    platform: str
    external_id: str
    rule: str
    state: str  # a PriceState
    amount: Decimal | None = None
    amount_to: Decimal | None = None
    currency: str | None = None
    unit: str | None = None
    term: str | None = None
    unit_class: str | None = None  # piece, kg, litre, metre, set
    price_usd: Decimal | None = None  # per unit of unit_class
    moq: Decimal | None = None  # in units of unit_class
    lead_days: int | None = None
    rate_day: str | None = None


@dataclass(frozen=True, slots=True)
class CategoryChoice:
    """HS section, chapter and heading with how they were found: hs, platform_category, unclassified."""

    section: str | None
    chapter: str | None
    heading: str | None
    rule: str


class Evidence(msgspec.Struct, frozen=True):
    """One feature of a pair: both raw values and its contribution in log-odds."""

    feature: str
    left: str
    right: str
    weight: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """Why two listings (or accounts) are, or are not, the same. Must render when the matcher is gone."""

    left: str
    right: str
    verdict: str
    score: float
    release: str
    block: str  # the key that brought the two together
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Product:
    """A view over listings: merged values, offers, one category, one headline offer."""

    product_id: str
    seller_id: str
    seller_name: str
    names: dict[str, Chosen]
    offers: tuple[Offer, ...]
    category: CategoryChoice
    headline: Headline
    visible: bool
    # Merged values by our field name: brand, model, hs6, origin, weight_kg, summary.en, description.ko, lead, port, ...
    values: dict[str, Chosen] = field(default_factory=dict)
    certificates: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    images: tuple[Image, ...] = ()
    updated_at: datetime | None = None

    @property
    def name(self) -> str:
        """The name to show when no language was asked for."""
        chosen = self.names.get("en") or self.names.get("ko") or next(iter(self.names.values()))
        return chosen.value
