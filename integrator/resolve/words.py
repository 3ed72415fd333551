"""Our own small word tables: what matching needs to know of Korean and English trade words."""

# Korean words of goods and firms to one English word. Only what occurs in titles and names again and again; brand names
# and loan words need no entry, their sounds are compared instead (`names.consonants`).
KOREAN_WORDS: dict[str, str] = {
    # firms
    "식품": "food", "푸드": "food", "화장품": "cosmetic", "코스메틱": "cosmetic", "기계": "machinery", "산업": "industry",
    "전자": "electronics", "조명": "lighting", "무역": "trading", "정밀": "precision", "공업": "industry", "테크": "tech",
    "물산": "trading", "상사": "trading", "바이오": "bio", "제약": "pharm", "의료기": "medical", "메디칼": "medical",
    "섬유": "textile", "금속": "metal", "화학": "chemical", "수산": "fishery", "농산": "agro", "인터내셔널": "international",
    "글로벌": "global", "코리아": "korea", "시스템": "system", "엔지니어링": "engineering", "솔루션": "solution",
    "패션": "fashion", "가구": "furniture", "완구": "toy", "문구": "stationery", "주방": "kitchen", "환경": "environment",
    "에너지": "energy", "모터스": "motors", "오토": "auto", "플라스틱": "plastic", "케미칼": "chemical", "하우스": "house",
    # goods
    "수분": "moisture", "보습": "moisturizing", "크림": "cream", "로션": "lotion", "토너": "toner", "세럼": "serum",
    "앰플": "ampoule", "에센스": "essence", "샴푸": "shampoo", "린스": "conditioner", "트리트먼트": "treatment",
    "마스크팩": "sheet mask", "마스크": "mask", "팩": "pack", "립밤": "lip balm", "립스틱": "lipstick", "립틴트": "lip tint",
    "쿠션": "cushion", "선크림": "sun cream", "자외선": "sun", "차단제": "block", "비누": "soap", "치약": "toothpaste",
    "칫솔": "toothbrush", "클렌징": "cleansing", "클렌저": "cleanser", "폼": "foam", "병풀": "centella", "바디": "body",
    "핸드": "hand", "헤어": "hair", "향수": "perfume", "매니큐어": "nail polish", "네일": "nail", "미용": "beauty",
    "홍삼": "red ginseng", "인삼": "ginseng", "농축액": "concentrate", "추출물": "extract", "진액": "extract",
    "조미김": "seasoned laver", "김": "laver", "미역": "seaweed", "해조류": "seaweed", "다시마": "kelp", "김치": "kimchi",
    "고추장": "gochujang", "된장": "soybean paste", "간장": "soy sauce", "소스": "sauce", "라면": "ramen", "국수": "noodle",
    "당면": "glass noodle", "떡볶이": "tteokbokki", "떡": "rice cake", "쌀": "rice", "과자": "snack", "스낵": "snack",
    "사탕": "candy", "젤리": "jelly", "초콜릿": "chocolate", "음료": "drink", "주스": "juice", "커피": "coffee", "차": "tea",
    "녹차": "green tea", "유자": "yuzu", "꿀": "honey", "소주": "soju", "막걸리": "makgeolli", "맥주": "beer", "치즈": "cheese",
    "분말": "powder", "가루": "powder", "냉동": "frozen", "건조": "dried", "볶음": "roasted", "구운": "roasted", "문어": "octopus",
    "새우": "shrimp", "오징어": "squid", "참치": "tuna", "굴": "oyster", "전복": "abalone", "만두": "dumpling", "두부": "tofu",
    "버섯": "mushroom", "마늘": "garlic", "생강": "ginger", "딸기": "strawberry", "배": "pear", "사과": "apple", "감귤": "mandarin",
    "비타민": "vitamin", "유산균": "probiotics", "콜라겐": "collagen", "오메가": "omega", "영양제": "supplement", "정제": "tablet",
    "캡슐": "capsule", "건강": "health", "기능식품": "supplement",
    "원심": "centrifugal", "펌프": "pump", "수중": "submersible", "밸브": "valve", "볼": "ball", "모터": "motor", "감속기": "reducer",
    "베어링": "bearing", "기어": "gear", "실린더": "cylinder", "유압": "hydraulic", "공압": "pneumatic", "압축기": "compressor",
    "컴프레서": "compressor", "용접기": "welding machine", "용접봉": "welding rod", "절단기": "cutter", "드릴": "drill",
    "공구": "tool", "렌치": "wrench", "포장기": "packaging machine", "포장": "packaging", "충전기": "charger", "건조기": "dryer",
    "냉장고": "refrigerator", "냉동고": "freezer", "제빙기": "ice maker", "공기청정기": "air purifier", "정수기": "water purifier",
    "가습기": "humidifier", "선풍기": "fan", "히터": "heater", "보일러": "boiler", "청소기": "cleaner", "밥솥": "rice cooker",
    "믹서": "mixer", "프라이팬": "frying pan", "냄비": "pot", "칼": "knife", "도마": "cutting board", "그릇": "bowl", "접시": "plate",
    "컵": "cup", "텀블러": "tumbler", "물병": "bottle", "용기": "container", "뚜껑": "lid", "수저": "spoon", "젓가락": "chopsticks",
    "투광등": "floodlight", "조명등": "light", "램프": "lamp", "전구": "bulb", "가로등": "street light", "다운라이트": "downlight",
    "배터리": "battery", "건전지": "battery", "케이블": "cable", "어댑터": "adapter", "커넥터": "connector", "센서": "sensor",
    "카메라": "camera", "스피커": "speaker", "이어폰": "earphone", "헤드폰": "headphone", "키보드": "keyboard", "모니터": "monitor",
    "보조": "auxiliary", "무선": "wireless", "스마트": "smart", "블루투스": "bluetooth", "필터": "filter", "필름": "film",
    "시트": "sheet", "테이프": "tape", "접착제": "adhesive", "페인트": "paint", "도료": "paint", "윤활유": "lubricant",
    "오일": "oil", "엔진": "engine", "브레이크": "brake", "패드": "pad", "타이어": "tire", "와이퍼": "wiper", "자동차": "car",
    "차량용": "car", "부품": "part", "임플란트": "implant", "주사기": "syringe", "체온계": "thermometer", "혈압계": "blood pressure monitor",
    "혈당": "glucose", "진단": "diagnostic", "키트": "kit", "장갑": "glove", "라텍스": "latex", "니트릴": "nitrile", "붕대": "bandage",
    "밴드": "band", "의자": "chair", "책상": "desk", "침대": "bed", "매트리스": "mattress", "베개": "pillow", "이불": "blanket",
    "소파": "sofa", "수건": "towel", "타월": "towel", "양말": "socks", "티셔츠": "t-shirt", "셔츠": "shirt", "바지": "pants",
    "자켓": "jacket", "재킷": "jacket", "모자": "cap", "신발": "shoes", "운동화": "sneakers", "가방": "bag", "백팩": "backpack",
    "지갑": "wallet", "벨트": "belt", "원단": "fabric", "직물": "fabric", "면": "cotton", "순면": "cotton", "양모": "wool",
    "실크": "silk", "가죽": "leather", "나일론": "nylon", "폴리에스터": "polyester", "폴리에스테르": "polyester", "원사": "yarn",
    "볼펜": "pen", "펜": "pen", "연필": "pencil", "노트": "notebook", "공책": "notebook", "스티커": "sticker", "인형": "doll",
    "장난감": "toy", "블록": "block", "퍼즐": "puzzle", "낚싯대": "fishing rod", "낚시": "fishing", "골프": "golf", "공": "ball",
    "텐트": "tent", "캠핑": "camping", "요가": "yoga", "매트": "mat", "자전거": "bicycle", "우산": "umbrella", "거울": "mirror",
    "시계": "watch", "목걸이": "necklace", "귀걸이": "earring", "반지": "ring", "안경": "glasses", "렌즈": "lens", "콘택트": "contact",
    "수지": "resin", "합성": "synthetic", "고무": "rubber", "실리콘": "silicone", "유리": "glass", "세라믹": "ceramic",
    "도자기": "ceramic", "목재": "wood", "합판": "plywood", "타일": "tile", "벽지": "wallpaper", "파이프": "pipe", "강관": "steel pipe",
    "철강": "steel", "강판": "steel sheet", "스테인리스": "stainless", "스텐": "stainless", "알루미늄": "aluminum", "구리": "copper",
    "동": "copper", "볼트": "bolt", "너트": "nut", "나사": "screw", "스프링": "spring", "와이어": "wire", "로프": "rope",
    "체인": "chain", "비료": "fertilizer", "농약": "pesticide", "종자": "seed", "씨앗": "seed", "사료": "feed", "애견": "pet",
    "반려동물": "pet", "강아지": "dog", "고양이": "cat", "간식": "treat", "기저귀": "diaper", "물티슈": "wet wipe", "티슈": "tissue",
    "휴지": "tissue", "생리대": "sanitary pad", "세제": "detergent", "세탁": "laundry", "방향제": "air freshener", "살균": "sterilizing",
    "소독": "disinfectant", "소독제": "disinfectant", "소화기": "fire extinguisher", "안전": "safety", "안전모": "safety helmet",
    "방수": "waterproof", "휴대용": "portable", "산업용": "industrial", "가정용": "household", "자동": "automatic", "전동": "electric",
    "전기": "electric", "태양광": "solar", "패널": "panel", "인버터": "inverter", "변압기": "transformer", "차단기": "circuit breaker",
    "스위치": "switch", "콘센트": "socket", "디스플레이": "display", "터치": "touch", "반도체": "semiconductor", "기판": "board",
    "프린터": "printer", "잉크": "ink", "토너카트리지": "toner cartridge", "카트리지": "cartridge", "종이": "paper", "박스": "box",
    "상자": "box", "봉투": "bag", "랩": "wrap", "천연": "natural", "유기농": "organic", "프리미엄": "premium", "고급": "premium",
    "수동": "manual", "고압": "high pressure", "저소음": "low noise", "다기능": "multi", "어린이": "kids", "유아": "baby", "아기": "baby",
    "남성": "men", "여성": "women",
}  # fmt: skip

COLOURS: dict[str, str] = {
    "black": "black", "블랙": "black", "검정": "black", "검은색": "black", "흑색": "black",
    "white": "white", "화이트": "white", "흰색": "white", "백색": "white",
    "red": "red", "레드": "red", "빨강": "red", "빨간색": "red", "적색": "red",
    "blue": "blue", "블루": "blue", "파랑": "blue", "파란색": "blue", "청색": "blue", "navy": "navy", "네이비": "navy", "남색": "navy",
    "green": "green", "그린": "green", "초록": "green", "녹색": "green", "yellow": "yellow", "옐로우": "yellow", "노랑": "yellow",
    "pink": "pink", "핑크": "pink", "분홍": "pink", "purple": "purple", "퍼플": "purple", "보라": "purple", "violet": "purple",
    "gray": "gray", "grey": "gray", "그레이": "gray", "회색": "gray", "brown": "brown", "브라운": "brown", "갈색": "brown",
    "beige": "beige", "베이지": "beige", "ivory": "ivory", "아이보리": "ivory", "orange": "orange", "오렌지": "orange", "주황": "orange",
    "silver": "silver", "실버": "silver", "은색": "silver", "gold": "gold", "골드": "gold", "금색": "gold", "clear": "clear",
    "transparent": "clear", "투명": "clear", "coral": "coral", "코랄": "coral", "mint": "mint", "민트": "mint", "charcoal": "charcoal",
    "차콜": "charcoal", "khaki": "khaki", "카키": "khaki", "burgundy": "burgundy", "버건디": "burgundy",
}  # fmt: skip

SIZES: dict[str, str] = {
    "small": "S", "소형": "S", "스몰": "S", "s": "S", "medium": "M", "중형": "M", "미디엄": "M", "m": "M", "large": "L", "대형": "L",
    "라지": "L", "l": "L", "xl": "XL", "특대형": "XL", "xxl": "XXL", "xs": "XS", "king": "king", "킹": "king", "queen": "queen",
    "퀸": "queen", "mini": "mini", "미니": "mini", "jumbo": "jumbo", "점보": "jumbo",
}  # fmt: skip

# Words that say nothing about which product it is.
STOP_WORDS = frozenset(
    ["a", "an", "and", "the", "of", "for", "with", "in", "on", "to", "by", "from", "new", "hot", "best", "sale", "oem", "odm", "made", "korea", "korean", "product", "products", "item", "model", "type", "premium", "high", "quality", "good", "set", "sets", "pc", "pcs", "piece", "pieces", "ea", "box", "boxes", "pack", "packs", "per", "each", "no", "code", "및", "용", "신제품", "국산", "한국산", "정품", "제품", "모델", "세트", "매입", "개입", "박스"]
)

# Spellings of one English word.
SAME_WORDS: dict[str, str] = {
    "moisturising": "moisturizing", "moisturizer": "moisturizing", "moisture": "moisturizing", "aluminium": "aluminum",
    "colour": "color", "tyre": "tire", "sts": "stainless", "sus": "stainless", "inox": "stainless", "flood": "flood",
    "grey": "gray", "laver": "seaweed", "gim": "seaweed", "nori": "seaweed", "extract": "extract", "concentrate": "extract",
    "fibre": "fiber", "litre": "liter", "jewellery": "jewelry", "mould": "mold", "tshirt": "t-shirt", "sock": "sock",
    "facial": "face", "disposable": "disposable", "eyeglass": "glasses",
}  # fmt: skip
