"""After every sync the catalogue shows exactly what the mock world says is true on that day."""

import pytest

from tests.end_to_end.installation import Home, World, addresses, serving, true_visible

pytestmark = pytest.mark.slow

SEED = 5
SIZE = 400


def test_visible_listings_equal_the_truth_on_days_0_1_and_6_by_changes_and_by_census(home: Home) -> None:
    for day in (0, 1, 6):
        world = World(SEED, SIZE, day)
        truth = true_visible(world)
        with serving(world) as url:
            rows = home.sync(addresses(url))
            assert {row["state"] for row in rows.values()} == {"succeeded"}, rows
            seen_by_changes = home.visible()
            full = home.sync(addresses(url), "--full")
            assert {row["state"] for row in full.values()} == {"succeeded"}, full
            seen_by_census = home.visible()

        assert seen_by_census == truth, f"day {day} after --full"
        # A listing that leaves tradeKorea or BuyKorea leaves a tombstone or a hidden row: changes alone must see it.
        assert seen_by_changes == truth, f"day {day} after changes"


def test_a_second_sync_on_the_same_day_changes_nothing(home: Home) -> None:
    with serving(World(SEED, SIZE, 0)) as url:
        home.sync(addresses(url))
        before = home.visible()
        again = home.sync(addresses(url), "--full")

    assert home.visible() == before
    for row in again.values():
        assert (row["new"], row["changed"], row["withdrawn"], row["index_writes"]) == (0, 0, 0, 0), row
        assert row["seen"] == row["unchanged"] + row["superseded"] + row["rejected"]


def test_a_dry_run_writes_nothing(home: Home) -> None:
    with serving(World(SEED, SIZE, 0)) as url:
        rows = home.sync(addresses(url), "--dry-run")

    assert all(row["new"] > 0 for row in rows.values())
    assert home.visible() == set()
