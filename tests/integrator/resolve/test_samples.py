"""The guides' samples through the real parsers: the twins that `expected.md` names, and no false pair."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from connectors.buykorea.listing import parse as parse_buykorea
from connectors.decode import decode_json
from connectors.gobizkorea.listing import parse_company, parse_product
from connectors.tradekorea.listing import parse_account, parse_listing
from integrator.errors import RejectedRecord
from integrator.listing import Account, Contact, Listing
from integrator.record import Kind, Record
from tests.contract.connectors import samples
from tests.fakes.shop import Shop


def _parsed(path: Path) -> Iterator[object]:
    for kind, names in (
        (Kind.LISTING, ("goodsList_page1.xml", "goodsList_page2.json")),
        (Kind.ACCOUNT, ("entpList.xml",)),
    ):
        for name in names:
            yield from _usable(samples.buykorea_records(name, kind), parse_buykorea)
    gobizkorea = samples.gobizkorea_records(path, 100250)
    yield from _usable((r for r in gobizkorea if r.kind is Kind.ACCOUNT), lambda r: parse_company(r.fields))
    yield from _usable((r for r in gobizkorea if r.kind is Kind.LISTING), lambda r: parse_product(r.fields))
    for name in ("products_page1.json", "products_page2.json"):
        yield from _usable(samples.tradekorea_records(name), parse_listing)
    supplier = decode_json(samples.read_sample("tradekorea", "supplier_204871_member.json"))
    yield parse_account(samples.tradekorea_record(supplier, Kind.ACCOUNT))


def _usable(records: Iterable[Record], parse: object) -> Iterator[object]:
    for record in records:
        try:
            yield parse(record)  # type: ignore[operator]
        except RejectedRecord:
            continue


@pytest.fixture
def resolved(shop: Shop, tmp_path: Path) -> Shop:
    newest: dict[tuple[str, str], Listing] = {}
    contacts: dict[tuple[str, str], Contact] = {}
    accounts: dict[tuple[str, str], Account] = {}
    for parsed in _parsed(tmp_path):
        if isinstance(parsed, Account):
            accounts[parsed.platform, parsed.external_id] = parsed
        elif isinstance(parsed, Listing):
            old = newest.get((parsed.platform, parsed.external_id))
            if old is None or old.updated.at <= parsed.updated.at:
                newest[parsed.platform, parsed.external_id] = parsed
            if parsed.contact is not None:
                contacts[parsed.platform, parsed.account_id] = parsed.contact
    for place, account in accounts.items():
        said = account.contact or Contact()
        shop.account(
            *place, account.name, brn=said.brn if said.brn_valid else None, phone=said.phone, email=said.email,
            homepage=account.homepage, zip=account.zip,
        )  # fmt: skip
    for place, said in contacts.items():
        shop.contact(*place, said)
    for listing in newest.values():
        shop.listing(replace(listing, contact=None))
    shop.resolve()
    return shop


def _twins() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for heading, rows in samples.tables():
        platform = next((name for name in ("buykorea", "gobizkorea", "tradekorea") if name in heading.lower()), None)
        for row in rows:
            if platform and row.get("twin", "-") not in ("-", "") and row.get("verdict") == "accept":
                found.setdefault(row["twin"].split()[0], set()).add(f"{platform}:{row['id'].split()[0]}")
    return found


def test_the_samples_come_out_without_a_false_pair_and_with_every_twin(resolved: Shop) -> None:
    wanted = {frozenset(pair) for twins in _twins().values() for pair in combinations(sorted(twins), 2)}
    found = {frozenset(pair) for group in resolved.clusters() for pair in combinations(sorted(group), 2)}
    assert found - wanted == set()
    assert wanted - found == set()
    assert len(_twins()) == 6
