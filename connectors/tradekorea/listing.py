"""tradeKorea's records to our schema. Pure: one record in, one value out (guide 6 and 7)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.decode import ROW
from connectors.tradekorea.wire import (
    ATTRIBUTES,
    MASKED,
    PLATFORM,
    PRODUCT_ID,
    STATES,
    SUPPLIER_ID,
    DetailRow,
    ProductRow,
    SupplierRow,
    TombstoneRow,
    read,
)
from integrator import issues as codes
from integrator.clean.codes import read_certificates, read_countries
from integrator.clean.dates import read_instant, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.html import read_html
from integrator.clean.identity import read_brn, read_image_url, read_mail, read_phone, read_web_host, read_zip
from integrator.clean.numbers import decimal_of, read_int
from integrator.clean.plain import is_empty, read_text
from integrator.clean.price import read_price_text
from integrator.clean.quantity import read_lead, read_moq, read_pack, read_supply
from integrator.clean.reading import Issues
from integrator.clean.text import read_list, read_names
from integrator.errors import Reason, RejectedRecord
from integrator.listing import (
    Account,
    Attribute,
    Availability,
    Category,
    Contact,
    Detail,
    Image,
    Issue,
    Listing,
    Moment,
    Pack,
    Price,
    PriceState,
    Withdrawal,
)
from integrator.record import Record

_WEIGHT: Final = re.compile(r"([0-9][0-9.,]{0,11}) ?(kg|kgs|g|gr|gram|grams|kilograms?)", re.IGNORECASE)
# The most attributes read of one record; the guide's size is 60.
_MOST: Final = 60

Row = dict[str, Any]


# Products ------------------------------------------------------------------------------------------------------------


def parse_listing(record: Record) -> Listing:
    """A product of the list. Raises RejectedRecord with all its reasons."""
    row, wrong = _open(record, ProductRow)
    return _read_listing(row, wrong, record.scope)


def parse_detail(record: Record) -> Detail:
    """A product of the detail call: the list's part, the description, the slugs it had."""
    row, wrong = _open(record, DetailRow)
    found = Issues()
    description = found.take(read_html(row["descriptionHtml"], field="descriptions"))
    listing = _read_listing(row, wrong, record.scope)
    return Detail(
        platform=PLATFORM,
        external_id=listing.external_id,
        listing=listing,
        descriptions={} if description is None else {"en": description},
        past_slugs=_read_texts(row["pastSlugs"], "past_slugs", found),
        issues=tuple(found.found),
    )


def _read_listing(row: Row, wrong: Sequence[str], scope: str | None) -> Listing:
    found = Issues()
    for name in wrong:
        found.add(codes.FIELD_UNREADABLE, name)
    names = found.take(read_names(en=row["name"], ko=None))
    updated = read_instant(row["updatedAt"], field="updated").value  # unreadable it is a reason, and no issue beside it
    supplier = row["supplier"] or {}
    account_id = (supplier.get("id") or "").strip()
    reasons = _reject(row, names, account_id, updated)
    if reasons or updated is None:
        raise RejectedRecord(reasons)
    masked = _read_masked(row)
    named, others = _read_attributes(row["attributes"] or (), found)
    visible, availability, hidden_reason = _read_state(row["status"], found)
    price = _read_price(row, masked, found)
    moq, packs = found.take(read_moq(row["minimumOrder"]))
    return Listing(
        platform=PLATFORM,
        external_id=row["productNo"],
        account_id=account_id,
        account_name=found.take(read_text(supplier.get("name"), field="account_name")),
        names=names,
        visible=visible,
        registered=found.take(read_instant(row["registeredAt"], field="registered")),
        updated=updated,
        price=price,
        moq=moq,
        lead=found.take(read_lead(named.get("lead"))),
        hs=found.take(read_hs(named.get("hs"))),
        account_country=_read_country(supplier.get("country"), "account_country", found),
        status=found.take(read_text(row["status"], field="status", limit=100)),
        hidden_reason=hidden_reason,
        availability=availability,
        category=_read_category(row, found),
        summaries=_by_language(found.take(read_text(row["summary"], field="summaries"))),
        brand=found.take(read_text(row["brand"], field="brand")),
        model=found.take(read_text(row["modelNo"], field="model"))
        or found.take(read_text(named.get("model"), field="model")),
        attributes=others,
        certificates=found.take(read_certificates(named.get("certificates"))),
        keywords=_read_texts(row["keywords"], "keywords", found),
        origin=found.take(read_countries(named.get("origin"), field="origin")),
        payment=found.take(read_list(row["paymentTerms"], field="payment")),
        terms=_read_terms(price),
        port=found.take(read_text(row["port"], field="port")),
        packaging=found.take(read_text(row["packaging"], field="packaging")),
        packs=_read_packs(packs, row["packaging"], named.get("packs"), found),
        weight_kg=_read_weight(named.get("weight_kg")),
        supply=found.take(read_supply(row["supplyAbility"])),
        images=_read_images(row["images"] or (), found),
        url=_read_address(row["url"], "url", found),
        slug=found.take(read_text(row["slug"], field="slug", limit=200)),
        view_count=found.take(read_int(row["viewCount"], field="view_count", maximum=10**12)),
        scope=scope,
        masked=masked,
        contact=_read_contact(supplier, found),
        issues=_unique(found),  # last: everything above adds to it
    )


def _reject(row: Row, names: Mapping[str, str], account_id: str, updated: Moment | None) -> list[Reason]:
    reasons = []
    if not PRODUCT_ID.fullmatch(row["productNo"] or ""):
        reasons.append(Reason(codes.ID_INVALID, "external_id", (row["productNo"] or "")[:200]))
    if not names:
        reasons.append(Reason(codes.NAME_MISSING, "names"))
    if not SUPPLIER_ID.fullmatch(account_id):
        reasons.append(Reason(codes.SELLER_MISSING, "account_id", account_id[:200]))
    if updated is None:
        reasons.append(Reason(codes.DATE_INVALID, "updated", (row["updatedAt"] or "")[:200]))
    return reasons


def _read_masked(row: Row) -> tuple[str, ...]:
    """Our names of what this scope may not see; a masked field that nobody knows masks nothing of ours."""
    ours = (name for theirs in row["maskedFields"] or () for name in MASKED.get(theirs, ()))
    return tuple(dict.fromkeys(ours))


def _read_price(row: Row, masked: Sequence[str], found: Issues) -> Price:
    if "price" in masked and is_empty(row["priceText"]):
        return Price(PriceState.HIDDEN)
    return found.take(read_price_text(row["priceText"], basis=row["priceBasis"]))


def _read_terms(price: Price) -> tuple[str, ...]:
    return tuple(dict.fromkeys(step.term for step in price.steps if step.term))


def _read_state(status: str | None, found: Issues) -> tuple[bool, Availability, str | None]:
    state = STATES.get((status or "").strip())
    if state is None:
        found.add(codes.CODE_UNKNOWN, "status", status or "")
        return False, Availability.UNKNOWN, "status_unknown"
    return *state, None


def _read_category(row: Row, found: Issues) -> Category:
    path = _read_texts(row["categoryPath"], "category", found, is_set=False)
    code = found.take(read_text(row["categoryCode"], field="category", limit=200))
    return Category(code, {"en": path} if path else {})


def _read_texts(given: Sequence[str] | None, field: str, found: Issues, *, is_set: bool = True) -> tuple[str, ...]:
    read_ones = (found.take(read_text(text, field=field)) for text in given or ())
    texts = [text for text in read_ones if text is not None]
    return tuple(dict.fromkeys(texts)) if is_set else tuple(texts)


def _read_attributes(rows: Sequence[Row], found: Issues) -> tuple[dict[str, str], tuple[Attribute, ...]]:
    """Raw values of the attributes that fill fields of ours, and all others cleaned; the first of a name counts."""
    named: dict[str, str] = {}
    others: dict[str, Attribute] = {}
    for row in rows[:_MOST]:
        name = found.take(read_text(row["name"], field="attributes"))
        if name is None or is_empty(row["value"]):
            if not is_empty(row["value"]):
                found.add(codes.FIELD_UNREADABLE, "attributes", row["value"])
            continue
        ours = ATTRIBUTES.get(name.lower())
        if ours is not None:
            named.setdefault(ours, row["value"])
        if ours in (None, "weight_kg", "packs") and name.lower() not in others:
            value = found.take(read_text(row["value"], field="attributes"))
            if value is not None:
                others[name.lower()] = Attribute(name, value)
    return named, tuple(others.values())


def _read_packs(
    stated: tuple[Pack, ...], packaging: str | None, per_pack: str | None, found: Issues
) -> tuple[Pack, ...]:
    texts = [packaging, f"Quantity per Pack: {per_pack}" if per_pack else None]
    packs = [found.take(read_pack(text, field="packs")) for text in texts]
    return tuple(dict.fromkeys((*stated, *(pack for pack in packs if pack is not None))))


def _read_weight(text: str | None) -> Any:
    """Kilograms and grams; other words stay what they are, an attribute."""
    parts = _WEIGHT.fullmatch((text or "").strip())
    amount = decimal_of(parts[1]) if parts else None
    if parts is None or amount is None or amount <= 0:
        return None
    return amount if parts[2].lower().startswith("k") else amount / 1000


def _read_images(given: Sequence[str], found: Issues) -> tuple[Image, ...]:
    urls = [found.take(read_image_url(text)) for text in given]
    sound = [url for url in dict.fromkeys(urls) if url is not None]
    return tuple(Image(url, place, main=place == 1) for place, url in enumerate(sound, 1))


def _read_address(raw: str | None, field: str, found: Issues) -> str | None:
    """An address that a page may link to."""
    url = read_image_url(raw, field=field).value
    if url is None and not is_empty(raw):
        found.add(codes.FIELD_UNREADABLE, field, raw or "")
    return url


def _read_contact(supplier: Row, found: Issues) -> Contact | None:
    phone = found.take(read_phone(supplier.get("phone")))
    email = found.take(read_mail(supplier.get("email")))
    return Contact(phone=phone, email=email) if phone or email else None


# Suppliers and tombstones --------------------------------------------------------------------------------------------


def parse_account(record: Record) -> Account:
    """A supplier. Raises RejectedRecord with all its reasons."""
    row, wrong = _open(record, SupplierRow)
    found = Issues()
    for name in wrong:
        found.add(codes.FIELD_UNREADABLE, name)
    names = found.take(read_names(en=row["name"], ko=None))
    updated = read_instant(row["updatedAt"], field="updated").value
    reasons = []
    if not SUPPLIER_ID.fullmatch(row["id"] or ""):
        reasons.append(Reason(codes.ID_INVALID, "external_id", (row["id"] or "")[:200]))
    if not names:
        reasons.append(Reason(codes.NAME_MISSING, "names"))
    if updated is None:
        reasons.append(Reason(codes.DATE_INVALID, "updated", (row["updatedAt"] or "")[:200]))
    if reasons:
        raise RejectedRecord(reasons)
    return Account(
        platform=PLATFORM,
        external_id=row["id"],
        names=names,
        country=_read_country(row["country"], "country", found),
        addresses=_by_language(found.take(read_text(row["address"], field="addresses"))),
        zip=found.take(read_zip(row["zip"], address=row["address"])),
        homepage=found.take(read_web_host(row["homepage"])),
        business_types=_read_texts(row["businessType"], "business_types", found),
        established=found.take(read_loose_day(row["yearEstablished"], field="established")),
        employees=found.take(read_text(row["employees"], field="employees")),
        markets=_read_texts(row["mainMarkets"], "markets", found),
        updated=updated,
        scope=record.scope,
        masked=("contact",) if record.scope == "public" else (),
        contact=_read_person(row, found),
        issues=_unique(found),  # last: everything above adds to it
    )


def _read_person(row: Row, found: Issues) -> Contact | None:
    """A mask is not a value: what holds an asterisk is not read."""
    contact = row["contact"] or {}
    brn, is_valid = found.take(read_brn(row["businessRegistrationNo"]))
    person = contact.get("person")
    named = None if person is None or "*" in person else found.take(read_text(person, field="person"))
    phone, email = found.take(read_phone(contact.get("phone"))), found.take(read_mail(contact.get("email")))
    return Contact(brn, is_valid, named, phone, email) if brn or named or phone or email else None


def parse_withdrawal(record: Record) -> Withdrawal:
    """A tombstone, or a detail call answered "gone"."""
    row, _ = _open(record, TombstoneRow)
    if not PRODUCT_ID.fullmatch(row["productNo"] or ""):
        raise RejectedRecord([Reason(codes.ID_INVALID, "external_id", (row["productNo"] or "")[:200])])
    at = read_instant(row["withdrawnAt"], field="at").value
    reason = read_text(row["reason"], field="reason", limit=100).value
    into = row["mergedInto"] or ""
    return Withdrawal(PLATFORM, row["productNo"], at, reason, into if PRODUCT_ID.fullmatch(into) else None)


# Both ----------------------------------------------------------------------------------------------------------------


def _open(record: Record, schema: Any) -> tuple[Row, tuple[str, ...]]:
    if ROW in record.fields:
        raise RejectedRecord([Reason(codes.UNREADABLE, "record")])
    return read(schema, record.fields)


def _read_country(given: str | None, field: str, found: Issues) -> str | None:
    countries = found.take(read_countries(given, field=field))
    return countries[0] if countries else None


def _by_language(text: str | None) -> dict[str, str]:
    return {} if text is None else {"en": text}


def _unique(found: Issues) -> tuple[Issue, ...]:
    return tuple(dict.fromkeys(found.found))
