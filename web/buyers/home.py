"""The first page: a search box, and the catalogue by section."""

from dataclasses import dataclass

from flask import Response, g, render_template

from search.filters import BY_NAME
from search.query import Query
from web.headers import is_known, keep, mark_of, not_modified
from web.parts import parts
from web.views import looks


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the category tree with something in it."""

    value: str
    label: str
    icon: str
    count: int


def show_home() -> Response:
    """`GET /<lang>/`."""
    finder = parts().finder
    mark = mark_of("home", g.lang, finder.generation(), looks())
    if is_known(mark):
        return not_modified(mark)
    results = finder.search(Query(lang=g.lang, size=1), facets=("category", "platform"))
    counts = {bucket.value: bucket.count for bucket in results.facets["category"]}
    page = render_template(
        "buyers/home.html",
        total=results.total,
        sections=_sections(counts, g.lang),
        platforms=[(bucket.value, bucket.count) for bucket in results.facets["platform"]],
    )
    return keep(page, mark)


def _sections(counts: dict[str, int], lang: str) -> list[Section]:
    category = BY_NAME["category"]
    found = [
        Section(value, category.value_label(value, lang), value.lower() if value != "none" else "box", count)
        for value, count in counts.items()
        if value == "none" or value.startswith("S")
    ]
    # What is not classified is no section: it comes last, however much it is.
    return sorted(found, key=lambda each: (each.value == "none", -each.count, each.value))
