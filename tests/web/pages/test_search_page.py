"""The search page: its address is its state."""

import re

import pytest
from flask.testing import FlaskClient
from lxml import html

from search.filters import FILTERS
from tests.fakes.catalogue import HIDDEN_PRICE, HOSTILE, KOREAN_ONLY, MERGED, SINGLE
from tests.web.pages.looking import look, texts


@pytest.mark.parametrize(
    ("lang", "heading"), [("en", "All products"), ("ko", "전체 상품"), ("es", "Todos los productos")]
)
def test_the_page_speaks_the_language_of_its_address(client: FlaskClient, lang: str, heading: str) -> None:
    page = look(client, f"/{lang}/search")

    assert page.get("lang") == lang
    assert texts(page, "h1") == [heading]


def test_a_page_holds_24_products_and_links_to_the_others(client: FlaskClient) -> None:
    page = look(client, "/en/search")

    assert len(page.cssselect(".card")) == 24
    assert [link.get("href") for link in page.cssselect(".pager a")] == ["/en/search?page=2", "/en/search?page=3"]


def test_pages_together_show_every_product_once(client: FlaskClient) -> None:
    pages = [look(client, f"/en/search{'?page=' + str(number) if number > 1 else ''}") for number in (1, 2, 3)]

    links = [link.get("href") for page in pages for link in page.cssselect(".card h2 a")]
    assert len(links) == len(set(links)) == 64


def test_empty_fields_of_a_form_do_not_stay_in_the_address(client: FlaskClient) -> None:
    answer = client.get("/en/search?q=cream&price_min=&price_max=&sort=relevance&page=1")

    assert (answer.status_code, answer.location) == (302, "/en/search?q=cream")


def test_what_other_sites_add_to_a_link_is_dropped(client: FlaskClient) -> None:
    answer = client.get("/en/search?q=cream&utm_source=mail")

    assert answer.location == "/en/search?q=cream"


@pytest.mark.parametrize(
    "parameters", ["q=%00a%20%20b", "platform=BuyKorea", "moq=100", "price=1..10", "q=" + "x" * 300]
)
def test_an_address_leads_to_its_own_form_in_one_hop(client: FlaskClient, parameters: str) -> None:
    first = client.get(f"/en/search?{parameters}")

    assert first.status_code == 302
    assert client.get(first.location).status_code == 200


def test_a_ticked_value_stays_ticked_and_listed_when_it_gives_nothing(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=cream&certificate=HALAL")

    box = page.cssselect("input[name=certificate][value=HALAL]")[0]
    assert box.get("checked") is not None
    assert box.getparent().cssselect(".count")[0].text == "0"


def test_values_of_one_filter_widen_and_filters_narrow(client: FlaskClient) -> None:
    def total(query: str) -> int:
        match = re.match(r"\d+", texts(look(client, f"/en/search?{query}"), "[role=status]")[0])
        assert match
        return int(match[0])

    one, other = total("platform=buykorea"), total("platform=tradekorea")
    both = total("platform=buykorea&platform=tradekorea")
    assert one + other - 1 == both  # the merged product is on both
    assert total("category=S06&platform=buykorea") < one


def test_each_choice_has_a_chip_that_takes_it_away(client: FlaskClient) -> None:
    page = look(client, "/en/search?category=S06&platform=buykorea&price_max=10")

    links = [chip.get("href") for chip in page.cssselect(".chip:not(.chip-plain)")]
    assert links == [
        "/en/search?platform=buykorea&price_max=10",
        "/en/search?category=S06&price_max=10",
        "/en/search?category=S06&platform=buykorea",
    ]


def test_a_category_is_sent_along_with_the_form(client: FlaskClient) -> None:
    page = look(client, "/en/search?category=S06")

    assert [field.get("value") for field in page.cssselect("input[type=hidden][name=category]")] == ["S06"]


def test_a_chosen_category_opens_its_chapters_which_narrow_further(client: FlaskClient) -> None:
    page = look(client, "/en/search?category=S06")

    assert "/en/search?category=33" in [link.get("href") for link in page.cssselect("#facet-category a")]


def test_every_filter_with_something_to_choose_is_in_the_sidebar(client: FlaskClient) -> None:
    page = look(client, "/en/search")

    shown = {details.get("id").removeprefix("facet-") for details in page.cssselect(".facet > details")}
    assert shown >= {"category", "platform", "certificate", "term", "price", "moq", "lead", "origin", "seller"}
    assert shown <= {row.name for row in FILTERS}


def test_a_card_names_price_unit_minimum_and_lead_time(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=SC-50")

    facts = texts(page, ".card:first-child .card-facts dd")
    assert facts[0].startswith("USD\u00a03.95") or facts[0].startswith("USD 4.20") or facts[0].startswith("USD 5.50")
    assert facts[1:3] == ["100 pieces", "7–21 days"]
    assert "merged from 3" in texts(page, ".card:first-child .badge")


def test_what_the_query_found_is_marked_in_the_title(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=snail")

    assert texts(page, ".card:first-child h2 mark") == ["Snail"]


def test_a_title_in_another_language_says_so(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=홍삼")

    link = page.cssselect(f"a[href='/en/product/{KOREAN_ONLY}']")[0]
    assert link.get("lang") == "ko"


def test_a_hidden_price_is_said_to_be_hidden(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=titanium+valve")

    cards = [card for card in page.cssselect(".card") if card.cssselect(f"a[href='/en/product/{HIDDEN_PRICE}']")]
    assert "Price for members of the platform" in cards[0].text_content()


def test_text_of_a_feed_is_never_markup(client: FlaskClient) -> None:
    text = client.get("/en/search?q=ginseng").text

    assert HOSTILE not in text
    assert texts(html.fromstring(text), f"a[href='/en/product/{SINGLE}']") == [f"Ginseng tonic {HOSTILE}"]


def test_a_typing_error_is_mended_and_can_be_insisted_on(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=hydraulik")

    notice = page.cssselect(".notice")[0]
    assert "hydraulic" in notice.text_content()
    assert notice.cssselect("a")[0].get("href") == "/en/search?q=hydraulik&exact=yes"


def test_nothing_found_names_the_filters_that_stand_in_the_way(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=snail&certificate=HALAL")

    assert texts(page, "#results h2")[0] == "Nothing was found"
    way = page.cssselect("#results .panel a.button")[0]
    assert way.get("href") == "/en/search?q=snail"
    assert "(1 product)" in way.text_content()


def test_an_unreadable_filter_is_a_400_that_says_what_to_change(client: FlaskClient) -> None:
    page = look(client, "/en/search?price_min=cheap", status=400)

    assert "price_min must be a number" in page.text_content()


def test_a_page_past_the_end_leads_back(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=snail&page=9")

    assert page.cssselect("#results .panel a")[0].get("href") == "/en/search?q=snail"


def test_the_merged_product_is_one_card(client: FlaskClient) -> None:
    page = look(client, "/ko/search?q=달팽이")

    assert page.cssselect(".card h2 a")[0].get("href") == f"/ko/product/{MERGED}"
    assert set(texts(page, ".card:first-child .badge")) >= {"바이코리아", "고비즈코리아", "트레이드코리아"}


def test_labels_belong_to_every_field(client: FlaskClient) -> None:
    page = look(client, "/en/search")

    for field in page.cssselect("input:not([type=hidden]), select"):
        labelled = field.getparent().tag == "label" or page.cssselect(f"label[for='{field.get('id')}']")
        assert labelled, html.tostring(field)
    for group in page.cssselect("fieldset"):
        assert group.cssselect("legend")
