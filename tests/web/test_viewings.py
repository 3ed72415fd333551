"""Views are counted beside the requests: seldom written, and no page waits."""

from collections.abc import Callable, Mapping

from sqlalchemy.exc import OperationalError

from integrator.store.tables import viewing
from tests.fakes.catalogue import GONE, MERGED, SINGLE, stocked
from tests.fakes.clock import FakeClock
from web.app import create_app
from web.parts import parts
from web.viewings import LONGEST_S, MOST_VIEWS, Viewings


class Beside:
    """Keeps the work that a thread would do."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, work) -> None:
        self.waiting.append(work)

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def _make(write=None):
    written: list[Mapping[str, int]] = []
    clock, beside = FakeClock(), Beside()
    return Viewings(write or written.append, clock=clock, beside=beside), written, clock, beside


def test_a_hundred_views_are_one_write() -> None:
    viewings, written, _, beside = _make()

    for number in range(MOST_VIEWS):
        viewings.note(f"p{number % 2}")
    beside.run()

    assert written == [{"p0": 50, "p1": 50}]


def test_few_views_are_written_after_a_minute() -> None:
    viewings, written, clock, beside = _make()
    viewings.note("p1")
    assert beside.waiting == []
    clock.advance(LONGEST_S)

    viewings.note("p1")
    beside.run()

    assert written == [{"p1": 2}]


def test_while_one_write_is_under_way_no_other_begins() -> None:
    viewings, written, _, beside = _make()
    for _ in range(3 * MOST_VIEWS):
        viewings.note("p1")
    assert len(beside.waiting) == 1

    beside.run()
    viewings.note("p1")
    beside.run()

    assert written == [{"p1": MOST_VIEWS}, {"p1": 2 * MOST_VIEWS + 1}]


def test_a_busy_database_costs_the_views_and_nothing_else() -> None:
    def refuse(_counts) -> None:
        raise OperationalError("insert", {}, Exception("database is locked"))

    viewings, _, _, beside = _make(refuse)
    for _ in range(2 * MOST_VIEWS):
        viewings.note("p1")
        beside.run()

    assert beside.waiting == []


def test_the_pages_of_visible_products_are_counted(tmp_path) -> None:
    shelf = stocked(tmp_path)
    app = create_app(shelf.wiring.settings, wiring=shelf.wiring)
    beside = Beside()
    with app.app_context():
        made = parts()
        made.viewings = Viewings(made.write_viewings, clock=shelf.clock, beside=beside)
    client = app.test_client()

    for page in (MERGED, MERGED, SINGLE, GONE, "pnever"):
        client.get(f"/en/product/{page}")
    shelf.clock.advance(LONGEST_S)
    client.get(f"/en/product/{MERGED}")
    beside.run()

    with shelf.wiring.database.read() as connection:
        counts = {each["product_id"]: each["count"] for each in connection.execute(viewing.select()).mappings()}
    assert counts == {MERGED: 3, SINGLE: 1}
