"""Who a firm is and where it can be reached. What a platform masks is not a value.

Issues about a registration number, phone or mail carry no raw value: issues are shown more widely than contacts.
"""

import re
import unicodedata
from functools import lru_cache
from urllib.parse import urlsplit

import idna
import phonenumbers

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Issue

_BRN = re.compile(r"([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{5})")
_BRN_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_MAIL = re.compile(r"([^\s@<>()\[\],;:\"\\]{1,64})@([^\s@<>]{3,255})")
_SCHEME = re.compile(r"^(?:https?:/{0,2})+", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?")
_ZIP = re.compile(r"[0-9]{5}")
_OLD_ZIP = re.compile(r"[0-9]{3}[- ]?[0-9]{3}")
_ZIP_FIRST = re.compile(r"\(?([0-9]{5})\)?(?![0-9-])")
_ADDRESS_LIMIT = 2000
_NOTHING: Reading[None] = Reading(None)
_NO_BRN: Reading[tuple[None, bool]] = Reading((None, False))


def read_brn(raw: str | None) -> Reading[tuple[str | None, bool]]:
    """A Korean business registration number and whether its check digit holds (feed guides, common rule 3).

    Ten digits where it has that shape, else the text as given: a wrong one is kept and proves nothing.
    """
    return _read_brn(raw[:60]) if raw and "*" not in raw else _NO_BRN


@lru_cache(maxsize=16384)
def _read_brn(raw: str) -> Reading[tuple[str | None, bool]]:
    if is_empty(raw):
        return _NO_BRN
    text = unicodedata.normalize("NFKC", raw).strip()
    parts = _BRN.fullmatch(text)
    digits = "".join(parts.groups()) if parts else ""
    if digits and has_check_digit(digits):
        return Reading((digits, True))
    # No database's text holds a NUL, and nobody sees one.
    shown = text.replace("\0", "\ufffd")
    return Reading((digits or shown, False), (make_issue(codes.BRN_INVALID, "brn"),))


def has_check_digit(brn: str) -> bool:
    """The rule of the guides. Libraries also refuse prefixes below 101, which the guides' samples use."""
    digits = [int(digit) for digit in brn]
    total = sum(weight * digit for weight, digit in zip(_BRN_WEIGHTS, digits[:9], strict=True)) + digits[8] * 5 // 10
    return (10 - total % 10) % 10 == digits[9]


def read_phone(raw: str | None, *, country: str = "KR") -> Reading[str | None]:
    """E.164, an extension left out; `country` is where a number without a country code is dialled."""
    return _read_phone(raw[:60], country) if raw and "*" not in raw else _NOTHING


@lru_cache(maxsize=16384)
def _read_phone(raw: str, country: str) -> Reading[str | None]:
    if is_empty(raw):
        return _NOTHING
    try:
        number = phonenumbers.parse(raw, country)
    except phonenumbers.NumberParseException:
        return Reading(None, (make_issue(codes.PHONE_UNREADABLE, "phone"),))
    # Possible, not valid: numbering plans move faster than any table, and a firm's own number is known to work.
    if not phonenumbers.is_possible_number(number):
        return Reading(None, (make_issue(codes.PHONE_UNREADABLE, "phone"),))
    return Reading(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def read_mail(raw: str | None) -> Reading[str | None]:
    """One address, its domain in lower case and ASCII."""
    return _read_mail(raw[:400]) if raw and "*" not in raw else _NOTHING


@lru_cache(maxsize=16384)
def _read_mail(raw: str) -> Reading[str | None]:
    if is_empty(raw):
        return _NOTHING
    text = unicodedata.normalize("NFKC", raw).strip().removeprefix("mailto:")
    parts = _MAIL.fullmatch(text)
    host = ascii_host(parts[2]) if parts else None
    if parts is None or host is None:
        return Reading(None, (make_issue(codes.MAIL_UNREADABLE, "email"),))
    return Reading(f"{parts[1]}@{host}")


def read_web_host(raw: str | None, *, field: str = "homepage") -> Reading[str | None]:
    """The host of a web address, lower case and ASCII: `http://www.x.example/shop` and `www.x.example` alike."""
    if raw is None or is_empty(raw):
        return Reading(None)
    text = unicodedata.normalize("NFKC", raw[:_ADDRESS_LIMIT]).strip()
    bare = _SCHEME.sub("", text).lstrip("/")
    if not bare:
        return Reading(None)
    host = None if "@" in bare else ascii_host(re.split(r"[/?#:]", bare, maxsplit=1)[0])
    if host is None:
        return Reading(None, (make_issue(codes.WEB_UNREADABLE, field, raw),))
    return Reading(host)


def ascii_host(text: str) -> str | None:
    """A domain name in lower case, IDNA applied; None when it is none (an address in numbers is none either)."""
    host = text.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            return None
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or labels[-1].isdigit():
        return None
    return host if all(_LABEL.fullmatch(label) for label in labels) else None


def read_zip(raw: str | None, *, address: str | None = None) -> Reading[str | None]:
    """Five digits, else those the address begins with (or is). The form NNN-NNN was abolished in 2015: not a value."""
    if raw is None or is_empty(raw):
        first = _ZIP_FIRST.match(address.strip()) if address else None
        return Reading(first[1] if first else None)
    text = unicodedata.normalize("NFKC", raw[:40]).strip()
    if _ZIP.fullmatch(text):
        return Reading(text)
    code = codes.ZIP_ABOLISHED if _OLD_ZIP.fullmatch(text) else codes.FIELD_UNREADABLE
    return Reading(None, (make_issue(code, "zip", raw),))


def read_image_url(raw: str | None, *, field: str = "images") -> Reading[str | None]:
    """An absolute http(s) address as given; `//host/…` is read as https and flagged. Blanks in it become %20."""
    if raw is None or is_empty(raw):
        return Reading(None)
    text = raw.strip().replace(" ", "%20")
    found: tuple[Issue, ...] = ()
    if text.startswith("//"):
        text, found = f"https:{text}", (make_issue(codes.IMAGE_SCHEME_MISSING, field, raw),)
    if not _is_address(text):
        return Reading(None, (make_issue(codes.IMAGE_UNREADABLE, field, raw),))
    return Reading(text, found)


def _is_address(text: str) -> bool:
    if len(text) > _ADDRESS_LIMIT or not text.isprintable() or "\\" in text or '"' in text or "<" in text:
        return False
    # Up to the path: galleries stand on few hosts, and what follows the host does not decide.
    path = text.find("/", len("https://"))
    return _begins_address(text if path < 0 else text[:path])


@lru_cache(maxsize=4096)
def _begins_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.username is None and ascii_host(parts.hostname or "") is not None
