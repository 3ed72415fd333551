"""The description of the API: parameters from the filter registry, and one shape of failure for every route."""

from collections.abc import Iterator
from typing import Any

from search.filters import FILTERS, LARGEST_NUMBER, LONGEST_VALUE, MOST_VALUES, Filter, Kind
from search.query import DEEPEST, LARGEST_PAGE, LONGEST_TEXT, PAGE_SIZE
from search.words import LANGUAGES, SORTS

OPENAPI_VERSION = "3.1.0"
DESCRIPTION = (
    "One catalogue of Korean export goods, merged from several platforms. Read only, no key needed. "
    "Values of one filter are alternatives, filters narrow each other. Every failure has the shape of Failure."
)

# OpenAPI documents are plain JSON; their shape is the standard's.
Json = dict[str, Any]


def complete(spec: Json | str) -> Json | str:
    """Add what the routes cannot say themselves."""
    if isinstance(spec, str):
        return spec  # YAML, which nobody asks for
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas["Failure"] = {
        "type": "object",
        "description": "What went wrong.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string", "description": "A stable word for programs."},
                    "message": {"type": "string", "description": "What to change, in English."},
                },
            }
        },
    }
    search = spec["paths"]["/api/v1/search"]["get"]
    search["parameters"] = [*search.get("parameters", []), *_own_parameters(), *_filter_parameters()]
    product = spec["paths"]["/api/v1/products/{product_id}"]["get"]
    product["parameters"] = [*product.get("parameters", []), _language()]
    for operation in (search, product):
        _tell_failures(operation)
    return spec


def _tell_failures(operation: Json) -> None:
    for code, response in operation["responses"].items():
        if int(code) >= 400:
            response["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/Failure"}}}


def _own_parameters() -> Iterator[Json]:
    yield _parameter("q", f"What to look for, in any language; the first {LONGEST_TEXT} characters count.", _text())
    yield _parameter("sort", "Order; what is not known comes last.", _one_of(list(SORTS), "relevance"))
    yield _parameter("page", f"From 1. page times size is at most {DEEPEST}.", _count(DEEPEST, 1))
    yield _parameter("size", "Results a page.", _count(LARGEST_PAGE, PAGE_SIZE))
    yield _parameter("exact", "Correct no typing errors.", _one_of(["yes", "no"], "no"))
    yield _language()
    yield _many("facet", "Filters whose values to count.", {"type": "string", "enum": [row.name for row in FILTERS]})


def _filter_parameters() -> Iterator[Json]:
    for row in FILTERS:
        yield from _range_parameters(row) if row.kind is Kind.RANGE else [_values_parameter(row)]


def _range_parameters(row: Filter) -> Iterator[Json]:
    for bound, words in (("min", "At least."), ("max", "At most.")):
        if bound in row.bounds:
            yield _parameter(
                f"{row.name}_{bound}",
                f"{row.about} {words}",
                {"type": "number", "minimum": 0, "maximum": LARGEST_NUMBER},
            )
    yield _parameter(
        f"{row.name}_unknown", f"{row.about} Keep products that do not state it.", _one_of(["yes", "no"], "no")
    )


def _values_parameter(row: Filter) -> Json:
    schema: Json = {"type": "string", "maxLength": LONGEST_VALUE}
    if row.kind is Kind.FLAG:
        schema = {"type": "string", "enum": ["yes", "no"]}
    elif row.order:
        schema = {"type": "string", "enum": list(row.order)}
    return _many(row.name, row.about, schema)


def _many(name: str, about: str, schema: Json) -> Json:
    values = {"type": "array", "items": schema, "maxItems": MOST_VALUES}
    return {**_parameter(name, f"{about} May be given again.", values), "style": "form", "explode": True}


def _language() -> Json:
    return _parameter("lang", "Language of names and labels.", _one_of(list(LANGUAGES), "en"))


def _parameter(name: str, about: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}


def _text() -> Json:
    return {"type": "string"}


def _one_of(words: list[str], usual: str) -> Json:
    return {"type": "string", "enum": words, "default": usual}


def _count(largest: int, usual: int) -> Json:
    return {"type": "integer", "minimum": 1, "maximum": largest, "default": usual}
