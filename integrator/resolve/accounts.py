"""Dirty accounts to sellers: one writer, only the keys of those accounts and what they touch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from integrator.listing import Account
from integrator.product import Seller
from integrator.resolve.ids import SELLER, carry_over, mint
from integrator.resolve.judgements import current
from integrator.resolve.sellers import (
    MOST_HOLDERS,
    MOST_NAMES,
    STRENGTH,
    AccountFacts,
    Key,
    Ref,
    group_accounts,
    keys_of,
    own_domain,
    write_ref,
)
from integrator.store.edges import has_judgements, load_judgements, replace_edges
from integrator.store.identities import (
    Crowd,
    change_keys,
    count_crowds,
    find_holders,
    load_accounts,
    load_facts,
    load_keys,
)
from integrator.store.ledger import load_ledger, redirect, revive, write_minted
from integrator.store.sellers import delete_sellers, load_seller_accounts, load_seller_ids, load_sellers, save_sellers

# First two digits of a Korean postcode -> region (the post's own table).
_REGIONS: tuple[tuple[int, str], ...] = (
    (9, "Seoul"), (20, "Gyeonggi"), (23, "Incheon"), (26, "Gangwon"), (29, "Chungbuk"), (30, "Sejong"),
    (33, "Chungnam"),
    (35, "Daejeon"), (40, "Gyeongbuk"), (43, "Daegu"), (45, "Ulsan"), (49, "Busan"), (53, "Gyeongnam"), (56, "Jeonbuk"),
    (60, "Jeonnam"), (62, "Gwangju"), (63, "Jeju"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of the accounts: sellers whose products need a look, and how many edges were decided."""

    sellers: frozenset[str]
    edges: int


def settle_accounts(connection: Connection, refs: Iterable[Ref], *, now: float) -> Settled:
    """Work out the sellers of these accounts and of all that share an open key with them."""
    dirty = sorted(set(refs))
    facts = load_facts(connection, dirty)
    after = {ref: keys_of(facts[ref]) for ref in dirty}
    before = load_keys(connection, dirty)
    # An account that merely sells more, or moved house, changes no seller's membership.
    moved = [ref for ref in dirty if before[ref] != after[ref]]
    moved += _judged_accounts(connection, [ref for ref in dirty if before[ref] == after[ref]])
    done = Settled(frozenset(), 0)
    if moved:
        touched = {key for ref in moved for key in (*before[ref], *after[ref]) if key[0] in STRENGTH}
        were_open = _open_keys(connection, touched)
        change_keys(connection, before, after)
        gathered = _gather(connection, moved, touched, were_open)
        done = _regroup(connection, gathered, now=now)
    stayed = frozenset(load_seller_ids(connection, dirty).values()) - done.sellers
    _refresh(connection, stayed, now=now)
    return Settled(done.sellers | stayed, done.edges)


def _refresh(connection: Connection, seller_ids: frozenset[str], *, now: float) -> None:
    """Sellers whose accounts are the same may still show another name or region."""
    groups = {each: tuple(refs) for each, refs in load_seller_accounts(connection, seller_ids).items()}
    _save_changed(connection, _make_sellers(connection, groups), now=now)


def _save_changed(connection: Connection, sellers: list[Seller], *, now: float) -> None:
    stored = load_sellers(connection, [each.seller_id for each in sellers])
    news = [each for each in sellers if each.seller_id not in stored or stored[each.seller_id][0] != each]
    save_sellers(connection, news, now=now)


def _judged_accounts(connection: Connection, refs: list[Ref]) -> list[Ref]:
    """Those of these accounts that a person said something about."""
    if not refs or not has_judgements(connection, SELLER):
        return []
    judged = load_judgements(connection, SELLER, [write_ref(ref) for ref in refs])
    named = {name for judgement in judged for name in (judgement.left, judgement.right)}
    return [ref for ref in refs if write_ref(ref) in named]


def _open_keys(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Those of these keys that join accounts: not crowded by names or holders."""
    counted = count_crowds(connection, keys, most_holders=MOST_HOLDERS)
    return {key for key, crowd in counted.items() if _is_open(key, crowd)}


def _is_open(key: Key, crowd: Crowd) -> bool:
    # A number of registration is one firm's, however often it renamed itself.
    return crowd.holders <= MOST_HOLDERS and (crowd.names <= MOST_NAMES or key[0] == "brn")


@dataclass(frozen=True, slots=True)
class _Gathered:
    """Accounts in reach of each other: their keys, the sellers they are in now, and which of the keys join."""

    keys: dict[Ref, frozenset[Key]]
    sellers: dict[Ref, str]
    joining: set[Key]


def _gather(connection: Connection, dirty: Iterable[Ref], touched: set[Key], were_open: set[Key]) -> _Gathered:
    """All accounts in reach: through open keys, and through the sellers they are in now."""
    keys: dict[Ref, frozenset[Key]] = {}
    sellers: dict[Ref, str] = {}
    known_open, looked_at = _open_keys(connection, touched), set(touched)
    # Keys that were open a moment ago are followed once more: what they joined may have to part.
    once = were_open | known_open
    followed: set[Key] = set()
    frontier = set(dirty)
    while frontier:
        fresh = load_keys(connection, frontier)
        keys.update(fresh)
        now_in = load_seller_ids(connection, frontier)
        sellers.update(now_in)
        found = {key for own in fresh.values() for key in own if key[0] in STRENGTH}
        known_open |= _open_keys(connection, found - looked_at)
        looked_at |= found
        follow = (found & known_open | once) - followed
        followed |= follow
        reached = find_holders(connection, follow)
        for refs in load_seller_accounts(connection, now_in.values()).values():
            reached.update(refs)
        frontier = reached - keys.keys()
    return _Gathered(keys, sellers, known_open)


def _regroup(connection: Connection, gathered: _Gathered, *, now: float) -> Settled:
    present = gathered.sellers
    grouping = group_accounts(gathered.keys, gathered.joining, _judged(connection, gathered.keys))
    old_ids = set(present.values())
    ledger = load_ledger(connection, old_ids)
    naming = carry_over(grouping.groups, present, {each: row.minted_at for each, row in ledger.items()})
    ids, minted, revived = _name_groups(connection, grouping.groups, naming.ids)
    write_minted(connection, SELLER, minted, now=now)
    revive(connection, revived)
    _save_changed(connection, _make_sellers(connection, dict(zip(ids, grouping.groups, strict=True))), now=now)
    delete_sellers(connection, old_ids - set(ids))
    redirect(connection, {old: ids[position] for old, position in naming.retired.items()}, now=now)
    owner = {write_ref(ref): seller_id for seller_id, group in zip(ids, grouping.groups, strict=True) for ref in group}
    edges = replace_edges(
        connection, SELLER, [(owner[edge.left], edge) for edge in grouping.edges], {*ids, *old_ids}, now=now
    )
    return Settled(frozenset(ids), edges)


def _judged(connection: Connection, keys: Mapping[Ref, frozenset[Key]]) -> dict[tuple[Ref, Ref], str]:
    if not has_judgements(connection, SELLER):
        return {}
    refs = {write_ref(ref): ref for ref in keys}
    standing = current(load_judgements(connection, SELLER, refs))
    return {
        (min(refs[one], refs[other]), max(refs[one], refs[other])): verdict
        for (one, other), verdict in standing.items()
        if one in refs and other in refs
    }


def _name_groups(
    connection: Connection, groups: Iterable[tuple[Ref, ...]], carried: Iterable[str | None]
) -> tuple[list[str], dict[str, str], list[str]]:
    """Ids of all groups; founders by fresh id; ids that live again."""
    named = list(zip(groups, carried, strict=True))
    candidates = {mint(SELLER, write_ref(group[0])): write_ref(group[0]) for group, old in named if old is None}
    known = load_ledger(connection, candidates)
    ids, minted, revived = [], {}, []
    for group, old in named:
        if old is not None:
            ids.append(old)
            continue
        founder, turn = write_ref(group[0]), 0
        wanted = mint(SELLER, founder)
        while wanted in known and not (known[wanted].retired_at is not None and known[wanted].leads_to is None):
            turn += 1
            wanted = mint(SELLER, founder, turn)
            known.update(load_ledger(connection, [wanted]))
        if wanted in known:
            revived.append(wanted)
        else:
            minted[wanted] = founder
        ids.append(wanted)
    return ids, minted, revived


def _make_sellers(connection: Connection, groups: Mapping[str, tuple[Ref, ...]]) -> list[Seller]:
    refs = [ref for group in groups.values() for ref in group]
    accounts = load_accounts(connection, refs)
    nameless = [ref for ref in refs if ref not in accounts]
    facts = load_facts(connection, nameless) if nameless else {}
    return [_make_seller(seller_id, group, accounts, facts) for seller_id, group in groups.items()]


def _make_seller(
    seller_id: str, group: tuple[Ref, ...], accounts: Mapping[Ref, Account], facts: Mapping[Ref, AccountFacts]
) -> Seller:
    known = [accounts[ref] for ref in group if ref in accounts]
    names: dict[str, str] = {}
    for account in known:
        for language, name in account.names.items():
            names[language] = _better_name(names.get(language), name)
    for ref in group:
        for name in facts[ref].names if ref in facts else ():
            names.setdefault("ko" if any("가" <= letter <= "힣" for letter in name) else "en", name)
    zips = sorted(account.zip for account in known if account.zip)
    homes = sorted(account.homepage for account in known if account.homepage and own_domain(account.homepage))
    years = sorted(account.established for account in known if account.established)
    return Seller(
        seller_id=seller_id,
        names=names,
        accounts=group,
        country=next((account.country for account in known if account.country), None),
        region=_region(zips[0]) if zips else None,
        homepage=homes[0] if homes else None,
        established=max(years, key=len) if years else None,
        business_types=tuple(sorted({kind for account in known for kind in account.business_types})),
    )


def _better_name(old: str | None, new: str) -> str:
    """Mixed case before capitals or small letters alone; then the longer; then the earlier in order."""
    if old is None:
        return new
    return min(old, new, key=lambda name: (name.isascii() and (name.isupper() or name.islower()), -len(name), name))


def _region(zip_code: str) -> str | None:
    digits = zip_code[:2]
    return next((region for last, region in _REGIONS if digits.isdigit() and 0 < int(digits) <= last), None)
