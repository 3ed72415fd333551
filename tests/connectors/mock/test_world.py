from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mock import buykorea_records, gobizkorea_rows, tradekorea_records
from connectors.mock.accounts import Accounts
from connectors.mock.firms import check_digit
from connectors.mock.goods import kinds, sectors
from connectors.mock.pattern import BLOCK, patterns
from connectors.mock.rng import Draw, Shuffle, mix, mix_array
from connectors.mock.truth import facts
from connectors.mock.world import World

WORDS = st.integers(0, 2**64 - 1)


@given(key=WORDS, index=st.integers(0, 2**40))
def test_one_draw_and_an_array_of_draws_agree(key, index):
    assert int(mix_array(key, np.array([index], dtype=np.int64))[0]) == mix(key, index)


@given(key=WORDS, index=st.integers(0, 99_990))
def test_a_shuffle_can_be_turned_back_whatever_its_key(key, index):
    shuffle = Shuffle(key, 99_991)

    assert shuffle.back(shuffle.forward(index)) == index


@given(key=st.text(), low=st.integers(-50, 50), span=st.integers(0, 50))
def test_a_draw_between_two_numbers_stays_there(key, low, span):
    assert low <= Draw(key).between(low, low + span) <= low + span


@pytest.mark.parametrize("seed", range(30))
def test_every_seed_gives_numbers_that_lead_back(seed):
    world = World(seed, 1000)
    buykorea, tradekorea = buykorea_records.Numbers(world), tradekorea_records.Numbers(world)

    for number in (0, 1, 999, 2_999_999):
        assert buykorea.index(buykorea.goods(number)) == number
        assert buykorea.account(buykorea.seller(number)) == number
        assert tradekorea.index(tradekorea.product(number)) == number
        assert tradekorea.account(tradekorea.supplier(number)) == number


def test_the_check_digit_is_the_guides():
    assert check_digit("001810001") == "7"


def test_there_are_a_hundred_kinds_of_goods_each_with_variants_that_differ():
    assert len(kinds()) >= 100
    for kind in kinds():
        assert len(kind.values) >= 3 or kind.option
        assert len(kind.hs10) == 10
        assert kind.hs10.isdigit()
        assert kind.low < kind.high
    assert len({kind.english[0] for kind in kinds()}) == len(kinds())
    assert all(len(sector.kinds) >= 6 for sector in sectors())


def test_every_pattern_fills_its_block_exactly():
    assert all(len(slots) == BLOCK for pattern in patterns() for slots in pattern.slots)


def test_firm_arrays_and_single_slots_agree():
    world = World(3, 900)

    for platform in range(3):
        accounts = world.account_numbers(platform, 930)
        assert [world.account(platform, index) for index in range(930)] == accounts.tolist()


def test_the_same_seed_is_the_same_world_and_another_seed_another():
    assert list(facts(5, 60, 2)) == list(facts(5, 60, 2))
    assert list(facts(5, 60, 2)) != list(facts(6, 60, 2))


def test_a_record_does_not_depend_on_the_order_in_which_records_are_made():
    one, other = World(4, 500), World(4, 500)
    slots = [one.slot(0, index) for index in range(200)]

    forwards = [one.product(slot.firm, slot.product) for slot in slots]
    backwards = [other.product(slot.firm, slot.product) for slot in reversed(slots)]

    assert forwards == backwards[::-1]


def test_no_two_firms_share_number_host_or_phone():
    world = World(8, 4000)
    firms = [world.firm(int(number)) for number in np.unique(world.firms_of(0, 4000))]

    for key in ("brn", "host", "phone"):
        assert len({getattr(firm, key) for firm in firms}) == len(firms)
    assert all(check_digit(firm.brn[:9]) == firm.brn[9] for firm in firms)
    assert all(1 <= int(firm.brn[:3]) <= 99 for firm in firms)
    assert all(firm.host.endswith(".example") for firm in firms)


def test_a_fifth_of_the_listings_has_a_twin_and_a_third_of_the_firms_several_platforms():
    told = list(facts(9, 4000, 0))
    platforms: dict[str, set[str]] = {}
    companies: dict[str, set[str]] = {}
    for fact in told:
        platforms.setdefault(fact.product, set()).add(fact.platform)
        companies.setdefault(fact.company, set()).add(fact.platform)

    twins = sum(len(platforms[fact.product]) > 1 for fact in told) / len(told)
    several = sum(len(found) > 1 for found in companies.values()) / len(companies)

    assert 0.17 < twins < 0.27
    assert 0.25 < several < 0.38


def test_one_listing_in_a_hundred_repeats_another_of_its_feed():
    told = [(fact.platform, fact.product) for fact in facts(9, 4000, 0)]

    assert 0.004 < 1 - len(set(told)) / len(told) < 0.02


def test_products_of_one_firm_are_told_apart_by_what_their_titles_say():
    world = World(9, 3000)
    seen: dict[tuple[object, ...], set[str]] = {}
    for platform in range(3):
        for index in range(3000):
            slot = world.slot(platform, index)
            product = world.product(slot.firm, slot.product)
            words = (product.kind.number, product.modifier, product.line, product.value, product.option, product.model)
            seen.setdefault((slot.firm, *words), set()).add(product.key)

    alike = sum(len(keys) - 1 for keys in seen.values())
    assert alike / len(seen) < 0.001


def test_most_firms_can_be_recognised_by_a_strong_key_and_some_cannot():
    world = World(10, 6000)
    keys: dict[int, list[set[str]]] = {}
    for platform in range(3):
        statements = Accounts(world, platform, 0)
        for account in np.unique(world.account_numbers(platform, 6000)).tolist():
            statement = statements.statement(account)
            firm = statement.firm
            stated = {key for key in (firm.brn, firm.phone) if key in (statement.brn, statement.phone)}
            stated |= {firm.host} if firm.host in statement.homepage or firm.host in statement.mail else set()
            keys.setdefault(firm.number, []).append(stated)

    pairs = [(a, b) for held in keys.values() for a, b in pairwise(held)]

    assert 0.9 < sum(bool(a & b) for a, b in pairs) / len(pairs) < 1.0


def test_a_registration_number_may_be_right_missing_masked_or_wrong():
    world = World(10, 6000)
    statements = Accounts(world, 0, 0)
    told = [statements.statement(account) for account in np.unique(world.account_numbers(0, 6000)).tolist()]

    assert {"right", "missing", "masked", "wrong"} == {
        "missing"
        if not each.brn
        else "masked"
        if "*" in each.brn
        else "right"
        if each.brn == each.firm.brn
        else "wrong"
        for each in told
    }
    assert all(
        each.brn == each.firm.brn or not each.brn.isdigit() or check_digit(each.brn[:9]) != each.brn[9] for each in told
    )


def test_one_firm_in_ten_shares_its_name_with_a_stranger():
    world = World(11, 12_000)
    firms = [world.firm(int(number)) for number in np.unique(world.firms_of(0, 12_000))]
    named: dict[tuple[str, str], int] = {}
    for firm in firms:
        named[firm.hangul, firm.trade[1]] = named.get((firm.hangul, firm.trade[1]), 0) + 1

    shared = sum(count for count in named.values() if count > 1) / len(firms)

    assert 0.02 < shared < 0.2


def test_gobizkorea_numbers_are_unique_and_begin_with_the_day_of_first_registration():
    world = World(12, 5000)
    numbers = gobizkorea_rows.Numbers(world)
    made = [numbers.product(index) for index in range(5060)]

    assert len(set(made)) == len(made)
    assert all(len(number) == 15 and number.startswith("GS") for number in made)


def test_a_size_out_of_range_is_refused():
    with pytest.raises(ValueError, match="size must be"):
        World(1, 0)
