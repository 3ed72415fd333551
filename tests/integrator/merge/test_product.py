"""The merged view: which value is shown, by which rule, and what lost; and the one category."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from integrator.listing import (
    Attribute,
    Category,
    Certificate,
    Detail,
    Grain,
    Hs,
    HsState,
    Image,
    Lead,
    Listing,
    Moment,
    Moq,
    Price,
    PriceState,
    QuantityState,
)
from integrator.merge.category import Guess, choose_category, count_headings, make_guesses
from integrator.merge.price import Rates
from integrator.merge.product import RULES, Member, merge, strip_tags
from integrator.product import Product

DAY = datetime(2026, 9, 14, tzinfo=UTC)


def listing(platform: str, name: str, *, days: int = 0, **fields: object) -> Listing:
    base: dict[str, object] = {
        "platform": platform,
        "external_id": f"{platform}1",
        "account_id": "1",
        "account_name": None,
        "names": {"en": name},
        "visible": True,
        "registered": None,
        "updated": Moment(DAY + timedelta(days=days), Grain.SECOND),
        "price": Price(PriceState.UNKNOWN),
        "moq": Moq(QuantityState.UNKNOWN),
        "lead": Lead(QuantityState.UNKNOWN),
        "hs": Hs(HsState.MISSING),
    }
    return Listing(**{**base, **fields})  # type: ignore[arg-type]


def merged(*listings: Listing, detail: Detail | None = None) -> Product:
    members = [
        Member(each, 1, True, DAY, detail=detail if number == 0 else None) for number, each in enumerate(listings)
    ]
    return merge(members, product_id="p", seller_id="s", seller_name="S", guesses={}, rates=Rates("2026-09-14"))


def hs(code: str) -> Hs:
    return Hs(HsState.EXACT6, code, code)


def test_the_clearest_name_is_shown_and_the_others_are_kept_as_losers() -> None:
    made = merged(
        listing("buykorea", "CENTELLA FACE CREAM 50ML", days=2), listing("tradekorea", "NR-CT50", days=1),
        listing("gobizkorea", "Centella Face Cream 50 ml"),
    )  # fmt: skip
    assert made.names["en"].value == "Centella Face Cream 50 ml"
    assert made.names["en"].rule == "clearest"
    assert [loser.platform for loser in made.names["en"].losers] == ["buykorea", "tradekorea"]


def test_a_majority_wins_and_of_equals_the_newest() -> None:
    made = merged(
        listing("buykorea", "A b", brand="Nuriel"), listing("gobizkorea", "A b", brand="Other", days=3),
        listing("tradekorea", "A b", brand="nuriel", days=1),
    )  # fmt: skip
    assert made.values["brand"].value == "nuriel"
    assert made.values["brand"].rule == "majority"


def test_what_changes_is_taken_from_the_newest_listing() -> None:
    old = Lead(QuantityState.STATED, 30, 30)
    new = Lead(QuantityState.STATED, 7, 14, True)
    made = merged(listing("buykorea", "A b", lead=old), listing("tradekorea", "A b", lead=new, days=1))
    assert (made.values["lead"].value, made.values["lead"].rule) == ("7..14b", "newest")


def test_the_fullest_text_is_shown_and_a_detail_speaks_too() -> None:
    detail = Detail("buykorea", "buykorea1", descriptions={"en": "<p>A much longer description of the cream</p>"})
    made = merged(listing("buykorea", "A b", descriptions={"en": "<p>Short</p>"}), detail=detail)
    assert made.values["description.en"].value == "<p>A much longer description of the cream</p>"
    assert made.values["description.en"].rule == "richest"


def test_every_rule_used_is_explained() -> None:
    made = merged(
        listing("buykorea", "A b", brand="x", port="Busan", summaries={"en": "one"}),
        listing("tradekorea", "A c", brand="y", port="Incheon", summaries={"en": "other"}),
    )
    rules = {chosen.rule for chosen in (*made.values.values(), *made.names.values())}
    assert rules <= RULES.keys()
    assert len(rules) > 2


def test_certificates_keywords_attributes_and_images_are_joined_without_repeating() -> None:
    picture = Image("https://img.example/1.jpg", main=True)
    made = merged(
        listing(
            "buykorea", "A b", certificates=(Certificate("EU_CE", "CE"),), keywords=("Cream",), images=(picture,),
            attributes=(Attribute("Color", "White"),),
        ),
        listing(
            "tradekorea", "A b", certificates=(Certificate("CE mark", "CE"), Certificate("FDA", "FDA")),
            keywords=("cream", "face"), images=(picture,), attributes=(Attribute("color", "Ivory"),),
        ),
    )  # fmt: skip
    assert made.certificates == ("CE", "FDA")
    assert len(made.keywords) == 2
    assert made.images == (picture,)
    assert len(made.attributes) == 1


def test_invisible_listings_do_not_speak_while_a_visible_one_does() -> None:
    members = [
        Member(listing("buykorea", "Hidden Name Here", brand="secret"), 1, False, DAY),
        Member(listing("tradekorea", "Shown Name"), 1, True, DAY),
    ]
    made = merge(members, product_id="p", seller_id="s", seller_name="S", guesses={}, rates=Rates("x"))
    assert made.names["en"].value == "Shown Name"
    assert "brand" not in made.values
    assert "secret" not in str(made)


def test_the_heading_most_codes_speak_for_is_the_category() -> None:
    found = choose_category([listing("buykorea", "a", hs=hs("392690")), listing("gobizkorea", "a", hs=hs("630790")),
                             listing("tradekorea", "a", hs=hs("630790"))], {})  # fmt: skip
    assert (found.section, found.chapter, found.heading, found.rule) == ("11", "63", "6307", "hs")


def test_an_impossible_code_does_not_vote() -> None:
    assert choose_category([listing("buykorea", "a", hs=hs("999999"))], {}).rule == "unclassified"
    assert choose_category([listing("buykorea", "a", hs=hs("770100"))], {}).rule == "unclassified"


def test_without_a_code_the_platform_category_speaks() -> None:
    found = choose_category(
        [listing("buykorea", "a", category=Category("020101"))], {("buykorea", "020101"): Guess("3304", 0.9)}
    )
    assert (found.heading, found.rule) == ("3304", "platform_category")


def test_a_lone_code_that_contradicts_a_clear_table_is_outvoted() -> None:
    guesses = {("buykorea", "020101"): Guess("3304", 0.95)}
    found = choose_category([listing("buykorea", "a", hs=hs("392690"), category=Category("020101"))], guesses)
    assert (found.heading, found.rule) == ("3304", "platform_category")


def test_the_category_table_is_counted_from_listings_that_have_both() -> None:
    both = [listing("buykorea", "a", hs=hs("330499"), category=Category("020101")) for _ in range(9)]
    odd = [listing("buykorea", "a", hs=hs("392690"), category=Category("020101"))]
    counts = count_headings([*both, *odd, listing("buykorea", "a", hs=hs("330499"))])
    guesses = make_guesses((*place, count) for place, count in counts.items())
    assert guesses == {("buykorea", "020101"): Guess("3304", 0.9)}


def test_a_category_seen_a_few_times_means_nothing_yet() -> None:
    assert make_guesses([("buykorea", "1", "3304", 4)]) == {}
    assert (
        make_guesses([("buykorea", "1", "3304", 5), ("buykorea", "1", "3305", 4), ("buykorea", "1", "3401", 4)]) == {}
    )


def test_tags_are_stripped_and_entities_read_once() -> None:
    assert strip_tags("<p>A &amp; B</p><p>C</p>") == "A & B C"
    assert strip_tags("plain") == "plain"


def test_weight_is_written_as_a_plain_number() -> None:
    assert merged(listing("gobizkorea", "A b", weight_kg=Decimal("120.00"))).values["weight_kg"].value == "120"
