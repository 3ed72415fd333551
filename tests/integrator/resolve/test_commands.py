"""`hanmaru explain` and `hanmaru judge` as an operator types them."""

import json

import pytest
from click.testing import CliRunner

from tests.fakes.shop import Shop, make_listing
from web.cli import main


@pytest.fixture
def run(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    shop.account("buykorea", "1", "Nurion Cosmetic", brn="0018100017")
    shop.account("tradekorea", "9", "Nurion Cosmetic", brn="0018100017")
    shop.listing(make_listing("buykorea", "100", "1", "Centella Face Cream 50ml", model="NR-CT50"))
    shop.listing(make_listing("tradekorea", "P1", "9", "Centella Face Cream, 50 ml", model="NR-CT50"))
    shop.resolve()
    monkeypatch.setenv("HANMARU_DATABASE_URL", str(shop.database.engine.url))
    return lambda *words: CliRunner().invoke(main, list(words))


def test_explain_says_in_a_sentence_and_in_weights_why(run) -> None:
    answer = run("explain", "buykorea:100")
    assert answer.exit_code == 0, answer.output
    assert "same seller (registration number), same model NR-CT50, same measure 50 ml" in answer.output
    assert "(fixed-1)" in answer.output
    assert "0018100017" not in answer.output


def test_explain_gives_one_json_document_in_the_language_asked_for(run) -> None:
    document = json.loads(run("explain", "buykorea:100", "--json", "--lang", "ko").output)
    assert document["listings"] == [["buykorea", "100"], ["tradekorea", "P1"]]
    assert "같은 모델 NR-CT50" in document["receipts"][0]["sentence"]


def test_judge_is_applied_by_the_next_round(run, shop: Shop) -> None:
    answer = run("judge", "different", "buykorea:100", "tradekorea:P1", "--by", "person/kim")
    assert answer.exit_code == 0, answer.output
    shop.resolve()
    assert len(shop.clusters()) == 2


def test_an_unknown_product_or_listing_is_wrong_use(run) -> None:
    assert run("explain", "pnothing").exit_code == 2
    assert run("judge", "same", "buykorea:100", "buykorea:5", "--by", "person/kim").exit_code == 2
