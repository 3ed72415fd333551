"""Disappearances: each has a row that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, bindparam, exists, func, insert, select, update

from integrator.store.database import chunks
from integrator.store.listings import ListingState
from integrator.store.tables import listing, run, version, withdrawal


class WithdrawalKind(StrEnum):
    """How a listing disappeared. `hidden`: it is there, but we show it no more."""

    EXPLICIT = "explicit"
    ABSENCE = "absence"
    REUSED = "reused"
    HIDDEN = "hidden"


# Plain JSON; `said_at` in it is the platform's own time, POSIX seconds.
Evidence = dict[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class Proof:
    """Why one listing is gone."""

    listing_key: int
    kind: WithdrawalKind
    reason: str
    evidence: Evidence
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class LastWithdrawal:
    """What the newest proof of a listing says: its kind, and the time the platform gave for it."""

    kind: WithdrawalKind
    said_at: float | None


def save_proofs(connection: Connection, proofs: Sequence[Proof], *, run: int, now: float) -> None:
    """Write down why these are gone."""
    rows = [
        {
            "listing_key": proof.listing_key,
            "run": run,
            "kind": proof.kind.value,
            "reason": proof.reason,
            "evidence": msgspec.json.encode(proof.evidence).decode(),
            "merged_into": proof.merged_into,
            "at": now,
        }
        for proof in proofs
    ]
    if rows:
        connection.execute(insert(withdrawal), rows)


def find_last_withdrawals(connection: Connection, keys: Sequence[int]) -> dict[int, LastWithdrawal]:
    """The newest proof of each listing that has one."""
    found: dict[int, LastWithdrawal] = {}
    for piece in chunks(keys):
        wanted = (
            select(withdrawal.c.listing_key, withdrawal.c.kind, withdrawal.c.evidence)
            .where(withdrawal.c.listing_key.in_(piece))
            .order_by(withdrawal.c.id)
        )
        for row in connection.execute(wanted):
            said_at = msgspec.json.decode(row.evidence).get("said_at")
            found[row.listing_key] = LastWithdrawal(WithdrawalKind(row.kind), said_at)
    return found


def count_withdrawn(connection: Connection, run_id: int) -> dict[str, int]:
    """How many listings that buyers saw this run has taken out of sight so far, by account; none of what we hid."""
    believed = [WithdrawalKind.EXPLICIT.value, WithdrawalKind.ABSENCE.value]
    wanted = (
        select(listing.c.account_id, func.count())
        .select_from(withdrawal)
        .join(listing, listing.c.key == withdrawal.c.listing_key)
        .join(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(withdrawal.c.run == run_id, withdrawal.c.kind.in_(believed), withdrawal.c.undone_at.is_(None))
        .where(version.c.visible)
        .group_by(listing.c.account_id)
    )
    return {row[0]: row[1] for row in connection.execute(wanted)}


# Undoing -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disappeared:
    """A disappearance that a run wrote, beside the listing as it is now. `is_last`: no later proof speaks of it."""

    id: int
    key: int
    platform: str
    external_id: str
    account_id: str
    state: str
    hidden_reason: str | None
    kind: WithdrawalKind
    at: float
    is_last: bool
    content: bytes | None


def find_platform(connection: Connection, run_id: int) -> str | None:
    """The platform that a run was about; None: there is no such run."""
    found: str | None = connection.execute(select(run.c.platform).where(run.c.id == run_id)).scalar()
    return found


def list_disappeared(connection: Connection, run_id: int, *, after: int, limit: int) -> list[Disappeared]:
    """What a run took out of sight and nobody has brought back, in its order after this number."""
    later = withdrawal.alias("later")
    is_last = ~exists().where(later.c.listing_key == withdrawal.c.listing_key, later.c.id > withdrawal.c.id)
    wanted = (
        select(
            withdrawal.c.id, listing.c.key, listing.c.platform, listing.c.external_id, listing.c.account_id,
            listing.c.state, listing.c.hidden_reason, withdrawal.c.kind, withdrawal.c.at, is_last, version.c.content,
        )
        .join(listing, listing.c.key == withdrawal.c.listing_key)
        .outerjoin(version, (version.c.listing_key == listing.c.key) & (version.c.version == listing.c.version))
        .where(withdrawal.c.run == run_id, withdrawal.c.undone_at.is_(None), withdrawal.c.id > after)
        .order_by(withdrawal.c.id)
        .limit(limit)
    )  # fmt: skip
    found = []
    for row in connection.execute(wanted):
        number, key, platform, external_id, account_id, state, hidden_reason, kind, at, last, content = row
        kind = WithdrawalKind(kind)
        found.append(
            Disappeared(
                number, key, platform, external_id, account_id, state, hidden_reason, kind, at, bool(last), content
            )
        )
    return found


def bring_back(
    connection: Connection, back: Sequence[tuple[Disappeared, bool]], *, by: str, reason: str, now: float
) -> None:
    """These live again, each shown or not as the pair says; a person keeps them although they are absent."""
    if not back:
        return
    here = (listing.c.key == bindparam("of")) & (listing.c.state == ListingState.WITHDRAWN.value)
    lives = update(listing).where(here).values(state=ListingState.LIVE.value, visible=bindparam("shown"), kept_at=now)
    connection.execute(lives, [{"of": each.key, "shown": shown} for each, shown in back])
    undone = {"undone_at": now, "undone_by": by, "undone_reason": reason}
    ids = [each.id for each, _ in back]
    connection.execute(update(withdrawal).where(withdrawal.c.id.in_(ids)).values(undone))
