"""What resolving came to, written: products with their ids, edges, and what the index must be told."""

from collections.abc import Mapping

from sqlalchemy import Connection

from integrator.ports import Clock
from integrator.publish.document import Draft
from integrator.resolve.crew import Done
from integrator.resolve.ids import PRODUCT, mint
from integrator.resolve.pieces import Piece, Tally
from integrator.resolve.work import Made, renamed
from integrator.store import ledger, outbox, products
from integrator.store.database import CATALOGUE, Database
from integrator.store.edges import replace_edges
from integrator.store.sellers import find_overtaken, settle_sellers, unsettle_sellers


def keep(database: Database, piece: Piece, done: Done, clock: Clock, tally: Tally) -> Mapping[str, Draft]:
    """One transaction: products, ids, edges, outbox, and that these sellers are settled.

    Gives the documents of the visible products among them. Where another process has kept one of these sellers
    meanwhile, what came out of the older state is dropped, and they are worked out again.
    """
    tally.failures.update(done.failures)
    if not done.outcomes:
        return {}
    now = clock.now().timestamp()
    sellers = [outcome.seller_id for outcome in done.outcomes]
    with database.write(CATALOGUE) as connection:
        if find_overtaken(connection, piece.settled):
            unsettle_sellers(connection, piece.settled)
            tally.overtaken.update(piece.settled)
            return {}
        made, minted = _named(
            connection, [(outcome.seller_id, each) for outcome in done.outcomes for each in outcome.products], now
        )
        before = products.find_products_of(connection, sellers)
        products.save_products(
            connection,
            [
                products.ProductRow(
                    m.id, seller_id, m.visible, m.heading, m.content, bytes.fromhex(m.draft.digest), m.made_from
                )
                for seller_id, m in made
            ],
            [(key, m.id) for _, m in made for key in m.keys],
            now=now,
        )
        retired = {old: m.id for _, m in made for old in m.retired if old != m.id}
        made_now = {m.id for _, m in made}
        unchanged = {product_id for outcome in done.outcomes for product_id in outcome.unchanged}
        _end_products(connection, before, made_now | unchanged, retired, now)
        products.drop_gone_listings(connection, made_now & before.keys())
        edges = [(outcome.seller_id, receipt) for outcome in done.outcomes for receipt in outcome.receipts]
        tally.edges += replace_edges(connection, PRODUCT, edges, sellers, now=now)
        digests = {m.id: m.draft.digest if m.visible else None for _, m in made}
        outbox.enqueue(connection, digests, unheard=minted, now=now)
        settle_sellers(connection, {each: piece.digests[each] for each in sellers})
    tally.products += len(made) + len(unchanged)
    return {m.id: m.draft for _, m in made if m.visible}


def _named(
    connection: Connection, made: list[tuple[str, Made]], now: float
) -> tuple[list[tuple[str, Made]], dict[str, str]]:
    """The same products, with ids that nothing else ever had; and the ids minted for them, now in the ledger."""
    known = ledger.load_ledger(connection, [m.id for _, m in made if m.fresh])
    taken = {m.id for _, m in made if not m.fresh}
    minted: dict[str, str] = {}
    revived: list[str] = []
    named = []
    for seller_id, m in made:
        wanted, turn = m.id, 0
        while m.fresh and not _is_free(wanted, known, taken):
            turn += 1
            wanted = mint(PRODUCT, m.founder, turn)
            known.update(ledger.load_ledger(connection, [wanted]))
        if m.fresh:
            taken.add(wanted)
            if wanted in known:
                revived.append(wanted)
            else:
                minted[wanted] = m.founder
        named.append((seller_id, renamed(m, wanted) if wanted != m.id else m))
    ledger.write_minted(connection, PRODUCT, minted, now=now)
    ledger.revive(connection, revived)
    return named, minted


def _is_free(wanted: str, known: dict[str, ledger.LedgerRow], taken: set[str]) -> bool:
    """Never given, or ended without a successor: an id derives from its founder, so it is the same thing again."""
    row = known.get(wanted)
    return wanted not in taken and (row is None or (row.retired_at is not None and row.leads_to is None))


def _end_products(
    connection: Connection, before: dict[str, tuple[str, bool]], after: set[str], retired: dict[str, str], now: float
) -> None:
    """Ids that lead elsewhere lose their row; products that nobody lists any more stay as a page without offers."""
    ledger.redirect(connection, retired, now=now)
    products.delete_products(connection, retired)
    ended = before.keys() - after - retired.keys()
    held = products.count_members(connection, ended)
    gone = [each for each in ended if not held.get(each)]
    products.hide_products(connection, gone, now=now)
    ledger.retire(connection, gone, now=now)
    outbox.enqueue(connection, dict.fromkeys([*retired, *gone]), now=now)
