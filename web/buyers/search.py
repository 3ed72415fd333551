"""The search page. Its address is its whole state: a link, a form without JavaScript and a swap give the same page."""

from dataclasses import dataclass, replace

from flask import Response, g, redirect, render_template, request, url_for

from search.filters import BY_NAME, FILTERS, Kind
from search.query import DEEPEST, Query, known_parameters, read_query
from search.searching import Finder, Results
from search.sidebar import Chip, Group, Option, Parameters, chips, lineage, sidebar
from search.words import SORTS, say
from web import i18n
from web.buyers.cards import show_hit
from web.headers import is_known, keep, mark_of, not_modified
from web.i18n import gettext, ngettext
from web.parts import parts
from web.views import looks, now, query_string

# Facets that stand open; the rest open at a touch, or by themselves once something in them is chosen.
_OPEN = frozenset({"category", "platform", "certificate", "price", "moq", "lead", "term"})
_MOST_COUNTED_CHIPS = 6
_PAGES_AROUND = 2


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter as the sidebar shows it. For a tree, `options` are the opened branch and `more` the rest."""

    name: str
    kind: str
    label: str
    options: list[Option]
    more: list[Option]
    is_open: bool
    bounds: list[tuple[str, str, str]]  # of a range: parameter, label, value
    unknown: tuple[str, str, bool] | None  # parameter, label, ticked
    held: tuple[str, ...]  # of a tree: what is chosen, which the form sends along
    everything: Parameters | None  # the address without this filter, when something is chosen


@dataclass(frozen=True, slots=True)
class WayOut:
    """A filter to take away when nothing was found, and how many products that would give."""

    chip: Chip
    count: int


def show_search() -> Response:
    """`GET /<lang>/search`."""
    given = list(request.args.items(multi=True))
    query = read_query(_known(given), lang=g.lang)
    if given != query.parameters():
        # One address a page: a form sends its empty fields too, and links from elsewhere bring words of their own.
        return redirect(_address(query.parameters()))  # type: ignore[return-value]
    finder = parts().finder
    # Ages are told in words, so a page is good for this hour only.
    mark = mark_of("search", g.lang, given, finder.generation(), looks(), now().strftime("%Y%m%d%H"))
    return not_modified(mark) if is_known(mark) else keep(_render(finder, query), mark)


def _known(given: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without what other sites add to links; a misspelt filter is dropped too, and the address then shows it."""
    known = known_parameters() | BY_NAME.keys()
    return [(name, value) for name, value in given if name in known]


def _address(parameters: Parameters) -> str:
    return url_for("buyers.search") + query_string(parameters)


def _render(finder: Finder, query: Query) -> str:
    results = finder.search(query, facets=[row.name for row in FILTERS])
    chosen = chips(query, results.facets)
    return render_template(
        "buyers/search.html",
        query=query,
        results=results,
        heading=_heading(query),
        summary=_summary(results),
        cards=[show_hit(hit, results.terms, query.lang) for hit in results.hits],
        close=[show_hit(hit, results.terms, query.lang) for hit in results.close],
        chips=chosen,
        facets=_facets(query, results),
        sorts=[(name, say(words, query.lang)) for name, words in SORTS.items()],
        pages=_pages(query, results.total),
        is_cut=results.total > DEEPEST,
        deepest=DEEPEST,
        without_filters=query.without_filters().parameters(),
        as_typed=replace(query, exact=True, page=1).parameters(),
        ways_out=_ways_out(finder, chosen, query.lang) if results.total == 0 else [],
    )


def _heading(query: Query) -> str:
    return gettext("Results for “%(text)s”", text=query.text) if query.text else gettext("All products")


def _summary(results: Results) -> str:
    """`128 products from 41 makers on 3 platforms`."""
    lang = results.query.lang
    products = ngettext(
        "%(count)s product", "%(count)s products", results.total, count=i18n.number(results.total, lang)
    )
    makers = len(results.facets["seller"])
    if not results.total or not makers or results.query.filters.keys() & {"seller", "platform"}:
        return products
    if makers >= BY_NAME["seller"].most:
        return gettext("%(products)s from more than %(count)s makers", products=products, count=makers - 1)
    return ngettext("%(products)s from %(num)s maker", "%(products)s from %(num)s makers", makers, products=products)


# Sidebar -------------------------------------------------------------------------------------------------------------


def _facets(query: Query, results: Results) -> list[Facet]:
    groups = sidebar(query, results.facets)
    return [_facet(group, query) for group in groups if group.options or not group.selection.is_empty]


def _facet(group: Group, query: Query) -> Facet:
    options, more = _tree(group, query) if group.kind is Kind.TREE else (list(group.top), list(group.rest))
    is_chosen = not group.selection.is_empty
    return Facet(
        name=group.name,
        kind=group.kind.value,
        label=group.label,
        options=options,
        more=more,
        is_open=group.name in _OPEN or is_chosen,
        bounds=_bounds(group),
        unknown=(f"{group.name}_unknown", group.unknown_label, group.selection.unknown) if group.bounds else None,
        held=group.selection.values if group.kind is Kind.TREE else (),
        everything=query.without_filter(group.name).parameters() if is_chosen else None,
    )


def _tree(group: Group, query: Query) -> tuple[list[Option], list[Option]]:
    """Links that narrow or widen instead of adding: the branch of what is chosen first, other sections folded."""
    opened = {ancestor for value in group.selection.values for ancestor in lineage(value)}
    without = query.without_filter(group.name)
    links = [
        replace(option, parameters=without.with_value(group.name, option.value).parameters())
        for option in group.options
    ]
    if not opened:
        return links[: len(group.top)], links[len(group.top) :]
    first = [option for option in links if option.level or option.value in opened]
    return first, [option for option in links if not (option.level or option.value in opened)]


def _bounds(group: Group) -> list[tuple[str, str, str]]:
    ends = {"min": (gettext("from"), group.selection.low), "max": (gettext("up to"), group.selection.high)}
    return [
        (f"{group.name}_{bound}", ends[bound][0], "" if ends[bound][1] is None else f"{ends[bound][1]:f}")
        for bound in group.bounds
    ]


# Paging and ways out -------------------------------------------------------------------------------------------------


def _pages(query: Query, total: int) -> list[tuple[int, Parameters] | None]:
    """Pages to go to with their addresses, None where some are left out; nothing when there is one page only."""
    last = min(-(-total // query.size), DEEPEST // query.size)
    if last < 2:
        return []
    near = {1, last, *range(query.page - _PAGES_AROUND, query.page + _PAGES_AROUND + 1)}
    shown: list[tuple[int, Parameters] | None] = []
    before = 0
    for page in sorted(each for each in near if 1 <= each <= last):
        if page > before + 1:
            shown.append(None)
        shown.append((page, query.turn_to(page).parameters()))
        before = page
    return shown


def _ways_out(finder: Finder, chosen: list[Chip], lang: str) -> list[WayOut]:
    """What each filter's absence would give, most first; one that would give nothing either is left out."""
    found = []
    for chip in chosen[:_MOST_COUNTED_CHIPS]:
        wider = replace(read_query(chip.parameters, lang=lang), size=1)
        count = finder.search(wider).total
        if count:
            found.append(WayOut(chip, count))
    return sorted(found, key=lambda way: -way.count)
