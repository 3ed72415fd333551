"""The feed contract kit: ways to spoil a wire record of any platform, and what a connector owes each of them.

A mutator takes a record's fields and spoils one place in them. Whatever comes of it, the connector must keep its
contract (`find_faults`); and it should notice (`is_noticed`): reject, leave an issue, or read and fingerprint something
else. How many mutants are noticed is the connector's kill rate.
"""

import copy
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import msgspec

from connectors.decode import decode_row
from integrator.errors import BytesRefused, RejectedRecord
from integrator.issues import HELP
from integrator.listing import Account, Detail, Issue, Listing
from integrator.ports import Connector, Parsed
from integrator.record import Record, Wire
from integrator.sync.taken import READING_FIELDS

Fields = dict[str, Any]
Path = tuple[str | int, ...]
# Changes the fields in place at that path; False: there is nothing to spoil here.
Mutate = Callable[[Fields, Path, random.Random], bool]


# Places --------------------------------------------------------------------------------------------------------------


def find_paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place that holds something, whatever it is."""
    if at and value not in ("", None, [], {}):
        yield at
    inside: Sequence[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, inner in inside:
        yield from find_paths(inner, (*at, key))


def look(found: Fields, path: Path) -> Any:
    value: Any = found
    for key in path:
        value = value[key]
    return value


def put(found: Fields, path: Path, value: Any) -> bool:
    """Whether it is another value there now."""
    inside, key = look(found, path[:-1]), path[-1]
    is_other = bool(inside[key] != value) or type(inside[key]) is not type(value)
    inside[key] = value
    return is_other


def take(found: Fields, path: Path) -> bool:
    del look(found, path[:-1])[path[-1]]
    return True


def on_text(change: Callable[[str], str]) -> Mutate:
    """A mutator for places that hold text."""

    def mutate(found: Fields, path: Path, _dice: random.Random) -> bool:
        value = look(found, path)
        return isinstance(value, str) and put(found, path, change(value))

    return mutate


def on_list(change: Callable[[list[Any]], list[Any]]) -> Mutate:
    """A mutator for places that hold a list."""

    def mutate(found: Fields, path: Path, _dice: random.Random) -> bool:
        value = look(found, path)
        return isinstance(value, list) and put(found, path, change(value))

    return mutate


def to(value: Any) -> Mutate:
    """A mutator that puts this in place of whatever is there."""
    return lambda found, path, _dice: put(found, path, copy.deepcopy(value))


# Mutators ------------------------------------------------------------------------------------------------------------


def swap(found: Fields, path: Path, dice: random.Random) -> bool:
    """Two fields of one object have each other's values."""
    inside = look(found, path[:-1])
    others = (
        [key for key, value in inside.items() if value not in ("", None, [], {})] if isinstance(inside, dict) else []
    )
    other = dice.choice(others) if others else path[-1]
    if other == path[-1] or inside[other] == inside[path[-1]]:
        return False
    inside[other], inside[path[-1]] = inside[path[-1]], inside[other]
    return True


def rename(change: Callable[[str], str]) -> Mutate:
    """A mutator that gives a field another name."""

    def mutate(found: Fields, path: Path, _dice: random.Random) -> bool:
        inside, name = look(found, path[:-1]), str(path[-1])
        if not isinstance(inside, dict) or change(name) == name:
            return False
        inside[change(name)] = inside.pop(name)
        return True

    return mutate


def write_otherwise(found: Fields, path: Path, dice: random.Random) -> bool:
    """A digit of a number, an id or a date is another."""
    value = look(found, path)
    text = str(value)
    places = [place for place, letter in enumerate(text) if letter.isdigit() and letter.isascii()]
    if isinstance(value, bool | list | dict) or not places:
        return False
    place = dice.choice(places)
    other = f"{text[:place]}{(int(text[place]) + dice.randrange(1, 10)) % 10}{text[place + 1 :]}"
    if not other.strip("0"):
        return False  # a zero says that there is none
    is_number = isinstance(value, int) and str(int(other)) == other
    return put(found, path, int(other) if is_number else other)


def give_twice(found: Fields, path: Path, _dice: random.Random) -> bool:
    """A key given twice, as decoding hands it on: with a list of both values."""
    return isinstance(path[-1], str) and put(found, path, [look(found, path), "another"])


def to_year(year: str) -> Mutate:
    """A date of another year, in whichever form it stands."""

    def mutate(found: Fields, path: Path, _dice: random.Random) -> bool:
        text = str(look(found, path))
        is_date = text[:2] in ("19", "20") and ((len(text) == 8 and text.isdigit()) or text[4:5] == "-")
        return is_date and put(found, path, year + text[4:])

    return mutate


# Absent means absent: nothing that was sent can be lost with it.
ABSENCES: dict[str, Mutate] = {
    "dropped": lambda found, path, _dice: take(found, path),
    "null": to(None),
    "blank": to(""),
    "renamed": rename(lambda name: f"{name}_NEW"),
    "said to be empty": to("-"),
    "with its name in other letters": rename(str.swapcase),
}
CHANGES: dict[str, Mutate] = {
    "an object": to({"value": "x"}),
    "an empty object": to({"": {}}),
    "a list": lambda found, path, _dice: put(found, path, [[look(found, path)]]),
    "a list of objects": to([{"a": 1}]),
    "true": to(True),
    "a number": to(7),
    "minus one": to(-1),
    "thirty digits": to(10**29 + 7),
    "four hundred digits": to("9" * 400),
    "infinite": to("Infinity"),
    "out of range": to("1e400"),
    "a text": to("lorem ipsum"),
    "swapped": swap,
    "another digit": write_otherwise,
    "given twice": give_twice,
    "of 1970": to_year("1970"),
    "of 2099": to_year("2099"),
    "of the year 0": to_year("0000"),
    "halved": on_text(lambda text: text[: len(text) // 2] or "x"),
    "huge": on_text(lambda text: (text * 1_000_000)[:1_000_000]),
    "UTF-8 read as Latin-1": on_text(lambda text: text.encode().decode("latin-1")),
    "CP949 read as UTF-8": on_text(lambda text: text.encode("cp949", "replace").decode("utf-8", "replace")),
    "letters lost": on_text(lambda text: text.encode("ascii", "replace").decode()),
    "full width": on_text(lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)),
    "in capitals turned": on_text(str.swapcase),
    "turned": on_text(lambda text: text[::-1]),
    "with a NUL": on_text(lambda text: f"{text[:1]}\x00{text[1:]}"),
    "with marks unseen": on_text(lambda text: f"\u202e{text}\u200b"),
    "with a script": on_text(lambda text: f"{text}<script>alert(1)</script>"),
    "escaped twice": on_text(lambda text: f"{text} &amp;amp;"),
    "padded": on_text(lambda text: f"  {text}\t"),
    "broken": on_text(lambda text: text.replace(" ", "\n") + "\r\n\r\n\r\nx"),
    "a path": to("../../etc/passwd"),
    "a row less": on_list(lambda rows: rows[:-1]),
    "a row twice": on_list(lambda rows: [*rows, copy.deepcopy(rows[0])] if rows else rows),
    "a row of nothing": on_list(lambda rows: [*rows, {}]),
    "a row of text": on_list(lambda rows: [*rows, "x"]),
    "a row null": on_list(lambda rows: [None, *rows]),
    "a thousand rows": on_list(lambda rows: (rows * 1000)[:1000]),
}
# What was there may stand elsewhere now, or was not sent.
MOVES = {"swapped", "a row less", "halved"}
MUTATORS = {**ABSENCES, **CHANGES}


def damage(body: bytes, dice: random.Random) -> bytes:
    """The kept bytes with a few of them others, lost or more."""
    place, other = dice.randrange(len(body)), dice.choice((b'"', b"{", b"}", b",", b":", b"\\", b"\xff", b"\x00", b"7"))
    return dice.choice(
        (
            body[:place],
            body[:place] + other + body[place:],
            body[:place] + other + body[place + 1 :],
            body[:place] + body[place + 1 :],
            body + other,
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
        )
    )


# What a connector owes ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tried:
    """What came of the mutants: how many were made and noticed, and where the contract was broken."""

    made: int = 0
    noticed: int = 0
    unnoticed: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def kill_rate(self) -> float:
        return self.noticed / max(1, self.made)


Outcome = Parsed | tuple[str, ...]


def read(connector: Connector, record: Record) -> Outcome:
    """What it is parsed to, or the codes of its rejection."""
    try:
        return connector.parse(record)
    except RejectedRecord as rejected:
        return tuple(reason.code for reason in rejected.reasons) or ("no reason",)


def spoil(record: Record, name: str, dice: random.Random) -> Record | None:
    """The record with one place of it spoilt; None where this mutator finds nothing to do."""
    found = copy.deepcopy(plain(record.fields))
    paths = list(find_paths(found))
    dice.shuffle(paths)
    for path in paths[:20]:
        if MUTATORS[name](found, path, dice):
            return replace(record, fields=found)
    return None


def plain(value: Any) -> Any:
    """Mappings of any sort as dicts."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def find_faults(connector: Connector, before: Record, mutant: Record, *, may_blank: bool) -> Iterator[str]:
    """Where the connector breaks its contract over this mutant."""
    kept = copy.deepcopy(mutant.fields)
    try:
        first, second = read(connector, mutant), read(connector, mutant)
        prints = [connector.fingerprint(mutant) for _ in range(2)]
        turned = connector.fingerprint(replace(mutant, fields=turn(mutant.fields)))
        more = connector.fingerprint(replace(mutant, fields={**mutant.fields, "NOBODY_KNOWS": "x"}))
    except Exception as error:
        yield f"raised {type(error).__name__}: {str(error)[:80]}"
        return
    if mutant.fields != kept:
        yield "changed the record's fields"
    if first != second or prints[0] != prints[1]:
        yield "reads the same record in two ways"
    if len(prints[0]) != 16 or prints[0] != turned or prints[0] != more:
        yield "has a fingerprint that is not of the known fields alone"
    yield from find_faults_of_reading(connector, before, first, prints[0], may_blank=may_blank)


def find_faults_of_reading(
    connector: Connector, before: Record, got: Outcome, print_: bytes, *, may_blank: bool
) -> Iterator[str]:
    """Codes that nobody explains, values that cannot be stored, changes and losses without a word."""
    if isinstance(got, tuple):
        if unknown := [code for code in got if code not in HELP]:
            yield f"rejects for {unknown[0]}, which nothing explains"
        return
    try:
        msgspec.json.encode(got)
    except Exception as error:
        yield f"gives what cannot be stored: {type(error).__name__}"
    sound = read(connector, before)
    if isinstance(sound, tuple) or type(sound) is not type(got):
        return
    if print_ == connector.fingerprint(before) and said(sound) != said(got):
        yield "says something else under the same fingerprint"
    if not may_blank and issues_of(got) == issues_of(sound) and (lost := find_blanked(sound, got)):
        yield f"lost {lost} without a word"


def turn(value: Wire) -> Any:
    """The same with keys the other way round."""
    if isinstance(value, Mapping):
        return {key: turn(inner) for key, inner in reversed(list(value.items()))}
    return [turn(inner) for inner in value] if isinstance(value, list) else value


def said(parsed: Parsed) -> Parsed:
    """Without what is allowed to move by itself."""
    if isinstance(parsed, Listing):
        return replace(parsed, **READING_FIELDS)  # type: ignore[arg-type]
    if isinstance(parsed, Detail) and parsed.listing is not None:
        return replace(parsed, listing=replace(parsed.listing, **READING_FIELDS), issues=())  # type: ignore[arg-type]
    return replace(parsed, issues=()) if isinstance(parsed, Account | Detail) else parsed


def issues_of(parsed: Parsed) -> tuple[Issue, ...]:
    own = parsed.issues if isinstance(parsed, Listing | Account | Detail) else ()
    return (*own, *parsed.listing.issues) if isinstance(parsed, Detail) and parsed.listing else own


def find_blanked(before: Any, after: Any) -> str:
    """A field that held something and holds nothing now; "" when there is none."""
    if len(getattr(after, "attributes", ())) > len(getattr(before, "attributes", ())):
        return ""  # what no field of ours takes is shown as an attribute
    for each in fields(before):
        old, new = getattr(before, each.name), getattr(after, each.name)
        # A free text may state a pack size, and most state none.
        if each.name not in ("issues", "masked", "scope", "packs") and is_filled(old) and not is_filled(new):
            return each.name
        if hasattr(old, "state") and old.state != new.state and str(new.state) in ("unknown", "missing"):
            return each.name
    return ""


def is_filled(value: Any) -> bool:
    """Whether it says something: False and 0 do."""
    return value is not None and value not in ("", (), {})


def is_noticed(connector: Connector, before: Record, mutant: Record) -> bool:
    """Whether it is rejected, leaves an issue, or is read or fingerprinted as something else."""
    sound, got = read(connector, before), read(connector, mutant)
    return sound != got or connector.fingerprint(before) != connector.fingerprint(mutant)


def try_mutants(connector: Connector, records: Sequence[Record], dice: random.Random, *, rounds: int) -> Tried:
    """So many mutants of every mutator, each of a record chosen at random, and as many damaged bodies."""
    tried = Tried()
    for name in MUTATORS:
        for _ in range(rounds):
            before = dice.choice(records)
            mutant = spoil(before, name, dice)
            if mutant is None:
                continue
            tried.made += 1
            faults = [f"{before.kind}, {name}: {each}" for each in find_faults(
                connector, before, mutant, may_blank=name in ABSENCES or name in MOVES
            )]  # fmt: skip
            tried.faults += faults
            if faults or is_noticed(connector, before, mutant):
                tried.noticed += 1
            else:
                tried.unnoticed[name] = tried.unnoticed.get(name, 0) + 1
    for _ in range(rounds * 5):
        try_damage(tried, connector, dice.choice(records), dice)
    return tried


def try_damage(tried: Tried, connector: Connector, record: Record, dice: random.Random) -> None:
    """Damaged bytes are refused, or read as the JSON that they still are."""
    body = damage(record.body, dice)
    if body == record.body:
        return
    tried.made += 1
    try:
        found = connector.decode(record.kind, body)
    except BytesRefused:
        tried.noticed += 1
        return
    except Exception as error:
        tried.faults.append(f"{record.kind}, damaged bytes: raised {type(error).__name__}")
        return
    if found != record.fields:
        tried.noticed += 1
    else:
        tried.unnoticed["damaged bytes"] = tried.unnoticed.get("damaged bytes", 0) + 1
    if body[:1] == b"{" and found != decode_row(body):
        tried.faults.append(f"{record.kind}, damaged bytes: read as something else")
