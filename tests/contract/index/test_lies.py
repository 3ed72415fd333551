"""The fake can lie as real indexes do, so that publishers can be tested against it."""

from collections.abc import Callable

import pytest

from integrator.errors import IndexUnavailable
from integrator.ports import IndexDocument
from search.memory import MemoryIndex

Make = Callable[..., IndexDocument]


@pytest.fixture
def index() -> MemoryIndex:
    return MemoryIndex()


def test_an_index_that_is_away_answers_nothing(index: MemoryIndex, document: Make):
    index.lies.unavailable = True

    for work in (lambda: index.put([document(1)]), index.commit, index.generation, lambda: list(index.digests())):
        with pytest.raises(IndexUnavailable):
            work()


def test_a_refused_document_is_refused_alone_with_its_reason(index: MemoryIndex, document: Make):
    index.lies.refused["p0000001"] = "too many fields"

    acks = index.put([document(1), document(2)])
    index.commit()

    assert [(ack.ok, ack.reason) for ack in acks] == [(False, "too many fields"), (True, "")]
    assert [each[0] for each in index.digests()] == ["p0000002"]


def test_a_conflict_is_reported_although_the_write_worked(index: MemoryIndex, document: Make):
    index.lies.conflicts.add("p0000001")

    first = index.put([document(1)])
    again = index.put([document(1)])

    assert [first[0].ok, again[0].ok] == [False, True]


def test_a_lost_reply_hides_a_write_that_worked(index: MemoryIndex, document: Make):
    index.lies.lost_reply = True
    with pytest.raises(IndexUnavailable):
        index.put([document(1)])
    index.lies.lost_reply = False
    index.commit()

    assert [each[0] for each in index.digests()] == ["p0000001"]


def test_a_full_index_takes_nothing_and_still_answers(index: MemoryIndex, document: Make):
    index.put([document(1)])
    index.commit()
    index.lies.is_full = True

    with pytest.raises(IndexUnavailable, match="no more"):
        index.put([document(2)])

    assert [each[0] for each in index.digests()] == ["p0000001"]


def test_a_late_write_arrives_after_a_newer_one_and_loses(index: MemoryIndex, document: Make):
    index.lies.late = True
    for number in (1, 2):
        with pytest.raises(IndexUnavailable):
            index.put([document(number, sequence=3)])
    index.lies.late = False
    index.put([document(1, sequence=4)])
    index.commit()
    before = [each[0] for each in index.digests()]

    index.arrive()
    index.commit()

    assert before == ["p0000001"]
    assert [(each, version.sequence) for each, version, _ in index.digests()] == [("p0000001", 4), ("p0000002", 3)]


def test_a_value_longer_than_the_limit_is_refused_alone(index: MemoryIndex, document: Make):
    index.lies.longest_value = 32_766

    acks = index.put([document(1, certificates=("김" * 10_923,)), document(2, certificates=("x" * 32_766,))])

    assert [(ack.ok, ack.reason) for ack in acks] == [(False, "immense term"), (True, "")]
