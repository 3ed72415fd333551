"""Plain text, names and lists."""

import time

import pytest

from integrator import issues
from integrator.clean.text import is_empty, read_list, read_names, read_text


def codes(found: object) -> list[str]:
    return [issue.code for issue in found.issues]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "",
        " ",
        "-",
        "- / -",
        "--",
        ".",
        "NaN",
        "nan",
        "N/A",
        "none",
        "None",
        "없음",
        "http://",
        "https://",
        " - ",
        [],
        {},
    ],
)
def test_the_forms_of_not_given_are_empty(raw: object) -> None:
    assert is_empty(raw)


@pytest.mark.parametrize(
    "raw", ["NA", "0", 0, False, "협의", "negotiable", "Request for Quotation", "...", "http://x.example"]
)
def test_statements_zero_and_namibia_are_not_empty(raw: object) -> None:
    assert not is_empty(raw)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Face Cream 50ml", "Face Cream 50ml"),
        ("누리엘 병풀 수분크림", "누리엘 병풀 수분크림"),
        ("  Face\u00a0 Cream \t50ml ", "Face Cream 50ml"),
        ("a\r\nb\n\n\n\nc \n d", "a\nb\n\nc\nd"),
        ("Caf&#233; cr&eacute;me", "Café créme"),
        ("R&D &amp; AT&T", "R&D & AT&T"),
        ("e\u0301", "é"),
        ("Ｆｕｌｌ", "Ｆｕｌｌ"),
        ("㎏ ™ €", "㎏ ™ €"),
        ("-", None),
        ("\u00a0", None),
        ("&nbsp;", None),
    ],
)
def test_text_is_evened_out_without_an_issue(raw: str, text: str | None) -> None:
    reading = read_text(raw, field="brand")

    assert reading.value == text
    assert reading.issues == ()


@pytest.mark.parametrize(
    ("raw", "text", "code"),
    [
        ("&amp;quot;Calming&amp;quot;", '"Calming"', issues.TEXT_DOUBLE_ESCAPED),
        ("zero\u200bwidth\ufeff", "zerowidth", issues.TEXT_CONTROL),
        ("bell\x07", "bell", issues.TEXT_CONTROL),
        ("gpj.\u202eexe", "gpj.exe", issues.TEXT_CONTROL),
        ("soft\u00adhyphen", "softhyphen", issues.TEXT_CONTROL),
        ("tag\U000e0041", "tag", issues.TEXT_CONTROL),
        ("cr\ufffdme", "cr\ufffdme", issues.TEXT_LOST_LETTER),
        ("half \ud83d", "half \ufffd", issues.TEXT_LOST_LETTER),
        ("cr?me", "cr?me", issues.TEXT_LOST_LETTER),
        ("CafÃ©", "CafÃ©", issues.TEXT_MOJIBAKE),
        ("ëˆ„ë¦¬ì—˜", "ëˆ„ë¦¬ì—˜", issues.TEXT_MOJIBAKE),
        ("김치찌개".encode("cp949").decode("latin-1"), "±èÄ¡Âî°³", issues.TEXT_MOJIBAKE),
    ],
)
def test_a_repair_or_a_loss_leaves_its_issue_and_the_raw_value(raw: str, text: str, code: str) -> None:
    reading = read_text(raw, field="brand")

    assert reading.value == text
    assert code in codes(reading)
    assert all(issue.field == "brand" and issue.raw for issue in reading.issues)


@pytest.mark.parametrize(
    "word", ["안녕하세요 반갑습니다", "스테인리스 원심펌프", "김치찌개", "누리엘 수분크림", "서울특별시 강남구"]
)
def test_utf8_read_as_cp949_is_flagged_and_kept(word: str) -> None:
    broken = word.encode().decode("cp949", "replace")

    reading = read_text(broken, field="brand")

    assert {issues.TEXT_MOJIBAKE, issues.TEXT_LOST_LETTER} & set(codes(reading))


@pytest.mark.parametrize(
    "raw",
    ["美白 크림", "漢方 화장품 紅蔘精", "Café Noël", "50±5°C", "½ × 3 µm", "Señorita Ñandú", "Größe", "Ça va – déjà"],
)
def test_real_text_in_other_scripts_is_not_taken_for_garbled(raw: str) -> None:
    assert read_text(raw, field="brand").issues == ()


def test_three_escapes_are_undone_twice() -> None:
    assert read_text("&amp;amp;lt;", field="brand").value == "&lt;"


@pytest.mark.parametrize("raw", ["Need help? Contact us", "https://x.example/a.php?id=1", "왜 한국산인가? 품질!"])
def test_a_question_in_running_text_is_no_lost_letter(raw: str) -> None:
    assert read_text(raw, field="summaries").issues == ()


def test_a_long_text_is_cut_and_says_so() -> None:
    reading = read_text("가" * 11_000, field="summaries")

    assert reading.value == "가" * 10_000
    assert codes(reading) == [issues.TEXT_TOO_LONG]


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("en", "ko", "names", "found"),
    [
        ("Face Cream", "수분크림", {"en": "Face Cream", "ko": "수분크림"}, []),
        ("Face Cream", "", {"en": "Face Cream"}, []),
        ("", "냉동 자숙문어", {"ko": "냉동 자숙문어"}, []),
        ("STS Pump", "스테인리스 펌프 DJP-1500", {"en": "STS Pump", "ko": "스테인리스 펌프 DJP-1500"}, []),
        ("HX-220B", "HX-220B", {"en": "HX-220B"}, [issues.NAME_REPEATED]),
        ("Red Ginseng", "RED  GINSENG", {"en": "Red Ginseng"}, [issues.NAME_REPEATED]),
        ("수분크림", "수분 크림", {"ko": "수분크림"}, [issues.NAME_OTHER_SCRIPT, issues.NAME_REPEATED]),
        ("", "LED Lamp", {"en": "LED Lamp"}, [issues.NAME_OTHER_SCRIPT]),
        ("원심펌프", "", {"ko": "원심펌프"}, [issues.NAME_OTHER_SCRIPT]),
        ("LED 투광등 LB-F100", "", {"ko": "LED 투광등 LB-F100"}, [issues.NAME_OTHER_SCRIPT]),
        ("수분크림", "Face Cream", {"ko": "수분크림", "en": "Face Cream"}, [issues.NAME_OTHER_SCRIPT] * 2),
        ("STS Pump", "DJP-1500", {"en": "STS Pump"}, [issues.NAME_OTHER_SCRIPT]),
        ("다른 이름", "수분크림", {"ko": "수분크림"}, [issues.NAME_OTHER_SCRIPT] * 2),
        ("Cheese 모짜렐라 for Pizza", "", {"en": "Cheese 모짜렐라 for Pizza"}, []),
        ("Caf&#233; Ros? Lip Balm", "", {"en": "Café Ros? Lip Balm"}, [issues.TEXT_LOST_LETTER]),
        ("", "", {}, []),
        (None, None, {}, []),
        ("-", "***", {}, []),
        ("일본어 이름", "日本語", {"ko": "日本語"}, [issues.NAME_OTHER_SCRIPT] * 2),
    ],
)
def test_names_are_sorted_by_script(en: str | None, ko: str | None, names: dict[str, str], found: list[str]) -> None:
    reading = read_names(en=en, ko=ko)

    assert reading.value == names
    assert codes(reading) == found


def test_a_name_stands_on_one_line() -> None:
    assert read_names(en="Face\n\nCream", ko=None).value == {"en": "Face Cream"}


# Lists ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("face cream,centella, Face Cream ,,50ml", ("face cream", "centella", "50ml")),
        ("-", ()),
        (None, ()),
        (",,,", ()),
        ("&#233;t&#233;,a", ("été", "a")),
    ],
)
def test_a_list_is_cleaned_and_holds_each_part_once(raw: str | None, parts: tuple[str, ...]) -> None:
    assert read_list(raw, field="keywords").value == parts


def test_any_of_the_separators_parts_a_list() -> None:
    assert read_list("a;b/c", field="payment", separators=";/").value == ("a", "b", "c")


def test_clean_text_costs_microseconds() -> None:
    """It runs millions of times; twenty times the usual cost still passes, a lost short cut does not."""
    began = time.perf_counter()
    for _ in range(20_000):
        read_text("[Nuriel] Centella Moisturizing Face Cream 50ml", field="names")

    assert time.perf_counter() - began < 20_000 * 25e-6


def test_marks_heaped_on_a_letter_are_cut_to_four() -> None:
    reading = read_text("Z\u0335\u0321\u0322\u0327\u0328\u0338algo", field="summaries")

    assert reading.value == "Z\u0335\u0338\u0321\u0322algo"
    assert [issue.code for issue in reading.issues] == [issues.TEXT_CONTROL]
