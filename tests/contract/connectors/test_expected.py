"""Every cell of the listing and company tables of `expected.md`, read from that file, and its notes, quoted."""

import json
from pathlib import Path

import pytest

from integrator import issues as codes
from integrator.export import write_hs, write_lead, write_moment, write_moq, write_price
from integrator.listing import Account, Detail, Listing, PriceState
from integrator.ports import Connector
from integrator.record import Kind
from tests.contract.connectors.samples import (
    FEEDS,
    Verdict,
    buykorea_records,
    connector_of,
    gobizkorea_records,
    judge,
    table,
    tradekorea_record,
    tradekorea_records,
)  # fmt: skip

HEADINGS = {"buykorea": "1. BuyKorea", "gobizkorea": "2. GobizKOREA", "tradekorea": "3. tradeKorea"}
COMPANIES = "Companies (`buykorea/entpList.xml`)"
ROWS = [(platform, row) for platform, heading in HEADINGS.items() for row in table(heading)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest.fixture(scope="module")
def connectors(folder: Path) -> dict[str, Connector]:
    return {platform: connector_of(platform, folder) for platform in HEADINGS}


@pytest.fixture(scope="module")
def verdicts(connectors: dict[str, Connector], folder: Path) -> dict[str, list[Verdict]]:
    records = {
        "buykorea": buykorea_records("goodsList_page1.xml") + buykorea_records("goodsList_page2.json"),
        "gobizkorea": gobizkorea_records(folder, 100250),
        "tradekorea": tradekorea_records("products_page1.json") + tradekorea_records("products_page2.json"),
    }
    return {platform: list(judge(connectors[platform], found)) for platform, found in records.items()}


@pytest.fixture(scope="module")
def listings(verdicts: dict[str, list[Verdict]]) -> dict[str, Listing]:
    return {
        found.raw_id: found.listing
        for judged in verdicts.values()
        for found in judged
        if found.verdict == "accept" and found.listing
    }


def id_of(row: dict[str, str]) -> str:
    """`P800103 (page 2)` is P800103, `(empty)` is nothing."""
    return "" if row["id"] == "(empty)" else row["id"].split(" ")[0]


def cells_of(listing: Listing | None) -> dict[str, str]:
    if listing is None:
        return dict.fromkeys(("visible", "name", "price", "moq", "hs", "lead", "updated", "seller"), "-")
    return {
        "visible": "yes" if listing.visible else "no",
        "name": listing.name,
        "price": write_price(listing.price),
        "moq": write_moq(listing.moq),
        "hs": write_hs(listing.hs),
        "lead": write_lead(listing.lead),
        "updated": write_moment(listing.updated),
        "seller": listing.account_id,
    }


@pytest.mark.parametrize(("platform", "row"), ROWS, ids=[f"{platform}-{row['id']}" for platform, row in ROWS])
def test_every_cell_reads_as_expected(verdicts: dict[str, list[Verdict]], platform: str, row: dict[str, str]) -> None:
    wanted = (id_of(row), row["verdict"])
    found = [judged for judged in verdicts[platform] if (judged.raw_id, judged.verdict) == wanted]

    assert len(found) == 1, (
        f"one record {wanted} among {[(judged.raw_id, judged.verdict) for judged in verdicts[platform]]}"
    )
    shown = found[0].listing if row["verdict"] == "accept" else None
    cells = cells_of(shown)
    assert cells == {name: row[name] for name in cells}


@pytest.mark.parametrize("platform", HEADINGS)
def test_no_record_is_left_over(verdicts: dict[str, list[Verdict]], platform: str) -> None:
    wanted = sorted((id_of(row), row["verdict"]) for row in table(HEADINGS[platform]))

    assert sorted((judged.raw_id, judged.verdict) for judged in verdicts[platform]) == wanted


def test_the_tables_are_all_there() -> None:
    assert [len(table(heading)) for heading in (*HEADINGS.values(), COMPANIES)] == [16, 16, 17, 6]


@pytest.mark.parametrize("row", table(COMPANIES), ids=lambda row: row["id"])
def test_every_company_cell_reads_as_expected(connectors: dict[str, Connector], row: dict[str, str]) -> None:
    (record,) = (found for found in buykorea_records("entpList.xml", Kind.ACCOUNT) if found.external_id == row["id"])

    account = connectors["buykorea"].parse(record)

    assert isinstance(account, Account)
    assert account.contact is not None
    assert {
        "id": account.external_id,
        "name": account.name,
        "brn": account.contact.brn or "-",
        "brn valid": {True: "yes", False: "no"}[account.contact.brn_valid] if account.contact.brn else "-",
        "zip": account.zip or "-",
        "homepage host": account.homepage or "-",
        "year": account.established[:4] if account.established else "-",
    } == row


# Notes: BuyKorea -----------------------------------------------------------------------------------------------------


def codes_of(found: Listing | Account | Detail) -> set[str]:
    return {issue.code for issue in found.issues}


def parse_one(connectors: dict[str, Connector], name: str, kind: Kind = Kind.LISTING) -> Listing | Detail | Account:
    (record,) = buykorea_records(name, kind)
    found = connectors["buykorea"].parse(record)
    assert isinstance(found, Listing | Detail | Account)
    return found


def test_note_17_rows_16_distinct_ids() -> None:
    records = buykorea_records("goodsList_page1.xml") + buykorea_records("goodsList_page2.json")

    assert (len(records), len({record.external_id for record in records})) == (17, 16)


def test_note_single_holds_3612915_as_an_object_and_its_two_tiers_as_a_list(connectors: dict[str, Connector]) -> None:
    (single,) = buykorea_records("goodsList_single.json")
    listed = buykorea_records("goodsList_page1.xml")[0]

    assert dict(single.fields) == dict(listed.fields)
    assert connectors["buykorea"].fingerprint(single) == connectors["buykorea"].fingerprint(listed)


@pytest.mark.parametrize("name", ["goodsList_empty.json", "goodsList_nodata.xml", "goodsDetail_gone.xml"])
def test_note_a_page_past_the_end_and_code_03_are_not_errors(name: str) -> None:
    assert buykorea_records(name) == []


def test_note_two_images_and_the_onerror_attribute_must_not_survive(connectors: dict[str, Connector]) -> None:
    detail = parse_one(connectors, "goodsDetail_3612915.xml", Kind.DETAIL)

    assert isinstance(detail, Detail)
    assert len(detail.images) == 2
    (html,) = detail.descriptions.values()
    assert "onerror" not in html
    assert '<img src="https://img.buykorea.example/editor/3612915_d1.jpg">' in html
    assert codes.HTML_UNSAFE in codes_of(detail)


def test_note_drift_has_a_new_field_a_new_unit_code_and_a_renamed_category(connectors: dict[str, Connector]) -> None:
    listing = parse_one(connectors, "goodsList_drift.xml")

    assert isinstance(listing, Listing)
    assert listing.price.steps[0].unit is None
    assert ("UNIT_UNKNOWN", "price") in {(issue.code, issue.field) for issue in listing.issues}
    assert listing.category.version == "2026-10"
    assert listing.category.path["en"] == ("Beauty & Personal Care", "Skin Care", "Cream")


def test_note_a_price_that_rises_with_quantity_is_kept_and_flagged(listings: dict[str, Listing]) -> None:
    assert codes.PRICE_RISES in codes_of(listings["3599001"])


def test_note_tiers_came_in_the_wrong_order(listings: dict[str, Listing]) -> None:
    assert codes.PRICE_STEPS_SORTED in codes_of(listings["3601300"])


def test_note_an_amount_is_in_the_record_but_must_not_be_shown(listings: dict[str, Listing]) -> None:
    hidden = listings["3612920"]

    assert (hidden.price.state, hidden.price.steps) == (PriceState.HIDDEN, ())
    assert list(hidden.names) == ["en"], "Korean name only repeats the English"
    assert codes.NAME_REPEATED in codes_of(hidden)


def test_note_the_category_leaf_is_given_once(listings: dict[str, Listing]) -> None:
    assert listings["3601234"].category.path == {"en": ("Electronics", "Lighting")}


def test_note_na_is_namibia_and_an_abolished_zip_is_no_zip(connectors: dict[str, Connector]) -> None:
    accounts = {
        record.external_id: connectors["buykorea"].parse(record)
        for record in buykorea_records("entpList.xml", Kind.ACCOUNT)
    }

    namibia, abolished = accounts["498210"], accounts["2248100417"]
    assert isinstance(namibia, Account)
    assert isinstance(abolished, Account)
    assert namibia.markets == ("US", "NA")
    assert (abolished.zip, codes.ZIP_ABOLISHED in codes_of(abolished)) == (None, True)


# Notes: GobizKOREA ---------------------------------------------------------------------------------------------------


def test_note_one_e_came_as_a_reference_the_other_is_lost_and_flagged(listings: dict[str, Listing]) -> None:
    balm = listings["GS2026010200011"]

    assert balm.name == "Café Ros? Lip Balm 5g"
    assert codes.TEXT_LOST_LETTER in codes_of(balm)
    assert codes.PRICE_PLACEHOLDER in codes_of(balm)


def test_note_nine_digits_chapter_04_not_40(listings: dict[str, Listing]) -> None:
    assert codes.HS_PADDED in codes_of(listings["GS2024010500002"])


def test_note_twelve_packs_a_carton(listings: dict[str, Listing]) -> None:
    assert [(str(pack.quantity), pack.outer) for pack in listings["GS2025031000077"].packs] == [("12", "CT")]


def test_note_a_wrong_registration_number_is_kept_and_proves_nothing(listings: dict[str, Listing]) -> None:
    contact = listings["GS2026030300001"].contact

    assert contact is not None
    assert (contact.brn, contact.brn_valid) == ("0123456789", False)


def test_note_an_image_without_scheme_is_read_as_https(listings: dict[str, Listing]) -> None:
    flagged = [found for found in listings.values() if codes.IMAGE_SCHEME_MISSING in codes_of(found)]

    assert len(flagged) == 1
    assert any(image.url.startswith("https://www.gobizkorea.example/") for image in flagged[0].images)


def test_note_quotes_after_two_unescapes(listings: dict[str, Listing]) -> None:
    texts = " ".join(listings["GS2023072429925"].descriptions.values())

    assert "&amp;" not in texts
    assert "quot;" not in texts


def test_note_column_order_changed_and_no_record_may_change(folder: Path, connectors: dict[str, Connector]) -> None:
    gobizkorea = connectors["gobizkorea"]
    before, after = (
        {record.external_id: gobizkorea.fingerprint(record) for record in gobizkorea_records(folder, drop)}
        for drop in (100250, 100275)
    )

    same = before.keys() & after.keys()
    assert "GS2024010500003" not in after, "gone (absent)"
    changed = {number for number in same if before[number] != after[number]}
    assert changed <= {"GS2025031000055"}, "its price and MOQ came by delta 100251"


# Notes: tradeKorea ---------------------------------------------------------------------------------------------------


def test_note_public_scope_is_hidden_and_masks_are_not_values(connectors: dict[str, Connector]) -> None:
    for record in tradekorea_records("products_public_scope.json", scope="public"):
        listing = connectors["tradekorea"].parse(record)

        assert isinstance(listing, Listing)
        assert listing.price.state is PriceState.HIDDEN
        assert "price" in listing.masked
        assert listing.contact is None or (listing.contact.phone, listing.contact.email) == (None, None)


def test_note_the_script_element_must_not_survive(connectors: dict[str, Connector]) -> None:
    fields = json.loads((FEEDS / "tradekorea" / "product_P831966.json").read_bytes())
    detail = connectors["tradekorea"].parse(tradekorea_record(fields, Kind.DETAIL))

    assert isinstance(detail, Detail)
    assert detail.descriptions
    assert "script" not in " ".join(detail.descriptions.values())


def test_note_missing_keys_are_nulls(connectors: dict[str, Connector]) -> None:
    for record in tradekorea_records("products_drift.json"):
        assert isinstance(connectors["tradekorea"].parse(record), Listing)


def test_note_a_range_upside_down_was_swapped_and_flagged(listings: dict[str, Listing]) -> None:
    assert codes.PRICE_SWAPPED in codes_of(listings["P823344"])


def test_note_yen_or_yuan_is_no_currency(listings: dict[str, Listing]) -> None:
    assert codes.CURRENCY_UNKNOWN in codes_of(listings["P800103"])


def test_note_view_count_came_as_text(listings: dict[str, Listing]) -> None:
    assert isinstance(listings["P828123"].view_count, int)
