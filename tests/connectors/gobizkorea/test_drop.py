"""A drop counts only as a whole: nothing of a broken one is taken (guide 3)."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gobizkorea.drop import read_part
from connectors.gobizkorea.manifest import DropTable, Part, read_manifest
from integrator.errors import BytesRefused, FeedChanged
from integrator.record import Lane, Plan
from tests.connectors.gobizkorea.conftest import SAMPLES, describe, write_csv

COLUMNS = ("상품번호", "비고")
ROWS = [["GS2026010100001", 'said "㎏", twice\r\nand on'], ["GS2026010100002", "가나다 ㈜"], ["GS2026010100003", ""]]
SOUND_ROWS = len(ROWS)
SOUND = gzip.compress(write_csv([COLUMNS, *ROWS]).encode("cp949"), mtime=0)


def read(tmp_path, body, rows=SOUND_ROWS, columns=COLUMNS):
    path = tmp_path / "part"
    path.write_bytes(body)
    part = Part(**describe("product-0001.csv.gz", rows, body))
    return list(read_part(path, part, DropTable("product", columns, rows, (part,))))


def refusal(tmp_path, body, **more):
    with pytest.raises(BytesRefused) as caught:
        read(tmp_path, body, **more)
    return caught.value.code


# Samples -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code"), [("truncated", "TRUNCATED"), ("wronghash", "HASH"), ("utf8", "ENCODING_INVALID")]
)
def test_nothing_is_taken_of_a_broken_drop(host, connector, name, code):
    host.add(100300, SAMPLES / "bad" / name)

    *batches, end = connector.fetch(Plan(Lane.CHANGES, watermark={"seq": 100275}))

    assert [record for batch in batches for record in batch.records] == []
    assert (end.complete, end.census, end.sequence, end.watermark) == (False, False, None, {"seq": 100275})
    assert f"Drop 100300 is refused whole ({code})" in end.reason
    assert host.reports == [{"seq": 100300, "status": "REJECTED"}]


@pytest.mark.parametrize("name", ["truncated", "wronghash"])
def test_a_file_that_is_not_the_promised_one_is_not_kept(host, connector, spool, tmp_path, name):
    host.add(100300, SAMPLES / "bad" / name)
    list(connector.fetch(Plan(Lane.CHANGES)))

    kept = {path.name for path in (tmp_path / "spool").iterdir()}

    assert all(describe("", 0, (tmp_path / "spool" / each).read_bytes())["sha256"] == each for each in kept)


def test_the_drops_before_a_broken_one_stay_good(host, connector):
    host.add_samples(100250, 100251)
    host.files["/drop/v2/100251/product-0001.csv.gz"] = b"half"

    *batches, end = connector.fetch(Plan(Lane.CHANGES))

    assert {record.sequence for batch in batches for record in batch.records} == {100250}
    assert (end.complete, end.watermark) == (False, {"seq": 100250})


def test_a_delta_that_follows_another_drop_than_the_last_applied_is_not_applied(host, connector):
    host.add_samples(100250, 100251)
    manifest = json.loads(host.files["/drop/v2/100251/manifest.json"])
    host.files["/drop/v2/100251/manifest.json"] = json.dumps(manifest | {"baseSeq": 100249}).encode()

    *batches, end = connector.fetch(Plan(Lane.CHANGES))

    assert {record.sequence for batch in batches for record in batch.records} == {100250}
    assert "100250 is the last applied" in end.reason


# Bytes ---------------------------------------------------------------------------------------------------------------


def test_a_sound_part_gives_its_rows_with_breaks_and_quotes_as_sent(tmp_path):
    assert read(tmp_path, SOUND) == ROWS


@given(st.integers(0, len(SOUND) - 1))
def test_a_part_cut_anywhere_is_refused(tmp_path_factory, cut):
    assert refusal(tmp_path_factory.mktemp("cut"), SOUND[:cut]) in ("TRUNCATED", "NOT_WELL_FORMED")


def test_a_flipped_byte_is_refused(tmp_path):
    for place in range(10, len(SOUND)):
        broken = SOUND[:place] + bytes([SOUND[place] ^ 0x41]) + SOUND[place + 1 :]
        assert refusal(tmp_path, broken)


@pytest.mark.parametrize(
    "more",
    [b"\0", b"trailing", gzip.compress(b"GS9,second member\r\n")],
    ids=["a zero", "words", "a second member"],
)
def test_bytes_behind_the_end_are_refused(tmp_path, more):
    assert refusal(tmp_path, SOUND + more) == "TRUNCATED"


def test_utf8_where_cp949_was_promised_is_refused(tmp_path):
    body = write_csv([COLUMNS, *ROWS]).encode()

    assert refusal(tmp_path, gzip.compress(body)) == "ENCODING_INVALID"


def test_half_a_letter_at_the_end_is_refused(tmp_path):
    body = write_csv([COLUMNS, *ROWS]).encode("cp949") + b"\xb0"

    assert refusal(tmp_path, gzip.compress(body)) == "ENCODING_INVALID"


@pytest.mark.parametrize("rows", [len(ROWS) - 1, len(ROWS) + 1, 0])
def test_another_number_of_rows_than_promised_is_refused(tmp_path, rows):
    assert refusal(tmp_path, SOUND, rows=rows) == "ROWS"


@pytest.mark.parametrize("columns", [COLUMNS[::-1], (*COLUMNS, "더"), COLUMNS[:1]])
def test_another_header_than_promised_is_refused(tmp_path, columns):
    assert refusal(tmp_path, SOUND, columns=columns) == "NOT_WELL_FORMED"


def test_an_empty_file_is_refused(tmp_path):
    assert refusal(tmp_path, b"") == "TRUNCATED"
    assert refusal(tmp_path, gzip.compress(b""), rows=0) == "NOT_WELL_FORMED"


def test_a_row_without_end_is_refused_and_not_read_into_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("connectors.gobizkorea.drop._LONGEST_FIELD", 1 << 16)
    body = write_csv([COLUMNS]).encode("cp949") + b'GS1,"' + b"x" * (1 << 21)

    assert refusal(tmp_path, gzip.compress(body)) == "NOT_WELL_FORMED"


# Manifests -----------------------------------------------------------------------------------------------------------


def manifest(**changed):
    return json.loads((SAMPLES / "100250" / "manifest.json").read_bytes()) | changed


def test_a_manifest_gives_its_tables_with_columns_in_file_order():
    drop = read_manifest(manifest(), seq=100250)

    assert (drop.is_full, drop.base) == (True, None)
    assert drop.tables["image"].columns == ("상품번호", "순번", "이미지URL", "대표여부", "너비", "높이")
    assert drop.unknown_columns == {}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"encoding": "UTF-8"}, "ENCODING_INVALID"),
        ({"lineEnd": "LF"}, "NOT_WELL_FORMED"),
        ({"seq": 100251}, "NOT_WELL_FORMED"),
        ({"kind": "PATCH"}, "NOT_WELL_FORMED"),
        ({"tables": None}, "NOT_WELL_FORMED"),
        ({"encoding": None}, "NOT_WELL_FORMED"),
    ],
)
def test_a_manifest_that_declares_something_else_is_refused(changed, code):
    with pytest.raises(BytesRefused) as caught:
        read_manifest(manifest(**changed), seq=100250)

    assert caught.value.code == code


def test_numbers_of_a_manifest_may_come_as_text():
    wire = manifest(seq="100250")
    wire["tables"]["image"]["rows"] = "3"

    assert read_manifest(wire, seq=100250).tables["image"].rows == 3


@pytest.mark.parametrize("version", ["3.0", "1.9", ""])
def test_another_major_version_needs_a_person(version):
    with pytest.raises(FeedChanged):
        read_manifest(manifest(feedVersion=version), seq=100250)


def test_a_required_column_that_is_gone_needs_a_person():
    wire = manifest()
    wire["tables"]["product"]["columns"].remove("수정일")

    with pytest.raises(FeedChanged, match="수정일"):
        read_manifest(wire, seq=100250)


@pytest.mark.parametrize("name", ["../../manifest.json", "a/b.gz", "", "x\n", "%2e%2e", "." * 3])
def test_a_file_name_never_becomes_another_path(name):
    wire = manifest()
    wire["tables"]["image"]["parts"][0]["file"] = name

    with pytest.raises(BytesRefused):
        read_manifest(wire, seq=100250)
