"""Declared fields that two platforms' wire schemas share, and the reading of a row by them."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from marshmallow import Schema, ValidationError, fields

from integrator.record import Wire

T = TypeVar("T")


class Cell(fields.Field[T]):
    """A declared field. Schemas and each wire's own reader both ask its `read`, which raises ValidationError.

    `wrong` takes the names of what cannot be read inside it: a row's field costs only itself.
    """

    def read(self, value: object, wrong: list[str]) -> T:
        raise NotImplementedError

    def _deserialize(self, value: object, attr: str | None, data: object, **_: Any) -> T:
        return self.read(value, [])


class Text(Cell[str]):
    """Text, or a whole number where text is declared (common rule 10 the other way round)."""

    def read(self, value: object, wrong: list[str]) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.make_error("validator_failed")


# Of each field of a schema: its name, how it is read, and whether it is plain text.
Declared = tuple[tuple[str, Cell[Any], bool], ...]


def declare(schema: type[Schema]) -> Declared:
    """The fields of a schema, as `read_declared` wants them."""
    found = schema().load_fields
    return tuple((name, cast("Cell[Any]", field), type(field) is Text) for name, field in found.items())


def read_declared(declared: Declared, row: Mapping[str, Wire]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The declared fields of a row (None where absent or null), and the names of those that cannot be read.

    Text that is text already is taken as it is, and the others are asked without the library's seven calls a field.
    """
    values: dict[str, Any] = {}
    unreadable: list[str] = []
    for name, field, is_text in declared:
        value = row.get(name)
        if value is None or (is_text and type(value) is str):
            values[name] = value
        elif is_text and type(value) is int:
            values[name] = str(value)
        else:
            inside: list[str] = []
            try:
                values[name] = field.read(value, inside)
            except ValidationError:
                values[name] = None
                unreadable.append(name)
            unreadable.extend(f"{name}.{each}" for each in inside)
    return values, tuple(unreadable)
