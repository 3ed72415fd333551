"""Names: legal forms on both sides, letter names, sounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrator.resolve.names import bare_name, consonants, fold, read_letter_names, romanise, skeleton, translate


@pytest.mark.parametrize(
    "name",
    [
        "(주)새봄메디텍",
        "새봄메디텍(주)",
        "㈜새봄메디텍",
        "주식회사 새봄메디텍",
        "새봄메디텍 주식회사",
        "농업회사법인 주식회사 새봄메디텍",
    ],
)
def test_a_korean_legal_form_is_no_part_of_the_name(name: str) -> None:
    assert bare_name(name) == "새봄메디텍"


@pytest.mark.parametrize(
    "name", ["Haesom Foods Co., Ltd.", "HAESOM FOODS CO,.LTD", "Haesom Foods Inc", "haesom foods co ltd"]
)
def test_an_english_legal_form_is_no_part_of_the_name(name: str) -> None:
    assert bare_name(name) == "haesom foods"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("다라진기계", "Darajin Machinery"),
        ("Darajin Machinery", "Dalajin Machinery Co., Ltd."),
        ("루미별조명 주식회사", "LUMIBYUL LIGHTING CO., LTD."),
        ("홍담식품(주)", "Hongdam Foods"),
        ("㈜누리온코스메틱", "NURION COSMETIC CO.,LTD."),
        ("에스케이테크", "SK Tech"),
    ],
)
def test_spellings_of_one_firm_share_a_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""


def test_other_firms_have_other_skeletons() -> None:
    assert (
        len({skeleton(name) for name in ("Nurion Cosmetic", "Onsaemi Beauty", "Haesom Foods", "Saebom Meditec")}) == 4
    )


def test_letter_names_are_read_only_when_the_whole_word_is_made_of_them() -> None:
    assert read_letter_names("에스케이") == "sk"
    assert read_letter_names("에이치제이") == "hj"
    assert read_letter_names("에스프레소") is None
    assert read_letter_names("비") is None


def test_hangul_is_written_in_latin_letters() -> None:
    assert romanise("누리엘") == "nuriel"
    assert romanise("강 A1") == "kang A1" or romanise("강 A1") == "gang A1"


def test_known_words_inside_a_compound_are_translated_and_the_rest_stays() -> None:
    assert translate("누리엘수분크림") == ("누리엘", "moisture", "cream")


@given(st.text(max_size=60))
def test_any_text_has_a_folding_that_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
def test_no_text_breaks_a_skeleton(text: str) -> None:
    assert skeleton(text) == skeleton(text)
    assert isinstance(consonants(text), str)
