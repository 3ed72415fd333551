"""BuyKorea's records as ordered fields, Source: BuyKorea guide 1.4, sections 6 and 7."""

from connectors.mock import names, wording
from connectors.mock.accounts import Statement, international
from connectors.mock.buykorea_wire import Field, Group, Html, Scalar
from connectors.mock.catalogue import Listing, rounded
from connectors.mock.days import DRIFT_DAY, HIDDEN_BELOW, day_text
from connectors.mock.goods import Kind, kinds, sectors
from connectors.mock.rng import Draw, Shuffle, stream_key
from connectors.mock.world import BUYKOREA, World

NO_END = 99_999_999
_PIECES = ("PCS", "EA", "UNITS")
OLD_VERSION, NEW_VERSION = "2026-01", "2026-10"
_OBSOLETE_HS = {"940542": "940540", "940511": "940510", "850440": "850440", "852589": "852580", "690721": "690790"}


_TEN_DIGITS, _TEN_DIGIT_ONES = 2_248_000_000, 495_000


class Numbers:
    """Listing and seller numbers, there and back."""

    def __init__(self, world: World) -> None:
        self._goods = Shuffle(stream_key(world.seed, "goodsSn"), 9_989_957)
        self._firms = Shuffle(stream_key(world.seed, "entpSn"), 9_899_963)
        self._seed = world.seed

    def goods(self, index: int) -> int:
        return 10_000 + self._goods.forward(index)

    def index(self, goods: int) -> int:
        return self._goods.back(goods - 10_000) if 10_000 <= goods < 9_999_957 else -1

    def seller(self, account: int) -> int:
        value = self._firms.forward(account)
        # A twentieth has the ten-digit form that looks like a registration number.
        return _TEN_DIGITS + value if value < _TEN_DIGIT_ONES else 100_000 + value

    def account(self, seller: int) -> int:
        value = seller - _TEN_DIGITS if seller >= _TEN_DIGITS else seller - 100_000
        if not 0 <= value < 9_899_963 or (seller >= _TEN_DIGITS) != (value < _TEN_DIGIT_ONES):
            return -1
        return self._firms.back(value)


def listing_fields(listing: Listing, numbers: Numbers, day: int) -> list[Field]:
    """Everything of the list, in the order of the samples."""
    product, fixed, edited = listing.product, listing.fixed("bk"), listing.edited("bk")
    number = str(numbers.goods(listing.index))
    title = wording.english_title(product, listing.firm, listing.fixed("title"))
    if listing.unusable == 1:
        number = f"{number[:2]}A{number[3:]}"
    category = _category(product.kind, fixed, day)
    fields: list[Field] = [
        ("GOODS_SN", number if listing.unusable == 1 else int(number)),
        ("ENG_GOODS_NM", "" if listing.unusable in (2, 5) else title[:200]),
        ("KOR_GOODS_NM", "" if listing.unusable in (2, 5) else _korean_name(listing, title, fixed)),
        ("SELER_GOODS_NO", product.model if product.model and fixed.chance(0.7) else ""),
        *category,
        ("HS_CD", _hs(product.hs10[:6], fixed)),
        (
            "KWRD",
            ",".join(wording.keywords(product, listing.fixed("kwrd"), listing.revision))
            if listing.revision or fixed.chance(0.6)
            else "",
        ),
        ("SUMRY_CN", wording.summary(product, listing.firm, listing.fixed("sumry")) if fixed.chance(0.7) else ""),
        ("MAIN_IMG_URL", f"https://img.buykorea.example/goods/{day_text(listing.registered)[:6]}/{number}_1.jpg"),
        *_price(listing, fixed, edited, day),
        *_terms(listing, fixed, edited),
        ("ENTP_SN", "" if listing.unusable == 3 else numbers.seller(listing.account.account)),
        ("ENG_ENTP_NM", listing.account.english),
        *_standing(listing),
        ("REG_DT", day_text(listing.registered)),
        (
            "UPD_DT",
            f"{day_text(listing.updated_day)[:4]}1340" if listing.unusable == 4 else day_text(listing.updated_day),
        ),
    ]
    if day >= DRIFT_DAY and listing.index % 2 == 0:
        fields.append(("ESG_YN", "Y" if listing.index % 3 else "N"))
    return fields


_POISONS: tuple[dict[str, Scalar], ...] = (
    {"ENG_GOODS_NM": "", "KOR_GOODS_NM": ""},
    {"UPD_DT": "20261399"},
    {"ENTP_SN": ""},
)


def poisoned(fields: list[Field], way: int) -> list[Field]:
    """A sound record made unusable; its number stays readable."""
    broken = _POISONS[way % len(_POISONS)]
    return [
        (name, broken.get(name, value)) if not isinstance(value, Group) else (name, value) for name, value in fields
    ]


def _category(kind: Kind, draw: Draw, day: int) -> list[Field]:
    if draw.chance(0.05):
        return [("CTGRY_CD", ""), ("CTGRY_NM", ""), ("CTGRY_VER", NEW_VERSION if day >= DRIFT_DAY else OLD_VERSION)]
    leaf = [kind.english[0]] * (2 if draw.chance(0.6) else 1)
    path = " > ".join([top_name(kind.sector, day), kind.middle, *leaf])
    return [
        ("CTGRY_CD", category_code(kind)),
        ("CTGRY_NM", path),
        ("CTGRY_VER", NEW_VERSION if day >= DRIFT_DAY else OLD_VERSION),
    ]


def top_name(sector: int, day: int) -> str:
    """The first top category is renamed with the drift."""
    return "Beauty & Personal Care" if sector == 0 and day >= DRIFT_DAY else sectors()[sector].buykorea


def category_code(kind: Kind) -> str:
    return f"{kind.sector + 2:02d}{kind.middle_number:02d}{kind.place:02d}"


def _korean_name(listing: Listing, english: str, draw: Draw) -> str:
    fate = draw.share()
    if fate < 0.75:
        return ""
    return english if fate < 0.87 else wording.korean_title(listing.product, listing.firm, listing.fixed("kor"))


def _hs(code: str, draw: Draw) -> str:
    fate = draw.share()
    if fate < 0.1:
        return ""
    if fate < 0.2:
        return draw.pick(kinds()).hs10[:6]
    return _OBSOLETE_HS.get(code, code) if fate < 0.3 else code


def _unit(kind: Kind, draw: Draw) -> str:
    return draw.pick(_PIECES) if kind.unit == "PCS" else kind.unit


def _price(listing: Listing, fixed: Draw, edited: Draw, day: int) -> list[Field]:
    shown, asked, plain = ("N", "N"), ("Y", "Y"), ("Y", "N")
    fate = fixed.share()
    expose, negotiate = shown if fate < 0.08 else asked if fate < 0.18 else plain
    steps = [] if negotiate == "Y" or fate > 0.985 else _steps(listing, fixed, edited)
    if steps and day >= DRIFT_DAY and listing.updated_day >= DRIFT_DAY and edited.chance(0.05):
        steps = [[("MAX_QTY", NO_END), ("UNIT_CD", "PALLET"), ("USD_AMT", rounded(listing.usd() * 900))]]
    return [("PRC_EXPSR_YN", expose), ("PRC_NEGO_YN", negotiate), ("PRC_SCTN", Group("SCTN", steps) if steps else "")]


def _steps(listing: Listing, fixed: Draw, edited: Draw) -> list[list[Field]]:
    unit, price = _unit(listing.product.kind, fixed), listing.usd()
    if fixed.chance(0.004):
        price = 999_999.0
    count = fixed.pick((1, 1, 1, 2, 2, 3))
    ends = [10 ** fixed.between(2, 3) * step for step in (1, 5, 20)][:count]
    if fixed.chance(0.6):
        ends[-1] = NO_END
    fall = 0.03 if fixed.chance(0.02) else -0.06
    steps: list[list[Field]] = [
        [("MAX_QTY", end), ("UNIT_CD", unit), ("USD_AMT", rounded(price * (1 + fall * place)))]
        for place, end in enumerate(ends)
    ]
    return steps[::-1] if edited.chance(0.06) else steps


def _terms(listing: Listing, fixed: Draw, edited: Draw) -> list[Field]:
    product, kind = listing.product, listing.product.kind
    hidden = fixed.chance(0.06)
    unit = _unit(kind, fixed) if kind.pack == 1 or fixed.chance(0.6) else "PCS"
    quantity = product.moq + 10 * (listing.revision % 3)
    low, high = product.lead
    lead = (low, 0) if fixed.chance(0.05) else (0, 0) if fixed.chance(0.06) else (low, high)
    certificates = ",".join(product.certificates) if fixed.chance(0.75) else ""
    return [
        ("MOQ_EXPSR_YN", "N" if hidden else "Y"),
        ("MOQ_QTY", 0 if hidden else quantity),
        ("MOQ_UNIT_CD", "" if hidden else unit),
        ("QUOT_POSBL_YN", "Y" if fixed.chance(0.9) else "N"),
        ("KOPS_YN", "Y" if fixed.chance(0.1) else "N"),
        ("SMPL_YN", "Y" if edited.chance(0.6) else "N"),
        ("TRNSP_CND", fixed.pick(("FOB,CIF", "FOB", "EXW,FOB,CIF", "FCA,DAP", "NEGO"))),
        ("TRNSP_MTHD", fixed.pick(("SEA,AIR", "SEA", "AIR", "SEA,AIR,MULTI", "NEGO", ""))),
        ("LEAD_MIN", lead[0]),
        ("LEAD_MAX", lead[1]),
        ("LOAD_CITY_NM", fixed.pick(("Busan", "Incheon", "Pyeongtaek", "Gwangyang", ""))),
        ("ORGPLCE_CD", product.origin if fixed.chance(0.95) else f"{product.origin},CN"),
        ("CRTFC_CD", certificates),
    ]


def _standing(listing: Listing) -> list[Field]:
    """Approval, shown or not, and why not."""
    if not listing.alive:
        approval, shown, reason = "승인완료", "N", "DELETED"
    elif listing.status < 12:
        approval, shown, reason = "승인대기", "N", "PENDING"
    elif listing.status < 18:
        approval, shown, reason = "반려", "N", "REJECT"
    elif listing.status < 21:
        # Shown, yet only saved as a draft: both fields must agree before a buyer may see it.
        approval, shown, reason = "임시저장", "Y", ""
    elif listing.status < HIDDEN_BELOW[BUYKOREA]:
        approval, shown, reason = "승인완료", "N", "CREDIT" if listing.status % 4 == 0 else "SELLER"
    else:
        approval, shown, reason = "승인완료", "Y", ""
    return [("APRV_STS", approval), ("EXPSR_YN", shown), ("HIDE_RSN_CD", reason)]


def detail_fields(listing: Listing, numbers: Numbers, day: int) -> list[Field]:
    """The list's fields and what `goodsDetail` adds."""
    draw, number = listing.fixed("bk detail"), numbers.goods(listing.index)
    month = day_text(listing.registered)[:6]
    picture = f"https://img.buykorea.example/editor/{number}_d1.jpg"
    images: list[list[Field]] = [
        [
            ("ORD", place),
            ("URL", f"https://img.buykorea.example/goods/{month}/{number}_{place}.jpg"),
            ("ALT_TXT", listing.product.english[:30] if place == 1 else ""),
        ]
        for place in range(1, 1 + draw.below(5))
    ]
    papers: list[list[Field]] = [
        [
            ("CD", code),
            ("NO", f"{code.partition('_')[2]}-{draw.below(10**7):07d}"),
            ("NAT_CD", draw.pick(("KR", "BE", "US", ""))),
            ("ISSU_DE", draw.pick(("20240101", "20250415", ""))),
            ("VALID_DE", draw.pick(("20280101", ""))),
        ]
        for code in listing.product.certificates
    ]
    return [
        *listing_fields(listing, numbers, day),
        ("DTL_CN", Html(wording.html(listing.product, listing.firm, draw, picture=picture))),
        ("IMGS", Group("IMG", images) if images else ""),
        ("CRTFCS", Group("CRTFC", papers) if papers else ""),
        ("VIDEO_URL", "https://video.example/watch/1" if draw.chance(0.05) else ""),
        ("SUPLY_QTY", draw.pick((0, 1000, 10_000, 100_000))),
        ("SUPLY_UNIT_CD", _unit(listing.product.kind, draw)),
        ("SUPLY_PRD", draw.pick(("DAY", "WEEK", "MONTH", "YEAR"))),
        ("AWARD_CD", draw.pick(("", "", "", "IF", "REDDOT", "GDESIGN"))),
    ]


def company_fields(statement: Statement, numbers: Numbers, seed: int) -> list[Field]:
    draw, firm = Draw(seed, "bk company", statement.account), statement.firm
    korean_city, city, korean_street, street, _, _ = names.PLACES[firm.place]
    old_zip = f"{100 + firm.number % 800}-{firm.number % 900:03d}"
    code = old_zip if draw.chance(0.1) else firm.zip
    space = "\u00a0" if draw.chance(0.04) else " "
    address = draw.pick(
        (f"{code} {firm.house}, {street}, {city}", f"{firm.house},{space}{street}, {city}, Republic of Korea", code)
    )
    year, month, day = firm.founded
    return [
        ("ENTP_SN", numbers.seller(statement.account)),
        ("ENG_ENTP_NM", statement.english),
        ("KOR_ENTP_NM", statement.korean if draw.chance(0.6) else ""),
        ("BIZRNO", statement.brn),
        ("CEO_NM", statement.person[1]),
        ("ENG_ADRES", address),
        ("KOR_ADRES", f"{korean_city} {korean_street} {firm.house}" if draw.chance(0.3) else ""),
        ("ZIP", code),
        ("HMPG_URL", statement.homepage),
        ("TEL_NO", international(statement.phone)),
        ("BIZ_TY", draw.pick(("Manufacturer", "Distributor", "Manufacturer,Distributor", ".", ""))),
        (
            "ESTBL_DE",
            draw.pick(
                (
                    f"{year}",
                    f"{year}{month:02d}{day:02d}",
                    f"{year}.{month}.{day}",
                    f"{year}년{month}월{day}일",
                    "-",
                    "--",
                )
            ),
        ),
        ("EMP_BAND", _staff_band(firm.staff) if draw.chance(0.7) else ""),
        ("SALES_BAND", draw.pick(("~1,000", "1,001~5,000", "5,001~10,000", "10,001~100,000", "- / -", ""))),
        ("EXP_NAT_CD", draw.pick(("US,JP", "CN,VN,US", "US,NA", "", ""))),
        ("UPD_DT", day_text(statement.updated_day)),
    ]


def _staff_band(staff: int) -> str:
    for limit, band in (
        (10, "1~10"),
        (50, "11~50"),
        (100, "51~100"),
        (200, "101~200"),
        (500, "201~500"),
        (1000, "501~1,000"),
    ):
        if staff <= limit:
            return band
    return "1,001~"
