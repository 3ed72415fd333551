"""The guides' samples as records, and the tables of `expected.md` that say how to read them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.buykorea.envelope import read_page
from connectors.decode import decode_json
from connectors.http import Answer
from integrator.errors import RejectedRecord
from integrator.listing import Listing
from integrator.ports import Connector
from integrator.record import Kind, Lane, Plan, Record, Wire
from tests.contract.connectors.replay import (
    TEST_CREDENTIALS,
    Recording,
    ReplayServer,
    Reply,
    open_connector,
    records_of,
    walk,
)  # fmt: skip

FEEDS = Path(__file__).parents[2] / "golden" / "feeds"


def tables() -> list[tuple[str, list[dict[str, str]]]]:
    """Every pipe table of expected.md: (its nearest heading, its rows by column name)."""
    found: list[tuple[str, list[dict[str, str]]]] = []
    heading, names = "", list[str]()
    for line in (FEEDS / "expected.md").read_text("utf-8").splitlines():
        if line.startswith("#"):
            heading, names = line.lstrip("# "), []
        elif not line.startswith("|"):
            names = []
        elif not names:
            names = _cells(line)
            found.append((heading, []))
        elif set(line) - set("|- "):
            found[-1][1].append(dict(zip(names, _cells(line), strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split(" |")]


def table(heading: str) -> list[dict[str, str]]:
    """The first table under the heading that begins so."""
    return next(rows for found, rows in tables() if found.startswith(heading))


def read_sample(platform: str, name: str) -> bytes:
    return (FEEDS / platform / name).read_bytes()


def buykorea_records(name: str, kind: Kind = Kind.LISTING) -> list[Record]:
    page = read_page(Answer(200, {}, read_sample("buykorea", name), 0))
    key = "ENTP_SN" if kind is Kind.ACCOUNT else "GOODS_SN"
    return [
        Record("buykorea", kind, str(row[key]), row, cut, name) for row, cut in zip(page.rows, page.cuts, strict=True)
    ]


def tradekorea_record(fields: Wire, kind: Kind = Kind.LISTING, scope: str = "member") -> Record:
    assert isinstance(fields, dict)
    key = {Kind.ACCOUNT: "id"}.get(kind, "productNo")
    return Record("tradekorea", kind, str(fields[key]), fields, json.dumps(fields).encode, scope=scope)


def tradekorea_records(name: str, kind: Kind = Kind.LISTING, scope: str = "member") -> list[Record]:
    page: Any = decode_json(read_sample("tradekorea", name))
    return [tradekorea_record(fields, kind, scope) for fields in page["items"]]


def gobizkorea_records(folder: Path, *drops: int) -> list[Record]:
    """What a walk over these drops of the samples gives."""
    replies = {}
    for seq in drops:
        for path in (FEEDS / "gobizkorea" / str(seq)).glob("*.*"):
            replies[f"GET /drop/v2/{seq}/{path.name}"] = Reply(200, {}, path.read_bytes())
    index = json.loads(read_sample("gobizkorea", "manifest.json"))
    index["drops"] = [drop for drop in index["drops"] if drop["seq"] in drops]
    index["latestFull"] = max(drop["seq"] for drop in index["drops"] if drop["kind"] == "FULL")
    index["latest"] = max(drops)
    replies["GET /drop/v2/manifest.json"] = Reply(200, {}, json.dumps(index).encode())
    replies["POST /drop/v2/ack"] = Reply(200, {}, b'{"code":"GB-0000","message":"OK"}')
    now = datetime(2026, 9, 14, 1, 22, 5, tzinfo=UTC)
    recording = Recording(now, TEST_CREDENTIALS["gobizkorea"], "/gobizkorea", None, replies)
    with ReplayServer(recording).serving() as server:
        connector = open_connector("gobizkorea", server.url, recording, folder)
        batches, _ = walk(connector, Plan(Lane.CENSUS))
    return records_of(batches)


def connector_of(platform: str, folder: Path) -> Connector:
    """A connector for parsing alone: its address leads nowhere."""
    now = datetime(2026, 9, 14, tzinfo=UTC)
    recording = Recording(now, TEST_CREDENTIALS[platform], "", None)
    return open_connector(platform, "http://nowhere.example", recording, folder)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one record: its raw id, the word of expected.md, and the listing if there is one."""

    raw_id: str
    verdict: str
    listing: Listing | None


def judge(connector: Connector, records: list[Record]) -> Iterator[Verdict]:
    """Parse listings in the order they came; an earlier or older copy of an id is superseded by a later, newer one."""
    parsed: dict[str, list[tuple[bytes, Listing]]] = {}
    for record in records:
        if record.kind is not Kind.LISTING:
            continue
        try:
            listing = connector.parse(record)
        except RejectedRecord as rejected:
            yield Verdict(_raw_id(record), f"reject:{rejected.reasons[0].code}", None)
            continue
        assert isinstance(listing, Listing)
        parsed.setdefault(listing.external_id, []).append((connector.fingerprint(record), listing))
    for number, copies in parsed.items():
        distinct = dict(copies)  # the same row twice is one row that came again
        ordered = sorted(distinct.values(), key=lambda listing: listing.updated.at)
        yield from (Verdict(number, "superseded", listing) for listing in ordered[:-1])
        yield Verdict(number, "accept", ordered[-1])


def _raw_id(record: Record) -> str:
    if record.external_id:
        return record.external_id
    row: Any = record.fields.get("product", record.fields)
    found = next(
        (row[name] for name in ("GOODS_SN", "상품번호", "productNo") if isinstance(row, dict) and name in row), ""
    )
    return str(found)
