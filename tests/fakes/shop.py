"""A small catalogue in a real database: accounts and listings written the way a sync writes them, then resolved."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import insert, select, update

from integrator.listing import (
    Account,
    Contact,
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
from integrator.resolve.partition import Resolved, resolve_marked
from integrator.store import catalogue, worklist
from integrator.store.database import Database, insert_for
from integrator.store.tables import account, contact, listing, version
from tests.databases import Databases

RATES = Rates("2026-09-14", {"USD": Decimal(1), "KRW": Decimal("0.00075"), "EUR": Decimal("1.1")})
START = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)


class StillClock:
    """Moves one second with every look, so that what came first is older."""

    def __init__(self) -> None:
        self._at = START

    def now(self) -> datetime:
        self._at += timedelta(seconds=1)
        return self._at

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


def make_listing(platform: str, external_id: str, account_id: str, title: str, **fields: object) -> Listing:
    """A listing with a price of ten dollars a piece; `fields` replace any of its own."""
    korean = "가" <= title[0] <= "힣"
    made = Listing(
        platform=platform,
        external_id=external_id,
        account_id=account_id,
        account_name=None,
        names={"ko" if korean else "en": title},
        visible=True,
        registered=None,
        updated=Moment(START, Grain.SECOND),
        price=Price(PriceState.PRICED, (PriceStep(1, None, Decimal(10), None, "USD", "H87", "FOB"),)),
        moq=Moq(QuantityState.UNKNOWN),
        lead=Lead(QuantityState.UNKNOWN),
        hs=Hs(HsState.MISSING),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


@dataclass
class Shop:
    """The database under test."""

    database: Database
    clock: StillClock

    def account(self, platform: str, account_id: str, name: str, *, brn: str | None = None, **fields: object) -> None:
        """Write an account and mark it. Keywords `phone` and `email` are its contact's, others `Account`'s."""
        said = Contact(brn, brn is not None, None, fields.pop("phone", None), fields.pop("email", None))  # type: ignore[arg-type]
        made = Account(platform, account_id, {"en": name}, **fields)  # type: ignore[arg-type]
        row = {
            "platform": platform,
            "external_id": account_id,
            "version": 1,
            "fingerprint": b"",
            "parser_version": 1,
            "raw": b"",
            "content": msgspec.json.encode(made),
            "seen_run": 1,
            "first_seen_at": 0.0,
            "changed_at": 0.0,
        }
        known = {
            "platform": platform,
            "account_id": account_id,
            "source": "account",
            "brn": said.brn,
            "brn_valid": said.brn_valid,
            "person": None,
            "phone": said.phone,
            "email": said.email,
        }
        with self.database.write() as connection:
            for table, values, keys in ((account, row, 2), (contact, known, 3)):
                statement = insert_for(connection, table).values(**values)
                own = list(table.primary_key.columns)[:keys]
                connection.execute(statement.on_conflict_do_update(index_elements=own, set_=values))
        self.mark(platform, account_id)

    def contact(self, platform: str, account_id: str, said: Contact) -> None:
        """What an account's listings say of its contact."""
        with self.database.write() as connection:
            connection.execute(
                insert(contact).values(
                    platform=platform,
                    account_id=account_id,
                    source="listing",
                    brn=said.brn,
                    brn_valid=said.brn_valid,
                    person=None,
                    phone=said.phone,
                    email=said.email,
                )
            )

    def listing(self, made: Listing) -> None:
        """Write a listing as released, or another version of it, and mark its account."""
        place = (listing.c.platform == made.platform) & (listing.c.external_id == made.external_id)
        with self.database.write() as connection:
            known = connection.execute(select(listing.c.key, listing.c.version).where(place)).one_or_none()
            key = known.key if known else None
            number = known.version + 1 if known else 1
            if known is None:
                row = connection.execute(
                    insert(listing).values(
                        platform=made.platform,
                        external_id=made.external_id,
                        generation=1,
                        account_id=made.account_id,
                        state="live",
                        visible=made.visible,
                        version=1,
                        fingerprint=b"",
                        parser_version=1,
                        updated_at=0.0,
                        seen_run=1,
                        seen_at=START.timestamp(),
                        first_seen_at=0.0,
                    )
                )
                assert row.inserted_primary_key is not None
                key = row.inserted_primary_key[0]
            else:
                values = {"state": "live", "visible": made.visible, "version": number, "account_id": made.account_id}
                connection.execute(update(listing).where(place).values(**values))
            connection.execute(
                insert(version).values(
                    listing_key=key,
                    version=number,
                    run=1,
                    state="released",
                    fingerprint=b"",
                    parser_version=1,
                    raw=b"",
                    content=msgspec.json.encode(made),
                    created_at=0.0,
                )
            )
        self.mark(made.platform, made.account_id)

    def withdraw(self, platform: str, external_id: str) -> None:
        place = (listing.c.platform == platform) & (listing.c.external_id == external_id)
        with self.database.write() as connection:
            owner = connection.execute(select(listing.c.account_id).where(place)).scalar_one()
            connection.execute(update(listing).where(place).values(state="withdrawn", visible=False))
        self.mark(platform, owner)

    def mark(self, platform: str, account_id: str) -> None:
        with self.database.write() as connection:
            worklist.mark(connection, platform, [account_id], run=1, now=self.clock.now().timestamp())

    def resolve(self, **options: object) -> Resolved:
        return resolve_marked(self.database, clock=self.clock, rates=RATES, **options)  # type: ignore[arg-type]

    def clusters(self) -> set[frozenset[str]]:
        """Clusters of visible listings as sets of 'platform:id'."""
        return {
            frozenset(f"{platform}:{external_id}" for platform, external_id in pairs)
            for _, pairs in catalogue.stream_clusters(self.database)
        }

    def product_of(self, name: str) -> str:
        platform, _, external_id = name.partition(":")
        with self.database.read() as connection:
            found = catalogue.find_product_of(connection, platform, external_id)
        assert found is not None, name
        return found


LendShop = Callable[[], AbstractContextManager[Shop]]


@pytest.fixture
def lend_shop(databases: Databases) -> LendShop:
    """For a test that needs several."""

    @contextmanager
    def lend() -> Iterator[Shop]:
        with databases.lend() as database:
            yield Shop(database, StillClock())

    return lend


@pytest.fixture
def shop(lend_shop: LendShop) -> Iterator[Shop]:
    with lend_shop() as lent:
        yield lent
