"""HS codes, days, contacts, countries, certificates, terms."""

from datetime import UTC, datetime

import pytest

from integrator import issues
from integrator.clean.codes import read_certificates, read_countries, read_terms, read_yes_no
from integrator.clean.dates import korean_day, read_day, read_instant, read_loose_day
from integrator.clean.hs import read_hs
from integrator.clean.identity import (
    has_check_digit,
    read_brn,
    read_image_url,
    read_mail,
    read_phone,
    read_web_host,
    read_zip,
)
from integrator.export import write_hs
from integrator.listing import Certificate, Grain, Moment


def found(reading: object) -> list[str]:
    return [issue.code for issue in reading.issues]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("raw", "cell", "codes"),
    [
        ("330499", "330499 → 330499 / - (exact6)", []),
        ("040690", "040690 → 040690 / - (exact6)", []),
        ("3304999000", "3304999000 → 330499 / 3304999000 (exact10)", []),
        ("9405.42-0000", "9405.42-0000 → 940542 / 9405420000 (exact10)", []),
        ("406900000", "406900000 → 040690 / 0406900000 (padded)", [issues.HS_PADDED]),
        ("30759", "30759 → 030759 / - (padded)", [issues.HS_PADDED]),
        ("406.90", "406.90 → 040690 / - (padded)", [issues.HS_PADDED]),
        ("3304.99", "3304.99 → 330499 / - (exact6)", []),
        ("HS 3304.99.9000", "HS 3304.99.9000 → 330499 / 3304999000 (exact10)", []),
        ("HS Code: 3304.99", "HS Code: 3304.99 → 330499 / - (exact6)", []),
        ("33049990", "33049990 → 330499 / - (exact6)", []),
        ("8413", "8413 → - / - (prefix)", [issues.HS_PREFIX]),
        ("3304.9", "3304.9 → - / - (prefix)", [issues.HS_PREFIX]),
        ("", "(empty) → - / - (missing)", []),
        (None, "(empty) → - / - (missing)", []),
        ("-", "(empty) → - / - (missing)", []),
        ("cream", "cream → - / - (missing)", [issues.HS_UNREADABLE]),
        ("000000", "000000 → - / - (missing)", [issues.HS_UNREADABLE]),
        ("3304999", "3304999 → - / - (missing)", [issues.HS_UNREADABLE]),
        ("3304.99, 3304.10", "3304.99, 3304.10 → - / - (missing)", [issues.HS_UNREADABLE]),
    ],
)
def test_an_hs_code_is_read(raw: str | None, cell: str, codes: list[str]) -> None:
    reading = read_hs(raw)

    assert write_hs(reading.value) == cell
    assert found(reading) == codes


# Days -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["20260914", 20260914, " 20260914 "])
def test_a_korean_day_is_its_first_instant(raw: object) -> None:
    assert read_day(raw, field="updated").value == Moment(datetime(2026, 9, 13, 15, tzinfo=UTC), Grain.DAY)


@pytest.mark.parametrize(
    "raw",
    ["20261340", "20260230", "2026-09-14", "202609", "00000000", "99991231", True, "２０２６０９１４"],
)
def test_an_impossible_day_is_none_and_flagged(raw: object) -> None:
    reading = read_day(raw, field="updated")

    assert (reading.value, found(reading)) == (None, [issues.DAY_UNREADABLE])


@pytest.mark.parametrize("raw", [None, "", "-"])
def test_a_missing_day_is_no_issue(raw: object) -> None:
    assert (read_day(raw, field="registered").value, read_instant(raw, field="registered").value) == (None, None)


@pytest.mark.parametrize(
    ("raw", "at"),
    [
        ("2026-09-14T10:22:05+09:00", datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)),
        ("2026-09-14T01:22:05Z", datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)),
        ("2026-09-14T10:22:05.123+09:00", datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)),
        ("2026-09-14T10:22:05", datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)),
    ],
)
def test_an_instant_is_utc_and_korean_without_an_offset(raw: str, at: datetime) -> None:
    assert read_instant(raw, field="updated").value == Moment(at, Grain.SECOND)


@pytest.mark.parametrize(
    "raw", ["2026-13-40T25:00:00+09:00", "2026-09-14", "20260914T102205Z", "now", 5, "2026-09-14T10:22:05+99:00"]
)
def test_an_impossible_instant_is_none_and_flagged(raw: object) -> None:
    reading = read_instant(raw, field="updated")

    assert (reading.value, found(reading)) == (None, [issues.DAY_UNREADABLE])


@pytest.mark.parametrize(
    ("raw", "day"),
    [("2015", "2015"), (2015, "2015"), ("20150920", "2015-09-20"), ("1999.8.1", "1999-08-01"),
     ("2024년7월2일", "2024-07-02"), ("2024년 7월 2일", "2024-07-02"),
     ("2015-09-20", "2015-09-20"), ("2015.9", "2015-09"), ("201509", "2015-09"),
     ("2015년", "2015"), ("-", None), ("--", None), ("", None)],
)  # fmt: skip
def test_a_founding_day_is_as_fine_as_given(raw: object, day: str | None) -> None:
    assert (read_loose_day(raw, field="established").value, found(read_loose_day(raw, field="established"))) == (
        day,
        [],
    )


@pytest.mark.parametrize("raw", ["2015-13-01", "long ago", "20159999", "15", "0999"])
def test_an_impossible_founding_day_is_none_and_flagged(raw: str) -> None:
    reading = read_loose_day(raw, field="established")

    assert (reading.value, found(reading)) == (None, [issues.DAY_UNREADABLE])


def test_the_korean_day_begins_nine_hours_before_utc() -> None:
    assert korean_day(datetime(2026, 9, 13, 15, tzinfo=UTC)) == "20260914"
    assert korean_day(datetime(2026, 9, 13, 14, 59, 59, tzinfo=UTC)) == "20260913"


# Identity -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", ["001-81-00017", "0018100017", "001 81 00017", "００１-81-00017"])
def test_a_registration_number_whose_check_digit_holds_is_valid(raw: str) -> None:
    assert read_brn(raw).value == ("0018100017", True)


@pytest.mark.parametrize(
    ("raw", "kept"),
    [("012-34-56789", "0123456789"), ("0058500050", "0058500050"), ("12-345", "12-345"), ("pending", "pending")],
)
def test_a_wrong_registration_number_is_kept_and_proves_nothing(raw: str, kept: str) -> None:
    reading = read_brn(raw)

    assert reading.value == (kept, False)
    assert [(issue.code, issue.raw) for issue in reading.issues] == [(issues.BRN_INVALID, "")]


@pytest.mark.parametrize("raw", ["001-**-*****", "", "-", None])
def test_a_mask_is_not_a_registration_number(raw: str | None) -> None:
    assert (read_brn(raw).value, read_brn(raw).issues) == ((None, False), ())


def test_changing_any_one_digit_breaks_the_check_digit() -> None:
    for place in range(10):
        for digit in "0123456789":
            changed = f"{'0018100017'[:place]}{digit}{'0018100017'[place + 1 :]}"
            # The ninth digit counts 5 and its own tenth, so the guide's rule may miss a change there alone.
            assert place == 8 or has_check_digit(changed) == (changed == "0018100017")


@pytest.mark.parametrize(
    ("raw", "phone"),
    [("+82-2-000-0001", "+8220000001"), ("02-000-0001", "+8220000001"), ("041-000-0002", "+82410000002"),
     ("010-1234-5678", "+821012345678"), ("+82 (0)2 000 0001", "+8220000001"), ("+1 202 555 0143", "+12025550143")],
)  # fmt: skip
def test_a_phone_is_e164(raw: str, phone: str) -> None:
    assert read_phone(raw).value == phone


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ("+82-2-****", []),
        ("", []),
        (None, []),
        ("call us", [issues.PHONE_UNREADABLE]),
        ("12", [issues.PHONE_UNREADABLE]),
    ],
)
def test_a_masked_phone_is_none_and_a_wrong_one_flagged(raw: str | None, codes: list[str]) -> None:
    reading = read_phone(raw)

    assert (reading.value, found(reading)) == (None, codes)
    assert all(issue.raw == "" for issue in reading.issues)


@pytest.mark.parametrize(
    ("raw", "mail", "codes"),
    [
        ("sales@nurion.example", "sales@nurion.example", []),
        (" Sales@NURION.example ", "Sales@nurion.example", []),
        ("sa****@****", None, []),
        ("", None, []),
        ("sales at nurion", None, [issues.MAIL_UNREADABLE]),
        ("a@b@c.example", None, [issues.MAIL_UNREADABLE]),
        ("a@localhost", None, [issues.MAIL_UNREADABLE]),
    ],
)
def test_a_mail_address_is_read(raw: str, mail: str | None, codes: list[str]) -> None:
    assert (read_mail(raw).value, found(read_mail(raw))) == (mail, codes)


@pytest.mark.parametrize(
    ("raw", "host"),
    [
        ("http://www.nurion.example", "www.nurion.example"),
        ("HTTPS://WWW.Nurion.example:8080/shop?a=1#b", "www.nurion.example"),
        ("www.darajin.example", "www.darajin.example"),
        ("saebom.example/", "saebom.example"),
        ("http://http://saebom.example", "saebom.example"),
        ("//saebom.example", "saebom.example"),
        ("saebom.example.", "saebom.example"),
        ("http://누리온.example", "xn--fz2b23q6tg.example"),
        ("http://", None),
        ("-", None),
        ("NaN", None),
    ],
)
def test_a_web_address_gives_its_host(raw: str, host: str | None) -> None:
    reading = read_web_host(raw)

    assert reading.issues == ()
    assert reading.value == host or (host or "").startswith("xn--")
    assert host is None or (reading.value or "").endswith(".example")


@pytest.mark.parametrize(
    "raw", ["sales@nurion.example", "localhost", "192.0.2.1", "see our shop", "a..example", "http://-.example"]
)
def test_what_is_no_web_address_is_none_and_flagged(raw: str) -> None:
    assert (read_web_host(raw).value, found(read_web_host(raw))) == (None, [issues.WEB_UNREADABLE])


@pytest.mark.parametrize(
    ("raw", "address", "code", "codes"),
    [
        ("06559", None, "06559", []),
        ("641-846", "641-846 7, Gongdan-ro", None, [issues.ZIP_ABOLISHED]),
        ("641846", None, None, [issues.ZIP_ABOLISHED]),
        ("", "15600", "15600", []),
        (None, "06559 12, Teheran-ro", "06559", []),
        ("", "(06559) Seoul", "06559", []),
        ("", "641-846 7, Gongdan-ro", None, []),
        ("", "123456 street", None, []),
        (None, None, None, []),
        ("SW1A", None, None, [issues.FIELD_UNREADABLE]),
    ],
)
def test_a_postal_code_has_five_digits(
    raw: str | None, address: str | None, code: str | None, codes: list[str]
) -> None:
    reading = read_zip(raw, address=address)

    assert (reading.value, found(reading)) == (code, codes)


@pytest.mark.parametrize(
    ("raw", "url", "codes"),
    [
        ("https://a.example/1.jpg", "https://a.example/1.jpg", []),
        ("http://a.example/1.jpg", "http://a.example/1.jpg", []),
        ("//a.example/1.jpg", "https://a.example/1.jpg", [issues.IMAGE_SCHEME_MISSING]),
        ("https://a.example/a b.jpg", "https://a.example/a%20b.jpg", []),
        ("", None, []),
        ("http://", None, []),
        ("/images/1.jpg", None, [issues.IMAGE_UNREADABLE]),
        ("javascript:x()", None, [issues.IMAGE_UNREADABLE]),
        ("data:image/png;base64,AA", None, [issues.IMAGE_UNREADABLE]),
        ("https://user:secret@a.example/1.jpg", None, [issues.IMAGE_UNREADABLE]),
        ('https://a.example/"onerror=x', None, [issues.IMAGE_UNREADABLE]),
        ("https://[::1", None, [issues.IMAGE_UNREADABLE]),
        ("https://a.example/\u202e1.jpg", None, [issues.IMAGE_UNREADABLE]),
    ],
)
def test_an_image_address_is_absolute(raw: str, url: str | None, codes: list[str]) -> None:
    assert (read_image_url(raw).value, found(read_image_url(raw))) == (url, codes)


# Codes ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "countries"),
    [
        ("KR", ("KR",)),
        ("KR,VN", ("KR", "VN")),
        ("US,NA", ("US", "NA")),
        ("대한민국", ("KR",)),
        ("한국", ("KR",)),
        ("Korea", ("KR",)),
        ("Korea, Republic of", ("KR",)),
        ("Made in Korea", ("KR",)),
        ("미국, 일본", ("US", "JP")),
        (["KR", "Japan", "KR"], ("KR", "JP")),
        ("Namibia", ("NA",)),
        ("", ()),
        (None, ()),
    ],
)
def test_countries_are_alpha_2(raw: str | list[str] | None, countries: tuple[str, ...]) -> None:
    reading = read_countries(raw, field="origin")

    assert (reading.value, reading.issues) == (countries, ())


@pytest.mark.parametrize("raw", ["Narnia", "EU", "XX", "North America"])
def test_an_unknown_country_is_left_out_and_named(raw: str) -> None:
    reading = read_countries(f"KR,{raw}", field="origin")

    assert reading.value == ("KR",)
    assert [(issue.code, issue.raw) for issue in reading.issues] == [(issues.CODE_UNKNOWN, raw)]


@pytest.mark.parametrize(
    ("name", "code"),
    [("EU_CE", "CE"), ("EU_CPNP", "CPNP"), ("EU_ROHS", "ROHS"), ("EU_EMARK", "EMARK"), ("US_FDA", "FDA"),
     ("US_UL", "UL"), ("US_API", "API"), ("KR_KC", "KC"), ("KR_KS", "KS"), ("KR_HACCP", "HACCP"), ("KR_GMP", "GMP"),
     ("KR_CGMP", "CGMP"), ("KR_GAP", "GAP"), ("INT_ISO9001", "ISO9001"), ("INT_ISO13485", "ISO13485"),
     ("INT_ISO22716", "ISO22716"),
     ("INT_IATF16949", "IATF16949"), ("INT_OEKOTEX", "OEKOTEX"), ("INT_FSC", "FSC"), ("HALAL", "HALAL"), ("CE", "CE"),
     ("ISO9001", "ISO9001"), ("ISO 9001:2015", "ISO9001"), ("iso-9001", "ISO9001"), ("CE Certificate", "CE"),
     ("RoHS", "ROHS"), ("HACCP 인증", "HACCP"), ("Oeko-Tex Standard 100", "OEKOTEX")],
)  # fmt: skip
def test_a_certificate_has_our_code_and_keeps_its_name(name: str, code: str) -> None:
    assert read_certificates(name).value == (Certificate(name, code),)


def test_an_unknown_certificate_is_kept_without_a_code_and_named() -> None:
    reading = read_certificates("CE, Golden Spoon Award,CE")

    assert reading.value == (Certificate("CE", "CE"), Certificate("Golden Spoon Award", None))
    assert [(issue.code, issue.raw) for issue in reading.issues] == [(issues.CODE_UNKNOWN, "Golden Spoon Award")]


@pytest.mark.parametrize(
    ("raw", "terms", "codes"),
    [("FOB,CIF", ("FOB", "CIF"), []), ("NEGO", (), []), ("FOB,NEGO,fob", ("FOB",), []), ("", (), []), (None, (), []),
     ("FOB,XYZ", ("FOB",), [issues.CODE_UNKNOWN])],
)  # fmt: skip
def test_incoterms_are_read(raw: str | None, terms: tuple[str, ...], codes: list[str]) -> None:
    assert (read_terms(raw).value, found(read_terms(raw))) == (terms, codes)


@pytest.mark.parametrize(
    ("raw", "answer"), [("Y", True), ("N", False), ("y", True), (True, True), ("", None), (None, None)]
)
def test_yes_and_no_are_read(raw: object, answer: bool | None) -> None:
    assert (read_yes_no(raw, field="sample").value, read_yes_no(raw, field="sample").issues) == (answer, ())


@pytest.mark.parametrize("raw", ["maybe", "1", 1, 0])
def test_anything_else_is_neither_yes_nor_no(raw: object) -> None:
    reading = read_yes_no(raw, field="sample")

    assert (reading.value, found(reading)) == (None, [issues.FIELD_UNREADABLE])
