"""The public pages: home, search, product and the state of the feeds, in every language of ours."""

from typing import Any

from flask import Blueprint, Response, g, redirect, request, url_for

from search.words import LANGUAGES
from web.buyers.home import show_home
from web.buyers.product import show_product
from web.buyers.runs import show_runs
from web.buyers.search import show_search
from web.buyers.status import show_status
from web.i18n import preferred_language


def make_buyers() -> Blueprint:
    """Pages under `/<lang>/`; a function gets the language as `g.lang`, and addresses made inside keep it."""
    pages = Blueprint("buyers", __name__, url_prefix=f"/<any({','.join(LANGUAGES)}):lang>")
    pages.add_url_rule("/", "home", show_home)
    pages.add_url_rule("/search", "search", show_search)
    pages.add_url_rule("/product/<product_id>", "product", show_product)
    pages.add_url_rule("/status", "status", show_status)
    pages.add_url_rule("/runs", "runs", show_runs)

    @pages.url_value_preprocessor
    def take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "lang" in values:
            g.lang = values.pop("lang")

    @pages.url_defaults
    def give_language(_endpoint: str, values: dict[str, Any]) -> None:
        values.setdefault("lang", g.get("lang"))

    return pages


def make_front() -> Blueprint:
    """Addresses without a language: each leads to the same page in the one the browser likes best."""
    front = Blueprint("front", __name__)
    front.add_url_rule("/", "home", lambda: _lead("home" if "q" not in request.args else "search"))
    front.add_url_rule("/search", "search", lambda: _lead("search"))
    front.add_url_rule("/status", "status", lambda: _lead("status"))
    front.add_url_rule("/runs", "runs", lambda: _lead("runs"))
    front.add_url_rule("/product/<product_id>", "product", lambda product_id: _lead("product", product_id=product_id))
    return front


def _lead(page: str, **values: Any) -> Response:
    target = url_for(f"buyers.{page}", lang=preferred_language(), **values)
    asked = request.query_string.decode("ascii", "replace")
    response = redirect(f"{target}?{asked}" if asked else target)
    response.vary.add("Accept-Language")
    return response  # type: ignore[return-value]  # werkzeug's own class is Flask's at run time
