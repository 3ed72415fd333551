"""A connector of a small platform in memory: a script of records, faults on demand, the contract of the port."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b

from integrator.errors import Reason, RejectedRecord
from integrator.issues import DATE_INVALID, NAME_MISSING
from integrator.listing import (
    Account,
    Contact,
    Detail,
    Grain,
    Hs,
    HsState,
    Issue,
    Lead,
    Listing,
    Moment,
    Moq,
    Price,
    PriceState,
    PriceStep,
    QuantityState,
    Withdrawal,
)
from integrator.ports import Parsed
from integrator.record import Batch, Confirmation, End, Json, Kind, Lane, Plan, Policies, Record, Wire

# A row as the small platform keeps it: plain JSON values by name.
Row = dict[str, object]


def row(external_id: str, **said: object) -> Row:
    """One listing row with sound defaults."""
    usual: Row = {
        "id": external_id,
        "name": f"Hand cream {external_id}",
        "account": "A1",
        "price": "3.50",
        "updated": 1000,
        "registered": 500,
        "visible": True,
    }
    return {**usual, **said}


@dataclass
class FakeConnector:
    """Change its fields between runs; `listings` is what the platform shows now, in walk order."""

    platform: str = "buykorea"
    parser_version: int = 1
    confirmation: Confirmation = Confirmation.DETAIL_CALL
    separate_lanes: bool = True
    policies: Policies = field(default_factory=Policies)
    listings: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    tombstones: list[Row] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)  # detail calls for these say so
    page: int = 3
    clock: datetime = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
    fail_at: int | None = None  # raise before this page of the walk
    error: Callable[[], BaseException] = lambda: RuntimeError("no error was scripted")
    complete: bool = True
    reason: str = ""
    census: bool | None = None  # None: what the lane says
    sequence: int = 0  # of every record, where a platform numbers its drops
    scope: str | None = None
    changed_only: list[str] | None = None  # ids that a changes walk shows; None: all
    tells_watermark: bool = False  # in each batch, where changes since the walk's beginning begin
    on_page: Callable[[int], None] = lambda _page: None
    plans: list[Plan] = field(default_factory=list)
    parsed: int = 0

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        self.plans.append(plan)
        return self._detail(plan) if plan.lane is Lane.DETAIL else self._walk(plan)

    def _walk(self, plan: Plan) -> Iterator[Batch | End]:
        pages = self._pages(plan)
        start = int(str((plan.position or {}).get("page", 0)))
        for number, (stage, records) in enumerate(pages):
            if number < start:
                continue
            if self.fail_at == number:
                raise self.error()
            self.on_page(number)
            total = len(self.listings) if stage == "listings" else len(self.accounts)
            position: dict[str, Json] = {"page": number + 1}
            since: dict[str, Json] | None = {"clock": self.clock.timestamp()} if self.tells_watermark else None
            yield Batch(
                tuple(records), position, clock=self.clock, stage=stage, total=total, calls=1, bytes_read=100,
                watermark=since,
            )  # fmt: skip
        if self.fail_at is not None and self.fail_at >= len(pages):
            raise self.error()
        is_census = plan.lane is Lane.CENSUS if self.census is None else self.census
        yield End(
            complete=self.complete,
            census=is_census and self.complete,
            sequence=self.sequence or None,
            watermark={"clock": self.clock.timestamp()},
            clock=self.clock,
            total=len(self.listings),
            reason=self.reason,
            scope=self.scope,
            unknown_fields={"NEW_FIELD": 2} if self.reason == "drift" else {},
        )

    def _pages(self, plan: Plan) -> list[tuple[str, list[Record]]]:
        shown = self.listings
        if plan.lane is Lane.CHANGES and self.changed_only is not None:
            shown = [each for each in shown if each["id"] in self.changed_only]
        groups = [("accounts", Kind.ACCOUNT, self.accounts if plan.accounts else [])]
        groups += [("listings", Kind.LISTING, shown), ("withdrawals", Kind.WITHDRAWAL, self.tombstones)]
        pages = []
        for stage, kind, rows in groups:
            for start in range(0, len(rows), self.page):
                page = rows[start : start + self.page]
                pages.append((stage, [self.record(kind, each, offset) for offset, each in enumerate(page)]))
        return pages

    def _detail(self, plan: Plan) -> Iterator[Batch | End]:
        for ask in plan.asks:
            yield Batch((self._answer(ask.kind, ask.external_id),), {}, clock=self.clock, calls=1)
        yield End(complete=True, clock=self.clock)

    def _answer(self, kind: Kind, external_id: str) -> Record:
        rows = self.accounts if kind is Kind.ACCOUNT else self.listings
        found = next((each for each in rows if each["id"] == external_id), None)
        if kind is Kind.ACCOUNT:
            return self.record(Kind.ACCOUNT, found or {"id": external_id, "name": f"Firm {external_id}"}, 0)
        if external_id in self.gone:
            return self.record(Kind.WITHDRAWAL, {"id": external_id, "reason": "GONE"}, 0)
        return self.record(Kind.DETAIL, {**(found or row(external_id)), "description": "Made with care"}, 0)

    def record(self, kind: Kind, fields: Row, offset: int) -> Record:
        """The row as it travels."""
        body = json.dumps(fields, sort_keys=True).encode()
        return Record(
            platform=self.platform,
            kind=kind,
            external_id=str(fields.get("id") or ""),
            fields=fields,
            cut=lambda: body,
            page="1",
            offset=offset,
            sequence=int(str(fields.get("sequence", self.sequence))),
            scope=self.scope,
            outranked=bool(fields.get("outranked")),
        )

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        decoded: Mapping[str, Wire] = json.loads(body)
        return decoded

    def fingerprint(self, record: Record) -> bytes:
        known = {name: value for name, value in record.fields.items() if name not in ("views", "sequence")}
        if self.scope == "public":
            known.pop("price", None)
        return blake2b(json.dumps(known, sort_keys=True).encode(), digest_size=16).digest()

    def parse(self, record: Record) -> Parsed:
        self.parsed += 1
        readers: dict[Kind, Callable[[Record], Parsed]] = {
            Kind.LISTING: self._listing,
            Kind.ACCOUNT: self._account,
            Kind.WITHDRAWAL: self._withdrawal,
            Kind.DETAIL: self._detail_of,
        }
        return readers[record.kind](record)

    def _listing(self, record: Record) -> Listing:
        said = dict(record.fields)
        reasons = [Reason(NAME_MISSING, "names")] if not said.get("name") else []
        if not isinstance(said.get("updated"), int):
            reasons.append(Reason(DATE_INVALID, "updated", str(said.get("updated"))))
        if reasons or not record.external_id:
            raise RejectedRecord(reasons or [Reason("ID_INVALID", "external_id")])
        masked = self.scope == "public"
        step = PriceStep(1, None, Decimal(str(said["price"])), currency="USD", unit="H87")
        price = Price(PriceState.HIDDEN) if masked else Price(PriceState.PRICED, (step,))
        unit = str(said.get("unit", ""))
        return Listing(
            platform=self.platform,
            external_id=record.external_id,
            account_id=str(said["account"]),
            account_name=None,
            names={"en": str(said["name"])},
            visible=bool(said["visible"]),
            registered=_moment(said.get("registered")),
            updated=Moment(datetime.fromtimestamp(int(str(said["updated"])), UTC), Grain.SECOND),
            price=price,
            moq=Moq(QuantityState.UNKNOWN),
            lead=Lead(QuantityState.UNKNOWN),
            hs=Hs(HsState.MISSING),
            scope=self.scope,
            masked=("price", "contact") if masked else (),
            issues=(Issue("UNIT_UNKNOWN", "price", unit),) if unit else (),
            contact=Contact(phone=str(said["phone"])) if said.get("phone") else None,
        )

    def _account(self, record: Record) -> Account:
        if not record.fields.get("name"):
            raise RejectedRecord([Reason(NAME_MISSING, "names")])
        brn, phone = record.fields.get("brn"), record.fields.get("phone")
        contact = Contact(brn=str(brn) if brn else None, brn_valid=bool(brn), phone=str(phone) if phone else None)
        masked = record.scope == "public"
        return Account(
            platform=self.platform,
            external_id=record.external_id,
            names={"en": str(record.fields["name"])},
            homepage=str(record.fields["homepage"]) if record.fields.get("homepage") else None,
            scope=record.scope,
            masked=("contact",) if masked else (),
            contact=None if masked else contact,
        )

    def _withdrawal(self, record: Record) -> Withdrawal:
        said = record.fields
        merged = said.get("merged_into")
        return Withdrawal(
            self.platform,
            record.external_id,
            at=_moment(said.get("at")),
            reason=str(said.get("reason", "SELLER")),
            merged_into=str(merged) if merged else None,
        )

    def _detail_of(self, record: Record) -> Detail:
        listing = replace(self._listing(record))
        description = str(record.fields.get("description", ""))
        return Detail(self.platform, record.external_id, listing=listing, descriptions={"en": description})


def _moment(seconds: object) -> Moment | None:
    return None if seconds is None else Moment(datetime.fromtimestamp(int(str(seconds)), UTC), Grain.SECOND)
