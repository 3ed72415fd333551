"""What people said: the last word counts, and contradictions are refused."""

import pytest

from integrator.errors import ContradictoryJudgement
from integrator.resolve.judgements import current, make_judgement, require_consistent


def test_a_pair_is_kept_in_order() -> None:
    made = make_judgement("product", "tradekorea:9", "buykorea:1", "same", by="person/kim", at=0.0)
    assert (made.left, made.right) == ("buykorea:1", "tradekorea:9")


def test_the_last_word_counts_and_unsure_takes_back() -> None:
    first = make_judgement("product", "a:1", "b:1", "same", by="kim", at=0.0)
    second = make_judgement("product", "a:1", "b:1", "unsure", by="lee", at=1.0)
    assert current([first]) == {("a:1", "b:1"): "same"}
    assert current([first, second]) == {}


def test_a_chain_of_same_cannot_cross_a_different() -> None:
    standing = {("a:1", "b:1"): "same", ("a:1", "c:1"): "different"}
    with pytest.raises(ContradictoryJudgement, match="unsure"):
        require_consistent(standing, make_judgement("product", "b:1", "c:1", "same", by="kim", at=0.0))


def test_one_may_change_their_mind() -> None:
    standing = {("a:1", "b:1"): "same"}
    require_consistent(standing, make_judgement("product", "a:1", "b:1", "different", by="kim", at=0.0))


def test_a_thing_is_not_judged_against_itself() -> None:
    with pytest.raises(ContradictoryJudgement):
        make_judgement("product", "a:1", "a:1", "same", by="kim", at=0.0)
