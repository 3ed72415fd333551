"""Search: the filter registry, the analysis, and one index contract with its engines."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrator.ports import Clock
    from search.elastic_address import Server
    from search.engine import SearchIndex


def open_index(place: "Path | Server", *, clock: "Clock") -> "SearchIndex":
    """An index by its place: a directory for the embedded engine, a server for Elasticsearch. Opens nothing yet."""
    if isinstance(place, Path):
        from search.embedded import EmbeddedIndex

        return EmbeddedIndex(place)
    from search.elastic import ElasticIndex

    return ElasticIndex(place, clock=clock)
