"""tradeKorea's wire, declared: product, supplier and tombstone, and the dirty values known to occur (guide 6 and 7)."""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final, cast

import msgspec
from marshmallow import Schema

from connectors.cells import Cell, Declared, Text, declare, read_declared
from connectors.decode import ROW
from integrator.listing import Availability
from integrator.record import Kind, Policies, Policy, Wire

PLATFORM: Final = "tradekorea"
PRODUCT_ID: Final = re.compile(r"P[0-9]{6,7}")
SUPPLIER_ID: Final = re.compile(r"[0-9]{1,20}")

# status: whether a buyer may see it, and whether the goods can be had. "Others: do not show" (guide 6).
STATES: Final[Mapping[str, tuple[bool, Availability]]] = {
    "ACTIVE": (True, Availability.ON_SALE),
    "SOLD_OUT": (True, Availability.SOLD_OUT),
}
# Attribute names that say what a field of ours says; all others stay attributes. The first of a name counts.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "hs code": "hs",
    "lead time": "lead",
    "delivery time": "lead",
    "model no.": "model",
    "model no": "model",
    "model number": "model",
    "model": "model",
    "certification": "certificates",
    "place of origin": "origin",
    "net weight": "weight_kg",
    "quantity per pack": "packs",
}
# Fields of ours that a masked field of theirs would fill.
MASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "priceText": ("price", "terms"),
    "priceBasis": ("price", "terms"),
    "paymentTerms": ("payment",),
    "supplier.phone": ("contact",),
    "supplier.email": ("contact",),
}
# Moves by itself, or says how we looked rather than what there is.
VOLATILE: Final = frozenset({"viewCount", "maskedFields"})
# What a drift calls for (see Policies). Held: what a buyer decides by and what sellers are recognised by, so that no
# broken export blanks it. Codes and fields grow without notice (common rule 10): those are a warning.
_GUARDED: Final = (
    "names", "account_id", "visible", "status", "registered", "updated", "category", "hs", "price", "moq", "lead",
    "payment", "origin", "attributes", "images", "url", "seller.contact",
)  # fmt: skip
POLICIES: Final = Policies(missing=dict.fromkeys(_GUARDED, Policy.HOLD))
_TEXT: Final = frozenset({str})


class Texts(Cell[tuple[str, ...]]):
    """A list of texts."""

    def read(self, value: object, wrong: list[str]) -> tuple[str, ...]:
        if isinstance(value, list) and _TEXT.issuperset(map(type, value)):
            return tuple(value)
        raise self.make_error("validator_failed")


class Row(Cell[dict[str, Any]]):
    """An object inside the record."""

    def __init__(self, row: type[Schema]) -> None:
        super().__init__()
        self.row = row

    def read(self, value: object, wrong: list[str]) -> dict[str, Any]:
        if isinstance(value, dict):
            values, names = read(self.row, value)
            wrong.extend(names)
            return values
        raise self.make_error("validator_failed")


class Rows(Cell[tuple[dict[str, Any], ...]]):
    """A list of objects inside the record."""

    def __init__(self, row: type[Schema]) -> None:
        super().__init__()
        self.row = row

    def read(self, value: object, wrong: list[str]) -> tuple[dict[str, Any], ...]:
        if isinstance(value, list) and all(isinstance(row, dict) for row in value):
            found = [read(self.row, row) for row in value]
            wrong.extend(dict.fromkeys(name for _, names in found for name in names))
            if any(
                row and all(each is None for each in known.values())
                for row, (known, _) in zip(value, found, strict=True)
            ):
                wrong.append("row")  # it holds something, and nothing that the guide knows
            return tuple([values for values, _ in found])
        raise self.make_error("validator_failed")


class AttributeRow(Schema):
    """One of `attributes`."""

    name = Text()
    value = Text()


class SupplierOfProduct(Schema):
    """`supplier` of a product; phone and email are masks below member scope."""

    id = Text()
    name = Text()
    country = Text()
    phone = Text()
    email = Text()


class ProductRow(Schema):
    """Section 6: what the list gives, by the guide's names."""

    productNo = Text()  # noqa: N815
    slug = Text()
    url = Text()
    name = Text()
    brand = Text()
    modelNo = Text()  # noqa: N815
    categoryCode = Text()  # noqa: N815
    categoryPath = Texts()  # noqa: N815
    keywords = Texts()
    summary = Text()
    priceText = Text()  # noqa: N815
    priceBasis = Text()  # noqa: N815
    minimumOrder = Text()  # noqa: N815
    paymentTerms = Text()  # noqa: N815
    supplyAbility = Text()  # noqa: N815
    port = Text()
    packaging = Text()
    attributes = Rows(AttributeRow)
    images = Texts()
    supplier = Row(SupplierOfProduct)
    status = Text()
    viewCount = Text()  # noqa: N815
    registeredAt = Text()  # noqa: N815
    updatedAt = Text()  # noqa: N815
    maskedFields = Texts()  # noqa: N815


class DetailRow(ProductRow):
    """Section 6: what the detail call adds."""

    descriptionHtml = Text()  # noqa: N815
    pastSlugs = Texts()  # noqa: N815


class ContactRow(Schema):
    """`contact` of a supplier; masks below member scope."""

    person = Text()
    phone = Text()
    email = Text()


class SupplierRow(Schema):
    """Section 7."""

    id = Text()
    name = Text()
    country = Text()
    address = Text()
    zip = Text()
    homepage = Text()
    businessType = Texts()  # noqa: N815
    yearEstablished = Text()  # noqa: N815
    employees = Text()
    mainMarkets = Texts()  # noqa: N815
    businessRegistrationNo = Text()  # noqa: N815
    contact = Row(ContactRow)
    updatedAt = Text()  # noqa: N815


class TombstoneRow(Schema):
    """Section 3; also our note of a detail call that was answered 410 or 404."""

    productNo = Text()  # noqa: N815
    withdrawnAt = Text()  # noqa: N815
    reason = Text()
    mergedInto = Text()  # noqa: N815


_SCHEMA_OF: Final[Mapping[Kind, type[Schema]]] = {
    Kind.LISTING: ProductRow,
    Kind.DETAIL: DetailRow,
    Kind.ACCOUNT: SupplierRow,
    Kind.WITHDRAWAL: TombstoneRow,
}
_SCHEMAS: Final[tuple[type[Schema], ...]] = (*_SCHEMA_OF.values(), AttributeRow, SupplierOfProduct, ContactRow)
_DECLARED: Final[Mapping[type[Schema], Declared]] = {schema: declare(schema) for schema in _SCHEMAS}
KNOWN: Final = {kind: frozenset(name for name, _, _ in _DECLARED[schema]) for kind, schema in _SCHEMA_OF.items()}
_COMPARED: Final = {kind: tuple(sorted(names - VOLATILE)) for kind, names in KNOWN.items()}


def read(schema: type[Schema], row: Mapping[str, Wire]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The declared fields of a row (None where absent or null), and the names of those that cannot be read."""
    return read_declared(_DECLARED[schema], row)


_encode: Final = msgspec.msgpack.Encoder().encode


def fingerprint(kind: Kind, row: Mapping[str, Wire]) -> bytes:
    """16 bytes over the known fields by name, without volatile and masked ones; absent = null = empty, 5 = "5"."""
    if ROW in row:
        return blake2b(_encode(row[ROW]), digest_size=16).digest()
    get = row.get
    masked = get("maskedFields")
    seen = _without(row, masked) if isinstance(masked, list) and masked else get
    values = [value if type(value := seen(name)) is str else _plain(value) for name in _COMPARED[kind]]
    return blake2b(_encode(values), digest_size=16).digest()


def _without(row: Mapping[str, Wire], masked: list[Wire]) -> Any:
    """A look-up in which the named fields, also inside an object (`supplier.phone`), are absent."""
    names = {name for name in masked if isinstance(name, str)}
    left: dict[str, Wire] = {}
    for key, value in row.items():
        if key in names:
            continue
        if isinstance(value, dict):
            value = {inner: found for inner, found in value.items() if f"{key}.{inner}" not in names}
        left[key] = value
    return left.get


def _plain(value: Wire) -> Wire:
    kind = type(value)
    if kind is str:
        return value
    if kind is dict:
        inside = sorted(cast("dict[str, Wire]", value).items())
        plain = {key: inner if type(inner) is str else _plain(inner) for key, inner in inside}
        return ({key: inner for key, inner in plain.items() if inner != ""} if "" in plain.values() else plain) or ""
    if kind is list:
        rows = cast("list[Wire]", value)
        return [inner if type(inner) is str else _plain(inner) for inner in rows] or ""
    return "" if value is None else str(value)
