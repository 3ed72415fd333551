"""Records to our schema: what the guide's sections 6 and 7 and the notes of samples/expected.md say."""

import contextlib
import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tradekorea.listing import parse_account, parse_detail, parse_listing
from connectors.tradekorea.wire import KNOWN, fingerprint
from integrator.errors import RejectedRecord
from integrator.listing import Account, Attribute, Availability, Detail, Grain, Listing, Pack, PriceState, Withdrawal
from integrator.record import Kind, Record
from tests.connectors.tradekorea.conftest import SAMPLES, product, supplier, tombstone


def make(connector, fields, kind=Kind.LISTING, scope="member"):
    return connector.parse(Record("tradekorea", kind, "", fields, lambda: b"", scope=scope))


def load(name):
    return json.loads((SAMPLES / name).read_bytes())


def rows(name):
    return {row["productNo"]: row for row in load(name)["items"]}


def codes(found):
    return {(issue.code, issue.field) for issue in found.issues}


def with_attributes(connector, *pairs, **fields):
    attributes = [{"name": name, "value": value} for name, value in pairs]
    return make(connector, product(attributes=attributes, **fields))


# Notes of samples/expected.md ----------------------------------------------------------------------------------------


def test_in_public_scope_the_price_is_hidden_and_masks_are_no_values(connector):
    listing = make(connector, rows("products_public_scope.json")["P831966"], scope="public")

    assert listing.price.state is PriceState.HIDDEN
    assert listing.masked == ("price", "terms", "payment", "contact")
    assert listing.contact is None
    assert listing.scope == "public"


def test_the_script_of_a_detail_does_not_survive(connector):
    detail = make(connector, load("product_P831966.json"), Kind.DETAIL)

    assert isinstance(detail, Detail)
    assert detail.descriptions == {"en": "<p>Centella cream</p>"}
    assert ("HTML_UNSAFE", "descriptions") in codes(detail)
    assert detail.past_slugs == ("nuriel-centella-cream-50ml",)
    assert detail.listing is not None
    assert detail.listing.external_id == "P831966"


def test_the_listing_in_a_detail_says_what_the_list_says(connector):
    detail = make(connector, load("product_P831966.json"), Kind.DETAIL)

    assert detail.listing == make(connector, rows("products_page2.json")["P831966"])


def test_missing_keys_are_nulls(connector):
    row = rows("products_drift.json")["P831970"]
    nulls = {**dict.fromkeys(("brand", "modelNo", "summary", "supplyAbility", "packaging", "viewCount")), **row}

    assert make(connector, row) == make(connector, nulls)
    assert fingerprint(Kind.LISTING, row) == fingerprint(Kind.LISTING, nulls)


def test_a_view_count_may_be_text(connector):
    assert make(connector, rows("products_page2.json")["P828123"]).view_count == 371


def test_tombstones_say_when_why_and_what_took_their_place(connector):
    gone = {row["productNo"]: make(connector, row, Kind.WITHDRAWAL) for row in load("tombstones.json")["items"]}

    assert isinstance(gone["P640777"], Withdrawal)
    assert gone["P640777"].merged_into == "P831966"
    assert gone["P800105"].reason == "POLICY"
    assert gone["P800105"].at.at.isoformat() == "2026-09-14T02:05:00+00:00"


def test_a_tombstone_older_than_its_record_says_so(connector):
    gone = {row["productNo"]: make(connector, row, Kind.WITHDRAWAL) for row in load("tombstones.json")["items"]}
    alive = make(connector, rows("products_page1.json")["P800101"])

    assert gone["P800101"].at.at < alive.updated.at


# Fields --------------------------------------------------------------------------------------------------------------


def test_all_fields_arrive(connector):
    listing = with_attributes(
        connector, ("HS Code", "3304.99"), ("Lead Time", "15 days"), ("Certification", "CPNP, CGMP"),
        ("Place of Origin", "South Korea"), ("Net Weight", "120 g"), ("Quantity per Pack", "50"),
        brand="Nuriel", modelNo="NR-1", categoryCode="BEA-skin-care", categoryPath=["Cosmetics", "Skin Care"],
        keywords=["cream", "centella"], summary="A cream.", priceText="US $ 3.90 / Piece", priceBasis="FOB",
        minimumOrder="1 Carton (24 pcs)", paymentTerms="T/T, L/C at sight", supplyAbility="10,000 pcs / Month",
        port="Busan", packaging="12 packs/CTN", viewCount=10,
        images=["https://img.example/1.jpg", "//img.example/2.jpg"],
        supplier={"id": "204871", "name": "Nurion", "country": "KR", "phone": "+82-2-000-0001", "email": "a@b.example"},
    )  # fmt: skip

    assert isinstance(listing, Listing)
    assert (listing.account_id, listing.account_name, listing.account_country) == ("204871", "Nurion", "KR")
    assert (listing.hs.hs6, listing.lead.min_days, listing.origin) == ("330499", 15, ("KR",))
    assert [certificate.code for certificate in listing.certificates] == ["CPNP", "CGMP"]
    assert (listing.weight_kg, listing.brand, listing.model) == (Decimal("0.12"), "Nuriel", "NR-1")
    assert Pack(Decimal(24), "H87", "CT") in listing.packs
    assert (listing.category.code, listing.category.path) == ("BEA-skin-care", {"en": ("Cosmetics", "Skin Care")})
    assert (listing.keywords, listing.summaries) == (("cream", "centella"), {"en": "A cream."})
    assert (listing.payment, listing.terms, listing.port) == (("T/T", "L/C at sight"), ("FOB",), "Busan")
    assert (listing.supply.quantity, listing.supply.period) == (Decimal(10000), "MONTH")
    assert [image.url for image in listing.images] == ["https://img.example/1.jpg", "https://img.example/2.jpg"]
    assert [image.main for image in listing.images] == [True, False]
    assert (listing.slug, listing.view_count, listing.visible) == ("trial", 10, True)
    assert listing.url == "https://www.tradekorea.example/product/detail/P100001/trial.html"
    assert listing.contact is not None
    assert (listing.contact.phone, listing.contact.email) == ("+8220000001", "a@b.example")
    assert (listing.updated.grain, listing.masked) == (Grain.SECOND, ())


def test_the_first_attribute_of_a_name_counts(connector):
    listing = with_attributes(
        connector, ("Lead Time", "5 days"), ("Delivery Time", "9 days"), ("Color", "Red"), ("color", "Blue")
    )

    assert listing.lead.min_days == 5
    assert listing.attributes == (Attribute("Color", "Red"),)


@pytest.mark.parametrize("name", ["Model No.", "Model Number", "Model", "MODEL NO."])
def test_a_model_among_the_attributes_is_read(connector, name):
    assert with_attributes(connector, (name, "DJP-1500")).model == "DJP-1500"


def test_the_model_of_its_own_field_wins(connector):
    assert with_attributes(connector, ("Model", "other"), modelNo="DJP-1500").model == "DJP-1500"


@pytest.mark.parametrize(
    ("text", "weight"), [("1.2 kg", Decimal("1.2")), ("500g", Decimal("0.5")), ("heavy", None), ("3 lb", None)]
)
def test_a_net_weight_is_read_in_kilograms_or_left_an_attribute(connector, text, weight):
    listing = with_attributes(connector, ("Net Weight", text))

    assert listing.weight_kg == weight
    assert listing.attributes == (Attribute("Net Weight", text),)


@pytest.mark.parametrize(
    ("status", "visible", "availability"),
    [
        ("ACTIVE", True, Availability.ON_SALE),
        ("SOLD_OUT", True, Availability.SOLD_OUT),
        ("PAUSED", False, Availability.UNKNOWN),
        (None, False, Availability.UNKNOWN),
    ],
)
def test_what_a_status_shows(connector, status, visible, availability):
    listing = make(connector, product(status=status))

    assert (listing.visible, listing.availability) == (visible, availability)


def test_an_unreadable_field_costs_only_itself(connector):
    listing = make(
        connector, product(attributes="none", images=7, keywords=[1], registeredAt="yesterday", viewCount="many")
    )

    assert (listing.attributes, listing.images, listing.keywords, listing.registered) == ((), (), (), None)
    assert {field for _, field in codes(listing)} == {"attributes", "images", "keywords", "registered", "view_count"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//evil", "ftp://x.example/", "https://u:p@x.example/"])
def test_an_address_that_no_page_may_link_to_is_left_out(connector, url):
    assert make(connector, product(url=url)).url is None


# Any values whatever -------------------------------------------------------------------------------------------------

texts = st.text(max_size=60) | st.sampled_from(
    ["", "-", "US $ 3.50 ~ 4.20 / Piece", "500 Piece(s)", "15 days", "+82-2-****"]
)
names = st.sampled_from(["name", "value", "id", "phone", "email"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | texts, inner, max_size=3),
    max_leaves=6,
)
KEYS = sorted(KNOWN[Kind.DETAIL])


@given(fields=st.dictionaries(st.sampled_from(KEYS), values | texts))
def test_any_values_give_a_listing_or_reasons(fields):
    sound = {key: value for key, value in product().items() if key in ("productNo", "name", "supplier", "updatedAt")}
    listing = parse_listing(Record("tradekorea", Kind.LISTING, "", fields | sound, lambda: b"", scope="member"))
    assert msgspec.json.decode(msgspec.json.encode(listing), type=Listing) == listing

    with contextlib.suppress(RejectedRecord):
        parse_detail(Record("tradekorea", Kind.DETAIL, "", fields, lambda: b"", scope="member"))
    assert len(fingerprint(Kind.DETAIL, fields)) == 16


@given(fields=st.dictionaries(st.sampled_from(sorted(KNOWN[Kind.ACCOUNT])), values | texts))
def test_any_values_give_an_account_or_reasons(fields):
    sound = {key: value for key, value in supplier().items() if key != "country"}
    account = parse_account(Record("tradekorea", Kind.ACCOUNT, "", fields | sound, lambda: b"", scope="member"))

    assert msgspec.json.decode(msgspec.json.encode(account), type=Account) == account


# Rejections ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reasons"),
    [
        ({"supplier": None}, ["SELLER_MISSING"]),
        ({"supplier": {"id": "", "name": "x"}}, ["SELLER_MISSING"]),
        ({"updatedAt": "2026-13-40T25:00:00+09:00"}, ["DATE_INVALID"]),
        ({"name": " - "}, ["NAME_MISSING"]),
        ({"productNo": "P12345"}, ["ID_INVALID"]),
        ({"productNo": "P12345678"}, ["ID_INVALID"]),
        ({"productNo": None, "name": None}, ["ID_INVALID", "NAME_MISSING"]),
    ],
)
def test_a_record_that_cannot_be_used_says_why(connector, fields, reasons):
    with pytest.raises(RejectedRecord) as caught:
        make(connector, product(**fields))

    assert [reason.code for reason in caught.value.reasons] == reasons


def test_a_row_that_is_no_object_is_rejected(connector):
    with pytest.raises(RejectedRecord) as caught:
        make(connector, {"row": None})

    assert [reason.code for reason in caught.value.reasons] == ["UNREADABLE"]


# Suppliers -----------------------------------------------------------------------------------------------------------


def test_a_supplier_seen_as_member_has_its_contact_apart(connector):
    account = make(connector, load("supplier_204871_member.json"), Kind.ACCOUNT)

    assert (account.contact.brn, account.contact.brn_valid, account.contact.person) == ("0018100017", True, "Ha-on Kim")
    assert (account.contact.phone, account.contact.email) == ("+8220000001", "sales@nurion.example")
    assert (account.country, account.zip, account.homepage) == ("KR", "06559", "www.nurion.example")
    assert (account.established, account.employees) == ("2015", "11~50")
    assert account.business_types == ("Manufacturer", "Exporter")
    assert account.markets == ("North America", "Japan")
    assert account.masked == ()


def test_a_supplier_seen_as_public_has_no_contact_but_masks(connector):
    account = make(connector, load("supplier_204871_public.json"), Kind.ACCOUNT, scope="public")

    assert account.contact is None
    assert account.masked == ("contact",)


@pytest.mark.parametrize("year", [2015, "2015", None])
def test_a_year_may_be_number_text_or_null(connector, year):
    account = make(connector, supplier(yearEstablished=year), Kind.ACCOUNT)

    assert account.established == (str(year) if year else None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"id": "x1"}, "ID_INVALID"), ({"name": None}, "NAME_MISSING"), ({"updatedAt": "soon"}, "DATE_INVALID")],
)
def test_a_supplier_without_what_it_needs_is_rejected(connector, fields, code):
    with pytest.raises(RejectedRecord) as caught:
        make(connector, supplier(**fields), Kind.ACCOUNT)

    assert [reason.code for reason in caught.value.reasons] == [code]


# Fingerprint ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"viewCount": 99999},
        {"brand": ""},
        {"keywords": []},
        {"attributes": []},
        {"maskedFields": None},
        {"carbon": "new field"},
        {"supplier": {"country": "KR", "name": "Trial Co.", "id": "204871", "phone": None}},
    ],
)
def test_what_does_not_change_a_record(fields):
    assert fingerprint(Kind.LISTING, product(**fields)) == fingerprint(Kind.LISTING, product())


@pytest.mark.parametrize(
    "fields",
    [
        {"slug": "other"},
        {"status": "SOLD_OUT"},
        {"updatedAt": "2026-09-02T00:00:00+09:00"},
        {"attributes": [{"name": "Color", "value": "Red"}]},
        {"supplier": {"id": "204871", "name": "Renamed Co.", "country": "KR"}},
    ],
)
def test_what_changes_a_record(fields):
    assert fingerprint(Kind.LISTING, product(**fields)) != fingerprint(Kind.LISTING, product())


def test_masked_fields_stay_out_of_the_comparison():
    seen = rows("products_public_scope.json")["P831966"]
    other_masks = seen | {"supplier": seen["supplier"] | {"phone": "+82-31-****"}, "priceText": "***"}

    assert fingerprint(Kind.LISTING, seen) == fingerprint(Kind.LISTING, other_masks)


def test_a_number_and_its_text_are_the_same():
    assert fingerprint(Kind.ACCOUNT, supplier(yearEstablished=2015)) == fingerprint(
        Kind.ACCOUNT, supplier(yearEstablished="2015")
    )


def test_a_tombstone_of_another_day_is_another_one():
    assert fingerprint(Kind.WITHDRAWAL, tombstone(100001, 1)) != fingerprint(Kind.WITHDRAWAL, tombstone(100001, 2))


@pytest.mark.parametrize("attribute", [{"value": "12 kg"}, {"name": "Net Weight", "value": ["12 kg"]}, {"size": "12"}])
def test_an_attribute_that_cannot_be_read_leaves_an_issue(connector, attribute):
    listing = make(connector, product(attributes=[attribute]))

    assert any(code == "FIELD_UNREADABLE" and field.startswith("attributes") for code, field in codes(listing))
