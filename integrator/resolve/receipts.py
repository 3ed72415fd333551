"""Receipts: the evidence kept with every decision, and the sentences made of it.

A receipt holds its texts and numbers itself, so it renders when the matcher that wrote it is gone. In public a receipt
about sellers names the kinds of evidence only.
"""

from collections.abc import Sequence

from integrator.product import Evidence, Receipt
from integrator.resolve.clusters import Decided
from integrator.resolve.scorer import RELEASE, write_raw
from integrator.resolve.sketch import Sketch

LANGUAGES = ("en", "ko", "es")

# Feature -> how a person says it. {0} is the left value, {1} the right one.
_SAME: dict[str, tuple[str, str, str]] = {
    "code": ("same model {0}", "같은 모델 {0}", "mismo modelo {0}"),
    "code_common": ("same code {0}", "같은 코드 {0}", "mismo código {0}"),
    "measure": ("same measure {0}", "같은 규격 {0}", "misma medida {0}"),
    "count": ("same count {0}", "같은 수량 {0}", "misma cantidad {0}"),
    "grade": ("same grade {0}", "같은 등급 {0}", "mismo grado {0}"),
    "colour": ("same colour {0}", "같은 색상 {0}", "mismo color {0}"),
    "size": ("same size {0}", "같은 크기 {0}", "mismo tamaño {0}"),
    "brand": ("same brand {0}", "같은 브랜드 {0}", "misma marca {0}"),
    "words": ("matching names", "일치하는 상품명", "nombres coincidentes"),
    "sounds": ("names that match across languages", "언어만 다른 상품명", "nombres que coinciden entre idiomas"),
    "hs6": ("same HS code {0}", "같은 HS 코드 {0}", "mismo código SA {0}"),
    "hs4": ("same HS heading", "같은 HS 품목", "misma partida del SA"),
    "price_near": ("similar price", "비슷한 가격", "precio similar"),
    "judgement": ("a person's decision", "사람의 판단", "la decisión de una persona"),
}  # fmt: skip
_OTHER: dict[str, tuple[str, str, str]] = {
    "code_conflict": ("other model ({0}, {1})", "다른 모델 ({0}, {1})", "otro modelo ({0}, {1})"),
    "measure_conflict": ("other measure ({0}, {1})", "다른 규격 ({0}, {1})", "otra medida ({0}, {1})"),
    "spec_conflict": ("other measure ({0}, {1})", "다른 규격 ({0}, {1})", "otra medida ({0}, {1})"),
    "grade_conflict": ("other grade ({0}, {1})", "다른 등급 ({0}, {1})", "otro grado ({0}, {1})"),
    "colour_conflict": ("other colour ({0}, {1})", "다른 색상 ({0}, {1})", "otro color ({0}, {1})"),
    "size_conflict": ("other size ({0}, {1})", "다른 크기 ({0}, {1})", "otro tamaño ({0}, {1})"),
    "brn_conflict": ("two registration numbers", "서로 다른 사업자등록번호", "dos números de registro"),
    "group": ("other members of the groups do not fit", "묶음의 다른 상품과 맞지 않음", "los demás no encajan"),
    "judgement": ("a person's decision", "사람의 판단", "la decisión de una persona"),
}  # fmt: skip
_SELLER: dict[str, tuple[str, str, str]] = {
    "brn": ("registration number", "사업자등록번호", "número de registro"),
    "domain": ("own web or mail domain", "자체 도메인", "dominio propio"),
    "phone": ("telephone", "전화번호", "teléfono"),
    "name+domain": ("name and domain", "상호와 도메인", "nombre y dominio"),
    "name+phone": ("name and telephone", "상호와 전화번호", "nombre y teléfono"),
    "name+zip": ("name and postcode", "상호와 우편번호", "nombre y código postal"),
    "judgement": ("a person's decision", "사람의 판단", "la decisión de una persona"),
}  # fmt: skip
_FRAMES: dict[str, tuple[str, str, str]] = {
    "same": ("These are one product: {0}.", "같은 상품입니다: {0}.", "Son un mismo producto: {0}."),
    "different": ("These are different products: {0}.", "다른 상품입니다: {0}.", "Son productos distintos: {0}."),
    "seller": ("same seller ({0})", "같은 판매자({0})", "mismo vendedor ({0})"),
    "one seller": ("same seller", "같은 판매자", "mismo vendedor"),
    "sellers same": (
        "These accounts are one seller: {0}.", "같은 판매자입니다: {0}.", "Estas cuentas son un mismo vendedor: {0}."
    ),
    "sellers different": (
        "These accounts are different sellers: {0}.", "다른 판매자입니다: {0}.",
        "Estas cuentas son vendedores distintos: {0}.",
    ),
}  # fmt: skip


def make_receipt(decided: Decided, left: Sketch, right: Sketch) -> Receipt:
    """The receipt of a decided pair: both raw values of each feature and its contribution, at decision time."""
    first, second = (left, right) if left.ref < right.ref else (right, left)
    turned = first is right
    evidence = [
        Evidence(feature, *_in_order(write_raw(ours, left), write_raw(theirs, right), turned), round(weight, 4))
        for feature, weight, ours, theirs in decided.score.parts
    ]
    if decided.block == "judgement":
        evidence.insert(0, Evidence("judgement", "", "", 0.0))
    if decided.reason:
        reason = "group" if decided.reason == "average" else decided.reason
        evidence.append(Evidence(reason, "", "", 0.0))
    return Receipt(
        left=first.ref,
        right=second.ref,
        verdict=decided.verdict,
        score=decided.score.total,
        release="judgement" if decided.block == "judgement" else RELEASE,
        block=decided.block,
        evidence=tuple(evidence),
    )


def _in_order(ours: str, theirs: str, turned: bool) -> tuple[str, str]:
    return (theirs, ours) if turned else (ours, theirs)


def write_seller_evidence(receipt: Receipt, language: str = "en") -> list[str]:
    """The kinds of evidence of a receipt about sellers, without any value: fit for the public."""
    place = _place(language)
    kinds = [_SELLER[each.feature][place] for each in receipt.evidence if each.feature in _SELLER]
    return list(dict.fromkeys(kinds))


def write_sentence(receipt: Receipt, language: str = "en", *, sellers: Sequence[Receipt] = ()) -> str:
    """One sentence why two listings are, or are not, one product. `sellers`: receipts that joined their accounts."""
    place = _place(language)
    if receipt.verdict == "same":
        reasons, table = [_seller_part(receipt, sellers, language)], _SAME
    else:
        reasons, table = [], _OTHER
    for each in sorted(receipt.evidence, key=_rank):
        if each.feature in table and (receipt.verdict != "same" or each.weight >= 0):
            reasons.append(table[each.feature][place].format(each.left, each.right))
    if not reasons:
        reasons = [_OTHER["group"][place]]
    return _FRAMES[receipt.verdict][place].format(", ".join(dict.fromkeys(reasons)))


# A person's word first, then what can be checked at a glance; how alike two names are can be seen without a sentence.
_LAST = ("words", "sounds", "price_near")


def _rank(each: Evidence) -> tuple[bool, bool, float]:
    return each.feature != "judgement", each.feature in _LAST, -abs(each.weight)


def write_seller_sentence(receipt: Receipt, language: str = "en") -> str:
    """One sentence why two accounts are, or are not, one seller; kinds of evidence only."""
    place = _place(language)
    if receipt.verdict == "same":
        return _FRAMES["sellers same"][place].format(", ".join(write_seller_evidence(receipt, language)))
    reasons = [
        _OTHER[each.feature][place] for each in receipt.evidence if each.feature in ("brn_conflict", "judgement")
    ]
    return _FRAMES["sellers different"][place].format(", ".join(dict.fromkeys(reasons)))


def _seller_part(receipt: Receipt, sellers: Sequence[Receipt], language: str) -> str:
    """The evidence that joined the two platforms' accounts; without any, one account listed both."""
    place = _place(language)
    platforms = {receipt.left.partition(":")[0], receipt.right.partition(":")[0]}
    joined = [each for each in sellers if each.verdict == "same"]
    direct = [each for each in joined if {each.left.partition(":")[0], each.right.partition(":")[0]} == platforms]
    if not joined or (len(platforms) == 1 and not direct):
        return _FRAMES["one seller"][place]
    kinds = write_seller_evidence((direct or joined)[0], language)
    return _FRAMES["seller"][place].format(", ".join(kinds[:2]))


def _place(language: str) -> int:
    return LANGUAGES.index(language) if language in LANGUAGES else 0
