"""`hanmaru search` and `hanmaru index` on the same catalogue as the API."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from integrator.publish.publisher import publish
from integrator.publish.rebuild import rebuild
from integrator.store import outbox
from integrator.store.database import CATALOGUE
from web.cli import main
from web.wiring import Wiring


@pytest.fixture
def run(wiring: Wiring):
    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), env={"HANMARU_HOME": str(wiring.settings.home)})

    return invoke


def test_search_gives_what_the_contract_names(run):
    found = json.loads(run("search", "face cream", "--filter", "platform=tradekorea", "--json").stdout)

    assert found["total"] == 1
    assert found["results"][0] == {
        "product_id": "p0001",
        "title": "Centella Face Cream 50ml",
        "score": found["results"][0]["score"],
        "listings": [["buykorea", "1"], ["tradekorea", "1"]],
    }
    assert found["results"][0]["score"] > 0
    assert {"value": "buykorea", "label": "BuyKorea", "count": 1} in found["facets"]["platform"]


def test_search_is_limited_and_speaks_the_language(run):
    found = json.loads(run("search", "--limit", "1", "--lang", "ko", "--sort", "price", "--json").stdout)

    assert (found["total"], len(found["results"])) == (3, 1)
    assert found["results"][0]["title"] == "상품 1"


def test_search_for_people_shows_titles_and_what_was_mended(run):
    shown = run("search", "centifugal pump").stdout

    assert "showing “centrifugal pump”" in shown
    assert "Stainless Centrifugal Pump" in shown


@pytest.mark.parametrize("word", ["colour=red", "platform", "=x", "price_min=cheap"])
def test_a_wrong_filter_is_wrong_use(run, word: str):
    result = run("search", "lamp", "--filter", word)

    assert result.exit_code == 2
    assert "hanmaru:" in result.stderr


def test_status_tells_index_and_database_side_by_side(run):
    status = json.loads(run("index", "status", "--json").stdout)

    assert (status["documents"], status["products"], status["waiting"]) == (3, 3, 0)
    assert status["problem"] is None


def test_what_the_index_refused_is_shown_with_the_reason(run, wiring: Wiring):
    def queue_one() -> None:
        with wiring.database.write(CATALOGUE) as connection:
            outbox.queue(connection, {"p0001": outbox.PUT}, run=None, now=0.0)

    queue_one()
    with wiring.database.write() as connection:
        [row] = outbox.load_waiting(connection, after=0, limit=9)
        outbox.refuse(connection, [(replace(row, attempts=outbox.REFUSALS - 1), "immense term")])
    told, shown = run("index", "status", "--json"), run("index", "status")
    queue_one()
    publish(wiring.database, wiring.index)

    assert json.loads(told.stdout)["refused"] == [{"product_id": "p0001", "reason": "immense term"}]
    assert "p0001: immense term" in shown.stdout


def test_a_sound_index_verifies(run):
    result = run("index", "verify", "--json")

    assert (result.exit_code, json.loads(result.stdout)["drift"]) == (0, 0)


def test_drift_is_found_and_repaired(run, wiring: Wiring):
    with wiring.index.rebuild():
        pass  # an empty index takes over, as if everything had been lost
    broken = run("index", "verify", "--json")
    repaired = run("index", "repair")
    sound = run("index", "verify")

    assert (broken.exit_code, json.loads(broken.stdout)["missing"]) == (1, ["p0001", "p0002", "p0003"])
    assert (repaired.exit_code, sound.exit_code) == (0, 0)


def test_rebuild_and_rollback_swap_whole_indexes(run, wiring: Wiring):
    rebuilt = run("index", "rebuild", "--json")
    back = run("index", "rollback")

    assert json.loads(rebuilt.stdout) == {"documents": 3, "refused": 0}
    assert back.exit_code == 0
    rebuild(wiring.database, wiring.index)


def test_an_index_that_cannot_be_used_says_what_to_do(tmp_path: Path):
    environment = {"HANMARU_HOME": str(tmp_path)}
    CliRunner().invoke(main, ["migrate"], env=environment)
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "pointer.json").write_text('{"shape":"0.0","current":"000001"}')

    status = CliRunner().invoke(main, ["index", "status"], env=environment)
    rebuilt = CliRunner().invoke(main, ["index", "rebuild"], env=environment)
    found = CliRunner().invoke(main, ["search", "lamp", "--json"], env=environment)

    assert status.exit_code == 1
    assert "hanmaru index rebuild" in status.stdout
    assert rebuilt.exit_code == 0
    assert json.loads(found.stdout)["total"] == 0
