"""GobizKOREA's wire, declared: the columns of the four tables, the dirty values known to occur, the raw record.

A raw record holds one product's rows as read: `{"product": {…}, "price_line": [{…}], "image": [{…}]}`, a company's
`{"company": {…}}`, and a row with a wrong number of fields `{"row": […], "columns": 27}`. All cells are text.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing

from integrator.listing import Availability
from integrator.record import Policies, Policy, Wire

PLATFORM: Final = "gobizkorea"

ID: Final = "상품번호"
CHANGED: Final = "수정일"
ACCOUNT_ID: Final = "업체번호"

Cells = tuple[str, ...]


class Text(fields.Field[str]):
    """A cell: text. Empty and absent mean the same (common rule 10)."""

    def __init__(self, column: str, *, required: bool = False) -> None:
        super().__init__(
            data_key=column, required=required, allow_none=True, load_default=missing if required else None
        )

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> str:
        if isinstance(value, str):
            return value
        raise self.make_error("validator_failed")


class _Row(Schema):
    class Meta:
        unknown = EXCLUDE  # growth; the walk counts unknown columns


class ProductRow(_Row):
    """Table product; `required` marks columns without which the file is of another version than it says."""

    external_id = Text(ID, required=True)
    name_ko = Text("상품명(국문)", required=True)
    name_en = Text("상품명(영문)", required=True)
    category_code = Text("카테고리코드")
    category_name = Text("카테고리명")
    hs = Text("HS부호")
    model = Text("모델명")
    brand = Text("브랜드")
    origin = Text("원산지")
    moq = Text("최소주문량")
    payment = Text("결제조건")
    supply = Text("공급능력")
    port = Text("선적항")
    packaging = Text("포장")
    lead = Text("납기")
    certificates = Text("인증")
    keywords = Text("키워드")
    description_ko = Text("상세설명(국문)")
    description_en = Text("상세설명(영문)")
    account_id = Text(ACCOUNT_ID, required=True)
    brn = Text("사업자등록번호")
    online_order = Text("온라인주문여부", required=True)
    stock = Text("재고수량")
    weight_kg = Text("중량(kg)")
    status = Text("상태", required=True)
    registered = Text("등록일", required=True)
    updated = Text(CHANGED, required=True)


class PriceRow(_Row):
    """Table price_line."""

    external_id = Text(ID, required=True)
    order = Text("순번", required=True)
    term = Text("인코텀즈")
    currency = Text("통화", required=True)
    amount = Text("단가", required=True)
    unit = Text("단위")
    minimum = Text("최소수량")
    remark = Text("비고")


class ImageRow(_Row):
    """Table image."""

    external_id = Text(ID, required=True)
    order = Text("순번", required=True)
    url = Text("이미지URL", required=True)
    main = Text("대표여부")
    width = Text("너비")
    height = Text("높이")


class CompanyRow(_Row):
    """Table company."""

    external_id = Text(ACCOUNT_ID, required=True)
    name_ko = Text("업체명(국문)", required=True)
    name_en = Text("업체명(영문)", required=True)
    person = Text("대표자")
    brn = Text("사업자등록번호")
    zip = Text("우편번호")
    address_ko = Text("주소(국문)")
    address_en = Text("주소(영문)")
    phone = Text("전화번호")
    email = Text("이메일")
    homepage = Text("홈페이지")
    business_types = Text("업종")
    established = Text("설립일")
    employees = Text("종업원수")
    sales = Text("매출액")
    markets = Text("주요시장")
    minisite = Text("미니사이트")
    updated = Text(CHANGED, required=True)


PRODUCT_ROW: Final = ProductRow()
PRICE_ROW: Final = PriceRow()
IMAGE_ROW: Final = ImageRow()
COMPANY_ROW: Final = CompanyRow()

_TABLES: Final[Mapping[str, Schema]] = {
    "product": PRODUCT_ROW,
    "price_line": PRICE_ROW,
    "image": IMAGE_ROW,
    "company": COMPANY_ROW,
}
COLUMNS: Final = {
    name: tuple(str(field.data_key) for field in schema.fields.values()) for name, schema in _TABLES.items()
}
REQUIRED_COLUMNS: Final = {
    name: frozenset(str(field.data_key) for field in schema.fields.values() if field.required)
    for name, schema in _TABLES.items()
}

_Declared = tuple[tuple[str, str, fields.Field[Any]], ...]
_DECLARED: Final[Mapping[type[Schema], _Declared]] = {
    type(schema): tuple((name, str(field.data_key), field) for name, field in schema.load_fields.items())
    for schema in _TABLES.values()
}

# 상태: whether a buyer may see it, and whether the goods can be had. A state that is not here is not shown.
STATES: Final[Mapping[str, tuple[bool, Availability]]] = {
    "판매중": (True, Availability.ON_SALE),
    "일시품절": (True, Availability.SOLD_OUT),
    "판매중지": (False, Availability.NOT_ON_SALE),
}
# Statements among lists of other things, in the word that buyers read.
STATEMENTS: Final[Mapping[str, str]] = {"협의": "Negotiable", "협의가능": "Negotiable", "negotiable": "Negotiable"}


# What a drift calls for (see Policies). Held: what a buyer decides by and what sellers are recognised by, so that no
# broken export blanks it. Codes and fields grow without notice (common rule 10): those are a warning.
_GUARDED: Final = (
    "names", "account_id", "visible", "status", "registered", "updated", "category", "hs", "price", "moq", "lead",
    "origin", "images", "seller.contact",
)  # fmt: skip
POLICIES: Final = Policies(missing=dict.fromkeys(_GUARDED, Policy.HOLD))


def load_row(schema: Schema, row: Mapping[str, Wire]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A row by our names (None where absent or null), and the names of the fields that are not what the wire declares.

    Text is taken as it is: that is nearly all, and the library spends seven calls on each field.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, column, field in _DECLARED[type(schema)]:
        value = row.get(column)
        if value is None or type(value) is str:
            values[name] = value
            continue
        try:
            values[name] = field.deserialize(value, column, row)
        except ValidationError:
            values[name] = None
            wrong.append(name)
    return values, tuple(wrong)


# Records -------------------------------------------------------------------------------------------------------------


def encode_record(record: Mapping[str, Wire]) -> bytes:
    """The bytes to keep: canonical JSON in UTF-8."""
    return msgspec.json.encode(dict(record))


def fingerprint_product(record: Mapping[str, Wire]) -> bytes:
    """Over the known columns by name, so that neither their order nor a new one changes it; side rows in any order."""
    if "row" in record:
        return _digest_misshaped(record)
    lines, images = (_known_rows(record.get(table), COLUMNS[table]) for table in ("price_line", "image"))
    return digest(_known(record.get("product"), COLUMNS["product"]), lines, images)


def fingerprint_company(record: Mapping[str, Wire]) -> bytes:
    """As of a product, over a company's row."""
    if "row" in record:
        return _digest_misshaped(record)
    return digest(_known(record.get("company"), COLUMNS["company"]), [], [])


_pack: Final = msgspec.msgpack.Encoder().encode


def digest(row: Cells, lines: list[Cells], images: list[Cells]) -> bytes:
    """16 bytes over known cells in the guide's order; the order of the side rows says nothing."""
    if len(lines) > 1:
        lines.sort()
    if len(images) > 1:
        images.sort()
    return blake2b(_pack((row, lines, images)), digest_size=16).digest()


def _digest_misshaped(record: Mapping[str, Wire]) -> bytes:
    return blake2b(_pack(record["row"]), digest_size=16).digest()


def _known_rows(rows: Wire, columns: Sequence[str]) -> list[Cells]:
    return [_known(row, columns) for row in rows] if isinstance(rows, list) else []


def _known(row: Wire, columns: Sequence[str]) -> Cells:
    found = row if isinstance(row, dict) else {}
    return tuple(value if type(value := found.get(column) or "") is str else str(value) for column in columns)
