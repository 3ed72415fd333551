"""Outbox to index: a row leaves on its own acknowledgement, unchanged documents are not written, drift is found."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

import msgspec
import pytest
from sqlalchemy import func, select, update

from integrator.errors import IndexUnavailable
from integrator.listing import Hs, HsState
from integrator.ports import Ack, DocumentVersion, IndexDocument
from integrator.product import Product
from integrator.publish.document import Draft, make_document
from integrator.publish.publisher import Published, Publishing, publish
from integrator.publish.rebuild import queue_drift, rebuild, verify
from integrator.store.outbox import load_contents
from integrator.store.tables import meta, outbox
from tests.fakes.shop import Shop, make_listing

HS = Hs(HsState.EXACT6, "330499", "330499")


class Ledger:
    """An index that only remembers; it refuses what it is told to, and forgets to answer for others."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[DocumentVersion, str]] = {}
        self.refuses: set[str] = set()
        self.silent: set[str] = set()
        self.is_down = False
        self.loses_answers = False
        self.writes = 0

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        acks = [ack for each in documents for ack in self._take(each.product_id, each.version, each.digest)]
        if self.loses_answers:
            raise IndexUnavailable("The index did not reply.")
        return acks

    def drop(self, drops: Sequence[tuple[str, DocumentVersion]]) -> list[Ack]:
        return [ack for product_id, version in drops for ack in self._take(product_id, version, None)]

    def commit(self) -> None:
        return

    def digests(self) -> Iterator[tuple[str, DocumentVersion, str]]:
        yield from ((name, *self.rows[name]) for name in sorted(self.rows))

    @contextmanager
    def rebuild(self) -> Iterator[Self]:
        fresh = type(self)()
        fresh.refuses = self.refuses
        yield fresh
        self.rows = fresh.rows

    def _take(self, product_id: str, version: DocumentVersion, digest: str | None) -> list[Ack]:
        if self.is_down:
            raise IndexUnavailable("The index does not answer.")
        if product_id in self.silent:
            return []
        if product_id in self.refuses:
            return [Ack(product_id, False, "too long")]
        self.writes += 1
        old = self.rows.get(product_id)
        if old is None or (old[0].epoch, old[0].sequence) <= (version.epoch, version.sequence):
            if digest is None:
                self.rows.pop(product_id, None)
            else:
                self.rows[product_id] = (version, digest)
        return [Ack(product_id, True)]


@pytest.fixture
def index() -> Ledger:
    return Ledger()


def stock(shop: Shop) -> dict[str, Draft]:
    """Three products worked out, and their documents."""
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    for number, title in enumerate(("Face Cream 50ml", "Lip Tint Rose", "Sheet Mask 25ml x 10")):
        shop.listing(make_listing("buykorea", str(number), "1", title, hs=HS))
    drafts: dict[str, Draft] = {}
    shop.resolve(offer=drafts.update)
    return drafts


def waiting(shop: Shop) -> int:
    with shop.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(outbox)).scalar_one())


def test_everything_that_waits_is_told_and_leaves(shop: Shop, index: Ledger) -> None:
    stock(shop)
    assert publish(shop.database, index, batch=2) == Published(3, 0)
    assert waiting(shop) == 0
    assert verify(shop.database, index).count == 0


def test_an_unchanged_product_is_not_written_again(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    shop.listing(make_listing("buykorea", "0", "1", "Face Cream 50ml", hs=HS))
    shop.resolve()
    assert publish(shop.database, index) == Published(0, 0)


def test_a_changed_product_alone_is_written(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
    shop.resolve()
    assert publish(shop.database, index) == Published(1, 0)


def test_a_change_taken_back_before_publishing_is_told_again_as_an_answer_may_be_lost(
    shop: Shop, index: Ledger
) -> None:
    stock(shop)
    publish(shop.database, index)
    for title in ("Face Cream Aloe 50ml", "Face Cream 50ml"):
        shop.listing(make_listing("buykorea", "0", "1", title, hs=HS))
        shop.resolve()
    assert publish(shop.database, index) == Published(1, 0)
    assert (waiting(shop), verify(shop.database, index).count) == (0, 0)


def test_a_withdrawn_product_is_taken_out(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    gone = shop.product_of("buykorea:1")
    shop.withdraw("buykorea", "1")
    shop.resolve()
    assert publish(shop.database, index) == Published(1, 0)
    assert gone not in index.rows


def test_a_product_that_leaves_before_an_answer_came_is_taken_out_all_the_same(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.loses_answers = True
    with pytest.raises(IndexUnavailable):
        publish(shop.database, index)
    index.loses_answers = False
    shop.withdraw("buykorea", "1")
    shop.resolve()
    assert publish(shop.database, index) == Published(3, 0)
    assert (waiting(shop), verify(shop.database, index).count) == (0, 0)


def test_a_hidden_listing_leaves_the_index(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    shop.listing(make_listing("buykorea", "1", "1", "Lip Tint Rose", hs=HS, visible=False))
    shop.resolve()
    publish(shop.database, index)
    assert len(index.rows) == 2


def test_a_row_without_an_answer_of_its_own_stays(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.silent = {shop.product_of("buykorea:0")}
    assert publish(shop.database, index) == Published(2, 0)
    assert waiting(shop) == 1
    index.silent = set()
    assert publish(shop.database, index) == Published(1, 0)


def test_a_refused_document_is_tried_five_times_and_then_set_aside(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.refuses = {shop.product_of("buykorea:0")}
    counts = [publish(shop.database, index).refused for _ in range(6)]
    assert counts == [1, 1, 1, 1, 1, 0]
    with shop.database.read() as connection:
        row = connection.execute(select(outbox)).one()
    assert (row.set_aside, row.refusal) == (True, "too long")


def test_a_change_gives_what_was_set_aside_another_chance(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.refuses = {shop.product_of("buykorea:0")}
    for _ in range(5):
        publish(shop.database, index)
    index.refuses = set()
    shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
    shop.resolve()
    assert publish(shop.database, index) == Published(1, 0)


def test_nothing_leaves_while_the_index_is_away(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.is_down = True
    with pytest.raises(IndexUnavailable):
        publish(shop.database, index)
    assert waiting(shop) == 3


def test_versions_rise_and_carry_the_epoch(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    before = dict(index.rows)
    with shop.database.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "epoch").values(value="2"))
    shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
    shop.resolve()
    publish(shop.database, index)
    changed = shop.product_of("buykorea:0")
    assert (before[changed][0].epoch, index.rows[changed][0].epoch) == (1, 2)
    assert index.rows[changed][0].sequence > max(version.sequence for version, _ in before.values())


def test_drift_of_each_kind_is_found_and_mended(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    missing, differing, _ = sorted(index.rows)
    del index.rows[missing]
    index.rows[differing] = (index.rows[differing][0], "another")
    index.rows["pzzz"] = (DocumentVersion(0, 1), "surplus")
    drift = verify(shop.database, index)
    assert (drift.missing, drift.differing, drift.surplus) == ((missing,), (differing,), ("pzzz",))
    assert queue_drift(shop.database, index) == 3
    publish(shop.database, index)
    assert verify(shop.database, index).count == 0


def test_a_rebuilt_index_holds_every_visible_product(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    index.rows = {"pold": (DocumentVersion(9, 9), "from another world")}
    done = rebuild(shop.database, index, batch=2)
    assert (done.documents, done.refused) == (3, 0)
    assert verify(shop.database, index).count == 0
    assert publish(shop.database, index) == Published(0, 0)


def test_what_waited_during_a_rebuild_is_told_to_the_new_index(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publish(shop.database, index)
    shop.withdraw("buykorea", "1")
    shop.resolve()
    rebuild(shop.database, index)
    assert len(index.rows) == 2
    assert (waiting(shop), verify(shop.database, index).count) == (0, 0)


def publish_with(shop: Shop, index: Ledger, drafts: dict[str, Draft]) -> Published:
    publishing = Publishing(shop.database, index)
    publishing.put(10, drafts)
    return publishing.finish()


def test_a_product_that_leaves_between_its_put_and_the_commit_is_taken_out(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publishing = Publishing(shop.database, index)
    publishing.put()
    gone = shop.product_of("buykorea:1")
    shop.withdraw("buykorea", "1")
    shop.resolve()
    publishing.put()
    assert publishing.finish() == Published(4, 0)
    assert gone not in index.rows
    assert (waiting(shop), verify(shop.database, index).count) == (0, 0)


def test_nothing_leaves_before_the_commit(shop: Shop, index: Ledger) -> None:
    stock(shop)
    publishing = Publishing(shop.database, index)
    assert publishing.put() == 3
    assert waiting(shop) == 3
    publishing.finish()
    assert waiting(shop) == 0


def test_a_walk_asks_each_row_once(shop: Shop, index: Ledger) -> None:
    stock(shop)
    index.refuses = {shop.product_of("buykorea:0")}
    publishing = Publishing(shop.database, index)
    while publishing.put(1):
        pass
    assert publishing.finish() == Published(2, 1)


def test_a_handed_over_document_is_the_one_that_would_be_made(shop: Shop, index: Ledger) -> None:
    drafts = stock(shop)
    assert len(drafts) == 3
    assert publish_with(shop, index, dict(drafts)) == Published(3, 0)
    assert verify(shop.database, index).count == 0
    with shop.database.read() as connection:
        contents = load_contents(connection, sorted(drafts))
    for product_id, content in contents.items():
        version = DocumentVersion(1, 7)
        made = make_document(msgspec.json.decode(content, type=Product), version)
        assert drafts[product_id].at(version) == made


def test_a_handed_over_document_that_is_out_of_date_is_not_used(shop: Shop, index: Ledger) -> None:
    old = stock(shop)
    shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
    shop.withdraw("buykorea", "1")
    shop.resolve()
    changed = shop.product_of("buykorea:0")
    assert publish_with(shop, index, dict(old)) == Published(3, 0)
    assert index.rows[changed][1] != old[changed].digest
    assert verify(shop.database, index).count == 0
