"""Records that could not be used, remembered by fingerprint; and what no table of ours knows."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from integrator.errors import Reason
from integrator.record import Kind
from integrator.store.database import chunks, insert_for
from integrator.store.tables import rejection, unknown


@dataclass(frozen=True, slots=True)
class KnownRejection:
    """A record that was rejected before."""

    fingerprint: bytes
    parser_version: int
    resolved: bool


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record that cannot be used, with every reason."""

    kind: Kind
    external_id: str
    fingerprint: bytes
    parser_version: int
    raw: bytes
    reasons: tuple[Reason, ...]
    page: str
    offset: int


def find_rejections(
    connection: Connection,
    platform: str,
    kind: Kind,
    external_ids: Sequence[str],
    *,
    nameless: Sequence[bytes] = (),
) -> dict[str, list[KnownRejection]]:
    """What was rejected before under these ids; of records without a readable id ("") those with these fingerprints."""
    columns = (rejection.c.external_id, rejection.c.fingerprint, rejection.c.parser_version, rejection.c.resolved_at)
    of_kind = select(*columns).where(rejection.c.platform == platform, rejection.c.kind == kind.value)
    by_id = of_kind.where(rejection.c.external_id.in_(bindparam("values", expanding=True)))
    by_print = of_kind.where(
        rejection.c.external_id == "", rejection.c.fingerprint.in_(bindparam("values", expanding=True))
    )
    found: dict[str, list[KnownRejection]] = {}
    for statement, values in ((by_id, [each for each in external_ids if each]), (by_print, list(nameless))):
        for piece in chunks(values):
            for row in connection.execute(statement, {"values": piece}):
                found.setdefault(row[0], []).append(KnownRejection(row[1], row[2], row[3] is not None))
    return found


def save_rejections(
    connection: Connection, platform: str, rejected: Iterable[Rejected], *, run: int, now: float
) -> None:
    """Remember what was rejected; the same record again only moves its last run and day."""
    rows = [
        {
            "platform": platform,
            "kind": each.kind.value,
            "external_id": each.external_id,
            "fingerprint": each.fingerprint,
            "parser_version": each.parser_version,
            "raw": each.raw,
            "code": each.reasons[0].code,
            "reasons": msgspec.json.encode(each.reasons).decode(),
            "page": each.page,
            "offset": each.offset,
            "first_run": run,
            "last_run": run,
            "first_at": now,
            "last_at": now,
        }
        for each in rejected
    ]
    if not rows:
        return
    statement = insert_for(connection, rejection)
    again = ("parser_version", "raw", "code", "reasons", "page", "offset", "last_run", "last_at")
    statement = statement.on_conflict_do_update(
        index_elements=[
            rejection.c.platform, rejection.c.kind, rejection.c.external_id, rejection.c.fingerprint,
        ],
        set_={**{name: statement.excluded[name] for name in again}, "resolved_at": None},
    )  # fmt: skip
    connection.execute(statement, rows)


def repeat_rejections(
    connection: Connection, platform: str, kind: Kind, again: Iterable[tuple[str, bytes]], *, run: int, now: float
) -> None:
    """The same unusable records came again: (id, fingerprint) pairs."""
    rows = [{"of_id": external_id, "of_print": fingerprint} for external_id, fingerprint in again]
    if rows:
        here = (
            (rejection.c.platform == platform)
            & (rejection.c.kind == kind.value)
            & (rejection.c.external_id == bindparam("of_id"))
            & (rejection.c.fingerprint == bindparam("of_print"))
        )
        connection.execute(update(rejection).where(here).values(last_run=run, last_at=now, resolved_at=None), rows)


def resolve_rejections(
    connection: Connection, platform: str, kind: Kind, external_ids: Iterable[str], *, now: float
) -> None:
    """A usable record of each of these ids came."""
    for piece in chunks(sorted(external_ids)):
        here = (
            (rejection.c.platform == platform)
            & (rejection.c.kind == kind.value)
            & rejection.c.external_id.in_(piece)
            & rejection.c.resolved_at.is_(None)
        )
        connection.execute(update(rejection).where(here).values(resolved_at=now))


@dataclass(frozen=True, slots=True)
class KeptRejection:
    """Where a rejected record is kept. Its listing's scope and number are not known any more."""

    id: int
    kind: Kind
    external_id: str
    fingerprint: bytes
    raw: bytes


def list_kept_rejections(connection: Connection, platform: str, *, after: int, limit: int) -> list[KeptRejection]:
    """Standing rejections after this number, in its order."""
    columns = (rejection.c.id, rejection.c.kind, rejection.c.external_id, rejection.c.fingerprint, rejection.c.raw)
    wanted = (
        select(*columns)
        .where(rejection.c.platform == platform, rejection.c.resolved_at.is_(None), rejection.c.id > after)
        .order_by(rejection.c.id)
        .limit(limit)
    )
    return [
        KeptRejection(row.id, Kind(row.kind), row.external_id, row.fingerprint, row.raw)
        for row in connection.execute(wanted)
    ]


def reopen_rejections(connection: Connection, numbers: Sequence[int], *, code: str) -> None:
    """Those of these that were rejected for this reason are as if no parser had read them."""
    for piece in chunks(numbers):
        here = rejection.c.id.in_(piece) & (rejection.c.code == code)
        connection.execute(update(rejection).where(here).values(parser_version=0))


def forget_rejections(connection: Connection, numbers: Iterable[int], *, now: float) -> None:
    """A replay read these after all."""
    for piece in chunks(sorted(numbers)):
        connection.execute(update(rejection).where(rejection.c.id.in_(piece)).values(resolved_at=now))


# Unknowns ------------------------------------------------------------------------------------------------------------

# A seller's text must not fill the table; what is longer than this was no code.
_VALUE_LIMIT = 120


def count_unknowns(
    connection: Connection,
    platform: str,
    counts: Mapping[tuple[str, str], int],
    *,
    examples: Mapping[tuple[str, str], str],
    run: int,
) -> None:
    """Add to the count of each (field, value) that nobody knows; `examples` names a record of each."""
    if not counts:
        return
    merged: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], str] = {}
    for (field, value), number in counts.items():
        # PostgreSQL's text holds no NUL; a person sees none either.
        short = (field, value[:_VALUE_LIMIT].replace("\0", "\ufffd"))
        merged[short] += number
        shown.setdefault(short, examples.get((field, value), ""))
    statement = insert_for(connection, unknown)
    statement = statement.on_conflict_do_update(
        index_elements=[unknown.c.platform, unknown.c.field, unknown.c.value],
        set_={"count": unknown.c.count + statement.excluded["count"], "last_run": statement.excluded.last_run},
    )
    rows = [
        {
            "platform": platform,
            "field": field,
            "value": value,
            "count": number,
            "example": shown[field, value],
            "first_run": run,
            "last_run": run,
        }
        for (field, value), number in sorted(merged.items())
    ]
    connection.execute(statement, rows)
