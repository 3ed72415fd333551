"""GobizKOREA's rows by column name. Source: GobizKOREA guide 2.1, section 5."""

from collections.abc import Callable

import numpy as np

from connectors.mock import names, wording
from connectors.mock.accounts import Statement
from connectors.mock.catalogue import Listing, rounded
from connectors.mock.days import HIDDEN_BELOW, day_text
from connectors.mock.goods import Kind, kinds, sectors
from connectors.mock.rng import Draw, Shuffle, stream_key
from connectors.mock.world import GOBIZKOREA, World

Row = list[str]

PRODUCT = (
    "상품번호", "상품명(국문)", "상품명(영문)", "카테고리코드", "카테고리명", "HS부호", "모델명", "브랜드",
    "원산지", "최소주문량", "결제조건", "공급능력", "선적항", "포장", "납기", "인증", "키워드",
    "상세설명(국문)", "상세설명(영문)", "업체번호", "사업자등록번호", "온라인주문여부", "재고수량",
    "중량(kg)", "상태", "등록일", "수정일",
)  # fmt: skip
CARBON = "탄소배출량(kgCO2e)"
PRICE_LINE = ("상품번호", "순번", "인코텀즈", "통화", "단가", "단위", "최소수량", "비고")
IMAGE = ("상품번호", "순번", "이미지URL", "대표여부", "너비", "높이")
COMPANY = (
    "업체번호", "업체명(국문)", "업체명(영문)", "대표자", "사업자등록번호", "우편번호", "주소(국문)",
    "주소(영문)", "전화번호", "이메일", "홈페이지", "업종", "설립일", "종업원수", "매출액", "주요시장",
    "미니사이트", "수정일",
)  # fmt: skip

_UNITS = {
    "PCS": ("EA", "개", "PCS", "ea"),
    "SETS": ("SET", "세트", "Set"),
    "BOXES": ("BOX", "박스", "Box"),
    "CARTONS": ("CTN", "카톤"),
    "PAIRS": ("PAIR", "켤레"),
    "BAGS": ("BAG", "포"),
    "ROLLS": ("ROLL", "롤"),
    "KG": ("KG", "㎏", "kg"),
    "TON": ("MT", "톤"),
    "L": ("L", "리터"),
    "M": ("M", "미터"),
    "M2": ("㎡", "M2"),
}
_RATES = {"USD": 1.0, "KRW": 1350.0, "JPY": 150.0, "EUR": 0.92, "CNY": 7.1}
_LETTERS = "ABCDEFGHJK"


class Numbers:
    def __init__(self, world: World) -> None:
        self._world = world
        self._serials = Shuffle(stream_key(world.seed, "goods_no"), 99_991)
        self._firms = Shuffle(stream_key(world.seed, "업체번호"), 9_899_963)

    def product(self, index: int) -> str:
        """The date is that of the number's first use; a number used again keeps it."""
        world, number = self._world, np.array([index], dtype=np.int64)
        if index >= world.recent_from:
            place = (index - world.recent_from) % world.added_a_day
            return f"GS{day_text(int(world.birth(number)[0]))}{self._serials.forward(place):05d}"
        day, serial = world.old_goods_no(number)
        return f"GS{day_text(int(day[0]))}{int(serial[0]):05d}"

    def company(self, account: int) -> str:
        value = self._firms.forward(account)
        return f"C{value:07d}{_LETTERS[value % 10]}"


def _cp949(text: str, draw: Draw) -> str:
    """What the platform does to letters that its code page lacks: a `?` or a numeric reference."""
    try:
        text.encode("cp949")
    except UnicodeEncodeError:
        return _replaced(text, draw)
    return text


def _replaced(text: str, draw: Draw) -> str:
    kept = []
    for letter in text:
        try:
            letter.encode("cp949")
        except UnicodeEncodeError:
            letter = "?" if draw.chance(0.5) else f"&#{ord(letter)};"
        kept.append(letter)
    return "".join(kept)


def _hyphened(brn: str) -> str:
    return f"{brn[:3]}-{brn[3:5]}-{brn[5:]}" if brn else ""


def product_row(listing: Listing, numbers: Numbers) -> dict[str, str]:
    product, fixed, edited = listing.product, listing.fixed("gb"), listing.edited("gb")
    kind, firm = product.kind, listing.firm
    nameless = listing.unusable == 2
    korean, english = _titles(listing, fixed)
    number = numbers.product(listing.index)
    picture = f"https://www.gobizkorea.example/images/{number}_d.jpg"
    return {
        "상품번호": "" if listing.unusable == 1 else number,
        "상품명(국문)": "" if nameless else korean,
        "상품명(영문)": "" if nameless else english,
        **_category(kind, fixed),
        "HS부호": _hs(product.hs10, fixed),
        "모델명": product.model if product.model and fixed.chance(0.7) else "",
        "브랜드": firm.brand if product.branded and fixed.chance(0.5) else "",
        "원산지": "베트남" if product.origin == "VN" else fixed.pick(("대한민국", "대한민국", "한국", "Korea", "KR")),
        "최소주문량": _minimum(product.moq + 10 * (listing.revision % 3), kind, fixed),
        "결제조건": fixed.pick(("T/T, L/C at sight, PayPal", "T/T, L/C", "T/T", "협의")),
        "공급능력": fixed.pick(
            (f"{product.moq * 50:,} {_unit(kind, fixed)}/Month", f"월 {product.moq * 20}Set", "", "-")
        ),
        "선적항": fixed.pick(("Busan", "Incheon", "부산", "")),
        "포장": f"{kind.pack} {'packs' if fixed.chance(0.5) else 'pcs'}/{kind.unit[:3]}"
        if kind.pack > 1
        else fixed.pick(("", "수출용 박스")),
        "납기": _lead(product.lead, fixed),
        "인증": ", ".join(code.rpartition("_")[2] for code in product.certificates) if fixed.chance(0.75) else "",
        "키워드": ",".join(wording.keywords(product, listing.fixed("kwrd"), listing.revision))
        if listing.revision or fixed.chance(0.6)
        else "",
        **_descriptions(listing, fixed, picture),
        "업체번호": "" if listing.unusable == 3 else numbers.company(listing.account.account),
        "사업자등록번호": _hyphened(listing.account.brn) if fixed.chance(0.9) else "",
        "온라인주문여부": "Y" if fixed.chance(0.3) else "N",
        "재고수량": str(edited.below(5000)) if fixed.chance(0.5) else "",
        "중량(kg)": f"{product.weight:g}" if fixed.chance(0.5) else "",
        "상태": _status(listing.status),
        "등록일": day_text(listing.registered),
        "수정일": "20261301" if listing.unusable == 4 else day_text(listing.dated),
    }


def _titles(listing: Listing, fixed: Draw) -> tuple[str, str]:
    """Both names in letters that the code page has, whatever the editors did to them."""
    korean, english = _edited_titles(listing, fixed)
    return _cp949(korean, fixed), _cp949(english, fixed)


def _edited_titles(listing: Listing, fixed: Draw) -> tuple[str, str]:
    korean = wording.korean_title(listing.product, listing.firm, listing.fixed("kor"))
    english = wording.english_title(listing.product, listing.firm, listing.fixed("title"))
    fate = fixed.share()
    if fate < 0.1:
        return korean, ""
    if fate < 0.13:
        return english, english
    if fate < 0.16:
        return "", english
    if fate < 0.168:
        english = f"Café {english}"
    if fate > 0.99:
        korean = f"{korean} 🚢"
    return korean, english.replace(" kg", "㎏") if fixed.chance(0.02) else english


def _category(kind: Kind, fixed: Draw) -> dict[str, str]:
    if fixed.chance(0.05):
        return {"카테고리코드": "", "카테고리명": ""}
    top = f"A{kind.sector + 1:02d}"
    name = f"{sectors()[kind.sector].gobizkorea}>{kind.middle_korean} ({kind.middle})"
    return {"카테고리코드": f"{top}>{top}{kind.middle_number:02d}", "카테고리명": name}


def _hs(code: str, fixed: Draw) -> str:
    fate = fixed.share()
    if fate < 0.1:
        return ""
    if fate < 0.15:
        code = fixed.pick(kinds()).hs10
    if fate > 0.93:
        return f"{code[:4]}.{code[4:6]}-{code[6:]}"
    number = code[:6] if fate > 0.85 else code
    return number.lstrip("0") if number[0] == "0" and fixed.chance(0.6) else number


def _unit(kind: Kind, fixed: Draw) -> str:
    return fixed.pick(_UNITS[kind.unit])


def _minimum(quantity: int, kind: Kind, fixed: Draw) -> str:
    unit, fate = _unit(kind, fixed), fixed.share()
    if fate < 0.45:
        return f"{quantity:,} {unit}"
    if fate < 0.6:
        return f"{quantity:,}{unit}부터" if not unit.isascii() else f"{quantity}{unit}"
    if fate < 0.72:
        return f"{quantity:,} ~ {quantity * 5:,}{unit}"
    if fate < 0.75 and kind.unit == "KG":
        return f"벌크 최소 {quantity}kg"
    return fixed.pick((f"{quantity} {unit}", f"{quantity}{unit}", "협의", "품목별 상이", "", "-"))


def _lead(days: tuple[int, int], fixed: Draw) -> str:
    low, high = days
    if low % 7 == 0 and high % 7 == 0 and low != high and fixed.chance(0.4):
        return f"{low // 7}~{high // 7}주"
    return fixed.pick((f"{low}~{high}일", f"{low}~{high}일", f"{high}일", f"{high} 영업일", "협의", ""))


def _descriptions(listing: Listing, fixed: Draw, picture: str) -> dict[str, str]:
    korean = english = ""
    if fixed.chance(0.8):
        text = wording.summary_korean(listing.product, listing.firm, fixed)
        korean = f"<p>{text}</p>\r\n<p>용량/규격: {listing.product.value}{listing.product.kind.measure}</p>"
        korean = korean.replace(". ", '. "인기" ', 1) if fixed.chance(0.1) else korean
    if fixed.chance(0.5):
        english = wording.html(listing.product, listing.firm, fixed, picture=picture)
        if fixed.chance(0.05):
            english = english.replace("<p>", "<p>&amp;quot;Best&amp;quot; ", 1)
    return {"상세설명(국문)": _cp949(korean, fixed), "상세설명(영문)": _cp949(english, fixed)}


def _status(status: int) -> str:
    if status < HIDDEN_BELOW[GOBIZKOREA]:
        return "판매중지"
    return "일시품절" if status < HIDDEN_BELOW[GOBIZKOREA] + 30 else "판매중"


def price_rows(listing: Listing, number: str) -> list[Row]:
    """Lines of one currency, unit and term with different 최소수량 are steps; the others stand side by side."""
    fixed, edited = listing.fixed("gb price"), listing.edited("gb price")
    unit, price, fate = _unit(listing.product.kind, fixed), listing.usd(), fixed.share()
    if fate < 0.08:
        return [[number, "1", "FOB", "USD", "협의", unit, "", ""]]
    if fate < 0.11:
        return []
    if fate < 0.118:
        return [[number, "1", "FOB", "USD", fixed.pick(("0", "-", "999999")), unit, "", ""]]
    rows = [[number, "1", fixed.pick(("FOB", "FOB", "EXW", "CIF", "DAP")), "USD", _money(price, fixed), unit, "", ""]]
    if fixed.chance(0.25):
        start = fixed.pick((100, 500, 1000))
        rows[0][6] = fixed.pick(("", "10"))
        rows.append([number, "2", rows[0][2], "USD", _money(price * 0.95, fixed), unit, str(start), ""])
    if fixed.chance(0.3):
        currency = fixed.pick(("KRW", "KRW", "JPY", "EUR", "CNY"))
        text = "협의" if edited.chance(0.05) else _money(price * _RATES[currency], fixed)
        note = fixed.pick(("", "", "국내 공급가"))
        rows.append([number, str(len(rows) + 1), fixed.pick(("EXW", "CIF", "")), currency, text, unit, "", note])
    return rows


def _money(price: float, fixed: Draw) -> str:
    value = rounded(price)
    if value >= 1000:
        return f"{value:,.0f}" if fixed.chance(0.7) else f"{value:.0f}"
    return f"{value:g}"


def image_rows(listing: Listing, number: str) -> list[Row]:
    fixed = listing.fixed("gb image")
    month = number[2:8]
    rows = []
    for place in range(1, 1 + fixed.below(4)):
        scheme = "" if fixed.chance(0.06) else "https:"
        width = fixed.pick(("800", "1000", ""))
        url = f"{scheme}//www.gobizkorea.example/images/{month}/{number}_{place}.jpg"
        rows.append([number, str(place), url, "Y" if place == 1 else "N", width, width])
    return rows


def company_row(statement: Statement, numbers: Numbers, seed: int) -> Row:
    draw, firm = Draw(seed, "gb company", statement.account), statement.firm
    korean_city, city, korean_street, street, _, _ = names.PLACES[firm.place]
    year, month, day = firm.founded
    fate = draw.share()
    sales = f"{firm.staff * 120:,}백만원"
    choices: tuple[Callable[[], str], ...] = (lambda: f"{year}{month:02d}{day:02d}", lambda: str(year), lambda: "")
    return [
        numbers.company(statement.account),
        "" if fate < 0.03 else _cp949(statement.korean, draw),
        "" if 0.03 < fate < 0.2 else statement.english,
        statement.person[0] if draw.chance(0.9) else "",
        _hyphened(statement.brn),
        firm.zip,
        f"{korean_city} {korean_street} {firm.house}",
        f"{firm.house}, {street}, {city}, Korea" if draw.chance(0.8) else "",
        statement.phone,
        statement.mail,
        statement.homepage,
        draw.pick(("제조업", "제조업", "도소매업", "무역업")),
        draw.pick(choices)(),
        draw.pick((str(firm.staff), "-", "")),
        draw.pick((sales, "-", "")),
        draw.pick(("미국, 일본", "중국", "")),
        f"https://{firm.roman.lower()}{statement.account % 9973}.gobizkorea.example",
        day_text(statement.updated_day),
    ]
