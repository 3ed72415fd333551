import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.mock.gobizkorea import sign
from connectors.mock.message import Request

SAMPLES = Path(__file__).parents[2] / "golden" / "feeds" / "gobizkorea"

# Guide 2.1, section 2, test vectors: method, path, query, date, body, signature.
VECTORS = [
    ("GET", "/gobizkorea/drop/v2/manifest.json", "", "20260914T012205Z", b"",
     "c9dbe966cd6e535bb664f9a15fec7f989578ab57bf6797936ede0cda7510e7a3"),
    ("GET", "/gobizkorea/drop/v2/100250/product-0001.csv.gz", "", "20260914T012230Z", b"",
     "ef05d7cd83a97703b44422d24a4112b369c26a7f2dc3a7942ad76fd304ed9070"),
    ("POST", "/gobizkorea/drop/v2/ack", "", "20260914T013000Z", b'{"seq":100250,"status":"OK"}',
     "3d47f3a0f2c94c0848b3e788b68ec22ae9a995848ce732ec06a36d4e98a23caa"),
    ("GET", "/gobizkorea/drop/v2/manifest.json", "b=2&a=1%20x", "20260914T012205Z", b"",
     "cd9a5d73101389ed06fc8112df4e82ccc6bb0d8fc8025ef546bb33deccdfa177"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "query", "date", "body", "signature"), VECTORS)
def test_the_guides_vectors_are_signed_alike(method, path, query, date, body, signature):
    assert sign(Request(method, path, path, query, {}, body), date) == signature


def code(response) -> str:
    return str(json.loads(response.body)["code"])


@pytest.mark.parametrize(("method", "path", "query", "date", "body", "signature"), VECTORS)
def test_a_call_signed_as_in_the_vectors_is_let_in(open_mock, method, path, query, date, body, signature):
    reader = open_mock(now=datetime(2026, 9, 14, 1, 26, tzinfo=UTC))
    headers = {"x-gb-key": "gbk-test-0001", "x-gb-date": date, "x-gb-signature": signature.upper()}

    assert reader.mock.handle(method, f"{path}?{query}" if query else path, headers, body).status == 200


@pytest.mark.parametrize(
    ("changed", "status", "expected"),
    [
        ({"key": ""}, 401, "GB-4010"),
        ({"signature": ""}, 401, "GB-4010"),
        ({"key": "gbk-nobody"}, 401, "GB-4011"),
        ({"date": "2026-09-14"}, 400, "GB-4001"),
        ({"date": "20260914T012706Z"}, 401, "GB-4012"),
        ({"date": "20260914T011704Z"}, 401, "GB-4012"),
        ({"signature": "0" * 64}, 401, "GB-4013"),
    ],
)
def test_a_wrong_sign_in_is_refused_with_its_code(reader, changed, status, expected):
    response = reader.gobizkorea("drop/v2/manifest.json", **changed)

    assert (response.status, code(response)) == (status, expected)


@pytest.mark.parametrize("date", ["20260914T012705Z", "20260914T011705Z"])
def test_a_clock_three_hundred_seconds_off_is_let_in(reader, date):
    assert reader.gobizkorea("drop/v2/manifest.json", date=date).status == 200


def test_errors_are_the_samples_bytes(reader):
    given = {path.stem: path.read_bytes() for path in SAMPLES.glob("error_*.json")}

    assert reader.gobizkorea("drop/v2/manifest.json", signature="0").body == given["error_401_signature"]
    assert reader.gobizkorea("drop/v2/manifest.json", date="20260914T000000Z").body == given["error_401_skew"]
    assert reader.gobizkorea("drop/v2/100300/manifest.json").body == given["error_404_not_ready"]
    assert reader.gobizkorea("drop/v2/99000/manifest.json").body == given["error_410_expired"]


@pytest.mark.parametrize(
    ("path", "method", "status", "expected"),
    [
        ("drop/v2/nothing", "GET", 404, "GB-4040"),
        ("drop/v1/manifest.json", "GET", 404, "GB-4040"),
        ("drop/v2/abc/manifest.json", "GET", 404, "GB-4040"),
        ("drop/v2/100250/product-0099.csv.gz", "GET", 404, "GB-4042"),
        ("drop/v2/100250/..%2Fsecret", "GET", 404, "GB-4042"),
        ("drop/v2/manifest.json", "POST", 405, "GB-4050"),
        ("drop/v2/ack", "GET", 405, "GB-4050"),
    ],
)
def test_paths_and_methods_that_do_not_exist_are_refused(reader, path, method, status, expected):
    response = reader.gobizkorea(path, method=method)

    assert (response.status, code(response)) == (status, expected)


def test_a_report_is_acknowledged_and_a_wrong_one_refused(reader):
    ok = reader.gobizkorea("drop/v2/ack", method="POST", body=b'{"seq":100250,"status":"OK"}')
    wrong = [
        reader.gobizkorea("drop/v2/ack", method="POST", body=body)
        for body in (b"", b"[]", b'{"seq":"1","status":"OK"}', b'{"seq":1,"status":"FINE"}')
    ]

    assert ok.body == b'{"code":"GB-0000","message":"OK","seq":100250}'
    assert {(response.status, code(response)) for response in wrong} == {(400, "GB-4002")}


# --- manifests --------------------------------------------------------------------------------------------------------


def shape(document):
    """Keys in their order, without values."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    return [shape(document[0])] if isinstance(document, list) and document and isinstance(document[0], dict) else None


@pytest.mark.parametrize("name", ["100250", "100251"])
def test_a_manifest_has_the_samples_keys_columns_and_layout(reader, name):
    body = reader.gobizkorea(f"drop/v2/{name}/manifest.json").body
    ours, theirs = json.loads(body), json.loads((SAMPLES / name / "manifest.json").read_bytes())

    assert [list(shape(ours)), shape(ours)] == [list(shape(theirs)), shape(theirs)]
    for key in ("seq", "kind", "baseSeq", "feedVersion", "createdAt", "coversFrom", "coversTo", "encoding", "lineEnd"):
        assert ours[key] == theirs[key]
    for table, given in theirs["tables"].items():
        assert ours["tables"][table]["columns"] == given["columns"]
    assert body == json.dumps(ours, ensure_ascii=False, indent=1).encode()


def test_the_index_has_the_samples_keys_and_layout(reader):
    body = reader.gobizkorea("drop/v2/manifest.json").body
    ours, theirs = json.loads(body), json.loads((SAMPLES / "manifest.json").read_bytes())

    assert shape(ours) == shape(theirs)
    assert ours["asOf"] == "2026-09-14T12:00:00+09:00"
    assert (ours["latestFull"], ours["latest"]) == (100250, 100261)
    assert body == json.dumps(ours, ensure_ascii=False, indent=1).encode()


def test_the_index_holds_the_last_seven_days_without_a_gap(reader):
    drops = reader.drop_index()["drops"]

    assert [drop["seq"] for drop in drops] == list(range(drops[0]["seq"], 100262))
    assert drops[0]["createdAt"] > "2026-09-07T12:00:00+09:00"
    assert [drop["seq"] for drop in drops if drop["kind"] == "FULL"] == list(range(100250 - 150, 100251, 25))


def test_the_oldest_drop_of_the_index_can_still_be_had_and_the_one_before_cannot(reader):
    oldest = reader.drop_index()["drops"][0]["seq"]

    assert reader.manifest(oldest)["kind"] == "DELTA"
    assert code(reader.gobizkorea(f"drop/v2/{oldest - 1}/manifest.json")) == "GB-4100"


def test_a_delta_comes_five_minutes_after_its_hour(open_mock):
    reader = open_mock()
    reader.wait(299)
    before = reader.drop_index()["latest"]
    reader.wait(1)
    after = reader.drop_index()["latest"]

    assert (before, after) == (100261, 100262)
    assert reader.manifest(100262)["tables"]["product"]["rows"] == 0


def test_a_new_day_that_this_world_does_not_know_brings_no_full_drop(open_mock):
    reader = open_mock()
    reader.wait(14 * 3600)

    assert reader.drop_index()["latest"] == 100274


# --- parts ------------------------------------------------------------------------------------------------------------


def test_parts_are_crlf_cp949_and_begin_with_the_header(reader):
    raw = gzip.decompress(reader.gobizkorea("drop/v2/100250/product-0001.csv.gz").body)
    header = ",".join(reader.manifest(100250)["tables"]["product"]["columns"])

    assert raw.startswith(header.encode("cp949") + b"\r\n")
    assert raw.endswith(b"\r\n")


def test_an_empty_table_has_one_part_with_the_samples_bytes_unpacked(reader):
    seq = next(seq for seq in range(100251, 100262) if not reader.manifest(seq)["tables"]["company"]["rows"])
    ours = gzip.decompress(reader.gobizkorea(f"drop/v2/{seq}/company-0001.csv.gz").body)

    assert ours == gzip.decompress((SAMPLES / "100252" / "company-0001.csv.gz").read_bytes())


def test_a_table_is_cut_into_parts(open_mock, monkeypatch):
    monkeypatch.setattr("connectors.mock.gobizkorea_drops.PART_ROWS", 150)
    reader = open_mock(seed=31)
    table = reader.manifest(100250)["tables"]["product"]

    assert [part["rows"] for part in table["parts"]][:-1] == [150] * (len(table["parts"]) - 1)
    assert len(reader.table(100250, "product")) == table["rows"]


def test_a_product_may_come_twice_in_one_drop_and_the_newer_row_is_the_true_one(open_mock):
    reader = open_mock(size=3000, seed=3)
    by_number: dict[str, list[dict[str, str]]] = {}
    for row in reader.products(100250):
        by_number.setdefault(row["상품번호"], []).append(row)
    twice = [rows for number, rows in by_number.items() if number and len(rows) == 2]

    assert 2 <= len(twice) <= 30
    assert all(first["수정일"] <= second["수정일"] for first, second in twice)


def test_drift_changes_the_order_of_columns_and_adds_one(open_mock):
    reader = open_mock(day=5)
    given = json.loads((SAMPLES / "100275" / "manifest.json").read_bytes())
    ours = reader.manifest(100250 + 125)

    assert ours["feedVersion"] == given["feedVersion"] == "2.2"
    assert ours["tables"]["product"]["columns"] == given["tables"]["product"]["columns"]
    assert reader.drop_index()["feedVersion"] == "2.2"


def test_price_and_image_rows_belong_to_products_but_for_a_few(open_mock):
    reader = open_mock(size=3000, seed=3)
    known = {row["상품번호"] for row in reader.products(100250)}
    strangers = [row for row in reader.table(100250, "price_line") if row[0] not in known]

    assert 0 < len(strangers) < 20
    assert all(row[0] in known for row in reader.table(100250, "image"))


def test_a_full_drop_holds_nearly_every_company_of_its_products(open_mock):
    reader = open_mock(size=3000, seed=6)
    companies = {row[0] for row in reader.table(100250, "company")}
    orphans = {row["업체번호"] for row in reader.products(100250)} - companies - {""}

    assert len(orphans) <= 3


def test_a_delta_is_what_was_edited_in_its_hour(open_mock):
    reader = open_mock(size=3000, seed=3, day=1)
    edited = [row for seq in range(100276, 100287) for row in reader.products(seq)]

    assert 15 < len(edited) < 80
    # Some change days are not moved, and an earlier copy of the same row may come an hour before.
    assert sum(row["수정일"] == "20260915" for row in edited) > 0.6 * len(edited)


def test_a_drop_does_not_change_between_two_mocks_of_one_world(open_mock):
    one, other = open_mock(seed=40), open_mock(seed=40)

    for path in ("drop/v2/100250/manifest.json", "drop/v2/100253/manifest.json", "drop/v2/100250/product-0001.csv.gz"):
        assert one.gobizkorea(path).body == other.gobizkorea(path).body


def test_yesterdays_drops_are_the_same_today(open_mock):
    yesterday, today = open_mock(seed=41, day=2), open_mock(seed=41, day=3)

    assert today.manifest(100300) == yesterday.manifest(100300)
    assert today.manifest(100305) == yesterday.manifest(100305)


def test_a_file_can_be_downloaded_ten_times_a_day(open_mock):
    reader = open_mock(has_limits=True)
    path = "drop/v2/100250/image-0001.csv.gz"
    answers = [reader.gobizkorea(path) for _ in range(11)]
    reader.wait(12 * 3600)

    assert [answer.status for answer in answers] == [200] * 10 + [429]
    assert answers[-1].body == (SAMPLES / "error_429_download.json").read_bytes()
    assert reader.gobizkorea(path).status == 200
    assert reader.gobizkorea("drop/v2/100250/manifest.json").status == 200


def test_a_drop_too_large_to_wait_for_is_not_ready_until_it_is_made(open_mock, monkeypatch):
    monkeypatch.setattr("connectors.mock.gobizkorea._FULL_AT_ONCE", 10)
    reader = open_mock(seed=42)
    first = reader.gobizkorea("drop/v2/100250/manifest.json")
    platform = reader.mock._platform("", "gobizkorea")
    platform._shelf._queue.put(None)
    platform._shelf._thread.join()

    assert (first.status, code(first), dict(first.headers)["Retry-After"]) == (404, "GB-4041", "1")
    assert reader.manifest(100250)["seq"] == 100250
