"""Descriptions: untrusted HTML to a small safe subset."""

import re
from functools import lru_cache
from html import unescape

import nh3

from integrator import issues as codes
from integrator.clean.plain import drop_unseen, is_empty, read_text
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Issue

# The largest description a guide allows (tradeKorea 6).
HTML_LIMIT = 200_000
# Nested tags cost the parser their depth each: 40,000 open ones take seconds, and no browser shows them.
_MOST_TAGS = 5_000

_TAGS = (
    "b blockquote br caption code dd div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img li ol p pre s small "
    "span strong sub sup table tbody td tfoot th thead tr u ul"
)
# Gone with everything in them: what stands inside is code or fallback, not description.
_SWALLOWED = "embed form frameset iframe math noscript object script select style svg template textarea title"
_ATTRIBUTES = {"img": {"src", "alt", "width", "height"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}

_TAG = re.compile(r"<[A-Za-z/!]")
_ESCAPED_TAG = re.compile(r"&(?:amp;)?lt;/?[A-Za-z]")
_DOUBLE = re.compile(r"&amp;(?=#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]{2,31}[0-9]{0,2};)")
_ACTIVE_TAG = re.compile(
    r"<\s{0,9}(?:script|iframe|frame|object|embed|applet|form|input|button|style|link|meta|base|svg|math)\b",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"(?:javascript|vbscript)\s{0,9}:", re.IGNORECASE)
_HANDLER = re.compile(r"[\s\"'/]on[a-z]{3,20}\s{0,9}=", re.IGNORECASE)
# A picture that would lose its address: plain http, a script, embedded bytes, a path without host.
_OTHER_PICTURE = re.compile(
    r"<img\b[^<>]{0,500}?\ssrc\s{0,9}=\s{0,9}[\"']?\s{0,9}(?!https:|//)[^\s\"'<>][^<>]{0,50000}>", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[^<>]*>")


def read_html(raw: str | None, *, field: str) -> Reading[str | None]:
    """A description as safe HTML: no scripts, handlers, frames, styles or links; pictures by https only.

    None when nothing can be seen of it. Text without any tag or reference is returned as it is, which is HTML too.
    """
    if raw is None or is_empty(raw):
        return Reading(None)
    if "<" not in raw and "&" not in raw:
        return read_text(raw, field=field, limit=HTML_LIMIT)
    found: list[Issue] = []
    text = _undo_escapes(drop_unseen(_cut(raw, field, found), field, found), field, found)
    text = _drop_pictures(text, field, found)
    if _is_active(text):
        found.append(make_issue(codes.HTML_UNSAFE, field, text))
    clean = _clean(text, field, found)
    return Reading(clean if _can_be_seen(clean) else None, tuple(found))


def _clean(text: str, field: str, found: list[Issue]) -> str:
    """What nh3 lets through, without what its reading of references (`&#x202E;`) brought to light."""
    clean = _cleaner().clean(text)
    hidden: list[Issue] = []
    seen = drop_unseen(clean, field, hidden)
    found += [issue for issue in hidden if issue.code not in {known.code for known in found}]
    # Nothing may edit the text after nh3: only what it wrote last is safe.
    return (clean if seen == clean else _cleaner().clean(seen)).strip()


def _cut(raw: str, field: str, found: list[Issue]) -> str:
    kept = raw[:HTML_LIMIT]
    if kept.count("<") > _MOST_TAGS:
        kept = "<".join(kept.split("<", _MOST_TAGS + 1)[:-1])
    if len(kept) < len(raw):
        found.append(make_issue(codes.TEXT_TOO_LONG, field, raw))
    return kept


def _undo_escapes(text: str, field: str, found: list[Issue]) -> str:
    """`&amp;quot;` to `&quot;`; and a whole description sent as escaped tags to tags. At most two levels."""
    if "&" not in text:
        return text
    plain = _DOUBLE.sub("&", text)
    if not _TAG.search(plain) and _ESCAPED_TAG.search(plain):
        plain = unescape(plain)
    if plain != text:
        found.append(make_issue(codes.TEXT_DOUBLE_ESCAPED, field, text))
    return plain


def _is_active(text: str) -> bool:
    """Whether it would do something if it were let; a sign that each pattern needs is looked for first."""
    return (
        _ACTIVE_TAG.search(text) is not None
        or (":" in text and _SCRIPT.search(text) is not None)
        or ("=" in text and _HANDLER.search(text) is not None)
    )


def _drop_pictures(text: str, field: str, found: list[Issue]) -> str:
    """Without the pictures that no page of ours may show. What this regex misses, nh3 strips of its address."""
    if "=" not in text:
        return text
    kept = _OTHER_PICTURE.sub("", text)
    if kept != text:
        found.append(make_issue(codes.HTML_PICTURE_DROPPED, field, text))
    return kept


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(_TAGS.split()),
        clean_content_tags=set(_SWALLOWED.split()),
        attributes=_ATTRIBUTES,
        url_schemes={"https"},
        url_relative=_complete,
        link_rel=None,
    )


def _complete(address: str) -> str | None:
    """GobizKOREA 5: read `//host/…` as https. Any other address without a scheme leads nowhere."""
    return f"https:{address}" if address.startswith("//") else None


def _can_be_seen(clean: str) -> bool:
    if "<img " in clean:
        return True
    return not is_empty(unescape(_ANY_TAG.sub("", clean))[:50])
