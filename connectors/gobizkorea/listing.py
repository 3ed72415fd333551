"""GobizKOREA's rows to our schema. Pure: one record in, one value out (guide section 5)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from connectors.gobizkorea.records import COMPANY_ID, PRODUCT_ID
from connectors.gobizkorea.wire import (
    COMPANY_ROW,
    IMAGE_ROW,
    PLATFORM,
    PRICE_ROW,
    PRODUCT_ROW,
    STATEMENTS,
    STATES,
    load_row,
)
from integrator import issues as codes
from integrator.clean.codes import read_certificates, read_countries, read_yes_no
from integrator.clean.dates import read_day, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.html import read_html
from integrator.clean.identity import read_brn, read_image_url, read_mail, read_phone, read_web_host, read_zip
from integrator.clean.numbers import read_decimal, read_int
from integrator.clean.plain import is_empty, read_text
from integrator.clean.price import QuotedLine, price_of_lines
from integrator.clean.quantity import read_lead, read_moq, read_pack, read_supply
from integrator.clean.reading import Issues, Reading
from integrator.clean.text import read_list, read_names
from integrator.errors import Reason, RejectedRecord
from integrator.listing import Account, Availability, Category, Contact, Image, Listing, Moment, Pack
from integrator.record import Wire

_URL: Final = "https://www.gobizkorea.example/goods/"
# `화장품·미용 (Cosmetics)`: Korean, and in the last bracket English.
_BILINGUAL: Final = re.compile(r"([^()]*[^() ]) ?\(([^()]+)\)")
_LAST: Final = 10**9
# Ten times the 1,000 characters that are kept, for escapes are longer than what they stand for.
_LONGEST_PATH: Final = 10_000

Row = dict[str, Any]


# Products ------------------------------------------------------------------------------------------------------------


def parse_product(record: Mapping[str, Wire]) -> Listing:
    """A product with its price and image rows. Raises RejectedRecord with all its reasons."""
    row, found = _open_row(record, "product", PRODUCT_ROW)
    names = found.take(read_names(en=row["name_en"], ko=row["name_ko"]))
    updated = _read_changed(row, found)
    account_id = (row["account_id"] or "").strip()
    external_id = row["external_id"] or ""
    reasons = _reject_product(row, external_id, names, account_id, updated)
    if reasons or updated is None:
        raise RejectedRecord(reasons)
    price_rows = _side_rows(record, "price_line", PRICE_ROW, found)
    image_rows = _side_rows(record, "image", IMAGE_ROW, found)
    contact = _read_contact(row, found)
    visible, availability, hidden_reason = _read_state(row["status"], found)
    moq, packs = found.take(read_moq(row["moq"]))
    return Listing(
        platform=PLATFORM,
        external_id=external_id,
        account_id=account_id,
        account_name=None,  # stands in the company table, joined by the core
        names=names,
        visible=visible,
        registered=found.take(read_day(row["registered"], field="registered")),
        updated=updated,
        price=found.take(price_of_lines([_quote(line, found) for line in price_rows])),
        moq=moq,
        lead=found.take(read_lead(row["lead"])),
        hs=found.take(read_hs(row["hs"])),
        status=found.take(read_text(row["status"], field="status", limit=100)),
        hidden_reason=hidden_reason,
        availability=availability,
        category=_read_category(row, found),
        descriptions=_read_descriptions(row, found),
        brand=found.take(read_text(row["brand"], field="brand")),
        model=found.take(read_text(row["model"], field="model")),
        certificates=found.take(read_certificates(row["certificates"])),
        keywords=found.take(read_list(row["keywords"], field="keywords")),
        origin=found.take(read_countries(row["origin"], field="origin")),
        payment=_read_payment(row["payment"], found),
        terms=_read_terms(price_rows),
        port=found.take(read_text(row["port"], field="port")),
        packaging=found.take(read_text(row["packaging"], field="packaging")),
        packs=_read_packs(packs, row, price_rows, found),
        weight_kg=found.take(read_decimal(row["weight_kg"], field="weight_kg")),
        supply=found.take(read_supply(row["supply"])),
        stock=found.take(read_int(row["stock"], field="stock")),
        online_order=found.take(read_yes_no(row["online_order"], field="online_order")),
        images=_read_images(image_rows, found),
        url=_URL + external_id,
        contact=contact,
        issues=_unique(found),  # last: everything above adds to it
    )


def _reject_product(
    row: Row, external_id: str, names: Mapping[str, str], account_id: str, updated: Moment | None
) -> list[Reason]:
    reasons = []
    if not PRODUCT_ID.fullmatch(external_id):
        reasons.append(Reason(codes.ID_INVALID, "external_id", external_id[:200]))
    if not names:
        reasons.append(Reason(codes.NAME_MISSING, "names"))
    if is_empty(account_id) or not COMPANY_ID.fullmatch(account_id):
        reasons.append(Reason(codes.SELLER_MISSING, "account_id", account_id[:200]))
    if updated is None:
        reasons.append(Reason(codes.DATE_INVALID, "updated", (row["updated"] or "")[:200]))
    return reasons


def _read_state(status: str | None, found: Issues) -> tuple[bool, Availability, str | None]:
    """A state that nobody knows is not shown: what it means for a buyer would be a guess."""
    state = STATES.get((status or "").strip())
    if state is None:
        found.add(codes.CODE_UNKNOWN, "status", status or "")
        return False, Availability.UNKNOWN, "status_unknown"
    return *state, None if state[0] else "not_on_sale"


def _read_category(row: Row, found: Issues) -> Category:
    code = found.take(read_text(row["category_code"], field="category", limit=200))
    path = found.take(_read_path((row["category_name"] or "")[:_LONGEST_PATH]))
    return Category(code, dict(path))


@lru_cache(maxsize=4096)
def _read_path(raw: str) -> Reading[Mapping[str, tuple[str, ...]]]:
    """The steps by language; thousands of products stand in one category, so a path is read once."""
    reading = read_text(raw, field="category", limit=1000)
    if reading.value is None:
        return Reading({}, reading.issues)
    steps = [step.strip() for step in reading.value.split(">") if step.strip()]
    pairs = [pair for step in steps if (pair := _BILINGUAL.fullmatch(step))]
    if len(pairs) < len(steps):
        return Reading({"ko": tuple(steps)}, reading.issues)
    return Reading({"ko": tuple(pair[1] for pair in pairs), "en": tuple(pair[2] for pair in pairs)}, reading.issues)


def _read_descriptions(row: Row, found: Issues) -> dict[str, str]:
    said = {
        language: found.take(read_html(row[f"description_{language}"], field="descriptions"))
        for language in ("ko", "en")
    }
    return {language: text for language, text in said.items() if text is not None}


def _read_payment(raw: str | None, found: Issues) -> tuple[str, ...]:
    parts = found.take(read_list(raw, field="payment"))
    return tuple(STATEMENTS.get(part.lower(), part) for part in parts)


# Side rows -----------------------------------------------------------------------------------------------------------


def _side_rows(record: Mapping[str, Wire], table: str, schema: Any, found: Issues) -> list[Row]:
    given = record.get(table)
    sound = [row for row in given if isinstance(row, dict)] if isinstance(given, list) else []
    if given is not None and (not isinstance(given, list) or len(sound) < len(given)):
        found.add(codes.FIELD_UNREADABLE, table)
    rows = [load_row(schema, row) for row in sound]
    if any(all(value is None for value in row.values()) for row, _ in rows):
        found.add(codes.FIELD_UNREADABLE, table)  # it holds something, and no column of the guide
    for _, wrong in rows:
        for name in wrong:
            found.add(codes.FIELD_UNREADABLE, f"{table}.{name}")
    return sorted((row for row, _ in rows), key=_order)


def _order(row: Row) -> int:
    text = (row["order"] or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else _LAST


def _quote(line: Row, found: Issues) -> QuotedLine:
    minimum = found.take(read_int(line["minimum"], field="price"))
    return QuotedLine(line["amount"], line["currency"], line["unit"], line["term"], minimum=minimum)


def _read_terms(lines: Sequence[Row]) -> tuple[str, ...]:
    # Unknown ones are reported once, where the price is read.
    said = (line["term"].strip().upper() for line in lines if not is_empty(line["term"]))
    return tuple(dict.fromkeys(term for term in said if len(term) == 3 and term.isascii() and term.isalpha()))


def _read_packs(stated: tuple[Pack, ...], row: Row, lines: Sequence[Row], found: Issues) -> tuple[Pack, ...]:
    texts = [row["packaging"], *(line["remark"] for line in lines)]
    packs = [found.take(read_pack(text, field="packs")) for text in texts]
    return tuple(dict.fromkeys((*stated, *(pack for pack in packs if pack is not None))))


def _read_images(rows: Sequence[Row], found: Issues) -> tuple[Image, ...]:
    images: list[Image] = []
    for row in rows:
        url = found.take(read_image_url(row["url"]))
        if url is not None:
            width = found.take(read_int(row["width"], field="images"))
            height = found.take(read_int(row["height"], field="images"))
            is_main = (row["main"] or "").strip().upper() == "Y"
            images.append(Image(url, len(images) + 1, is_main, width, height))
    return tuple(images)


# Companies -----------------------------------------------------------------------------------------------------------


def parse_company(record: Mapping[str, Wire]) -> Account:
    """A company row. Raises RejectedRecord with all its reasons."""
    row, found = _open_row(record, "company", COMPANY_ROW)
    names = found.take(read_names(en=row["name_en"], ko=row["name_ko"]))
    updated = _read_changed(row, found)
    external_id = row["external_id"] or ""
    reasons = []
    if not COMPANY_ID.fullmatch(external_id):
        reasons.append(Reason(codes.ID_INVALID, "external_id", external_id[:200]))
    if not names:
        reasons.append(Reason(codes.NAME_MISSING, "names"))
    if updated is None:
        reasons.append(Reason(codes.DATE_INVALID, "updated", (row["updated"] or "")[:200]))
    if reasons:
        raise RejectedRecord(reasons)
    return Account(
        platform=PLATFORM,
        external_id=external_id,
        names=names,
        addresses=_read_addresses(row, found),
        zip=found.take(read_zip(row["zip"], address=row["address_ko"])),
        homepage=found.take(read_web_host(row["homepage"])),
        minisite=_read_address(row["minisite"], "minisite", found),
        business_types=found.take(read_list(row["business_types"], field="business_types")),
        established=found.take(read_loose_day(row["established"], field="established")),
        employees=found.take(read_text(row["employees"], field="employees")),
        sales=found.take(read_text(row["sales"], field="sales")),
        markets=found.take(read_list(row["markets"], field="markets")),
        updated=updated,
        contact=_read_person(row, found),
        issues=_unique(found),  # last: everything above adds to it
    )


def _read_addresses(row: Row, found: Issues) -> dict[str, str]:
    said = {language: found.take(read_text(row[f"address_{language}"], field="addresses")) for language in ("ko", "en")}
    return {language: text for language, text in said.items() if text is not None}


def _read_address(raw: str | None, field: str, found: Issues) -> str | None:
    """An address that a page may link to."""
    url = read_image_url(raw, field=field).value
    if url is None and not is_empty(raw):
        found.add(codes.FIELD_UNREADABLE, field, raw or "")
    return url


def _read_person(row: Row, found: Issues) -> Contact | None:
    brn, is_valid = found.take(read_brn(row["brn"]))
    person = found.take(read_text(row["person"], field="person"))
    phone, email = found.take(read_phone(row["phone"])), found.take(read_mail(row["email"]))
    given = brn or person or phone or email
    return Contact(brn, is_valid, person, phone, email) if given else None


# Both ----------------------------------------------------------------------------------------------------------------


def _open_row(record: Mapping[str, Wire], table: str, schema: Any) -> tuple[Row, Issues]:
    cells = record.get("row")
    if cells is not None:
        shape = f"{len(cells) if isinstance(cells, list) else 0} fields instead of {record.get('columns')}"
        raise RejectedRecord([Reason(codes.ROW_SHAPE, table, shape)])
    given = record.get(table)
    if not isinstance(given, dict):
        raise RejectedRecord([Reason(codes.UNREADABLE, table)])
    row, wrong = load_row(schema, given)
    found = Issues()
    for name in wrong:
        found.add(codes.FIELD_UNREADABLE, name)
    return row, found


def _read_changed(row: Row, found: Issues) -> Moment | None:
    # Unreadable it is a reason for rejection, and no issue beside it.
    return read_day(row["updated"], field="updated").value


def _read_contact(row: Row, found: Issues) -> Contact | None:
    brn, is_valid = found.take(read_brn(row["brn"]))
    return Contact(brn=brn, brn_valid=is_valid) if brn else None


def _unique(found: Issues) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(found.found))
