"""No text that anybody can type or a seller can write harms an index."""

from collections.abc import Callable

import pytest

from integrator.ports import IndexDocument
from search.engine import SearchIndex
from search.query import MOST_TERMS, read_query
from search.searching import Finder

TEXTS = {
    "empty": "",
    "blanks": " \t\n ",
    "parentheses": "(" * 5000 + "lamp" + ")" * 5000,
    "operators": 'lamp AND OR NOT +lamp -lamp text:lamp lamp^9 lamp~2 "lamp',
    "wildcards": "* ? lam* *:* [* TO *] {a TO b} /.*/",
    "quotes": "\"'`“”„«»\\\\",
    "nul": "lamp\x00lamp\x00",
    "bidi": "\u202elamp\u202c \u2066pmal\u2069",
    "long": "lamp " * 2000,
    "one long word": "a" * 10_000,
    "numbers": "1.1" * 3000 + ",," + "9" * 5000,
    "combining": "e" + "\u0301" * 3000,
    "surrogates": "lamp \ud800 lamp",
    "emoji": "lamp 👩‍👩‍👧‍👦🏳️‍🌈 ﷽",
    "hangul letters": "ㅎㅗㅇㅅㅏㅁ 홍" * 300,
    "separator": "lamp\x1flamp\x1e",
    "markup": "<script>alert(1)</script> lamp",
    "many words": " ".join(f"word{number}" for number in range(3000)),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_can_be_asked_for(full: SearchIndex, text: str):
    query = read_query([("q", text)])
    results = Finder(full).search(query, facets=("platform", "price"))

    assert len(query.terms) <= MOST_TERMS
    assert results.total >= len(results.hits)
    assert results.took_ms < 2000


@pytest.mark.parametrize("text", [each for name, each in TEXTS.items() if name != "surrogates"])
def test_any_text_can_be_indexed_beside_others(index: SearchIndex, document: Callable[..., IndexDocument], text: str):
    hostile = document(1, titles={"en": f"zzlamp {text}"}, body=(text,), keywords=(text,), seller_name=text[:1000])

    acks = index.put([hostile, document(2, titles={"en": "zzlamp"})])
    index.commit()

    found = {hit.product_id for hit in Finder(index).search(read_query([("q", "zzlamp")])).hits}
    assert [ack.ok for ack in acks] == [True, True]
    assert found == {"p0000001", "p0000002"}


def test_a_document_that_cannot_be_written_is_refused_alone(index: SearchIndex, document: Callable[..., IndexDocument]):
    broken = document(1, titles={"en": "lamp \ud800"})

    acks = index.put([broken, document(2)])
    index.commit()

    assert [ack.ok for ack in acks] == [False, True]
    assert acks[0].reason


@pytest.mark.parametrize("value", ["* OR 1=1", "a\x00b", "](", '"', "\\", "x" * 100, "’; DROP"])
def test_any_filter_value_is_only_a_value(full: SearchIndex, value: str):
    results = Finder(full).search(read_query([("certificate", value), ("seller", value)]), facets=("certificate",))

    assert results.total == 0
