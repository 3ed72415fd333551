"""Where the values of one record come from: the raw path, the original text, the rules that read it.

Nothing of this is stored, and no parser helps: it is found out by asking the parser again. Each raw value is changed a
little, and what then reads otherwise came from it; each is also taken away, for what only its presence decides. The
rules are the cleaning functions that were handed the text.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass, replace

import msgspec

from integrator.errors import RejectedRecord
from integrator.explain.rules import Call, watch_calls
from integrator.listing import Issue, Moment
from integrator.ports import Connector, Parsed
from integrator.record import Record, Wire

# A record with more raw values than this is no listing that anybody shows; those beyond it are not asked about.
_MOST = 1_000

# Not values of a record: who read it, how, and what is kept apart from everything shown.
_APART = frozenset({"platform", "issues", "contact", "listing"})

# Whose raw values decide about a value that no single one of them does; else those of its own field.
_TOGETHER: Mapping[str, tuple[str, ...]] = {
    "visible": ("status", "hidden_reason", "availability"),
    "hidden_reason": ("status",),
}

# A changed record may be one that no parser ever saw; that it trips over it says nothing.
_TRIPS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)

Path = tuple[str | int, ...]
View = Callable[[Parsed], object]


@dataclass(frozen=True, slots=True)
class Origin:
    """One raw value: its path, by the names of the guide, and its text as it came."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """One value of ours, as JSON, and all that it was made of. `rules` are names of functions, in the order called."""

    field: str
    value: object
    origins: tuple[Origin, ...]
    rules: tuple[str, ...]
    issues: tuple[Issue, ...]


def flatten(said: object) -> dict[str, object]:
    """Values by name, empty ones left out: `names.en`, `moq.unit`, `price.steps[0]`; a list of words is one value."""
    found: dict[str, object] = {}
    for name, value in _parts(said):
        if name not in _APART:
            found.update(_flatten(name, value))
    return found


def trace_fields(connector: Connector, record: Record, *, view: View = lambda parsed: parsed) -> list[FieldTrace]:
    """Every value of the part of the parsed record that `view` picks. Raises RejectedRecord."""
    with watch_calls(type(connector).__module__.rpartition(".")[0]) as calls:
        said = view(connector.parse(record))
    shown = flatten(said)
    origins = _Asking(connector, record, view, shown).find_origins()
    issues: tuple[Issue, ...] = getattr(said, "issues", ())
    return [_trace(name, shown[name], origins.get(name, ()), calls, issues) for name in shown]


def _trace(
    name: str, value: object, origins: tuple[Origin, ...], calls: list[Call], issues: tuple[Issue, ...]
) -> FieldTrace:
    field = name_field(name)
    texts = {origin.text for origin in origins}
    rules = dict.fromkeys(call.rule for call in calls if call.field in (None, field) and call.texts & texts)
    mine = tuple(issue for issue in issues if issue.field == field)
    return FieldTrace(name, value, origins, tuple(rules), mine)


def name_field(name: str) -> str:
    """The field of ours that a value belongs to: `price` of `price.steps[0]`."""
    return name.partition(".")[0].partition("[")[0]


class _Asking:
    """Asks the parser what it makes of the record with one value changed."""

    def __init__(self, connector: Connector, record: Record, view: View, shown: Mapping[str, object]) -> None:
        self._connector = connector
        self._record = record
        self._view = view
        self._shown = shown
        self._leaves = dict(list(_leaves(record.fields))[:_MOST])

    def find_origins(self) -> dict[str, tuple[Origin, ...]]:
        """By value, what it came from: what changes it, else what it goes away with."""
        changing, missing = _Found(), _Found()
        for path, value in self._leaves.items():
            for another in _variants(value):
                changing.add(self._read_otherwise(path, another), path)
            missing.add(self._read_otherwise(path, "" if isinstance(value, str) else None), path)
        if len(changing.paths | missing.paths) < len(self._shown):
            self._take_away_together(missing)
        found = {name: self._origins(changing.paths.get(name) or missing.paths.get(name, {})) for name in self._shown}
        found |= {name: self._together(name, found) for name, origins in found.items() if not origins}
        if "scope" in found and self._record.scope:
            found["scope"] = (Origin("(scope of the access)", self._record.scope),)
        return found

    def _take_away_together(self, missing: "_Found") -> None:
        """What stands there twice goes away only with all of its list."""
        for path, empty in _branches(self._record.fields):
            names = [name for name in self._read_otherwise(path, empty) if name not in missing.paths]
            for leaf in self._leaves:
                if leaf[: len(path)] == path:
                    missing.add(names, leaf)

    def _together(self, name: str, found: Mapping[str, tuple[Origin, ...]]) -> tuple[Origin, ...]:
        """Where several raw values agree on one of ours, changing any of them alone shows nothing."""
        fields = _TOGETHER.get(name, (name_field(name),))
        return tuple(dict.fromkeys(each for other in found if name_field(other) in fields for each in found[other]))

    def _origins(self, paths: Mapping[Path, None]) -> tuple[Origin, ...]:
        return tuple(Origin(write_path(path), str(self._leaves[path])) for path in paths)

    def _read_otherwise(self, path: Path, value: Wire) -> list[str]:
        """The names of the values that are not as they were with another value there."""
        record = self._record
        name = str(value or "") if str(self._leaves.get(path)) == record.external_id else record.external_id
        first = str(path[0])
        fields = {**record.fields, first: _with(record.fields[first], path[1:], value)}
        changed = replace(record, fields=fields, external_id=name)
        try:
            said = flatten(self._view(self._connector.parse(changed)))
        except RejectedRecord as rejected:
            told = {reason.field for reason in rejected.reasons}
            return [name for name in self._shown if name_field(name) in told]
        except _TRIPS:
            return []
        return [name for name, before in self._shown.items() if said.get(name) != before]


class _Found:
    """Raw paths by the names of our values."""

    def __init__(self) -> None:
        self.paths: dict[str, dict[Path, None]] = {}

    def add(self, names: Iterable[str], path: Path) -> None:
        for name in names:
            self.paths.setdefault(name, {})[path] = None


# Our values ----------------------------------------------------------------------------------------------------------


def _parts(said: object) -> Iterator[tuple[str, object]]:
    if is_dataclass(said):
        yield from ((each.name, getattr(said, each.name)) for each in dataclasses.fields(said))
    elif isinstance(said, Mapping):
        yield from ((str(name), value) for name, value in said.items())


def _flatten(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, tuple) and value and is_dataclass(value[0]):
        for place, each in enumerate(value):
            yield f"{name}[{place}]", msgspec.to_builtins(each)
    elif (is_dataclass(value) or isinstance(value, Mapping)) and not isinstance(value, Moment):
        for inner, each in _parts(value):
            yield from _flatten(f"{name}.{inner}", each)
    elif not _is_empty(name, value):
        yield name, msgspec.to_builtins(value)


def _is_empty(name: str, value: object) -> bool:
    """Nothing was said. A flag inside another value (business days) says something only when it is set."""
    return value in (None, "", (), "unknown", "missing") or (value is False and "." in name)


# Raw values ----------------------------------------------------------------------------------------------------------


def write_path(path: Path) -> str:
    """`PRC_SCTN.SCTN[0].USD_AMT`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _leaves(value: Wire, path: Path = ()) -> Iterator[tuple[Path, Wire]]:
    """Every single value that says something, by its path."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*path, place))
    elif value is not None and value != "":
        yield path, value


def _branches(value: Wire, path: Path = ()) -> Iterator[tuple[Path, Wire]]:
    """Everything that holds other values, by its path, with an empty one of its kind."""
    inner: Iterable[tuple[str | int, Wire]] = ()
    if isinstance(value, Mapping):
        inner = ((str(name), each) for name, each in value.items())
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    for step, each in inner:
        if isinstance(each, Mapping | list | tuple):
            yield (*path, step), {} if isinstance(each, Mapping) else []
            yield from _branches(each, (*path, step))


def _with(value: Wire, path: Path, leaf: Wire) -> Wire:
    """The same with another leaf; what is not on the way to it is shared."""
    if not path:
        return leaf
    step, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, str(step): _with(value[str(step)], rest, leaf)}
    assert isinstance(value, list | tuple)  # noqa: S101 - the path came from this very value
    return [_with(each, rest, leaf) if place == step else each for place, each in enumerate(value)]


_OTHER = {"Y": "N", "N": "Y", "y": "n", "n": "y"}


def _variants(value: Wire) -> Iterator[Wire]:
    """Other values of the same shape: a yes for a no, another last and another first letter or digit."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        if value in _OTHER:
            yield _OTHER[value]
            return
        places = [place for place, letter in enumerate(value) if letter.isalnum()]
        for place in dict.fromkeys(places[-1:] + places[:1]):
            yield value[:place] + _next(value[place]) + value[place + 1 :]


def _next(letter: str) -> str:
    if letter.isascii() and letter.isdigit():
        return str((int(letter) + 1) % 10)
    after = chr(ord(letter) + 1)
    return after if after.isalnum() else chr(ord(letter) - 1)
