"""Reliability D5: every Hangul syllable survives the encoding that Korean servers label EUC-KR."""

import random
from collections.abc import Iterable, Iterator

import pytest

from connectors import decode
from integrator.errors import BytesRefused
from integrator.issues import ENCODING_INVALID
from tests.drills.tally import OpenTally, Tally

SEED = 11172
EVERY = [chr(code) for code in range(0xAC00, 0xD7A4)]


def choose(*, full: bool) -> list[str]:
    return EVERY if full else random.Random(SEED).sample(EVERY, 1000)


def drill(tally: Tally, syllables: Iterable[str]) -> None:
    for each in syllables:
        tally.count(*find_losses(each))


def find_losses(syllable: str) -> Iterator[str]:
    """The three ways that bytes in code page 949 reach us: bare, under a declaration, under a header."""
    bare = syllable.encode("cp949")
    element = b"<GOODS_NM>" + bare + b"</GOODS_NM>"
    declared = b'<?xml version="1.0" encoding="EUC-KR"?>' + element
    ways = {
        "bare": lambda: decode.decode_cp949(bare),
        "declared": lambda: decode.decode_xml(declared).text,
        "by header": lambda: decode.decode_xml(element, charset="euc-kr").text,
    }
    for way, read in ways.items():
        try:
            got = read()
        except BytesRefused as error:
            got = error.code
        if got != syllable:
            yield f"{syllable} ({way}) became {got!r}"


def test_every_hangul_syllable_round_trips(open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D5 syllables", seed=SEED)

    drill(tally, choose(full=is_full_drill))

    assert tally.trials == (11_172 if is_full_drill else 1_000)
    assert tally.violations == []


def test_the_drill_notices_a_strict_euc_kr(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(body: bytes) -> str:
        try:
            return body.decode("euc_kr")
        except UnicodeDecodeError as error:
            raise BytesRefused("not EUC-KR", code=ENCODING_INVALID) from error

    monkeypatch.setattr(decode, "decode_cp949", strict)
    tally = open_tally("D5 syllables", seed=SEED, planted="strict EUC-KR")

    drill(tally, choose(full=False))

    # EUC-KR proper has 2,350 of the 11,172.
    assert len(tally.violations) > 3 * 700
