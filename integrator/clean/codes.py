"""Coded values: countries, certificates, Incoterms, yes and no."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from babel import Locale

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import Reading, make_issue
from integrator.listing import Certificate, Issue

TERMS = frozenset(("EXW", "FCA", "CPT", "CIP", "DPU", "DAP", "DDP", "FAS", "FOB", "CFR", "CIF"))

# Our scheme of certificates. A name stands for the scheme, not for the body or the year: ISO 9001:2015 is ISO9001.
_SCHEMES = (
    "API ATEX BIS BRCGS BSCI CB CCC CE CGMP CPNP CSA EAC EMARK ETL FCC FDA FSC FSSC22000 GAP GMP GOTS GRS HACCP HALAL "
    "IATF16949 ISO13485 ISO14001 ISO22000 ISO22716 ISO27001 ISO45001 ISO9001 KC KOSHER KS MDR MFDS NEP NET NSF "
    "OEKOTEX ORGANIC PSE REACH ROHS SASO TUV UKCA UL USDAORGANIC VEGAN"
)
CERTIFICATES = frozenset(_SCHEMES.split())
# Spellings without blanks and signs, beside the schemes' own.
_SCHEME_WORDS = {
    "BRCGS": "BRC",
    "CE": "CEMARK CEMARKING",
    "EMARK": "EMARKING",
    "FDA": "FDAREGISTERED FDAAPPROVED USFDA",
    "GAP": "GLOBALGAP",
    "HALAL": "할랄",
    "IATF16949": "ISOTS16949 TS16949",
    "KC": "KCMARK",
    "KOSHER": "코셔",
    "KS": "KSMARK",
    "MFDS": "KFDA 식약처",
    "OEKOTEX": "OEKOTEX100 OEKOTEXSTANDARD100 STANDARD100BYOEKOTEX",
    "ORGANIC": "유기농",
    "USDAORGANIC": "USDA",
    "VEGAN": "비건",
}
_CERTIFICATE_ALIASES = {word: code for code, words in _SCHEME_WORDS.items() for word in words.split()}
_REGION = re.compile(r"^(?:EU|US|KR|INT|JP|CN|UK)_")
_EDITION = re.compile(r"(?<=[0-9])[:-](?:19|20)[0-9]{2}$")
_CLOSING = re.compile(r"(?:CERTIFICATION|CERTIFICATE|CERTIFIED|인증서?|획득)$")

# Names beside those of the locale data.
_COUNTRY_WORDS = {
    "KR": "korea|south korea|s. korea|s.korea|republic of korea|korea, republic of|rep. of korea|korea (south)|rok|kor|"
    "대한민국|한국|국산|국내산",
    "US": "usa|u.s.a.|u.s.|america|united states of america|미국",
    "GB": "uk|england|great britain|영국",
    "CN": "china|prc|chn|중국",
    "JP": "japan|jpn|일본",
    "HK": "hong kong|홍콩",
    "MO": "macau|마카오",
    "TW": "taiwan|대만",
    "VN": "viet nam|vietnam|베트남",
    "TR": "turkey|türkiye|튀르키예|터키",
    "AE": "uae|아랍에미리트",
    "CZ": "czech republic|체코",
    "NL": "holland",
    "RU": "russian federation|러시아",
}
_COUNTRY_ALIASES = {name: code for code, names in _COUNTRY_WORDS.items() for name in names.split("|")}
_MADE_IN = re.compile(r"^(?:made in|product of|origin ?:?|원산지 ?:?) ?")
# Alpha-2 look-alikes of the locale data that are no countries.
_NO_COUNTRY = frozenset(("AC", "CP", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"))
_YES_NO = {"y": True, "n": False, "yes": True, "no": False, "true": True, "false": False}
_LONGEST_LIST = 2000
# The guides allow five countries and some twenty certificates; what goes on and on is no list of them.
_MOST_PARTS = 50


def read_countries(raw: str | Sequence[str] | None, *, field: str) -> Reading[tuple[str, ...]]:
    """ISO 3166 alpha-2, in order and once each; `NA` is Namibia. Names in English and Korean are known too."""
    if isinstance(raw, str):
        return _read_countries(raw[:_LONGEST_LIST], field)
    return _collect(((part, _country(part)) for part in _texts(raw)), field)


@lru_cache(maxsize=4096)
def _read_countries(raw: str, field: str) -> Reading[tuple[str, ...]]:
    if is_empty(raw):
        return Reading(())
    whole = _country(raw)
    if whole:
        return Reading((whole,))
    return _collect(((part, _country(part)) for part in re.split(r"[,;/·|]", raw)[:_MOST_PARTS]), field)


def _collect(parts: Iterable[tuple[str, str | None]], field: str) -> Reading[tuple[str, ...]]:
    known: dict[str, None] = {}
    unknown: list[Issue] = []
    for part, code in parts:
        if code is not None:
            known[code] = None
        elif not is_empty(part):
            unknown.append(make_issue(codes.CODE_UNKNOWN, field, part.strip()))
    return Reading(tuple(known), tuple(unknown))


def _country(text: str) -> str | None:
    name = " ".join(unicodedata.normalize("NFKC", text[:100]).lower().split())
    if len(name) == 2 and name.isascii() and name.isalpha():
        code = name.upper()
        return code if code in _countries() else None
    name = _MADE_IN.sub("", name)
    return _COUNTRY_ALIASES.get(name) or _country_names().get(name)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(_country_names().values())


@lru_cache(maxsize=1)
def _country_names() -> Mapping[str, str]:
    """Names of all countries in English and Korean, from the locale data that a library keeps up to date."""
    names: dict[str, str] = {}
    for language in ("en", "ko"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY:
                names[str(name).lower()] = str(code)
    return MappingProxyType(names)


def read_certificates(raw: str | Sequence[str] | None) -> Reading[tuple[Certificate, ...]]:
    """Certificates with our code where the name is known (`EU_CE`, `CE`, `ISO 9001:2015`); the name stays as given."""
    if isinstance(raw, str):
        return _read_certificates(raw[:_LONGEST_LIST])
    return _certificates(_texts(raw))


@lru_cache(maxsize=8192)
def _read_certificates(raw: str) -> Reading[tuple[Certificate, ...]]:
    return Reading(()) if is_empty(raw) else _certificates(re.split(r"[,;|\n]", raw)[:_MOST_PARTS])


def _certificates(parts: Iterable[str]) -> Reading[tuple[Certificate, ...]]:
    known: dict[str, Certificate] = {}
    unknown: list[Issue] = []
    for part in parts:
        name = " ".join(part[:200].split())
        if is_empty(name):
            continue
        code = certificate_code(name)
        if code is None and name.casefold() not in known:
            unknown.append(make_issue(codes.CODE_UNKNOWN, "certificates", name))
        known.setdefault(code or name.casefold(), Certificate(name, code))
    return Reading(tuple(known.values()), tuple(unknown))


def certificate_code(name: str) -> str | None:
    """Our code for a certificate's name or a platform's code; None when no table knows it."""
    text = _REGION.sub("", unicodedata.normalize("NFKC", name).upper().strip())
    text = re.sub(r"[^0-9A-Z가-힣]", "", _EDITION.sub("", text))
    for candidate in (text, _CLOSING.sub("", text)):
        code = _CERTIFICATE_ALIASES.get(candidate, candidate)
        if code in CERTIFICATES:
            return code
    return None


def read_terms(raw: str | None) -> Reading[tuple[str, ...]]:
    """Incoterms, in order and once each. NEGO among them is a statement about none of them, and left out."""
    if raw is None or is_empty(raw):
        return Reading(())
    return _read_terms(raw[:200])


@lru_cache(maxsize=4096)
def _read_terms(raw: str) -> Reading[tuple[str, ...]]:
    known: dict[str, None] = {}
    unknown: list[Issue] = []
    for part in re.split(r"[,;/|\s]", raw.upper()):
        if part in TERMS:
            known[part] = None
        elif part not in ("NEGO", "NEGOTIABLE", "협의") and not is_empty(part):
            unknown.append(make_issue(codes.CODE_UNKNOWN, "terms", part))
    return Reading(tuple(known), tuple(unknown))


def read_yes_no(raw: object, *, field: str) -> Reading[bool | None]:
    """`Y` or `N` (or a JSON boolean); None when empty or anything else."""
    if isinstance(raw, bool):
        return Reading(raw)
    if is_empty(raw):
        return Reading(None)
    answer = _YES_NO.get(raw.strip().lower()) if isinstance(raw, str) else None
    if answer is None:
        return Reading(None, (make_issue(codes.FIELD_UNREADABLE, field, str(raw)[:200]),))
    return Reading(answer)


def _texts(raw: Sequence[str] | None) -> list[str]:
    # A feed's list may hold anything; what is no text names no country and no certificate.
    parts: Sequence[object] = raw or ()
    return [part for part in parts[:_MOST_PARTS] if isinstance(part, str)]
