"""What every index promises its publisher."""

from collections.abc import Callable

import pytest

from integrator.errors import IndexUnavailable
from integrator.ports import DocumentVersion, IndexDocument
from search.engine import Ask, SearchIndex
from search.query import read_query
from search.searching import Finder

Make = Callable[..., IndexDocument]


def _found(index: SearchIndex, text: str) -> list[str]:
    return [hit.product_id for hit in Finder(index).search(read_query([("q", text), ("exact", "yes")])).hits]


def _put(index: SearchIndex, *documents: IndexDocument) -> None:
    assert all(ack.ok for ack in index.put(documents))
    index.commit()


def test_an_index_never_used_is_empty(index: SearchIndex):
    assert index.ask(Ask()).total == 0
    assert list(index.digests()) == []
    assert index.status().documents == 0


def test_what_was_put_is_found_after_the_commit(index: SearchIndex, document: Make):
    index.put([document(1, titles={"en": "red ginseng"})])
    before = _found(index, "ginseng")
    index.commit()

    assert before == []
    assert _found(index, "ginseng") == ["p0000001"]


def test_each_document_has_its_own_answer_in_order(index: SearchIndex, document: Make):
    acks = index.put([document(2), document(1), document(3, product_id="")])

    assert [(ack.product_id, ack.ok) for ack in acks] == [("p0000002", True), ("p0000001", True), ("", False)]
    assert acks[2].reason


def test_a_document_without_any_text_is_kept_and_can_be_filtered(index: SearchIndex, document: Make):
    _put(index, document(1, titles={}, platforms=("buykorea",)))

    results = Finder(index).search(read_query([("platform", "buykorea")]), facets=("platform", "certificate"))

    assert results.total == 1
    assert results.hits[0].card.title("en") == ""
    assert results.facets["certificate"] == ()


def test_a_newer_version_replaces_all_of_an_older_one(index: SearchIndex, document: Make):
    _put(index, document(1, titles={"en": "old lamp"}, platforms=("buykorea",)))
    _put(index, document(1, sequence=2, titles={"en": "new lantern"}, platforms=("tradekorea",)))

    assert _found(index, "lamp") == []
    assert _found(index, "lantern") == ["p0000001"]
    assert index.ask(Ask(facets=("platform",))).facets["platform"][0].value == "tradekorea"
    assert index.status().documents == 1


def test_an_older_version_never_wins_and_counts_as_done(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=5, titles={"en": "lantern"}))

    late = index.put([document(1, sequence=4, titles={"en": "lamp"})])
    index.commit()

    assert late[0].ok
    assert _found(index, "lantern") == ["p0000001"]
    assert _found(index, "lamp") == []


def test_an_equal_version_counts_as_done_and_changes_nothing(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=5, titles={"en": "lantern"}))
    _put(index, document(1, sequence=5, titles={"en": "lamp"}))

    assert _found(index, "lantern") == ["p0000001"]


def test_versions_are_kept_apart_inside_one_batch_and_before_a_commit(index: SearchIndex, document: Make):
    index.put([document(1, sequence=3, titles={"en": "third"}), document(1, sequence=2, titles={"en": "second"})])
    index.put([document(1, sequence=1, titles={"en": "first"}), document(1, sequence=4, titles={"en": "fourth"})])
    index.commit()

    assert _found(index, "fourth") == ["p0000001"]
    assert index.status().documents == 1


def test_a_higher_epoch_beats_any_sequence(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=900, titles={"en": "future"}))
    _put(index, document(1, version=DocumentVersion(2, 1), titles={"en": "restored"}))

    assert _found(index, "restored") == ["p0000001"]
    assert _found(index, "future") == []


def test_what_was_dropped_is_not_found(index: SearchIndex, document: Make):
    _put(index, document(1, titles={"en": "lamp"}), document(2, titles={"en": "lamp"}))

    acks = index.drop([("p0000001", DocumentVersion(1, 2))])
    index.commit()

    assert acks[0].ok
    assert _found(index, "lamp") == ["p0000002"]
    assert index.ask(Ask()).total == 1
    assert (index.status().documents, index.status().tombstones) == (1, 1)


def test_a_late_write_does_not_bring_back_what_was_dropped(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=1))
    index.drop([("p0000001", DocumentVersion(1, 3)), ("p0000009", DocumentVersion(1, 3))])
    index.commit()

    _put(index, document(1, sequence=2), document(9, sequence=2))

    assert index.ask(Ask()).total == 0


def test_an_older_drop_does_not_take_out_a_newer_document(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=5))
    index.drop([("p0000001", DocumentVersion(1, 4))])
    index.commit()

    assert index.ask(Ask()).total == 1


def test_what_comes_again_after_a_drop_is_found_again(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=1, titles={"en": "lamp"}))
    index.drop([("p0000001", DocumentVersion(1, 2))])
    index.commit()
    _put(index, document(1, sequence=3, titles={"en": "lamp"}))

    assert _found(index, "lamp") == ["p0000001"]
    assert index.status().tombstones == 0


def test_digests_come_in_the_order_of_ids_without_tombstones(index: SearchIndex, document: Make):
    _put(index, *(document(number) for number in (30, 4, 200, 1)), document(5, product_id="p"))
    index.drop([("p0000004", DocumentVersion(1, 2))])
    index.commit()

    digests = list(index.digests())

    assert [each[0] for each in digests] == ["p", "p0000001", "p0000030", "p0000200"]
    assert digests[1] == ("p0000001", DocumentVersion(1, 1), "d1-1")


def test_digests_follow_a_change(index: SearchIndex, document: Make):
    _put(index, document(1))
    _put(index, document(1, sequence=2))

    assert list(index.digests()) == [("p0000001", DocumentVersion(1, 2), "d1-2")]


def test_the_generation_changes_with_a_commit_and_stays_otherwise(index: SearchIndex, document: Make):
    first = index.generation()
    _put(index, document(1))
    second = index.generation()
    _found(index, "product")

    assert first != second == index.generation()


def test_a_rebuilt_index_takes_over_whole(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=7, titles={"en": "old lamp"}))
    with index.rebuild() as fresh:
        fresh.put([document(2, titles={"en": "new lamp"})])
        fresh.commit()
        during = _found(index, "lamp")
        checked = [each[0] for each in fresh.digests()]

    assert during == ["p0000001"]
    assert checked == ["p0000002"]
    assert _found(index, "lamp") == ["p0000002"]


def test_what_is_written_during_a_rebuild_is_refused_or_in_the_new_index_too(index: SearchIndex, document: Make):
    _put(index, document(1, sequence=1), document(2, sequence=1))
    was_written = True
    with index.rebuild() as fresh:
        fresh.put([document(1, sequence=2), document(2, sequence=2)])
        try:
            _put(index, document(1, sequence=3), document(3, sequence=3))
            index.drop([("p0000002", DocumentVersion(1, 4))])
            index.commit()
        except IndexUnavailable:
            was_written = False

    found = [(each, version.sequence) for each, version, _ in index.digests()]
    assert found == ([("p0000001", 3), ("p0000003", 3)] if was_written else [("p0000001", 2), ("p0000002", 2)])


def test_a_rebuild_that_fails_leaves_the_old_index(index: SearchIndex, document: Make):
    _put(index, document(1, titles={"en": "lamp"}))

    def fail_half_way() -> None:
        with index.rebuild() as fresh:
            fresh.put([document(2, titles={"en": "lamp"})])
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()

    assert _found(index, "lamp") == ["p0000001"]
    _put(index, document(3, titles={"en": "lamp"}))
    assert sorted(_found(index, "lamp")) == ["p0000001", "p0000003"]


def test_rolling_back_gives_the_index_before_the_rebuild_and_again_the_other(index: SearchIndex, document: Make):
    _put(index, document(1))
    with index.rebuild() as fresh:
        fresh.put([document(2)])

    index.rollback()
    assert [each[0] for each in index.digests()] == ["p0000001"]

    index.rollback()
    assert [each[0] for each in index.digests()] == ["p0000002"]


def test_there_is_nothing_to_roll_back_to_before_the_first_rebuild(index: SearchIndex, document: Make):
    _put(index, document(1))

    with pytest.raises(IndexUnavailable, match="no earlier index"):
        index.rollback()


def test_what_was_not_committed_is_lost_with_a_close(index: SearchIndex, document: Make):
    index.put([document(1)])
    index.close()
    index.commit()

    assert index.ask(Ask()).total == 0
    _put(index, document(1))
    assert index.ask(Ask()).total == 1


def test_a_makers_two_names_are_one_value_of_its_facet(index: SearchIndex, document: Make):
    _put(
        index,
        document(1, seller_id="s1", seller_name="Nuriel"),
        document(2, seller_id="s1", seller_name="Nuriel Co."),
        document(3, seller_id="s1", seller_name="Nuriel Co."),
    )

    makers = Finder(index).search(read_query([]), facets=("seller",)).facets["seller"]

    assert [(each.value, each.count, each.label) for each in makers] == [("s1", 3, "Nuriel Co.")]
