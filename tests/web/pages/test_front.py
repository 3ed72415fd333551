"""Home, status, health, headers, and addresses without a language."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from sqlalchemy import update

from integrator.clean.units import UNIT_OF
from integrator.errors import FeedUnavailable
from integrator.ports import Window
from integrator.record import Lane
from integrator.store.breakers import IN_A_ROW
from integrator.store.budgets import SharedBudget
from integrator.store.tables import run
from search.words import LANGUAGES
from tests.fakes.catalogue import MERGED, NOW, Shelf
from tests.web.pages.looking import look, texts
from web.app import create_app
from web.units import unit_words

PAGES = ["/en/", "/en/search?q=cream", f"/en/product/{MERGED}", "/en/status", "/en/runs", "/en/product/pnever"]
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("wanted", "lang"),
    [("ko-KR,ko;q=0.9,en;q=0.5", "ko"), ("es-MX", "es"), ("fr,es;q=0.4", "es"), ("fr", "en"), ("", "en")],
)
def test_an_address_without_a_language_leads_to_the_browsers_own(client: FlaskClient, wanted: str, lang: str) -> None:
    answer = client.get("/", headers={"Accept-Language": wanted})

    assert (answer.status_code, answer.location) == (302, f"/{lang}/")
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_question_at_the_front_door_goes_to_the_search(client: FlaskClient) -> None:
    assert client.get("/?q=cream").location == "/en/search?q=cream"


def test_the_first_page_leads_to_each_section_that_holds_something(client: FlaskClient) -> None:
    page = look(client, "/en/")

    sections = {link.get("href"): texts(link, ".count")[0] for link in page.cssselect(".sections a")}
    assert sections["/en/search?category=S16"] == "10"
    assert "0" not in sections.values()


def test_other_languages_are_the_same_page(client: FlaskClient) -> None:
    page = look(client, "/en/search?q=cream&platform=buykorea")

    links = [link.get("href") for link in page.cssselect(".languages a")]
    assert links == [f"/{lang}/search?q=cream&platform=buykorea" for lang in LANGUAGES]


# Status --------------------------------------------------------------------------------------------------------------


def test_the_status_page_tells_each_feeds_state_in_words(client: FlaskClient) -> None:
    page = look(client, "/en/status")

    states = {texts(tile, "h2")[0]: texts(tile, ".badge")[0] for tile in page.cssselect(".tile")}
    assert states == {"BuyKorea": "Up to date", "GobizKOREA": "Last reading failed", "tradeKorea": "Not read yet"}


def test_a_failed_reading_says_why_and_what_stays(client: FlaskClient) -> None:
    tile = look(client, "/ko/status").cssselect(".tile")[1]

    assert texts(tile, ".notice") == ["The platform answered 503 five times."]
    assert tile.cssselect(".notice")[0].get("lang") == "en"
    assert "마지막으로 읽은 상태 그대로" in tile.text_content()


def test_the_status_page_compares_index_and_database(client: FlaskClient) -> None:
    assert "All 64 products of the catalogue can be found." in look(client, "/en/status").text_content()


def test_a_feed_not_read_for_long_is_called_old(own_shelf: Shelf) -> None:
    own_shelf.register("buykorea", state="succeeded", hours_ago=30)
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()

    assert texts(look(client, "/en/status"), ".tile .badge")[0] == "Not read for a while"


def test_the_status_page_holds_the_age_of_each_lane_against_its_target(own_shelf: Shelf) -> None:
    own_shelf.register("buykorea", state="succeeded", hours_ago=3)
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()

    facts = texts(look(client, "/en/status"), ".tile:first-child .facts > div")

    assert "Changes3 hours ago Late at most 2 hours" in facts
    assert "Full reading3 hours ago at most 2 days" in facts
    assert "DetailsNever Late at most 2 hours" in facts


@pytest.fixture
def asked(own_shelf: Shelf) -> Shelf:
    """BuyKorea has 22 of 24 calls used, asked us to wait and is left alone; tradeKorea was never asked."""
    own_shelf.register("buykorea", state="incomplete", reason="It answers 503.")
    budget = SharedBudget.open(own_shelf.wiring.database, platform="buykorea", key="k", clock=own_shelf.clock)
    for _ in range(22):
        budget.take(Window("20260914", 24, NOW + timedelta(hours=5)), lane=Lane.CENSUS)
    for _ in range(IN_A_ROW):
        budget.note(FeedUnavailable("It answers 503."))
    budget.ban(NOW + timedelta(minutes=40), reason="too many")
    return own_shelf


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            [
                "Calls used22 of 24 counted anew in 5 hours",
                "Asked to waitanother 40 minutes",
                "Left alone after failuresjust now",
            ],
        ),
        (
            "ko",
            ["사용한 호출 수24회 중 22회 5시간 후 다시 셈", "대기 요청 받음앞으로 40분", "오류가 이어져 호출을 쉼방금"],
        ),
        (
            "es",
            [
                "Llamadas usadas22 de 24 se cuentan de nuevo en 5 horas",
                "Espera solicitada40 minutos más",
                "En reposo tras fallosahora mismo",
            ],
        ),
    ],
)
def test_the_status_page_shows_calls_bans_and_rests(asked: Shelf, lang: str, said: list[str]) -> None:
    client = create_app(asked.wiring.settings, wiring=asked.wiring).test_client()
    page = look(client, f"/{lang}/status")

    facts = texts(page, ".tile:first-child .facts > div")

    assert [fact for fact in facts if fact in said] == said
    assert not [
        fact for fact in texts(page, ".tile:last-child .facts > div") if fact[:6] in {each[:6] for each in said}
    ]


def test_a_feed_that_waits_for_the_end_of_a_ban_has_not_failed(own_shelf: Shelf) -> None:
    own_shelf.register("buykorea", state="incomplete", reason="Asked again from noon.")
    with own_shelf.wiring.database.write() as connection:
        connection.execute(update(run).values(not_before=NOW.timestamp() + 3600))
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()

    assert texts(look(client, "/en/status"), ".tile .badge")[0] == "Waiting for the platform"


# When parts are missing ----------------------------------------------------------------------------------------------


def test_without_an_index_the_search_is_unavailable_and_the_status_page_says_so(own_shelf: Shelf) -> None:
    own_shelf.index.lies.unavailable = True
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()

    answer = client.get("/en/search?q=cream")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_a_process_without_its_database_is_alive_and_not_ready(own_shelf: Shelf, tmp_path: Path) -> None:
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()
    assert client.get("/healthz/ready").status_code == 200
    own_shelf.wiring.close()
    for file in tmp_path.glob("hanmaru.db*"):
        file.unlink()

    answer = client.get("/healthz/ready")

    assert answer.status_code == 503
    assert "hanmaru migrate" in answer.get_json()["problems"]["database"]
    assert client.get("/healthz/live").status_code == 200


def test_a_failure_shows_no_inner_words(own_shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()
    monkeypatch.setattr("web.buyers.home.mark_of", lambda *_: 1 / 0)

    answer = client.get("/en/")

    assert answer.status_code == 500
    assert "division" not in answer.text


# Headers -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*PAGES, "/healthz/live", "/static/base.css"])
def test_every_answer_forbids_what_is_not_ours(client: FlaskClient, address: str) -> None:
    headers = client.get(address).headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", PAGES)
def test_no_page_has_inline_script_style_or_another_host(client: FlaskClient, address: str) -> None:
    text = client.get(address).text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    for tag in re.findall(r"<(?:script|link|img|source)\b[^>]*>", text):
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", tag), tag


@pytest.mark.parametrize("address", ["/en/", "/ko/search?q=cream", f"/es/product/{MERGED}"])
def test_a_page_that_the_browser_has_is_not_sent_again(client: FlaskClient, address: str) -> None:
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, no-cache"


def test_a_kept_page_ends_with_the_next_commit(own_shelf: Shelf) -> None:
    client = create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()
    mark = client.get("/en/").headers["ETag"]
    own_shelf.index.commit()

    assert client.get("/en/", headers={"If-None-Match": mark}).status_code == 200


def test_files_are_kept_for_ever_under_an_address_of_their_content(client: FlaskClient) -> None:
    page = look(client, "/en/")

    for link in page.cssselect("link[rel=stylesheet]"):
        assert "immutable" in client.get(link.get("href")).headers["Cache-Control"]


# Words ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ko", "es"])
def test_every_text_has_its_words_in_every_language(lang: str) -> None:
    with (ROOT / f"web/translations/{lang}/LC_MESSAGES/messages.po").open("rb") as file:
        catalogue = read_po(file, locale=lang)
    known = {message.id if isinstance(message.id, str) else message.id[0]: message for message in catalogue}

    for text in texts_of_the_pages():
        assert text in known, f"{lang} lacks {text!r}: extract, translate, compile"
        words = known[text].string
        assert all(words) if isinstance(words, tuple) else words, text
        assert not known[text].fuzzy


def texts_of_the_pages() -> set[str]:
    """As pybabel finds them."""
    from babel.messages.extract import extract_from_dir

    methods = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
    options = {"**/templates/**.html": {"trimmed": "true"}}
    keywords = {"gettext": None, "lazy_gettext": None, "_": None, "ngettext": (1, 2)}
    found = extract_from_dir(ROOT / "web", methods, options, keywords)
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_unit_that_feeds_use_has_words(lang: str) -> None:
    assert all(unit_words(code, lang) != code for code in set(UNIT_OF.values()) - {"20FT", "40FT"})
