"""Parts of invented Korean names: firms, people, places, and the many spellings of one firm's name."""

from connectors.mock.rng import Draw

# Hangul, usual romanisation, the other one that occurs.
_SYLLABLES = (
    "누/nu", "리/ri/li", "온/on", "다/da", "라/ra/la", "진/jin", "담/dam", "새/sae", "봄/bom", "루/ru/lu",
    "미/mi", "별/byeol/byul", "해/hae", "솜/som", "가/ga/ka", "나/na", "하/ha", "늘/neul/nul", "빛/bit/vit",
    "솔/sol", "름/reum", "초/cho", "록/rok/lok", "은/eun/un", "정/jeong/jung", "우/woo/u", "성/seong/sung",
    "영/yeong/young", "민/min", "서/seo/suh", "도/do", "윤/yun/yoon", "태/tae", "호/ho", "동/dong", "남/nam",
    "인/in", "보/bo", "세/se", "유/yu/yoo", "원/won", "청/cheong/chung", "산/san", "들/deul/dul", "마/ma",
    "채/chae", "율/yul", "슬/seul", "품/pum", "결/gyeol/kyul", "벼/byeo/byo", "강/gang/kang", "선/seon/sun",
    "여/yeo", "울/ul", "란/ran", "비/bi", "단/dan", "샘/saem", "겨/gyeo/kyo", "주/ju/joo", "로/ro",
)  # fmt: skip


def _syllable(text: str) -> tuple[str, str, str]:
    hangul, usual, *other = text.split("/")
    return hangul, usual, other[0] if other else usual


SYLLABLES = tuple(_syllable(text) for text in _SYLLABLES)

LETTERS: tuple[tuple[str, str], ...] = (
    ("B", "비"), ("C", "씨"), ("D", "디"), ("E", "이"), ("G", "지"), ("H", "에이치"), ("J", "제이"), ("K", "케이"),
    ("M", "엠"), ("N", "엔"), ("O", "오"), ("P", "피"), ("R", "알"), ("S", "에스"), ("T", "티"), ("W", "더블유"),
)  # fmt: skip

KOREAN_FORMS = ("주식회사 {0}", "{0} 주식회사", "(주){0}", "㈜{0}", "{0}(주)", "㈜ {0}", "(주) {0}", "{0}㈜", "{0}")
KOREAN_LIMITED = ("유한회사 {0}", "(유){0}", "{0}(유)", "{0} 유한회사")
KOREAN_FARM = ("농업회사법인 {0}", "농업회사법인 주식회사 {0}", "농업회사법인(주){0}", "{0} 농업회사법인㈜")
ENGLISH_FORMS = (
    "{0} Co., Ltd.", "{0} Co.,Ltd.", "{0} Co., Ltd", "{0} CO.,LTD", "{0} co., ltd", "{0} Co Ltd", "{0} CO,.LTD",
    "{0} Co.Ltd", "{0} Corp.", "{0} Corporation", "{0} Inc.", "{0} Inc", "{0}", "{0} Company Limited", "{0}, Ltd.",
)  # fmt: skip

SURNAMES = (
    ("김", "Kim"), ("이", "Lee"), ("박", "Park"), ("최", "Choi"), ("정", "Jung"), ("강", "Kang"), ("조", "Cho"),
    ("윤", "Yoon"), ("장", "Jang"), ("임", "Lim"), ("한", "Han"), ("오", "Oh"), ("서", "Seo"), ("신", "Shin"),
)  # fmt: skip
GIVEN = (
    ("하온", "Ha-on"), ("서율", "Seo-yul"), ("도담", "Do-dam"), ("지온", "Ji-on"), ("태솔", "Tae-sol"),
    ("은별", "Eun-byeol"), ("나래", "Na-rae"), ("다솜", "Da-som"), ("라온", "Ra-on"), ("마루", "Ma-ru"),
    ("보라", "Bo-ra"), ("새론", "Sae-ron"), ("아람", "A-ram"), ("예솔", "Ye-sol"), ("이든", "I-deun"),
    ("주원", "Ju-won"), ("한결", "Han-gyeol"), ("해든", "Hae-deun"),
)  # fmt: skip

# City, street (both scripts), zip prefix, area code.
PLACES: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("서울 강남구", "Gangnam-gu, Seoul", "테헤란로", "Teheran-ro", "06", "02"),
    ("서울 금천구", "Geumcheon-gu, Seoul", "가산디지털로", "Gasan digital-ro", "08", "02"),
    ("경기도 안산시 단원구", "Danwon-gu, Ansan-si", "산단로", "Sandan-ro", "15", "031"),
    ("경기도 화성시", "Hwaseong-si", "동탄기흥로", "Dongtangiheung-ro", "18", "031"),
    ("인천 남동구", "Namdong-gu, Incheon", "남동대로", "Namdong-daero", "21", "032"),
    ("강원 원주시", "Wonju-si", "기업로", "Gieop-ro", "26", "033"),
    ("충남 금산군", "Geumsan-gun", "인삼로", "Insam-ro", "32", "041"),
    ("대전 유성구", "Yuseong-gu, Daejeon", "테크노로", "Techno-ro", "34", "042"),
    ("충북 청주시 흥덕구", "Heungdeok-gu, Cheongju-si", "오송생명로", "Osongsaengmyeong-ro", "28", "043"),
    ("부산 사상구", "Sasang-gu, Busan", "낙동대로", "Nakdong-daero", "46", "051"),
    ("울산 북구", "Buk-gu, Ulsan", "효암로", "Hyoam-ro", "44", "052"),
    ("대구 달서구", "Dalseo-gu, Daegu", "성서공단로", "Seongseogongdan-ro", "42", "053"),
    ("경북 구미시", "Gumi-si", "수출대로", "Suchul-daero", "39", "054"),
    ("경남 창원시 성산구", "Seongsan-gu, Changwon-si", "공단로", "Gongdan-ro", "51", "055"),
    ("전남 목포시", "Mokpo-si", "해안로", "Haean-ro", "58", "061"),
    ("광주 광산구", "Gwangsan-gu, Gwangju", "하남산단로", "Hanamsandan-ro", "62", "062"),
    ("전북 전주시 덕진구", "Deokjin-gu, Jeonju-si", "팔복로", "Palbok-ro", "54", "063"),
)


def core_name(draw: Draw) -> tuple[str, str, str]:
    """A firm's name without trade word and legal form: Hangul, usual romanisation, the other one."""
    if draw.chance(0.06):
        letters = [draw.pick(LETTERS) for _ in range(3)]
        joined = "".join(letter for letter, _ in letters)
        return "".join(hangul for _, hangul in letters), joined, joined
    parts = [draw.pick(SYLLABLES) for _ in range(2 if draw.chance(0.12) else 3)]
    hangul, usual, other = ("".join(part[column] for part in parts) for column in range(3))
    return hangul, usual.capitalize(), other.capitalize()


def korean_name(core: str, trade: str, form: str, draw: Draw) -> str:
    """`form` is the firm's true legal form; how it is written differs from account to account."""
    forms = {"limited": KOREAN_LIMITED, "farm": KOREAN_FARM}.get(form, KOREAN_FORMS)
    space = " " if draw.chance(0.15) else ""
    return draw.pick(forms).format(f"{core}{space}{trade}")


def english_name(core: str, trade: str, draw: Draw) -> str:
    name = draw.pick(ENGLISH_FORMS).format(f"{core} {trade}")
    fate = draw.share()
    if fate < 0.2:
        return name.upper()
    return name.lower() if fate < 0.24 else name
