"""`/api/v1`: search and products as JSON."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from search.filters import FILTERS


def test_a_search_finds_products_with_their_cards(client: FlaskClient):
    found = client.get("/api/v1/search?q=face+cream").get_json()

    assert found["total"] == 1
    result = found["results"][0]
    assert result["product_id"] == "p0001"
    assert result["title"] == "Centella Face Cream 50ml"
    assert result["listings"] == [{"platform": "buykorea", "id": "1"}, {"platform": "tradekorea", "id": "1"}]
    assert result["price_usd"] == "4.35"
    assert result["seller"] == {"id": "s1", "name": "Maker 1 Co., Ltd."}
    assert result["updated_at"] == "2026-09-14T03:00:00Z"


def test_names_and_labels_are_in_the_language_asked_for(client: FlaskClient):
    found = client.get("/api/v1/search?q=face+cream&lang=ko&facet=platform").get_json()

    assert found["results"][0]["title"] == "상품 1"
    assert found["results"][0]["category"]["chapter"]["label"] != "33"
    assert found["facets"][0]["label"] == "플랫폼"


def test_only_the_facets_asked_for_are_counted_in_their_order(client: FlaskClient):
    found = client.get("/api/v1/search?facet=certificate&facet=platform").get_json()

    assert [facet["name"] for facet in found["facets"]] == ["certificate", "platform"]
    assert found["facets"][0]["values"] == [{"value": "CE", "label": "CE", "count": 2}]


@pytest.mark.parametrize("row", FILTERS, ids=lambda row: row.name)
def test_every_filter_can_be_asked_and_counted(client: FlaskClient, row):
    address = "&".join([*(f"{name}={_value(name)}" for name in row.parameters), f"facet={row.name}"])

    answer = client.get(f"/api/v1/search?{address}")

    assert answer.status_code == 200
    assert answer.get_json()["facets"][0]["name"] == row.name


def _value(parameter: str) -> str:
    if parameter.endswith(("_unknown", "sample", "online_order")):
        return "yes"
    return "5" if parameter.endswith(("_min", "_max")) else "33"


def test_filters_narrow_and_sort_orders(client: FlaskClient):
    found = client.get("/api/v1/search?category=33&sort=price&price_min=5").get_json()

    assert [each["product_id"] for each in found["results"]] == ["p0002"]


def test_a_typing_error_is_mended_and_told(client: FlaskClient):
    mended = client.get("/api/v1/search?q=centifugal").get_json()
    exact = client.get("/api/v1/search?q=centifugal&exact=yes").get_json()

    assert (mended["corrected"], mended["total"]) == ("centrifugal", 1)
    assert (exact["corrected"], exact["total"]) == (None, 0)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("search?colour=red", "no filter “colour”"),
        ("search?page=0", "page must be"),
        ("search?page=2000", "page must be"),
        ("search?size=5000", "size must be"),
        ("search?sort=cheap", "sort must be one of"),
        ("search?facet=colour", "facet must be one of"),
        ("search?lang=xx", "lang must be one of"),
        ("search?price_min=9&price_max=1", "must not be above"),
        ("products/p0001?q=x", "no parameter “q”"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_to_change(client: FlaskClient, address: str, says: str):
    answer = client.get(f"/api/v1/{address}")

    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "invalid_query"
    assert says in answer.get_json()["error"]["message"]


def test_a_product_has_its_offers_values_and_sources(client: FlaskClient):
    read = client.get("/api/v1/products/p0001?lang=es").get_json()

    assert read["title"] == "Centella Face Cream 50ml"
    assert [offer["listing"]["platform"] for offer in read["offers"]] == ["buykorea", "tradekorea"]
    assert read["offers"][0]["price"]["steps"][0]["amount"] == "4.35"
    assert read["names"]["en"]["source"]["listing"] == {"platform": "buykorea", "id": "1"}
    assert read["category"]["section"]["code"] == "S06"
    assert read["updated_at"] == "2026-09-14T03:00:00Z"


def test_an_old_id_leads_to_its_product_in_one_hop(client: FlaskClient):
    answer = client.get("/api/v1/products/p9999?lang=ko")

    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/api/v1/products/p0001?lang=ko")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_product_that_never_was_is_unknown(client: FlaskClient):
    for unknown in ("nothing", "x" * 5000, "%00"):
        answer = client.get(f"/api/v1/products/{unknown}")

        assert (answer.status_code, answer.get_json()["error"]["code"]) == (404, "unknown_product")


def test_a_product_that_is_no_longer_offered_is_gone(client: FlaskClient):
    answer = client.get("/api/v1/products/p0004")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (410, "gone")


def test_other_addresses_and_methods_fail_in_the_same_shape(client: FlaskClient):
    assert client.get("/api/v1/nowhere").get_json()["error"]["code"] == "not_found"
    assert client.post("/api/v1/search").get_json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("address", ["/api/v1/search?q=cream&facet=platform", "/api/v1/products/p0001"])
def test_an_answer_that_did_not_change_is_not_sent_again(client: FlaskClient, address: str):
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    other = client.get(f"{address}{'&' if '?' in address else '?'}lang=ko")

    assert (again.status_code, again.data) == (304, b"")
    assert other.headers["ETag"] != first.headers["ETag"]


def test_an_index_of_another_version_is_unavailable_not_empty(empty_app: Callable[[], FlaskClient]):
    answer = empty_app().get("/api/v1/search?q=lamp")

    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "index_unavailable")


def test_hostile_text_is_only_text(client: FlaskClient):
    for text in ("%28" * 3000, "%00", "*", '"', "%27 OR 1=1", "%E2%80%AE", "%ff%fe"):
        assert client.get(f"/api/v1/search?q={text}").status_code == 200
