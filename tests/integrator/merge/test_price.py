"""Comparable prices: unit classes, packs, rates, and the offer on the card."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from integrator.listing import (
    Grain,
    Hs,
    HsState,
    Lead,
    Listing,
    Moment,
    Moq,
    Pack,
    Price,
    PriceState,
    PriceStep,
    QuantityState,
)
from integrator.merge.price import Rates, choose_headline, class_of, load_rates
from integrator.merge.product import Member, merge
from integrator.product import Headline

RATES = Rates("2026-09-14", {"USD": Decimal(1), "KRW": Decimal("0.00075")})
DAY = datetime(2026, 9, 14, tzinfo=UTC)


def listing(platform: str, price: Price, **fields: object) -> Listing:
    made = Listing(
        platform=platform,
        external_id=f"{platform}1",
        account_id="1",
        account_name=None,
        names={"en": "Face Cream"},
        visible=True,
        registered=None,
        updated=Moment(DAY, Grain.SECOND),
        price=price,
        moq=Moq(QuantityState.UNKNOWN),
        lead=Lead(QuantityState.UNKNOWN),
        hs=Hs(HsState.MISSING),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def priced(amount: str, unit: str | None = "H87", currency: str | None = "USD") -> Price:
    return Price(PriceState.PRICED, (PriceStep(1, None, Decimal(amount), None, currency, unit, "FOB"),))


def headline(*listings: Listing) -> Headline:
    members = [Member(each, 1, True, DAY) for each in listings]
    return merge(members, product_id="p", seller_id="s", seller_name="S", guesses={}, rates=RATES).headline


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        ("H87", ("piece", Decimal(1))),
        ("DZN", ("piece", Decimal(12))),
        ("GRM", ("kg", Decimal("0.001"))),
        ("TNE", ("kg", Decimal(1000))),
        ("MLT", ("litre", Decimal("0.001"))),
        ("CT", None),
        ("20FT", None),
        (None, None),
    ],
)
def test_a_unit_belongs_to_one_class_or_to_none(unit: str | None, found: tuple[str, Decimal] | None) -> None:
    assert class_of(unit, ()) == found


def test_a_carton_is_pieces_only_when_the_listing_states_how_many() -> None:
    pack = Pack(Decimal(24), "H87", "CT")
    assert class_of("CT", (pack,)) == ("piece", Decimal(24))
    assert class_of("BX", (pack,)) is None


def test_the_lowest_price_per_unit_is_on_the_card() -> None:
    box = listing("buykorea", priced("3.20", "BX"), packs=(Pack(Decimal(50), "H87", "BX"),))
    found = headline(box, listing("tradekorea", priced("0.07")))
    assert (found.platform, found.price_usd, found.unit_class, found.rule) == (
        "buykorea", Decimal("0.0640"), "piece", "lowest",
    )  # fmt: skip
    assert (found.amount, found.unit) == (Decimal("3.20"), "BX")


def test_other_currencies_are_compared_at_a_dated_rate() -> None:
    found = headline(listing("buykorea", priced("2")), listing("gobizkorea", priced("2000", "H87", "KRW")))
    assert (found.platform, found.price_usd, found.rate_day) == ("gobizkorea", Decimal("1.5000"), "2026-09-14")


def test_an_unknown_currency_has_no_comparable_price() -> None:
    found = headline(listing("tradekorea", priced("500", "BX", None)))
    assert (found.state, found.amount, found.price_usd, found.rate_day) == ("priced", Decimal(500), None, None)


def test_the_unit_class_most_offers_use_is_the_one_compared() -> None:
    found = headline(
        listing("buykorea", priced("1", "KGM")), listing("gobizkorea", priced("9")), listing("tradekorea", priced("8"))
    )
    assert (found.unit_class, found.price_usd) == ("piece", Decimal("8.0000"))


def test_a_hidden_price_shows_no_amount_anywhere() -> None:
    secret = Price(PriceState.HIDDEN, (PriceStep(1, None, Decimal("77.77"), None, "USD", "H87", None),))
    made = merge(
        [Member(listing("buykorea", secret), 1, True, DAY)],
        product_id="p", seller_id="s", seller_name="S", guesses={}, rates=RATES,
    )  # fmt: skip
    assert made.headline.state == "hidden"
    assert made.headline.amount is None
    assert "77.77" not in str(made)


def test_without_any_price_the_offer_that_says_most_is_on_the_card() -> None:
    found = headline(
        listing("buykorea", Price(PriceState.HIDDEN)),
        listing("gobizkorea", Price(PriceState.UNKNOWN)),
        listing("tradekorea", Price(PriceState.NEGOTIABLE)),
    )
    assert (found.platform, found.state, found.rule) == ("tradekorea", "negotiable", "says_most")


def test_of_equal_prices_the_newer_offer_is_on_the_card() -> None:
    younger = Moment(DAY + timedelta(days=1), Grain.SECOND)
    assert (
        headline(listing("buykorea", priced("2")), listing("tradekorea", priced("2"), updated=younger)).platform
        == "tradekorea"
    )


def test_the_minimum_order_counts_in_the_same_unit_class() -> None:
    moq = Moq(QuantityState.STATED, Decimal(10), None, "DZN")
    assert headline(listing("buykorea", priced("2"), moq=moq)).moq == Decimal(120)
    kilos = Moq(QuantityState.STATED, Decimal(10), None, "KGM")
    assert headline(listing("buykorea", priced("2"), moq=kilos)).moq is None


def test_an_offer_needs_a_listing_that_is_shown() -> None:
    hidden = [Member(listing("buykorea", priced("2")), 1, False, DAY)]
    made = merge(hidden, product_id="p", seller_id="s", seller_name="S", guesses={}, rates=RATES)
    assert (made.visible, made.offers, made.headline.amount) == (False, (), None)


def test_rates_come_with_their_day(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("Date,USD,KRW\n2026-09-11,1.10,1540\n2026-09-10,1.20,1500\n")
    rates = load_rates(file)
    assert rates.day == "2026-09-11"
    assert rates.dollars["USD"] == 1
    assert rates.dollars["EUR"] == Decimal("1.1")
    assert rates.dollars["KRW"].quantize(Decimal("0.000001")) == Decimal("0.000714")


def test_the_rates_of_the_package_know_the_currencies_of_the_feeds() -> None:
    assert {"USD", "KRW", "EUR", "JPY", "CNY"} <= load_rates().dollars.keys()


def test_choosing_needs_no_rate_for_a_negotiable_offer() -> None:
    only = listing("buykorea", Price(PriceState.NEGOTIABLE))
    product = merge(
        [Member(only, 1, True, DAY)], product_id="p", seller_id="s", seller_name="S", guesses={}, rates=Rates("x")
    )
    assert choose_headline([(product.offers[0], only)], Rates("x")).state == "negotiable"
