"""Reliability D2: text is safe to store and to show, and ids are untouched."""

import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlalchemy import insert

from connectors.buykorea.listing import read_id
from connectors.decode import decode_json
from connectors.gobizkorea.records import COMPANY_ID
from connectors.gobizkorea.records import PRODUCT_ID as GOBIZKOREA_ID
from connectors.tradekorea.wire import PRODUCT_ID as TRADEKOREA_ID
from integrator.clean.html import read_html
from integrator.clean.plain import read_text
from integrator.clean.text import read_list, read_names
from integrator.store.database import Database, chunks
from integrator.store.listings import find_known
from integrator.store.tables import listing
from tests.drills.tally import OpenTally, Tally

SEED = 200

# Texts --------------------------------------------------------------------------------------------------------------

PIECES = (
    "Hand cream", "핸드 크림", "Crème", "Cafe\u0301", "手霜", "50 ml", "<b>", "</b>", "&amp;lt;script&amp;gt;", "&#0;",
    "&#x202E;", "&#xD800;", "<img src=x onerror=alert(1)>", "\x00", "\ud83d", "\ude00", "\ud83d\ude00", "\x1b[31m",
    "\u202eexe", "\u2066", "\u200b\u200d", "\ufeff", "\u00ad", "\U000e0041", "\ufffe", "\uffff", "e" + "\u0301" * 40,
    "한" + "\u20dd" * 9, "\r\n", "\u2028", "\u0085", "\t", "\x0b", "\u00a0", "\u3000", "{{7*7}}", "' OR 1=1 --", "../",
)  # fmt: skip
BIDI_AND_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe\uffff\U000e0000-\U000e007f]"
)

READERS: dict[str, Callable[[str], Sequence[str | None]]] = {
    "text": lambda raw: [read_text(raw, field="summaries").value],
    "names": lambda raw: list(read_names(en=raw, ko=None).value.values()),
    "list": lambda raw: read_list(raw, field="keywords").value,
    "html": lambda raw: [read_html(raw, field="descriptions").value],
}


def write_text(dice: random.Random) -> str:
    return "".join(dice.choices(PIECES, k=dice.randrange(1, 12)))


def find_unsafe(reader: str, raw: str) -> Iterator[str]:
    """What of the text that comes out no page, database or terminal should be given."""
    for text in READERS[reader](raw):
        if text is None:
            continue
        if found := BIDI_AND_UNSEEN.search(text):
            yield f"{found.group()!r} is left"
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            yield "half a surrogate pair is left"
        elif not unicodedata.is_normalized("NFC", text):
            yield "it is not composed"
        if longest_heap(text) > 4:
            yield f"{longest_heap(text)} marks stand on one letter"
        if reader == "html" and re.search(r"<script|onerror\s*=|javascript:", text, re.IGNORECASE):
            yield "it would run"
        if len(text) > 200_000:
            yield f"it has {len(text)} letters"


def longest_heap(text: str) -> int:
    longest = heap = 0
    for letter in text:
        heap = heap + 1 if unicodedata.combining(letter) or unicodedata.category(letter) == "Me" else 0
        longest = max(longest, heap)
    return longest


def drill_texts(tally: Tally, *, texts: int) -> None:
    dice = random.Random(tally.seed)
    raws = [write_text(dice) for _ in range(texts)]
    # A million letters each: one that is dirty everywhere, and one that is clean.
    for raw in [*raws, "가\u0301\u202e" * 350_000, "a" * 1_000_000]:
        for reader in READERS:
            tally.count(*(f"{reader}, {raw[:60]!r}: {each}" for each in find_unsafe(reader, raw)))


def test_text_is_safe_to_show(open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D2 text", seed=SEED)

    drill_texts(tally, texts=25_000 if is_full_drill else 500)

    assert tally.violations == []


def test_the_drill_notices_text_taken_as_it_came(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrator.clean.plain.drop_unseen", lambda text, *_: text)
    tally = open_tally("D2 text", seed=SEED, planted="text as it came")

    drill_texts(tally, texts=100)

    kinds = {violation.rpartition(": ")[2].split(" is ")[-1] for violation in tally.violations}
    assert {"left", "not composed"} <= {kind.strip() for kind in kinds}


# Ids ----------------------------------------------------------------------------------------------------------------

Pair = tuple[str, str]


def write_pair(dice: random.Random) -> Pair:
    """Two ids that a careless comparison takes for one."""
    number = str(dice.randrange(10**5, 10**12))
    long = str(dice.randrange(10**20, 10**21))
    word = f"P{number[:6]}é"
    pairs = (
        (number, f"0{number}"), (number, f" {number}"), (number, f"{number} "), (number, f"{number}\n"),
        (number, f"{number}\x00"), (number, f"\u200b{number}"), (number, number.translate(FULL_WIDTH)),
        (number, f"{number}.0"), (number, f"+{number}"), (long, str(int(long) + 1)), (f"P{number}", f"p{number}"),
        (f"P{number}", f"\uff30{number}"), (word, unicodedata.normalize("NFD", word)), (f"{number}ss", f"{number}ß"),
        (f"{number}i", f"{number}İ"), (f"K{number}", f"\u212a{number}"), (f"C{number}A", f"C{number}a"),
    )  # fmt: skip
    return dice.choice(pairs)


FULL_WIDTH = {ord(digit): ord(digit) - ord("0") + ord("０") for digit in "0123456789"}


def find_collisions(pair: Pair) -> Iterator[str]:
    one, other = pair
    # An id that a platform never gives is unreadable (""), and unreadable ids are not compared.
    if read_id(one) and read_id(one) == read_id(other):
        yield f"BuyKorea's {one!r} and {other!r} are one"
    for name, pattern in (("GobizKOREA", GOBIZKOREA_ID), ("tradeKorea", TRADEKOREA_ID), ("a company", COMPANY_ID)):
        for text in pair:
            found = pattern.fullmatch(text)
            if found and found.group() != text:
                yield f"{name}'s {text!r} is read as {found.group()!r}"
    are_numbers = all(text.isascii() and text.isdigit() and text[0] != "0" for text in pair)
    if are_numbers and decode_json(one.encode()) == decode_json(other.encode()):
        yield f"the numbers {one} and {other} are one"


def find_lost(database: Database, ids: Sequence[str]) -> Iterator[str]:
    """Ids that the store does not give back as they were put in."""
    blank = {
        "platform": "p", "generation": 1, "account_id": "a", "state": "live", "visible": True, "fingerprint": b"",
        "parser_version": 1, "updated_at": 0.0, "seen_run": 1, "seen_at": 0.0, "first_seen_at": 0.0,
    }  # fmt: skip
    with database.write() as connection:
        for piece in chunks(ids, 5000):
            connection.execute(insert(listing), [{**blank, "external_id": each} for each in piece])
    with database.read() as connection:
        for piece in chunks(ids, 5000):
            known = find_known(connection, "p", piece)
            yield from (f"{each!r} is not found again" for each in piece if each not in known)
            if len({known[each].key for each in piece if each in known}) != len(piece):
                yield "two ids are one row"


def drill_ids(tally: Tally, database: Database, *, pairs: int) -> None:
    dice = random.Random(tally.seed)
    written = [write_pair(dice) for _ in range(pairs)]
    for pair in written:
        tally.count(*find_collisions(pair))
    # PostgreSQL holds no NUL, and no platform's id may have one: the connectors refuse it above.
    ids = dict.fromkeys(each for pair in written for each in pair if "\x00" not in each)
    tally.violations.extend(find_lost(database, list(ids)))


def test_ids_that_look_alike_stay_apart(database: Database, open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D2 ids", seed=SEED)

    drill_ids(tally, database, pairs=100_000 if is_full_drill else 2_000)

    assert tally.violations == []


def test_the_drill_notices_ids_that_are_trimmed(
    database: Database, open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = read_id
    monkeypatch.setattr("tests.drills.test_text.read_id", lambda text: exact(text.strip()))
    tally = open_tally("D2 ids", seed=SEED, planted="ids are trimmed")

    drill_ids(tally, database, pairs=500)

    assert len(tally.violations) > 10
