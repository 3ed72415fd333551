"""`hanmaru search`: what the page finds, on a terminal or as JSON."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from integrator.errors import InvalidQuery
from search.filters import BY_NAME, FILTERS
from search.query import DEEPEST, Query, read_query
from search.words import LANGUAGES, SORTS
from web.commands.tables import write_table
from web.wiring import wired

if TYPE_CHECKING:
    from search.engine import Bucket
    from search.searching import Hit, Results

_WIDEST_TITLE = 70


@click.command()
@click.argument("text", default="")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Narrow down; may be given again.")
@click.option("--sort", type=click.Choice(list(SORTS)), default="relevance", show_default=True)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the answer.")
@click.option("--limit", type=click.IntRange(1, DEEPEST), default=24, show_default=True, help="Results at most.")
@click.option("--exact", is_flag=True, help="Correct no typing errors.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def search(
    *, text: str, filters: tuple[str, ...], sort: str, lang: str, limit: int, exact: bool, as_json: bool
) -> None:
    """Search the catalogue as the page does.

    Filters are those of the page and the API: platform=buykorea, category=33, price=1..10, moq=100 (at most),
    sample=yes. Two values of one filter mean either of them, two filters mean both.
    """
    from search.searching import Finder

    own = [("q", text), ("sort", sort), ("exact", "yes" if exact else "")]
    query = replace(read_query([*own, *map(read_filter, filters)], lang=lang), size=limit)
    with wired() as wiring:
        results = Finder(wiring.index).search(query, facets=[row.name for row in FILTERS])
    click.echo(json.dumps(as_document(results), ensure_ascii=False) if as_json else "\n".join(_lines(results)))


def read_filter(word: str) -> tuple[str, str]:
    """`name=value` as a pair. Raises InvalidQuery."""
    name, sign, value = word.partition("=")
    if not sign or not name:
        raise InvalidQuery(f"--filter {word}: write name=value, such as platform=buykorea")
    return name.strip(), value


def as_document(results: "Results") -> dict[str, object]:
    """The JSON form: total, results, facets, and what was done to the text."""
    lang = results.query.lang
    return {
        "total": results.total,
        "corrected": results.corrected,
        "relaxed": results.relaxed,
        "results": [_row(hit, lang) for hit in results.hits],
        "close": [_row(hit, lang) for hit in results.close],
        "facets": {
            name: [{"value": each.value, "label": _label(name, each, lang), "count": each.count} for each in buckets]
            for name, buckets in results.facets.items()
        },
    }


def _row(hit: "Hit", lang: str) -> dict[str, object]:
    return {
        "product_id": hit.product_id,
        "title": hit.card.title(lang),
        "score": hit.score,
        "listings": [list(pair) for pair in hit.listings],
    }


def _label(name: str, bucket: "Bucket", lang: str) -> str:
    from search.sidebar import value_label

    return value_label(BY_NAME[name], bucket, lang)


def _lines(results: "Results") -> list[str]:
    """For people: what was found, the strongest filters, and what to try when nothing was."""
    query = results.query
    lines = [f"Nothing is called “{query.text}”; showing “{results.corrected}”."] if results.corrected else []
    if results.relaxed:
        lines.append("Nothing has all of these words; these have some.")
    lines.append(f"{results.total:,} products" + (f", the first {len(results.hits)}" if results.hits else ""))
    if results.hits:
        lines += ["", _table(results.hits, query)]
    if results.close:
        lines += ["", "Close matches", _table(results.close, query)]
    counted = [line for name in ("category", "platform", "certificate") if (line := _facet_line(results, name))]
    return [*lines, "", *counted] if counted and results.total else lines


def _table(hits: "tuple[Hit, ...]", query: Query) -> str:
    names = ("product", "title", "maker", "platforms", "score")
    rows = [
        (
            hit.product_id,
            _cut(hit.card.title(query.lang)),
            hit.card.seller_name,
            ", ".join(hit.card.platforms),
            f"{hit.score:g}",
        )
        for hit in hits
    ]
    return write_table(names, rows)


def _facet_line(results: "Results", name: str) -> str:
    buckets = [each for each in results.facets.get(name, ()) if name != "category" or each.value.startswith("S")][:5]
    words = ", ".join(f"{_label(name, each, results.query.lang)} {each.count:,}" for each in buckets)
    return f"{BY_NAME[name].label(results.query.lang)}: {words}" if words else ""


def _cut(title: str) -> str:
    return title if len(title) <= _WIDEST_TITLE else f"{title[: _WIDEST_TITLE - 1]}…"
