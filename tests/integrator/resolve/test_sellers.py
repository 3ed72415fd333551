"""Which keys join accounts, and what they never join."""

import pytest

from integrator.listing import Contact
from integrator.resolve.receipts import write_seller_evidence, write_seller_sentence
from integrator.resolve.sellers import AccountFacts, Key, Ref, group_accounts, keys_of, own_domain


def facts(ref: Ref, name: str, *, brn: str | None = None, valid: bool = True, **fields: str) -> AccountFacts:
    contact = Contact(brn, brn is not None and valid, None, fields.get("phone"), fields.get("email"))
    return AccountFacts(ref, (name,), (contact,), fields.get("homepage"), fields.get("zip"))


def group(*accounts: AccountFacts, judged: dict[tuple[Ref, Ref], str] | None = None) -> list[tuple[Ref, ...]]:
    keys = {each.ref: keys_of(each) for each in accounts}
    joining: set[Key] = {key for own in keys.values() for key in own}
    return list(group_accounts(keys, joining, judged).groups)


A, B, C = ("buykorea", "1"), ("gobizkorea", "2"), ("tradekorea", "3")


def test_one_valid_registration_number_joins_whatever_the_names() -> None:
    assert group(facts(A, "Nurion", brn="0018100017"), facts(B, "Onsaemi", brn="0018100017")) == [(A, B)]


def test_a_wrong_registration_number_proves_nothing() -> None:
    one = facts(A, "Nurion", brn="0058500050", valid=False)
    other = facts(B, "Onsaemi", brn="0058500050", valid=False)
    assert group(one, other) == [(A,), (B,)]


def test_a_web_domain_meets_a_mail_domain() -> None:
    one = facts(A, "Saebom", homepage="www.saebom.example")
    other = facts(B, "Meditec", email="sales@saebom.example")
    assert group(one, other) == [(A, B)]


@pytest.mark.parametrize("mail", ["a@gmail.com", "a@naver.com", "a@hanmail.net", "a@daum.net"])
def test_free_mail_joins_nobody(mail: str) -> None:
    assert group(facts(A, "Nurion", email=mail), facts(B, "Onsaemi", email=mail)) == [(A,), (B,)]


@pytest.mark.parametrize(
    "host",
    ["nurion.gobizkorea.example", "nurion.en.ec21.com", "smartstore.naver.com", "x.cafe24.com", "nurion.blogspot.com"],
)
def test_platforms_shops_and_page_builders_are_no_own_domain(host: str) -> None:
    own = own_domain(host)
    assert own is None or own == "nurion.blogspot.com"  # below a builder's own public suffix a name is the firm's


def test_an_own_domain_is_cut_by_the_public_suffix_list() -> None:
    assert own_domain("www.export.saebom.co.kr") == "saebom.co.kr"
    assert own_domain("co.kr") is None


def test_names_alone_never_join() -> None:
    assert group(facts(A, "Hanbit Trading"), facts(B, "Hanbit Trading")) == [(A,), (B,)]


def test_a_name_and_a_postcode_join() -> None:
    assert group(facts(A, "Hongdam Food Co., Ltd.", zip="32711"), facts(B, "홍담식품(주)", zip="32711")) == [(A, B)]
    assert group(facts(A, "Hongdam Food", zip="32711"), facts(B, "Hongdam Food", zip="06559")) == [(A,), (B,)]


def test_two_valid_registration_numbers_are_never_one_seller() -> None:
    found = group(
        facts(A, "Nurion", brn="0018100017", phone="+82550000001"),
        facts(B, "Nurion", brn="0038200039", phone="+82550000001"),
    )
    assert found == [(A,), (B,)]


def test_a_third_account_cannot_bridge_two_registration_numbers() -> None:
    found = group(
        facts(A, "Nurion", brn="0018100017", phone="+82550000001"),
        facts(B, "Nurion", brn="0038200039", phone="+82550000002"),
        AccountFacts(C, ("Nurion",), (Contact(phone="+82550000001"), Contact(phone="+82550000002"))),
    )
    assert (A, B, C) not in found
    assert len(found) == 2


def test_a_person_outranks_the_keys() -> None:
    one, other = facts(A, "Nurion", brn="0018100017"), facts(B, "Nurion", brn="0018100017")
    assert group(one, other, judged={(A, B): "different"}) == [(A,), (B,)]
    assert group(facts(A, "Nurion"), facts(B, "Onsaemi"), judged={(A, B): "same"}) == [(A, B)]


def test_a_receipt_about_sellers_names_kinds_in_public_and_keeps_no_whole_number() -> None:
    keys = {each.ref: keys_of(each) for each in (facts(A, "Nurion", brn="0018100017"), facts(B, "N", brn="0018100017"))}
    (receipt,) = group_accounts(keys, {("brn", "0018100017")}).edges
    assert write_seller_evidence(receipt) == ["registration number"]
    assert write_seller_sentence(receipt, "ko") == "같은 판매자입니다: 사업자등록번호."
    assert "0018100017" not in str(receipt)
