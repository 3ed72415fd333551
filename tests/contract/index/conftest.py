"""The index contract: every implementation, and a seeded corpus of invented goods."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from integrator.ports import DocumentVersion, IndexDocument
from search.elastic import ElasticIndex
from search.elastic_address import Server, read_nodes
from search.embedded import EmbeddedIndex
from search.engine import SearchIndex
from search.memory import MemoryIndex
from tests.fakes.clock import FakeClock
from tests.servers.elastic import ElasticServer

CORPUS_SEED = 20260914
CORPUS_SIZE = 3000

ENGINES = ["memory", "tantivy", pytest.param("elasticsearch", marks=pytest.mark.server)]

KINDS = [
    ("3304", "33", "06", ("Skin care", "화장품", "Cosméticos"), ("face cream", "크림"), ("50ml", "100 ml")),
    (
        "2106",
        "21",
        "04",
        ("Food preparations", "건강식품", "Alimentos"),
        ("red ginseng extract", "홍삼 농축액"),
        ("240 g",),
    ),
    ("8413", "84", "16", ("Pumps", "펌프", "Bombas"), ("centrifugal pump", "원심펌프"), ("1.5kW", "2.2kW")),
    ("9405", "94", "20", ("Lighting", "조명", "Iluminación"), ("led flood light", "LED 투광등"), ("100W", "50W")),
    ("6307", "63", "11", ("Textile articles", "섬유제품", "Artículos textiles"), ("kf94 mask", "마스크"), ("50 pcs",)),
]
ADJECTIVES = [
    "premium",
    "organic",
    "waterproof",
    "portable",
    "stainless",
    "white",
    "natural",
    "mini",
    "smart",
    "herbal",
]
MAKERS = ["Nuriel", "Hongdam", "Darajin", "Saebom", "Lumibyeol", "Haesom"]


def make_document(number: int = 1, *, sequence: int = 1, **changes: object) -> IndexDocument:
    """A small document; `changes` replace its fields."""
    values: dict[str, object] = {
        "product_id": f"p{number:07d}",
        "version": DocumentVersion(1, sequence),
        "digest": f"d{number}-{sequence}",
        "listings": (("buykorea", str(number)),),
        "titles": {"en": f"product {number}"},
    }
    return IndexDocument(**(values | changes))  # type: ignore[arg-type]


def make_corpus(size: int, seed: int) -> list[IndexDocument]:
    """Goods of five kinds with every filter's values, some of them missing."""
    chance = random.Random(seed)
    return [_make_goods(chance, number) for number in range(size)]


def _make_goods(chance: random.Random, number: int) -> IndexDocument:
    heading, chapter, section, kind_words, (english, korean), sizes = chance.choice(KINDS)
    maker = chance.randrange(len(MAKERS))
    words = " ".join(chance.sample(ADJECTIVES, chance.randint(1, 4)))
    size = chance.choice(sizes)
    priced = chance.random() < 0.6
    return make_document(
        number,
        titles={"en": f"{MAKERS[maker]} {words} {english} {size}"} | ({"ko": f"{korean} {size}"} if number % 3 else {}),
        kind_words=kind_words if number % 7 else (),
        brand=MAKERS[maker] if number % 2 else None,
        models=(f"{MAKERS[maker][:2].upper()}-{number % 40}B",),
        attributes=(chance.choice(["colour white", "material steel", "origin jeju"]),),
        keywords=tuple(chance.sample(ADJECTIVES, 2)),
        body=(" ".join(chance.choices(ADJECTIVES + english.split(), k=chance.randint(0, 40))),),
        seller_id=f"s{maker}",
        seller_name=f"{MAKERS[maker]} Co., Ltd.",
        platforms=tuple(chance.sample(["buykorea", "gobizkorea", "tradekorea"], chance.choice([1, 1, 2, 3]))),
        section=section if number % 7 else None,
        chapter=chapter if number % 7 else None,
        heading=heading if number % 7 else None,
        certificates=tuple(chance.sample(["CE", "FDA", "KC", "ISO9001", "HALAL"], chance.choice([0, 0, 1, 2]))),
        terms=tuple(chance.sample(["FOB", "EXW", "CIF"], chance.choice([0, 1, 2]))),
        origin=("KR",) if number % 5 else (),
        price_state=chance.choice(["priced", "tiered"]) if priced else chance.choice(["negotiable", "hidden"]),
        unit_class=chance.choice(["piece", "piece", "kg", "set"]) if priced else None,
        price_usd=Decimal(chance.randint(1, 4000)) / 8 if priced else None,
        moq=Decimal(chance.choice([1, 10, 50, 100, 1000])) if chance.random() < 0.8 else None,
        lead_days=chance.choice([7, 14, 30, 60]) if chance.random() < 0.5 else None,
        sample=chance.choice([True, False, None]),
        online_order=chance.choice([True, None]),
        availability=chance.choice(["on_sale", "unknown", "sold_out"]),
        updated_at=1_780_000_000 + chance.randrange(200) * 86_400,
    )


@pytest.fixture
def document() -> Callable[..., IndexDocument]:
    return make_document


@pytest.fixture(scope="session")
def corpus() -> list[IndexDocument]:
    print(f"corpus seed {CORPUS_SEED}")  # noqa: T201
    return make_corpus(CORPUS_SIZE, CORPUS_SEED)


def _fill(index: SearchIndex, documents: list[IndexDocument]) -> SearchIndex:
    for start in range(0, len(documents), 700):
        assert all(ack.ok for ack in index.put(documents[start : start + 700]))
    index.commit()
    return index


@pytest.fixture(params=ENGINES)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each kind."""
    with opened(request, tmp_path) as made:
        yield made


@pytest.fixture(scope="session", params=ENGINES)
def full(
    request: pytest.FixtureRequest, corpus: list[IndexDocument], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SearchIndex]:
    """The corpus in each kind of index, one after the other; for reading only."""
    with opened(request, tmp_path_factory.mktemp("full")) as made:
        yield _fill(made, corpus)


@pytest.fixture(scope="session")
def reference(corpus: list[IndexDocument]) -> SearchIndex:
    """The corpus in the index that is plain enough to be believed; for reading only."""
    return _fill(MemoryIndex(), corpus)


@contextmanager
def opened(request: pytest.FixtureRequest, folder: Path) -> Iterator[SearchIndex]:
    """An empty index of the kind that the test's parameter names."""
    with ExitStack() as stack:
        made: SearchIndex = MemoryIndex()
        if request.param == "tantivy":
            made = EmbeddedIndex(folder, lock_wait_s=0.1)
        elif request.param == "elasticsearch":
            server: ElasticServer = request.getfixturevalue("elasticsearch")
            prefix = stack.enter_context(server.prefix())
            made = ElasticIndex(Server(*read_nodes(server.url), prefix=prefix), clock=FakeClock())
        stack.callback(made.close)
        yield made
