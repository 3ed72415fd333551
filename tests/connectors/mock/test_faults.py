import csv
import gzip
import hashlib
import io
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


def test_all_nineteen_faults_are_there():
    assert set(FAULTS) == {
        "down", "flaky", "slow", "quota", "token-expiry", "truncated", "wrong-hash", "wrong-encoding", "bad-bytes",
        "renamed-field", "repeated-page", "expired-cursor", "empty", "shrunk", "error-200", "maintenance", "redirect",
        "poisoned", "bomb",
    }  # fmt: skip


def test_a_fault_leaves_the_sound_address_alone(world):
    before = world.buykorea("goodsList?pageNo=2").body
    world.at("poisoned").goods()
    world.at("shrunk").goods()

    assert world.buykorea("goodsList?pageNo=2").body == before


def part(reader, seq: int = 100250) -> tuple[dict, bytes]:
    """The first product part as its manifest states it, and as it is sent."""
    stated = reader.manifest(seq)["tables"]["product"]["parts"][0]
    return stated, reader.gobizkorea(f"drop/v2/{seq}/{stated['file']}").body


def is_as_stated(stated: dict, body: bytes) -> bool:
    return (stated["bytes"], stated["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_slow_bodies_have_a_pace(world):
    reader = world.at("slow")

    assert {reader.buykorea("goodsList").pace, reader.tradekorea("products").pace, part(reader)[1] and 200} == {200}
    assert world.buykorea("goodsList").pace is None


def test_a_quota_ends_the_calls_of_a_korean_day(open_mock):
    reader = open_mock().at("quota")
    first = [b"<returnReasonCode>22<" in reader.buykorea("goodsList").body for _ in range(6)]
    parts = [
        f"drop/v2/{seq}/{table}-0001.csv.gz" for seq in (100250, 100251) for table in ("product", "image", "company")
    ]
    files = [reader.gobizkorea(path) for path in parts]
    reader.wait(12 * 3600)

    assert first == [False] * 5 + [True]
    assert [file.status for file in files] == [200] * 5 + [429]
    assert json.loads(files[-1].body)["code"] == "GB-4290"
    assert b"<resultCode>00<" in reader.buykorea("goodsList").body
    assert reader.gobizkorea(parts[-1]).status == 200


def test_a_quota_of_tradekorea_names_the_seconds_to_its_end(open_mock):
    reader = open_mock().at("quota")
    answers = [reader.tradekorea("products?limit=5") for _ in range(6)]
    told = dict(answers[-1].headers)

    assert [answer.status for answer in answers] == [200] * 5 + [429]
    assert [dict(answer.headers)["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
    assert 900 < int(told["Retry-After"]) <= 3600
    reader.wait(int(told["Retry-After"]))
    assert reader.tradekorea("products?limit=5", token=reader.token()).status == 200


def test_a_wrong_hash_is_stated_for_the_last_product_part(world):
    reader = world.at("wrong-hash")
    stated, body = part(reader)

    assert stated["bytes"] == len(body)
    assert not is_as_stated(stated, body)
    assert json.loads(reader.gobizkorea("drop/v2/manifest.json").body)["latestFull"] == 100250


def test_wrong_encodings_contradict_their_label(world):
    reader = world.at("wrong-encoding")
    listed, page, (stated, body) = reader.buykorea("goodsList"), reader.tradekorea("products"), part(reader)

    assert "UTF-8" in listed.content_type
    assert "승인완료" in listed.body.decode("cp949")
    with pytest.raises(UnicodeDecodeError):
        listed.body.decode()
    assert json.loads(page.body.decode("utf-16"))["items"]
    assert is_as_stated(stated, body)
    assert "상품번호" in gzip.decompress(body).decode()
    assert reader.manifest(100250)["encoding"] == "CP949"


def test_bad_bytes_are_in_no_encoding(world):
    reader = world.at("bad-bytes")
    listed = reader.buykorea("goodsList?pageNo=2&type=json").body
    stated, body = part(reader)

    for text, encoding in ((listed, "utf-8"), (gzip.decompress(body), "cp949")):
        with pytest.raises(UnicodeDecodeError):
            text.decode(encoding)
    assert listed.replace(b"\xff", b"") == world.buykorea("goodsList?pageNo=2&type=json").body
    assert is_as_stated(stated, body)
    assert reader.buykorea("goodsList").body.decode()


def test_renamed_fields_keep_their_values_under_another_name(world):
    reader = world.at("renamed-field")
    item, before = reader.items("products")[0], world.items("products")[0]
    columns = reader.manifest(100250)["tables"]["product"]["columns"]
    rows = list(csv.reader(io.StringIO(gzip.decompress(part(reader)[1]).decode("cp949"), newline="")))

    assert (item["title"], "name" in item) == (before["name"], False)
    assert item["supplier"] == before["supplier"]
    assert b"<GOODS_ENG_NM>" in reader.buykorea("goodsList").body
    assert b"<ENG_GOODS_NM>" not in reader.buykorea("goodsList").body
    assert ("변경일" in columns, "수정일" in columns, rows[0]) == (True, False, columns)


def test_later_pages_repeat_the_first_one_under_their_own_number(world):
    reader = world.at("repeated-page")
    first, second = (reader.buykorea(f"goodsList?type=json&pageNo={number}").body for number in (1, 2))
    page = reader.tradekorea("products?limit=50").body
    cursor = json.loads(page)["nextCursor"]

    assert second == first.replace(b'"pageNo":1,', b'"pageNo":2,') != first
    assert reader.tradekorea(f"products?limit=50&cursor={cursor}").body == page


def test_every_third_cursor_has_expired_and_a_reader_can_go_on_from_its_last_time(world):
    reader, endings = world.at("expired-cursor"), 0
    found: list[dict] = []
    since = cursor = ""
    while True:
        answer = reader.tradekorea(f"products?limit=50{since}{cursor}")
        page = json.loads(answer.body)
        if answer.status == 400:
            assert set(page["error"]) == {"code", "message", "asOf"}
            since, cursor, endings = f"&updatedAfter={found[-1]['updatedAt'].replace('+', '%2B')}", "", endings + 1
            continue
        found += page["items"]
        if not page["hasMore"]:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert endings >= 5
    assert {item["productNo"] for item in found} == {item["productNo"] for item in world.items("products")}
    assert reader.items("suppliers") == world.items("suppliers")


@pytest.mark.parametrize("platform", ["buykorea", "gobizkorea", "tradekorea"])
def test_maintenance_is_a_web_page_with_status_200(world, platform):
    answer = world.mock.handle("GET", f"/faulty/maintenance/{platform}/v1/x", {}, b"")

    assert (answer.status, answer.content_type) == (200, "text/html;charset=UTF-8")
    assert "점검".encode() in answer.body


@pytest.mark.parametrize("platform", ["buykorea", "gobizkorea", "tradekorea"])
def test_a_redirect_leads_to_the_sound_address_of_the_same_call(world, platform):
    answer = world.mock.handle("GET", f"/faulty/redirect/{platform}/v1/x?a=1", {}, b"")

    assert (answer.status, dict(answer.headers)["Location"]) == (302, f"/{platform}/v1/x?a=1")


def test_bombs_are_small_on_the_wire_and_sound_but_for_their_size(world):
    reader = world.at("bomb")
    page = reader.tradekorea("products?limit=5")
    stated, body = part(reader)
    unpacked = zlib.decompressobj(31).decompress(page.body, 1 << 20)

    assert dict(page.headers)["Content-Encoding"] == "gzip"
    assert len(page.body) < 200_000
    assert unpacked.rstrip() == world.tradekorea("products?limit=5").body
    assert is_as_stated(stated, body)
    assert len(body) < 2_000_000
    assert sum(len(piece) for piece in unpack(body)) > 200 << 20


def unpack(body: bytes):
    """Piece by piece, so that the test itself stays small."""
    stream = zlib.decompressobj(31)
    while not stream.eof:
        yield stream.decompress(body, 1 << 20)
        body = stream.unconsumed_tail
