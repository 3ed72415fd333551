"""Codes of rejections and issues, and the text that helps a seller mend each of them.

A code is stable: it is stored, counted and linked to. Never rename one; add another.
"""

from dataclasses import dataclass

# Rejections: the record is set aside (feed guides, common rule 7) --------------------------------------------------
ID_INVALID = "ID_INVALID"
NAME_MISSING = "NAME_MISSING"
SELLER_MISSING = "SELLER_MISSING"
DATE_INVALID = "DATE_INVALID"
ROW_SHAPE = "ROW_SHAPE"
UNREADABLE = "UNREADABLE"  # the record itself is not what its kind looks like
OWN_FAULT = "OWN_FAULT"  # our own code failed on it, again and again

# A page or a drop that cannot be read -------------------------------------------------------------------------------
NOT_WELL_FORMED = "NOT_WELL_FORMED"
ENCODING_INVALID = "ENCODING_INVALID"
TRUNCATED = "TRUNCATED"
HASH = "HASH"
ROWS = "ROWS"
TOO_LARGE = "TOO_LARGE"

# Issues: the field was repaired, or costs only itself ----------------------------------------------------------------
TEXT_MOJIBAKE = "TEXT_MOJIBAKE"
TEXT_LOST_LETTER = "TEXT_LOST_LETTER"
TEXT_DOUBLE_ESCAPED = "TEXT_DOUBLE_ESCAPED"
TEXT_CONTROL = "TEXT_CONTROL"
TEXT_TOO_LONG = "TEXT_TOO_LONG"
HTML_UNSAFE = "HTML_UNSAFE"
HTML_PICTURE_DROPPED = "HTML_PICTURE_DROPPED"
NAME_OTHER_SCRIPT = "NAME_OTHER_SCRIPT"
NAME_REPEATED = "NAME_REPEATED"
PRICE_UNREADABLE = "PRICE_UNREADABLE"
PRICE_PLACEHOLDER = "PRICE_PLACEHOLDER"
PRICE_RISES = "PRICE_RISES"
PRICE_SWAPPED = "PRICE_SWAPPED"
PRICE_STEPS_SORTED = "PRICE_STEPS_SORTED"
PRICE_UNIT_MISSING = "PRICE_UNIT_MISSING"
CURRENCY_UNKNOWN = "CURRENCY_UNKNOWN"
UNIT_UNKNOWN = "UNIT_UNKNOWN"
MOQ_UNREADABLE = "MOQ_UNREADABLE"
MOQ_VARIES = "MOQ_VARIES"
MOQ_SWAPPED = "MOQ_SWAPPED"
MOQ_UNIT_MISSING = "MOQ_UNIT_MISSING"
LEAD_UNREADABLE = "LEAD_UNREADABLE"
LEAD_SWAPPED = "LEAD_SWAPPED"
HS_UNREADABLE = "HS_UNREADABLE"
HS_PADDED = "HS_PADDED"
HS_PREFIX = "HS_PREFIX"
DAY_UNREADABLE = "DAY_UNREADABLE"
BRN_INVALID = "BRN_INVALID"
PHONE_UNREADABLE = "PHONE_UNREADABLE"
MAIL_UNREADABLE = "MAIL_UNREADABLE"
WEB_UNREADABLE = "WEB_UNREADABLE"
ZIP_ABOLISHED = "ZIP_ABOLISHED"
IMAGE_UNREADABLE = "IMAGE_UNREADABLE"
IMAGE_SCHEME_MISSING = "IMAGE_SCHEME_MISSING"
CODE_UNKNOWN = "CODE_UNKNOWN"
NUMBER_UNREADABLE = "NUMBER_UNREADABLE"
NUMBER_ROUNDED = "NUMBER_ROUNDED"
FIELD_UNREADABLE = "FIELD_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Help:
    """What a code means and what to do, for the seller, in English and Korean."""

    en: str
    ko: str


# What the seller (for the page codes: the operator) sees and what to change. Every code above has its text.
HELP: dict[str, Help] = {
    ID_INVALID: Help(
        "The listing's number is missing or has a form the platform never gives, so the listing cannot be taken "
        "over. Ask the platform to check this listing.",
        "상품번호가 없거나 플랫폼의 형식과 달라 상품을 가져올 수 없습니다. 플랫폼에 해당 상품의 확인을 요청하세요.",
    ),
    NAME_MISSING: Help(
        "The product has no name in any language and is not shown. Enter an English name; a Korean one helps too.",
        "어느 언어로도 상품명이 없어 노출되지 않습니다. 영문 상품명을 입력하세요. 국문 상품명도 있으면 좋습니다.",
    ),
    SELLER_MISSING: Help(
        "The listing names no seller, so buyers could not reach you and it is not shown. Link it to your company "
        "account.",
        "판매자 정보가 없어 바이어가 연락할 수 없으므로 노출되지 않습니다. 상품을 회사 계정에 연결하세요.",
    ),
    DATE_INVALID: Help(
        "The date of the last change cannot be read, so we cannot tell whether the listing is up to date. Save the "
        "listing again on the platform.",
        "수정일을 읽을 수 없어 최신 상품인지 확인할 수 없습니다. 플랫폼에서 상품을 다시 저장하세요.",
    ),
    ROW_SHAPE: Help(
        "The platform sent this listing with too few or too many fields; an earlier version stays on show. Look for "
        "stray quotes or line breaks in the texts and save it again.",
        "플랫폼이 보낸 상품의 항목 수가 맞지 않아 이전 내용이 유지됩니다. 입력란에 잘못된 따옴표나 줄바꿈이 없는지 "
        "확인하고 다시 저장하세요.",
    ),
    UNREADABLE: Help(
        "The platform sent this listing in a form that cannot be read; an earlier version stays on show. Save it "
        "again; if the message stays, tell the platform.",
        "플랫폼이 보낸 상품을 읽을 수 없어 이전 내용이 유지됩니다. 다시 저장해 보고, 계속되면 플랫폼에 문의하세요.",
    ),
    OWN_FAULT: Help(
        "Our own software failed on this listing, so it is set aside and an earlier version stays on show. There is "
        "nothing for you to change: our operators see it and read it again once the fault is mended.",
        "저희 소프트웨어의 오류로 상품을 처리하지 못해 이전 내용이 유지됩니다. 변경하실 것은 없으며, 운영자가 오류를 "
        "고친 뒤 다시 읽어 들입니다.",
    ),
    NOT_WELL_FORMED: Help(
        "The platform's answer is not well formed, so none of it was used. It is read again at the next run.",
        "플랫폼 응답의 형식이 깨져 있어 사용하지 않았습니다. 다음 실행 때 다시 읽습니다.",
    ),
    ENCODING_INVALID: Help(
        "The platform's answer is not in the character encoding it declares, so none of it was used.",
        "플랫폼 응답이 선언된 문자 인코딩과 달라 사용하지 않았습니다.",
    ),
    TRUNCATED: Help(
        "The platform's answer ended early, so none of it was used. It is read again at the next run.",
        "플랫폼 응답이 중간에 끊겨 사용하지 않았습니다. 다음 실행 때 다시 읽습니다.",
    ),
    HASH: Help(
        "A file's checksum differs from the one in its manifest, so nothing of this drop was used.",
        "파일의 체크섬이 명세와 달라 이번 배포분을 사용하지 않았습니다.",
    ),
    ROWS: Help(
        "A file holds another number of rows than its manifest says, so nothing of this drop was used.",
        "파일의 행 수가 명세와 달라 이번 배포분을 사용하지 않았습니다.",
    ),
    TOO_LARGE: Help(
        "The platform's answer is larger than anything its guide allows, so none of it was used.",
        "플랫폼 응답이 허용된 크기를 넘어 사용하지 않았습니다.",
    ),
    TEXT_MOJIBAKE: Help(
        "This text was saved in a wrong character encoding and looks garbled to buyers. Type it again and save.",
        "문자 인코딩이 잘못 저장되어 글자가 깨져 보입니다. 내용을 다시 입력하고 저장하세요.",
    ),
    TEXT_LOST_LETTER: Help(
        "A letter was lost and shows as a question mark, probably an accented one or a special sign. Write it in "
        "plain letters, e.g. Rose for Rosé.",
        "일부 글자(악센트 문자나 특수문자로 추정)가 사라져 물음표로 보입니다. Rosé 대신 Rose처럼 기본 글자로 다시 "
        "입력하세요.",
    ),
    TEXT_DOUBLE_ESCAPED: Help(
        "The text held escape codes such as &amp;quot; in place of signs. We show the signs; enter them directly "
        "next time.",
        "텍스트에 &amp;quot; 같은 코드가 기호 대신 들어 있었습니다. 저희는 기호로 바꿔 표시합니다. 다음에는 기호를 "
        "직접 입력하세요.",
    ),
    TEXT_CONTROL: Help(
        "The text held invisible characters, usually from copying out of another program; we removed them. Paste as "
        "plain text to avoid them.",
        "다른 프로그램에서 복사할 때 생기는 보이지 않는 문자가 있어 제거했습니다. 서식 없이 붙여 넣으면 생기지 "
        "않습니다.",
    ),
    TEXT_TOO_LONG: Help(
        "The text is longer than the platform allows and is cut where it is shown. Shorten it.",
        "텍스트가 허용 길이를 넘어 잘려서 표시됩니다. 내용을 줄이세요.",
    ),
    HTML_UNSAFE: Help(
        "The description held scripts, forms, embedded pages or similar, which are never shown. Use text and "
        "pictures only.",
        "상세설명에 스크립트, 입력 양식, 외부 페이지 등이 있어 표시하지 않습니다. 글과 이미지만 사용하세요.",
    ),
    HTML_PICTURE_DROPPED: Help(
        "A picture in the description is not shown because its address does not begin with https://. Upload it to "
        "the platform, or use an https address.",
        "상세설명의 이미지 주소가 https://로 시작하지 않아 표시되지 않습니다. 플랫폼에 올리거나 https 주소를 "
        "사용하세요.",
    ),
    NAME_OTHER_SCRIPT: Help(
        "A name stands in the field of the other language. We sorted it by its script, and left it out where that "
        "language already had a name. Enter the English and the Korean name each in its own field.",
        "상품명이 다른 언어의 입력란에 있습니다. 글자를 보고 분류했으며, 그 언어에 이미 이름이 있으면 제외했습니다. "
        "영문명과 국문명을 각각의 입력란에 입력하세요.",
    ),
    NAME_REPEATED: Help(
        "The Korean name only repeats the English one and is left out. Enter a Korean name, or leave the field empty.",
        "국문 상품명이 영문명과 같아 제외했습니다. 국문명을 입력하거나 비워 두세요.",
    ),
    PRICE_UNREADABLE: Help(
        "The price cannot be read, so buyers see no price. Write one amount with currency and unit, e.g. USD 3.50 / "
        "Piece.",
        "가격을 읽을 수 없어 바이어에게 표시되지 않습니다. USD 3.50 / Piece처럼 통화와 단위를 함께 입력하세요.",
    ),
    PRICE_PLACEHOLDER: Help(
        "A price of 0 or 999999 is taken as a placeholder and not shown. Enter a real price, or choose negotiable.",
        "0 또는 999999는 임시 가격으로 보고 표시하지 않습니다. 실제 가격을 입력하거나 '협의'를 선택하세요.",
    ),
    PRICE_RISES: Help(
        "The price per unit rises with the quantity. We show it as given; check whether two steps were mixed up.",
        "수량이 많을수록 단가가 올라갑니다. 입력하신 대로 표시하니 구간이 바뀌지 않았는지 확인하세요.",
    ),
    PRICE_SWAPPED: Help(
        "The price range stood upside down (high to low). We show it from low to high; please correct it.",
        "가격 범위의 순서가 뒤바뀌어(높은 값~낮은 값) 낮은 값부터 표시합니다. 바로잡아 주세요.",
    ),
    PRICE_STEPS_SORTED: Help(
        "The price steps came out of order. We sorted them by quantity; check that each price belongs to its step.",
        "가격 구간의 순서가 섞여 있어 수량순으로 정렬했습니다. 구간별 가격이 맞는지 확인하세요.",
    ),
    PRICE_UNIT_MISSING: Help(
        "The price names no unit, so it cannot be compared. Add it, e.g. / Piece or / Box.",
        "가격에 단위가 없어 비교할 수 없습니다. / Piece, / Box처럼 단위를 추가하세요.",
    ),
    CURRENCY_UNKNOWN: Help(
        "The currency is not clear (¥ may be yen or yuan), so the price is shown without one. Write its code, e.g. "
        "JPY or CNY.",
        "통화가 분명하지 않아(¥는 엔 또는 위안) 통화 없이 표시합니다. JPY, CNY처럼 통화 코드를 입력하세요.",
    ),
    UNIT_UNKNOWN: Help(
        "We do not know this unit, so amounts in it cannot be compared. Choose a usual one: piece, set, box, carton, "
        "kg or m.",
        "알 수 없는 단위라 비교할 수 없습니다. 개, 세트, 박스, 카톤, kg, m 등 일반적인 단위를 사용하세요.",
    ),
    MOQ_UNREADABLE: Help(
        "The minimum order cannot be read and is shown as unknown. Write a number and a unit, e.g. 100 pcs.",
        "최소주문량을 읽을 수 없어 '알 수 없음'으로 표시됩니다. 100 EA처럼 숫자와 단위를 입력하세요.",
    ),
    MOQ_VARIES: Help(
        "The minimum order differs by product and is shown as unknown. Give the smallest one, or list the products "
        "singly.",
        "최소주문량이 품목별로 달라 '알 수 없음'으로 표시됩니다. 가장 작은 수량을 입력하거나 품목을 나누어 등록하세요.",
    ),
    MOQ_SWAPPED: Help(
        "The range of the minimum order stood upside down. We show it from low to high; please correct it.",
        "최소주문량 범위의 순서가 뒤바뀌어 작은 값부터 표시합니다. 바로잡아 주세요.",
    ),
    MOQ_UNIT_MISSING: Help(
        "The minimum order names no unit: 100 of what? Add it, e.g. 100 pcs or 100 boxes.",
        "최소주문량에 단위가 없습니다. 100개, 100박스처럼 단위를 추가하세요.",
    ),
    LEAD_UNREADABLE: Help(
        "The lead time cannot be read and is shown as not given. Write days or weeks, e.g. 7~14 days.",
        "납기를 읽을 수 없어 '미기재'로 표시됩니다. 7~14일처럼 일이나 주로 입력하세요.",
    ),
    LEAD_SWAPPED: Help(
        "The lead time stood upside down (long to short). We show it from short to long; please correct it.",
        "납기 범위의 순서가 뒤바뀌어 짧은 값부터 표시합니다. 바로잡아 주세요.",
    ),
    HS_UNREADABLE: Help(
        "This is no HS code, so the product may stand in the wrong category. Enter six digits, or the ten of the HSK.",
        "HS 부호가 아니어서 상품이 잘못된 분류에 놓일 수 있습니다. 6자리 또는 HSK 10자리를 입력하세요.",
    ),
    HS_PADDED: Help(
        "The HS code has lost its leading zero, usually in a spreadsheet. We put it back; store the code as text.",
        "HS 부호의 맨 앞 0이 빠져 있어 되살렸습니다. 엑셀에서는 텍스트 형식으로 저장하세요.",
    ),
    HS_PREFIX: Help(
        "The HS code has fewer than six digits, too few to place the product well. Enter at least six.",
        "HS 부호가 6자리보다 짧아 분류가 부정확합니다. 6자리 이상 입력하세요.",
    ),
    DAY_UNREADABLE: Help(
        "This date does not exist or cannot be read, and is left out. Write it as 2026-09-14.",
        "존재하지 않거나 읽을 수 없는 날짜라 제외했습니다. 2026-09-14처럼 입력하세요.",
    ),
    BRN_INVALID: Help(
        "The business registration number is wrong: its check digit does not hold. Without it we cannot join your "
        "accounts on other platforms. Correct it in your company profile; buyers never see it.",
        "사업자등록번호의 검증번호가 맞지 않습니다. 번호가 틀리면 다른 플랫폼의 계정과 연결할 수 없습니다. 회사 "
        "정보에서 바로잡으세요. 바이어에게는 공개되지 않습니다.",
    ),
    PHONE_UNREADABLE: Help(
        "The telephone number cannot be dialled as it is written. Write it with the country code, e.g. +82-2-000-0000.",
        "전화번호 형식이 올바르지 않습니다. +82-2-000-0000처럼 국가번호와 함께 입력하세요.",
    ),
    MAIL_UNREADABLE: Help(
        "This is no e-mail address. Enter a single one, e.g. sales@company.example.",
        "이메일 주소 형식이 올바르지 않습니다. sales@company.example처럼 하나만 입력하세요.",
    ),
    WEB_UNREADABLE: Help(
        "This is no web address and is not shown. Enter the one of your own site, e.g. www.company.example.",
        "웹 주소가 아니어서 표시하지 않습니다. www.company.example처럼 자사 홈페이지 주소를 입력하세요.",
    ),
    ZIP_ABOLISHED: Help(
        "Six-digit postal codes were abolished in 2015. Enter the five-digit one.",
        "여섯 자리 우편번호는 2015년에 폐지되었습니다. 다섯 자리 우편번호를 입력하세요.",
    ),
    IMAGE_UNREADABLE: Help(
        "A picture is not shown because its address cannot be read. Upload it again.",
        "이미지 주소를 읽을 수 없어 표시하지 않습니다. 이미지를 다시 올리세요.",
    ),
    IMAGE_SCHEME_MISSING: Help(
        "A picture's address began with // and we read it as https://. Write the whole address.",
        "이미지 주소가 //로 시작해 https://로 읽었습니다. 전체 주소를 입력하세요.",
    ),
    CODE_UNKNOWN: Help(
        "We do not know this code or name, so it takes part in no filter. Choose one from the platform's list.",
        "알 수 없는 코드나 명칭이라 검색 필터에 쓰이지 않습니다. 플랫폼 목록에서 선택하세요.",
    ),
    NUMBER_UNREADABLE: Help(
        "This should be a number and is left out. Enter digits only.",
        "숫자여야 하는 항목이라 제외했습니다. 숫자만 입력하세요.",
    ),
    NUMBER_ROUNDED: Help(
        "This number has more decimals than are used and was rounded. Enter fewer.",
        "소수 자릿수가 너무 많아 반올림했습니다. 자릿수를 줄이세요.",
    ),
    FIELD_UNREADABLE: Help(
        "This field cannot be read and is left out; the rest of the listing is shown. Enter it again.",
        "이 항목은 읽을 수 없어 제외했고, 나머지 내용은 표시됩니다. 다시 입력하세요.",
    ),
}
