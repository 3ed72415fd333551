"""One category for a product: HS section, chapter and heading.

Each listing votes with its HS code where that is plausible, and with what its platform category usually means (a table
computed from listings that have both). A code that contradicts a clear table weighs less: about one in ten codes on one
platform is a wrong suggestion.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from integrator.hs import tree
from integrator.listing import Category, Hs, Listing
from integrator.product import CategoryChoice

HS, PLATFORM_CATEGORY, UNCLASSIFIED = "hs", "platform_category", "unclassified"

# A platform category speaks when it was seen this often and mostly with one heading.
_MIN_COUNT = 5
_MIN_SHARE = 0.5
_CLEAR_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Guess:
    """What a platform category usually means."""

    heading: str
    share: float


Guesses = Mapping[tuple[str, str], Guess]


class Voter(Protocol):
    """The part of a listing that says something about its category."""

    @property
    def platform(self) -> str:
        """The platform's name."""

    @property
    def category(self) -> Category:
        """The platform's own category."""

    @property
    def hs(self) -> Hs:
        """The HS code as it was read."""


def make_guesses(counts: Iterable[tuple[str, str, str, int]]) -> dict[tuple[str, str], Guess]:
    """From (platform, category code, heading, count) rows to what each category means, where that is clear enough."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for platform, code, heading, count in counts:
        found.setdefault((platform, code), Counter())[heading] += count
    guesses = {}
    for place, headings in found.items():
        total = sum(headings.values())
        heading = min(headings, key=lambda each: (-headings[each], each))
        if total >= _MIN_COUNT and headings[heading] / total >= _MIN_SHARE:
            guesses[place] = Guess(heading, headings[heading] / total)
    return guesses


def count_headings(listings: Iterable[Voter]) -> Counter[tuple[str, str, str]]:
    """How often each platform category stands beside each plausible heading."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for listing in listings:
        if listing.category.code and listing.hs.hs6 and tree.plausible(listing.hs.hs6):
            counts[listing.platform, listing.category.code, listing.hs.hs6[:4]] += 1
    return counts


_UNCLASSIFIED = CategoryChoice(None, None, None, UNCLASSIFIED)


def choose_category(listings: Sequence[Listing], guesses: Guesses) -> CategoryChoice:
    """The heading most listings speak for; ties go to a ten-digit code, then to the smaller heading."""
    votes: dict[str, float] = {}
    by_code: set[str] = set()
    exact: set[str] = set()
    for listing in listings:
        guess = guesses.get((listing.platform, listing.category.code or ""))
        hs6 = listing.hs.hs6
        if guess is not None:
            votes[guess.heading] = votes.get(guess.heading, 0.0) + 0.6 * guess.share
        if hs6 is None or not _is_plausible(hs6):
            continue
        doubted = guess is not None and guess.share >= _CLEAR_SHARE and guess.heading[:2] != hs6[:2]
        heading = hs6[:4]
        votes[heading] = votes.get(heading, 0.0) + (0.4 if doubted else 1.0)
        by_code.add(heading)
        if listing.hs.hsk10:
            exact.add(heading)
    if not votes:
        return _UNCLASSIFIED
    heading = min(votes, key=lambda each: (-round(votes[each], 6), each not in exact, each))
    return _choice(heading, HS if heading in by_code else PLATFORM_CATEGORY)


# A catalogue has a few thousand codes and asks for them once a listing.
_is_plausible = lru_cache(maxsize=8_192)(tree.plausible)


@lru_cache(maxsize=4_096)
def _choice(heading: str, rule: str) -> CategoryChoice:
    return CategoryChoice(
        section=tree.section_of(heading[:2]),
        chapter=heading[:2],
        heading=heading if tree.known_heading(heading) else None,
        rule=rule,
    )
