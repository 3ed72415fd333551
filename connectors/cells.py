"""Declared fields that two platforms' wire schemas share."""

from typing import Any, TypeVar

from marshmallow import fields

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
