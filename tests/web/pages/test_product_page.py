"""The product page: one view over several offers, and why they are one."""

import json

import pytest
from flask.testing import FlaskClient
from lxml import html

from tests.fakes.catalogue import GONE, HIDDEN_PRICE, HOSTILE, KOREAN_ONLY, MERGED, OLD, SINGLE
from tests.web.pages.looking import look, texts


@pytest.mark.parametrize("lang", ["en", "ko", "es"])
def test_every_language_has_the_page(client: FlaskClient, lang: str) -> None:
    page = look(client, f"/{lang}/product/{MERGED}")

    assert page.get("lang") == lang
    assert len(page.cssselect(".offer")) == 3


def test_an_offer_shows_its_steps_terms_ages_and_the_way_out(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{MERGED}")

    offer = page.cssselect(".offer")[0]
    assert texts(offer, ".steps tbody th") == ["100–499", "500 or more"]
    assert texts(offer, ".steps tbody td") == ["USD 4.20 / piece FOB", "USD 3.95 / piece FOB"]
    out = offer.cssselect(".offer-out a")[0]
    assert out.get("href") == "https://www.buykorea.example/goods/1001"
    assert set(out.get("rel").split()) == {"noopener", "nofollow"}
    assert "2 hours ago" in texts(offer, ".facts dd")


def test_only_rows_in_which_offers_disagree_are_marked(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{MERGED}")

    rows = {texts(row, "th")[0].removesuffix(" differs"): row for row in page.cssselect(".table-frame tbody tr")}
    assert rows["Port"].get("class") == "differs"
    assert texts(rows["Port"], "td") == ["Busan", "Incheon", "–Not stated"]
    assert rows["Minimum order"].get("class") is None


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "same model SC-50"), ("ko", "같은 모델 SC-50"), ("es", "mismo modelo SC-50")]
)
def test_one_sentence_says_why_the_offers_are_one_product(client: FlaskClient, lang: str, words: str) -> None:
    page = look(client, f"/{lang}/product/{MERGED}")

    sentences = texts(page, ".why")
    assert len(sentences) == 1
    assert words in sentences[0]


def test_a_single_offer_needs_no_comparison_and_no_reason(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{SINGLE}")

    assert not page.cssselect(".why, .table-frame")


def test_a_value_names_its_source_its_rule_and_what_lost(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{MERGED}")

    shown = next(row for row in page.cssselect(".facts-wide > div") if texts(row, "dt") == ["Port"])
    assert texts(shown, ".source p") == ["BuyKorea 1001 · from the listing changed last", "GobizKOREA GS1: Incheon"]


def test_an_old_id_leads_on_in_one_hop_and_for_ever(client: FlaskClient) -> None:
    answer = client.get(f"/ko/product/{OLD}")

    assert (answer.status_code, answer.location) == (301, f"/ko/product/{MERGED}")


def test_an_id_never_given_is_not_found(client: FlaskClient) -> None:
    page = look(client, "/es/product/pnever", status=404)

    assert texts(page, "h1") == ["No hay nada en esta dirección"]


def test_a_product_that_is_offered_no_more_is_gone_but_still_named(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{GONE}", status=410)

    assert texts(page, "h1") == ["Wooden comb"]
    assert "no longer offered" in texts(page, ".notice")[0]
    assert not page.cssselect(".offer, script[type='application/ld+json']")


def test_a_hidden_price_shows_no_amount(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{HIDDEN_PRICE}")

    assert texts(page, ".headline .amount") == ["Price for members of the platform"]


def test_a_name_in_another_language_is_marked(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{KOREAN_ONLY}")

    assert page.cssselect("h1")[0].get("lang") == "ko"


def test_the_trail_leads_from_section_to_heading(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{MERGED}")

    links = [link.get("href") for link in page.cssselect(".breadcrumb a")][1:]
    assert links == ["/en/search?category=S06", "/en/search?category=33", "/en/search?category=3304"]


def test_a_description_keeps_its_text_and_tables_and_loses_the_rest(client: FlaskClient) -> None:
    page = look(client, f"/en/product/{SINGLE}")

    told = page.cssselect(".prose")[0]
    assert texts(told, "strong") == ["Root"]
    assert told.cssselect("td[colspan='2']")
    assert not [each for each in told.iterdescendants() if each.tag in ("script", "img", "a", "h1")]
    assert {name for each in told.iterdescendants() for name in each.keys()} == {"colspan"}  # noqa: SIM118 - lxml's


def test_data_for_machines_cannot_leave_its_element(client: FlaskClient) -> None:
    text = client.get(f"/en/product/{SINGLE}").text

    data = texts(html.fromstring(text), "script[type='application/ld+json']")[0]
    assert HOSTILE not in text
    assert json.loads(data)["name"] == f"Ginseng tonic {HOSTILE}"
    assert json.loads(data)["offers"][0]["price"] == "5.5"
