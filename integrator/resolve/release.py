"""What is the same for all sellers of one call: the matcher, the exchange rates, the category table."""

from hashlib import blake2b

import msgspec

from integrator.listing import Category, Hs
from integrator.merge.category import count_headings, make_guesses
from integrator.merge.price import Rates
from integrator.publish.document import FORM
from integrator.resolve.scorer import RELEASE
from integrator.resolve.work import Release
from integrator.store import category_table
from integrator.store.database import CATALOGUE, Database

# The category table is made again when this many times as many listings live as when it was made.
_GROWTH = 2
_SAMPLE = 30_000


class _Voter(msgspec.Struct):
    """What the category table needs of a listing: reading the rest would cost several times as much."""

    platform: str
    category: Category
    hs: Hs


_decode_voter = msgspec.json.Decoder(_Voter).decode


def load_release(database: Database, rates: Rates) -> Release:
    """Rates and the category table, which is made anew when the catalogue has doubled since."""
    with database.read() as connection:
        counts = category_table.load_guess_counts(connection)
        live = category_table.count_live(connection)
    known = sum(count for *_, count in counts)
    if live and known < min(live, _SAMPLE) / (_GROWTH * 2):
        with database.read() as connection:
            fresh = count_headings(map(_decode_voter, category_table.sample_contents(connection, most=_SAMPLE)))
        with database.write(CATALOGUE) as connection:
            category_table.replace_guess_counts(connection, fresh)
            counts = category_table.load_guess_counts(connection)
    guesses = make_guesses(counts)
    said = sorted((*place, guess.heading, round(guess.share, 6)) for place, guess in guesses.items())
    name = blake2b(msgspec.json.encode((RELEASE, FORM, rates.day, said)), digest_size=8).hexdigest()
    return Release(guesses, rates, name)
