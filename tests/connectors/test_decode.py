"""Bytes to values: whole and well-formed, or refused with a reason."""

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decode import (
    MAX_DEPTH,
    Inflater,
    Page,
    as_objects,
    cut_xml,
    decode_cp949,
    decode_json,
    decode_json_page,
    decode_row,
    decode_xml,
)  # fmt: skip
from integrator.errors import BytesRefused

PATH = ("response", "body", "items", "item")
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"[]" + b"}" * (depth - 1)


# JSON ----------------------------------------------------------------------------------------------------------------


@given(VALUES)
def test_any_sound_json_is_read_as_it_was_written(value) -> None:
    assert decode_json(json.dumps(value, ensure_ascii=False).encode()) == value
    assert decode_json(json.dumps(value, indent=2).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"{", b'{"a":1', b'{"a" 1}', b'{"a":1,}', b"[1,]", b"{'a':1}", b'{"a":1} x', b'{"a":1}{}',
        b'{"a":1,"a":2}', b'{"b":[{"a":1,"a":1}]}', b"NaN", b"[Infinity]", b"[-Infinity]", b"[1e400]", b"[1e-400]",
        b"[" + b"9" * 41 + b"]", b"[" + b"9" * 5000 + b"]", b"[0." + b"9" * 50 + b"]", b"[01]", b"[1.]", b"[+1]",
        b'["\\ud800"]', b'["\\ude00x"]', b'{"\\ud800":1}', b'["a\nb"]', b'["\\x41"]', b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32"), b'["\xff"]', b'["\xed\xa0\x80"]', b'["\xc0\x80"]',
        b"[" * 100_000, nested(MAX_DEPTH + 1), b"<a/>",
    ],
)  # fmt: skip
def test_unsound_json_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(BytesRefused) as caught:
        decode_json(body)

    assert caught.value.code in ("NOT_WELL_FORMED", "ENCODING_INVALID")
    assert str(caught.value)


def test_json_may_nest_as_deep_as_the_limit() -> None:
    assert decode_json(nested(MAX_DEPTH)) is not None


def test_a_reason_never_holds_the_body() -> None:
    with pytest.raises(BytesRefused) as caught:
        decode_json(b'{"access_token":"dGVzdC10b2tlbi0wMDE"')

    assert "dGVz" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_numbers_keep_every_digit() -> None:
    body = b"[123456789012345678901, 123456789012345678902, 3.10, 4.35e2, 7]"

    assert decode_json(body) == [123456789012345678901, 123456789012345678902, "3.10", "4.35e2", 7]


def test_escaped_pairs_are_whole_letters() -> None:
    assert decode_json(b'["\\ud83d\\ude00"]') == ["\U0001f600"]


# Pages ---------------------------------------------------------------------------------------------------------------


@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=4), max_size=5), st.sampled_from([None, 1]), TEXTS)
def test_a_page_gives_the_rows_and_their_very_bytes(rows, indent, noise) -> None:
    def around(inner: object) -> dict[str, object]:
        return {"n": {noise: [noise]}, "response": {"x": noise, "body": {"items": {"item": inner}, "totalCount": 3}}}

    whole = around(rows)
    body = json.dumps(whole, ensure_ascii=False, indent=indent).encode()

    page = decode_json_page(body, PATH)

    assert page.rows == rows
    assert [decode_json(cut()) for cut in page.cuts] == rows
    assert all(cut() in body for cut in page.cuts)
    assert page.envelope == {
        "n": {noise: [noise]},
        "response": {"x": noise, "body": {"items": {"item": None}, "totalCount": 3}},
    }


ODD = st.sampled_from(["a", "b", '":', '" ', ":", '": "', "\\", '\\"', "\n", 'x"\t'])
SIGNS = st.sampled_from([":", " :", ": ", "\n:\t"])


@given(st.lists(st.tuples(ODD, SIGNS, ODD | st.integers(0, 10**45) | st.just({"a": ":"})), max_size=5))
def test_the_quick_way_sees_what_the_strict_way_refuses(pairs) -> None:
    """A key given twice is seen however quotes, colons and blanks stand around it."""
    row = "{" + ",".join(json.dumps(key) + sign + json.dumps(value) for key, sign, value in pairs) + "}"
    read: Any = (decode_json_page(page_of(row), PATH).rows or [None])[0]

    try:
        assert read == decode_json(row.encode())
    except BytesRefused:
        assert any(isinstance(value, list | str) for value in read.values())


def page_of(*rows: str) -> bytes:
    return f'{{"response":{{"body":{{"items":{{"item":[{",".join(rows)}]}}}}}}}}'.encode()


UNSOUND_ROWS = {
    '{"a":1,"a":2}': {"a": [1, 2]},
    '{"a":1,"b":0,"a":1,"a":null}': {"a": [1, 1, None], "b": 0},
    '{"a":{"b":1,"b":2}}': {"a": {"b": [1, 2]}},
    '{"a":NaN,"b":[-Infinity]}': {"a": "NaN", "b": ["-Infinity"]},
    '{"a":1e400}': {"a": "1e400"},
    '{"a":' + "9" * 5000 + "}": {"a": "9" * 5000},
    '{"a":"x\\ud83d"}': {"a": "x\ufffd"},
    '{"\\ude00":["\\ud800\\ud800"]}': {"\ufffd": ["\ufffd\ufffd"]},
    '{"a":"line\nbreak\u0000"}': {"a": "line\nbreak\x00"},
    '{"a":1,"b":' + "[" * 64 + "]" * 64 + "}": {"a": 1, "b": {"(nests)": "too deep"}},
    "[" * 66 + "]" * 66: {"(nests)": "too deep"},
    '{"a":"]}\\"[","b":' + '{"c":[' * 3000 + "]}" * 3000 + ',"d":[{"e":2}]}': {
        "a": ']}"[',
        "b": {"(nests)": "too deep"},
        "d": [{"e": 2}],
    },
}


@pytest.mark.parametrize("row", UNSOUND_ROWS)
def test_an_unsound_row_costs_only_itself_and_is_read_again_the_same(row: str) -> None:
    page = decode_json_page(page_of('{"a":1}', row, '{"a":2}'), PATH)

    assert page.rows == [{"a": 1}, UNSOUND_ROWS[row], {"a": 2}]
    assert page.cuts[1]() == row.encode()
    assert decode_row(row.encode()) == UNSOUND_ROWS[row]


@pytest.mark.parametrize(
    "row",
    [
        '{"a" 1}',
        "{'a':1}",
        '{"a":1,}',
        '{"a":"\\x41"}',
        "[" * 100_000,
        '{"a":+1}',
        "",
        '{"a":' + "[" * 3000 + "]}" * 3000,
    ],
)
def test_a_row_that_is_no_json_is_refused_with_its_page(row: str) -> None:
    with pytest.raises(BytesRefused):
        decode_json_page(page_of('{"a":1}', row), PATH)
    with pytest.raises(BytesRefused):
        decode_row(row.encode())


def test_a_row_may_nest_no_deeper_than_any_json() -> None:
    deepest, deeper = nested(MAX_DEPTH).decode(), nested(MAX_DEPTH + 1).decode()

    assert decode_json_page(page_of(deepest), PATH).rows == [decode_json(deepest.encode())]
    assert decode_json_page(page_of(deeper), PATH).rows == [{"a": {"(nests)": "too deep"}}]


def test_what_is_no_object_is_a_record_too() -> None:
    page = decode_json_page(page_of('{"a":1}', "7", "null"), PATH)

    rows, cuts = as_objects(page.rows or (), page.cuts)

    assert rows == [{"a": 1}, {"row": 7}, {"row": None}]
    assert [cut() for cut in cuts] == [b'{"a":1}', b'{"row":7}', b'{"row":null}']


def test_one_row_as_an_object_is_a_row() -> None:
    page = decode_json_page(b'{"response":{"body":{"items":{"item": {"a":1} }}}}', PATH)

    assert (page.rows, page.cuts[0]()) == ([{"a": 1}], b'{"a":1}')


@pytest.mark.parametrize(
    ("there", "found"), [('""', None), ("null", None), ('{"item":""}', ""), ('{"item":null}', None)]
)
def test_no_rows_is_told_from_an_empty_list(there: str, found: object) -> None:
    page = decode_json_page(f'{{"response":{{"body":{{"items":{there}}}}}}}'.encode(), PATH)

    assert (page.rows, page.found) == (None, found)
    assert decode_json_page(b'{"response":{"body":{"items":{"item":[]}}}}', PATH) == Page(
        {"response": {"body": {"items": {"item": None}}}}, [], []
    )


@given(st.integers(0, 10_000), st.sampled_from(list(b'{}[],:"\\ 0x')))
def test_a_damaged_page_is_refused_or_read_like_any_json(place: int, letter: int) -> None:
    body = bytearray(b'{"response":{"h":[1,2],"body":{"items":{"item":[{"a":"x\\u0041"},{"a":2}]},"n":3}}}')
    body[place % len(body)] = letter

    try:
        whole = decode_json(bytes(body))
    except BytesRefused:
        with pytest.raises(BytesRefused):
            decode_json_page(bytes(body), PATH)
        return
    page = decode_json_page(bytes(body), PATH)
    if page.rows is None:
        assert page.envelope == whole
    else:
        assert page.rows == whole["response"]["body"]["items"]["item"]  # type: ignore[index]


def test_rows_given_twice_are_refused() -> None:
    with pytest.raises(BytesRefused, match="twice"):
        decode_json_page(b'{"response":{"body":{"items":{"item":[]},"items":{"item":[{"a":1}]}}}}', PATH)


# XML -----------------------------------------------------------------------------------------------------------------

DECLARED = '<?xml version="1.0" encoding="{}"?><a>한글</a>'


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (DECLARED.format("UTF-8").encode(), None),
        (DECLARED.format("utf-8").encode(), "utf-8"),
        (b"\xef\xbb\xbf" + DECLARED.format("UTF-8").encode(), "utf-8"),
        ("<a>한글</a>".encode(), None),
        (DECLARED.format("EUC-KR").encode("cp949"), None),
        (DECLARED.format("EUC-KR").encode("cp949"), "euc-kr"),
        ("<a>한글</a>".encode("cp949"), "ks_c_5601-1987"),
    ],
)
def test_an_encoding_is_what_all_labels_say(body: bytes, charset: str | None) -> None:
    assert decode_xml(body, charset=charset).text == "한글"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (DECLARED.format("EUC-KR").encode("cp949"), "utf-8"),
        (DECLARED.format("UTF-8").encode(), "euc-kr"),
        (DECLARED.format("UTF-8").encode("cp949"), None),
        (DECLARED.format("EUC-KR").encode(), None),
        (b"\xef\xbb\xbf" + DECLARED.format("EUC-KR").encode("cp949"), None),
        (DECLARED.format("UTF-16").encode("utf-16"), None),
        (DECLARED.format("ISO-8859-1").encode(), None),
        (DECLARED.format("Shift_JIS").encode(), None),
    ],
)
def test_labels_that_disagree_are_refused(body: bytes, charset: str | None) -> None:
    with pytest.raises(BytesRefused):
        decode_xml(body, charset=charset)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<a>", b"<a></b>", b"<a/><b/>", b"<a/>x", b"<a>&nbsp;</a>", b"<a b=1/>", b"<a>\x00</a>", b"<a>\x08</a>",
        b'<!DOCTYPE a><a/>', b'<?xml version="1.0"?>\n<!-- x --><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://nowhere.example/a.dtd"><a/>', b"<a>" * 300 + b"</a>" * 300, b'{"a":1}',
        b"<a>&#xD800;</a>",
    ],
)  # fmt: skip
def test_unsound_xml_is_refused(body: bytes) -> None:
    with pytest.raises(BytesRefused):
        decode_xml(body)


def test_a_document_type_inside_a_text_is_only_text() -> None:
    assert decode_xml(b"<a><![CDATA[<!DOCTYPE html><p>x</p>]]></a>").text == "<!DOCTYPE html><p>x</p>"


def test_rows_are_cut_as_sent() -> None:
    rows = [b"<item><a>1</a></item>", b"<item/>", b"<item><b><![CDATA[</item><item>]]></b><!-- </item> --></item>"]
    body = b"<r><items>" + b" ".join(rows) + b"</items><itemx></itemx></r>"

    assert [body[start:end] for start, end in cut_xml(body, "item")] == rows


def test_an_outermost_row_holds_rows_of_its_own_name() -> None:
    body = b"<r><item><item>1</item></item></r>"

    assert [body[start:end] for start, end in cut_xml(body, "item")] == [b"<item><item>1</item></item>"]


# CP949 and gzip ------------------------------------------------------------------------------------------------------


def test_every_hangul_syllable_round_trips() -> None:
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))

    assert len(syllables) == 11_172
    assert decode_cp949(syllables.encode("cp949")) == syllables
    assert decode_xml(f'<?xml version="1.0" encoding="EUC-KR"?><a>{syllables}</a>'.encode("cp949")).text == syllables


@pytest.mark.parametrize("body", [b"\xff", b"\x81", b"a\xff\xff", b"\xb0"])
def test_bytes_that_are_not_cp949_are_refused(body: bytes) -> None:
    with pytest.raises(BytesRefused):
        decode_cp949(body)


@given(st.binary(max_size=3000), st.integers(1, 700))
def test_gzip_is_unpacked_whole_in_any_pieces(body: bytes, size: int) -> None:
    packed = gzip.compress(body)
    inflater = Inflater(max_bytes=10_000, max_ratio=100)

    pieces = [out for at in range(0, len(packed), size) for out in inflater.feed(packed[at : at + size])]
    inflater.finish()

    assert b"".join(pieces) == body


@given(st.binary(min_size=1, max_size=300), st.data())
def test_gzip_cut_anywhere_is_refused(body: bytes, data) -> None:
    packed = gzip.compress(body)
    cut = data.draw(st.integers(0, len(packed) - 1))
    inflater = Inflater(max_bytes=10_000, max_ratio=100)

    def unpack() -> None:
        list(inflater.feed(packed[:cut]))
        inflater.finish()

    with pytest.raises(BytesRefused):
        unpack()


@pytest.mark.parametrize("tail", [b"\0", gzip.compress(b"more")], ids=["a zero", "a second member"])
def test_gzip_with_something_behind_it_is_refused(tail: bytes) -> None:
    inflater = Inflater(max_bytes=10_000, max_ratio=100)

    with pytest.raises(BytesRefused, match="goes on"):
        list(inflater.feed(gzip.compress(b"x") + tail))


def test_a_bomb_stops_at_its_ratio() -> None:
    inflater = Inflater(max_bytes=1 << 40, max_ratio=100)
    taken: list[int] = []

    with pytest.raises(BytesRefused, match="times its size"):
        taken.extend(len(out) for out in inflater.feed(zlib.compress(b"\0" * 100_000_000, wbits=31)))

    assert sum(taken) < 20_000_000
