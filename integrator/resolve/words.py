"""Our own small word tables: what matching needs to know of Korean and English trade words."""

from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def korean_words() -> dict[str, str]:
    """Korean words of goods and firms to English ones.

    Only what occurs in titles and names again and again; brand names and loan words need no entry, their sounds are
    compared instead (`names.consonants`).
    """
    lines = files("integrator.resolve").joinpath("korean_words.tsv").read_text("utf-8").splitlines()[1:]
    return {korean: english for korean, _, english in (line.partition("\t") for line in lines)}


def word_set(words: str) -> frozenset[str]:
    """Words between blanks, as a set."""
    return frozenset(words.split())


def by_spelling(table: str) -> dict[str, str]:
    """Lines of a value and its spellings, to a mapping from each spelling."""
    rows = (line.split() for line in table.strip().splitlines())
    return {spelling: value for value, *spellings in rows for spelling in spellings}


COLOURS = by_spelling(
    """
    black black 블랙 검정 검은색 흑색
    white white 화이트 흰색 백색
    red red 레드 빨강 빨간색 적색
    blue blue 블루 파랑 파란색 청색
    navy navy 네이비 남색
    green green 그린 초록 녹색 초록색
    yellow yellow 옐로우 노랑 노란색
    pink pink 핑크 분홍 분홍색
    purple purple 퍼플 보라 violet 보라색 라벤더색
    gray gray grey 그레이 회색
    brown brown 브라운 갈색
    beige beige 베이지
    ivory ivory 아이보리
    orange orange 오렌지 주황 주황색
    silver silver 실버 은색
    gold gold 골드 금색
    clear clear transparent 투명
    coral coral 코랄
    mint mint 민트
    charcoal charcoal 차콜
    khaki khaki 카키
    burgundy burgundy 버건디
    rose rose 로즈
    wine wine 와인
    olive olive 올리브
    sky skyblue 하늘색 스카이블루
    """
)

SIZES = by_spelling(
    """
    S small 소형 스몰 s
    M medium 중형 미디엄 m
    L large 대형 라지 l
    XL xl 특대형
    XXL xxl
    XS xs
    king king 킹
    queen queen 퀸
    mini mini 미니
    jumbo jumbo 점보
    """
)

# Words that say nothing about which product it is.
STOP_WORDS = word_set(
    """
    a an and best box boxes by code ea each for from good hot in item korea korean made model new no odm oem
    of on pack packs pc pcs per piece pieces product products quality sale the to type with
    개입 국산 매입 모델 및 박스 세트 신제품 용 정품 제품 한국산
    """
)

# Spellings, and everyday names, of one English word.
SAME_WORDS = by_spelling(
    """
    moisturizing moisturising moisturizer moisture
    aluminum aluminium
    color colour
    tire tyre
    stainless sts sus inox
    gray grey
    seaweed laver gim nori
    extract concentrate
    fiber fibre
    liter litre
    jewelry jewellery
    mold mould
    t-shirt tshirt
    face facial
    glasses eyeglass
    """
)

# Words that tell one variant of a thing from another: two titles that differ in one on each side are two products.
MODIFIERS = word_set(
    """
    adjustable adult aged airtight alloy aloe aluminum analog anodized antibacterial antistatic automatic autumn baby
    bamboo beginner biodegradable bottom brass brewed canned carbide carbon ceiling centella ceramic charcoal
    chocolate chrome citron clear coated collagen commercial compact cooked cooling copper cordless corrugated cotton
    curved decorative desktop detachable diagonal digital dotted double dried dry dual duty dyed economy educational
    elastic electric electronic enamel erasable expert fermented fire fireproof fixed flame flanged flat flexible
    floor foldable folding fresh front frosted frozen galvanised galvanized garlic ginger glass glossy granite
    granular handheld hard hardcover heating heavy high honey horizontal hot household hyaluronic hydraulic indoor
    industrial inner instant insulated iron jumbo kids kraft lacquered large latex lavender leather left lemon
    lightweight lined linen liquid long low lower luxury magnetic manual marble matte medical men mild mini mobile
    modern musical narrow natural nitrile noise nonstick nylon opaque organic original outdoor outer oval paper
    perforated pickled plain plastic pneumatic polyester portable power precision pressure printed propolis purity
    quick raw rear rechargeable recyclable reflective reinforced resealable resistant retardant reusable right rigid
    roasted rose rotary round rubber salty seamless short silicone silk single slim slip small smart smoked snail soft
    softcover solar solid speed spicy spring square stackable stainless steel sterile straight strawberry stretch
    submersible summer super sweet tall temperature thick thin threaded titanium top traditional transparent triple
    twin unisex universal upper vegan vertical vinyl vitamin wall waterproof welded wide winter wired wireless women
    wood wooden wool
    """
)

# Words that name a line of goods; leaving one out is rare.
LINES = word_set("premium pro professional plus max eco home clinic classic deluxe basic standard ultra lite signature")
