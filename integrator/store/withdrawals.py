"""Disappearances: each has a row that proves it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import Connection, insert, select

from integrator.store.database import chunks
from integrator.store.tables import withdrawal


class WithdrawalKind(StrEnum):
    """How a listing ended."""

    EXPLICIT = "explicit"
    ABSENCE = "absence"
    REUSED = "reused"


@dataclass(frozen=True, slots=True)
class Proof:
    """Why one listing is gone. `evidence` is plain JSON; `said_at` in it is the platform's own time, POSIX seconds."""

    listing_key: int
    kind: WithdrawalKind
    reason: str
    evidence: dict[str, str | int | float | None]
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
