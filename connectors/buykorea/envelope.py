"""BuyKorea's answers: envelope, result codes, and what is no answer at all. Source: partner guide 1.4, 3 and 4.

In XML a row that is not well-formed costs its page: behind a CDATA section or a comment without an end
`</item>` is text, so where the next row begins would be a guess. We ask for JSON, where a row costs only itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.buykorea.wire import XmlCuts, xml_value
from connectors.decode import as_objects, decode_json_page, decode_xml, refuse
from connectors.http import Answer
from integrator.clean.dates import KOREA
from integrator.errors import FeedUnavailable
from integrator.issues import ENCODING_INVALID
from integrator.record import Wire

# Result codes of section 4, by what helps.
PASSING: Final = frozenset({"01", "02", "05", "99"})
REFUSED: Final = frozenset({"20", "21", "30", "31", "32"})
QUOTA: Final = "22"
NOTHING: Final = "03"
SOUND: Final = frozenset({"00", "0000"})

_ROWS_AT: Final = ("response", "body", "items", "item")


Cuts = Sequence[Callable[[], bytes]]


@dataclass(frozen=True, slots=True)
class WirePage:
    """One answer of a list call. `code` is the result code; an empty page has no rows and its true `total`."""

    code: str
    time: str
    total: int
    number: int | None
    rows: Sequence[Mapping[str, Wire]]
    cuts: Cuts

    @property
    def clock(self) -> datetime:
        """The platform's own clock, in UTC."""
        return datetime.strptime(self.time, "%Y%m%d%H%M%S").replace(tzinfo=KOREA).astimezone(UTC)

    @property
    def day(self) -> str:
        """The platform's Korean day."""
        return self.time[:8]


def read_page(answer: Answer) -> WirePage:
    """Read an answer with status 200, XML or JSON. Errors of the gateway are XML whatever was asked.

    An error document gives a page with its code and nothing else. Raises FeedUnavailable for what is no answer of this
    interface at all (a login page, an empty body, another shape): HTTP 200 proves nothing.
    """
    body = answer.body.lstrip()
    if not body:
        raise FeedUnavailable("BuyKorea sent an empty answer", code="EMPTY_ANSWER")
    if body[:1] == b"<":
        return _read_xml(answer)
    if answer.charset not in (None, "utf-8", "utf8"):
        refuse(f"JSON under the label {answer.charset}", code=ENCODING_INVALID)
    page = decode_json_page(answer.body, _ROWS_AT)
    return _page_of(page.envelope, *_as_rows(page.rows or (), page.cuts))


def _read_xml(answer: Answer) -> WirePage:
    if b"<html" in answer.body[:1000].lower():
        raise FeedUnavailable("BuyKorea sent a web page instead of data", code="WEB_PAGE")
    root = decode_xml(answer.body, charset=answer.charset)
    if root.tag == "OpenAPI_ServiceResponse":
        code = root.findtext("cmmMsgHeader/returnReasonCode") or "no code"
        return WirePage(code.strip()[:20], "", 0, None, (), ())
    if root.tag != "response":
        raise _misshapen(f"a document named {str(root.tag)[:40]!r}")
    elements = root.findall("body/items/item")
    rows, cuts = _as_rows([xml_value(element) for element in elements], XmlCuts(answer.body, len(elements)).cuts)
    envelope = {"response": {part.tag: xml_value(part) for part in root}}
    return _page_of(envelope, rows, cuts)


def _as_rows(values: Sequence[Wire], cuts: Cuts) -> tuple[Sequence[Mapping[str, Wire]], Cuts]:
    """One row that is no object is a record that cannot be used; a page of nothing else is no page."""
    if values and not any(isinstance(value, dict) for value in values):
        raise _misshapen("rows that are no objects")
    return as_objects(values, cuts)


def _page_of(envelope: Wire, rows: Sequence[Mapping[str, Wire]], cuts: Cuts) -> WirePage:
    response = _object(_object(envelope).get("response"))
    header = _object(response.get("header"))
    code = str(header.get("resultCode"))
    if code not in SOUND and code != NOTHING:
        return WirePage(code[:20], "", 0, None, (), ())
    body = _object(response.get("body"))
    if not rows and not _is_empty(body.get("items")):
        raise _misshapen("items of another kind")
    total = _whole(body.get("totalCount"))
    if total is None:
        raise _misshapen("no totalCount")
    return WirePage(code, _time(header.get("responseTime")), total, _whole(body.get("pageNo")), rows, cuts)


def _is_empty(items: Wire) -> bool:
    return items == "" or items == {"item": None} or items == {"item": ""}


def _object(value: Wire) -> Mapping[str, Wire]:
    if not isinstance(value, dict):
        raise _misshapen("no envelope")
    return value


def _whole(value: Wire) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _time(value: Wire) -> str:
    text = str(value)
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=KOREA)
    except ValueError:
        raise _misshapen("no readable responseTime") from None
    return text


def _misshapen(what: str) -> FeedUnavailable:
    return FeedUnavailable(f"BuyKorea sent {what}, which its guide does not provide for", code="SHAPE")
