"""`/api/v1`: what a buyer can search and read, as JSON."""

from apiflask import APIBlueprint
from flask import Response, jsonify, redirect, request, url_for

from integrator.errors import InvalidQuery, UnknownProduct
from integrator.store.catalogue import Redirect, load_product
from search.filters import BY_NAME
from search.query import Query, read_query
from web.api.schemas import Found, Product
from web.api.shapes import shape_product, shape_results
from web.headers import is_known, mark_of, not_modified
from web.parts import parts
from web.problems import tell
from web.reasons import why_one_product

catalogue = APIBlueprint("catalogue", __name__, url_prefix="/api/v1", tag="Catalogue")

_LONGEST_ID = 200


@catalogue.get("/search")
@catalogue.doc(
    summary="Search the catalogue",
    description="Text, filters, order and page are parameters; equal addresses give equal answers until the next sync.",
    responses={
        400: "The query cannot be read; the message says what to change.",
        503: "The index does not answer; try again.",
    },
)
@catalogue.output(Found, description="One page of results.")
def search() -> Response:
    """A page of products with the facets that were asked for."""
    query, facets = _read(list(request.args.items(multi=True)))
    finder = parts().finder
    mark = mark_of("api-search", query.lang, facets, query.parameters(), finder.generation())
    if is_known(mark):
        return not_modified(mark)
    found = finder.search(query, facets=facets)
    return _kept(jsonify(Found().dump(shape_results(found, facets))), mark)


@catalogue.get("/products/<product_id>")
@catalogue.doc(
    summary="Read one product",
    description="The merged view: chosen values with their sources, and every offer. An old id redirects in one hop.",
    responses={
        301: "The id is an old one; the product lives on under the address in Location.",
        400: "The language is not one of ours.",
        404: "There is no such product, and there never was.",
        410: "The product is not offered any more.",
        503: "The database does not answer; try again.",
    },
)
@catalogue.output(Product, description="The product.")
def show_product(product_id: str) -> Response:
    """A product by its id."""
    lang = _read_lang(list(request.args.items(multi=True)))
    with parts().wiring.database.read() as connection:
        found = None if len(product_id) > _LONGEST_ID else load_product(connection, product_id)
        if isinstance(found, Redirect):
            place = url_for(".show_product", product_id=found.to, lang=request.args.get("lang"))
            return redirect(place, 301)  # type: ignore[return-value]
        if found is None:
            raise UnknownProduct("There is no such product, and there never was.")
        if not found.visible:
            return tell(410, "gone", "This product is not offered any more.")
        row = Product().dump(shape_product(found, lang, why=why_one_product(connection, found, lang)))
    mark = mark_of("api-product", row)
    return not_modified(mark) if is_known(mark) else _kept(jsonify(row), mark)


def _kept(response: Response, mark: str) -> Response:
    """An answer that may be kept and is asked for again by its mark."""
    response.set_etag(mark, weak=True)
    response.headers["Cache-Control"] = "public, no-cache"
    return response


def _read(pairs: list[tuple[str, str]]) -> tuple[Query, tuple[str, ...]]:
    """The query and the names of the facets to count. Raises InvalidQuery, also for parameters nobody knows."""
    lang = "en"
    facets: list[str] = []
    rest = []
    for name, value in pairs:
        if name == "lang":
            lang = value
        elif name == "facet":
            facets.append(value)
        else:
            rest.append((name, value))
    unknown = [name for name in facets if name not in BY_NAME]
    if unknown:
        raise InvalidQuery(f"facet must be one of {', '.join(BY_NAME)}")
    return read_query(rest, lang=lang), tuple(dict.fromkeys(facets))


def _read_lang(pairs: list[tuple[str, str]]) -> str:
    strange = [name for name, _ in pairs if name != "lang"]
    if strange:
        raise InvalidQuery(f"There is no parameter “{strange[0][:100]}” here; the only one is lang")
    return read_query([], lang=pairs[-1][1] if pairs else "en").lang
