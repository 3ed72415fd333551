"""Buyers' words for units of quantity, by UN/ECE code (and ours for containers and unit classes)."""

from search.words import LANGUAGES

# Code -> one, many; each in English, Korean, Spanish.
_WORDS: dict[str, tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    "H87": (("piece", "개", "pieza"), ("pieces", "개", "piezas")),
    "SET": (("set", "세트", "juego"), ("sets", "세트", "juegos")),
    "BX": (("box", "박스", "caja"), ("boxes", "박스", "cajas")),
    "CT": (("carton", "카톤", "cartón"), ("cartons", "카톤", "cartones")),
    "BG": (("bag", "포", "bolsa"), ("bags", "포", "bolsas")),
    "PK": (("pack", "팩", "paquete"), ("packs", "팩", "paquetes")),
    "PR": (("pair", "쌍", "par"), ("pairs", "쌍", "pares")),
    "RO": (("roll", "롤", "rollo"), ("rolls", "롤", "rollos")),
    "DZN": (("dozen", "다스", "docena"), ("dozen", "다스", "docenas")),
    "BO": (("bottle", "병", "botella"), ("bottles", "병", "botellas")),
    "CA": (("can", "캔", "lata"), ("cans", "캔", "latas")),
    "ST": (("sheet", "장", "hoja"), ("sheets", "장", "hojas")),
    "KGM": (("kg", "kg", "kg"), ("kg", "kg", "kg")),
    "GRM": (("g", "g", "g"), ("g", "g", "g")),
    "TNE": (("tonne", "톤", "tonelada"), ("tonnes", "톤", "toneladas")),
    "LTR": (("litre", "리터", "litro"), ("litres", "리터", "litros")),
    "MLT": (("ml", "ml", "ml"), ("ml", "ml", "ml")),
    "MTR": (("metre", "미터", "metro"), ("metres", "미터", "metros")),
    "MTK": (("m²", "m²", "m²"), ("m²", "m²", "m²")),
    "YRD": (("yard", "야드", "yarda"), ("yards", "야드", "yardas")),
    "20FT": (("20 ft container", "20피트 컨테이너", "contenedor de 20 pies"),
             ("20 ft containers", "20피트 컨테이너", "contenedores de 20 pies")),
    "40FT": (("40 ft container", "40피트 컨테이너", "contenedor de 40 pies"),
             ("40 ft containers", "40피트 컨테이너", "contenedores de 40 pies")),
}  # fmt: skip
# Unit classes of the merge, for quantities that were brought to one.
_CLASSES = {"piece": "H87", "kg": "KGM", "litre": "LTR", "metre": "MTR", "set": "SET"}


def unit_words(unit: str, lang: str, *, many: bool = False) -> str:
    """A unit code or a unit class in words; one that no table knows is shown as it is."""
    words = _WORDS.get(_CLASSES.get(unit, unit))
    return words[1 if many else 0][LANGUAGES.index(lang)] if words else unit
