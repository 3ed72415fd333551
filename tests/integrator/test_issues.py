"""Every code helps the person who reads it."""

import re

import pytest

from integrator import issues

CODES = sorted(value for name, value in vars(issues).items() if name.isupper() and isinstance(value, str))


def test_a_code_is_spelled_like_its_name() -> None:
    assert [
        name for name, value in vars(issues).items() if isinstance(value, str) and name.isupper() and name != value
    ] == []


def test_every_code_has_help_and_no_help_stands_without_a_code() -> None:
    assert sorted(issues.HELP) == CODES


@pytest.mark.parametrize("code", CODES)
def test_help_says_something_in_both_languages(code: str) -> None:
    text = issues.HELP[code]

    assert text.en.endswith(".")
    assert not re.search("[가-힣]", text.en)
    assert re.search("[가-힣]", text.ko)
    assert text.ko.endswith(".")
    assert 20 <= len(text.en) <= 260
    assert 15 <= len(text.ko) <= 160


def test_no_two_codes_say_the_same() -> None:
    assert (
        len({text.en for text in issues.HELP.values()}) == len({text.ko for text in issues.HELP.values()}) == len(CODES)
    )
