"""The values of one listing as they are shown, each traced to the kept record that it was read from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import RowMapping

from integrator.errors import BytesRefused, RejectedRecord
from integrator.explain.fields import FieldTrace, flatten, name_field, trace_fields
from integrator.explain.standing import Standing, stand_at, stand_now
from integrator.listing import Account, Detail, Listing
from integrator.ports import Connector, Parsed
from integrator.record import Kind, Record
from integrator.store.archive import ArchiveReader, Kept
from integrator.store.database import Database
from integrator.store.traces import Traces, find_traces

_decode_listing = msgspec.json.Decoder(Listing).decode
_decode_detail = msgspec.json.Decoder(Detail).decode
_decode_account = msgspec.json.Decoder(Account).decode


@dataclass(frozen=True, slots=True)
class Read:
    """A record that values were read from: its kind, what it was read as, where it stood, when it was kept."""

    kind: str  # listing, detail, account
    name: str  # "version 2", "detail", "account C0001234A"
    raw: str  # its name in the archive
    page: str = ""
    offset: int = 0
    problem: str = ""  # why its values cannot be traced; "" when they can


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is stored and shown. `today`: what today's parser reads instead, when that is something else."""

    traced: FieldTrace
    read: Read
    today: object = None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A stored statement and the kept record that made it."""

    kind: str
    name: str
    raw: bytes
    said: Listing | Detail | Account
    scope: str | None = None
    sequence: int = 0


def trace_values(
    database: Database, connector: Connector, external_id: str, *, as_of: float | None = None
) -> list[Value]:
    """Every value of the released version, of its detail and of its account. Raises UnknownListing."""
    with database.read() as connection:
        rows = find_traces(connection, connector.platform, external_id)
        standing = stand_now(rows) if as_of is None else stand_at(rows, as_of)
        versions = _find_versions(rows, standing)
        others = list(_find_others(rows, versions[0], standing, as_of)) if versions else []
        kept = ArchiveReader().find(connection, {each.raw for each in (*versions, *others)})
    traced = [_trace(connector, each, kept.get(each.raw)) for each in versions]
    values = list(_unmask(versions, traced)) if versions else []
    values += [value for each in others for value in _trace(connector, each, kept.get(each.raw)).values()]
    return values


def _find_versions(rows: Traces, standing: Standing) -> list[_Stored]:
    """The version shown; what a scope masked in it was kept from those behind it, back to one that masked nothing."""
    found = []
    for row in reversed(rows.versions):
        if row["listing_key"] != _key(rows, standing) or row["released_at"] is None:
            continue
        if standing.version is not None and row["version"] <= standing.version:
            said = _decode_listing(row["content"])
            found.append(
                _Stored("listing", f"version {row['version']}", row["raw"], said, said.scope, row["sequence"] or 0)
            )
            if not said.masked:
                break
    return found


def _key(rows: Traces, standing: Standing) -> int | None:
    return next((row["key"] for row in rows.listings if row["generation"] == standing.generation), None)


def _find_others(rows: Traces, shown: _Stored, standing: Standing, as_of: float | None) -> Iterator[_Stored]:
    """Its detail, and the account that this version names."""
    for each in rows.details:
        if each["listing_key"] == _key(rows, standing) and (as_of is None or each["read_at"] <= as_of):
            yield _Stored("detail", "detail", each["raw"], _decode_detail(each["content"]))
    account_id = getattr(shown.said, "account_id", "")
    for each in rows.accounts:
        if each["external_id"] == account_id and (as_of is None or each["first_seen_at"] <= as_of):
            row = each if as_of is None else _account_at(rows, each, as_of)
            said = _decode_account(row["content"])
            yield _Stored("account", f"account {account_id}", row["raw"], said, said.scope)


def _account_at(rows: Traces, now: RowMapping, at: float) -> RowMapping:
    """Its version released last by then; the one there is now where no version was written down."""
    mine = (row for row in rows.account_versions if row["external_id"] == now["external_id"])
    released = [row for row in mine if row["released_at"] is not None and row["released_at"] <= at]
    return max(released, key=lambda row: int(row["version"]), default=now)


def _unmask(versions: Sequence[_Stored], traced: Sequence[dict[str, Value]]) -> Iterator[Value]:
    """The values of the first, those that it masks with the trace of the version they were kept from."""
    for name, value in traced[0].items():
        own = (values.get(name) for each, values in zip(versions, traced, strict=True) if not _masks(each, name))
        yield next((found for found in own if found is not None), value)


def _masks(stored: _Stored, name: str) -> bool:
    return name_field(name) in getattr(stored.said, "masked", ())


def _trace(connector: Connector, stored: _Stored, kept: Kept | None) -> dict[str, Value]:
    """The stored values by name, with the traces of a parse of today."""
    today, problem = _ask(connector, stored, kept)
    place = (kept.page, kept.offset) if kept is not None else ("", 0)
    read = Read(stored.kind, stored.name, stored.raw.hex(), *place, problem=problem)
    values = {}
    for name, value in flatten(stored.said).items():
        found = today.get(name) or FieldTrace(name, None, (), (), ())
        is_same = found.value == value or bool(problem)
        shown = FieldTrace(name, value, found.origins, found.rules, found.issues)
        values[name] = Value(shown, read, today=None if is_same else found.value)
    return values


def _ask(connector: Connector, stored: _Stored, kept: Kept | None) -> tuple[dict[str, FieldTrace], str]:
    if kept is None:
        return {}, "Its raw record is not kept any more."
    try:
        record = Record(
            platform=kept.platform,
            kind=kept.kind,
            external_id=kept.external_id,
            fields=connector.decode(kept.kind, kept.body),
            cut=lambda: kept.body,
            page=kept.page,
            offset=kept.offset,
            sequence=stored.sequence,
            scope=stored.scope,
        )
        of_list = stored.kind == Kind.LISTING.value
        found = trace_fields(connector, record, view=_list_part if of_list else lambda parsed: parsed)
    except BytesRefused as error:
        return {}, f"Its kept bytes cannot be read back: {error}"
    except RejectedRecord as error:
        return {}, f"Today's parser rejects its record: {error}"
    return {each.field: each for each in found}, ""


def _list_part(parsed: Parsed) -> object:
    """A version may come from a detail record, which repeats the list's part."""
    return parsed.listing if isinstance(parsed, Detail) else parsed
