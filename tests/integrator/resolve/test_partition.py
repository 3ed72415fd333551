"""The use case: marks to sellers to products, in any order and any batches, with ids that survive."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from integrator.errors import ContradictoryJudgement, UnknownListing, UnknownProduct
from integrator.listing import Hs, HsState
from integrator.resolve import partition, pieces
from integrator.resolve.crew import work_on
from integrator.resolve.decide import decide
from integrator.resolve.judgements import make_judgement
from integrator.resolve.partition import Resolved
from integrator.store import catalogue, edges, sellers, worklist
from integrator.store.tables import edge, ledger, outbox, product, seller
from integrator.store.tables import worklist as worklist_table
from tests.fakes.shop import LendShop, Shop, make_listing

HS = Hs(HsState.EXACT6, "330499", "330499")
BRN, OTHER_BRN = "0018100017", "0038200039"


def stock(shop: Shop) -> None:
    """One firm on two platforms with one product in common and one of its own on each."""
    shop.account("buykorea", "1", "Nurion Cosmetic", brn=BRN)
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.", brn=BRN)
    shop.listing(make_listing("buykorea", "100", "1", "Centella Face Cream 50ml", hs=HS))
    shop.listing(make_listing("buykorea", "101", "1", "Velvet Lip Tint Rose 4g", hs=HS))
    shop.listing(make_listing("tradekorea", "P1", "9", "Centella Face Cream, 50 ml", hs=HS))
    shop.listing(make_listing("tradekorea", "P2", "9", "Hyaluronic Sheet Mask 25ml", hs=HS))


def test_a_twin_on_another_platform_is_one_product(shop: Shop) -> None:
    stock(shop)
    done = shop.resolve()
    assert shop.clusters() == {
        frozenset({"buykorea:100", "tradekorea:P1"}), frozenset({"buykorea:101"}), frozenset({"tradekorea:P2"}),
    }  # fmt: skip
    assert (done.sellers, done.products) == (1, 3)


def test_a_stranger_with_the_same_title_is_another_product(shop: Shop) -> None:
    stock(shop)
    shop.account("gobizkorea", "C1", "Onsaemi Beauty", brn=OTHER_BRN)
    shop.listing(make_listing("gobizkorea", "G1", "C1", "Centella Face Cream 50ml", hs=HS))
    shop.resolve()
    assert frozenset({"gobizkorea:G1"}) in shop.clusters()


def test_marks_leave_when_they_are_worked_out_and_everything_is_queued_once(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    with shop.database.read() as connection:
        assert worklist.count_waiting(connection) == 0
        assert connection.execute(select(func.count()).select_from(outbox)).scalar_one() == 3


def test_a_second_look_without_a_change_skips_the_seller(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    shop.mark("buykorea", "1")
    done = shop.resolve()
    assert (done.skipped, done.products) == (1, 0)


def test_one_changed_listing_touches_its_own_seller_only(shop: Shop) -> None:
    stock(shop)
    shop.account("gobizkorea", "C1", "Onsaemi Beauty", brn=OTHER_BRN)
    shop.listing(make_listing("gobizkorea", "G1", "C1", "Bath Bomb 100g"))
    shop.resolve()
    shop.listing(make_listing("gobizkorea", "G1", "C1", "Bath Bomb Lavender 100g"))
    assert shop.resolve().sellers == 1


def test_of_a_touched_seller_only_the_changed_product_is_written(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    with shop.database.write() as connection:
        connection.execute(update(product).values(updated_at=1.0))
    shop.listing(make_listing("buykorea", "101", "1", "Velvet Lip Tint Rose 5g", hs=HS))
    done = shop.resolve()
    with shop.database.read() as connection:
        written = connection.execute(select(product.c.id).where(product.c.updated_at > 1.0)).scalars().all()
    assert written == [shop.product_of("buykorea:101")]
    assert (done.products, shop.resolve().sellers) == (3, 0)


def test_a_seller_that_shows_another_name_has_all_its_products_made_anew(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    for platform, account_id in (("buykorea", "1"), ("tradekorea", "9")):
        shop.account(platform, account_id, "Nurion Beauty", brn=BRN)
    shop.resolve()
    with shop.database.read() as connection:
        found = catalogue.require_product(connection, shop.product_of("buykorea:101"))
    assert found.seller_name == "Nurion Beauty"


def test_an_account_nobody_knows_still_sells(shop: Shop) -> None:
    shop.listing(make_listing("gobizkorea", "G1", "C9", "Bath Bomb 100g", account_name="Onsaemi Beauty"))
    shop.resolve()
    with shop.database.read() as connection:
        found = catalogue.require_product(connection, shop.product_of("gobizkorea:G1"))
    assert found.seller_name == "Onsaemi Beauty"


def test_a_key_that_many_names_share_joins_nobody_any_more(shop: Shop) -> None:
    for number, name in enumerate(("Barun Textile", "Dami Foods", "Gana Steel", "Mosebi Toys", "Noran Paper")):
        shop.account("buykorea", str(number), name, phone="+8225550000")
    shop.resolve()
    with shop.database.read() as connection:
        assert len(set(sellers.load_seller_ids(connection, [("buykorea", str(n)) for n in range(5)]).values())) == 1
    shop.account("buykorea", "5", "Seoul Trade Centre", phone="+8225550000")
    shop.resolve()
    with shop.database.read() as connection:
        ids = sellers.load_seller_ids(connection, [("buykorea", str(n)) for n in range(6)])
    assert len(set(ids.values())) == 6


def test_a_merged_product_keeps_the_older_id_and_the_other_leads_there_in_one_hop(shop: Shop) -> None:
    stock(shop)
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.")  # no number yet: two sellers
    shop.resolve()
    old, young = shop.product_of("buykorea:100"), shop.product_of("tradekorea:P1")
    assert old != young
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.", brn=BRN)
    shop.resolve()
    kept = shop.product_of("buykorea:100")
    assert kept == shop.product_of("tradekorea:P1")
    assert kept in (old, young)
    with shop.database.read() as connection:
        gone = young if kept == old else old
        assert catalogue.load_product(connection, gone) == catalogue.Redirect(kept)
        assert catalogue.require_product(connection, gone).product_id == kept


def test_a_split_keeps_the_id_on_one_side_and_never_uses_a_retired_one_again(shop: Shop) -> None:
    stock(shop)
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.")
    shop.resolve()
    first = {shop.product_of("buykorea:100"), shop.product_of("tradekorea:P1")}
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.", brn=BRN)
    shop.resolve()
    kept = shop.product_of("buykorea:100")
    (retired,) = first - {kept}
    shop.account("tradekorea", "9", "Nurion Cosmetic Co., Ltd.", brn=OTHER_BRN)
    shop.resolve()
    now = {shop.product_of("buykorea:100"), shop.product_of("tradekorea:P1")}
    assert kept in now
    assert len(now) == 2
    assert retired not in now


def test_a_chain_of_merges_still_redirects_in_one_hop(shop: Shop) -> None:
    names = ("buykorea", "gobizkorea", "tradekorea")
    for number, platform in enumerate(names):
        shop.account(platform, "1", f"Firm {number}")
        shop.listing(make_listing(platform, "L", "1", "Centella Face Cream 50ml", hs=HS))
        shop.resolve()
    ids = {shop.product_of(f"{platform}:L") for platform in names}
    for platform in names:
        shop.account(platform, "1", "Firm", brn=BRN)
        shop.resolve()
    (kept,) = {shop.product_of(f"{platform}:L") for platform in names}
    with shop.database.read() as connection:
        for old in ids - {kept}:
            assert catalogue.load_product(connection, old) == catalogue.Redirect(kept)


def test_a_withdrawn_listing_leaves_and_comes_back_under_its_old_id(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    alone = shop.product_of("buykorea:101")
    shop.withdraw("buykorea", "101")
    shop.resolve()
    with shop.database.read() as connection:
        gone = catalogue.require_product(connection, alone)
    assert (gone.visible, gone.offers) == (False, ())
    shop.listing(make_listing("buykorea", "101", "1", "Velvet Lip Tint Rose 4g", hs=HS))
    shop.resolve()
    assert shop.product_of("buykorea:101") == alone


def test_a_listing_withdrawn_from_a_shared_product_takes_only_its_offer_away(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    shared = shop.product_of("buykorea:100")
    shop.withdraw("buykorea", "100")
    shop.resolve()
    with shop.database.read() as connection:
        left = catalogue.require_product(connection, shared)
    assert [offer.external_id for offer in left.offers] == ["P1"]


def test_a_person_splits_and_joins_products(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    with shop.database.write() as connection:
        edges.add_judgement(
            connection, make_judgement("product", "buykorea:100", "tradekorea:P1", "different", by="person/kim", at=1.0)
        )
    shop.mark("buykorea", "1")
    shop.resolve()
    assert frozenset({"buykorea:100"}) in shop.clusters()
    with shop.database.write() as connection:
        edges.add_judgement(
            connection, make_judgement("product", "buykorea:100", "tradekorea:P1", "unsure", by="person/kim", at=2.0)
        )
    shop.mark("buykorea", "1")
    shop.resolve()
    assert frozenset({"buykorea:100", "tradekorea:P1"}) in shop.clusters()


def test_pairs_follow_their_accounts_to_another_seller(shop: Shop) -> None:
    stock(shop)
    for number in range(3):
        shop.account("gobizkorea", f"C{number}", "Nurion Cosmetic", phone="+82212345678")
    shop.resolve()
    shop.account("buykorea", "1", "Nurion Cosmetic", brn=BRN, phone="+82212345678")
    shop.resolve()
    with shop.database.read() as connection:
        sellers = connection.execute(select(seller.c.id)).scalars().all()
        owners = connection.execute(select(edge.c.seller_id).where(edge.c.kind == "product")).scalars().all()
    assert len(sellers) == 1
    assert owners == sellers


@pytest.mark.parametrize("turn", range(4))  # sellers take turns by their ids: in one of these the new one comes first
def test_a_pair_may_move_before_its_former_seller_has_had_its_turn(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    monkeypatch.setattr(pieces, "_PIECE", 1)
    pair = (("buykorea", f"1{turn}"), ("tradekorea", f"9{turn}"))
    others = [("gobizkorea", f"C{number}") for number in range(3)]
    for platform, account_id in (*pair, *others):
        shop.account(platform, account_id, "Nurion Cosmetic", phone="+82212345678")
    for platform, account_id in (*pair, others[0]):
        shop.listing(make_listing(platform, "P1", account_id, "Centella Face Cream 50ml", hs=HS))
    shop.resolve()
    for platform, account_id in pair:
        shop.account(platform, account_id, "Nurion Cosmetic", brn=BRN)
    assert shop.resolve().failed == 0
    with shop.database.read() as connection:
        kept = connection.execute(select(edge.c.left, edge.c.right).where(edge.c.kind == "product")).all()
    assert [tuple(pair) for pair in kept] == [("buykorea:P1:1", "tradekorea:P1:1")]


def test_of_two_that_work_on_one_seller_the_older_state_never_wins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    stock(shop)
    shop.resolve()
    others: list[Resolved] = []

    def overtaken(task: Any) -> Any:
        done = work_on(task)
        if not others:
            others.append(Resolved())
            shop.listing(make_listing("tradekorea", "P1", "9", "Centella Face Cream 50 ml, fragrance free", hs=HS))
            others[0] = shop.resolve()
        return done

    monkeypatch.setattr(partition, "work_on", overtaken)
    shop.listing(make_listing("buykorea", "100", "1", "Centella Face Cream 50ml, new", hs=HS))

    shop.resolve()

    assert others[0].products, "the other one came through meanwhile"
    with shop.database.read() as connection:
        assert sellers.unsettled_sellers(connection) == []
        found = catalogue.require_product(connection, shop.product_of("buykorea:100"))
    assert "Centella Face Cream 50 ml, fragrance free" in {each.names["en"] for each in found.offers}


def test_every_merge_keeps_its_receipt(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    with shop.database.read() as connection:
        (receipt,) = [
            each for each in catalogue.load_edges(connection, shop.product_of("buykorea:100")) if each.verdict == "same"
        ]
        (joined,) = catalogue.load_seller_edges(
            connection, next(iter(catalogue.stream_sellers(shop.database))).seller_id
        )
    assert {receipt.left, receipt.right} == {"buykorea:100:1", "tradekorea:P1:1"}
    assert any(each.feature == "measure" and each.left == "50 ml" for each in receipt.evidence)
    assert joined.evidence[0].feature == "brn"


def test_a_seller_that_cannot_be_worked_out_stops_nobody(shop: Shop) -> None:
    stock(shop)
    shop.account("gobizkorea", "C1", "Onsaemi Beauty", brn=OTHER_BRN)
    shop.listing(make_listing("gobizkorea", "G1", "C1", "Bath Bomb 100g", names={}))
    done = shop.resolve()
    assert done.failed == 1
    assert frozenset({"buykorea:100", "tradekorea:P1"}) in shop.clusters()
    with shop.database.read() as connection:
        waiting = connection.execute(select(worklist_table.c.account_id)).scalars().all()
    assert waiting == ["C1"]


def test_two_processes_give_what_one_gives(lend_shop: LendShop) -> None:
    with lend_shop() as alone, lend_shop() as crew:
        for each in (alone, crew):
            stock(each)
        alone.resolve()
        crew.resolve(workers=2)
        assert alone.clusters() == crew.clusters()
        assert alone.product_of("buykorea:100") == crew.product_of("buykorea:100")


def test_an_id_never_given_is_an_unknown_product(shop: Shop) -> None:
    with shop.database.read() as connection, pytest.raises(UnknownProduct):
        catalogue.require_product(connection, "pnothing")


TITLES = (
    "Centella Face Cream 50ml",
    "Centella Face Cream 100ml",
    "Cream 50ml Centella",
    "Lip Tint Rose 4g",
    "Lip Tint Pink 4g",
)
PLATFORMS = ("buykorea", "gobizkorea", "tradekorea")

arrivals = st.lists(
    st.tuples(
        st.sampled_from(PLATFORMS),
        st.integers(1, 3),  # the account
        st.sampled_from(TITLES),
    ),
    min_size=2,
    max_size=9,
    unique=True,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(arrivals=arrivals, data=st.data())
def test_any_order_and_any_batches_give_the_clusters_of_a_rebuild(
    arrivals: list[tuple[str, int, str]], data: st.DataObject, lend_shop: LendShop
) -> None:
    with lend_shop() as at_once, lend_shop() as in_turn:
        order = data.draw(st.permutations(arrivals))
        for target, sequence in ((at_once, arrivals), (in_turn, order)):
            for platform, account, title in sequence:
                # Account 2 is one firm on all platforms, account 3 another; accounts 1 are strangers to each other.
                brn = {1: None, 2: BRN, 3: OTHER_BRN}[account]
                shop_name = f"{platform} stranger" if account == 1 else f"Firm {account}"
                target.account(platform, str(account), shop_name, brn=brn)
                target.listing(make_listing(platform, f"{account}-{TITLES.index(title)}", str(account), title, hs=HS))
                if target is in_turn and data.draw(st.booleans()):
                    target.resolve()
            target.resolve()
        assert at_once.clusters() == in_turn.clusters()
        with in_turn.database.read() as connection:
            hops = select(ledger.c.id).where(
                ledger.c.leads_to.in_(select(ledger.c.id).where(ledger.c.leads_to.is_not(None)))
            )
            assert connection.execute(hops).all() == []
            living = select(product.c.id).where(
                product.c.id.in_(select(ledger.c.id).where(ledger.c.leads_to.is_not(None)))
            )
            assert connection.execute(living).all() == []
            ones = set(connection.execute(select(edge.c.kind, edge.c.left, edge.c.right)).all())
        with at_once.database.read() as connection:
            assert ones == set(connection.execute(select(edge.c.kind, edge.c.left, edge.c.right)).all())


def test_a_person_splits_and_joins_sellers(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    decide(shop.database, "seller", "buykorea:1", "tradekorea:9", "different", by="person/kim", now=1.0)
    shop.resolve()
    assert frozenset({"buykorea:100"}) in shop.clusters()
    decide(shop.database, "seller", "buykorea:1", "tradekorea:9", "unsure", by="person/kim", now=2.0)
    shop.resolve()
    assert frozenset({"buykorea:100", "tradekorea:P1"}) in shop.clusters()


def test_a_decision_about_what_never_was_is_refused(shop: Shop) -> None:
    stock(shop)
    with pytest.raises(UnknownListing):
        decide(shop.database, "product", "buykorea:100", "buykorea:999", "same", by="person/kim", now=1.0)


def test_a_chain_of_decisions_cannot_cross_another(shop: Shop) -> None:
    stock(shop)
    decide(shop.database, "product", "buykorea:100", "tradekorea:P1", "same", by="person/kim", now=1.0)
    decide(shop.database, "product", "buykorea:100", "tradekorea:P2", "different", by="person/kim", now=2.0)
    with pytest.raises(ContradictoryJudgement):
        decide(shop.database, "product", "tradekorea:P1", "tradekorea:P2", "same", by="person/lee", now=3.0)


def test_a_seller_shows_its_new_region_though_its_accounts_stay(shop: Shop) -> None:
    stock(shop)
    shop.resolve()
    shop.account("buykorea", "1", "Nurion Cosmetic", brn=BRN, homepage="www.nurion.example", zip="06559")
    shop.resolve()
    (seller,) = catalogue.stream_sellers(shop.database)
    assert (seller.region, seller.homepage) == ("Seoul", "www.nurion.example")
