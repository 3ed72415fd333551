"""The ledger of ids: who was given one, what it leads to now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, insert, select, update

from integrator.store.database import chunks
from integrator.store.prepared import Prepared
from integrator.store.tables import ledger


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One id ever given."""

    id: str
    founder: str
    minted_at: float
    leads_to: str | None
    retired_at: float | None


def load_ledger(connection: Connection, ids: Iterable[str]) -> dict[str, LedgerRow]:
    """What the ledger knows of these ids."""
    found: dict[str, LedgerRow] = {}
    columns = (ledger.c.id, ledger.c.founder, ledger.c.minted_at, ledger.c.leads_to, ledger.c.retired_at)
    for piece in chunks(sorted(set(ids))):
        found.update(
            (row[0], LedgerRow(*row)) for row in connection.execute(select(*columns).where(ledger.c.id.in_(piece)))
        )
    return found


_mint = Prepared(
    insert(ledger).values({name: bindparam(name) for name in ("id", "kind", "founder", "minted_at")}),
    "id", "kind", "founder", "minted_at",
)  # fmt: skip


def write_minted(connection: Connection, kind: str, founders: Mapping[str, str], *, now: float) -> None:
    """New ids with their founders."""
    _mint.many(connection, [(each, kind, founder, now) for each, founder in founders.items()])


def revive(connection: Connection, ids: Iterable[str]) -> None:
    """Ids that had ended, leading nowhere, live again with their own founder."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(update(ledger).where(ledger.c.id.in_(piece)).values(retired_at=None))


def redirect(connection: Connection, leads: Mapping[str, str], *, now: float) -> None:
    """Retire ids in favour of others; whatever led to them leads on in one hop."""
    for old, new in sorted(leads.items()):
        connection.execute(update(ledger).where(ledger.c.id == old).values(leads_to=new, retired_at=now))
        connection.execute(update(ledger).where(ledger.c.leads_to == old).values(leads_to=new))


def retire(connection: Connection, ids: Iterable[str], *, now: float) -> None:
    """Ids whose things have ended without a successor."""
    for piece in chunks(sorted(set(ids))):
        connection.execute(update(ledger).where(ledger.c.id.in_(piece)).values(retired_at=now))
