"""Accounts to sellers, by keys of identity. Pure: keys of an account, and groups of accounts.

Strong keys, strongest first: a valid registration number, an own web or mail domain, a telephone number. A key held by
more than five distinct names (agents, trade centres) is evidence, not identity: it joins only accounts whose names
agree too. Names alone never join. Two different valid registration numbers are never one seller, whatever else agrees.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise

from integrator.listing import Contact
from integrator.product import Evidence, Receipt
from integrator.resolve.names import bare_name, skeleton
from integrator.resolve.words import word_set

RELEASE = "keys-1"
SAME, DIFFERENT = "same", "different"

BRN, DOMAIN, PHONE = "brn", "domain", "phone"
NAME = "name"  # never joins: it counts how many firms hold a key
_NAMED = {DOMAIN: "name+domain", PHONE: "name+phone", "zip": "name+zip"}

# Strength of a key kind in log-odds, for the order of joining and for receipts.
STRENGTH: dict[str, float] = {
    BRN: 12.0, DOMAIN: 8.0, PHONE: 7.0, "name+domain": 6.0, "name+phone": 5.5, "name+zip": 5.0,
}  # fmt: skip

MOST_NAMES = 5
# A key held by more accounts than this joins nobody, whatever their names: a firm has a handful of accounts.
MOST_HOLDERS = 40

Ref = tuple[str, str]  # (platform, account id)
Key = tuple[str, str]  # (kind, value)

_FREE_MAIL = word_set(
    """
    126 163 aol chol daum dreamwiz empal empas foxmail freechal freemail gmail gmx googlemail hanafos hanmail hanmir
    hitel hotmail icloud kakao korea kornet live lycos mac mail mailinator me msn nate naver netian nownuri outlook
    paran proton protonmail qq sina unitel webmail yahoo yandex ymail zoho
    """
)
# Shops, page builders, social pages and the platforms themselves: no firm's own domain.
_SHARED_HOSTS = word_set(
    """
    11st alibaba aliexpress amazon auction bit blogger blogspot buykorea cafe24 coupang daum ebay ec21 ecplaza ecvv
    facebook findcompany github gitlab globalsources gmarket gobiz gobizkorea godo goo google imweb indiamart
    instagram interpark jimdo kakao kbiz kita komachine kompass kosme kotra linkedin linktr made-in-china makeshop
    modoo myshopify naver notion pinterest shopify sixshop smartstore squarespace storefarm strikingly tiktok tistory
    tradeindia tradekorea twitter webnode weebly wix wixsite wordpress x youtube
    """
)


@lru_cache(maxsize=1)
def _suffixes():  # type: ignore[no-untyped-def]
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


@lru_cache(maxsize=65_536)
def own_domain(host: str) -> str | None:
    """The firm's own domain of a host name, by the public-suffix list; None for mail services, shops and platforms."""
    own = _suffixes().privatesuffix(host.strip(".").lower())
    if not own:
        return None
    label = own.split(".")[0]
    return None if label in _FREE_MAIL or label in _SHARED_HOSTS else str(own)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What identifies one account: names in any language, contacts of its own record and of its listings."""

    ref: Ref
    names: tuple[str, ...]  # the one to show first
    contacts: tuple[Contact, ...] = ()  # the account's own first
    homepage: str | None = None
    zip: str | None = None


def keys_of(facts: AccountFacts) -> frozenset[Key]:
    """The account's keys: its own valid registration number before its listings', domains, phones, weaker ones."""
    keys: set[Key] = set()
    number = next((contact.brn for contact in facts.contacts if contact.brn and contact.brn_valid), None)
    if number:
        keys.add((BRN, number))
    hosts = [facts.homepage, *((contact.email or "").rpartition("@")[2] for contact in facts.contacts)]
    keys.update((DOMAIN, domain) for host in hosts if host and (domain := own_domain(host)))
    keys.update((PHONE, contact.phone) for contact in facts.contacts if contact.phone)
    bones = list(dict.fromkeys(filter(None, map(skeleton, facts.names))))
    weaker = [*keys, ("zip", facts.zip)] if facts.zip else list(keys)
    for kind, value in weaker:
        if kind in _NAMED:
            keys.update((_NAMED[kind], f"{bone}|{value}") for bone in bones)
    # One name an account: two spellings of one firm must not make its own key look crowded.
    keys.add((NAME, bones[0] if bones else bare_name(facts.names[0]) if facts.names else facts.ref[1]))
    return frozenset(keys)


@dataclass(frozen=True, slots=True)
class Grouping:
    """Sellers as sorted groups of accounts, and the pairs that joined or were refused."""

    groups: tuple[tuple[Ref, ...], ...]
    edges: tuple[Receipt, ...]


def write_ref(ref: Ref) -> str:
    """An account as it stands in edges and the ledger."""
    return f"{ref[0]}:{ref[1]}"


def group_accounts(
    keys: Mapping[Ref, frozenset[Key]], joining: Iterable[Key], judged: Mapping[tuple[Ref, Ref], str] | None = None
) -> Grouping:
    """Group accounts by the `joining` keys. `judged` maps pairs of accounts (smaller first) to a person's verdict."""
    verdicts = judged or {}
    groups: dict[Ref, tuple[Ref, ...]] = {ref: (ref,) for ref in keys}
    numbers = {ref: frozenset(value for kind, value in own if kind == BRN) for ref, own in keys.items()}
    edges: list[Receipt] = []
    for (left, right), verdict in sorted(verdicts.items()):
        if verdict == SAME and left in groups and right in groups:
            edges.append(_receipt(left, right, SAME, [("judgement", "")]))
            _join(groups, left, right)
    for left, right, shared in _pairs(keys, frozenset(joining)):
        if groups[left] is groups[right]:
            continue
        reason = _refusal(groups[left], groups[right], numbers, verdicts)
        edges.append(_receipt(left, right, DIFFERENT if reason else SAME, shared, reason))
        if not reason:
            _join(groups, left, right)
    return Grouping(tuple(sorted(set(groups.values()))), tuple(edges))


def _pairs(keys: Mapping[Ref, frozenset[Key]], joining: frozenset[Key]) -> list[tuple[Ref, Ref, list[Key]]]:
    holders: dict[Key, list[Ref]] = {}
    for ref in sorted(keys):
        for key in keys[ref] & joining:
            if key[0] in STRENGTH:
                holders.setdefault(key, []).append(ref)
    shared: dict[tuple[Ref, Ref], list[Key]] = {}
    for key, held in holders.items():
        # All pairs of a few; of many only neighbours, which join as well where nothing forbids it.
        for pair in combinations(held, 2) if len(held) <= 12 else pairwise(held):
            shared.setdefault(pair, []).append(key)
    found = [(left, right, sorted(own, key=_rank)) for (left, right), own in shared.items()]
    return sorted(found, key=lambda each: (_rank(each[2][0])[0], -len(each[2]), each[0], each[1]))


def _rank(key: Key) -> tuple[float, Key]:
    return -STRENGTH[key[0]], key


def _join(groups: dict[Ref, tuple[Ref, ...]], left: Ref, right: Ref) -> None:
    joined = tuple(sorted({*groups[left], *groups[right]}))
    for member in joined:
        groups[member] = joined


def _refusal(
    left: tuple[Ref, ...],
    right: tuple[Ref, ...],
    numbers: Mapping[Ref, frozenset[str]],
    verdicts: Mapping[tuple[Ref, Ref], str],
) -> str:
    if len(frozenset().union(*(numbers[ref] for ref in (*left, *right)))) > 1:
        return "brn_conflict"
    forbidden = any(
        verdicts.get((min(ours, theirs), max(ours, theirs))) == DIFFERENT for ours in left for theirs in right
    )
    return "judgement" if verdicts and forbidden else ""


def _receipt(left: Ref, right: Ref, verdict: str, shared: list[Key], reason: str = "") -> Receipt:
    evidence = [
        Evidence(kind, _shown(kind, value), _shown(kind, value), STRENGTH.get(kind, 0.0)) for kind, value in shared
    ]
    if reason:
        evidence.append(Evidence(reason, "", "", -20.0))
    return Receipt(
        left=write_ref(left),
        right=write_ref(right),
        verdict=verdict,
        score=round(sum(each.weight for each in evidence), 4),
        release=RELEASE,
        block=shared[0][0],
        evidence=tuple(evidence),
    )


def _shown(kind: str, value: str) -> str:
    """Numbers of registration and telephone live in the contact table alone; a receipt keeps their last four digits."""
    if kind in (BRN, PHONE):
        return f"…{value[-4:]}"
    return value.partition("|")[0] if kind == "name+phone" else value
