"""GobizKOREA's walk: the newest full drop, then the deltas after it in order; each drop as a whole or not at all.

A watermark is `{"seq": the last applied drop}`; a position is written by `route.Place`.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, Self

from connectors import Access
from connectors.decode import decode_json, refuse
from connectors.gobizkorea.access import DropServer, Expired
from connectors.gobizkorea.drop import check_size, decoded_bytes, is_whole, read_part
from connectors.gobizkorea.join import Join
from connectors.gobizkorea.listing import parse_company, parse_product
from connectors.gobizkorea.manifest import Drop, Part
from connectors.gobizkorea.records import ProductFields, RecordMaker
from connectors.gobizkorea.route import Place, plan_walk
from connectors.gobizkorea.wire import PLATFORM, POLICIES, fingerprint_company, fingerprint_product
from integrator.errors import BytesRefused
from integrator.ports import Budget, Clock, Parsed, Spool
from integrator.record import Batch, Confirmation, End, Kind, Lane, Plan, Record, Wire

BATCH: Final = 1000
STAGES: Final = ("accounts", "listings")


class GobizKorea:
    """`ports.Connector` for GobizKOREA. It answers no single questions: its detail lane is always empty."""

    platform = PLATFORM
    parser_version = 1
    confirmation = Confirmation.WHOLE_READ
    separate_lanes = False
    policies = POLICIES

    def __init__(self, server: DropServer, *, spool: Spool) -> None:
        self._server = server
        self._spool = spool

    @classmethod
    def open(cls, access: Access, *, clock: Clock, spool: Spool, budget: Budget | None = None) -> Self:
        """A connector for this address; nothing is asked yet."""
        return cls(DropServer(access, clock=clock, budget=budget), spool=spool)

    def fetch(self, plan: Plan) -> Iterator[Batch | End]:
        """See `ports.Connector`. A broken drop ends the walk incomplete; the drops read before it stay good."""
        if plan.lane is Lane.DETAIL:
            return iter([End(complete=True)])
        return self._server.walking(plan.lane, Walk(self._server, self._spool, plan).run())

    def decode(self, kind: Kind, body: bytes) -> Mapping[str, Wire]:
        """See `ports.Connector`."""
        fields = decode_json(body)
        return fields if isinstance(fields, dict) else refuse("a kept record is no JSON object")

    def fingerprint(self, record: Record) -> bytes:
        """See `ports.Connector`."""
        if isinstance(record.fields, ProductFields):
            return record.fields.fingerprint
        if record.kind is Kind.ACCOUNT:
            return fingerprint_company(record.fields)
        return fingerprint_product(record.fields)

    def parse(self, record: Record) -> Parsed:
        """See `ports.Connector`."""
        if record.kind is Kind.ACCOUNT:
            return parse_company(record.fields)
        return parse_product(record.fields)


class Walk:
    """One walk: its place, and what it must tell at its end."""

    def __init__(self, server: DropServer, spool: Spool, plan: Plan) -> None:
        self._server = server
        self._spool = spool
        self._plan = plan
        self._place = Place.read(plan.position)
        self._as_of: datetime | None = None
        self._total: int | None = None
        self._unknown: dict[str, int] = {}
        self._warnings: list[str] = []

    def run(self) -> Iterator[Batch | End]:
        """Batches, then the End."""
        index = self._server.read_index()
        self._as_of = index["asOf"]
        self._place, route = plan_walk(self._plan, index)
        self._warnings += route.notes
        reason = route.trouble
        for seq in route.drops:
            reason = yield from self._take(seq)
            if reason:
                break
        yield self._end(reason)

    def _take(self, seq: int) -> Generator[Batch, None, str]:
        """Read one drop; gives the reason why the walk cannot go on behind it, or ""."""
        try:
            drop = self._server.read_manifest(seq, self._spool)
            self._check_base(drop)
            join = yield from self._gather(drop)
        except (BytesRefused, Expired) as error:
            self._server.report_refused(seq)
            return f"Drop {seq} is refused whole ({error.code}), nothing of it is taken: {error}"
        with join:
            yield from self._read(drop, join)
            self._note(drop, join)
        self._place = Place(applied=seq, full=self._place.full)
        yield self._batch((), stage=STAGES[-1])
        return ""

    def _check_base(self, drop: Drop) -> None:
        applied = self._place.applied
        if not drop.is_full and drop.base != applied:
            raise BytesRefused(f"it follows drop {drop.base}, and {applied} is the last applied", code="BASE")

    # Whole before anything of it is used ------------------------------------------------------------------------------

    def _gather(self, drop: Drop) -> Generator[Batch, None, Join]:
        """All parts on this disk and verified; empty batches in between show that the walk lives."""
        paths: dict[str, Path] = {}
        before = self._server.bytes_read
        for table in drop.tables.values():
            for part in table.parts:
                paths[part.file] = self._fetch_part(drop.seq, part)
                yield self._batch((), stage="download")
        join = Join(drop, decoded_bytes=sum(map(decoded_bytes, paths.values())), folder=_folder(paths))
        try:
            yield from self._verify(drop, join, paths)
        except BaseException:
            join.close()
            raise
        if drop.is_full and self._server.bytes_read > before:
            # A new good full drop: whatever was kept before it is of no more use.
            self._spool.keep_only(part.sha256 for table in drop.tables.values() for part in table.parts)
        return join

    def _fetch_part(self, seq: int, part: Part) -> Path:
        kept = self._spool.find(part.sha256)
        if kept is not None and is_whole(kept, part):
            return kept
        self._server.download(seq, part, self._spool)
        path = self._spool.find(part.sha256)
        if path is None:
            raise BytesRefused(f"{part.file} was removed while it was waited for", code="HASH")
        check_size(path.stat().st_size, part)
        return path

    def _verify(self, drop: Drop, join: Join, paths: Mapping[str, Path]) -> Iterator[Batch]:
        for table in drop.tables.values():
            first = 0
            for part in table.parts:
                join.add(table, read_part(paths[part.file], part, table), first=first)
                first += part.rows
                yield self._batch((), stage="verify")
            if first != table.rows:
                raise BytesRefused(f"the parts of {table.name} hold {first} rows instead of {table.rows}", code="ROWS")

    # Records ----------------------------------------------------------------------------------------------------------

    def _read(self, drop: Drop, join: Join) -> Iterator[Batch]:
        stage, row = self._begin(drop)
        maker = RecordMaker(drop)
        if stage == STAGES[0]:
            accounts = map(maker.make_account, islice(join.companies(), row, None))
            yield from self._batches(STAGES[0], row, accounts, total=drop.tables["company"].rows)
            row = 0
        listings = map(maker.make_listing, islice(join.products(), row, None))
        yield from self._batches(STAGES[1], row, listings, total=drop.tables["product"].rows)

    def _begin(self, drop: Drop) -> tuple[str, int]:
        """Stage and row to begin with; the row counts only in the very making of the drop it was counted in."""
        place = self._place
        goes_on = place.seq == drop.seq and place.drop == drop.digest
        if drop.is_full:
            self._total = drop.tables["product"].rows
        full = drop.seq if drop.is_full else place.full
        self._place = Place(place.applied, full, drop.seq, drop.digest, STAGES[0], 0)
        return (place.stage, place.row) if goes_on else (STAGES[0], 0)

    def _batches(self, stage: str, row: int, records: Iterator[Record], *, total: int) -> Iterator[Batch]:
        while batch := tuple(islice(records, BATCH)):
            row += len(batch)
            self._place = replace(self._place, stage=stage, row=row)
            yield self._batch(batch, stage=stage, total=total)

    def _batch(self, records: tuple[Record, ...], *, stage: str, total: int | None = None) -> Batch:
        return Batch(records, self._place.write(), clock=self._as_of, stage=stage, total=total)

    # What to tell -----------------------------------------------------------------------------------------------------

    def _note(self, drop: Drop, join: Join) -> None:
        for name, rows in drop.unknown_columns.items():
            self._unknown[name] = self._unknown.get(name, 0) + rows
        for table, count in join.orphans.items():
            if count:
                self._warnings.append(f"Drop {drop.seq}: {count} rows of {table} have no product and are left out")
        for table, count in join.misshaped.items():
            self._warnings.append(f"Drop {drop.seq}: {count} rows of {table} have a wrong number of fields, left out")

    def _end(self, reason: str) -> End:
        place = self._place
        return End(
            complete=not reason,
            census=place.full is not None and not reason,
            sequence=place.full,
            watermark={"seq": place.applied} if place.applied is not None else None,
            clock=self._as_of,
            total=self._total,
            reason=reason,
            unknown_fields=self._unknown,
            warnings=tuple(self._warnings),
        )


def _folder(paths: Mapping[str, Path]) -> Path | None:
    return next((path.parent for path in paths.values()), None)
