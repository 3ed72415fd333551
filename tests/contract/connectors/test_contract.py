"""What every connector keeps (docs/add-a-platform.md). A new platform is covered by its recording alone."""

import copy
import gzip
import json
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors import CONNECTORS
from integrator.errors import BytesRefused, HanmaruError, RejectedRecord
from integrator.listing import Account, Detail, Listing, Withdrawal
from integrator.ports import Connector, Parsed
from integrator.record import Confirmation, End, Kind, Lane, Plan, Record, Wire
from tests.contract.connectors.conftest import Case
from tests.contract.connectors.parsed import PARSED, summarise
from tests.contract.connectors.replay import WALKS, records_of, walk

PARSED_AS = {Kind.LISTING: Listing, Kind.DETAIL: Detail, Kind.ACCOUNT: Account, Kind.WITHDRAWAL: Withdrawal}


def parse_or_reasons(connector: Connector, record: Record) -> Parsed | tuple[str, ...]:
    try:
        return connector.parse(record)
    except RejectedRecord as rejected:
        return tuple(reason.code for reason in rejected.reasons)


def test_the_list_of_platforms_costs_no_library() -> None:
    heavy = ["requests", "lxml", "marshmallow", "urllib3"]
    code = f"import sys, connectors; print([name for name in {heavy} if name in sys.modules])"

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("platform", CONNECTORS, ids=lambda platform: platform.name)
def test_every_platform_has_its_recording(platform) -> None:
    assert (WALKS / f"{platform.name}.json").is_file()


def test_a_connector_says_who_it_is(case: Case, connector: Connector) -> None:
    assert connector.platform == case.platform
    assert connector.parser_version >= 1
    assert isinstance(connector.confirmation, Confirmation)


# The walk ------------------------------------------------------------------------------------------------------------


def test_a_census_ends_with_its_proof(case: Case) -> None:
    end = case.end

    assert (end.complete, end.census, end.reason) == (True, True, "")
    assert end.watermark
    assert end.clock is not None
    assert end.clock.utcoffset() is not None


def test_positions_and_watermarks_are_plain_json(case: Case) -> None:
    kept = [case.end.watermark, *(batch.position for batch in case.batches)]

    assert json.loads(json.dumps(kept)) == kept


def test_calls_and_bytes_are_all_accounted_for(case: Case, tmp_path: Path) -> None:
    before = len(case.server.asked)

    batches, end = walk(case.open(tmp_path), Plan(Lane.CENSUS))

    assert sum(batch.calls for batch in batches) + end.calls == len(case.server.asked) - before
    assert sum(batch.bytes_read for batch in batches) + end.bytes_read > 0


def test_every_record_names_its_platform_and_place(case: Case) -> None:
    for record in case.records:
        assert record.platform == case.platform
        assert record.page
        assert record.offset >= 0


def test_resuming_at_any_position_gives_the_same_set(case: Case, tmp_path: Path) -> None:
    connector = case.open(tmp_path)
    whole = seen_by(connector, records_of(case.batches))

    for place, batch in enumerate(case.batches):
        before = seen_by(connector, records_of(case.batches[: place + 1]))
        after, end = walk(connector, Plan(Lane.CENSUS, position=json.loads(json.dumps(batch.position))))

        assert before | seen_by(connector, records_of(after)) == whole
        assert (end.complete, end.watermark) == (True, case.end.watermark)


def seen_by(connector: Connector, records: list[Record]) -> set[tuple[Kind, str, bytes]]:
    return {(record.kind, record.external_id, connector.fingerprint(record)) for record in records}


def test_a_walk_repeated_gives_the_same_records(case: Case, tmp_path: Path) -> None:
    connector = case.open(tmp_path)

    batches, _ = walk(connector, Plan(Lane.CENSUS))

    assert seen_by(connector, records_of(batches)) == seen_by(connector, records_of(case.batches))


def test_changes_since_the_watermark_are_a_part_of_everything(case: Case, tmp_path: Path) -> None:
    connector = case.open(tmp_path)

    batches, end = walk(connector, Plan(Lane.CHANGES, watermark=case.end.watermark))

    assert seen_by(connector, records_of(batches)) <= seen_by(connector, records_of(case.batches))
    assert end.census is False or connector.separate_lanes is False


# Bytes ---------------------------------------------------------------------------------------------------------------


def test_kept_bytes_decode_to_the_same_fields(case: Case, connector: Connector) -> None:
    for record in case.records:
        assert connector.decode(record.kind, record.body) == record.fields


def test_a_record_read_back_from_its_bytes_is_the_same_record(case: Case, connector: Connector) -> None:
    for record in case.records:
        again = replace(record, fields=connector.decode(record.kind, record.body))

        assert connector.fingerprint(again) == connector.fingerprint(record)
        assert parse_or_reasons(connector, again) == parse_or_reasons(connector, record)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff\xfe", b"null", b"<", b"<html>", b'{"a":1}{"b":2}', b'{"a":}']
)
def test_unreadable_bytes_are_refused_with_a_reason(connector: Connector, body: bytes) -> None:
    with pytest.raises(BytesRefused) as caught:
        connector.decode(Kind.LISTING, body)

    assert caught.value.code
    assert str(caught.value)


def test_a_cut_answer_gives_no_record_of_its_own(case: Case, tmp_path: Path) -> None:
    whole = seen_by(case.open(), records_of(case.batches))
    questions = [question for question in dict.fromkeys(case.server.asked) if len(body_of(case, question)) > 200]

    for place, question in enumerate(questions[:8]):
        case.server.spoilt = {question: body_of(case, question)[: len(body_of(case, question)) // 2]}
        connector = case.open(tmp_path / str(place))
        given, is_complete = walk_as_far_as_possible(connector)
        case.server.spoilt = {}

        assert seen_by(connector, given) <= whole
        assert not is_complete or seen_by(connector, given) == whole


def walk_as_far_as_possible(connector: Connector) -> tuple[list[Record], bool]:
    """What a census gave before it ended, and whether it ended with its proof."""
    given: list[Record] = []
    try:
        for part in connector.fetch(Plan(Lane.CENSUS)):
            if isinstance(part, End):
                return given, part.complete
            given += part.records
    except HanmaruError:
        pass
    return given, False


def body_of(case: Case, question: str) -> bytes:
    reply = case.recording.replies.get(question)
    return reply.body if reply else b""


def test_a_page_of_html_is_no_answer(case: Case, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>maintenance</body></html>"
    case.server.spoilt = dict.fromkeys(case.server.asked, page)

    given, is_complete = walk_as_far_as_possible(case.open(tmp_path))
    case.server.spoilt = {}

    assert (given, is_complete) == ([], False)


# Reading -------------------------------------------------------------------------------------------------------------


def test_parsing_is_pure(case: Case, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    for record in case.records:
        before = copy.deepcopy(record.fields)

        first, second = parse_or_reasons(connector, record), parse_or_reasons(connector, record)

        assert first == second
        assert record.fields == before


def test_each_kind_is_parsed_to_its_own_class(case: Case, connector: Connector) -> None:
    for record in case.records:
        parsed = parse_or_reasons(connector, record)
        if isinstance(parsed, tuple):
            assert parsed, "a rejection says why"
            continue
        assert isinstance(parsed, PARSED_AS[record.kind])
        assert (parsed.platform, parsed.external_id) == (record.platform, record.external_id)


def test_a_parser_reads_as_its_version_says(case: Case, connector: Connector) -> None:
    """Raise `parser_version` when this fails, then write the file anew (see parsed.py) and read the difference."""
    kept = json.loads((PARSED / f"{case.platform}.json").read_bytes())

    found = json.loads(msgspec.json.encode(summarise(connector, case.records)))

    assert found["examples"] == kept["examples"]
    assert found == kept


def test_nearly_all_records_are_usable(case: Case, connector: Connector) -> None:
    rejected = [record for record in case.records if isinstance(parse_or_reasons(connector, record), tuple)]

    assert len(rejected) <= len(case.records) // 20


def test_a_listing_gone_comes_back_as_a_withdrawal(case: Case) -> None:
    gone = [record for record in case.details if record.kind is Kind.WITHDRAWAL]

    assert [record.external_id for record in gone] == ([case.recording.gone] if case.recording.gone else [])


# Fingerprints --------------------------------------------------------------------------------------------------------


def turned(value: Wire) -> Wire:
    """The same value with keys the other way round."""
    if isinstance(value, Mapping):
        return {key: turned(inner) for key, inner in reversed(list(value.items()))}
    return [turned(inner) for inner in value] if isinstance(value, list) else value


def emptied(value: Wire, empty: Wire) -> Wire:
    """The same value with every empty field as None, or absent."""
    if not isinstance(value, Mapping):
        return [emptied(inner, empty) for inner in value] if isinstance(value, list) else value
    found = {key: emptied(inner, empty) for key, inner in value.items() if inner not in ("", None)}
    blank = {key: empty for key, inner in value.items() if inner in ("", None)}
    return found if empty is ABSENT else {**found, **blank}


def spelt(value: Wire) -> Wire:
    """The same value with every number as text."""
    if isinstance(value, Mapping):
        return {key: spelt(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [spelt(inner) for inner in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


ABSENT = object()
SAME: dict[str, Callable[[Mapping[str, Wire]], Any]] = {
    "keys in another order": turned,
    "empty fields null": lambda fields: emptied(fields, None),
    "empty fields absent": lambda fields: emptied(fields, ABSENT),
    "numbers as text": spelt,
    "an unknown field more": lambda fields: {**fields, "NEW_FIELD_NOBODY_KNOWS": "x"},
}


@pytest.mark.parametrize("way", SAME)
def test_what_means_the_same_has_the_same_fingerprint(case: Case, connector: Connector, way: str) -> None:
    for record in case.records:
        other = replace(record, fields=SAME[way](record.fields))

        assert connector.fingerprint(other) == connector.fingerprint(record)


@pytest.mark.parametrize(
    "way", ["numbers as text", "keys in another order", "empty fields null", "empty fields absent"]
)
def test_what_means_the_same_is_read_the_same(case: Case, connector: Connector, way: str) -> None:
    for record in case.records:
        other = replace(record, fields=SAME[way](record.fields))

        assert parse_or_reasons(connector, other) == parse_or_reasons(connector, record)


def test_fingerprints_are_sixteen_bytes_and_tell_records_apart(case: Case, connector: Connector) -> None:
    listings = {record.external_id: record for record in case.records if record.kind is Kind.LISTING}
    found = Counter(connector.fingerprint(record) for record in listings.values())

    assert {len(value) for value in found} == {16}
    assert max(found.values()) == 1


def test_a_changed_text_changes_the_fingerprint(case: Case, connector: Connector) -> None:
    listings = [(record, parse_or_reasons(connector, record)) for record in case.records]
    # Cleaning may have changed a name; one that stands in the bytes as it is read is wanted.
    record, name, body = next(
        (record, listing.name, body)
        for record, listing in listings
        if isinstance(listing, Listing) and listing.name in (body := record.body.decode())
    )

    other = replace(record, fields=connector.decode(record.kind, body.replace(name, name + " II").encode()))

    assert connector.fingerprint(other) != connector.fingerprint(record)


def test_the_recording_is_small_enough_to_keep() -> None:
    sizes = {path.stem: len(gzip.compress(path.read_bytes())) for path in WALKS.glob("*.json")}

    assert max(sizes.values()) < 200_000
