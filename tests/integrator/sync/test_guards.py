"""When deletions wait: pure arithmetic."""

from integrator.sync.guards import Candidate, Shown, object_to


def _losing(count: int, *, account: str | None = None, visible: bool = True) -> list[Candidate]:
    return [Candidate(number, str(number), account or f"A{number}", visible) for number in range(count)]


def _object(
    losing: list[Candidate],
    *,
    visible: int = 1000,
    before: tuple[int, ...] = (),
    seen: int | None = 900,
    week: int | None = None,
    gone: dict[str, int] | None = None,
    **sellers: int,
):
    shown = Shown(visible, before, by_account=sellers, in_week=week, gone_by_account=gone or {})
    return object_to(losing, shown, seen=seen)


def test_nothing_lost_is_no_matter() -> None:
    assert _object([]) is None


def test_ten_listings_may_go_whatever_their_share() -> None:
    assert _object(_losing(10), visible=12) is None


def test_a_tenth_may_go_whatever_their_number() -> None:
    assert _object(_losing(100), visible=1000) is None


def test_more_than_ten_and_more_than_a_tenth_wait() -> None:
    objection = _object(_losing(101), visible=1000)

    assert objection is not None
    assert "101 of 1000" in objection.reason
    assert objection.diff["listings"] == 101


def test_what_no_buyer_can_see_does_not_count() -> None:
    assert _object(_losing(500, visible=False), visible=100) is None


def test_a_census_of_nothing_waits_even_for_one_listing() -> None:
    assert _object(_losing(1), seen=0) is not None


def test_where_no_list_is_expected_seeing_none_is_normal() -> None:
    assert _object(_losing(1), seen=None) is None


def test_what_the_run_has_taken_out_of_sight_before_counts_with_the_rest() -> None:
    assert _object(_losing(60), visible=950, gone={"B": 40}, before=(1000,), B=500) is None
    assert _object(_losing(60), visible=950, gone={"B": 50}, before=(1000,), B=500) is not None
    assert _object(_losing(60), visible=950, gone={"B": 50}, B=500) is not None
    assert _object(_losing(5, account="A"), gone={"A": 5}, A=15) is None
    objection = _object(_losing(6, account="A"), gone={"A": 5}, A=15)
    assert objection is not None
    assert "Seller A would lose 11 of 20" in objection.reason


def test_the_share_is_of_the_usual_size_not_of_a_feed_that_already_shrank() -> None:
    assert _object(_losing(90), visible=600, before=(1000, 1000, 990, 1010, 1000)) is None
    assert _object(_losing(90), visible=600) is not None


def test_half_of_a_large_seller_may_go_and_one_more_waits() -> None:
    assert _object(_losing(10, account="A"), A=20) is None
    objection = _object(_losing(11, account="A"), visible=100_000, A=21)
    assert objection is not None
    assert "Seller A" in objection.reason


def test_a_small_seller_may_clear_everything() -> None:
    assert _object(_losing(9, account="A"), A=19) is None


def test_a_catalogue_that_bleeds_a_quarter_in_a_week_waits() -> None:
    assert _object(_losing(1), visible=751, before=(751,) * 5, week=1000) is None
    objection = _object(_losing(2), visible=751, before=(751,) * 5, week=1000)
    assert objection is not None
    assert "only 749 would be left" in objection.reason


def test_a_handful_may_go_in_a_week_whatever_its_share() -> None:
    assert _object(_losing(2), visible=5, before=(5,), week=13) is None
