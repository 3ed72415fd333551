"""An installation may change its engine and stay the same product: both real engines answer alike on a large corpus."""

import random
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from integrator.hs import tree
from integrator.ports import IndexDocument
from search.elastic import ElasticIndex
from search.elastic_address import Server, read_nodes
from search.embedded import EmbeddedIndex
from search.engine import SearchIndex
from search.query import Query, read_query
from search.searching import Finder
from tests.contract.index.conftest import ADJECTIVES, MAKERS, make_corpus
from tests.fakes.clock import FakeClock
from tests.servers.elastic import ElasticServer

pytestmark = [pytest.mark.slow, pytest.mark.server]

SEED = 5
LISTINGS = 20_000
QUERIES = 300
FACETS = ("platform", "category", "certificate", "price", "seller")
CHOICES = ("", "", "platform=buykorea", "price_max=200", "category=33", "certificate=CE&sample=yes", "lead_max=30")
_HEADINGS = [
    heading
    for section in tree.sections()
    for chapter in tree.chapters_of(section)
    for heading in tree.headings_of(chapter)
]


def make_goods(size: int, chance: random.Random) -> list[IndexDocument]:
    """Listings named in the words of HS headings, with every filter's values."""
    return [_name(document, chance) for document in make_corpus(size, SEED)]


def _name(document: IndexDocument, chance: random.Random) -> IndexDocument:
    heading = chance.choice(_HEADINGS)
    named = f"{chance.choice(MAKERS)} {chance.choice(ADJECTIVES)} {_some_words(heading, 'en', chance)}"
    titles = {"en": f"{named} {chance.randrange(5, 900)}ml"}
    if chance.random() < 0.6:
        titles["ko"] = f"{_some_words(heading, 'ko', chance)} {chance.choice(('세트', '선물용', '대용량', '국산'))}"
    body = (" ".join(_some_words(chance.choice(_HEADINGS), "en", chance) for _ in range(chance.randrange(6))),)
    kind_words = tuple(tree.words(heading, language) or "" for language in tree.LANGUAGES)
    return replace(document, titles=titles, body=body, kind_words=kind_words, heading=heading, chapter=heading[:2])


def _some_words(heading: str, language: str, chance: random.Random) -> str:
    words = (tree.words(heading, language) or "goods").replace("·", " ").split()
    return " ".join(chance.sample(words, min(len(words), chance.randint(1, 3))))


def make_queries(count: int, chance: random.Random) -> list[Query]:
    """English, Korean, Spanish and mixed ones in turn, some with a filter."""
    queries = []
    for number in range(count):
        heading = chance.choice(_HEADINGS)
        texts = {each: _some_words(heading, each, chance) for each in tree.LANGUAGES}
        text = (*texts.values(), f"{texts['ko']} {texts['en']}")[number % 4]
        chosen = [pair.split("=") for pair in chance.choice(CHOICES).split("&") if pair]
        queries.append(read_query([("q", text), ("size", "10"), *((name, value) for name, value in chosen)]))
    return queries


@pytest.fixture(scope="module")
def goods() -> list[IndexDocument]:
    print(f"parity seed {SEED}")  # noqa: T201
    return make_goods(LISTINGS, random.Random(SEED))


@pytest.fixture(scope="module")
def tantivy(goods: Sequence[IndexDocument], tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    return _fill(EmbeddedIndex(tmp_path_factory.mktemp("parity")), goods)


@pytest.fixture(scope="module", params=[1, 3], ids=["one-shard", "three-shards"])
def elastic(
    request: pytest.FixtureRequest, goods: Sequence[IndexDocument], elasticsearch: ElasticServer
) -> Iterator[SearchIndex]:
    with elasticsearch.prefix() as prefix:
        server = Server(*read_nodes(elasticsearch.url), prefix=prefix, shards=request.param)
        yield _fill(ElasticIndex(server, clock=FakeClock()), goods)


def _fill(index: SearchIndex, goods: Sequence[IndexDocument]) -> SearchIndex:
    for start in range(0, len(goods), 2_000):
        assert all(ack.ok for ack in index.put(goods[start : start + 2_000]))
    index.commit()
    return index


def test_both_engines_find_the_same_and_show_the_same_first(
    elastic: SearchIndex, tantivy: SearchIndex, request: pytest.FixtureRequest
) -> None:
    shared = shown = 0
    here, there = Finder(elastic), Finder(tantivy)

    for query in make_queries(QUERIES, random.Random(SEED)):
        ours, theirs = (each.search(query, facets=FACETS) for each in (here, there))

        assert ours.total == theirs.total, query.text
        assert ours.corrected == theirs.corrected
        assert ours.facets == theirs.facets, query.text
        shared += len({hit.product_id for hit in ours.hits} & {hit.product_id for hit in theirs.hits})
        shown += len(theirs.hits)

    print(f"parity of {request.node.name}: {shared} of {shown} first ten shared")  # noqa: T201
    assert shown > QUERIES
    assert shared >= 0.99 * shown
