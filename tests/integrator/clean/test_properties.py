"""What holds for any text whatever: nothing raises, nothing is guessed, and what was read reads the same again."""

import re
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrator import issues
from integrator.clean.codes import CERTIFICATES, TERMS, read_certificates, read_countries, read_terms, read_yes_no
from integrator.clean.dates import korean_day, read_day, read_instant, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.identity import (
    ascii_host,
    read_brn,
    read_image_url,
    read_mail,
    read_phone,
    read_web_host,
    read_zip,
)
from integrator.clean.plain import drop_unseen
from integrator.clean.price import QuotedLine, price_of_lines, price_of_upper_steps, read_price_text
from integrator.clean.quantity import read_decimal, read_int, read_lead, read_moq, read_pack, read_supply, read_unit
from integrator.clean.reading import Reading
from integrator.clean.text import read_html, read_list, read_names, read_text
from integrator.clean.units import UNIT_OF
from integrator.listing import HsState, Issue, Moq, PriceState, QuantityState

# The first call of a reader may load tables of countries or numbering plans.
PATIENT = settings(deadline=None)

# Any code point, lone surrogates too: JSON can carry them.
WILD = st.text(st.characters(), max_size=60)
# Texts near the forms that are read: that is where a reader goes wrong.
_WORDS = (
    "0 1 24 100 1,000 5,00 3.50 999999 ~ - + / per ( ) $ US USD EUR ￦ ¥ pcs 개 EA SET box "
    "㎏ kg (s) 20ft x 부터 이상 협의 일 주 영업일 days weeks within after deposit FOB CIF Busan HS . "
    ", : ; & &amp; &#233; &quot; < > <p> </p> <img src= onerror= <script> ? ?? é Ã© 가 "
    "\u200b \u202e \x00 \ud800 - - ** @ www. .example http:// // 2026 09 14 20260914 "
    "T00:00:00 Z +09:00 KR NA 한국 CE ISO9001"
)
PIECES = st.sampled_from(_WORDS.split(" "))
NEAR = st.lists(PIECES, max_size=8).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))
TEXTS = st.one_of(WILD, NEAR)

READERS: dict[str, Callable[[str], Reading[object]]] = {
    "text": lambda raw: read_text(raw, field="brand"),
    "html": lambda raw: read_html(raw, field="descriptions"),
    "names": lambda raw: read_names(en=raw, ko=raw[::-1]),
    "list": lambda raw: read_list(raw, field="keywords"),
    "unit": lambda raw: read_unit(raw, field="moq"),
    "moq": read_moq,
    "lead": read_lead,
    "supply": read_supply,
    "pack": lambda raw: read_pack(raw, field="packs"),
    "int": lambda raw: read_int(raw, field="stock"),
    "decimal": lambda raw: read_decimal(raw, field="weight_kg"),
    "price": lambda raw: read_price_text(raw, basis=raw[:5]),
    "lines": lambda raw: price_of_lines([QuotedLine(raw, raw[:3], raw[3:6], raw[6:9])]),
    "steps": lambda raw: price_of_upper_steps([QuotedLine(raw, "USD", raw[3:6], None, maximum=5)]),
    "hs": read_hs,
    "day": lambda raw: read_day(raw, field="updated"),
    "instant": lambda raw: read_instant(raw, field="updated"),
    "loose day": lambda raw: read_loose_day(raw, field="established"),
    "brn": read_brn,
    "phone": read_phone,
    "mail": read_mail,
    "web": read_web_host,
    "zip": lambda raw: read_zip(raw, address=raw),
    "image": read_image_url,
    "countries": lambda raw: read_countries(raw, field="origin"),
    "certificates": read_certificates,
    "terms": read_terms,
    "yes no": lambda raw: read_yes_no(raw, field="sample"),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@PATIENT
@given(raw=TEXTS)
def test_no_text_makes_a_reader_raise_and_its_issues_are_known_and_storable(name: str, raw: str) -> None:
    reading = READERS[name](raw)

    for issue in reading.issues:
        assert issue.code in issues.HELP
        assert len(issue.raw) <= 200
        issue.raw.encode()


@PATIENT
@given(raw=TEXTS)
def test_text_that_was_read_is_clean(raw: str) -> None:
    value = read_text(raw, field="brand").value

    if value is not None:
        value.encode()
        assert value == value.strip() != ""
        assert unicodedata.is_normalized("NFC", value)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]|  ", value)


@PATIENT
@given(raw=TEXTS.filter(lambda raw: "&" not in raw))
def test_reading_text_again_changes_nothing(raw: str) -> None:
    """Texts with `&` apart: escapes are undone twice at most, so a third one would be undone by a second reading."""
    value = read_text(raw, field="brand").value

    assert read_text(value, field="brand").value == value


@PATIENT
@given(en=TEXTS.filter(lambda raw: "&" not in raw), ko=TEXTS.filter(lambda raw: "&" not in raw))
def test_reading_names_again_changes_nothing(en: str, ko: str) -> None:
    names = read_names(en=en, ko=ko).value

    assert read_names(en=names.get("en"), ko=names.get("ko")).value == names
    assert set(names) <= {"en", "ko"}


@PATIENT
@given(raw=TEXTS)
def test_html_that_was_read_holds_nothing_active(raw: str) -> None:
    value = read_html(f"<p>{raw}</p>", field="descriptions").value or ""

    tags = re.findall(r"<[^<>]*>", value)
    assert not any(
        re.match(r"</?(?:script|iframe|form|input|style|svg|object|a)\b", tag, re.IGNORECASE) for tag in tags
    )
    assert not any(re.search(r"\son\w+=", re.sub(r'"[^"]*"', '""', tag), re.IGNORECASE) for tag in tags)


@PATIENT
@given(st.integers(1, 10**8), st.sampled_from(sorted(UNIT_OF)))
def test_a_quantity_written_out_reads_back(quantity: int, unit: str) -> None:
    moq, _ = read_moq(f"{quantity:,} {unit}").value

    assert moq == Moq(QuantityState.STATED, Decimal(quantity), None, UNIT_OF[unit])


@PATIENT
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from(["~", " ~ ", " - ", "-"]))
def test_a_range_written_out_reads_back_in_order(low: int, high: int, dash: str) -> None:
    moq, _ = read_moq(f"{low:,}{dash}{high:,}개").value

    assert moq == Moq(QuantityState.STATED, Decimal(min(low, high)), Decimal(max(low, high)), "H87")


AMOUNTS = st.decimals("0.01", "99999", places=2, allow_nan=False)


@PATIENT
@given(AMOUNTS, st.sampled_from(["USD", "KRW", "EUR", "JPY"]), st.sampled_from(["Piece", "Set", "kg"]))
def test_a_price_written_out_reads_back(amount: Decimal, currency: str, unit: str) -> None:
    step = read_price_text(f"{currency} {amount:,} / {unit} (FOB Busan)", basis=None).value.steps[0]

    assert (step.amount, step.currency, step.term) == (amount, currency, "FOB")


@PATIENT
@given(TEXTS)
def test_a_price_has_amounts_only_in_the_states_that_say_so(raw: str) -> None:
    price = read_price_text(raw, basis=None).value

    priced = price.state in (PriceState.PRICED, PriceState.RANGE, PriceState.TIERED)
    assert priced == bool(price.steps)
    assert all(step.amount > 0 and (step.amount_to is None or step.amount_to > step.amount) for step in price.steps)
    assert not price.steps or any(letter.isdigit() for letter in raw)


LINES = st.lists(
    st.builds(
        QuotedLine,
        amount=st.one_of(AMOUNTS, st.sampled_from(["협의", "0", "-", "3.2", None])),
        currency=st.sampled_from(["USD", "KRW"]),
        unit=st.sampled_from(["EA", "BOX"]),
        term=st.sampled_from(["FOB", None]),
        minimum=st.one_of(st.none(), st.integers(1, 5000)),
        maximum=st.one_of(st.none(), st.integers(1, 5000), st.just(99_999_999)),
    ),
    max_size=8,
)


@PATIENT
@given(LINES)
def test_steps_of_one_group_follow_each_other_without_overlap(lines: list[QuotedLine]) -> None:
    for price in (price_of_lines(lines).value, price_of_upper_steps(lines).value):
        groups: dict[tuple[str | None, str | None, str | None], set[tuple[int, int | None]]] = {}
        for step in price.steps:
            assert step.low >= 1
            assert step.high is None or step.high >= step.low
            groups.setdefault((step.currency, step.unit, step.term), set()).add((step.low, step.high))
        for spans in groups.values():
            ordered = sorted(spans, key=lambda span: span[0])
            assert all(before[1] is not None and before[1] < after[0] for before, after in pairwise(ordered))


@PATIENT
@given(LINES, st.randoms(use_true_random=False))
def test_the_order_in_which_steps_are_sent_does_not_change_the_steps(lines: list[QuotedLine], random: object) -> None:
    mixed = list(lines)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert set(price_of_lines(mixed).value.steps) == set(price_of_lines(lines).value.steps)
    assert set(price_of_upper_steps(mixed).value.steps) == set(price_of_upper_steps(lines).value.steps)


@PATIENT
@given(st.from_regex(r"[0-9]{10}", fullmatch=True).filter(lambda code: code.strip("0")))
def test_ten_digits_give_their_first_six_and_a_lost_zero_comes_back(code: str) -> None:
    whole = read_hs(code).value
    assert (whole.state, whole.hs6, whole.hsk10) == (HsState.EXACT10, code[:6], code)
    lost = read_hs(f"0{code[1:]}"[1:]).value
    assert lost.state is HsState.MISSING or (lost.state, lost.hsk10) == (HsState.PADDED, f"0{code[1:]}")


@PATIENT
@given(TEXTS)
def test_an_hs_code_is_digits_of_the_text_and_nothing_else(raw: str) -> None:
    hs = read_hs(raw).value
    digits = "".join(str(unicodedata.digit(sign)) for sign in unicodedata.normalize("NFKC", raw) if sign.isdecimal())

    if hs.hs6 is not None:
        assert len(hs.hs6) == 6
        assert hs.hs6 in f"0{digits}" if hs.state is HsState.PADDED else hs.hs6 in digits


@PATIENT
@given(st.integers(31_536_000, 4_070_908_800))
def test_a_day_reads_back_as_the_korean_day_it_was(second: int) -> None:
    day = korean_day(datetime.fromtimestamp(second, UTC))
    read = read_day(day, field="updated").value

    assert read is not None
    assert korean_day(read.at) == day


@PATIENT
@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_exactly_one_check_digit_holds(nine: str) -> None:
    assert [read_brn(f"{nine}{digit}").value[1] for digit in range(10)].count(True) == 1


@PATIENT
@given(TEXTS)
def test_codes_that_were_read_are_ours_and_come_once(raw: str) -> None:
    terms = read_terms(raw).value
    certificates = [certificate.code for certificate in read_certificates(raw).value if certificate.code]

    assert set(terms) <= TERMS
    assert len(set(terms)) == len(terms)
    assert set(certificates) <= CERTIFICATES
    assert len(set(certificates)) == len(certificates)


@PATIENT
@given(st.sampled_from([read_web_host, read_image_url, read_mail, read_phone]), TEXTS)
def test_an_address_that_was_read_reads_the_same_again(
    reader: Callable[[str | None], Reading[str | None]], raw: str
) -> None:
    value = reader(raw).value

    assert reader(value).value == value


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "piece", ["1", "1,", "1 ~ ", "(", "us $", "fob ", "a.", "@", "<", "<img src=", "&amp;", " \n ", "é", "漢"]
)
def test_a_very_long_text_costs_no_reader_more_than_its_length(name: str, piece: str) -> None:
    """A regex that goes back and forth would take minutes here, not the tenth of a second it takes."""
    began = time.perf_counter()
    READERS[name](piece * (100_000 // len(piece)))

    assert time.perf_counter() - began < 5


@given(st.text("\t\n\r !&<aZ~가힣", max_size=40))
def test_ascii_and_hangul_need_nothing_but_even_breaks(text: str) -> None:
    found: list[Issue] = []

    assert drop_unseen(text, "descriptions", found) == re.sub("\r\n?", "\n", text)
    assert found == []


_ADDRESS_PARTS = st.sampled_from(
    ["http", "https", "ftp", ":", "//", "/", "?", "#", "@", "[", "]", "img", ".", "example", "가", ":80", "::1"]
)


@given(st.sampled_from(["", "https://", "http://"]), st.lists(_ADDRESS_PARTS, max_size=8).map("".join))
def test_an_address_is_judged_by_all_of_it(begin: str, rest: str) -> None:
    """Readers look no further than the host: nothing behind it may change the verdict."""
    text = begin + rest

    assert (read_image_url(text).value is not None) == _is_address(text)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit("https:" + text if text.startswith("//") else text)
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and parts.username is None
    return is_web and ascii_host(parts.hostname or "") is not None
