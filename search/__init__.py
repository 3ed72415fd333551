"""Search: the filter registry, the analysis, and one index contract with its engines."""

from pathlib import Path
from typing import TYPE_CHECKING

from integrator.errors import InvalidSetting

if TYPE_CHECKING:
    from search.engine import SearchIndex


def open_index(place: str | Path) -> "SearchIndex":
    """An index by its place: a directory for the embedded engine, `memory:` for the fake one. Opens nothing yet.

    Raises InvalidSetting for an address that no engine of ours answers.
    """
    if str(place) == "memory:":
        from search.memory import MemoryIndex

        return MemoryIndex()
    if "://" in str(place):
        raise InvalidSetting(
            "HANMARU_SEARCH_URL names a search server, and this version has the embedded engine only: unset it"
        )
    from search.embedded import EmbeddedIndex

    return EmbeddedIndex(Path(place))
