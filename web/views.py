"""What every template may use: addresses of our files, formats in the page's language, the one filter for HTML."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from urllib.parse import urlencode

import nh3
from flask import Flask, g, request, url_for
from markupsafe import Markup

from search.filters import BY_NAME
from search.highlight import Piece
from search.words import LANGUAGES
from web import i18n
from web.parts import parts
from web.wiring import PLATFORMS

_STATIC = Path(__file__).parent / "static"
_SHOWN_TAGS = (
    "b blockquote br caption code dd div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i li ol p pre s small span "
    "strong sub sup table tbody td tfoot th thead tr u ul"
)
_SPANS = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_HEADING = re.compile(r"<(/?)h[1-6]>")


def set_views(app: Flask) -> None:
    """Give the templates their globals and filters."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        html_of_seller=html_of_seller,
        marked=marked,
        day=lambda when: i18n.day(when, g.lang),
        age=lambda when: i18n.age(when, now(), g.lang),
        number=lambda value: i18n.number(value, g.lang),
    )
    app.jinja_env.globals.update(
        asset=asset,
        query_string=query_string,
        in_language=in_language,
        language_names=i18n.NAMES,
        platform_label=platform_label,
    )
    app.context_processor(lambda: {"lang": g.get("lang", i18n.DEFAULT), "languages": LANGUAGES})


def now() -> datetime:
    """This request's time."""
    if "now" not in g:
        g.now = parts().wiring.clock.now()
    moment: datetime = g.now
    return moment


def html_of_seller(text: str) -> Markup:
    """A seller's description: the only place where text of a feed becomes HTML.

    It was cleaned when it was read; it is cleaned again here, to tags without pictures, links, classes or addresses.
    Its headings become strong lines, since the page's outline is ours.
    """
    cleaned = nh3.clean(text, tags=set(_SHOWN_TAGS.split()), attributes=_SPANS, link_rel=None)
    # nh3 has just written these tags, without any attribute: the pattern sees all of them and nothing else.
    plain = _HEADING.sub(lambda match: f"<{match[1]}strong>" if match[1] else "<strong>", cleaned)
    return Markup(plain)  # noqa: S704 - cleaned by nh3 two lines above


def marked(pieces: list[Piece]) -> Markup:
    """Text with what the query found in `<mark>`; every piece is escaped."""
    mark = Markup("<mark>{}</mark>")
    return Markup("").join(mark.format(piece.text) if piece.marked else piece.text for piece in pieces)


def asset(name: str) -> str:
    """The address of one of our files, with a mark that changes with its content."""
    return url_for("static", filename=name, v=_mark_of_file(name, (_STATIC / name).stat().st_mtime_ns))


@lru_cache(maxsize=64)
def _mark_of_file(name: str, _changed: int) -> str:
    return blake2b((_STATIC / name).read_bytes(), digest_size=6).hexdigest()


@lru_cache(maxsize=1)
def looks() -> str:
    """A mark of templates, styles and words: a page kept by a browser ends with the program that wrote it."""
    root = Path(__file__).parent
    files = sorted((*root.glob("templates/**/*.html"), *root.glob("static/*.*"), *root.glob("translations/**/*.po")))
    digest = blake2b(digest_size=6)
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def query_string(parameters: list[tuple[str, str]]) -> str:
    """`?name=value&…`, or nothing."""
    return f"?{urlencode(parameters)}" if parameters else ""


def in_language(other: str) -> str:
    """This page's address in another language."""
    arguments: Mapping[str, object] = {**(request.view_args or {}), "lang": other}
    if request.endpoint is None or "lang" not in (request.view_args or {"lang": other}):
        return url_for("buyers.home", lang=other)
    path = url_for(request.endpoint, **arguments)  # type: ignore[arg-type]
    return path + (f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else "")


def platform_label(name: str) -> str:
    """A platform's name as people write it in the page's language."""
    words = BY_NAME["platform"].value_label(name, g.get("lang", i18n.DEFAULT))
    found = PLATFORMS.get(name)
    return found.label if words == name and found else words
