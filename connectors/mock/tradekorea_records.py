"""tradeKorea's records in their key order. Source: tradeKorea guide 1.2, sections 3, 6 and 7."""

from connectors.mock import wording
from connectors.mock.accounts import Statement, international
from connectors.mock.catalogue import Listing, rounded
from connectors.mock.days import DAY, DRIFT_DAY, HIDDEN_BELOW, RECENT_FROM, moment
from connectors.mock.goods import Kind, kinds, sectors
from connectors.mock.rng import Draw, Shuffle, stream_key
from connectors.mock.world import TRADEKOREA, World

Record = dict[str, object]

MASKED = ("priceText", "priceBasis", "paymentTerms", "supplier.phone", "supplier.email")
_OPTIONAL = ("brand", "modelNo", "summary", "supplyAbility", "packaging")
_UNITS = {
    "PCS": ("Piece", "pc", "pcs", "EA"),
    "SETS": ("Set",),
    "BOXES": ("Box", "box"),
    "CARTONS": ("Carton",),
    "PAIRS": ("Pair",),
    "BAGS": ("Bag",),
    "ROLLS": ("Roll",),
    "KG": ("Kilogram", "kg"),
    "TON": ("Ton", "Metric Ton", "MT"),
    "L": ("Liter",),
    "M": ("Meter",),
    "M2": ("Square Meter",),
}
_ATTRIBUTES = {
    "ml": "Volume",
    "L": "Volume",
    "g": "Net Weight",
    "kg": "Net Weight",
    "mg": "Strength",
    "W": "Power",
    "kW": "Power",
    "mm": "Size",
    "cm": "Size",
    "m": "Length",
    "pcs": "Quantity",
    "inch": "Size",
    "V": "Voltage",
    "mAh": "Capacity",
}
_SIZES = {"S": "Small", "M": "Medium", "L": "Large", "XL": "Extra Large"}


class Numbers:
    """Product and supplier numbers, there and back."""

    def __init__(self, world: World) -> None:
        self._products = Shuffle(stream_key(world.seed, "productNo"), 9_899_963)
        self._suppliers = Shuffle(stream_key(world.seed, "supplier"), 9_799_967)

    def product(self, index: int) -> str:
        return f"P{100_000 + self._products.forward(index)}"

    def index(self, product: str) -> int:
        digits = product[1:]
        is_formed = product[:1] == "P" and digits.isascii() and digits.isdigit() and len(digits) in (6, 7)
        value = int(digits) - 100_000 if is_formed else -1
        return self._products.back(value) if 0 <= value < 9_899_963 and self.is_plain(digits) else -1

    @staticmethod
    def is_plain(digits: str) -> bool:
        return digits == str(int(digits))

    def supplier(self, account: int) -> str:
        return str(200_000 + self._suppliers.forward(account))

    def account(self, supplier: str) -> int:
        if not supplier.isascii() or not supplier.isdigit() or len(supplier) > 8:
            return -1
        value = int(supplier) - 200_000
        return self._suppliers.back(value) if 0 <= value < 9_799_967 and self.is_plain(supplier) else -1


def product_record(listing: Listing, numbers: Numbers, *, scope: str, day: int) -> Record:
    product, fixed = listing.product, listing.fixed("tk")
    number = numbers.product(listing.index)
    shown = f"{number[:3]}A{number[4:]}" if listing.unusable == 1 else number
    name = (
        "" if listing.unusable in (2, 5) else wording.english_title(product, listing.firm, listing.fixed("title"))[:200]
    )
    slug, image = wording.slug(name), 1_000_000 + int(number[1:])
    keywords = wording.keywords(product, listing.fixed("kwrd"), listing.revision)
    record: Record = {
        "productNo": shown,
        "slug": slug,
        "url": f"https://www.tradekorea.example/product/detail/{shown}/{slug}.html",
        "name": name,
        "brand": listing.firm.brand if product.branded and fixed.chance(0.5) else None,
        "modelNo": product.model if product.model and fixed.chance(0.6) else None,
        "categoryCode": category_code(product.kind),
        "categoryPath": [sectors()[product.kind.sector].tradekorea, product.kind.middle],
        "keywords": keywords if listing.revision or fixed.chance(0.6) else [],
        "summary": wording.summary(product, listing.firm, listing.fixed("summary")) if fixed.chance(0.6) else None,
        **_offer(listing, fixed, listing.edited("tk")),
        "attributes": _attributes(listing, fixed),
        "images": [
            f"https://img.tradekorea.example/product/{image % 1000:03d}/{image}/{shown}_{place}.jpg"
            for place in range(1, fixed.between(2, 4))
        ],
        "supplier": None if listing.unusable == 3 else _supplier_of(listing.account, numbers),
        "status": _status(listing.status),
        "viewCount": _views(listing, day),
        "registeredAt": moment(_registered(listing)).isoformat(),
        "updatedAt": "2026-13-40T25:00:00+09:00" if listing.unusable == 4 else moment(listing.updated).isoformat(),
    }
    if fixed.chance(0.05) or day >= DRIFT_DAY:
        record = {key: value for key, value in record.items() if value is not None or key not in _OPTIONAL}
    return record if scope == "member" else masked(record)


def _registered(listing: Listing) -> int:
    """Fixed for a generation, and never after its first edit: a later registration would mean an id used again."""
    return listing.registered * DAY + (9 * 3600 if listing.registered < RECENT_FROM else 0)


def masked(record: Record) -> Record:
    """What a public token sees: nulls and masks, and their names."""
    supplier = record["supplier"]
    seen = {**record, "priceText": None, "priceBasis": None, "paymentTerms": None}
    if isinstance(supplier, dict):
        seen["supplier"] = {**supplier, "phone": mask_phone(supplier["phone"]), "email": mask_mail(supplier["email"])}
    return {**seen, "maskedFields": list(MASKED)}


def poisoned(record: Record, way: int) -> Record:
    """A sound record made unusable; its number stays readable."""
    broken: tuple[Record, ...] = ({"name": None}, {"updatedAt": "2026-13-40T25:00:00+09:00"}, {"supplier": None})
    return {**record, **broken[way % 3]}


def mask_phone(phone: str | None) -> str | None:
    return f"{'-'.join(phone.split('-')[:2])}-****" if phone else None


def mask_mail(mail: str | None) -> str | None:
    return f"{mail[:2]}****@****" if mail else None


def category_code(kind: Kind) -> str:
    return f"{sectors()[kind.sector].prefix}-{wording.slug(kind.middle)}"


def _status(status: int) -> str:
    if status < HIDDEN_BELOW[TRADEKOREA]:
        return "PAUSED" if status % 2 else "REVIEW"
    return "SOLD_OUT" if status < HIDDEN_BELOW[TRADEKOREA] + 30 else "ACTIVE"


def _views(listing: Listing, day: int) -> object:
    """Moves every day without a change of the listing; as text more often from the drift on."""
    views = listing.fixed("views").below(900) + 3 * (day + 40)
    as_text = listing.index % 50 == 0 or (day >= DRIFT_DAY and listing.index % 3 == 0)
    return str(views) if as_text else views


def _offer(listing: Listing, fixed: Draw, edited: Draw) -> Record:
    kind = listing.product.kind
    is_single = kind.pack > 1 and fixed.chance(0.35)
    unit = fixed.pick(_UNITS["PCS" if is_single else kind.unit])
    price = listing.usd() / (kind.pack if is_single else 1)
    quantity = (listing.product.moq + 10 * (listing.revision % 3)) * (kind.pack if is_single else 1)
    return {
        "priceText": _price_text(price, unit, fixed, edited),
        "priceBasis": fixed.pick(("FOB", "FOB", "FOB", "CIF", "EXW", None)),
        "minimumOrder": _minimum_order(quantity, unit, kind, fixed),
        "paymentTerms": fixed.pick(("T/T, L/C at sight", "T/T", "Negotiable", "T/T, PayPal", None)),
        "supplyAbility": fixed.pick((f"{quantity * 20:,} {unit} / Month", None, None)),
        "port": fixed.pick(("Busan", "Incheon", "Busan or Incheon", None)),
        "packaging": f"{kind.pack} pcs / Carton"
        if kind.pack > 1
        else fixed.pick(("Export carton", "Standard export packing", None)),
    }


def _price_text(price: float, unit: str, fixed: Draw, edited: Draw) -> str | None:
    value, high = _money(price), _money(price * 1.12)
    won, fate = f"{round(price * 1350, -1):,.0f}", fixed.share()
    if fate < 0.30:
        return f"US $ {high} ~ {value} / {unit}" if edited.chance(0.08) else f"US $ {value} ~ {high} / {unit}"
    if fate < 0.48:
        return f"US $ {value} / {unit}"
    if fate < 0.60:
        return f"USD {value}/{unit} (FOB Busan)"
    if fate < 0.68:
        return f"FOB Incheon US${value} per {unit}"
    if fate < 0.72:
        return f"${value}-{high}"
    if fate < 0.77:
        return f"KRW {won} / {unit}" if edited.chance(0.5) else f"￦{won} / {unit}"
    if fate < 0.80:
        return f"EUR {price * 0.92:.2f} / {unit}".replace(".", ",")
    if fate < 0.81:
        return f"¥ {max(1, round(price * 150))} / {unit}"
    if fate < 0.90:
        return "Negotiable"
    return fixed.pick(("Contact supplier for latest price", "", None, None, "Contact supplier for latest price"))


def _money(price: float) -> str:
    value = float(rounded(price))
    return f"{value:,.2f}" if value >= 0.5 else f"{value:g}"


def _minimum_order(quantity: int, unit: str, kind: Kind, fixed: Draw) -> str | None:
    fate = fixed.share()
    if fate < 0.05:
        return "Negotiable"
    if fate < 0.1:
        return None
    if fate < 0.13:
        return "1 x 20ft container"
    if fate < 0.2 and kind.pack > 1:
        return f"{max(1, quantity // kind.pack)} Carton ({kind.pack} pcs)"
    if fate < 0.3:
        return f"{quantity:,} - {quantity * 5:,} {unit}s" if unit in ("Set", "Box", "Carton") else f"{quantity}+ {unit}"
    return f"{quantity:,} {unit}(s)" if unit in ("Piece", "Set", "Box", "Carton") else f"{quantity:,} {unit}"


def _attributes(listing: Listing, fixed: Draw) -> list[Record]:
    product, kind = listing.product, listing.product.kind
    found: list[tuple[str, str]] = []
    if fixed.chance(0.85):
        found.append(("HS Code", _hs(product.hs10, fixed)))
    if fixed.chance(0.8):
        found.append((fixed.pick(("Lead Time", "Delivery Time")), _lead(product.lead, fixed)))
    if product.model and fixed.chance(0.6):
        found.append((fixed.pick(("Model No.", "Model Number", "Model")), product.model))
    if fixed.chance(0.8):
        found.append(
            (_ATTRIBUTES.get(kind.measure, "Specification"), f"{product.value} {kind.measure}".replace(" ml", "ml"))
        )
    if product.option[0]:
        found.append(("Size", _SIZES[product.option[0]]) if kind.option == "size" else ("Color", product.option[0]))
    if kind.pack > 1:
        found.append(("Quantity per Pack", str(kind.pack)))
    if fixed.chance(0.01):
        # Names may repeat; the first one counts.
        found.append(("Lead Time", "see above"))
    if product.certificates and fixed.chance(0.7):
        found.append(("Certification", ", ".join(code.rpartition("_")[2] for code in product.certificates)))
    if fixed.chance(0.3):
        found.append(("Place of Origin", "Vietnam" if product.origin == "VN" else "Korea"))
    return [{"name": name, "value": value} for name, value in found]


def _hs(code: str, fixed: Draw) -> str:
    if fixed.chance(0.05):
        code = fixed.pick(kinds()).hs10
    styles = (f"{code[:4]}.{code[4:6]}", code[:6], f"HS {code[:4]}.{code[4:6]}.{code[6:]}", code[:4])
    return styles[min(fixed.below(8) // 2, 3)] if fixed.chance(0.9) else styles[0]


def _lead(days: tuple[int, int], fixed: Draw) -> str:
    low, high = days
    fate = fixed.below(10)
    if low == high or fate < 2:
        return f"{low} days"
    if low % 7 == 0 and high % 7 == 0 and fate < 6:
        return f"{low // 7} - {high // 7} weeks"
    if fate == 9:
        return f"Within {high} days after deposit"
    return f"{high} business days" if fate == 8 else f"{low}~{high} days"


def _supplier_of(statement: Statement, numbers: Numbers) -> Record:
    return {
        "id": numbers.supplier(statement.account),
        "name": statement.english,
        "country": "KR",
        "phone": international(statement.phone) or None,
        "email": statement.mail or None,
    }


def detail_record(listing: Listing, numbers: Numbers, *, scope: str, day: int) -> Record:
    record = product_record(listing, numbers, scope=scope, day=day)
    draw = listing.fixed("tk detail")
    picture = str(record["url"]).replace("www.", "img.").replace(".html", ".jpg")
    past = [f"{record['slug']}-old"] if draw.chance(0.2) else []
    added = {"descriptionHtml": wording.html(listing.product, listing.firm, draw, picture=picture), "pastSlugs": past}
    hidden = record.pop("maskedFields", None)
    return {**record, **added} if hidden is None else {**record, **added, "maskedFields": hidden}
