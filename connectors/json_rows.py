"""Rows in JSON: one that is sound, quickly; of one that is not, what can be told of it, so that it costs only itself.

Reading is most of what an unchanged feed costs, so nearly all rows take a quick way whose soundness is checked from
outside. A row that is JSON but not sound is mended only in ways that its parser must notice: a key given twice becomes
a list of its values (as an XML element sent twice does), a number that no database holds its own text, half a surrogate
pair a replacement letter, a field that nests too deep a note of that. What is no JSON at all is refused with its page:
where a quote or a bracket is missing, nobody can tell which of the rows behind it are its own.
"""

import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from connectors.refusal import refuse
from connectors.strict_json import (
    MAX_DEPTH,
    MAX_DIGITS,
    is_shallow,
    is_whole_text,
    json_text,
    may_hold_surrogates,
    read_fraction,
    refuse_constant,
    refuse_rest,
    scan,
    skip,
)
from integrator.errors import BytesRefused
from integrator.record import Wire

# Without the hook for objects, three times as fast; what it cannot see is checked from outside, or read again strictly.
_QUICK: Final = json.JSONDecoder(parse_float=read_fraction, parse_constant=refuse_constant)
_LARGEST: Final = 10**MAX_DIGITS
_QUICK_DEPTH: Final = 8

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# No field of any guide is an object with this name, so whoever declares text, list or object cannot read it.
_TOO_DEEP: Final = {"(nests)": "too deep"}
_NOTE: Final = json.dumps(_TOO_DEEP)

# A text, a bracket, or the quote of a text without an end.
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
_CLOSING: Final = {"[": "]", "{": "}"}
# Of one row: ten times the levels at which parsers give up, in milliseconds.
_MOST_TOKENS: Final = 20_000


def decode_row(body: bytes) -> Wire:
    """The bytes of one row, read as they were read on their page. Raises BytesRefused for what is no JSON."""
    text = json_text(body)
    value, end = scan_row(text, skip(text, 0))
    refuse_rest(text, end)
    return mend_letters(value) if may_hold_surrogates(text) else value


def scan_row(text: str, start: int) -> tuple[Wire, int]:
    """The row that begins at `start`, and where it ends. Its letters are not looked at: see `mend_letters`."""
    try:
        value, end = _QUICK.raw_decode(text, start)
    except (RecursionError, ValueError, BytesRefused):
        value, end = None, start
    if end > start and _has_unique_keys(value, text, start, end):
        return value, end
    try:
        value, end = scan(text, start)
    except BytesRefused:
        value, end = _scan_unsound(text, start)
    return _without_depths(value), end


# Sound rows ----------------------------------------------------------------------------------------------------------


def _has_unique_keys(value: Wire, text: str, start: int, end: int) -> bool:
    """Whether no key came twice, nothing nests deep and no number is long; False also where that cannot be told.

    Where no quote is followed by a blank, every key is followed by `":`, which may stand inside texts too. So the
    keys that were read are at most the keys that were sent, and these at most the places of `":`: all three are
    equal only if no key was given twice.
    """
    # Of the blanks only the space may stand inside a text; the others are found faster alone than behind a quote.
    find = text.find
    if not find('" ', start, end) == find("\n", start, end) == find("\r", start, end) == find("\t", start, end) == -1:
        return False
    keys = _count_keys(value)
    return keys >= 0 and keys == text.count('":', start, end)


def _count_keys(value: Wire) -> int:
    """Keys of all objects inside; -1 when something nests deep or a number is long."""
    keys = 0
    level: list[Wire] = [value] if isinstance(value, dict | list) else []
    for _ in range(_QUICK_DEPTH if level else 0):
        inside: list[Wire] = []
        for outer in level:
            values: Iterable[Wire] = ()
            if isinstance(outer, dict):
                keys += len(outer)
                values = outer.values()
            elif isinstance(outer, list):
                values = outer
            # Nearly all are texts, which neither nest nor count.
            for inner in [inner for inner in values if type(inner) is not str]:
                kind = type(inner)
                if kind is dict or kind is list:
                    inside.append(inner)
                elif isinstance(inner, int) and not -_LARGEST < inner < _LARGEST:
                    return -1
        if not inside:
            return keys
        level = inside
    return -1


# Unsound rows --------------------------------------------------------------------------------------------------------


def _gather(pairs: list[tuple[str, Wire]]) -> dict[str, Wire]:
    fields: dict[str, Wire] = {}
    repeated: dict[str, list[Wire]] = {}
    for name, value in pairs:
        if name in fields:
            repeated.setdefault(name, [fields[name]]).append(value)
        else:
            fields[name] = value
    return {**fields, **repeated}


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS else text


_LENIENT: Final = json.JSONDecoder(
    object_pairs_hook=_gather, parse_int=_integer, parse_float=str, parse_constant=str, strict=False
)


def _scan_unsound(text: str, start: int) -> tuple[Wire, int]:
    try:
        return scan(text, start, decoder=_LENIENT)
    except BytesRefused:
        # Its depth may be more than the parser can follow; whatever else is wrong is refused by the second reading.
        shallow, end = _cut_depths(text, start)
        value, read = scan(shallow, 0, decoder=_LENIENT)
        refuse_rest(shallow, read)
        return value, end


def _cut_depths(text: str, start: int) -> tuple[str, int]:
    """The row that begins here, each of its fields that nests too deep replaced by a note; and where it ends."""
    parts: list[str] = []
    opened: list[str] = []
    kept, field, deepest = start, start, 0
    for token in islice(_TOKEN.finditer(text, start), _MOST_TOKENS):
        sign = token.group()
        if sign in _CLOSING:
            opened.append(_CLOSING[sign])
            field = token.start() if len(opened) == 2 else field
            deepest = max(deepest, len(opened))
        elif len(sign) == 1:
            if not opened or sign != opened.pop():
                break
            if len(opened) == 1 and deepest > MAX_DEPTH:
                parts += [text[kept:field], _NOTE]
                kept = token.end()
            deepest = deepest if len(opened) > 1 else 0
            if not opened:
                return "".join([*parts, text[kept : token.end()]]), token.end()
    refuse("JSON row without an end")


def _without_depths(value: Wire) -> Wire:
    if is_shallow(value):
        return value
    if not isinstance(value, dict):
        return _TOO_DEEP
    # One level less than a row may have, for they stand inside it.
    return {name: inner if is_shallow([inner]) else _TOO_DEEP for name, inner in value.items()}


def mend_letters(value: Wire) -> Wire:
    """The value with every half of a surrogate pair as a replacement letter: no database and no page holds it."""
    return value if is_whole_text(value) else _mend(value)


def _mend(value: Wire) -> Wire:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", name): _mend(inner) for name, inner in value.items()}
    return [_mend(inner) for inner in value] if isinstance(value, list) else value
