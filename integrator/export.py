"""The exported form of listings and accounts: plain JSON rows, public facts only.

The five cells `price`, `moq`, `hs`, `lead` and `updated` are written as a person would note them down; the same facts
stand beside them in full. docs/listing.schema.json and docs/account.schema.json describe the rows.
"""

import json
import sys
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec

from integrator.listing import (
    Account,
    Attribute,
    Availability,
    Category,
    Certificate,
    Grain,
    Hs,
    HsState,
    Image,
    Issue,
    Lead,
    Listing,
    Moment,
    Moq,
    Pack,
    Price,
    PriceState,
    PriceStep,
    QuantityState,
    Supply,
)

# Issues about these fields keep their code, never their raw value.
CONTACT_FIELDS = frozenset(("brn", "person", "phone", "email"))

Row = dict[str, object]
Schema = dict[str, Any]

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True)
class ListingRow:
    """One listing as exported. Amounts are decimal text, times RFC 3339 in UTC; what is not known is null."""

    platform: str
    id: str
    generation: int
    product_id: str | None
    seller_id: str | None
    visible: bool
    names: dict[str, str]
    name: str
    price: str
    moq: str
    hs: str
    lead: str
    updated: str
    url: str | None
    updated_at: Instant
    account_id: str
    account_name: str | None
    account_country: str | None
    status: str | None
    hidden_reason: str | None
    availability: Availability
    price_state: PriceState
    price_steps: tuple[PriceStep, ...]
    moq_state: QuantityState
    moq_minimum: Decimal | None
    moq_maximum: Decimal | None
    moq_unit: str | None
    lead_state: QuantityState
    lead_min_days: int | None
    lead_max_days: int | None
    lead_business: bool
    hs_state: HsState
    hs_raw: str
    hs6: str | None
    hsk10: str | None
    registered: Moment | None
    category: Category
    summaries: dict[str, str]
    descriptions: dict[str, str]
    brand: str | None
    model: str | None
    seller_number: str | None
    attributes: tuple[Attribute, ...]
    certificates: tuple[Certificate, ...]
    keywords: tuple[str, ...]
    origin: tuple[str, ...]
    payment: tuple[str, ...]
    terms: tuple[str, ...]
    transport: tuple[str, ...]
    port: str | None
    packaging: str | None
    packs: tuple[Pack, ...]
    weight_kg: Decimal | None
    supply: Supply
    stock: int | None
    sample: bool | None
    online_order: bool | None
    quotation: bool | None
    online_payment: bool | None
    images: tuple[Image, ...]
    video: str | None
    awards: tuple[str, ...]
    slug: str | None
    view_count: int | None
    scope: str | None
    masked: tuple[str, ...]
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account as exported: public facts, no registration number, person, phone or mail."""

    platform: str
    id: str
    seller_id: str | None
    names: dict[str, str]
    name: str
    country: str | None
    addresses: dict[str, str]
    zip: str | None
    homepage: str | None
    minisite: str | None
    business_types: tuple[str, ...]
    established: str | None
    employees: str | None
    sales: str | None
    markets: tuple[str, ...]
    updated: str | None
    updated_at: Instant | None
    scope: str | None
    masked: tuple[str, ...]
    issues: tuple[Issue, ...]


# The cells ------------------------------------------------------------------------------------------------------------


def write_price(price: Price) -> str:
    """`tiered: 1..1000 4.35 USD/H87; 1001..5000 4.1 USD/H87`; the state alone where there is no amount."""
    if not price.steps:
        return price.state.value
    return f"{price.state.value}: " + "; ".join(_write_step(step) for step in price.steps)


def _write_step(step: PriceStep) -> str:
    amount = write_number(step.amount)
    if step.amount_to is not None:
        amount = f"{amount}~{write_number(step.amount_to)}"
    text = f"{step.low}..{_or(step.high, '*')} {amount} {step.currency or '?'}/{step.unit or '?'}"
    return f"{text} {step.term}" if step.term else text


def write_moq(moq: Moq) -> str:
    """`100..* H87`, `1000..5000 H87`; the state where no quantity is stated."""
    if moq.state is not QuantityState.STATED or moq.minimum is None:
        return moq.state.value
    maximum = "*" if moq.maximum is None else write_number(moq.maximum)
    return f"{write_number(moq.minimum)}..{maximum} {moq.unit or '?'}"


def write_hs(hs: Hs) -> str:
    """`3304999000 → 330499 / 3304999000 (exact10)`."""
    return f"{hs.raw or '(empty)'} → {hs.hs6 or '-'} / {hs.hsk10 or '-'} ({hs.state.value})"


def write_lead(lead: Lead) -> str:
    """`7..14`, `30..30b` (business days), `10..?`; `-` when not given."""
    if lead.state is QuantityState.UNKNOWN:
        return "-"
    if lead.state is not QuantityState.STATED:
        return lead.state.value
    return f"{_or(lead.min_days, '?')}..{_or(lead.max_days, '?')}{'b' if lead.business else ''}"


def write_moment(moment: Moment) -> str:
    """`2026-09-13T15:00:00Z`, and `/day` behind it when only a day is known."""
    text = f"{moment.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"{text}/day" if moment.grain is Grain.DAY else text


def write_number(number: Decimal) -> str:
    """As given, never with an exponent."""
    return format(number, "f")


def _or(number: int | None, absent: str) -> str:
    return absent if number is None else str(number)


# The rows -------------------------------------------------------------------------------------------------------------


def listing_row(
    listing: Listing, *, generation: int, product_id: str | None, seller_id: str | None, visible: bool
) -> Row:
    """`visible` is what a buyer sees after the guards, which may be less than what the platform shows."""
    price, moq, lead, hs = listing.price, listing.moq, listing.lead, listing.hs
    row = ListingRow(
        platform=listing.platform,
        id=listing.external_id,
        generation=generation,
        product_id=product_id,
        seller_id=seller_id,
        visible=visible,
        names=listing.names,
        name=listing.name,
        price=write_price(price),
        moq=write_moq(moq),
        hs=write_hs(hs),
        lead=write_lead(lead),
        updated=write_moment(listing.updated),
        url=listing.url,
        updated_at=listing.updated.at,
        account_id=listing.account_id,
        account_name=listing.account_name,
        account_country=listing.account_country,
        status=listing.status,
        hidden_reason=listing.hidden_reason,
        availability=listing.availability,
        price_state=price.state,
        price_steps=price.steps,
        moq_state=moq.state,
        moq_minimum=moq.minimum,
        moq_maximum=moq.maximum,
        moq_unit=moq.unit,
        lead_state=lead.state,
        lead_min_days=lead.min_days,
        lead_max_days=lead.max_days,
        lead_business=lead.business,
        hs_state=hs.state,
        hs_raw=hs.raw,
        hs6=hs.hs6,
        hsk10=hs.hsk10,
        registered=listing.registered,
        category=listing.category,
        summaries=listing.summaries,
        descriptions=listing.descriptions,
        brand=listing.brand,
        model=listing.model,
        seller_number=listing.seller_number,
        attributes=listing.attributes,
        certificates=listing.certificates,
        keywords=listing.keywords,
        origin=listing.origin,
        payment=listing.payment,
        terms=listing.terms,
        transport=listing.transport,
        port=listing.port,
        packaging=listing.packaging,
        packs=listing.packs,
        weight_kg=listing.weight_kg,
        supply=listing.supply,
        stock=listing.stock,
        sample=listing.sample,
        online_order=listing.online_order,
        quotation=listing.quotation,
        online_payment=listing.online_payment,
        images=listing.images,
        video=listing.video,
        awards=listing.awards,
        slug=listing.slug,
        view_count=listing.view_count,
        scope=listing.scope,
        masked=listing.masked,
        issues=_without_contacts(listing.issues),
    )
    return _plain(row)


def account_row(account: Account, *, seller_id: str | None) -> Row:
    """The public part of an account."""
    row = AccountRow(
        platform=account.platform,
        id=account.external_id,
        seller_id=seller_id,
        names=account.names,
        name=account.name,
        country=account.country,
        addresses=account.addresses,
        zip=account.zip,
        homepage=account.homepage,
        minisite=account.minisite,
        business_types=account.business_types,
        established=account.established,
        employees=account.employees,
        sales=account.sales,
        markets=account.markets,
        updated=write_moment(account.updated) if account.updated else None,
        updated_at=account.updated.at if account.updated else None,
        scope=account.scope,
        masked=account.masked,
        issues=_without_contacts(account.issues),
    )
    return _plain(row)


def _without_contacts(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    return tuple(Issue(issue.code, issue.field) if issue.field in CONTACT_FIELDS else issue for issue in issues)


def _plain(row: ListingRow | AccountRow) -> Row:
    # By way of its JSON text: only so do tuples, decimals and times become what a reader of the file will see.
    plain: Row = msgspec.json.decode(msgspec.json.encode(row))
    return plain


# The schemas ----------------------------------------------------------------------------------------------------------

_CELLS = {
    "price": ("State and offer lines: LO..HI AMOUNT CURRENCY/UNIT TERM; * is an open end, ? is not known.", None),
    "moq": ("Minimum order as MIN..MAX UNIT, * for an open end, or a state.", None),
    "hs": ("Code as given → six digits / ten digits (state).", r" → (-|[0-9]{6}) / (-|[0-9]{10}) \([a-z0-9]+\)$"),
    "lead": ("Days as MIN..MAX, b for business days; negotiable; - when not given.", None),
    "updated": ("UTC; /day when only the Korean day is known.", r"^[0-9-]{10}T[0-9:]{8}Z(/day)?$"),
}


def listing_schema() -> Schema:
    """JSON Schema (2020-12) of one listing row."""
    return _schema(ListingRow, "listing")


def account_schema() -> Schema:
    """JSON Schema (2020-12) of one account row."""
    return _schema(AccountRow, "account")


def _schema(kind: type[ListingRow | AccountRow], name: str) -> Schema:
    schema = msgspec.json.schema(kind)
    body = schema["$defs"].pop(kind.__name__)
    del body["title"]
    properties = body["properties"]
    for cell, (text, pattern) in _CELLS.items():
        if cell in properties:
            properties[cell]["description"] = text
            if pattern and "type" in properties[cell]:
                properties[cell]["pattern"] = pattern
    for part in [body, *schema["$defs"].values()]:
        # Rows always carry every field: null, never absent.
        if "properties" in part:
            part["required"] = list(part["properties"])
            part["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Exported {name}",
        **body,
        "$defs": schema["$defs"],
    }


def write_schemas(folder: Path) -> None:
    """Both schemas as files, for docs/."""
    for name, schema in (("listing", listing_schema()), ("account", account_schema())):
        text = json.dumps(schema, ensure_ascii=False, indent=2)
        (folder / f"{name}.schema.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
