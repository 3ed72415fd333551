"""A small invented catalogue in a real database and an index in memory, for tests of pages and API."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
from sqlalchemy import insert

from integrator.listing import (
    Attribute,
    Availability,
    Certificate,
    Grain,
    Hs,
    HsState,
    Lead,
    Listing,
    Moment,
    Moq,
    Price,
    PriceState,
    PriceStep,
    QuantityState,
)
from integrator.merge.price import Rates
from integrator.merge.product import Member, merge
from integrator.ports import DocumentVersion
from integrator.product import Evidence, Product, Receipt
from integrator.publish.document import make_document
from integrator.store import tables
from search.memory import MemoryIndex
from tests.fakes.clock import FakeClock
from web.config import Settings
from web.wiring import PLATFORMS, Wiring

NOW = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
MERGED, SINGLE, HIDDEN_PRICE, KOREAN_ONLY, GONE = "pmerged", "psingle", "phidden", "pkorean", "pgone"
OLD = "pold"  # leads to MERGED
HOSTILE = "<script>alert(1)</script>"

# Kinds of goods that fill the catalogue: English and Korean name, HS code, unit.
_GOODS = (
    ("Hydraulic gear pump", "유압 기어 펌프", "841360", "H87"),
    ("Green tea leaves", "녹차 잎", "090210", "KGM"),
    ("Cotton T-shirt", "면 티셔츠", "610910", "H87"),
    ("Stainless pan", "스테인리스 팬", "732393", "SET"),
    ("Paper cup", "종이컵", "482369", "BX"),
    ("Cleansing foam", "클렌징 폼", "330499", "H87"),
)
_FILLING = 60


class Shelf:
    """The catalogue under construction; `wiring` is what an application is made with."""

    def __init__(self, home: Path) -> None:
        self.clock = FakeClock(NOW)
        self.index = MemoryIndex()
        self.wiring = Wiring(Settings.from_environment({"HANMARU_HOME": str(home)}), clock=self.clock)
        self.wiring.index = self.index
        self.wiring.unchecked_database().migrate()
        self._key = 0

    def put(self, product_id: str, listings: Sequence[Listing], *, visible: bool = True) -> Product:
        """One product of these listings, in the database and, when visible, in the index."""
        members = [Member(each, 1, visible, NOW - timedelta(hours=2)) for each in listings]
        rates = Rates("2026-09-11", {"USD": Decimal(1), "KRW": Decimal("0.00072")})
        merged = merge(
            members, product_id=product_id, seller_id="smaker", seller_name=_maker(listings), guesses={}, rates=rates
        )
        document = make_document(merged, DocumentVersion(1, self._key + 1))
        row = {
            "id": product_id,
            "seller_id": "smaker",
            "visible": visible,
            "content": msgspec.json.encode(merged),
            "digest": bytes.fromhex(document.digest),
            "made_from": b"",
            "updated_at": NOW.timestamp(),
        }
        with self.wiring.database.write() as connection:
            connection.execute(insert(tables.product).values(row))
            for each in listings:
                self._key += 1
                connection.execute(insert(tables.listing).values(_listing_row(self._key, each, visible)))
                connection.execute(insert(tables.version).values(_version_row(self._key, each)))
                connection.execute(insert(tables.product_listing).values(listing_key=self._key, product_id=product_id))
        if visible:
            self.index.put([document])
            self.index.commit()
        return merged

    def lead(self, old: str, new: str) -> None:
        """An id that was merged away."""
        row = {"id": old, "kind": "product", "founder": "buykorea:0:1", "minted_at": 0.0, "leads_to": new}
        with self.wiring.database.write() as connection:
            connection.execute(insert(tables.ledger).values(row))

    def join(self, left: str, right: str) -> None:
        """The receipt that two listings are one product."""
        receipt = Receipt(left, right, "same", 6.0, "test", "code", (Evidence("code", "SC-50", "SC-50", 5.0),))
        row = {
            "kind": "product",
            "left": left,
            "right": right,
            "seller_id": "smaker",
            "verdict": "same",
            "score": 6.0,
            "release": "test",
            "receipt": msgspec.json.encode(receipt),
            "decided_at": 0.0,
        }
        with self.wiring.database.write() as connection:
            connection.execute(insert(tables.edge).values(row))

    def register(self, platform: str, *, state: str, reason: str = "", hours_ago: float = 0.5) -> None:
        """A feed with its newest run."""
        at = NOW.timestamp() - hours_ago * 3600
        good = at if state == "succeeded" else at - 86_400
        run = {"platform": platform, "lane": "changes", "state": state, "reason": reason, "fence": 1}
        with self.wiring.database.write() as connection:
            connection.execute(insert(tables.feed).values(platform=platform, changes_at=good, census_at=good))
            connection.execute(insert(tables.run).values(**run, started_at=at, heartbeat_at=at, ended_at=at))


def stocked(home: Path) -> Shelf:
    """The catalogue that most tests read: a merged product, odd ones, and enough others to fill three pages."""
    shelf = Shelf(home)
    shelf.put(MERGED, merged_listings())
    shelf.join("buykorea:1001:1", "gobizkorea:GS1:1")
    shelf.put(SINGLE, [listing("tradekorea", "P7", {"en": f"Ginseng tonic {HOSTILE}"}, description=_HOSTILE_HTML)])
    shelf.put(HIDDEN_PRICE, [listing("buykorea", "1007", {"en": "Titanium valve"}, price=Price(PriceState.HIDDEN))])
    shelf.put(KOREAN_ONLY, [listing("gobizkorea", "GS9", {"ko": "홍삼 농축액"}, hs="210690")])
    shelf.put(GONE, [listing("buykorea", "1009", {"en": "Wooden comb"})], visible=False)
    shelf.lead(OLD, MERGED)
    for number in range(_FILLING):
        shelf.put(f"pfill{number:03}", [_filling(number)])
    shelf.register("buykorea", state="succeeded")
    shelf.register("gobizkorea", state="failed", reason="The platform answered 503 five times.")
    return shelf


_HOSTILE_HTML = (
    f'<h1>Root</h1><p onclick="x()">Fresh</p>{HOSTILE}<img src="https://img.example/a.jpg">'
    '<a href="https://evil.example">link</a><table><tr><td colspan="2">cell</td></tr></table>'
)


def merged_listings() -> list[Listing]:
    """The same cream on three platforms, each saying something else."""
    steps = (
        PriceStep(100, 499, Decimal("4.2"), currency="USD", unit="H87", term="FOB"),
        PriceStep(500, None, Decimal("3.95"), currency="USD", unit="H87", term="FOB"),
    )
    return [
        listing(
            "buykorea",
            "1001",
            {"en": "Snail Repair Cream 50 ml SC-50", "ko": "달팽이 크림 50ml SC-50"},
            price=Price(PriceState.TIERED, steps),
            port="Busan",
            days_ago=1,
        ),
        listing("gobizkorea", "GS1", {"en": "SC-50 snail cream"}, port="Incheon", days_ago=40),
        listing("tradekorea", "P1", {"en": "SNAIL CREAM 50ML"}, price=Price(PriceState.NEGOTIABLE), days_ago=400),
    ]


def listing(
    platform: str,
    external_id: str,
    names: dict[str, str],
    *,
    price: Price | None = None,
    hs: str = "330499",
    unit: str = "H87",
    port: str | None = None,
    description: str | None = None,
    days_ago: int = 10,
) -> Listing:
    """A listing with everything that a card shows."""
    step = PriceStep(1, None, Decimal("5.5"), currency="USD", unit=unit, term="FOB")
    return Listing(
        platform=platform,
        external_id=external_id,
        account_id=f"{platform}-1",
        account_name="Haneul Bio Co., Ltd.",
        names=names,
        visible=True,
        registered=None,
        updated=Moment(NOW - timedelta(days=days_ago), Grain.SECOND),
        price=price or Price(PriceState.PRICED, (step,)),
        moq=Moq(QuantityState.STATED, Decimal(100), unit=unit),
        lead=Lead(QuantityState.STATED, 7, 21),
        hs=Hs(HsState.EXACT6, hs, hs),
        availability=Availability.ON_SALE,
        origin=("KR",),
        certificates=(Certificate("FDA", "FDA"),),
        attributes=(Attribute("Skin type", "All"),),
        terms=("FOB",),
        port=port,
        descriptions={"en": description} if description else {},
        summaries={"en": "For face and neck, made with local ingredients."},
        url=f"https://www.{platform}.example/goods/{external_id}",
    )


def _filling(number: int) -> Listing:
    english, korean, hs, unit = _GOODS[number % len(_GOODS)]
    platform = tuple(PLATFORMS)[number % 3]
    names = {"en": f"{english} model {number:03}", "ko": f"{korean} {number:03}"}
    return listing(platform, f"F{number}", names, hs=hs, unit=unit, days_ago=number + 2)


def _maker(listings: Sequence[Listing]) -> str:
    return listings[0].account_name or "?"


def _listing_row(key: int, each: Listing, visible: bool) -> dict[str, object]:
    seen = (NOW - timedelta(hours=2)).timestamp()
    return {
        "key": key,
        "platform": each.platform,
        "external_id": each.external_id,
        "generation": 1,
        "account_id": each.account_id,
        "state": "live",
        "visible": visible,
        "version": 1,
        "fingerprint": b"f",
        "parser_version": 1,
        "updated_at": each.updated.at.timestamp(),
        "seen_run": 1,
        "seen_at": seen,
        "first_seen_at": seen,
    }


def _version_row(key: int, each: Listing) -> dict[str, object]:
    return {
        "listing_key": key,
        "version": 1,
        "run": 1,
        "state": "released",
        "fingerprint": b"f",
        "parser_version": 1,
        "raw": b"r",
        "content": msgspec.json.encode(each),
        "created_at": NOW.timestamp(),
    }
