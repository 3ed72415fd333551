"""Pairs of one seller: what makes them one product, and what forbids it."""

from decimal import Decimal

import pytest

from integrator.listing import Attribute, Hs, HsState, Price, PriceState
from integrator.resolve.blocks import candidates
from integrator.resolve.clusters import Decided, cluster
from integrator.resolve.receipts import make_receipt, write_sentence
from integrator.resolve.scorer import rarity_of, score
from integrator.resolve.sketch import Sketch, draw, read_words
from tests.fakes.shop import make_listing

_UNPRICED = Price(PriceState.UNKNOWN)


def sketch(place: str, title: str, *, key: int = 0, **fields: object) -> Sketch:
    fields.setdefault("price", _UNPRICED)
    model = fields.get("model") or ""
    listing = make_listing(place, f"{title}{model}", "1", title, **fields)
    return draw(listing, key=key, ref=f"{place}:{title}{model}:1", visible=True, rates={"USD": Decimal(1)})


def is_same(left: Sketch, right: Sketch) -> bool:
    return score(left, right, rarity_of([left, right])).accepted


HS = Hs(HsState.EXACT6, "330499", "330499")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[Nuriel] Centella Moisturizing Face Cream 50ml", "Nuriel Centella Moisture Cream 50 ml"),
        ("LED FLOOD LIGHT 100W LB-F100 & BRACKET", "led floodlight 100w, model lb-f100"),
        ("Stainless Centrifugal Pump DJP-1500 1.5kW", "1.5kW Stainless Steel Centrifugal Pump (DJP-1500)"),
        ("KF94 Disposable Face Mask, White, Large, 50 pcs/box", "Saebom KF94 Mask / White / L"),
        ("Red Pepper Paste 1kg", "RED PEPPER PASTE, 1000 G"),
        ("Korean Red Ginseng Extract 240g", "Korean Red Ginseng Concentrate 240 g"),
    ],
)
def test_two_wordings_of_one_product_are_one(one: str, other: str) -> None:
    assert is_same(sketch("buykorea", one, hs=HS), sketch("tradekorea", other, hs=HS))


def test_a_korean_and_an_english_title_can_meet() -> None:
    assert is_same(
        sketch("gobizkorea", "누리엘 병풀 수분크림 50ml", hs=HS),
        sketch("tradekorea", "Nuriel Centella Moisture Cream 50 ml", hs=HS),
    )


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Centella Face Cream 50ml", "Centella Face Cream 100ml", "measure_conflict"),
        ("Olive Oil 500 ml", "Olive Oil 1 l", "measure_conflict"),
        ("Centrifugal Pump 1.5kW", "Centrifugal Pump 2.2 kW", "measure_conflict"),
        ("Cotton Socks Black", "Cotton Socks White", "colour_conflict"),
        ("KF94 Mask Large", "KF94 Mask Small", "size_conflict"),
        ("KF94 Mask White", "KF80 Mask White", "grade_conflict"),
        ("Pump DJP-1500", "Pump DKR-2200", "code_conflict"),
        ("Wet Wipes 80 sheets", "Wet Wipes 100 sheets", None),
        ("Front Damper 350mm", "Rear Damper 350mm", None),
        ("Pro Cleaning Agent 4L", "Premium Cleaning Agent 4L", None),
        ("Camping Tent 2 person", "Camping Tent 6 person", "measure_conflict"),
    ],
)
def test_another_variant_is_another_product(one: str, other: str, why: str | None) -> None:
    left, right = sketch("buykorea", one, hs=HS), sketch("tradekorea", other, hs=HS)
    found = score(left, right, rarity_of([left, right]))
    assert not found.accepted
    assert found.veto == why or why is None


def test_a_longer_model_code_is_not_the_same_code() -> None:
    assert not is_same(
        sketch("gobizkorea", "STS Centrifugal Pump", model="DJP-1500"),
        sketch("tradekorea", "STS Centrifugal Pump", model="DJP-1500S"),
    )


def test_a_pack_of_several_is_the_same_product_in_another_sales_unit() -> None:
    assert is_same(
        sketch("buykorea", "Seasoned Seaweed Snack 5g x 12 packs", hs=HS),
        sketch("tradekorea", "Seasoned Seaweed Snack 5 g", hs=HS),
    )


def test_a_colour_among_the_attributes_counts_like_one_in_the_title() -> None:
    red = sketch("buykorea", "Cotton Socks Red", hs=HS)
    blue = sketch("tradekorea", "Cotton Socks", hs=HS, attributes=(Attribute("Color", "Blue"),))
    assert not is_same(red, blue)


def test_the_order_of_a_pair_does_not_matter() -> None:
    left, right = sketch("buykorea", "Olive Oil 500 ml", hs=HS), sketch("tradekorea", "Olive Oil Extra 500ml", hs=HS)
    rarity = rarity_of([left, right])
    assert score(left, right, rarity).total == score(right, left, rarity).total


def test_one_place_seldom_lists_a_product_twice() -> None:
    assert not is_same(sketch("buykorea", "Airtight Container 500ml"), sketch("buykorea", "Airtight Container, 500 ml"))
    assert is_same(
        sketch("buykorea", "LED FLOOD LIGHT 100W LB-F100 & BRACKET", hs=HS),
        sketch("buykorea", "LB-F100 100W Outdoor LED Floodlight", hs=HS),
    )


def test_no_variant_enters_a_cluster_through_a_vague_title() -> None:
    titles = [("buykorea", "Face Cream 50ml"), ("gobizkorea", "Face Cream 100ml"), ("tradekorea", "Face Cream")]
    sketches = [sketch(place, title, key=number, hs=HS) for number, (place, title) in enumerate(titles)]
    for group in cluster(sketches).groups:
        assert not {0, 1} <= set(group)


def test_a_judgement_outranks_the_score() -> None:
    one, other = sketch("buykorea", "Olive Oil 500 ml", hs=HS), sketch("tradekorea", "Olive Oil 500ml", hs=HS)
    assert cluster([one, other]).groups == ((0, 1),)
    assert cluster([one, other], {(0, 1): "different"}).groups == ((0,), (1,))
    far = sketch("tradekorea", "Cotton Socks Black")
    assert cluster([one, far], {(0, 1): "same"}).groups == ((0, 1),)


def test_a_receipt_says_in_words_why() -> None:
    one = sketch("buykorea", "LED Floodlight 100W LB-F100", hs=HS)
    other = sketch("tradekorea", "led floodlight 100w, model lb-f100", hs=HS)
    (decided,) = cluster([one, other]).decided
    sentence = write_sentence(make_receipt(decided, one, other))
    assert sentence.startswith("These are one product: ")
    assert "same model LBF100" in sentence
    assert "같은 모델 LBF100" in write_sentence(make_receipt(decided, one, other), "ko")


@pytest.mark.parametrize(
    ("one", "other", "language", "words"),
    [
        ("Red Pepper Paste 5kg", "Red Pepper Paste 5 KG", "en", "same measure 5 kg"),
        ("Red Pepper Paste 5kg", "Red Pepper Paste 5 KG", "ko", "같은 규격 5 kg"),
        ("Red Pepper Paste 5kg", "Red Pepper Paste 5 KG", "es", "misma medida 5 kg"),
        ("Sheet Mask, 12 pcs", "Sheet Mask 12PCS", "en", "same count 12 pcs"),
        ("Sheet Mask 12매", "Sheet Mask 12매입", "ko", "같은 수량 12매"),
        ("Centrifugal Pump 1.5kW", "Centrifugal Pump 1500 W", "es", "misma medida 1.5 kW"),
        ("Steel Plate 300 x 400 mm", "Steel Plate 300 x 400 mm", "en", "same measure 300 x 400 mm"),
        ("Olive Oil 0.5 L", "Olive Oil 1.5 L", "en", "other measure (0.5 L, 1.5 L)"),
    ],
)
def test_a_receipt_shows_quantities_as_the_seller_wrote_them(one: str, other: str, language: str, words: str) -> None:
    sketches = sketch("buykorea", one, hs=HS), sketch("tradekorea", other, hs=HS)
    verdict = "different" if "other" in words else "same"
    decided = Decided(0, 1, verdict, score(*sketches, rarity_of(sketches)), "few listings", "")
    assert words in write_sentence(make_receipt(decided, *sketches), language)


def test_the_key_that_brought_a_pair_is_the_first_by_name_of_those_it_shares() -> None:
    titles = ("Collagen Sun Cream", "Sun Cream with Collagen", "Steel Valve", "Copper Pipe", "Brass Elbow")
    sketches = [sketch("buykorea", title, key=number) for number, title in enumerate(titles)]
    assert candidates(sketches) == {(0, 1): min(f"sound {sound}" for sound in sketches[0].sounds)}


def test_many_unlike_listings_are_not_compared_all_with_all() -> None:
    sketches = [sketch("buykorea", f"Brand thing{number}a widget{number // 2}b", key=number) for number in range(200)]
    assert len(candidates(sketches)) < 2_000


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("50ml", ("volume", 50.0)), ("50 ML", ("volume", 50.0)), ("1 l", ("volume", 1000.0)), ("1㎏", ("mass", 1000.0)),
        ("1.5kW", ("power", 1500.0)), ("14.4V", ("voltage", 14.4)), ("2,000 mAh", ("charge", 2000.0)),
        ("50매입", ("count", 50.0)),
        ("5g*12", ("count", 12.0)), ("23호", ("number", 23.0)), ("6인용", ("number", 6.0)),
    ],
)  # fmt: skip
def test_measures_are_read_in_both_languages(text: str, measure: tuple[str, float]) -> None:
    assert measure in read_words(f"thing {text}").measures
