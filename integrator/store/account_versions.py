"""Versions of accounts: as those of listings (`store.versions`), of fewer columns.

An account has at most one version that waits: `account.pending` names it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from integrator.store.contacts import drop_contacts, of_accounts, release_contacts
from integrator.store.database import chunks
from integrator.store.prepared import Prepared
from integrator.store.tables import account, account_version
from integrator.store.versions import VersionState

IS_PENDING = (
    (account_version.c.platform == account.c.platform)
    & (account_version.c.external_id == account.c.external_id)
    & (account_version.c.version == account.c.pending)
)


@dataclass(frozen=True, slots=True)
class AccountVersion:
    """A version, ready to be written."""

    platform: str
    external_id: str
    version: int
    fingerprint: bytes
    parser_version: int
    raw: bytes
    content: bytes
    sequence: int


_VERSION = (*AccountVersion.__slots__, "run", "state", "created_at", "released_at")

_insert = Prepared(insert(account_version).values({name: bindparam(name) for name in _VERSION}), *_VERSION)


def add_versions(
    connection: Connection, versions: Iterable[AccountVersion], *, run: int, now: float, state: VersionState
) -> None:
    """Write versions, all in one state."""
    released_at = now if state is VersionState.RELEASED else None
    rows = [
        (
            each.platform, each.external_id, each.version, each.fingerprint, each.parser_version, each.raw,
            each.content, each.sequence, run, state.value, now, released_at,
        )
        for each in versions
    ]  # fmt: skip
    _insert.many(connection, rows)


def count_versions(connection: Connection, platform: str, external_ids: Sequence[str]) -> dict[str, int]:
    """The highest number given so far to a version of each of these accounts."""
    of_id = account_version.c.external_id
    found: dict[str, int] = {}
    for piece in chunks(external_ids):
        here = (account_version.c.platform == platform) & of_id.in_(piece)
        wanted = select(of_id, func.max(account_version.c.version)).where(here).group_by(of_id)
        found.update((row[0], row[1]) for row in connection.execute(wanted))
    return found


_HERE = (
    account_version.c.platform == bindparam("of"),
    account_version.c.external_id == bindparam("id"),
    account_version.c.version == bindparam("which"),
)

_supersede = Prepared(
    update(account_version).where(*_HERE).values(state=VersionState.SUPERSEDED.value, hold=None), "of", "id", "which"
)


def supersede(connection: Connection, waiting: Iterable[tuple[str, str, int | None]]) -> None:
    """Something newer came: (platform, id, number of the version that waited, or None)."""
    gone = [each for each in waiting if each[2] is not None]
    _supersede.many(connection, gone)
    drop_contacts(connection, of_accounts([each[:2] for each in gone]))


def take_over(connection: Connection, platform: str, external_ids: Sequence[str], *, run: int) -> None:
    """This run met what another wrote and has not released yet. What is held stays held."""
    for piece in chunks(external_ids):
        here = (account_version.c.platform == platform) & account_version.c.external_id.in_(piece)
        pending = here & (account_version.c.state == VersionState.PENDING.value)
        connection.execute(update(account_version).where(pending).values(run=run))


def find_left_pending(connection: Connection, platform: str, external_ids: Sequence[str], *, run: int) -> list[str]:
    """Those of these accounts that another run has left pending."""
    found: list[str] = []
    for piece in chunks(external_ids):
        wanted = (
            select(account.c.external_id)
            .join(account_version, IS_PENDING)
            .where(
                account.c.platform == platform,
                account.c.external_id.in_(piece),
                account_version.c.state == VersionState.PENDING.value,
                account_version.c.run != run,
            )
        )
        found.extend(connection.execute(wanted).scalars())
    return found


def inherit(connection: Connection, dead: Sequence[int], *, run: int) -> None:
    """What runs that never came to their end left pending is this run's."""
    for piece in chunks(dead):
        theirs = account_version.c.run.in_(piece) & (account_version.c.state == VersionState.PENDING.value)
        connection.execute(update(account_version).where(theirs).values(run=run))


# Releasing and holding -----------------------------------------------------------------------------------------------

_TAKEN_OVER = ("raw", "content")

_release_account = Prepared(
    update(account)
    .where(
        account.c.platform == bindparam("of"),
        account.c.external_id == bindparam("id"),
        account.c.pending == bindparam("number"),
    )
    .values(
        {name: bindparam(f"to_{name}") for name in _TAKEN_OVER}
        | {"version": bindparam("number"), "changed_at": bindparam("at"), "pending": None}
    ),
    *(f"to_{name}" for name in _TAKEN_OVER), "at", "of", "id", "number",
)  # fmt: skip

_release_version = Prepared(
    update(account_version)
    .where(*_HERE)
    .values(state=VersionState.RELEASED.value, released_at=bindparam("at"), hold=None),
    "at", "of", "id", "which",
)  # fmt: skip


def pending_in(run: int) -> ColumnElement[bool]:
    """The versions that a run left pending."""
    return and_(account_version.c.run == run, account_version.c.state == VersionState.PENDING.value)


def held_in(hold: int) -> ColumnElement[bool]:
    """The versions that wait in a hold."""
    return and_(account_version.c.hold == hold, account_version.c.state == VersionState.HELD.value)


def release_pending(connection: Connection, run: int, *, limit: int, now: float) -> list[str]:
    """Release up to `limit` of the versions that this run left pending; gives their accounts."""
    return _release(connection, pending_in(run), limit=limit, now=now)


def release_held(connection: Connection, hold: int, *, limit: int, now: float) -> list[str]:
    """Release up to `limit` of the versions that wait in this hold; gives their accounts."""
    return _release(connection, held_in(hold), limit=limit, now=now)


def _release(connection: Connection, which: ColumnElement[bool], *, limit: int, now: float) -> list[str]:
    columns = (account_version.c[name] for name in ("platform", "external_id", "version", *_TAKEN_OVER))
    wanted = select(*columns).join(account, IS_PENDING).where(which).limit(limit).with_for_update()
    rows = connection.execute(wanted).all()
    _release_account.many(connection, [(*row[3:], now, *row[:3]) for row in rows])
    _release_version.many(connection, [(now, *row[:3]) for row in rows])
    release_contacts(connection, of_accounts([(row[0], row[1]) for row in rows]))
    return [row[1] for row in rows]


def hold_pending(connection: Connection, run: int, hold: int) -> None:
    """Put what this run left pending into a hold."""
    values = {"state": VersionState.HELD.value, "hold": hold}
    connection.execute(update(account_version).where(pending_in(run)).values(values))


def judge_anew(connection: Connection, hold: int, external_ids: Sequence[str], *, run: int) -> None:
    """The versions of these accounts leave their hold: this run's guards decide about them."""
    values = {"state": VersionState.PENDING.value, "hold": None, "run": run}
    for piece in chunks(external_ids):
        here = held_in(hold) & account_version.c.external_id.in_(piece)
        connection.execute(update(account_version).where(here).values(values))


def has_pending(connection: Connection, run: int) -> bool:
    """Whether this run left any version pending."""
    return connection.execute(select(account_version.c.version).where(pending_in(run)).limit(1)).first() is not None


def count_pending(connection: Connection, run: int) -> int:
    """How many versions of accounts this run left pending."""
    return int(
        connection.execute(select(func.count()).select_from(account_version).where(pending_in(run))).scalar_one()
    )


def refuse_held(connection: Connection, hold: int) -> int:
    """A person refuses what waits in a hold: the accounts stay as they are shown; gives how many."""
    columns = (account_version.c.platform, account_version.c.external_id)
    rows = connection.execute(select(*columns).where(held_in(hold))).all()
    drop_contacts(connection, of_accounts([(row[0], row[1]) for row in rows]))
    here = (account.c.platform == bindparam("of")) & (account.c.external_id == bindparam("id"))
    if rows:
        clear = update(account).where(here).values(pending=None)
        connection.execute(clear, [{"of": row[0], "id": row[1]} for row in rows])
    values = {"state": VersionState.REJECTED.value, "hold": None}
    connection.execute(update(account_version).where(held_in(hold)).values(values))
    return len(rows)
