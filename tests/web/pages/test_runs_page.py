"""The public page of runs: state, age and counts of each platform's newest, and nothing of their insides."""

import pytest
from flask.testing import FlaskClient

from integrator.store.runs import RunState
from search.words import LANGUAGES
from tests.fakes.catalogue import Shelf
from tests.web.pages.looking import look, texts
from web.app import create_app


@pytest.fixture
def empty(own_shelf: Shelf) -> FlaskClient:
    return create_app(own_shelf.wiring.settings, wiring=own_shelf.wiring).test_client()


def test_each_platform_has_its_newest_runs_with_state_and_counts(client: FlaskClient) -> None:
    page = look(client, "/en/runs")

    assert texts(page, "h2") == ["BuyKorea", "GobizKOREA", "tradeKorea"]
    assert [texts(row, "th, td")[:2] for row in page.cssselect("tbody tr")] == [
        ["Changes", "Complete"],
        ["Changes", "Failed"],
    ]
    assert texts(page, "section:last-of-type > p") == ["Not read yet"]


def test_no_reason_of_a_run_is_told(client: FlaskClient) -> None:
    assert "503" not in look(client, "/en/runs").text_content()


def test_a_lane_older_than_its_target_is_late(own_shelf: Shelf, empty: FlaskClient) -> None:
    own_shelf.register("buykorea", state="succeeded", hours_ago=30)

    facts = texts(look(empty, "/en/runs").cssselect("section")[0], "dd")

    assert facts[0] == "1 day ago Late at most 2 hours"
    assert facts[1] == "1 day ago In time at most 2 days"


@pytest.mark.parametrize("state", list(RunState))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_has_a_word(own_shelf: Shelf, empty: FlaskClient, state: RunState, lang: str) -> None:
    own_shelf.register("tradekorea", state=state.value)

    (word,) = texts(look(empty, f"/{lang}/runs"), "tbody .badge")

    assert word
    assert word != state.value


def test_the_status_page_leads_there(client: FlaskClient) -> None:
    assert "/ko/runs" in [link.get("href") for link in look(client, "/ko/status").cssselect("main a")]
