"""What a reader gives back, and the collector a parser gathers issues in."""

from typing import Generic, TypeVar

import msgspec

from integrator.listing import Issue

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# Enough to recognise the value by; a whole description does not belong into a list of issues.
RAW_LIMIT = 200


class Reading(msgspec.Struct, Generic[T_co], frozen=True):
    """A value as read, and what was repaired or could not be read on the way. Unreadable is None or a state.

    Some forty are made for every record: a struct is made in a fifth of the time of a frozen dataclass.
    """

    value: T_co
    issues: tuple[Issue, ...] = ()


def make_issue(code: str, field: str, raw: str = "") -> Issue:
    """An issue whose raw value is short and storable as UTF-8 (a lone surrogate is not)."""
    return Issue(code, field, raw[:RAW_LIMIT].encode("utf-8", "replace").decode())


class Issues:
    """Gathers the issues of one record while its fields are read.

    `name = found.take(read_text(row["name"], field="names"))` keeps the issues and gives the value.
    """

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[Issue] = []

    def take(self, reading: Reading[T]) -> T:
        if reading.issues:
            self.found.extend(reading.issues)
        return reading.value

    def add(self, code: str, field: str, raw: str = "") -> None:
        self.found.append(make_issue(code, field, raw))
