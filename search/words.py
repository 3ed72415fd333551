"""Buyers' words for filters and their values, by language. What no table knows is shown as it is."""

from collections.abc import Mapping

LANGUAGES = ("en", "ko", "es")

Names = Mapping[str, str]  # by language


def _names(en: str, ko: str, es: str) -> Names:
    return {"en": en, "ko": ko, "es": es}


LABELS: dict[str, Names] = {
    "category": _names("Category", "카테고리", "Categoría"),
    "platform": _names("Platform", "플랫폼", "Plataforma"),
    "certificate": _names("Certificate", "인증", "Certificación"),
    "term": _names("Delivery term", "거래 조건", "Condición de entrega"),
    "price": _names("Price (US$)", "가격 (US$)", "Precio (US$)"),
    "unit_class": _names("Priced per", "가격 단위", "Precio por"),
    "moq": _names("Minimum order, at most", "최소 주문 수량 (이하)", "Pedido mínimo, hasta"),
    "lead": _names("Lead time in days, at most", "납기 (일 이하)", "Plazo de entrega en días, hasta"),
    "sample": _names("Sample available", "샘플 제공", "Muestra disponible"),
    "online_order": _names("Can be ordered online", "온라인 주문 가능", "Pedido en línea"),
    "price_state": _names("Price shown", "가격 공개", "Precio publicado"),
    "availability": _names("Availability", "판매 상태", "Disponibilidad"),
    "origin": _names("Made in", "원산지", "Origen"),
    "seller": _names("Maker", "제조·판매사", "Fabricante"),
}

UNKNOWN = _names("Include not stated", "미기재 포함", "Incluir sin indicar")

SORTS: dict[str, Names] = {
    "relevance": _names("Best match", "정확도순", "Más relevantes"),
    "newest": _names("Newest", "최신순", "Más recientes"),
    "price": _names("Lowest price", "낮은 가격순", "Precio más bajo"),
    "moq": _names("Smallest order", "최소 주문 적은 순", "Pedido más pequeño"),
    "lead": _names("Shortest lead time", "납기 빠른 순", "Plazo más corto"),
}

VALUES: dict[str, dict[str, Names]] = {
    # Their own names, the same in every language. A platform that has no line here is shown by its id.
    "platform": {
        "buykorea": _names("BuyKorea", "바이코리아", "BuyKorea"),
        "gobizkorea": _names("GobizKOREA", "고비즈코리아", "GobizKOREA"),
        "tradekorea": _names("tradeKorea", "트레이드코리아", "tradeKorea"),
    },
    "term": {
        "EXW": _names("EXW (at the factory)", "EXW (공장 인도)", "EXW (en fábrica)"),
        "FCA": _names("FCA (to the carrier)", "FCA (운송인 인도)", "FCA (franco transportista)"),
        "FAS": _names("FAS (alongside ship)", "FAS (선측 인도)", "FAS (al costado del buque)"),
        "FOB": _names("FOB (on board)", "FOB (본선 인도)", "FOB (a bordo)"),
        "CFR": _names("CFR (freight paid)", "CFR (운임 포함)", "CFR (flete pagado)"),
        "CIF": _names("CIF (freight and insurance paid)", "CIF (운임·보험료 포함)", "CIF (flete y seguro pagados)"),
        "CPT": _names("CPT (carriage paid)", "CPT (운송비 지급)", "CPT (transporte pagado)"),
        "CIP": _names(
            "CIP (carriage and insurance paid)", "CIP (운송비·보험료 지급)", "CIP (transporte y seguro pagados)"
        ),
        "DAP": _names("DAP (at your place)", "DAP (도착지 인도)", "DAP (en destino)"),
        "DPU": _names("DPU (unloaded at your place)", "DPU (도착지 양하 인도)", "DPU (descargado en destino)"),
        "DDP": _names("DDP (duty paid)", "DDP (관세 지급)", "DDP (derechos pagados)"),
    },
    "unit_class": {
        "piece": _names("piece", "개", "pieza"),
        "kg": _names("kilogram", "킬로그램", "kilogramo"),
        "litre": _names("litre", "리터", "litro"),
        "metre": _names("metre", "미터", "metro"),
        "set": _names("set", "세트", "juego"),
    },
    "price_state": {
        "priced": _names("One price", "단일 가격", "Precio único"),
        "range": _names("Price range", "가격 범위", "Rango de precios"),
        "tiered": _names("Price by quantity", "수량별 가격", "Precio por cantidad"),
        "hidden": _names("For members of the platform", "플랫폼 회원 공개", "Para miembros de la plataforma"),
        "negotiable": _names("On request", "협의", "A consultar"),
        "unknown": _names("Not stated", "미기재", "Sin indicar"),
    },
    "availability": {
        "on_sale": _names("On sale", "판매 중", "En venta"),
        "sold_out": _names("Sold out", "품절", "Agotado"),
        "not_on_sale": _names("Not on sale", "판매 안 함", "No está a la venta"),
        "unknown": _names("Not stated", "미기재", "Sin indicar"),
    },
    "sample": {"yes": _names("Yes", "예", "Sí"), "no": _names("No", "아니요", "No")},
    "online_order": {"yes": _names("Yes", "예", "Sí"), "no": _names("No", "아니요", "No")},
    "category": {"none": _names("Not classified", "미분류", "Sin clasificar")},
    # Codes that say nothing by themselves; the others (CE, FDA, HALAL) are known by their letters.
    "certificate": {
        "KC": _names("KC (Korea safety mark)", "KC 인증", "KC (marca de seguridad coreana)"),
        "KS": _names("KS (Korean Standard)", "KS 인증", "KS (norma coreana)"),
        "CPNP": _names("CPNP (EU cosmetics)", "CPNP (EU 화장품)", "CPNP (cosméticos UE)"),
        "CGMP": _names("cGMP", "CGMP", "cGMP"),
        "ROHS": _names("RoHS", "RoHS", "RoHS"),
        "HALAL": _names("Halal", "할랄", "Halal"),
        "KOSHER": _names("Kosher", "코셔", "Kosher"),
        "VEGAN": _names("Vegan", "비건", "Vegano"),
        "ORGANIC": _names("Organic", "유기농", "Orgánico"),
    },
}


def say(names: Names, lang: str) -> str:
    """The words in a language, else in English."""
    return names.get(lang) or names["en"]


def value_words(name: str, value: str, lang: str) -> str:
    """A filter's value as buyers read it."""
    known = VALUES.get(name, {}).get(value)
    return say(known, lang) if known else value
