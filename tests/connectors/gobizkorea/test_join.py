"""Rows joined by number in bounded memory: no row lost, none doubled, however they are spread."""

from itertools import count
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from connectors.gobizkorea import join as joining
from connectors.gobizkorea.join import Join
from connectors.gobizkorea.manifest import Drop, DropTable
from connectors.gobizkorea.wire import COLUMNS

TABLES = {name: DropTable(name, columns, 0, ()) for name, columns in COLUMNS.items()}
DROP = Drop(1, True, None, TABLES)
numbers = st.sampled_from([f"GS2026010{n:06}" for n in range(12)])


def row(table, number, mark):
    return [number, mark, *[""] * (len(COLUMNS[table]) - 2)]


@given(
    products=st.lists(numbers, max_size=40),
    lines=st.lists(numbers, max_size=60),
    images=st.lists(numbers, max_size=20),
    partitions=st.sampled_from([1, 3, 17]),
    rows_a_write=st.sampled_from([1, 2, 64]),
)
def test_every_row_meets_its_product_once(products, lines, images, partitions, rows_a_write):
    decoded_bytes = (partitions - 1) * joining._PARTITION_BYTES
    smaller_writes = mock.patch.object(joining, "_ROWS_A_WRITE", rows_a_write)
    with smaller_writes, Join(DROP, decoded_bytes=decoded_bytes) as join:
        for table, given_numbers in (("product", products), ("price_line", lines), ("image", images)):
            rows = (row(table, number, str(mark)) for mark, number in zip(count(), given_numbers, strict=False))
            join.add(TABLES[table], rows, first=0)
        joined = list(join.products())

    assert sorted(each.number for each in joined) == list(range(len(products)))
    assert {each.number: each.cells[0] for each in joined} == dict(enumerate(products))
    for each in joined:
        assert [line[1] for line in each.price_lines] == [
            str(n) for n, name in enumerate(lines) if name == each.cells[0]
        ]
        assert len(each.images) == images.count(each.cells[0])
    assert join.orphans["price_line"] == sum(number not in products for number in lines)


def test_companies_keep_their_order():
    with Join(DROP, decoded_bytes=0) as join:
        join.add(TABLES["company"], (row("company", f"C{n:07}A", "") for n in range(200)), first=0)

        assert [placed.number for placed in join.companies()] == list(range(200))
