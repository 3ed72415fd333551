"""The sidebar and the chips: words, counts and addresses of the filters."""

from search.engine import Bucket
from search.query import Query, read_query
from search.sidebar import Group, chips, lineage, sidebar


def _group(query: Query, name: str, *buckets: Bucket) -> Group:
    return sidebar(query, {name: buckets})[0]


def test_an_option_switches_itself_over():
    query = read_query([("q", "lamp"), ("platform", "buykorea"), ("page", "3")])
    group = _group(query, "platform", Bucket("tradekorea", 5), Bucket("buykorea", 3))

    off, on = group.options

    assert (off.chosen, off.parameters) == (
        False,
        [("q", "lamp"), ("platform", "buykorea"), ("platform", "tradekorea")],
    )
    assert (on.chosen, on.parameters) == (True, [("q", "lamp")])


def test_what_is_chosen_stays_listed_at_zero():
    group = _group(read_query([("certificate", "KC")]), "certificate", Bucket("CE", 2))

    assert [(each.value, each.count, each.chosen) for each in group.options] == [("CE", 2, False), ("KC", 0, True)]


def test_a_long_group_folds_but_shows_what_is_chosen():
    buckets = [Bucket(f"C{number}", 20 - number) for number in range(12)]
    group = _group(read_query([("certificate", "C11")]), "certificate", *buckets)

    assert [each.value for each in group.top] == [f"C{number}" for number in range(7)] + ["C11"]
    assert len(group.rest) == 4


def test_values_with_an_order_keep_it():
    group = _group(read_query([]), "unit_class", Bucket("set", 9), Bucket("piece", 1))

    assert [each.value for each in group.options] == ["piece", "set"]


def test_the_tree_opens_below_what_is_chosen():
    buckets = [Bucket("S06", 5), Bucket("33", 4), Bucket("28", 1), Bucket("3304", 4), Bucket("S16", 2), Bucket("84", 2)]

    closed = _group(read_query([]), "category", *buckets)
    opened = _group(read_query([("category", "33")]), "category", *buckets)

    assert [each.value for each in closed.options] == ["S06", "S16"]
    assert [(each.value, each.level) for each in opened.options] == [
        ("S06", 0),
        ("33", 1),
        ("3304", 2),
        ("28", 1),
        ("S16", 0),
    ]


def test_a_branch_that_nothing_is_left_in_stays_reachable():
    group = _group(read_query([("category", "3304")]), "category", Bucket("S16", 2))

    assert [(each.value, each.count, each.chosen) for each in group.options] == [
        ("S16", 2, False),
        ("S06", 0, False),
        ("33", 0, False),
        ("3304", 0, True),
    ]


def test_the_lineage_of_a_heading_begins_with_its_section():
    assert lineage("3304") == ("S06", "33", "3304")
    assert lineage("none") == ("none",)


def test_spans_are_links_that_replace_the_span():
    query = read_query([("price_min", "3"), ("sort", "price")])
    group = _group(query, "price", Bucket("..1", 0), Bucket("1..5", 2), Bucket("1000..", 1))

    assert [(each.label, each.parameters) for each in group.options] == [
        ("1 to 5", [("sort", "price"), ("price_min", "1"), ("price_max", "5")]),
        ("from 1000", [("sort", "price"), ("price_min", "1000")]),
    ]
    assert group.selection.low == 3


def test_a_flag_offers_yes_only():
    group = _group(read_query([]), "sample", Bucket("no", 9), Bucket("yes", 1))

    assert [each.value for each in group.options] == ["yes"]


def test_each_choice_is_a_chip_that_takes_itself_away():
    query = read_query([("platform", "buykorea"), ("price", "1..10"), ("seller", "s1")], lang="es")

    found = chips(query, {"seller": (Bucket("s1", 3, "Nuriel"),)})

    assert [(each.label, each.value) for each in found] == [
        ("Plataforma", "BuyKorea"),
        ("Precio (US$)", "de 1 a 10"),
        ("Fabricante", "Nuriel"),
    ]
    assert found[1].parameters == [("platform", "buykorea"), ("seller", "s1")]
