"""A rebuilt index takes over only when it is the database's own, document for document, whoever writes meanwhile."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from integrator.errors import IndexUnavailable
from integrator.listing import Hs, HsState
from integrator.ports import Ack, IndexDocument, IndexWriter
from integrator.publish import document
from integrator.publish.publisher import Published, publish
from integrator.publish.rebuild import rebuild, verify
from integrator.store.tables import published
from search.memory import MemoryIndex
from tests.fakes.shop import Shop, make_listing

HS = Hs(HsState.EXACT6, "330499", "330499")
Tamper = Callable[[MemoryIndex], None]


class MovingIndex(MemoryIndex):
    """Something happens to it, or beside it, while it is rebuilt: when the first documents are in."""

    def __init__(self, happen: Tamper) -> None:
        super().__init__()
        self._happen = happen

    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        with super().rebuild() as fresh:
            assert isinstance(fresh, MemoryIndex)
            yield _Watched(fresh, self._happen)


class _Watched:
    def __init__(self, fresh: MemoryIndex, happen: Tamper) -> None:
        self._fresh = fresh
        self._happen: Tamper | None = happen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fresh, name)

    def put(self, documents: Sequence[IndexDocument]) -> list[Ack]:
        acks = self._fresh.put(documents)
        if self._happen is not None:
            happen, self._happen = self._happen, None
            happen(self._fresh)
        return acks


def stock(shop: Shop) -> None:
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    for number, title in enumerate(("Face Cream 50ml", "Lip Tint Rose", "Sheet Mask 25ml x 10")):
        shop.listing(make_listing("buykorea", str(number), "1", title, hs=HS))
    shop.resolve()


def lose_one(fresh: MemoryIndex) -> None:
    fresh._pending.popitem()


def keep_a_stranger(fresh: MemoryIndex) -> None:
    fresh._pending["pstranger"] = next(iter(fresh._pending.values()))


def alter_one(fresh: MemoryIndex) -> None:
    product_id, row = next(iter(fresh._pending.items()))
    assert row.prepared is not None
    fresh._pending[product_id] = type(row)(row.version, replace(row.prepared, digest="0" * 32))


@pytest.mark.parametrize("tamper", [lose_one, alter_one, keep_a_stranger])
def test_one_document_missing_altered_or_extra_is_enough_to_keep_the_old_index(shop: Shop, tamper: Tamper) -> None:
    stock(shop)
    index = MovingIndex(tamper)
    publish(shop.database, index)
    before = list(index.digests())

    with pytest.raises(IndexUnavailable, match="differs from the database in 1 documents"):
        rebuild(shop.database, index)

    assert list(index.digests()) == before


def test_what_others_publish_during_a_rebuild_is_in_the_new_index_and_known_as_told(shop: Shop) -> None:
    stock(shop)

    def publish_meanwhile(_: MemoryIndex) -> None:
        shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
        shop.withdraw("buykorea", "1")
        shop.listing(make_listing("buykorea", "7", "1", "Hand Cream Citron 30ml", hs=HS))
        shop.resolve()
        publish(shop.database, index)

    index = MovingIndex(publish_meanwhile)
    publish(shop.database, index)
    done = rebuild(shop.database, index)

    assert done.documents == 3
    assert verify(shop.database, index).count == 0
    assert publish(shop.database, index) == Published(0, 0)
    with shop.database.read() as connection:
        told = {row.product_id: row.digest for row in connection.execute(select(published)) if row.operation == "put"}
    assert told == {product_id: digest for product_id, _, digest in index.digests()}


def test_what_waits_at_the_end_of_a_rebuild_does_not_keep_it_from_taking_over(shop: Shop) -> None:
    stock(shop)

    def change_meanwhile(_: MemoryIndex) -> None:
        shop.listing(make_listing("buykorea", "0", "1", "Face Cream Aloe 50ml", hs=HS))
        shop.resolve()

    index = MovingIndex(change_meanwhile)
    publish(shop.database, index)

    rebuild(shop.database, index)

    assert verify(shop.database, index).count == 0


def test_documents_of_another_form_than_when_products_were_resolved_are_no_drift(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    stock(shop)
    index = MemoryIndex()
    publish(shop.database, index)
    monkeypatch.setattr(document, "FORM", document.FORM + 1)

    before = len(verify(shop.database, index).differing)
    rebuild(shop.database, index)

    assert before == 0
    assert verify(shop.database, index).count == 0
