"""An application on a small invented catalogue, published as the real one is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from integrator.listing import Lead, Moq, Price, PriceState, PriceStep, QuantityState
from integrator.product import CategoryChoice, Chosen, Headline, Offer, Product, Source
from integrator.publish.document import digest_of
from integrator.publish.rebuild import rebuild
from integrator.store.tables import ledger, product
from web.app import create_app
from web.config import Settings
from web.wiring import Wiring

WHEN = datetime(2026, 9, 14, 3, tzinfo=UTC)


def make_product(number: int, name: str, **changes: object) -> Product:
    """A product with one offer on each platform named in `platforms`."""
    platforms: tuple[str, ...] = changes.pop("platforms", ("buykorea",))  # type: ignore[assignment]
    source = Source(platforms[0], str(number), name)
    values: dict[str, object] = {
        "product_id": f"p{number:04}",
        "seller_id": f"s{number % 3}",
        "seller_name": f"Maker {number % 3} Co., Ltd.",
        "names": {"en": Chosen(name, "only", source), "ko": Chosen(f"상품 {number}", "only", source)},
        "offers": tuple(_offer(platform, number, name) for platform in platforms),
        "category": CategoryChoice("06", "33", "3304", "hs"),
        "headline": Headline(
            platforms[0],
            str(number),
            "only",
            "priced",
            amount=Decimal("4.35"),
            currency="USD",
            unit="H87",
            unit_class="piece",
            price_usd=Decimal("4.35") * number,
            moq=Decimal(100),
            lead_days=7,
        ),
        "visible": True,
        "certificates": ("CE",),
        "updated_at": WHEN,
    }
    return Product(**(values | changes))  # type: ignore[arg-type]


def _offer(platform: str, number: int, name: str) -> Offer:
    step = PriceStep(1, None, Decimal("4.35"), currency="USD", unit="H87", term="FOB")
    return Offer(
        platform=platform,
        external_id=str(number),
        generation=1,
        account_id=f"a{number % 3}",
        account_name="Maker",
        names={"en": name},
        price=Price(PriceState.PRICED, (step,)),
        moq=Moq(QuantityState.STATED, Decimal(100), None, "H87"),
        lead=Lead(QuantityState.STATED, 7, 14),
        url=f"https://www.{platform}.example/{number}",
        availability="on_sale",
        updated_at=WHEN,
        seen_at=WHEN,
        terms=("FOB",),
    )


PRODUCTS = [
    make_product(1, "Centella Face Cream 50ml", platforms=("buykorea", "tradekorea")),
    make_product(2, "Hand Cream 100ml"),
    make_product(3, "Stainless Centrifugal Pump", category=CategoryChoice("16", "84", "8413", "hs"), certificates=()),
    make_product(4, "Withdrawn Lamp", visible=False),
]


@pytest.fixture(scope="module")
def wiring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    home = tmp_path_factory.mktemp("home")
    made = Wiring(Settings.from_environment({"HANMARU_HOME": str(home)}))
    _fill(made)
    yield made
    made.close()


def _fill(wiring: Wiring) -> None:
    database = wiring.unchecked_database()
    database.migrate()
    with database.write() as connection:
        for each in PRODUCTS:
            connection.execute(
                product.insert().values(
                    id=each.product_id,
                    seller_id=each.seller_id,
                    visible=each.visible,
                    heading=each.category.heading,
                    content=msgspec.json.encode(each),
                    digest=bytes.fromhex(digest_of(each)),
                    made_from=b"",
                    updated_at=WHEN.timestamp(),
                )
            )
        connection.execute(
            ledger.insert().values(id="p9999", kind="product", founder="x:1:1", minted_at=0.0, leads_to="p0001")
        )
    rebuild(database, wiring.index)
    database.close()


@pytest.fixture(scope="module")
def app(wiring: Wiring) -> APIFlask:
    made = create_app(wiring.settings, wiring=wiring)
    made.testing = False
    return made


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def empty_app(tmp_path: Path) -> Callable[[], FlaskClient]:
    """An application whose index is of another version."""

    def make() -> FlaskClient:
        (tmp_path / "index").mkdir()
        (tmp_path / "index" / "pointer.json").write_text('{"shape":"0.0","current":"000001"}')
        return create_app(Settings.from_environment({"HANMARU_HOME": str(tmp_path)})).test_client()

    return make
