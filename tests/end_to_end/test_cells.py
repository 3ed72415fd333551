"""Every cell of a product page can be taken back to the raw text of a platform."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors import CONNECTORS, Access
from integrator.explain.values import Value, trace_values
from integrator.merge.price import Rates
from integrator.ports import Connector
from integrator.product import Chosen, Product
from integrator.resolve.partition import resolve_marked
from integrator.store.catalogue import stream_products
from integrator.store.database import Database
from integrator.store.spool import DiskSpool
from integrator.sync.detailing import read_details
from integrator.sync.run import Slice, sync_feed
from tests.drills.mock_world import World, serving
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.slow

RATES = Rates("2026-09-14", {"USD": Decimal(1), "KRW": Decimal("0.00075"), "EUR": Decimal("1.1")})

# What the merge calls a value, where a listing calls it otherwise.
OURS = {"hs6": "hs.hs6", "hsk10": "hs.hsk10", "lead": "lead.state", "supply": "supply.text"}
# Cells that gather what all offers say.
GATHERED = ("price", "moq", "lead", "terms", "url", "images", "certificates", "keywords", "attributes", "account_name")


class Catalogue:
    """A small world of all platforms, read, with some details, and worked into products."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder}/hanmaru.db")
        self.database.migrate()
        clock, self.connectors = FakeClock(), dict[str, Connector]()
        with serving(World(7, 24, 0), clock) as url:
            for platform in CONNECTORS:
                access = Access(f"{url}/{platform.name}", {each.name: each.test_value for each in platform.credentials})
                connector = platform.open(access, clock=clock, spool=DiskSpool(folder / "spool"))
                self.connectors[platform.name] = connector
                assert sync_feed(self.database, connector, clock, how=Slice()).state == "succeeded"
                read_details(self.database, connector, clock, limit=8)
        resolve_marked(self.database, clock=clock, rates=RATES)
        self.products = list(stream_products(self.database))
        self._traced: dict[tuple[str, str], dict[str, Value]] = {}

    def trace(self, platform: str, external_id: str) -> dict[str, Value]:
        """Values of a listing and its detail by name; of a text that both have, the detail's."""
        place = (platform, external_id)
        if place not in self._traced:
            found = trace_values(self.database, self.connectors[platform], external_id)
            self._traced[place] = {each.traced.field: each for each in found if each.read.kind != "account"}
        return self._traced[place]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue(tmp_path_factory.mktemp("cells"))
    yield made
    made.database.close()


def cells(product: Product) -> Iterator[tuple[str, Chosen]]:
    """Merged values with the listing's name of each."""
    yield from ((f"names.{language}", chosen) for language, chosen in product.names.items())
    for name, chosen in product.values.items():
        named = name.replace("summary.", "summaries.").replace("description.", "descriptions.")
        yield OURS.get(name, named), chosen


def test_each_merged_value_leads_to_a_raw_text(catalogue: Catalogue) -> None:
    assert len(catalogue.products) > 30

    for product in catalogue.products:
        for name, chosen in cells(product):
            traced = catalogue.trace(chosen.source.platform, chosen.source.external_id)[name].traced
            assert traced.origins, (product.product_id, name)
            assert all(origin.path and origin.text for origin in traced.origins)


def test_each_value_of_an_offer_leads_to_a_raw_text(catalogue: Catalogue) -> None:
    for product in catalogue.products:
        for offer in product.offers:
            for name, value in catalogue.trace(offer.platform, offer.external_id).items():
                if name.startswith(GATHERED):
                    assert value.traced.origins, (offer.platform, offer.external_id, name)


def test_what_is_shown_is_what_the_trace_shows(catalogue: Catalogue) -> None:
    for product in catalogue.products:
        for language, chosen in product.names.items():
            traced = catalogue.trace(chosen.source.platform, chosen.source.external_id)[f"names.{language}"]
            assert (traced.traced.value, traced.today) == (chosen.value, None)
