import gzip
import json
import zlib
from xml.etree import ElementTree

import pytest

from connectors.mock.faults import FAULTS


def names(rows) -> set[str]:
    return {row.findtext("GOODS_SN") for row in rows}


@pytest.fixture(scope="module")
def world(open_mock):
    """Larger than a page everywhere."""
    return open_mock(size=1200, seed=13)


@pytest.mark.parametrize("platform", ["buykorea", "gobizkorea", "tradekorea"])
def test_down_answers_nothing(world, platform):
    assert world.mock.handle("GET", f"/faulty/down/{platform}/v1/x", {}, b"").is_dropped


def test_flaky_fails_every_third_call_and_then_works_again(open_mock):
    reader = open_mock().at("flaky")
    token = reader.token()

    assert [reader.buykorea("goodsList").status for _ in range(6)] == [200, 200, 500, 200, 200, 500]
    assert [reader.gobizkorea("drop/v2/manifest.json").status for _ in range(4)] == [200, 200, 500, 200]
    assert [reader.tradekorea("products", token=token).status for _ in range(4)] == [200, 500, 200, 200]


def test_truncated_bodies_are_shorter_than_stated(world):
    reader = world.at("truncated")
    pages = (reader.buykorea("goodsList"), reader.tradekorea("products"))

    assert all(page.sent == len(page.body) // 2 for page in pages)
    with pytest.raises((EOFError, zlib.error)):
        gzip.decompress(reader.gobizkorea("drop/v2/100250/product-0001.csv.gz").body)
    assert reader.manifest(100250)["seq"] == 100250


def test_a_token_ends_in_the_middle_of_a_walk_and_another_goes_on(world):
    reader, cursor, endings, found = world.at("token-expiry"), "", 0, []
    token = reader.token()
    while True:
        response = reader.tradekorea(f"products?limit=50{cursor}", token=token)
        if response.status == 401:
            endings, token = endings + 1, reader.token()
            continue
        page = json.loads(response.body)
        found += page["items"]
        if not page["hasMore"]:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert endings >= 5
    assert found == world.items("products")


def test_empty_answers_everything_with_nothing(world):
    reader = world.at("empty")
    seq = reader.drop_index()["latestFull"]

    assert b"<resultCode>03</resultCode>" in reader.buykorea("goodsList").body
    assert reader.items("products") == []
    assert {table["rows"] for table in reader.manifest(seq)["tables"].values()} == {0}


def test_shrunk_lacks_four_in_ten_and_its_counts_agree(world):
    reader = world.at("shrunk")
    seq = reader.drop_index()["latestFull"]
    (rows, total), (all_rows, _) = reader.goods(), world.goods()
    lost = next(iter(names(all_rows) - names(rows)))

    assert len(names(rows)) == total
    assert 0.5 < len(rows) / len(all_rows) < 0.7
    assert b"<resultCode>03</resultCode>" in reader.buykorea(f"goodsDetail?goodsSn={lost}").body
    assert 0.5 < len(reader.products(seq)) / len(world.products(seq)) < 0.7
    assert 0.5 < len(reader.items("products")) / len(world.items("products")) < 0.7


def test_error_200_breaks_walks_after_their_first_page(world):
    reader = world.at("error-200")
    cursor = json.loads(reader.tradekorea("products?limit=50").body)["nextCursor"]
    second = reader.buykorea("goodsList?pageNo=2"), reader.tradekorea(f"products?limit=50&cursor={cursor}")
    part = reader.gobizkorea("drop/v2/100250/product-0001.csv.gz")

    assert b"<resultCode>00</resultCode>" in reader.buykorea("goodsList").body
    assert {response.status for response in (*second, part)} == {200}
    assert b"<returnReasonCode>99</returnReasonCode>" in second[0].body
    assert "error" in json.loads(second[1].body)
    assert json.loads(part.body)["code"] == "GB-5000"


def test_poisoned_makes_sound_records_unusable_and_leaves_their_ids(world):
    reader = world.at("poisoned")
    rows, sound = reader.goods()[0], world.goods()[0]
    broken = sum(ElementTree.tostring(a) != ElementTree.tostring(b) for a, b in zip(rows, sound, strict=True))

    assert names(rows) == names(sound)
    assert 0.005 < broken / len(rows) < 0.04
    seq = reader.drop_index()["latestFull"]
    assert [row["상품번호"] for row in reader.products(seq)] == [row["상품번호"] for row in world.products(seq)]
    assert reader.products(seq) != world.products(seq)
    items, whole = reader.items("products"), world.items("products")
    assert [item["productNo"] for item in items] == [item["productNo"] for item in whole]
    assert 0.005 < sum(a != b for a, b in zip(items, whole, strict=True)) / len(items) < 0.04


@pytest.mark.parametrize(
    "path", ["/faulty/token-expiry/buykorea/v1/goodsList", "/faulty/nonsense/buykorea/", "/faulty/down", "/faulty"]
)
def test_a_fault_that_does_not_exist_there_is_404_with_those_that_do(world, path):
    response = world.mock.handle("GET", path, {}, b"")

    assert response.status == 404
    assert json.loads(response.body)["faults"]["token-expiry"] == ["tradekorea"]


def test_an_unknown_platform_is_404_with_those_there_are(world):
    response = world.mock.handle("GET", "/nowhere/x", {}, b"")

    assert (response.status, len(json.loads(response.body)["platforms"])) == (404, 3)


def test_the_eight_faults_are_there():
    assert set(FAULTS) == {
        "down", "flaky", "truncated", "token-expiry", "empty", "shrunk", "error-200", "poisoned",
    }  # fmt: skip


def test_a_fault_leaves_the_sound_address_alone(world):
    before = world.buykorea("goodsList?pageNo=2").body
    world.at("poisoned").goods()
    world.at("shrunk").goods()

    assert world.buykorea("goodsList?pageNo=2").body == before
