"""What parsed records come to, field by field: which had it, have it, lost it; and whose price moved.

Counted in passing from the records that a run parsed. An unchanged record is not parsed and counts nowhere: a platform
that breaks a field changes its records, and only changed records can harm what is stored.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from integrator.listing import Account, HsState, Listing, PriceState, PriceStep, QuantityState
from integrator.store.measures import Share

# A price has moved when more than half of it came or went.
_HALF = Decimal("0.5")

_FILLED: Final[Mapping[str, Callable[[Listing], object]]] = {
    "names.en": lambda said: said.names.get("en"),
    "names.ko": lambda said: said.names.get("ko"),
    "visible": lambda said: said.visible,
    "account_id": lambda said: said.account_id,
    "account_name": lambda said: said.account_name,
    "registered": lambda said: said.registered,
    "updated": lambda said: said.updated,
    "status": lambda said: said.status,
    "price": lambda said: said.price.state is not PriceState.UNKNOWN,
    "price.amount": lambda said: said.price.steps,
    "price.currency": lambda said: said.price.steps and said.price.steps[0].currency,
    "price.unit": lambda said: said.price.steps and said.price.steps[0].unit,
    "price.negotiable": lambda said: said.price.state is PriceState.NEGOTIABLE,
    "moq": lambda said: said.moq.state is not QuantityState.UNKNOWN,
    "moq.unit": lambda said: said.moq.unit,
    "lead": lambda said: said.lead.state is not QuantityState.UNKNOWN,
    "lead.days": lambda said: said.lead.min_days is not None,
    "hs": lambda said: said.hs.state is not HsState.MISSING,
    "category.code": lambda said: said.category.code,
    "category.path": lambda said: said.category.path,
    "summaries": lambda said: said.summaries,
    "descriptions": lambda said: said.descriptions,
    "brand": lambda said: said.brand,
    "model": lambda said: said.model,
    "seller_number": lambda said: said.seller_number,
    "attributes": lambda said: said.attributes,
    "certificates": lambda said: said.certificates,
    "keywords": lambda said: said.keywords,
    "origin": lambda said: said.origin,
    "payment": lambda said: said.payment,
    "terms": lambda said: said.terms,
    "transport": lambda said: said.transport,
    "port": lambda said: said.port,
    "packaging": lambda said: said.packaging,
    "packs": lambda said: said.packs,
    "weight_kg": lambda said: said.weight_kg is not None,
    "supply": lambda said: said.supply.text or said.supply.quantity,
    "supply.quantity": lambda said: said.supply.quantity is not None,
    "stock": lambda said: said.stock is not None,
    "sample": lambda said: said.sample is not None,
    "online_order": lambda said: said.online_order is not None,
    "quotation": lambda said: said.quotation is not None,
    "online_payment": lambda said: said.online_payment is not None,
    "images": lambda said: said.images,
    "images.main": lambda said: any(each.main for each in said.images),
    "url": lambda said: said.url,
    "slug": lambda said: said.slug,
}
FIELDS: Final = tuple(_FILLED)
_READ: Final = tuple(_FILLED.values())

# What no listing can do without: a record that lacks it is rejected.
REQUIRED: Final = frozenset({"names", "account_id", "updated"})

# A seller's fields are told from a listing's by their first word.
SELLER: Final = "seller."
_SELLER_FILLED: Final[Mapping[str, Callable[[Account], object]]] = {
    "seller.names.en": lambda said: said.names.get("en"),
    "seller.names.ko": lambda said: said.names.get("ko"),
    "seller.country": lambda said: said.country,
    "seller.addresses": lambda said: said.addresses,
    "seller.zip": lambda said: said.zip,
    "seller.homepage": lambda said: said.homepage,
    "seller.minisite": lambda said: said.minisite,
    "seller.business_types": lambda said: said.business_types,
    "seller.established": lambda said: said.established,
    "seller.employees": lambda said: said.employees,
    "seller.sales": lambda said: said.sales,
    "seller.markets": lambda said: said.markets,
    "seller.contact.brn": lambda said: said.contact and said.contact.brn_valid,
    "seller.contact.person": lambda said: said.contact and said.contact.person,
    "seller.contact.phone": lambda said: said.contact and said.contact.phone,
    "seller.contact.email": lambda said: said.contact and said.contact.email,
}
SELLER_FIELDS: Final = tuple(_SELLER_FILLED)
_READ_SELLER: Final = tuple(_SELLER_FILLED.values())


@dataclass(slots=True)
class Measured:
    """What some parsed records come to: of each, which fields are empty; added up when it is asked for."""

    moved: int = 0
    priced: int = 0
    listings: "_Emptiness" = field(default_factory=lambda: _Emptiness(FIELDS))
    sellers: "_Emptiness" = field(default_factory=lambda: _Emptiness(SELLER_FIELDS))

    def add(self, listing: Listing, before: Listing | None) -> None:
        """One more parsed listing, and what was shown of it until now (None: nothing)."""
        self.listings.add(_find_empty(listing), None if before is None else _find_empty(before))
        if before is not None:
            self._compare_prices(before, listing)

    def add_rejected(self, before: Listing, lacks: Collection[str]) -> None:
        """One more record of a shown listing that cannot be used: it lacks these fields, and the others stay shown."""
        was = _find_empty(before)
        lost = {place for name in lacks for place in _PLACES[name]}
        self.listings.add([empty or place in lost for place, empty in enumerate(was)], was)

    def add_seller(self, account: Account, before: Account | None) -> None:
        """One more parsed account, and what was shown of it until now."""
        self.sellers.add(_find_empty_of(account), None if before is None else _find_empty_of(before))

    def shares(self) -> dict[str, Share]:
        """By name, as they are stored; what counts nothing is left out."""
        found = {**self.listings.shares(), **self.sellers.shares(), "prices moved": Share(self.moved, self.priced)}
        return {name: share for name, share in found.items() if share.whole}

    def _compare_prices(self, before: Listing, listing: Listing) -> None:
        old, new = _first_step(before), _first_step(listing)
        if old is None or new is None or (old.currency, old.unit) != (new.currency, new.unit):
            return
        self.priced += 1
        self.moved += abs(new.amount - old.amount) > _HALF * old.amount


@dataclass(slots=True)
class _Emptiness:
    """Which of some fields were empty, row by row: a sum over columns costs little more than the rows themselves."""

    names: tuple[str, ...]
    now: list[list[bool]] = field(default_factory=list)
    pairs: list[tuple[list[bool], list[bool]]] = field(default_factory=list)

    def add(self, now: list[bool], was: list[bool] | None) -> None:
        self.now.append(now)
        if was is not None:
            self.pairs.append((was, now))

    def shares(self) -> dict[str, Share]:
        if not self.now:
            return {}
        parsed, pairs = len(self.now), len(self.pairs)
        counts = {"filled": (~np.array(self.now)).sum(axis=0)}
        if pairs:
            was, now = (~np.array(self.pairs)).swapaxes(0, 1)
            counts |= {"had": was.sum(axis=0), "lost": (was & ~now).sum(axis=0), "gained": (now & ~was).sum(axis=0)}
        found = {pairs_of(self.names[0]): Share(pairs, pairs)}
        for word, sums in counts.items():
            whole = parsed if word == "filled" else pairs
            found |= {
                f"{word} {name}": Share(count, whole)
                for name, count in zip(self.names, sums.tolist(), strict=True)
                if count or word == "filled"
            }
        return found


def pairs_of(name: str) -> str:
    return "seller pairs" if name.startswith(SELLER) else "pairs"


def _find_empty(said: Listing) -> list[bool]:
    empty = [not read(said) for read in _READ]
    for name in said.masked:  # hidden from this scope is not empty
        for place in _PLACES.get(name, ()):
            empty[place] = False
    return empty


def _find_empty_of(said: Account) -> list[bool]:
    empty = [not read(said) for read in _READ_SELLER]
    for place, name in enumerate(SELLER_FIELDS):
        if name.split(".")[1] in said.masked:  # as of a listing
            empty[place] = False
    return empty


_PLACES: Final[dict[str, tuple[int, ...]]] = {
    root: tuple(place for place, name in enumerate(FIELDS) if name.partition(".")[0] == root)
    for root in {name.partition(".")[0] for name in FIELDS}
}


def _first_step(said: Listing) -> PriceStep | None:
    return said.price.steps[0] if said.price.steps and said.price.steps[0].amount > 0 else None
