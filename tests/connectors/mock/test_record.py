import pytest


@pytest.fixture
def recorded(open_mock, tmp_path):
    """Opens mocks of one world that share a recording."""
    return lambda **changed: open_mock(record=tmp_path / "kept", seed=50, **changed)


def bodies(reader) -> list[bytes]:
    return [
        reader.buykorea("goodsList?numOfRows=100&pageNo=2").body,
        reader.buykorea("entpList").body,
        reader.tradekorea("products?limit=50").body,
        reader.gobizkorea("drop/v2/manifest.json").body,
        reader.gobizkorea("drop/v2/100250/product-0001.csv.gz").body if reader.manifest(100250) else b"",
    ]


def test_a_recorded_answer_is_given_again_though_the_clock_moved(recorded):
    reader = recorded()
    first = bodies(reader)
    reader.wait(1000)

    assert bodies(reader) == first


def test_the_next_start_serves_the_same_recording(recorded):
    first, second = recorded(), recorded()
    second.wait(700)

    assert bodies(first) == bodies(second)


def test_recorded_cursors_never_run_out(recorded):
    reader = recorded()
    walk = reader.walk("products")
    next(walk)
    reader.wait(1500)

    assert next(walk)["items"]


def test_another_world_is_another_recording(recorded):
    assert bodies(recorded())[0] != bodies(recorded(day=1))[0]


def test_scopes_and_faults_are_recorded_apart(recorded):
    reader = recorded()
    member, public = (reader.tradekorea("products?limit=5", scope=scope).body for scope in ("member", "public"))

    assert b"maskedFields" in public
    assert b"maskedFields" not in member
    assert reader.at("empty").goods()[0] == []
    assert reader.goods()[0]


def test_the_order_of_parameters_does_not_matter_to_a_recording(recorded):
    reader = recorded()

    assert (
        reader.buykorea("goodsList?pageNo=2&numOfRows=7").body == reader.buykorea("goodsList?numOfRows=7&pageNo=2").body
    )


def test_refusals_are_not_recorded(recorded):
    reader = recorded()
    refused = reader.buykorea("goodsList?numOfRows=7", key="nobody")

    assert b"<returnReasonCode>30<" in refused.body
    assert b"<resultCode>00<" in reader.buykorea("goodsList?numOfRows=7").body


def test_sign_in_is_checked_on_recorded_answers_too(recorded):
    reader = recorded()
    reader.gobizkorea("drop/v2/manifest.json")

    assert reader.gobizkorea("drop/v2/manifest.json", signature="0").status == 401
    assert reader.tradekorea("products", token="none").status == 401
