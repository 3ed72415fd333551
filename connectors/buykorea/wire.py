"""BuyKorea's wire: fields, known dirty values, and the bytes of one record. Source: partner guide 1.4, 3, 6 and 7."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import msgspec
from lxml import etree
from marshmallow import Schema

from connectors.cells import Cell, Declared, Text, declare, read_declared
from connectors.decode import ROW, cut_xml, decode_row, decode_xml, refuse
from integrator.record import Kind, Policies, Policy, Wire

# Known dirty values --------------------------------------------------------------------------------------------------
FLAGS: Final = MappingProxyType({"Y": True, "N": False, "y": True, "n": False, "": None})
APPROVED: Final = "승인완료"
APPROVALS: Final = frozenset({"임시저장", "승인대기", APPROVED, "반려"})
TRANSPORT: Final = frozenset({"SEA", "AIR", "MULTI"})
PERIODS: Final = frozenset({"DAY", "WEEK", "MONTH", "YEAR"})
# A statement that there is none; not a code that nobody knows.
NO_CODE: Final = frozenset({"", "NEGO", "-"})

# What a drift calls for (see Policies). Held: what a buyer decides by and what sellers are recognised by, so that no
# broken export blanks it. Codes and fields grow without notice (common rule 10): those are a warning.
_GUARDED: Final = (
    "names", "account_id", "visible", "status", "registered", "updated", "category", "hs", "price", "moq", "lead",
    "origin", "images", "seller.contact",
)  # fmt: skip
POLICIES: Final = Policies(missing=dict.fromkeys(_GUARDED, Policy.HOLD))

# Numbers in JSON (section 3); in XML the same come as text and are made numbers again, so that both forms give one row.
NUMBERS: Final = frozenset(
    {"GOODS_SN", "ENTP_SN", "MOQ_QTY", "LEAD_MIN", "LEAD_MAX", "MAX_QTY", "USD_AMT", "SUPLY_QTY", "ORD"}
)


# Schema --------------------------------------------------------------------------------------------------------------


class Flag(Cell[bool | None]):
    """Y or N, by the table of known spellings."""

    def read(self, value: object, wrong: list[str]) -> bool | None:
        if isinstance(value, str) and (flag := value.strip()) in FLAGS:
            return FLAGS[flag]
        raise self.make_error("validator_failed")


class Rows(Cell[tuple[dict[str, Any], ...]]):
    """Rows inside a record: `{"SCTN": [...]}`, one row as an object, none as empty text."""

    def __init__(self, tag: str, row: type[Schema]) -> None:
        super().__init__()
        self.tag = tag
        self.row = row

    def read(self, value: object, wrong: list[str]) -> tuple[dict[str, Any], ...]:
        if value == "":
            return ()
        found = value.get(self.tag) if isinstance(value, dict) else None
        rows = [found] if isinstance(found, dict) else found
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.make_error("validator_failed")
        return _read_rows(self.row, rows, wrong)


class Step(Schema):
    """One price step; `MAX_QTY` is its upper end."""

    MAX_QTY = Text()
    UNIT_CD = Text()
    USD_AMT = Text()


class ListingRow(Schema):
    """Section 6: what the list gives of a listing."""

    GOODS_SN = Text()
    ENG_GOODS_NM = Text()
    KOR_GOODS_NM = Text()
    SELER_GOODS_NO = Text()
    CTGRY_CD = Text()
    CTGRY_NM = Text()
    CTGRY_VER = Text()
    HS_CD = Text()
    KWRD = Text()
    SUMRY_CN = Text()
    MAIN_IMG_URL = Text()
    PRC_EXPSR_YN = Flag()
    PRC_NEGO_YN = Flag()
    PRC_SCTN = Rows("SCTN", Step)
    MOQ_EXPSR_YN = Flag()
    MOQ_QTY = Text()
    MOQ_UNIT_CD = Text()
    QUOT_POSBL_YN = Flag()
    KOPS_YN = Flag()
    SMPL_YN = Flag()
    TRNSP_CND = Text()
    TRNSP_MTHD = Text()
    LEAD_MIN = Text()
    LEAD_MAX = Text()
    LOAD_CITY_NM = Text()
    ORGPLCE_CD = Text()
    CRTFC_CD = Text()
    ENTP_SN = Text()
    ENG_ENTP_NM = Text()
    APRV_STS = Text()
    EXPSR_YN = Flag()
    HIDE_RSN_CD = Text()
    REG_DT = Text()
    UPD_DT = Text()


class Picture(Schema):
    """One picture of the gallery."""

    ORD = Text()
    URL = Text()
    ALT_TXT = Text()


class CertificateRow(Schema):
    """One certificate with its papers."""

    CD = Text()
    NO = Text()
    NAT_CD = Text()
    ISSU_DE = Text()
    VALID_DE = Text()


class DetailRow(ListingRow):
    """Section 6: what `goodsDetail` adds."""

    DTL_CN = Text()
    IMGS = Rows("IMG", Picture)
    CRTFCS = Rows("CRTFC", CertificateRow)
    VIDEO_URL = Text()
    SUPLY_QTY = Text()
    SUPLY_UNIT_CD = Text()
    SUPLY_PRD = Text()
    AWARD_CD = Text()


class AccountRow(Schema):
    """Section 7: a company."""

    ENTP_SN = Text()
    ENG_ENTP_NM = Text()
    KOR_ENTP_NM = Text()
    BIZRNO = Text()
    CEO_NM = Text()
    ENG_ADRES = Text()
    KOR_ADRES = Text()
    ZIP = Text()
    HMPG_URL = Text()
    TEL_NO = Text()
    BIZ_TY = Text()
    ESTBL_DE = Text()
    EMP_BAND = Text()
    SALES_BAND = Text()
    EXP_NAT_CD = Text()
    UPD_DT = Text()


class WithdrawalRow(Schema):
    """Our own note of a detail call answered 03, which names no listing itself."""

    GOODS_SN = Text()
    resultCode = Text()  # noqa: N815  the wire's own spelling
    responseTime = Text()  # noqa: N815


_DECLARED: Final[Mapping[type[Schema], Declared]] = {
    schema: declare(schema)
    for schema in (Step, ListingRow, Picture, CertificateRow, DetailRow, AccountRow, WithdrawalRow)
}
_SCHEMA_OF: Final = {
    Kind.LISTING: ListingRow,
    Kind.DETAIL: DetailRow,
    Kind.ACCOUNT: AccountRow,
    Kind.WITHDRAWAL: WithdrawalRow,
}
_KNOWN: Final = {kind: frozenset(name for name, _, _ in _DECLARED[schema]) for kind, schema in _SCHEMA_OF.items()}


def read(schema: type[Schema], row: Mapping[str, Wire]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The declared fields of a row (None where absent or null), and the names of those that cannot be read."""
    return read_declared(_DECLARED[schema], row)


def _read_rows(schema: type[Schema], rows: Sequence[dict[str, Wire]], wrong: list[str]) -> tuple[dict[str, Any], ...]:
    found = [read(schema, row) for row in rows]
    wrong.extend(dict.fromkeys(name for _, names in found for name in names))
    if any(
        row and all(value is None for value in values.values()) for row, (values, _) in zip(rows, found, strict=True)
    ):
        wrong.append("row")  # it holds something, and nothing that the guide knows
    return tuple([values for values, _ in found])


def schema_of(kind: Kind) -> type[Schema]:
    """The schema of a record of this kind."""
    return _SCHEMA_OF[kind]


def unknown_names(kind: Kind, row: Mapping[str, Wire]) -> frozenset[str]:
    """Names in a row that the guide does not know."""
    known = _KNOWN[kind]
    return frozenset() if row.keys() <= known else frozenset(row.keys() - known)


_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def fingerprint(kind: Kind, row: Mapping[str, Wire]) -> bytes:
    """16 bytes over the known fields in the guide's order; absent = null = empty, 5 = "5", one row = a list of one.

    Nothing is left out: BuyKorea's list carries no counters. A seller's new name moves it although it moves no UPD_DT,
    because the name is shown.
    """
    known = _canonical(_SCHEMA_OF[kind], row) if ROW not in row else row[ROW]
    return hashlib.blake2b(_encode(known), digest_size=16).digest()


def _canonical(schema: type[Schema], row: Mapping[str, Wire]) -> list[Wire]:
    get = row.get
    return [
        value if type(value := get(name)) is str else _canonical_value(field, value)
        for name, field, _ in _DECLARED[schema]
    ]


def _canonical_value(field: Cell[Any], value: Wire) -> Wire:
    if isinstance(value, int):
        return str(value)
    if value is None:
        return ""
    if isinstance(field, Rows) and isinstance(value, dict):
        found = value.get(field.tag)
        rows = found if isinstance(found, list) else [found] if found else []
        return [_canonical(field.row, row) if isinstance(row, dict) else row for row in rows] or ""
    return value


# Records -------------------------------------------------------------------------------------------------------------


def decode(kind: Kind, body: bytes) -> Mapping[str, Wire]:
    """The bytes of one record, XML or JSON, back to its fields. Raises BytesRefused."""
    value = xml_value(decode_xml(body)) if body[:1] == b"<" else decode_row(body)
    if not isinstance(value, dict):
        refuse(f"the bytes of a {kind} hold no object")
    return value


def xml_value(element: etree._Element) -> Wire:
    """An element as the JSON form has it: text, a number where the guide declares one, an object, or a list of them."""
    if not len(element):
        text = element.text or ""
        is_number = element.tag in NUMBERS and text.isascii() and text.isdigit() and len(text) < 19
        return int(text) if is_number and str(int(text)) == text else text
    value: dict[str, Wire] = {}
    for inner in element:
        name, found = str(inner.tag), xml_value(inner)
        if name not in value:
            value[name] = found
            continue
        before = value[name]
        value[name] = [*before, found] if isinstance(before, list) else [before, found]
    return value


class XmlCuts:
    """The bytes of the rows of an XML page, found by one scan when the first of them is asked for."""

    def __init__(self, body: bytes, count: int) -> None:
        self._body = body
        self._spans: list[tuple[int, int]] | None = None
        self.cuts = [partial(self._cut, place) for place in range(count)]

    def _cut(self, place: int) -> bytes:
        if self._spans is None:
            self._spans = cut_xml(self._body, "item")
        start, end = self._spans[place]
        return self._body[start:end]
