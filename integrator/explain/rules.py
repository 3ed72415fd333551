"""The rules of cleaning that a text met: the functions it was handed to while its record was parsed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from functools import _lru_cache_wrapper
from inspect import signature
from types import FrameType

import msgspec

_CLEAN = "integrator.clean"

# What only asks about a text changes nothing in it.
_PREDICATE = "is_"


@dataclass(frozen=True, slots=True)
class Call:
    """A rule that was applied: `hs.read_hs`, the texts it was handed, the field it read them for (None: its own)."""

    rule: str
    texts: frozenset[str]
    field: str | None


@contextmanager
def watch_calls(connector: str) -> Iterator[list[Call]]:
    """The calls of the cleaning rules, and of the package `connector`, inside the block, on this thread."""
    calls: list[Call] = []

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            module, name = _module(frame), frame.f_code.co_name
            if _is_rule(module, name, connector) and not _module(frame.f_back).startswith(_CLEAN):
                calls.append(_call(module, name, frame))

    _forget_answers(connector)
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def explain_rule(rule: str) -> str:
    """The first sentence of what a rule says of itself; "" for one of a connector's own."""
    module, _, name = rule.rpartition(".")
    found = getattr(sys.modules.get(f"{_CLEAN}.{module}"), name, None)
    return (getattr(found, "__doc__", None) or "").partition("\n")[0]


def _module(frame: FrameType | None) -> str:
    return "" if frame is None else str(frame.f_globals.get("__name__", ""))


def _is_rule(module: str, name: str, connector: str) -> bool:
    if module.startswith(f"{_CLEAN}."):
        return not name.startswith(("_", "<", _PREDICATE)) and not module.endswith(".reading")
    return bool(connector) and module.startswith(f"{connector}.") and name.startswith("_read_")


def _call(module: str, name: str, frame: FrameType) -> Call:
    code = frame.f_code
    given = {each: frame.f_locals[each] for each in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}
    field = given.pop("field", None)
    usual = _defaults(module, name)
    said = [value for each, value in given.items() if value is not usual.get(each)]
    place = module.rpartition(".")[2] if module.startswith(_CLEAN) else module.removeprefix("connectors.")
    texts = frozenset(_texts(said))
    return Call(f"{place}.{name}", texts, field if isinstance(field, str) else None)


def _defaults(module: str, name: str) -> dict[str, object]:
    """What a rule takes where it is handed nothing: no text of the record."""
    found = getattr(sys.modules[module], name, None)
    return {each.name: each.default for each in signature(found).parameters.values()} if callable(found) else {}


def _texts(value: object) -> Iterator[str]:
    """Every single value inside, as text; not those of a whole row, which every rule of a connector is handed."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _texts(getattr(value, part.name))
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _forget_answers(connector: str) -> None:
    """A remembered answer is given without a call; those kept once for good (tables) are no answers."""
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{_CLEAN}.") or (connector and name.startswith(f"{connector}.")):
            for each in list(vars(module).values()):
                if isinstance(each, _lru_cache_wrapper) and each.cache_parameters()["maxsize"] != 1:
                    each.cache_clear()
