"""The one table from error to HTTP status, and how a failure is told: JSON to programs, a page to people."""

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, request
from flask_babel import lazy_gettext
from werkzeug.exceptions import HTTPException

from integrator.errors import (
    HanmaruError,
    IndexUnavailable,
    InvalidQuery,
    SchemaMismatch,
    StorageUnavailable,
    UnknownListing,
    UnknownProduct,
)
from search.words import LANGUAGES
from web.i18n import preferred_language

STATUS: dict[type[HanmaruError], tuple[int, str]] = {
    InvalidQuery: (400, "invalid_query"),
    UnknownProduct: (404, "unknown_product"),
    UnknownListing: (404, "unknown_listing"),
    IndexUnavailable: (503, "index_unavailable"),
    SchemaMismatch: (503, "schema_mismatch"),
    StorageUnavailable: (503, "database_unavailable"),
}
_OTHERWISE = (500, "internal")

# Status -> title, advice; what is not here gets the words of 500.
_WORDS = {
    400: (
        lazy_gettext("This search cannot be read"),
        lazy_gettext("Correct the address, or begin a new search."),
    ),
    404: (
        lazy_gettext("There is nothing at this address"),
        lazy_gettext("The address may be mistyped, or the product was never here. Search for it instead."),
    ),
    405: (
        lazy_gettext("This address cannot be used that way"),
        lazy_gettext("Begin a new search."),
    ),
    500: (
        lazy_gettext("Something went wrong on our side"),
        lazy_gettext("It has been written down. Try again in a moment."),
    ),
    503: (
        lazy_gettext("The catalogue cannot be searched right now"),
        lazy_gettext("It is being prepared or repaired. Try again in a minute."),
    ),
}

_log = structlog.get_logger()


def tell_problems(app: Flask) -> None:
    """Answer every failure by the table."""
    app.register_error_handler(HanmaruError, _tell_ours)
    app.register_error_handler(HTTPException, _tell_http)
    app.register_error_handler(Exception, _tell_unforeseen)


def _tell_ours(error: Exception) -> Response:
    status, code = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), _OTHERWISE)
    if status >= 500:
        _log.warning("request failed", path=request.path, code=code, reason=str(error))
    return tell(status, code, str(error))


def _tell_http(error: Exception) -> Response:
    if not isinstance(error, HTTPException) or error.code is None:
        return _tell_unforeseen(error)
    if error.response is not None or error.code < 400:
        return make_response(error.get_response())
    response = tell(error.code, error.name.lower().replace(" ", "_"), "")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _tell_unforeseen(error: Exception) -> Response:
    """The outer edge of a request: written down with its trace, told without it."""
    _log.exception("request failed", path=request.path, error=type(error).__name__)
    return tell(*_OTHERWISE, "")


def tell(status: int, code: str, reason: str) -> Response:
    """One failure, in the form that suits who asked. `reason` is English and safe to show; empty: say it in general."""
    title, advice = _WORDS.get(status, _WORDS[500 if status >= 500 else 400])
    if request.path.startswith(("/api/", "/healthz/")):
        return make_response(jsonify(error={"code": code, "message": reason or f"{title}. {advice}"}), status)
    g.setdefault("lang", _language_of_address())
    page = render_template("problem.html", title=title, advice=advice, reason=reason, status=status)
    response = make_response(page, status)
    if status == 503:
        response.headers["Retry-After"] = "60"
    return response


def _language_of_address() -> str:

    first = request.path.split("/")[1]
    return first if first in LANGUAGES else preferred_language()
