"""The answers of the API as marshmallow schemas: every field always there, null where nothing is known.

Amounts and quantities are text, so that no digit is lost; times are RFC 3339 in UTC.
"""

from apiflask import Schema
from apiflask.fields import Boolean, Dict, Float, Integer, List, Nested, String
from marshmallow import EXCLUDE


class Strict(Schema):
    """Answers hold what is declared and nothing else; dumping drops the rest."""

    class Meta:
        unknown = EXCLUDE
        ordered = True


def text(about: str, *, nullable: bool = False) -> String:
    """A required text."""
    return String(required=True, allow_none=nullable, metadata={"description": about})


def texts(about: str) -> "List[str]":
    """A required list of texts."""
    return List(String(), required=True, metadata={"description": about})


class ListingId(Strict):
    """A listing by its platform and the platform's own id."""

    platform = text("Platform.")
    id = text("The platform's id.")


class Named(Strict):
    """A code with its name in the language asked for."""

    code = text("Our code or the HS's.")
    label = text("The name in words.")


class Category(Strict):
    """HS section, chapter and heading in buyers' words; null where unclassified."""

    section = Nested(Named, required=True, allow_none=True)
    chapter = Nested(Named, required=True, allow_none=True)
    heading = Nested(Named, required=True, allow_none=True)


class Seller(Strict):
    """The firm, resolved over its accounts."""

    id = text("Our id.")
    name = text("Its name.")


class Result(Strict):
    """One product found."""

    product_id = text("Our id; it stays, or redirects.")
    title = text("The name in the language asked for, else in another.")
    names = Dict(keys=String(), values=String(), required=True, metadata={"description": "Names by language."})
    score = Float(required=True, metadata={"description": "Relevance; 0 when nothing was typed or another sort asked."})
    url = text("The product in this API.")
    seller = Nested(Seller, required=True)
    brand = text("Brand.", nullable=True)
    category = Nested(Category, required=True)
    listings = List(Nested(ListingId), required=True, metadata={"description": "What was merged."})
    platforms = texts("Platforms with an offer.")
    offers = Integer(required=True, metadata={"description": "How many offers it has."})
    price_state = text("priced, range, tiered, hidden, negotiable or unknown.")
    price_usd = text("Headline price in US dollars per unit of unit_class.", nullable=True)
    unit_class = text("piece, kg, litre, metre or set.", nullable=True)
    moq = text("Minimum order of the headline offer, in units of unit_class.", nullable=True)
    lead_days = Integer(required=True, allow_none=True, metadata={"description": "Lead time in days."})
    certificates = texts("Certificates stated.")
    terms = texts("Incoterms offered.")
    origin = texts("Countries of origin, ISO 3166 alpha-2.")
    sample = Boolean(required=True, allow_none=True, metadata={"description": "Whether samples are sent."})
    online_order = Boolean(required=True, allow_none=True, metadata={"description": "Whether it is sold online."})
    availability = text("on_sale, sold_out, not_on_sale or unknown.")
    updated_at = text("Newest change of an offer.", nullable=True)


class FacetValue(Strict):
    """One value of a filter; a span of numbers is written low..high, its upper end left out."""

    value = text("As the filter's parameter takes it.")
    label = text("In words.")
    count = Integer(required=True, metadata={"description": "Products that have it."})


class Facet(Strict):
    """A filter with its counts. It ignores its own choice, so that the other values stay countable."""

    name = text("The filter.")
    label = text("In words.")
    values = List(Nested(FacetValue), required=True)


class Found(Strict):
    """One page of a search."""

    total = Integer(required=True, metadata={"description": "How many products match."})
    page = Integer(required=True)
    size = Integer(required=True)
    corrected = text("The text that was asked instead of the typed one.", nullable=True)
    relaxed = Boolean(
        required=True, metadata={"description": "Nothing held enough of the words; these products hold some of them."}
    )
    results = List(Nested(Result), required=True)
    close = List(
        Nested(Result), required=True, metadata={"description": "Near misses, when there are few full results."}
    )
    facets = List(Nested(Facet), required=True, metadata={"description": "Those asked for, in their order."})


class Source(Strict):
    """A listing and the value it states."""

    listing = Nested(ListingId, required=True)
    value = text("As that listing has it.")


class Value(Strict):
    """A merged value, the rule that chose it, where it came from, and what lost."""

    value = text("What is shown.")
    rule = text("only, newest, majority, richest, …")
    source = Nested(Source, required=True)
    losers = List(Nested(Source), required=True)


class Step(Strict):
    """One line of a price: from low to high (null: open) units."""

    low = Integer(required=True)
    high = Integer(required=True, allow_none=True)
    amount = text("Per unit.")
    amount_to = text("The upper end of a range.", nullable=True)
    currency = text("ISO 4217.", nullable=True)
    unit = text("UN/ECE Recommendation 20.", nullable=True)
    term = text("Incoterm.", nullable=True)


class Price(Strict):
    """A price and its state."""

    state = text("priced, range, tiered, hidden, negotiable or unknown.")
    steps = List(Nested(Step), required=True)


class Moq(Strict):
    """Minimum order quantity."""

    state = text("stated, hidden, negotiable or unknown.")
    minimum = text("At least.", nullable=True)
    maximum = text("At most.", nullable=True)
    unit = text("UN/ECE Recommendation 20.", nullable=True)


class Lead(Strict):
    """Lead time in days."""

    state = text("stated, hidden, negotiable or unknown.")
    min_days = Integer(required=True, allow_none=True)
    max_days = Integer(required=True, allow_none=True)
    business = Boolean(required=True, metadata={"description": "Business days."})


class Offer(Strict):
    """One listing as an offer of the product."""

    listing = Nested(ListingId, required=True)
    names = Dict(keys=String(), values=String(), required=True)
    account = text("The seller's name on that platform.", nullable=True)
    url = text("The offer on its platform.", nullable=True)
    price = Nested(Price, required=True)
    moq = Nested(Moq, required=True)
    lead = Nested(Lead, required=True)
    terms = texts("Incoterms.")
    availability = text("on_sale, sold_out, not_on_sale or unknown.")
    updated_at = text("Changed on the platform.")
    seen_at = text("Last seen by us.")
    stale = Boolean(required=True, metadata={"description": "Its newest records cannot be used."})


class Headline(Strict):
    """The offer on the card, picked by rule."""

    listing = Nested(ListingId, required=True)
    rule = text("The rule that picked it.")
    price_state = text("priced, range, tiered, hidden, negotiable or unknown.")
    amount = text("As offered.", nullable=True)
    amount_to = text("The upper end of a range.", nullable=True)
    currency = text("ISO 4217.", nullable=True)
    unit = text("UN/ECE Recommendation 20.", nullable=True)
    term = text("Incoterm.", nullable=True)
    price_usd = text("Per unit of unit_class.", nullable=True)
    unit_class = text("piece, kg, litre, metre or set.", nullable=True)
    moq = text("In units of unit_class.", nullable=True)
    lead_days = Integer(required=True, allow_none=True)
    rate_day = text("Day of the exchange rate.", nullable=True)


class Attribute(Strict):
    """One free attribute as the sellers wrote it."""

    name = text("Name.")
    value = text("Value.")


class Picture(Strict):
    """A picture on its platform."""

    url = text("Address at the platform.")
    alt = text("What it shows.", nullable=True)


class Product(Strict):
    """The merged view of a product: values with their sources, and its offers."""

    product_id = text("Our id; it stays, or redirects.")
    title = text("The name in the language asked for, else in another.")
    names = Dict(keys=String(), values=Nested(Value), required=True)
    seller = Nested(Seller, required=True)
    category = Nested(Category, required=True)
    category_rule = text("hs, platform_category or unclassified.")
    headline = Nested(Headline, required=True)
    offers = List(Nested(Offer), required=True)
    values = Dict(
        keys=String(), values=Nested(Value), required=True, metadata={"description": "Merged values by field."}
    )
    certificates = texts("Certificates stated.")
    keywords = texts("Keywords of its listings.")
    attributes = List(Nested(Attribute), required=True)
    images = List(Nested(Picture), required=True)
    why = text("Why these offers are one product; empty for a single offer.")
    updated_at = text("Newest change of an offer.", nullable=True)
