"""The requests that Elasticsearch gets, kept to be read.

    python -m tests.search.elastic_bodies

writes `tests/golden/elastic/` anew. Read the difference: another body may find or order something else.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.elastic_query import ask_body, frequencies_body, seals_body, steps_body, values_body
from search.elastic_schema import index_mapping, index_settings
from search.engine import Ask, AskedWord
from search.filters import clauses, price_classes, read_selections

GOLDEN = Path(__file__).parents[1] / "golden" / "elastic"

_CREAM = AskedWord(("cream",), 1)
_GINSENG = AskedWord(("홍삼", "삼농", "농축", "축액"), 3)


def make_ask(choice: str = "", **changes: Any) -> Ask:
    """A question of two words; `choice` is a query string of filters."""
    chosen = read_selections(tuple(pair.split("=")) for pair in choice.split("&") if pair)  # type: ignore[misc]
    values: dict[str, Any] = {
        "words": (_CREAM, _GINSENG),
        "required": 2,
        "clauses": tuple(clauses(chosen).items()),
        "price_classes": price_classes(chosen),
    }
    return Ask(**(values | changes))


def make_bodies() -> Mapping[str, Mapping[str, Any]]:
    """Each kind of request by its name."""
    facets = ("platform", "price", "seller")
    later = make_ask("platform=buykorea&price_max=100&certificate=CE", facets=facets, limit=0)
    every = "category=33&moq_max=50&moq_unknown=yes&price=1..10&unit_class=kg&sample=yes&lead_max=14"
    return {
        "words": ask_body(make_ask(), start=0, size=24),
        "no-words": ask_body(make_ask(words=(), required=0, order="newest"), start=48, size=24),
        "filters": ask_body(make_ask(every), start=0, size=24),
        "facets": ask_body(make_ask(facets=facets, limit=0), start=0, size=0),
        "facets-with-choices": ask_body(later, start=0, size=0),
        "steps": steps_body(make_ask(), size=10_000, after=[7.5, 42]),
        "frequencies": frequencies_body(["cream", "홍삼"]),
        "values": values_body("words", size=10_000, after="cream"),
        "seals": seals_body(size=10_000, after=["p1\x1f1\x1f2\x1fd", 7]),
        "mapping": index_mapping(),
        "settings": index_settings(shards=3, replicas=1),
    }


def write() -> None:
    """Write every file anew."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for name, body in make_bodies().items():
        (GOLDEN / f"{name}.json").write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    write()
