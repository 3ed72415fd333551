"""The HS tree and its words."""

from collections import Counter

import pytest

from integrator.hs import tree

CHAPTERS = [f"{number:02}" for number in range(1, 98) if number != 77]
HEADINGS = [heading for chapter in CHAPTERS for heading in tree.headings_of(chapter)]
LEVELS = {
    "sections": [f"S{section}" for section in tree.sections()],
    "chapters": CHAPTERS,
    "headings": HEADINGS,
}


def test_every_chapter_stands_in_one_of_21_sections_and_77_in_none() -> None:
    assert tree.sections() == [f"{number:02}" for number in range(1, 22)]
    assert sorted(chapter for section in tree.sections() for chapter in tree.chapters_of(section)) == CHAPTERS
    assert tree.section_of("77") is None


@pytest.mark.parametrize(
    ("chapter", "section"),
    [("01", "01"), ("05", "01"), ("06", "02"), ("15", "03"), ("33", "06"), ("39", "07"), ("63", "11"), ("71", "14"),
     ("72", "15"), ("84", "16"), ("85", "16"), ("90", "18"), ("96", "20"), ("97", "21")],
)  # fmt: skip
def test_a_chapter_finds_its_section(chapter: str, section: str) -> None:
    assert tree.section_of(chapter) == section


@pytest.mark.parametrize("chapter", ["00", "98", "99", "7", "", "3a", "３３", "033"])
def test_what_is_no_chapter_has_no_section(chapter: str) -> None:
    assert tree.section_of(chapter) is None


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("language", tree.LANGUAGES)
def test_every_name_is_there_once_in_each_level_and_short(level: str, language: str) -> None:
    names = [tree.words(code, language) for code in LEVELS[level]]

    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert all(name and name == name.strip() and len(name) <= 60 for name in names)


def test_at_least_three_hundred_headings_have_names() -> None:
    assert len(HEADINGS) >= 300


def test_every_named_heading_is_one_the_hs_has() -> None:
    assert [heading for heading in HEADINGS if not tree.plausible(f"{heading}00")] == []


def test_korean_names_are_written_in_hangul_and_the_others_are_not() -> None:
    for code in [*LEVELS["sections"], *CHAPTERS, *HEADINGS]:
        korean = [
            language
            for language in tree.LANGUAGES
            if any("가" <= sign <= "힣" for sign in tree.words(code, language) or "")
        ]
        assert korean == ["ko"], code


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [("3304", "en", "Skin care & make-up"), ("33", "ko", "화장품·향수"), ("8413", "es", "Bombas para líquidos")],
)
def test_words_are_found_by_code_and_language(code: str, language: str, name: str) -> None:
    assert tree.words(code, language) == name


def test_a_section_has_words_of_its_own_beside_the_chapter_of_that_number() -> None:
    assert tree.section_words("06", "en") == "Chemicals, cosmetics & medicines"
    assert tree.words("06", "en") == "Live plants & flowers"


@pytest.mark.parametrize(("code", "language"), [("0000", "en"), ("3304", "fr"), ("", "en"), ("code", "en")])
def test_an_unknown_code_or_language_has_no_words(code: str, language: str) -> None:
    assert tree.words(code, language) is None


@pytest.mark.parametrize("hs6", ["330499", "940542", "040690", "010121", "970600", "854890"])
def test_a_code_whose_chapter_has_that_heading_is_plausible(hs6: str) -> None:
    assert tree.plausible(hs6)


@pytest.mark.parametrize(
    "hs6", ["770100", "330800", "000000", "330099", "980100", "33049", "3304999", "33O499", "", "970700"]
)
def test_a_code_of_no_chapter_or_no_heading_is_not_plausible(hs6: str) -> None:
    assert not tree.plausible(hs6)


def test_an_obsolete_code_is_known_as_such_and_its_heading_still_holds() -> None:
    assert tree.is_obsolete("940540")
    assert tree.plausible("940540")
    assert tree.known_heading("9405")
    assert not tree.is_obsolete("940542")


def test_a_heading_is_known_by_four_digits_alone() -> None:
    assert not tree.known_heading("33")
    assert not tree.known_heading("3308")
    assert not tree.known_heading("S06")
