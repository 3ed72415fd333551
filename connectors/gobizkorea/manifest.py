"""The index of drops and the manifest of one, declared and checked (guide section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from connectors.gobizkorea.wire import COLUMNS, REQUIRED_COLUMNS
from integrator.errors import BytesRefused, FeedChanged
from integrator.issues import ENCODING_INVALID, NOT_WELL_FORMED
from integrator.record import Wire

MAJOR_VERSION: Final = "2"


class Whole(fields.Field[int]):
    """A whole number, or its digits as text (common rule 10)."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        raise ValidationError("not a whole number")


class _Loose(Schema):
    class Meta:
        unknown = EXCLUDE  # growth (common rule 10); unknown columns are counted by the walk


class _IndexedDrop(_Loose):
    seq = Whole(required=True)
    kind = fields.String(required=True)


class _Index(_Loose):
    asOf = fields.AwareDateTime(required=True, format="iso")  # noqa: N815
    latestFull = Whole(load_default=None, allow_none=True)  # noqa: N815
    drops = fields.List(fields.Nested(_IndexedDrop), required=True)


class _Part(_Loose):
    # A name becomes part of an address: no more than what the guide's names are made of.
    file = fields.String(required=True, validate=validate.Regexp(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,120}\Z"))
    rows = Whole(required=True, validate=validate.Range(0, 10_000_000))
    bytes = Whole(required=True, validate=validate.Range(0, 1 << 40))
    sha256 = fields.String(required=True, validate=validate.Regexp(r"[0-9a-f]{64}\Z"))


class _Table(_Loose):
    columns = fields.List(fields.String(), required=True)
    rows = Whole(required=True, validate=validate.Range(0, 1_000_000_000))
    parts = fields.List(fields.Nested(_Part), required=True)


class _Manifest(_Loose):
    seq = Whole(required=True)
    kind = fields.String(required=True)
    baseSeq = Whole(load_default=None, allow_none=True)  # noqa: N815
    feedVersion = fields.String(required=True)  # noqa: N815
    encoding = fields.String(required=True)
    lineEnd = fields.String(required=True)  # noqa: N815
    tables = fields.Dict(keys=fields.String(), values=fields.Nested(_Table), required=True)


_INDEX: Final = _Index()
_MANIFEST: Final = _Manifest()


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a drop, as its manifest promises it."""

    file: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DropTable:
    """One table of a drop: its columns in file order, its rows, and the parts they stand in."""

    name: str
    columns: tuple[str, ...]
    rows: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """A manifest as read; `base` is the number a delta follows, None for a full drop."""

    seq: int
    is_full: bool
    base: int | None
    tables: Mapping[str, DropTable]

    @property
    def digest(self) -> str:
        """Changes when any part does, so that a place in one making of a drop is never used in another."""
        parts = [part.sha256 for table in self.tables.values() for part in table.parts]
        return sha256("".join(parts).encode()).hexdigest()[:16]

    @property
    def unknown_columns(self) -> dict[str, int]:
        """Columns nobody knows, with the rows that carry them."""
        return {
            f"{table.name}.{column}": table.rows
            for table in self.tables.values()
            for column in table.columns
            if column not in COLUMNS[table.name]
        }


def read_index(wire: Wire) -> dict[str, Any]:
    """The index: asOf, latestFull, drops (seq, kind). Raises BytesRefused when it has another shape."""
    return _load(_INDEX, wire, "the index of drops")


def read_manifest(wire: Wire, *, seq: int) -> Drop:
    """The manifest of drop `seq`.

    Raises BytesRefused for a drop that cannot be taken (shape, encoding, line ends), FeedChanged for one of another
    major version than this guide, or without a required column.
    """
    loaded = _load(_MANIFEST, wire, f"the manifest of drop {seq}")
    _check_version(loaded["feedVersion"])
    _check_declarations(loaded, seq)
    return Drop(seq, loaded["kind"] == "FULL", loaded["baseSeq"], _read_tables(loaded["tables"]))


def _load(schema: Schema, wire: Wire, what: str) -> dict[str, Any]:
    try:
        return dict(schema.load(wire))  # type: ignore[arg-type]
    except ValidationError as error:
        names = ", ".join(map(str, error.messages if isinstance(error.messages, dict) else ["_schema"]))
        raise BytesRefused(f"{what} is not as the guide has it: {names}", code=NOT_WELL_FORMED) from error


def _check_version(version: str) -> None:
    if version.partition(".")[0] != MAJOR_VERSION:
        raise FeedChanged(f"GobizKOREA sends feed version {version[:20]}; this reader knows 2.x", code="VERSION")


def _check_declarations(loaded: Mapping[str, Any], seq: int) -> None:
    if loaded["seq"] != seq or loaded["kind"] not in ("FULL", "DELTA"):
        raise BytesRefused(f"the manifest of drop {seq} speaks of another drop", code=NOT_WELL_FORMED)
    if loaded["encoding"].upper() != "CP949":
        raise BytesRefused(f"drop {seq} declares the encoding {loaded['encoding'][:20]}", code=ENCODING_INVALID)
    if loaded["lineEnd"].upper() != "CRLF":
        raise BytesRefused(f"drop {seq} declares the line end {loaded['lineEnd'][:20]}", code=NOT_WELL_FORMED)


def _read_tables(tables: Mapping[str, Any]) -> dict[str, DropTable]:
    missing = COLUMNS.keys() - tables.keys()
    if missing:
        raise FeedChanged(f"GobizKOREA's manifest lacks the table {', '.join(sorted(missing))}", code="TABLE_MISSING")
    return {name: _read_table(name, tables[name]) for name in COLUMNS}


def _read_table(name: str, loaded: Mapping[str, Any]) -> DropTable:
    columns = tuple(loaded["columns"])
    missing = REQUIRED_COLUMNS[name] - set(columns)
    if missing:
        text = f"GobizKOREA's table {name} lacks the column {', '.join(sorted(missing))}"
        raise FeedChanged(text, code="COLUMN_MISSING")
    if len(set(columns)) != len(columns):
        raise BytesRefused(f"table {name} names a column twice", code=NOT_WELL_FORMED)
    return DropTable(name, columns, loaded["rows"], tuple(Part(**part) for part in loaded["parts"]))
