"""The mock of tradeKorea's calls. Source: tradeKorea guide 1.2, sections 1 to 5."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import ceil
from urllib.parse import quote, unquote

import numpy as np

from connectors.mock import tradekorea_records as records
from connectors.mock import tradekorea_suppliers as suppliers
from connectors.mock.catalogue import Catalogue
from connectors.mock.clock import WorldClock
from connectors.mock.days import DAY, DAY_ZERO, moment
from connectors.mock.message import Request, Response, parse_query, to_json, to_spaced_json
from connectors.mock.rng import Numbers, mix, mix_array, stream_key
from connectors.mock.tampering import SOUND, Tampering
from connectors.mock.tradekorea_access import Access, Refused, Window, error, invalid_parameter

CURSOR_LIFE = 600
TOMBSTONE_LIFE = 30 * DAY
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_REASONS = ("SELLER", "SELLER", "SELLER", "POLICY", "EXPIRED", "MERGED")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one walk's order. `hop` tells pages apart that begin at the same place."""

    walk: str
    scope: str
    since: str
    place: int
    hop: int
    as_of: int
    issued: int


class TradeKorea:
    def __init__(
        self,
        catalogue: Catalogue,
        clock: WorldClock,
        *,
        has_limits: bool = True,
        tampering: Tampering = SOUND,
        token_calls: int | None = None,
        are_cursors_lasting: bool = False,
    ) -> None:
        self._catalogue, self._clock, self._tampering = catalogue, clock, tampering
        self._numbers = records.Numbers(catalogue.world)
        self._access = Access(clock, token_calls=token_calls)
        self._window = Window(clock) if has_limits else None
        self._are_cursors_lasting = are_cursors_lasting
        self._key = stream_key(catalogue.world.seed, "tradekorea")

    # --- the three orders --------------------------------------------------------------------------------------

    @cached_property
    def _products(self) -> tuple[Numbers, Numbers]:
        """Slots by rising `updatedAt`, and those seconds."""
        state = self._catalogue.state
        index = np.arange(len(state.alive), dtype=np.int64)
        index = index[state.alive & self._tampering.keeps(index)]
        updated = state.updated[index].astype(np.int64)
        order = np.lexsort((mix_array(self._key, index), updated))
        return index[order], updated[order]

    @cached_property
    def _tombstones(self) -> tuple[Numbers, Numbers]:
        state = self._catalogue.state
        index = np.flatnonzero((state.withdrawn <= self._catalogue.day) & (state.unusable != 1)).astype(np.int64)
        index = index[self._tampering.keeps(index)]
        seconds = state.withdrawn_second[index].astype(np.int64)
        order = np.lexsort((mix_array(self._key, index), seconds))
        return index[order], seconds[order]

    @cached_property
    def _suppliers(self) -> tuple[Numbers, Numbers]:
        world = self._catalogue.world
        accounts = np.unique(world.account_numbers(self._catalogue.platform, world.size))
        order = np.argsort(mix_array(self._key + 1, accounts))
        found = accounts[order][: 0 if self._tampering.is_empty else None]
        return found, np.zeros(len(found), dtype=np.int64)

    # --- calls -------------------------------------------------------------------------------------------------

    def admit(self, request: Request) -> Response | str:
        """Token and limit; the text is the key under which the answer may be recorded."""
        if request.path == "/oauth/token":
            return self._access.grant(request)
        try:
            token = self._access.token_of(request)
            if self._window is not None:
                self._window.spend(token.client)
            if request.method != "GET":
                raise Refused(error(405, "METHOD_NOT_ALLOWED", "Only GET is supported"))
        except Refused as refusal:
            return self._with_limits(refusal.response, request)
        return f"{token.scope} {request.path}?{'&'.join(sorted(request.query.split('&')))}"

    def answer(self, request: Request) -> Response:
        scope = self._access.scope_of(request)
        try:
            response = self._route(request, scope)
        except Refused as refusal:
            response = refusal.response
        return response

    def finish(self, request: Request, response: Response) -> Response:
        """The limit's headers go onto every answer, recorded ones too."""
        return self._with_limits(response, request)

    def _with_limits(self, response: Response, request: Request) -> Response:
        client = self._access.client_of(request)
        if self._window is None or client is None:
            return response
        return replace(response, headers=self._window.headers(client) + response.headers)

    def _route(self, request: Request, scope: str) -> Response:
        query, parts = parse_query(request.query), [unquote(part) for part in request.path.strip("/").split("/")]
        match parts:
            case ["v1", "products"]:
                return self._page("products", query, scope)
            case ["v1", "products", number]:
                return self._product(number, scope)
            case ["v1", "tombstones"]:
                return self._page("tombstones", query, scope)
            case ["v1", "suppliers"]:
                return self._page("suppliers", query, scope)
            case ["v1", "suppliers", number]:
                return self._supplier(number, scope)
            case ["v1", "categories"]:
                return to_json(suppliers.categories(), lasting=True)
            case _:
                raise Refused(error(404, "NOT_FOUND", "No such resource"))

    # --- walks -------------------------------------------------------------------------------------------------

    def _page(self, walk: str, query: dict[str, str], scope: str) -> Response:
        limit = _read_limit(query)
        cursor = self._begin(walk, query, scope) if "cursor" not in query else self._resume(walk, query, scope)
        index, _ = {"products": self._products, "tombstones": self._tombstones, "suppliers": self._suppliers}[walk]
        count = self._count(walk, cursor, limit)
        end = min(len(index), cursor.place + count)
        make: Callable[[int], records.Record] = {
            "products": lambda number: self._product_record(number, scope),
            "tombstones": self._tombstone,
            "suppliers": lambda number: self._supplier_record(number, scope),
        }[walk]
        has_more = end < len(index)
        following = replace(cursor, place=end, hop=cursor.hop + 1, issued=self._clock.second())
        page = {
            "asOf": moment(cursor.as_of).isoformat(),
            "items": [make(int(number)) for number in index[cursor.place : end]],
            "hasMore": has_more,
            "nextCursor": self._seal(following) if has_more else None,
        }
        return to_json(page, lasting=True)

    def _count(self, walk: str, cursor: Cursor, limit: int) -> int:
        """A page may hold fewer than asked, even none, with more to come."""
        fate = mix(self._key + 2, cursor.place * 1000 + cursor.hop) % 400
        if walk != "products" or not cursor.hop or fate > 11:
            return limit
        return 0 if fate == 0 else max(1, limit // 2)

    def _begin(self, walk: str, query: dict[str, str], scope: str) -> Cursor:
        now = self._clock.second()
        if walk == "tombstones":
            since = _read_instant(query, "since")
            if since is None:
                raise Refused(invalid_parameter("since"))
            if since < now - TOMBSTONE_LIFE:
                oldest = moment(now - TOMBSTONE_LIFE).isoformat()
                raise Refused(error(410, "TOMBSTONES_GONE", "Tombstones are kept for 30 days", oldest=oldest))
            place = int(np.searchsorted(self._tombstones[1], since, "left"))
        else:
            since = _read_instant(query, "updatedAfter") if walk == "products" else None
            place = 0 if since is None else int(np.searchsorted(self._products[1], since, "left"))
        return Cursor(walk, scope, "" if since is None else str(since), place, 0, now, now)

    def _resume(self, walk: str, query: dict[str, str], scope: str) -> Cursor:
        cursor = self._open(query["cursor"])
        name = {"products": "updatedAfter", "tombstones": "since"}.get(walk, "")
        since = _read_instant(query, name) if name else None
        if (cursor.walk, cursor.scope, cursor.since) != (walk, scope, "" if since is None else str(since)):
            raise Refused(error(400, "CURSOR_MISMATCH", "The cursor belongs to another query or scope"))
        if not self._are_cursors_lasting and self._clock.second() - cursor.issued > CURSOR_LIFE:
            text = "Cursors are valid for 10 minutes; start again"
            raise Refused(error(400, "CURSOR_EXPIRED", text, asOf=moment(cursor.as_of).isoformat()))
        return cursor

    def _seal(self, cursor: Cursor) -> str:
        plain = json.dumps(
            [cursor.walk[0], cursor.scope, cursor.since, cursor.place, cursor.hop, cursor.as_of, cursor.issued],
            separators=(",", ":"),
        ).encode()
        return base64.urlsafe_b64encode(self._tag(plain) + plain).decode().rstrip("=")

    def _tag(self, plain: bytes) -> bytes:
        return stream_key(self._key, self._catalogue.day, plain).to_bytes(8, "little")[:6]

    def _open(self, text: str) -> Cursor:
        try:
            sealed = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            tag, plain = sealed[:6], sealed[6:]
            if tag != self._tag(plain):
                raise ValueError(text)
            walk, *rest = json.loads(plain)
        except (ValueError, binascii.Error, UnicodeError) as trouble:
            raise Refused(error(400, "CURSOR_INVALID", "The cursor cannot be read")) from trouble
        return Cursor({"p": "products", "t": "tombstones", "s": "suppliers"}[walk], *rest)

    # --- records -----------------------------------------------------------------------------------------------

    def _product_record(self, index: int, scope: str) -> records.Record:
        listing = self._catalogue.listing(index)
        record = records.product_record(listing, self._numbers, scope=scope, day=self._catalogue.day)
        return records.poisoned(record, index) if self._tampering.poisons(index) else record

    def _tombstone(self, index: int) -> records.Record:
        state = self._catalogue.state
        reason, into = _REASONS[mix(self._key + 3, index) % len(_REASONS)], None
        if reason == "MERGED":
            neighbour = index + 1 if index + 1 < len(state.alive) and state.alive[index + 1] else -1
            into, reason = (self._numbers.product(neighbour), reason) if neighbour >= 0 else (None, "SELLER")
        return {
            "productNo": self._numbers.product(index),
            "withdrawnAt": self._withdrawn_at(index),
            "reason": reason,
            "mergedInto": into,
        }

    def _withdrawn_at(self, index: int) -> str:
        return moment(int(self._catalogue.state.withdrawn_second[index])).isoformat()

    def _supplier_record(self, account: int, scope: str) -> records.Record:
        statement, catalogue = self._catalogue.accounts.statement(account), self._catalogue
        return suppliers.supplier_record(
            statement, self._numbers, scope=scope, seed=catalogue.world.seed, day=catalogue.day
        )

    def _product(self, number: str, scope: str) -> Response:
        index, state = self._numbers.index(number), self._catalogue.state
        if not 0 <= index < len(state.alive) or not self._tampering.keeps_one(index) or state.unusable[index] == 1:
            raise Refused(error(404, "NOT_FOUND", "No such product"))
        if not state.alive[index]:
            raise Refused(
                error(
                    410,
                    "PRODUCT_WITHDRAWN",
                    "This product was withdrawn",
                    productNo=number,
                    withdrawnAt=self._withdrawn_at(index),
                )
            )
        listing = self._catalogue.listing(index)
        record = records.detail_record(listing, self._numbers, scope=scope, day=self._catalogue.day)
        return to_json(record, lasting=True)

    def _supplier(self, number: str, scope: str) -> Response:
        account = self._numbers.account(number)
        if account not in self._supplier_set:
            raise Refused(error(404, "NOT_FOUND", "No such supplier"))
        return to_spaced_json(self._supplier_record(account, scope), lasting=True)

    @cached_property
    def _supplier_set(self) -> frozenset[int]:
        return frozenset(self._suppliers[0].tolist())


def _read_limit(query: dict[str, str]) -> int:
    text = query.get("limit", "20")
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= 50:
        raise Refused(invalid_parameter("limit"))
    return int(text)


def _read_instant(query: dict[str, str], name: str) -> int | None:
    """The first whole second not before the instant, counted from midnight of day 0."""
    text = query.get(name)
    if text is None:
        return None
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError(quote(text))
        return ceil((datetime.fromisoformat(text) - DAY_ZERO).total_seconds())
    except ValueError as trouble:
        raise Refused(invalid_parameter(name)) from trouble
