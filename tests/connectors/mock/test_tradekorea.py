import base64
import json
from itertools import pairwise
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "golden" / "feeds" / "tradekorea"


def sample(name: str) -> dict:
    return dict(json.loads((SAMPLES / name).read_bytes()))


def error(response) -> tuple[int, str]:
    return response.status, json.loads(response.body)["error"]["code"]


# --- tokens -----------------------------------------------------------------------------------------------------------


def ask(reader, form: str, *, basic: str | None = None, method: str = "POST"):
    headers = {} if basic is None else {"authorization": "Basic " + base64.b64encode(basic.encode()).decode()}
    return reader.mock.handle(method, "/tradekorea/oauth/token", headers, form.encode())


MEMBER = "client_id=tkc-test-member&client_secret=mS3-9fQ2xV7bL1kT"
PUBLIC = "client_id=tkc-test-public&client_secret=pS8-4rW6nD0cH5jY"


def test_a_token_is_granted_as_in_the_sample(reader):
    response = ask(reader, "grant_type=client_credentials&scope=member", basic="tkc-test-member:mS3-9fQ2xV7bL1kT")
    document = json.loads(response.body)

    assert list(document) == list(sample("token.json"))
    assert {**document, "access_token": ""} == {**sample("token.json"), "access_token": ""}
    assert response.body == json.dumps(document).encode()


def test_the_scope_is_public_unless_asked_for(reader):
    assert json.loads(ask(reader, f"grant_type=client_credentials&{MEMBER}").body)["scope"] == "public"


@pytest.mark.parametrize(
    ("form", "status", "expected"),
    [
        (f"grant_type=password&{MEMBER}", 400, "unsupported_grant_type"),
        (f"grant_type=client_credentials&scope=member&{PUBLIC}", 400, "invalid_scope"),
        (f"grant_type=client_credentials&scope=admin&{MEMBER}", 400, "invalid_scope"),
        ("grant_type=client_credentials&client_id=nobody&client_secret=x", 401, "invalid_client"),
        ("grant_type=client_credentials", 401, "invalid_client"),
    ],
)
def test_a_wrong_token_call_is_refused(reader, form, status, expected):
    response = ask(reader, form)

    assert (response.status, response.body) == (status, f'{{"error":"{expected}"}}'.encode())


def test_a_call_without_token_is_unauthorized(reader):
    response = reader.mock.handle("GET", "/tradekorea/v1/products", {}, b"")

    assert error(response) == (401, "UNAUTHORIZED")


def test_an_unknown_token_is_answered_as_in_the_sample(reader):
    response = reader.tradekorea("products", token="nonsense")

    assert response.body == (SAMPLES / "error_401.json").read_bytes()
    assert dict(response.headers)["WWW-Authenticate"] == 'Bearer realm="tradekorea", error="invalid_token"'


def test_a_token_ends_after_thirty_minutes_and_the_cursor_stays_good(open_mock):
    reader = open_mock()
    old = reader.token()
    reader.wait(1790)
    cursor = json.loads(reader.tradekorea("products?limit=10", token=old).body)["nextCursor"]
    reader.wait(20)
    ended = reader.tradekorea(f"products?limit=10&cursor={cursor}", token=old)
    repeated = reader.tradekorea(f"products?limit=10&cursor={cursor}", token=reader.token())

    assert error(ended) == (401, "INVALID_TOKEN")
    assert repeated.status == 200


# --- records ----------------------------------------------------------------------------------------------------------


def test_products_have_the_samples_keys_in_their_order(reader):
    ours, theirs = reader.items("products"), sample("products_page1.json")["items"][0]

    assert any(list(item) == list(theirs) for item in ours)
    assert list(sample("products_page1.json")) == list(next(reader.walk("products")))


def test_public_tokens_see_masks_and_their_names(reader):
    member = {item["productNo"]: item for item in reader.items("products")}
    public = reader.items("products", scope="public")
    theirs = sample("products_public_scope.json")["items"][0]

    assert any(list(item) == list(theirs) for item in public)
    for item in public:
        assert item["maskedFields"] == theirs["maskedFields"]
        assert (item["priceText"], item["priceBasis"], item["paymentTerms"]) == (None, None, None)
        if item["supplier"] and item["supplier"]["phone"]:
            assert item["supplier"]["phone"].endswith("-****")
        assert "maskedFields" not in member[item["productNo"]]


def test_a_single_product_adds_its_description(reader):
    number = next(item["productNo"] for item in reader.items("products") if item["productNo"][1:].isdigit())
    response = reader.tradekorea(f"products/{number}")
    ours, theirs = json.loads(response.body), sample("product_P831966.json")

    assert list(ours)[-2:] == list(theirs)[-2:] == ["descriptionHtml", "pastSlugs"]
    assert set(ours) <= set(theirs)


@pytest.mark.parametrize("scope", ["member", "public"])
def test_a_supplier_has_the_samples_keys_layout_and_masks(reader, scope):
    theirs = sample(f"supplier_204871_{scope}.json")
    number = next(each["id"] for each in reader.items("suppliers") if each["contact"]["phone"] and each["homepage"])
    response = reader.tradekorea(f"suppliers/{number}", scope=scope)
    ours = json.loads(response.body)

    assert [list(ours), list(ours["contact"])] == [list(theirs), list(theirs["contact"])]
    assert response.body == json.dumps(ours, ensure_ascii=False).encode()
    assert ours["contact"]["phone"].endswith("****") is (scope == "public")


def test_every_supplier_of_a_product_is_in_the_list(reader):
    listed = {supplier["id"] for supplier in reader.items("suppliers")}

    assert {item["supplier"]["id"] for item in reader.items("products") if item["supplier"]} <= listed


def test_the_tree_holds_nearly_every_category_of_the_products(reader):
    tree = json.loads(reader.tradekorea("categories").body)
    codes = {row["code"] for row in tree["items"]}

    assert list(tree) == ["version", "items"]
    assert all(row["parent"] is None or row["parent"] in codes for row in tree["items"])
    assert len({item["categoryCode"] for item in reader.items("products")} - codes) <= 1


def test_drift_makes_nulls_missing(open_mock):
    before, after = open_mock(day=4).items("products"), open_mock(day=5).items("products")

    assert any(item.get("brand", "") is None for item in before)
    assert not any(item.get("brand", "") is None for item in after)


# --- walks ------------------------------------------------------------------------------------------------------------


def test_a_walk_rises_in_time_and_has_no_id_twice(reader):
    pages = list(reader.walk("products"))
    items = [item for page in pages for item in page["items"]]
    times = [item["updatedAt"] for item in items if "-13-" not in item["updatedAt"]]

    assert times == sorted(times)
    assert len({item["productNo"] for item in items}) == len(items)
    assert len({page["asOf"] for page in pages}) == 1


def test_as_of_is_the_clock_of_the_first_page(open_mock):
    reader = open_mock()
    walk = reader.walk("products")
    first = next(walk)
    reader.wait(100)

    assert next(walk)["asOf"] == first["asOf"] == "2026-09-14T12:00:00+09:00"


def test_pages_may_be_short_or_empty_with_more_to_come(open_mock):
    reader = open_mock(size=20_000, seed=2)
    lengths = [len(page["items"]) for page in reader.walk("products")]

    assert 0 in lengths[:-1]
    assert 25 in lengths[:-1]


def test_updated_after_is_inclusive_and_to_the_second(reader):
    items = [item for item in reader.items("products") if "-13-" not in item["updatedAt"]]
    moment = items[len(items) // 2]["updatedAt"]
    later = [item for item in items if item["updatedAt"] >= moment]

    found = reader.items("products", f"&updatedAfter={moment.replace('+', '%2B')}")
    assert [item for item in found if "-13-" not in item["updatedAt"]] == later


def test_an_instant_may_be_given_in_any_offset(reader):
    korean = reader.items("products", "&updatedAfter=2026-09-10T09:00:00%2B09:00")

    assert korean == reader.items("products", "&updatedAfter=2026-09-10T00:00:00Z")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("products?limit=0", "limit"),
        ("products?limit=51", "limit"),
        ("products?limit=x", "limit"),
        ("products?updatedAfter=2026-09-14T10:00:00+09:00", "updatedAfter"),
        ("products?updatedAfter=2026-09-14", "updatedAfter"),
        ("products?updatedAfter=2026-13-14T10:00:00Z", "updatedAfter"),
        ("tombstones", "since"),
    ],
)
def test_a_wrong_parameter_is_named(reader, path, name):
    response = reader.tradekorea(path)

    assert error(response) == (400, "INVALID_PARAMETER")
    assert json.loads(response.body)["error"]["parameter"] == name


def test_a_cursor_runs_out_after_ten_minutes(open_mock):
    reader = open_mock()
    cursor = next(reader.walk("products"))["nextCursor"]
    reader.wait(600)
    good = reader.tradekorea(f"products?limit=50&cursor={cursor}")
    reader.wait(1)
    spent = reader.tradekorea(f"products?limit=50&cursor={cursor}")

    assert good.status == 200
    assert error(spent) == (400, "CURSOR_EXPIRED")
    given = sample("error_cursor_expired.json")["error"]
    assert json.loads(spent.body)["error"] == {**given, "asOf": "2026-09-14T12:00:00+09:00"}


def test_a_cursor_belongs_to_its_query_and_scope(reader):
    cursor = next(reader.walk("products"))["nextCursor"]

    for path, scope in (
        (f"products?cursor={cursor}", "public"),
        (f"products?cursor={cursor}&updatedAfter=2026-09-01T00:00:00Z", "member"),
        (f"suppliers?cursor={cursor}", "member"),
    ):
        assert error(reader.tradekorea(path, scope=scope)) == (400, "CURSOR_MISMATCH")


@pytest.mark.parametrize("change", [lambda text: text[:-3], lambda text: "A" + text, lambda text: "é", lambda text: ""])
def test_an_unreadable_cursor_is_invalid(reader, change):
    cursor = change(next(reader.walk("products"))["nextCursor"])

    assert error(reader.tradekorea(f"products?cursor={cursor}")) == (400, "CURSOR_INVALID")


def test_a_cursor_gives_the_same_place_again_and_the_limit_may_change(reader):
    cursor = next(reader.walk("products"))["nextCursor"]
    few, many = (json.loads(reader.tradekorea(f"products?limit={n}&cursor={cursor}").body)["items"] for n in (10, 40))

    assert many[:10] == few


def test_each_page_issues_another_cursor(open_mock):
    reader = open_mock(size=20_000, seed=2)
    pages = list(reader.walk("products"))

    assert all(a["nextCursor"] != b["nextCursor"] for a, b in pairwise(pages))


# --- withdrawals ------------------------------------------------------------------------------------------------------


def test_tombstones_tell_what_products_no_longer_list(open_mock):
    reader = open_mock(size=3000, seed=3)
    alive = {item["productNo"]: item for item in reader.items("products")}
    tombstones = reader.items("tombstones", "&since=2026-08-16T12:00:00%2B09:00")
    gone = [each for each in tombstones if each["productNo"] not in alive]

    assert list(tombstones[0]) == list(sample("tombstones.json")["items"][0])
    assert [each["withdrawnAt"] for each in tombstones] == sorted(each["withdrawnAt"] for each in tombstones)
    assert {each["reason"] for each in tombstones} == {"SELLER", "POLICY", "EXPIRED", "MERGED"}
    assert all((each["mergedInto"] in alive) is (each["reason"] == "MERGED") for each in tombstones)
    assert len(gone) > 0.8 * len(tombstones)
    for each in tombstones:
        if each["productNo"] in alive:
            assert alive[each["productNo"]]["updatedAt"] > each["withdrawnAt"]


def test_a_withdrawn_product_is_gone_and_says_since_when(open_mock):
    reader = open_mock(size=3000, seed=3)
    alive = {item["productNo"] for item in reader.items("products")}
    tombstones = reader.items("tombstones", "&since=2026-08-16T12:00:00%2B09:00")
    gone = next(each for each in tombstones if each["productNo"] not in alive)
    response = reader.tradekorea(f"products/{gone['productNo']}")

    assert error(response) == (410, "PRODUCT_WITHDRAWN")
    given = sample("error_410.json")["error"]
    assert json.loads(response.body)["error"] == {
        **given, "productNo": gone["productNo"], "withdrawnAt": gone["withdrawnAt"],
    }  # fmt: skip


def test_tombstones_older_than_thirty_days_are_gone(reader):
    response = reader.tradekorea("tombstones?since=2026-08-15T11:59:59%2B09:00")

    assert error(response) == (410, "TOMBSTONES_GONE")
    assert json.loads(response.body)["error"]["oldest"] == "2026-08-15T12:00:00+09:00"
    assert reader.tradekorea("tombstones?since=2026-08-15T12:00:00%2B09:00").status == 200


@pytest.mark.parametrize("path", ["products/P1", "products/P0123456", "products/x", "suppliers/1", "nothing", ""])
def test_what_never_existed_is_not_found(reader, path):
    assert error(reader.tradekorea(path)) == (404, "NOT_FOUND")


def test_only_get_is_allowed(reader):
    assert error(reader.tradekorea("products", method="POST")) == (405, "METHOD_NOT_ALLOWED")


# --- limit ------------------------------------------------------------------------------------------------------------


def test_sixty_calls_a_minute_are_counted_per_client(open_mock):
    reader = open_mock(has_limits=True)
    answers = [reader.tradekorea("nothing" if n % 2 else "categories", token=reader.token()) for n in range(61)]
    reader.wait(60)
    later = reader.tradekorea("categories")

    assert [answer.status for answer in answers].count(429) == 1
    assert answers[0].headers == (
        ("X-RateLimit-Limit", "60"), ("X-RateLimit-Remaining", "59"), ("X-RateLimit-Reset", "60"),
    )  # fmt: skip
    assert later.status == 200
    assert dict(later.headers)["X-RateLimit-Remaining"] == "59"


def test_a_refusal_by_the_limit_is_the_samples(open_mock):
    reader = open_mock(has_limits=True)
    for _ in range(60):
        reader.tradekorea("categories")
    reader.wait(23.4)
    response = reader.tradekorea("categories")
    head, _, body = (SAMPLES / "http_429.txt").read_bytes().partition(b"\r\n\r\n")

    assert response.body == body
    assert [f"{name}: {value}" for name, value in response.headers] == head.decode().split("\r\n")[2:6]


def test_a_server_without_limit_sends_no_such_headers(reader):
    assert reader.tradekorea("categories").headers == ()
