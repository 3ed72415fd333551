"""Units: every spelling of the three guides to one UN/ECE code (Recommendations 20 and 21; 20FT and 40FT are ours)."""

import re
import unicodedata
from functools import lru_cache

from integrator import issues as codes
from integrator.clean.plain import is_empty
from integrator.clean.reading import RAW_LIMIT, Reading, make_issue

_SPELLINGS = {
    "H87": "units unit pcs pc pce pces piece pieces ea each 개 대",
    "SET": "sets set 세트 셋트",
    "BX": "boxes box bx 박스 상자",
    "CT": "cartons carton ctns ctn ct 카톤",
    "BG": "bags bag bg 포 포대",
    "PK": "packs pack pk pkt packet packets 팩 봉 봉지",
    "PR": "pairs pair pr prs 켤레 쌍",
    "RO": "rolls roll 롤",
    "DZN": "doz dozen dozens dz dzn 다스",
    "BO": "bottles bottle btl 병",
    "CA": "cans can 캔",
    "ST": "sheets sheet 매 장",
    "KGM": "kg kgs kilogram kilograms kilo 킬로 킬로그램",
    "GRM": "g gram grams gr 그램",
    "TNE": "ton tons tonne tonnes mt m/t metric_ton metric_tons 톤",
    "LTR": "l liter liters litre litres ltr 리터",
    "MLT": "ml milliliter milliliters millilitre millilitres 밀리리터",
    "MTR": "m meter meters metre metres mtr 미터",
    "MTK": "m2 sqm square_meter square_meters 제곱미터",
    "YRD": "yd yds yard yards 야드",
    "20FT": "20ft 20_ft 20feet 20_feet 20ft_container 20ft_containers 20_ft_container",
    "40FT": "40ft 40_ft 40feet 40_feet 40ft_container 40ft_containers 40_ft_container 40hq 40ft_hq",
}
UNIT_OF = {spelling.replace("_", " "): code for code, spellings in _SPELLINGS.items() for spelling in spellings.split()}
_PLURAL = re.compile(r"\((?:s|es)\)")
_LONGEST = 60
_NOTHING: Reading[None] = Reading(None)


def plain_unit(text: str) -> str:
    """`Piece(s)`, ` PCS.`, `㎏` as the table spells them: lower case, compatibility forms, no optional plural."""
    text = _PLURAL.sub("", unicodedata.normalize("NFKC", text).lower())
    return " ".join(text.split()).strip(" .")


@lru_cache(maxsize=4096)
def unit_code(text: str) -> str | None:
    """The code of any spelling the table knows, else None."""
    return UNIT_OF.get(plain_unit(text))


def read_unit(raw: str | None, *, field: str) -> Reading[str | None]:
    """A UN/ECE code; None when empty, and UNIT_UNKNOWN with the raw text when no table knows it."""
    return _read_unit(raw[:RAW_LIMIT], field) if raw else _NOTHING


@lru_cache(maxsize=4096)
def _read_unit(raw: str, field: str) -> Reading[str | None]:
    if is_empty(raw):
        return _NOTHING
    code = unit_code(raw[:_LONGEST])
    if code is None:
        return Reading(None, (make_issue(codes.UNIT_UNKNOWN, field, raw),))
    return Reading(code)
