"""Results far down: every engine pages past the ten thousand that one of them gives at once."""

from collections.abc import Iterator

import pytest

from search.engine import Ask, AskedWord, SearchIndex
from tests.contract.index.conftest import ENGINES, make_document, opened

_DOCUMENTS = 10_400
_PAGE = 100
_LAMP = AskedWord(("lamp",), 1)


@pytest.fixture(scope="module", params=ENGINES)
def deep(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    """More documents than one request gives, in groups that score alike; for reading only."""
    with opened(request, tmp_path_factory.mktemp("deep")) as index:
        for start in range(0, _DOCUMENTS, 2_600):
            numbers = range(start, start + 2_600)
            documents = [make_document(n, titles={"en": "lamp " * (n % 3 + 1)}, updated_at=n) for n in numbers]
            assert all(ack.ok for ack in index.put(documents))
        index.commit()
        yield index


@pytest.mark.parametrize("order", ["score", "newest"])
def test_pages_go_on_past_ten_thousand_without_gap_or_repetition(deep: SearchIndex, order: str):
    whole = deep.ask(Ask((_LAMP,), 1, order=order, offset=9_800, limit=400)).found

    pages = [deep.ask(Ask((_LAMP,), 1, order=order, offset=at, limit=_PAGE)) for at in range(9_800, 10_200, _PAGE)]

    assert [each.product_id for page in pages for each in page.found] == [each.product_id for each in whole]
    assert len({each.product_id for each in whole}) == 400
    assert {page.total for page in pages} == {_DOCUMENTS}


def test_the_last_page_ends_where_the_results_do(deep: SearchIndex):
    answer = deep.ask(Ask((_LAMP,), 1, offset=_DOCUMENTS - 30, limit=_PAGE))

    assert len(answer.found) == 30


@pytest.mark.parametrize("order", ["score", "newest"])
def test_beyond_the_end_there_is_an_empty_page_and_still_a_total(deep: SearchIndex, order: str):
    answer = deep.ask(Ask((_LAMP,), 1, order=order, offset=_DOCUMENTS + 7, limit=_PAGE))

    assert answer.found == ()
    assert answer.total == _DOCUMENTS


def test_digests_of_more_than_ten_thousand_come_whole_and_in_order(deep: SearchIndex):
    ids = [product_id for product_id, _, _ in deep.digests()]

    assert len(ids) == _DOCUMENTS
    assert ids == sorted(set(ids))
