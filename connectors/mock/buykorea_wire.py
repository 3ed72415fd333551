"""BuyKorea's two wire forms of ordered fields. Source: BuyKorea guide 1.4, section 3."""

import json
from collections.abc import Iterable

Scalar = str | int | float


class Html(str):
    """A text that XML carries in a CDATA section."""


class Group:
    """A repeated inner element: an object when there is one, a list when more, empty when none."""

    __slots__ = ("name", "rows")

    def __init__(self, name: str, rows: "list[list[Field]]") -> None:
        self.name, self.rows = name, rows


Value = Scalar | Group | Html
Field = tuple[str, Value]

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_xml(rows: Iterable[list[Field]], tag: str) -> str:
    return "".join(f"<{tag}>{''.join(_element(name, value) for name, value in row)}</{tag}>" for row in rows)


def _element(name: str, value: Value) -> str:
    if value == "":
        return f"<{name}/>"
    if isinstance(value, Group):
        return f"<{name}>{to_xml(value.rows, value.name)}</{name}>"
    if isinstance(value, Html):
        return f"<{name}><![CDATA[{value}]]></{name}>"
    return f"<{name}>{str(value).translate(_ENTITIES)}</{name}>"


def to_json(rows: list[list[Field]]) -> str:
    """One row comes as an object, several as a list."""
    return json.dumps(_collapse([_plain(row) for row in rows]), ensure_ascii=False, separators=(",", ":"))


def _plain(row: list[Field]) -> dict[str, object]:
    return {
        name: {value.name: _collapse([_plain(inner) for inner in value.rows])} if isinstance(value, Group) else value
        for name, value in row
    }


def _collapse(rows: list[dict[str, object]]) -> object:
    return rows[0] if len(rows) == 1 else rows
