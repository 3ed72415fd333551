"""Decided pairs with their receipts, and what people judged."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select

from integrator.product import Receipt
from integrator.resolve.judgements import Judgement
from integrator.store.database import chunks, insert_for
from integrator.store.prepared import Prepared
from integrator.store.tables import edge, judgement

_EDGE = ("kind", "left", "right", "seller_id", "verdict", "score", "release", "receipt", "decided_at")
_delete_edge = Prepared(
    delete(edge).where(
        edge.c.kind == bindparam("k"),
        edge.c.left == bindparam("l"),
        edge.c.right == bindparam("r"),
        edge.c.seller_id == bindparam("of"),
    ),
    "k", "l", "r", "of",
)  # fmt: skip


def replace_edges(
    connection: Connection, kind: str, edges: Iterable[tuple[str, Receipt]], sellers: Iterable[str], *, now: float
) -> int:
    """These are all edges of these sellers now: (seller id, receipt) pairs. An unchanged edge keeps its day."""
    gone: dict[tuple[str, str, str], bytes] = {}
    for piece in chunks(sorted(set(sellers))):
        # By seller alone: asked for the kind too, a planner without statistics walks every edge of it.
        wanted = select(edge.c.left, edge.c.right, edge.c.seller_id, edge.c.receipt, edge.c.kind)
        rows_of = connection.execute(wanted.where(edge.c.seller_id.in_(piece))).all()
        gone.update(((row[0], row[1], row[2]), row[3]) for row in rows_of if row[4] == kind)
    rows = []
    count = 0
    for seller_id, each in edges:
        body = msgspec.json.encode(each)
        count += 1
        if gone.pop((each.left, each.right, seller_id), None) != body:
            rows.append((kind, each.left, each.right, seller_id, each.verdict, each.score, each.release, body, now))
    _delete_edge.many(connection, [(kind, *place) for place in gone])
    # A pair whose accounts moved may still stand under their former seller.
    statement = insert_for(connection, edge).values({name: bindparam(name) for name in _EDGE})
    news = {name: statement.excluded[name] for name in _EDGE[3:]}
    statement = statement.on_conflict_do_update(index_elements=[edge.c.kind, edge.c.left, edge.c.right], set_=news)
    Prepared(statement, *_EDGE).many(connection, rows)
    return count


def add_judgement(connection: Connection, new: Judgement) -> None:
    """Keep what a person said."""
    values = {name: getattr(new, name) for name in ("kind", "left", "right", "verdict", "by", "reason", "at")}
    connection.execute(insert(judgement).values(**values))


def load_judgements(connection: Connection, kind: str, things: Iterable[str]) -> list[Judgement]:
    """Judgements on pairs that touch any of these ('platform:id'), in the order they were made."""
    found: dict[int, Judgement] = {}
    for piece in chunks(sorted(set(things))):
        for side in (judgement.c.left, judgement.c.right):
            for row in connection.execute(select(judgement).where(judgement.c.kind == kind, side.in_(piece))):
                found[row.id] = Judgement(row.kind, row.left, row.right, row.verdict, row.by, row.reason, row.at)
    return [found[number] for number in sorted(found)]


def has_judgements(connection: Connection, kind: str) -> bool:
    """Whether anybody ever judged anything of this kind: the usual day skips looking them up."""
    return connection.execute(select(judgement.c.id).where(judgement.c.kind == kind).limit(1)).first() is not None
