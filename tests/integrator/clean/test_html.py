"""Descriptions: what survives and what must not."""

import time

import pytest

from integrator import issues
from integrator.clean.text import read_html


def read(raw: str) -> tuple[str | None, list[str]]:
    reading = read_html(raw, field="descriptions")
    return reading.value, [issue.code for issue in reading.issues]


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>Centella cream</p><script>x()</script>", "<p>Centella cream</p>"),
        ('<p onclick="x()">a</p>', "<p>a</p>"),
        ('<img src="https://a.example/1.jpg" onerror="x()">', '<img src="https://a.example/1.jpg">'),
        ("<img src=https://a.example/1.jpg/onerror=x()>", None),
        ('<iframe src="https://a.example">in</iframe><p>a</p>', "<p>a</p>"),
        ('<a href="javascript:x()">link</a>', "link"),
        ('<form action="https://a.example"><input name="card"></form><p>a</p>', "<p>a</p>"),
        ("<svg><script>x()</script></svg><p>a</p>", "<p>a</p>"),
        ("<style>p{color:red}</style><p>a</p>", "<p>a</p>"),
        ("<object data=x></object><embed src=x><p>a</p>", "<p>a</p>"),
    ],
)
def test_what_is_active_is_gone_and_flagged(raw: str, clean: str | None) -> None:
    value, found = read(raw)

    assert issues.HTML_UNSAFE in found
    assert clean is None or value == clean
    assert "onerror=" not in (value or "") or "/onerror=" in raw


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ('<div class="se-body"><p style="color:red">a <b>b</b></p></div>', "<div><p>a <b>b</b></p></div>"),
        (
            "<table><tr><td colspan=2>a</td></tr></table>",
            '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        ),
        ('<img src="//a.example/1.jpg">', '<img src="https://a.example/1.jpg">'),
        ('<a href="https://b.example">shop</a>', "shop"),
        ("<p>a</p><!-- note -->", "<p>a</p>"),
        ("plain text", "plain text"),
        ("a & b", "a &amp; b"),
        ("<p>R&amp;D</p>", "<p>R&amp;D</p>"),
    ],
)
def test_harmless_html_is_kept_without_an_issue(raw: str, clean: str) -> None:
    assert read(raw) == (clean, [])


@pytest.mark.parametrize(
    "source", ["http://a.example/1.jpg", "data:image/png;base64,AAAA", "/images/1.jpg", "javascript:x()"]
)
def test_a_picture_that_is_not_https_is_dropped_and_flagged(source: str) -> None:
    value, found = read(f'<p>a</p><img alt="x" src="{source}"><img src="https://a.example/2.jpg">')

    assert value == '<p>a</p><img src="https://a.example/2.jpg">'
    assert issues.HTML_PICTURE_DROPPED in found


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("<p>&amp;quot;Calming&amp;quot; cream</p>", '<p>"Calming" cream</p>'),
        ("&lt;p&gt;Hi&lt;/p&gt;", "<p>Hi</p>"),
        ("&amp;lt;p&amp;gt;Hi&amp;lt;/p&amp;gt;", "<p>Hi</p>"),
        ("<p>caf&amp;#233;</p>", "<p>café</p>"),
    ],
)
def test_double_escapes_are_undone_and_flagged(raw: str, clean: str) -> None:
    assert read(raw) == (clean, [issues.TEXT_DOUBLE_ESCAPED])


def test_an_escaped_script_does_not_come_to_life() -> None:
    value, found = read("&lt;p&gt;a&lt;/p&gt;&lt;script&gt;x()&lt;/script&gt;")

    assert value == "<p>a</p>"
    assert issues.HTML_UNSAFE in found


@pytest.mark.parametrize("raw", ["", "-", "<p></p>", "<p>&nbsp;</p>", "<br><br/>", "<p>-</p>", "<script>x()</script>"])
def test_a_description_in_which_nothing_can_be_seen_is_none(raw: str) -> None:
    assert read(raw)[0] is None


def test_a_picture_alone_is_a_description() -> None:
    assert read('<img src="https://a.example/1.jpg">')[0] is not None


def test_an_attribute_cannot_smuggle_a_tag_past_the_cleaner() -> None:
    value, _ = read('<img alt="x><img src=x onerror=alert(1)>"><p title="</p><script>x()</script>">a</p>')

    assert value is not None
    assert "<script" not in value
    assert "<img src=x onerror" not in value.replace("&lt;", "")


def test_a_tower_of_tags_is_cut_before_it_costs_seconds() -> None:
    began = time.perf_counter()
    value, found = read("<div>" * 40_000 + "a")

    assert time.perf_counter() - began < 2
    assert found == [issues.TEXT_TOO_LONG]
    assert value is None


def test_a_reference_brings_nothing_unseen_back() -> None:
    value, found = read("<p>cream&#x202E;gnp.exe&#8203;&zwj;</p>")

    assert value == "<p>creamgnp.exe</p>"
    assert issues.TEXT_CONTROL in found
