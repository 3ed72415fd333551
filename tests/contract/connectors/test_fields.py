"""Every value a parser gives can be traced to the raw values it came from."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from integrator.errors import RejectedRecord
from integrator.explain.fields import FieldTrace, trace_fields
from integrator.explain.rules import explain_rule
from integrator.listing import Listing
from integrator.ports import Connector
from integrator.record import Kind, Record
from tests.contract.connectors.conftest import Case
from tests.contract.connectors.samples import (
    buykorea_records,
    connector_of,
    gobizkorea_records,
    tradekorea_record,
    tradekorea_records,
)

SAMPLES: dict[str, Callable[[Path], list[Record]]] = {
    "buykorea": lambda _: [
        *buykorea_records("goodsList_page1.xml"),
        *buykorea_records("goodsDetail_3612915.xml", Kind.DETAIL),
        *buykorea_records("entpList.xml", Kind.ACCOUNT),
    ],
    "gobizkorea": lambda folder: gobizkorea_records(folder, 100250, 100251, 100252),
    "tradekorea": lambda _: [
        *tradekorea_records("products_page1.json"),
        *tradekorea_records("products_page2.json"),
        *tradekorea_records("products_public_scope.json", scope="public"),
    ],
}


def traced(platform: str, folder: Path) -> list[tuple[Record, list[FieldTrace]]]:
    connector = connector_of(platform, folder)
    return [(record, trace(connector, record)) for record in SAMPLES[platform](folder)]


def trace(connector: Connector, record: Record) -> list[FieldTrace]:
    try:
        return trace_fields(connector, record)
    except RejectedRecord:
        return []


def one(found: list[FieldTrace], field: str) -> FieldTrace:
    return next(each for each in found if each.field == field)


@pytest.mark.parametrize("platform", SAMPLES)
def test_every_value_of_the_samples_has_a_raw_path(platform: str, tmp_path: Path) -> None:
    found = traced(platform, tmp_path)

    without = [(record.external_id, each.field) for record, fields in found for each in fields if not each.origins]

    assert len(found) > 10
    assert without == []


def test_every_value_of_a_recording_has_a_raw_path(case: Case) -> None:
    """Of any platform: the first records of each kind that says something to show."""
    kinds = (Kind.LISTING, Kind.DETAIL, Kind.ACCOUNT)
    chosen = [each for kind in kinds for each in [each for each in case.records if each.kind is kind][:8]]
    connector = case.open()

    found = {(record.kind, record.external_id): trace(connector, record) for record in chosen}

    assert sum(map(len, found.values())) > 100
    assert [(name, each.field) for name, fields in found.items() for each in fields if not each.origins] == []


@pytest.mark.parametrize("platform", SAMPLES)
def test_every_text_that_a_path_leads_to_stands_there(platform: str, tmp_path: Path) -> None:
    for record, found in traced(platform, tmp_path):
        for each in found:
            for origin in each.origins:
                assert origin.path == "(scope of the access)" or follow(record, origin.path) == origin.text


def follow(record: Record, path: str) -> str:
    found: Any = record.fields
    for name, place in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
        found = found[name] if name else found[int(place)]
    return str(found)


def test_a_price_step_names_its_amount_its_unit_and_what_lets_it_be_shown(tmp_path: Path) -> None:
    record = next(each for each in buykorea_records("goodsList_page1.xml") if each.external_id == "3700012")

    step = one(trace_fields(connector_of("buykorea", tmp_path), record), "price.steps[0]")

    assert {origin.path: origin.text for origin in step.origins} == {
        "PRC_EXPSR_YN": "Y",
        "PRC_NEGO_YN": "N",
        "PRC_SCTN.SCTN.UNIT_CD": "EA",
        "PRC_SCTN.SCTN.USD_AMT": "38",
    }
    assert step.rules == ("price.price_of_upper_steps",)


def test_an_attribute_that_fills_a_field_of_ours_is_named_with_its_place(tmp_path: Path) -> None:
    record = tradekorea_records("products_page1.json")[1]

    found = trace_fields(connector_of("tradekorea", tmp_path), record)

    assert [origin.path for origin in one(found, "hs.hs6").origins] == ["attributes[0].name", "attributes[0].value"]
    assert one(found, "hs.hs6").rules == ("hs.read_hs",)
    assert explain_rule("hs.read_hs").endswith(".")


def test_a_hidden_price_names_the_masks_that_hide_it(tmp_path: Path) -> None:
    record = tradekorea_records("products_public_scope.json", scope="public")[0]

    found = trace_fields(connector_of("tradekorea", tmp_path), record)

    assert one(found, "price.state").value == "hidden"
    assert {origin.path.partition("[")[0] for origin in one(found, "price.state").origins} == {"maskedFields"}


def test_what_a_rule_repaired_stands_beside_the_value(tmp_path: Path) -> None:
    record = tradekorea_records("products_page1.json")[1]
    fields = {**record.fields, "attributes": [{"name": "HS Code", "value": "30499"}]}

    found = trace_fields(connector_of("tradekorea", tmp_path), tradekorea_record(fields))

    assert [issue.code for issue in one(found, "hs.raw").issues] == ["HS_PADDED"]


def test_a_value_made_up_of_nothing_has_no_path(tmp_path: Path) -> None:
    class Inventive:
        parser_version = 1

        def __init__(self) -> None:
            self._sound = connector_of("tradekorea", tmp_path)

        def parse(self, record: Record) -> object:
            parsed = self._sound.parse(record)
            assert isinstance(parsed, Listing)
            return replace(parsed, brand="Of our own making")

    found = trace_fields(Inventive(), tradekorea_records("products_page1.json")[1])  # type: ignore[arg-type]

    assert one(found, "brand").origins == ()


def test_the_second_trace_names_the_same_rules_as_the_first(tmp_path: Path) -> None:
    connector, record = connector_of("tradekorea", tmp_path), tradekorea_records("products_page1.json")[1]

    assert trace_fields(connector, record) == trace_fields(connector, record)
