"""How a product is put into words: other order, spelling, unit and language on every listing of it."""

from connectors.mock.firms import Firm
from connectors.mock.goods import Kind, sectors
from connectors.mock.products import Product
from connectors.mock.rng import Draw

_THOUSANDS = {"g": "kg", "ml": "L", "mAh": "Ah", "mm": "m"}
_SIZE_WORDS = {"S": "Small", "M": "Medium", "L": "Large", "XL": "Extra Large"}
_COUNTED = {
    "pcs",
    "sheets",
    "memory",
    "ratio",
    "stage",
    "person",
    "size",
    "grain",
    "mesh",
    "inch",
    "ppm",
    "gsm",
    "micron",
}
KOREAN_MEASURES = {
    "pcs": "매",
    "sheets": "매",
    "person": "인용",
    "stage": "단",
    "size": "호",
    "inch": "인치",
    "grain": "립",
}


def amount(product: Product, draw: Draw, *, korean: bool = False) -> str:
    """The variant's value and measure as a seller would type it: 50ml, 50 ml, 50ML, 0.05L never, 1kg for 1000 g."""
    value, measure = product.value, product.kind.measure
    if measure in _THOUSANDS and value.isdigit() and int(value) >= 1000 and int(value) % 500 == 0 and draw.chance(0.4):
        value, measure = f"{int(value) / 1000:g}", _THOUSANDS[measure]
    if korean:
        return f"{value}{KOREAN_MEASURES.get(measure, measure)}"
    if measure in _COUNTED:
        return f"{value} {measure}"
    style = draw.below(10)
    return f"{value} {measure}" if style < 4 else f"{value}{measure.upper() if style == 9 else measure}"


def option_english(product: Product, draw: Draw) -> str:
    option = product.option[0]
    return _SIZE_WORDS[option] if option in _SIZE_WORDS and draw.chance(0.5) else option


def pack_english(kind: Kind, draw: Draw) -> str:
    if kind.pack == 1 or kind.measure == "pcs":
        return ""
    noun = {"BOXES": "box", "CARTONS": "carton", "BAGS": "bag"}[kind.unit]
    return draw.pick((f"{kind.pack} pcs/{noun}", f"({kind.pack} pcs)", f"x {kind.pack}", f"{kind.pack} packs"))


def english_title(product: Product, firm: Firm, draw: Draw) -> str:
    """A title with all that tells the variant apart, unless it is a bare model code."""
    if product.model and draw.chance(0.015):
        return product.model
    words = " ".join(
        filter(
            None,
            (
                product.line[0],
                product.modifier[0] if not product.model or draw.chance(0.94) else "",
                _noun(product, draw),
            ),
        )
    )
    brand = firm.brand if product.branded and draw.chance(0.85) else ""
    size, option, pack = amount(product, draw), option_english(product, draw), pack_english(product.kind, draw)
    model = product.model if product.model and draw.chance(0.75) else ""
    title = _arrange(draw.below(6), brand, words, size, option, pack, model)
    return _soil(title, product, draw)


def _soil(title: str, product: Product, draw: Draw) -> str:
    """What editors do to titles: capitals, Hangul, length, invisible characters."""
    fate = draw.share()
    if fate < 0.08:
        return title.upper()
    if fate < 0.11:
        return title.lower()
    if fate < 0.12:
        return f"{title} {product.korean}"
    if fate < 0.13:
        return f"[PREMIUM K-GOODS] {title}, Made in Korea, Export Quality, Ready to Ship, OEM and ODM Available"
    return f"{title}\u200b" if fate < 0.132 else title


def _noun(product: Product, draw: Draw) -> str:
    return product.english if draw.chance(0.7) else draw.pick(product.kind.english)


def _arrange(style: int, brand: str, words: str, size: str, option: str, pack: str, model: str) -> str:
    """Six ways that sellers put the same parts in order."""
    joined = " ".join
    if style == 0:
        tag = f"[{brand}]" if brand else ""
        return joined(filter(None, (tag, words, size, option, pack, model)))
    if style == 1:
        return joined(filter(None, (brand, words, model))) + "".join(
            f", {part}" for part in (size, option, pack) if part
        )
    if style == 2:
        return joined(filter(None, (model, size, brand, words, option, pack)))
    if style == 3:
        tail = f"({model})" if model else ""
        return joined(filter(None, (size, brand, words, option, pack, tail)))
    if style == 4:
        parts = [part for part in (option, size, pack) if part]
        return (
            joined(filter(None, (brand, words)))
            + "".join(f" / {part}" for part in parts)
            + (f" {model}" if model else "")
        )
    return joined(filter(None, (brand, model, words, option, size, pack)))


def korean_title(product: Product, firm: Firm, draw: Draw) -> str:
    noun = product.korean if draw.chance(0.7) else draw.pick(product.kind.korean)
    brand = "" if not product.branded else firm.brand_korean if draw.chance(0.8) else firm.brand
    modifier = product.modifier[1] if not product.model or draw.chance(0.94) else ""
    size, option = amount(product, draw, korean=True), product.option[1]
    model = product.model if product.model and draw.chance(0.75) else ""
    pack = f"{product.kind.pack}개입" if product.kind.pack > 1 and product.kind.measure != "pcs" else ""
    parts = (brand, product.line[1], modifier, noun, option, size, pack, model)
    if draw.chance(0.2):
        parts = (model, brand, product.line[1], modifier, noun, size, option, pack)
    return " ".join(filter(None, parts))


def keywords(product: Product, draw: Draw, revision: int) -> list[str]:
    """Up to five; the revision turns them, so that an edit is seen in the record."""
    sector = sectors()[product.kind.sector]
    pool = [
        product.english.lower(), product.modifier[0].lower(), product.kind.middle.lower(), sector.buykorea.lower(),
        "korean " + product.kind.english[0].lower(), "made in korea", "oem", "wholesale", "export",
    ]  # fmt: skip
    start = (draw.below(len(pool)) + revision) % len(pool)
    return [pool[(start + step) % len(pool)] for step in range(draw.between(2, 5))]


_OFFERS = (
    "OEM and ODM are welcome.",
    "Samples can be sent within a week.",
    "Small orders are possible.",
    "Private label on request.",
    "Please ask for the full catalogue.",
)


def summary(product: Product, firm: Firm, draw: Draw) -> str:
    kind = product.kind
    maker = draw.pick(("Made in Korea by", "Supplied directly by", "Developed and produced by"))
    use = draw.pick(("retail", "wholesale", "industrial", "professional"))
    sentences = [
        f"{maker} {firm.roman} {firm.trade[0]}.",
        f"{product.modifier[0]} {kind.english[0].lower()} for {use} use.",
        f"{draw.pick(('Specification', 'Size', 'Rating'))}: {product.value} {kind.measure}.",
        draw.pick(_OFFERS),
    ]
    if product.model:
        sentences.append(f"Model {product.model}.")
    return " ".join(sentences[: draw.between(2, len(sentences))])


def summary_korean(product: Product, firm: Firm, draw: Draw) -> str:
    size = f"{product.value}{product.kind.measure}"
    return draw.pick(
        (
            f"{firm.hangul}에서 생산하는 {product.modifier[1]} {product.korean}입니다. 규격: {size}.",
            f"국내 생산 {product.korean} {size}. OEM/ODM 가능합니다.",
            f"{product.modifier[1]} {product.korean}, 수출용 포장 가능. 문의 환영합니다.",
        )
    )


def html(product: Product, firm: Firm, draw: Draw, *, picture: str) -> str:
    """A description as editors produce it: markup, pictures, now and then a script or an event handler."""
    if draw.chance(0.2):
        return f'<p><img src="{picture}" alt=""></p>'
    text = summary(product, firm, draw)
    facts = (("Model", product.model or "-"), ("Size", f"{product.value} {product.kind.measure}"))
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
    body = f'<div class="se-body"><h3>{product.english}</h3><p>{text}</p>\n<table>{rows}</table>'
    fate = draw.share()
    if fate < 0.05:
        body += f'<img src="{picture}" onerror="x()">'
    elif fate < 0.08:
        body += "<script>x()</script>"
    elif fate < 0.1:
        body += '<iframe src="https://video.example/embed/1"></iframe>'
    return body + "</div>"


def slug(text: str) -> str:
    """tradeKorea's address form of a title."""
    kept = "".join(letter.lower() if letter.isascii() and letter.isalnum() else "-" for letter in text)
    while "--" in kept:
        kept = kept.replace("--", "-")
    return kept.strip("-")[:80] or "product"
