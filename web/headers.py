"""Headers of every answer: what a browser may load, and how long an answer may be kept."""

from hashlib import blake2b

from flask import Flask, Response, request

from web.config import Settings

# Nothing from other hosts, nothing inline. Data blocks (application/ld+json) are no scripts and need no permission.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}

# A file's address changes with its content, so whoever has it need never ask again.
_FOR_EVER = "public, max-age=31536000, immutable"
# Kept by anybody, but asked for again each time: a page changes with the next commit of the index.
_ASK_AGAIN = "public, no-cache"


def set_headers(app: Flask, settings: Settings) -> None:
    """Give every answer of the application its headers."""
    over_tls = (settings.public_url or "").startswith("https://")

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if over_tls:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint == "static":
            response.headers["Cache-Control"] = _FOR_EVER if "v" in request.args else "no-cache"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def mark_of(*parts: object) -> str:
    """An ETag for whatever the parts decide."""
    return blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def is_known(mark: str) -> bool:
    """Whether the browser has this very answer already."""
    return request.if_none_match.contains_weak(mark)


def not_modified(mark: str) -> Response:
    """Says so, without a body."""
    return _kept(Response(status=304), mark)


def keep(body: str, mark: str) -> Response:
    """A page that may be kept and is asked for again by its mark."""
    return _kept(Response(body, mimetype="text/html"), mark)


def _kept(response: Response, mark: str) -> Response:
    response.set_etag(mark, weak=True)
    response.headers["Cache-Control"] = _ASK_AGAIN
    return response
