"""Publishing aside: it saves time, and whatever becomes of it nothing is lost."""

import shutil

import pytest

from integrator.publish.publisher import Published, publish
from integrator.publish.rebuild import verify
from tests.fakes.shop import Shop, StillClock, make_listing
from web import showing
from web.aside import publishing_aside
from web.config import Settings
from web.wiring import Wiring


@pytest.fixture
def wiring(tmp_path, sqlite_template):
    shutil.copyfile(sqlite_template, tmp_path / "hanmaru.db")
    made = Wiring(Settings.from_environment({"HANMARU_HOME": str(tmp_path)}))
    yield made
    made.close()


@pytest.fixture
def shop(wiring):
    shop = Shop(wiring.database, StillClock())
    for number in range(30):
        shop.account("buykorea", str(number), f"Nurion Works {number}")
        shop.listing(make_listing("buykorea", f"b{number}", str(number), f"Steel Valve {number} mm"))
    return shop


def test_what_is_handed_over_is_published_by_the_other_process(wiring, shop):
    with publishing_aside(wiring.settings) as aside:
        shop.resolve(offer=aside.take)
        assert aside.finish() == (Published(30, 0), True)
    assert publish(wiring.database, wiring.index) == Published()
    assert verify(wiring.database, wiring.index).count == 0


def test_what_was_never_handed_over_is_published_too(wiring, shop):
    shop.resolve()
    with publishing_aside(wiring.settings) as aside:
        assert aside.finish() == (Published(30, 0), True)


def test_a_block_that_fails_leaves_the_outbox_as_it_is(wiring, shop):
    def fail_half_way() -> None:
        with publishing_aside(wiring.settings) as aside:
            shop.resolve(offer=aside.take)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert publish(wiring.database, wiring.index) == Published(30, 0)


def test_many_marks_are_worked_out_and_published_together(wiring, shop, monkeypatch):
    monkeypatch.setattr(showing, "_MARKS_FOR_TWO", 2)
    assert showing.Showing(wiring, lambda *_: None).show() == Published(30, 0)
    assert verify(wiring.database, wiring.index).count == 0


def test_an_index_that_does_not_answer_leaves_everything_to_be_published(wiring, shop, tmp_path):
    (tmp_path / "index").write_text("no folder")
    with publishing_aside(wiring.settings) as aside:
        shop.resolve(offer=aside.take)
        assert aside.finish() == (Published(), False)
    (tmp_path / "index").unlink()
    assert publish(wiring.database, wiring.index) == Published(30, 0)
