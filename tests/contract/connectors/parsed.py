"""What each parser makes of its recording, kept with the parser's version.

    python -m tests.contract.connectors.parsed PLATFORM

writes `tests/golden/parsed/PLATFORM.json` anew. Do so after raising `parser_version`, and read the difference: every
listing whose reading changed is parsed again in the field.
"""

import hashlib
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from integrator.errors import RejectedRecord
from integrator.ports import Connector
from integrator.record import Kind, Lane, Plan, Record
from tests.contract.connectors.replay import Recording, ReplayServer, detail_asks, open_connector, records_of, walk

PARSED = Path(__file__).parents[2] / "golden" / "parsed"
# Of each kind, written out in full so that a difference can be read; all others are in the digest.
_WRITTEN_OUT = 6


def summarise(connector: Connector, records: list[Record]) -> dict[str, Any]:
    """Everything a parser makes of these records, in an order of its own."""
    found: dict[str, list[bytes]] = {}
    for record in records:
        found.setdefault(f"{record.kind}/{record.external_id}", []).append(
            msgspec.json.encode(_read(connector, record))
        )
    ordered = {name: sorted(bodies) for name, bodies in sorted(found.items())}
    digest = hashlib.blake2b(b"\n".join(body for bodies in ordered.values() for body in bodies), digest_size=16)
    shown = [name for kind in Kind for name in [name for name in ordered if name.startswith(kind)][:_WRITTEN_OUT]]
    examples = {name: [msgspec.json.decode(body) for body in ordered[name]] for name in shown}
    return {"parser_version": connector.parser_version, "digest": digest.hexdigest(), "examples": examples}


def _read(connector: Connector, record: Record) -> object:
    try:
        return connector.parse(record)
    except RejectedRecord as rejected:
        return {"rejected": rejected.reasons}


def write(platform: str) -> None:
    """Write one platform's file from its recording."""
    recording = Recording.load(platform)
    with ReplayServer(recording).serving() as server, tempfile.TemporaryDirectory() as folder:
        connector = open_connector(platform, server.url, recording, Path(folder))
        batches, _ = walk(connector, Plan(Lane.CENSUS))
        asks = detail_asks(records_of(batches), recording.gone)
        details, _ = walk(connector, Plan(Lane.DETAIL, asks=asks))
        found = summarise(connector, [*records_of(batches), *records_of(details)])
    PARSED.mkdir(parents=True, exist_ok=True)
    body = msgspec.json.format(msgspec.json.encode(found), indent=1)
    (PARSED / f"{platform}.json").write_bytes(body + b"\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:]:
        write(chosen)
