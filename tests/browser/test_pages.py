"""Buyers at work in a browser, in every language, with and without scripts."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from search.words import LANGUAGES
from tests.browser.conftest import Visit
from tests.fakes.catalogue import HIDDEN_PRICE, KOREAN_ONLY, MERGED

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]
PAGES = {
    "home": "/",
    "search": "/search?q=cream",
    "all": "/search",
    "nothing": "/search?q=snail&certificate=HALAL",
    "product": f"/product/{MERGED}",
    "single": f"/product/{HIDDEN_PRICE}",
    "korean": f"/product/{KOREAN_ONLY}",
    "status": "/status",
    "runs": "/runs",
}

_OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
_PRESSED = (
    "button, select, .button, .chip, .pager a, .site-nav a, .languages a, .sections a, .facet-values a, "
    ".facet-values label:has([type=checkbox]), input[type=search]"
)
_SMALL_TARGETS = f"""[...document.querySelectorAll("{_PRESSED}")]
    .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
    .map(each => each.outerHTML.slice(0, 120))"""


def tick(page: Page, name: str, value: str) -> None:
    page.locator(f"input[name={name}][value={value}]").check()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_buyer_searches_filters_turns_pages_and_goes_back(visit: Open, lang: str) -> None:
    page = visit().go(f"/{lang}/")
    page.fill("#q", "model")
    page.press("#q", "Enter")
    expect(page).to_have_url(re.compile(rf"/{lang}/search\?q=model$"))
    everything = page.locator("[role=status]").inner_text()

    tick(page, "platform", "buykorea")
    expect(page).to_have_url(re.compile(r"\?q=model&platform=buykorea$"))
    expect(page.locator("[role=status]")).not_to_have_text(everything)
    expect(page.locator(".chip")).to_have_count(1)

    page.locator(".chip").click()
    expect(page).to_have_url(re.compile(r"\?q=model$"))
    expect(page.locator("input[name=platform][value=buykorea]")).not_to_be_checked()

    page.locator(".pager a").first.click()
    expect(page).to_have_url(re.compile(r"page=2$"))
    expect(page.locator(".pager [aria-current]")).to_contain_text("2")
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?q=model$"))
    expect(page.locator(".pager [aria-current]")).to_contain_text("1")

    page.locator(".card h2 a").first.click()
    expect(page).to_have_url(re.compile(rf"/{lang}/product/"))


def test_back_over_a_ticked_box_unticks_it(visit: Open) -> None:
    page = visit().go("/en/search")
    tick(page, "platform", "buykorea")
    expect(page.locator(".chip")).to_have_count(1)

    page.go_back()

    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("input[name=platform][value=buykorea]")).not_to_be_checked()


def test_focus_stays_on_the_box_that_was_ticked(visit: Open) -> None:
    page = visit().go("/en/search")
    tick(page, "platform", "buykorea")
    expect(page.locator(".chip")).to_have_count(1)

    assert page.evaluate("document.activeElement.value") == "buykorea"


def test_a_turned_page_is_read_from_its_heading(visit: Open) -> None:
    page = visit().go("/en/search")
    page.locator(".pager a").first.click()
    expect(page.locator(".pager [aria-current]")).to_contain_text("2")

    assert page.evaluate("document.activeElement.id") == "results-title"


def test_what_was_folded_open_stays_open(visit: Open) -> None:
    page = visit().go("/en/search")
    page.locator("#facet-origin > summary").click()
    tick(page, "origin", "KR")
    expect(page.locator(".chip")).to_have_count(1)

    expect(page.locator("input[name=origin][value=KR]")).to_be_visible()


def test_sorting_asks_again_from_the_first_page(visit: Open) -> None:
    page = visit().go("/en/search?page=2")
    page.select_option("#sort", "price")

    expect(page).to_have_url(re.compile(r"/en/search\?sort=price$"))


def test_a_phone_opens_its_filters_ticks_and_sees_the_count(visit: Open) -> None:
    page = visit(width=390, height=844).go("/en/search")
    expect(page.locator("input[name=platform]").first).not_to_be_visible()
    page.locator("#filters > summary").click()

    tick(page, "platform", "tradekorea")

    expect(page.locator(".filters-send button")).to_have_text("Show 22 products")
    expect(page.locator("input[name=platform]").first).to_be_visible()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_scripts_the_same_search_works(visit: Open, lang: str) -> None:
    page = visit(scripts=False).go(f"/{lang}/search")
    page.fill("#q", "model")
    tick(page, "platform", "buykorea")
    page.locator(".filters-send button").click()
    expect(page).to_have_url(re.compile(r"\?q=model&platform=buykorea$"))
    expect(page.locator(".card")).to_have_count(20)


def test_the_skip_link_leads_to_the_content(visit: Open) -> None:
    page = visit().go("/en/search")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_page_scrolls_sideways_at_320_pixels(visit: Open, lang: str) -> None:
    window = visit(width=320, height=640)

    over = {name: window.go(f"/{lang}{path}").evaluate(_OVERFLOW) for name, path in PAGES.items()}

    assert {name: pixels for name, pixels in over.items() if pixels > 0} == {}


def test_on_a_phone_whatever_is_pressed_is_44_pixels_high(visit: Open) -> None:
    """Links inside sentences and small print aside."""
    window = visit(width=390, height=844)

    small = {name: window.go(f"/en{path}").evaluate(_SMALL_TARGETS) for name, path in PAGES.items()}

    assert {name: found for name, found in small.items() if found} == {}


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("ko", "light"), ("es", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(visit: Open, lang: str, scheme: Literal["light", "dark"]) -> None:
    window = visit()
    window.page.emulate_media(color_scheme=scheme)

    grave = {name: _grave(window.go(f"/{lang}{path}")) for name, path in PAGES.items()}

    assert {name: found for name, found in grave.items() if found} == {}


def _grave(page: Page) -> list[str]:
    violations = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:150]}"
        for each in violations
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]


@pytest.mark.parametrize(("device", "width", "height"), [("phone", 390, 844), ("desktop", 1280, 800)])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_has_its_picture(visit: Open, gallery: Path, name: str, device: str, width: int, height: int) -> None:
    page = visit(width=width, height=height).go(f"/en{PAGES[name]}")
    file = gallery / f"{name}-{device}.png"
    page.screenshot(path=file, full_page=True)

    assert file.stat().st_size > 5_000
