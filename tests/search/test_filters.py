"""The filter registry: values in, addresses and clauses out."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.errors import InvalidQuery
from search.filters import (
    BY_NAME,
    FILTERS,
    PARAMETERS,
    Clause,
    Kind,
    Selection,
    clauses,
    read_selections,
    write_selections,
)
from search.words import LABELS, LANGUAGES, SORTS, VALUES


def test_every_filter_has_a_label_in_every_language():
    for row in FILTERS:
        labels = {row.label(lang) for lang in LANGUAGES}
        assert all(labels)
        assert LABELS[row.name].keys() == set(LANGUAGES)


def test_every_word_table_speaks_every_language():
    tables = [*SORTS.values(), *(names for values in VALUES.values() for names in values.values())]

    assert all(names.keys() == set(LANGUAGES) and all(names.values()) for names in tables)


@pytest.mark.parametrize(
    ("pairs", "name", "selection"),
    [
        ([("platform", " BuyKorea ")], "platform", Selection(values=("buykorea",))),
        (
            [("certificate", "ce"), ("certificate", "FDA"), ("certificate", "CE")],
            "certificate",
            Selection(("CE", "FDA")),
        ),
        ([("category", "s06")], "category", Selection(("S06",))),
        ([("category", "None")], "category", Selection(("none",))),
        ([("sample", "true")], "sample", Selection(("yes",))),
        ([("price_min", "1,000.5")], "price", Selection(low=Decimal("1000.5"))),
        ([("price", "1..10")], "price", Selection(low=Decimal(1), high=Decimal(10))),
        ([("price", "5..")], "price", Selection(low=Decimal(5))),
        ([("moq", "100")], "moq", Selection(high=Decimal(100))),
        ([("lead_max", "7"), ("lead_unknown", "yes")], "lead", Selection(high=Decimal(7), unknown=True)),
    ],
)
def test_a_value_is_read_as(pairs: list[tuple[str, str]], name: str, selection: Selection):
    assert read_selections(pairs) == {name: selection}


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([("colour", "red")], "no filter “colour”"),
        ([("price_min", "cheap")], "price_min must be a number"),
        ([("price_min", "-1")], "0 or more"),
        ([("price_min", "NaN")], "must be a number"),
        ([("price_min", "1e999")], "must be a number"),
        ([("price_min", "10"), ("price_max", "1")], "must not be above"),
        ([("moq", "10..20")], "write moq_max"),
        ([("sample", "maybe")], "not yes or no"),
        ([("seller", "x" * 101)], "too long"),
        ([("origin", f"{number}") for number in range(51)], "at most 50"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_change(pairs: list[tuple[str, str]], says: str):
    with pytest.raises(InvalidQuery, match=says):
        read_selections(pairs)


def test_empty_fields_of_a_form_are_no_choice():
    assert read_selections([("price_min", ""), ("platform", "  "), ("lead_unknown", "yes")]) == {}


def test_a_price_without_a_unit_class_is_per_piece():
    assert clauses(read_selections([("price_max", "10")]))["price"] == Clause("price", high=10.0, within=("piece",))
    chosen = read_selections([("price_max", "10"), ("unit_class", "kg")])
    assert clauses(chosen)["price"].within == ("kg",)


def test_parameters_are_told_apart_by_one_filter_each():
    names = [parameter for row in FILTERS for parameter in row.parameters]

    assert len(names) == len(set(names)) == len(PARAMETERS)


def test_categories_are_named_by_their_codes_in_words():
    row = BY_NAME["category"]

    assert row.value_label("33", "en") != "33"
    assert row.value_label("S06", "ko") != "S06"
    assert row.value_label("none", "es") == "Sin clasificar"
    assert row.value_label("9999", "en") == "9999"


def test_countries_are_named_in_the_language():
    assert BY_NAME["origin"].value_label("KR", "es") == "Corea del Sur"


_values = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)
_terms = st.sampled_from([row.name for row in FILTERS if row.kind in (Kind.TERMS, Kind.TREE)])
_numbers = st.decimals(min_value=0, max_value=10**6, places=2).map(str)
_pairs = st.one_of(
    st.tuples(_terms, _values),
    st.tuples(st.sampled_from(["price_min", "moq_max", "lead_max"]), _numbers),
    st.tuples(st.sampled_from(["price_unknown", "sample", "online_order"]), st.sampled_from(["yes", "no"])),
)


@given(st.lists(_pairs, max_size=12))
def test_an_address_reads_back_to_the_same_choices(pairs: list[tuple[str, str]]):
    chosen = read_selections(pairs)
    address = write_selections(chosen)

    assert write_selections(read_selections(address)) == address
    assert {name: (set(each.values), each.low, each.high) for name, each in chosen.items()} == {
        name: (set(each.values), each.low, each.high) for name, each in read_selections(address).items()
    }


@given(st.lists(st.tuples(st.text(), st.text()), max_size=5))
def test_any_pairs_are_read_or_refused(pairs: list[tuple[str, str]]):
    try:
        chosen = read_selections(pairs)
    except InvalidQuery:
        return
    assert set(chosen) <= set(BY_NAME)
