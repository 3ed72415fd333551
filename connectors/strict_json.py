"""JSON, strictly: whole, unique keys, real numbers, whole letters, bounded depth; or refused with a reason.

What comes out holds text, integers, decimals as text, lists and mappings only.
"""

import json
import re
from collections.abc import Sequence
from typing import Final, NoReturn

from connectors.refusal import refuse
from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID, NOT_WELL_FORMED
from integrator.record import Wire

# Feeds nest five deep at most; 64 leaves room for growth and keeps every walk over a value far from the stack's end.
MAX_DEPTH: Final = 64
# No field of any guide has more than 18 digits; longer runs are an attack on the number parser.
MAX_DIGITS: Final = 40
# Exponents are not sent by any platform; this many digits either way is still a number a database can hold.
MAX_EXPONENT: Final = 30

_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_BLANKS: Final = re.compile(r"[ \t\n\r]*")


def unique(pairs: list[tuple[str, Wire]]) -> dict[str, Wire]:
    """An object of these keys and values. Refuses a key given twice."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        refuse("JSON object with a key given twice")
    return fields


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        refuse("JSON number with too many digits")
    return int(text)


def read_fraction(text: str) -> str:
    """A number with a point or an exponent, as its own text: a float would not hold the digits that were sent."""
    if len(text) > MAX_DIGITS:
        refuse("JSON number with too many digits")
    exponent = text.lower().partition("e")[2]
    if exponent and abs(int(exponent)) > MAX_EXPONENT:
        refuse("JSON number out of range")
    return text


def refuse_constant(name: str) -> NoReturn:
    """NaN and the infinities are no JSON."""
    refuse(f"JSON with {name}, which is no number")


# The C scanner with hooks: one call into Python for each object and each number, none for texts.
_SCANNER: Final = json.JSONDecoder(
    object_pairs_hook=unique, parse_int=_integer, parse_float=read_fraction, parse_constant=refuse_constant
)


def json_text(body: bytes) -> str:
    """The text of a JSON body. Refuses what is not UTF-8, or begins with a byte order mark."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BytesRefused("body is not UTF-8", code=ENCODING_INVALID) from error
    if text.startswith("\ufeff"):
        refuse("JSON begins with a byte order mark")
    if text.startswith("<", skip(text, 0)):
        refuse("a web page came instead of JSON")
    return text


def decode_json(body: bytes) -> Wire:
    """Read a JSON body; numbers come as int, or as their own text when they have a point or an exponent."""
    text = json_text(body)
    value, end = scan(text, skip(text, 0))
    refuse_rest(text, end)
    check_shape(value, text)
    return value


def scan(text: str, start: int, *, decoder: json.JSONDecoder = _SCANNER) -> tuple[Wire, int]:
    """The value that begins at `start`, and where it ends."""
    try:
        return decoder.raw_decode(text, start)
    except RecursionError:
        refuse("JSON nests too deep")
    except ValueError as error:
        # The parser's own message names a place, never the text; its exception holds the whole body, so it is let go.
        reason = f"JSON is not well-formed: {getattr(error, 'msg', 'unreadable')} at {getattr(error, 'pos', 0)}"
        raise BytesRefused(reason, code=NOT_WELL_FORMED) from None


def skip(text: str, start: int) -> int:
    """Where the blanks that begin here end."""
    if text[start : start + 1] > " ":
        return start
    found = _BLANKS.match(text, start)
    return found.end() if found else start


def refuse_rest(text: str, end: int) -> None:
    """Refuses anything but blanks behind the end."""
    if skip(text, end) != len(text):
        refuse("JSON goes on after its end")


def check_shape(value: Wire, text: str) -> None:
    """Depth and lone surrogates: two rare faults, looked for only where the text could hold them."""
    if text.count("{") + text.count("[") > MAX_DEPTH and not is_shallow(value):
        refuse(f"JSON nests deeper than {MAX_DEPTH}")
    if may_hold_surrogates(text) and not is_whole_text(value):
        refuse("JSON text with half a surrogate pair")


def is_shallow(value: Wire) -> bool:
    """Whether it nests no deeper than any JSON may."""
    level: list[Wire] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if type(inner) is dict or type(inner) is list]
        if not level:
            return True
    return False


def _inside(value: Wire) -> Sequence[Wire]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def may_hold_surrogates(text: str) -> bool:
    """Whether it holds an escape of one, be it half of a sound pair."""
    return "\\u" in text and _ESCAPED_SURROGATE.search(text) is not None


def is_whole_text(value: Wire) -> bool:
    """Whether no text inside holds half a surrogate pair."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
