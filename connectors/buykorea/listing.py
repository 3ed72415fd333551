"""BuyKorea's rows to listings, details, accounts and withdrawals. Source: partner guide 1.4, sections 5 to 7."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from connectors.buykorea.wire import (
    APPROVALS,
    APPROVED,
    NO_CODE,
    PERIODS,
    TRANSPORT,
    read,
    schema_of,
)  # fmt: skip
from connectors.decode import ROW
from integrator import issues as codes
from integrator.clean.codes import certificate_code, read_certificates, read_countries, read_terms
from integrator.clean.dates import read_day, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.identity import read_brn, read_image_url, read_phone, read_web_host, read_zip
from integrator.clean.numbers import read_decimal, read_int
from integrator.clean.price import QuotedLine, price_of_upper_steps
from integrator.clean.quantity import lead_of
from integrator.clean.reading import Issues
from integrator.clean.text import is_empty, read_html, read_list, read_names, read_text
from integrator.clean.units import read_unit
from integrator.errors import Reason, RejectedRecord
from integrator.listing import (
    Account,
    Category,
    Certificate,
    Contact,
    Detail,
    Image,
    Listing,
    Moment,
    Moq,
    Price,
    PriceState,
    QuantityState,
    Supply,
    Withdrawal,
)  # fmt: skip
from integrator.record import Kind, Record, Wire

PLATFORM: Final = "buykorea"
_PAGE_OF_LISTING: Final = "https://www.buykorea.example/goods/{}"  # guide 6: ours, no field carries it
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]")
_LATIN: Final = re.compile("[A-Za-z]")
_NUMBER: Final = re.compile(r"[0-9]{1,12}")

# Our names for the wire's, for issues about fields that cannot be read at all.
_OURS: Final = {
    "ENG_GOODS_NM": "names", "KOR_GOODS_NM": "names", "SELER_GOODS_NO": "seller_number", "CTGRY_CD": "category",
    "CTGRY_NM": "category", "CTGRY_VER": "category", "HS_CD": "hs", "KWRD": "keywords", "SUMRY_CN": "summaries",
    "MAIN_IMG_URL": "images", "PRC_EXPSR_YN": "price", "PRC_NEGO_YN": "price", "PRC_SCTN": "price",
    "MOQ_EXPSR_YN": "moq", "MOQ_QTY": "moq", "MOQ_UNIT_CD": "moq", "QUOT_POSBL_YN": "quotation",
    "KOPS_YN": "online_payment", "SMPL_YN": "sample", "TRNSP_CND": "terms", "TRNSP_MTHD": "transport",
    "LEAD_MIN": "lead", "LEAD_MAX": "lead", "LOAD_CITY_NM": "port", "ORGPLCE_CD": "origin", "CRTFC_CD": "certificates",
    "ENG_ENTP_NM": "account_name", "APRV_STS": "status", "EXPSR_YN": "visible", "HIDE_RSN_CD": "hidden_reason",
    "REG_DT": "registered", "DTL_CN": "descriptions", "IMGS": "images", "CRTFCS": "certificates",
    "VIDEO_URL": "video", "SUPLY_QTY": "supply", "SUPLY_UNIT_CD": "supply", "SUPLY_PRD": "supply",
    "AWARD_CD": "awards", "KOR_ENTP_NM": "names", "BIZRNO": "brn", "CEO_NM": "person", "ENG_ADRES": "addresses",
    "KOR_ADRES": "addresses", "ZIP": "zip", "HMPG_URL": "homepage", "TEL_NO": "phone", "BIZ_TY": "business_types",
    "ESTBL_DE": "established", "EMP_BAND": "employees", "SALES_BAND": "sales", "EXP_NAT_CD": "markets",
    "UPD_DT": "updated",
}  # fmt: skip

Row = Mapping[str, Any]


def read_id(value: Wire) -> str:
    """A listing's or seller's number as text; "" when it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _NUMBER.fullmatch(text) else ""


def parse(record: Record) -> Listing | Detail | Account | Withdrawal:
    """One record to our schema. Raises RejectedRecord."""
    if ROW in record.fields:
        raise RejectedRecord([Reason(codes.UNREADABLE, "record")])
    row, unreadable = read(schema_of(record.kind), record.fields)
    found = Issues()
    for name in unreadable:
        outer = name.partition(".")[0]
        found.add(codes.FIELD_UNREADABLE, _OURS.get(outer, outer), str(record.fields.get(outer)))
    match record.kind:
        case Kind.LISTING:
            return _parse_listing(row, found)
        case Kind.DETAIL:
            return _parse_detail(row, found)
        case Kind.ACCOUNT:
            return _parse_account(row, found)
        case Kind.WITHDRAWAL:
            return _parse_withdrawal(row)


def _parse_listing(row: Row, found: Issues) -> Listing:
    names = found.take(read_names(en=row["ENG_GOODS_NM"], ko=row["KOR_GOODS_NM"]))
    updated = found.take(read_day(row["UPD_DT"], field="updated"))
    number, seller = read_id(row["GOODS_SN"]), read_id(row["ENTP_SN"])
    if not (number and names and seller and updated):
        raise RejectedRecord(_reasons(row, names, updated))
    return Listing(
        platform=PLATFORM,
        external_id=number,
        account_id=seller,
        account_name=found.take(read_text(row["ENG_ENTP_NM"], field="account_name", limit=500)),
        names=names,
        visible=row["APRV_STS"] == APPROVED and row["EXPSR_YN"] is True,
        registered=found.take(read_day(row["REG_DT"], field="registered")),
        updated=updated,
        price=_read_price(row, found),
        moq=_read_moq(row, found),
        lead=lead_of(
            found.take(read_int(row["LEAD_MIN"], field="lead", maximum=9999)),
            found.take(read_int(row["LEAD_MAX"], field="lead", maximum=9999)),
        ),
        hs=found.take(read_hs(row["HS_CD"])),
        status=_read_status(row, found),
        hidden_reason=found.take(read_text(row["HIDE_RSN_CD"], field="hidden_reason", limit=100)),
        category=_read_category(row, found),
        summaries=_by_script(found.take(read_text(row["SUMRY_CN"], field="summaries"))),
        seller_number=found.take(read_text(row["SELER_GOODS_NO"], field="seller_number", limit=200)),
        certificates=found.take(read_certificates(row["CRTFC_CD"])),
        keywords=found.take(read_list(row["KWRD"], field="keywords")),
        origin=found.take(read_countries(row["ORGPLCE_CD"], field="origin")),
        terms=found.take(read_terms(row["TRNSP_CND"])),
        transport=_read_transport(row["TRNSP_MTHD"], found),
        port=found.take(read_text(row["LOAD_CITY_NM"], field="port", limit=200)),
        sample=row["SMPL_YN"],
        quotation=row["QUOT_POSBL_YN"],
        online_payment=row["KOPS_YN"],
        images=_read_main_image(row, found),
        url=_PAGE_OF_LISTING.format(number),
        issues=tuple(found.found),
    )


def _reasons(row: Row, names: Mapping[str, str], updated: Moment | None) -> list[Reason]:
    """All that is wrong, the gravest first (common rule 7)."""
    checks = (
        (read_id(row["GOODS_SN"]), codes.ID_INVALID, "external_id", row["GOODS_SN"]),
        (names, codes.NAME_MISSING, "names", row["ENG_GOODS_NM"]),
        (read_id(row["ENTP_SN"]), codes.SELLER_MISSING, "account_id", row["ENTP_SN"]),
        (updated, codes.DATE_INVALID, "updated", row["UPD_DT"]),
    )
    return [Reason(code, field, str(raw or "")[:200]) for sound, code, field, raw in checks if not sound]


def _read_price(row: Row, found: Issues) -> Price:
    if row["PRC_EXPSR_YN"] is None:
        # Not known whether it may be shown: then it is not carried.
        return Price(PriceState.UNKNOWN)
    if not row["PRC_EXPSR_YN"]:
        return Price(PriceState.HIDDEN)
    if row["PRC_NEGO_YN"]:
        return Price(PriceState.NEGOTIABLE)
    return found.take(price_of_upper_steps([_read_step(step, found) for step in row["PRC_SCTN"] or ()]))


def _read_step(step: Row, found: Issues) -> QuotedLine:
    end = found.take(read_int(step["MAX_QTY"], field="price"))
    return QuotedLine(amount=step["USD_AMT"], currency="USD", unit=step["UNIT_CD"], term=None, maximum=end)


def _read_moq(row: Row, found: Issues) -> Moq:
    if row["MOQ_EXPSR_YN"] is False:
        return Moq(QuantityState.HIDDEN)
    quantity = found.take(read_decimal(row["MOQ_QTY"], field="moq"))
    if not quantity or row["MOQ_EXPSR_YN"] is None:
        return Moq(QuantityState.UNKNOWN)
    return Moq(QuantityState.STATED, quantity, None, found.take(read_unit(row["MOQ_UNIT_CD"], field="moq")))


def _read_status(row: Row, found: Issues) -> str | None:
    status = row["APRV_STS"]
    if status not in APPROVALS and not is_empty(status):
        found.add(codes.CODE_UNKNOWN, "status", status)
    return status or None


def _read_category(row: Row, found: Issues) -> Category:
    text = found.take(read_text(row["CTGRY_NM"], field="category", limit=1000))
    return Category(
        code=found.take(read_text(row["CTGRY_CD"], field="category", limit=50)),
        path=dict(_category_path(text)) if text else {},
        version=found.take(read_text(row["CTGRY_VER"], field="category", limit=50)),
    )


@lru_cache(maxsize=4096)
def _category_path(text: str) -> Mapping[str, tuple[str, ...]]:
    steps = [step for step in (part.strip() for part in text.split(">")) if step]
    if len(steps) > 1 and steps[-1] == steps[-2]:
        # Guide 6: the leaf is often repeated.
        steps.pop()
    return {_script(text): tuple(steps)} if steps else {}


def _read_transport(raw: str | None, found: Issues) -> tuple[str, ...]:
    ways = [part.strip().upper() for part in raw.split(",")] if raw else ()
    for way in ways:
        if way not in TRANSPORT and way not in NO_CODE:
            found.add(codes.CODE_UNKNOWN, "transport", way)
    return tuple(dict.fromkeys(way for way in ways if way in TRANSPORT))


def _read_main_image(row: Row, found: Issues) -> tuple[Image, ...]:
    url = found.take(read_image_url(row["MAIN_IMG_URL"]))
    return (Image(url, main=True),) if url else ()


def _script(text: str) -> str:
    if text.isascii():
        return "en"
    # A syllable says about as much as three Latin letters.
    return "ko" if 3 * len(_HANGUL.findall(text)) > len(_LATIN.findall(text)) else "en"


def _by_script(text: str | None) -> dict[str, str]:
    return {_script(text): text} if text else {}


# Detail --------------------------------------------------------------------------------------------------------------


def _parse_detail(row: Row, found: Issues) -> Detail:
    listing = _parse_listing(row, found)
    own = Issues()
    html = own.take(read_html(row["DTL_CN"], field="descriptions"))
    return Detail(
        platform=PLATFORM,
        external_id=listing.external_id,
        listing=listing,
        descriptions={_script(re.sub(r"<[^>]*>", "", html)): html} if html else {},
        images=_read_gallery(row["IMGS"] or (), own),
        certificates=tuple(_read_papers(paper, own) for paper in row["CRTFCS"] or () if not is_empty(paper["CD"])),
        supply=_read_supply(row, own),
        video=own.take(read_image_url(row["VIDEO_URL"], field="video")),
        awards=own.take(read_list(row["AWARD_CD"], field="awards")),
        issues=tuple(own.found),
    )


def _read_gallery(pictures: Sequence[Row], found: Issues) -> tuple[Image, ...]:
    images = []
    for place, picture in enumerate(pictures, start=1):
        url = found.take(read_image_url(picture["URL"]))
        order = found.take(read_int(picture["ORD"], field="images"))
        alt = found.take(read_text(picture["ALT_TXT"], field="images", limit=200))
        if url:
            images.append(Image(url, order=order or place, main=(order or place) == 1, alt=alt))
    return tuple(sorted(images, key=lambda image: image.order))


def _read_papers(paper: Row, found: Issues) -> Certificate:
    name = paper["CD"].strip()[:200]
    code = certificate_code(name)
    if code is None:
        found.add(codes.CODE_UNKNOWN, "certificates", name)
    countries = found.take(read_countries(paper["NAT_CD"], field="certificates"))
    return Certificate(
        name=name,
        code=code,
        number=found.take(read_text(paper["NO"], field="certificates", limit=200)),
        country=countries[0] if countries else None,
        issued=found.take(read_loose_day(paper["ISSU_DE"], field="certificates")),
        expires=found.take(read_loose_day(paper["VALID_DE"], field="certificates")),
    )


def _read_supply(row: Row, found: Issues) -> Supply:
    quantity = found.take(read_decimal(row["SUPLY_QTY"], field="supply"))
    if not quantity:
        return Supply()
    period = (row["SUPLY_PRD"] or "").strip().upper()
    if period not in PERIODS and period not in NO_CODE:
        found.add(codes.CODE_UNKNOWN, "supply", period)
    return Supply(
        quantity=quantity,
        unit=found.take(read_unit(row["SUPLY_UNIT_CD"], field="supply")),
        period=period if period in PERIODS else None,
    )


# Accounts and withdrawals --------------------------------------------------------------------------------------------


def _parse_account(row: Row, found: Issues) -> Account:
    number = read_id(row["ENTP_SN"])
    names = found.take(read_names(en=row["ENG_ENTP_NM"], ko=row["KOR_ENTP_NM"]))
    if not (number and names):
        missing = [] if number else [Reason(codes.ID_INVALID, "external_id", str(row["ENTP_SN"] or "")[:200])]
        raise RejectedRecord([*missing, *([] if names else [Reason(codes.NAME_MISSING, "names")])])
    brn, brn_valid = found.take(read_brn(row["BIZRNO"]))
    contact = Contact(
        brn=brn,
        brn_valid=brn_valid,
        person=found.take(read_text(row["CEO_NM"], field="person", limit=200)),
        phone=found.take(read_phone(row["TEL_NO"])),
    )
    addresses = {
        "en": found.take(read_text(row["ENG_ADRES"], field="addresses", limit=1000)),
        "ko": found.take(read_text(row["KOR_ADRES"], field="addresses", limit=1000)),
    }
    return Account(
        platform=PLATFORM,
        external_id=number,
        names=names,
        addresses={language: text for language, text in addresses.items() if text},
        zip=found.take(read_zip(row["ZIP"], address=addresses["en"])),
        homepage=found.take(read_web_host(row["HMPG_URL"])),
        business_types=found.take(read_list(row["BIZ_TY"], field="business_types")),
        established=found.take(read_loose_day(row["ESTBL_DE"], field="established")),
        employees=found.take(read_text(row["EMP_BAND"], field="employees", limit=100)),
        sales=found.take(read_text(row["SALES_BAND"], field="sales", limit=100)),
        markets=found.take(read_countries(row["EXP_NAT_CD"], field="markets")),
        updated=found.take(read_day(row["UPD_DT"], field="updated")),
        contact=contact,
        issues=tuple(found.found),
    )


def _parse_withdrawal(row: Row) -> Withdrawal:
    number = read_id(row["GOODS_SN"])
    if not number:
        raise RejectedRecord([Reason(codes.ID_INVALID, "external_id", str(row["GOODS_SN"] or "")[:200])])
    # Code 03 says that it is gone, not since when.
    return Withdrawal(PLATFORM, number, reason="NODATA")
