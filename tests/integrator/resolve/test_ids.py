"""Ids: minted from a founder, carried to the largest overlap, never twice for different things."""

from hypothesis import given
from hypothesis import strategies as st

from integrator.resolve.ids import PRODUCT, SELLER, carry_over, mint


def test_an_id_is_a_function_of_its_founder() -> None:
    assert mint(PRODUCT, "buykorea:1:1") == mint(PRODUCT, "buykorea:1:1")
    assert mint(PRODUCT, "buykorea:1:1") != mint(PRODUCT, "buykorea:1:2")
    assert mint(PRODUCT, "buykorea:1:1", 1) != mint(PRODUCT, "buykorea:1:1")
    assert mint(PRODUCT, "x")[0] == "p"
    assert mint(SELLER, "x")[0] == "s"


def test_the_larger_side_of_a_split_keeps_the_id() -> None:
    found = carry_over([["a"], ["b", "c"]], {"a": "p1", "b": "p1", "c": "p1"}, {"p1": 1.0})
    assert found.ids == (None, "p1")
    assert found.retired == {}


def test_a_merge_keeps_the_id_of_the_larger_side_and_of_equals_the_older() -> None:
    larger = carry_over([["a", "b", "c"]], {"a": "p1", "b": "p2", "c": "p2"}, {"p1": 1.0, "p2": 2.0})
    assert (larger.ids, larger.retired) == (("p2",), {"p1": 0})
    equal = carry_over([["a", "b"]], {"a": "p1", "b": "p2"}, {"p1": 2.0, "p2": 1.0})
    assert (equal.ids, equal.retired) == (("p2",), {"p1": 0})


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=14),
    st.lists(st.integers(0, 4), min_size=14, max_size=14),
)
def test_no_id_is_given_twice_and_none_is_lost(groups: list[int], before: list[int]) -> None:
    members = {f"m{number}": f"p{before[number]}" for number in range(len(groups))}
    grouped = [[f"m{n}" for n, own in enumerate(groups) if own == group] for group in sorted(set(groups))]
    found = carry_over(grouped, members, {})
    given_ids = [each for each in found.ids if each is not None]
    assert len(given_ids) == len(set(given_ids))
    assert set(given_ids) | set(found.retired) == set(members.values())
    assert not set(given_ids) & set(found.retired)
