"""tradeKorea's connector: the walk stands in `walk`; here are its single questions and what every connector has."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, Self

import msgspec

from connectors import Access
from connectors.decode import decode_row, refuse
from connectors.pace import Limits
from connectors.tradekorea.access import Calls, Gone
from connectors.tradekorea.listing import parse_account, parse_detail, parse_listing, parse_withdrawal
from connectors.tradekorea.walk import ACCOUNTS, LISTINGS, Walk
from connectors.tradekorea.wire import PLATFORM, POLICIES, fingerprint
from integrator.errors import FeedChanged
from integrator.ports import Budget, Clock, Parsed, Spool
from integrator.record import Ask, Batch, Confirmation, End, Json, Kind, Lane, Plan, Record, Wire

_ASKS_A_BATCH: Final = 20


class TradeKorea:
    """`ports.Connector` for tradeKorea."""

    platform = PLATFORM
    parser_version = 1
    confirmation = Confirmation.DETAIL_CALL
    separate_lanes = True
    policies = POLICIES

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    @classmethod
    def open(
        cls,
        access: Access,
        *,
        clock: Clock,
        spool: Spool,
        budget: Budget | None = None,
        limits: Limits | None = None,
    ) -> Self:
        """A connector for this address; nothing is asked yet. The spool is not needed: pages are small."""
        return cls(Calls(access, clock=clock, limits=limits, budget=budget))

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        """See `ports.Connector`."""
        if plan.lane is Lane.DETAIL:
            return self._calls.walking(plan.lane, self._fetch_asked(plan))
        return self._calls.walking(plan.lane, Walk(self._calls, plan).run())

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        """See `ports.Connector`."""
        fields = decode_row(body)
        return fields if isinstance(fields, dict) else refuse("a kept record is no JSON object")

    def fingerprint(self, record: Record) -> bytes:
        """See `wire.fingerprint`."""
        return fingerprint(record.kind, record.fields)

    def parse(self, record: Record) -> Parsed:
        """See `ports.Connector`."""
        return _PARSERS[record.kind](record)

    # Detail lane ------------------------------------------------------------------------------------------------------

    def _fetch_asked(self, plan: Plan) -> Iterator[Batch | End]:
        scope = self._calls.scope
        done = (plan.position or {}).get("asked")
        begin = done if isinstance(done, int) else 0
        missing: list[str] = []
        for start in range(begin, len(plan.asks), _ASKS_A_BATCH):
            asks = plan.asks[start : start + _ASKS_A_BATCH]
            answered = [self._ask(ask, scope, missing) for ask in asks]
            records = tuple(record for record in answered if record is not None)
            position: dict[str, Json] = {"asked": start + len(asks)}
            yield Batch(records, position, stage="details", total=len(plan.asks))
        notes = tuple(f"tradeKorea knows no supplier {name[:20]}" for name in missing)
        yield End(complete=True, scope=scope, warnings=notes)

    def _ask(self, ask: Ask, scope: str, missing: list[str]) -> Record | None:
        is_account = ask.kind is Kind.ACCOUNT
        stage, kind = (ACCOUNTS, Kind.ACCOUNT) if is_account else (LISTINGS, Kind.DETAIL)
        try:
            fields, body = self._calls.ask_one(stage.path, ask.external_id)
        except Gone as gone:
            if is_account:
                missing.append(ask.external_id)
                return None
            return _note_withdrawal(ask.external_id, gone, scope)
        if fields.get(stage.key) != ask.external_id:
            raise FeedChanged("tradeKorea answered with another record than was asked for", code="OTHER_RECORD")
        return Record(PLATFORM, kind, ask.external_id, fields, partial(bytes, body), page=stage.path, scope=scope)


def _note_withdrawal(external_id: str, gone: Gone, scope: str) -> Record:
    """The answer "gone" in the form of a tombstone, which is what is kept of it."""
    fields: dict[str, Wire] = {"productNo": external_id, "reason": gone.code}
    if gone.told.get("withdrawnAt") is not None:
        fields["withdrawnAt"] = gone.told["withdrawnAt"]
    cut = partial(msgspec.json.encode, fields)
    return Record(PLATFORM, Kind.WITHDRAWAL, external_id, fields, cut, page=LISTINGS.path, scope=scope)


_PARSERS: Final[Mapping[Kind, Callable[[Record], Parsed]]] = {
    Kind.LISTING: parse_listing,
    Kind.DETAIL: parse_detail,
    Kind.ACCOUNT: parse_account,
    Kind.WITHDRAWAL: parse_withdrawal,
}
