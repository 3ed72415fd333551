"""docs/search.md names what there is."""

from pathlib import Path

import pytest

from search.filters import FILTERS, PARAMETERS
from web.commands.index import index

TEXT = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", FILTERS, ids=lambda row: row.name)
def test_every_filter_has_its_row_with_its_parameters(row):
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| {row.name} |"))

    assert all(f"`{parameter}`" in line for parameter in row.parameters)
    assert all(f"`{value}`" in line for value in row.order)


def test_the_table_names_no_other_filter():
    table = TEXT.split("## Filters")[1].split("## ")[0]
    named = {line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")} - {"filter"}

    assert named == {row.name for row in FILTERS}
    assert PARAMETERS


def test_every_index_command_is_explained():
    assert all(f"`hanmaru index {name}`" in TEXT for name in index.commands)
