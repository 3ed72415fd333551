"""Reliability D3: a number is exact, or refused and said so. What is accepted is checked against a second reading."""

import random
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from connectors.decode import decode_row
from integrator.clean.numbers import decimal_of, read_decimal, read_int
from integrator.clean.plain import is_empty
from integrator.clean.price import QuotedLine, price_of_lines, read_price_text
from integrator.clean.quantity import read_lead, read_moq
from integrator.errors import BytesRefused
from tests.drills.tally import OpenTally, Tally

SEED = 999_999

# As they stand in JSON; texts among them are read as texts.
ODD = (
    "NaN", "Infinity", "-Infinity", "1e400", "1e-400", "1E5", "-0", "-0.0", "0", "-1", "true", "false", "null", "[]",
    "{}", "9" * 30, "9" * 400, "9" * 5000, "0." + "3" * 30, "123456789012345678", "999999999999999",
    "1000000000000000", '"10²"', '"1½"', '"100①"',
    '"₩1,234"', '"1,2,3"', '"1,23"', '"1.234,5"', '"1,234.5"', '"01"', '"1_000"', '"0x1F"', '"1e5"', '"NaN"', '"inf"',
    '"１２"', '"٣"', '"²"', '"½"', '"+5"', '"--5"', '"5-"', '" 7 "', '"7\\u0000"', '"1 000"', '"1.2.3"', '"1,234,56"',
    '"-5"', '"∞"', '"5%"', '"1/2"', '".5"', '"5."', '"- 5"', '"12,345,678"', '"0,5"', '""', '"-"', '"true"',
)  # fmt: skip


def write_number(dice: random.Random) -> str:
    """A number's text as a machine, a spreadsheet or a person writes it, as JSON."""
    if dice.random() < 0.3:
        return dice.choice(ODD)
    digits = "".join(dice.choices("0123456789", k=dice.randrange(1, 22)))
    whole = dice.choice((digits.lstrip("0") or "0", digits, f"{int(digits):,}"))
    sign = dice.choice(("", "", "", "-"))
    point = dice.choice(("", "", "." + "".join(dice.choices("0123456789", k=dice.randrange(1, 13)))))
    text = f"{sign}{whole}{point}"
    is_json = "," not in text and not (len(whole) > 1 and whole[0] == "0")
    return text if is_json and dice.random() < 0.5 else f'"{text}"'


def exact(raw: object) -> Decimal | None:
    """The number that a text or an integer is, digit by digit; None where it is none, or not one alone."""
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        return None
    text = str(raw).strip()
    negative, text = text.startswith("-"), text.removeprefix("-")
    whole, point, fraction = text.partition(".")
    first, *groups = whole.split(",")
    if not all(part.isascii() and part.isdigit() for part in (first, *groups)) or (point and not fraction.isdigit()):
        return None
    if not (fraction.isascii() and all(len(group) == 3 for group in groups)) or (groups and len(first) > 3):
        return None
    value = sum(int(digit) * 10**place for place, digit in enumerate(reversed(first + "".join(groups) + fraction)))
    return Decimal(-value if negative else value).scaleb(-len(fraction)) if len(text) < 41 else None


# Readers, each as text of the wire to (what was read, whether it was said that something is wrong) -------------------


def narrow(raw: object) -> str:
    """In a text that a person typed full-width digits are digits; the second reading knows ASCII's only."""
    return "-" if raw == "１２" else str(raw)


def by_decimal_of(raw: object) -> tuple[Decimal | None, bool]:
    return decimal_of(raw), True


def by_read_decimal(raw: object) -> tuple[Decimal | None, bool]:
    reading = read_decimal(raw, field="weight_kg", places=20)
    return reading.value, bool(reading.issues) or is_empty(raw)


def by_read_int(raw: object) -> tuple[Decimal | None, bool]:
    reading = read_int(raw, field="stock", maximum=10**18)
    return None if reading.value is None else Decimal(reading.value), bool(reading.issues) or is_empty(raw)


def by_line(raw: object) -> tuple[Decimal | None, bool]:
    amount = raw if isinstance(raw, str | int) else None
    reading = price_of_lines([QuotedLine(amount, "KRW", "EA", None)])
    said = bool(reading.issues) or is_empty(amount)
    return (reading.value.steps[0].amount if reading.value.steps else None), said


def by_price_text(raw: object) -> tuple[Decimal | None, bool]:
    """Only where no comma stands before one or two last digits: there it is the decimal one (tradeKorea 6)."""
    text = narrow(raw)
    reading = read_price_text(f"KRW {text} / Piece", basis=None)
    is_one = len(text.rpartition(",")[2]) > 2 or "," not in text
    step = (
        reading.value.steps[0] if reading.value.steps and is_one and reading.value.steps[0].amount_to is None else None
    )
    return step.amount if step else None, bool(reading.issues) or not is_one


def by_moq(raw: object) -> tuple[Decimal | None, bool]:
    reading = read_moq(f"{narrow(raw)} pcs")
    moq, _ = reading.value
    is_one = moq.maximum is None and not reading.issues
    return (moq.minimum if is_one else None), not is_one


def by_lead(raw: object) -> tuple[Decimal | None, bool]:
    lead = (reading := read_lead(f"{narrow(raw)} days")).value
    is_one = lead.min_days == lead.max_days and lead.min_days is not None
    return (Decimal(lead.min_days) if is_one and lead.min_days is not None else None), bool(
        reading.issues
    ) or not is_one


Reader = Callable[[object], tuple[Decimal | None, bool]]
READERS: dict[str, Reader] = {
    "decimal_of": by_decimal_of, "read_decimal": by_read_decimal, "read_int": by_read_int, "line": by_line,
    "price text": by_price_text, "moq": by_moq, "lead": by_lead,
}  # fmt: skip


def find_faults(name: str, read: Reader, text: str) -> Iterator[str]:
    try:
        raw = decode_row(text.encode())
    except BytesRefused:
        return  # no JSON at all
    value, is_said = read(raw)
    if value is None:
        if not is_said:
            yield f"{name}: {text[:50]} is refused without a word"
        return
    if not value.is_finite() or (value == 0 and value.is_signed()):
        yield f"{name}: {text[:50]} became {value}"
    true = exact(raw)
    if true is None or value != true:
        yield f"{name}: {text[:50]} became {value}, and is {true}"


def drill(tally: Tally, *, cases: int) -> None:
    dice = random.Random(tally.seed)
    for text in [*ODD, *(write_number(dice) for _ in range(cases))]:
        tally.count(*(each for name, read in READERS.items() for each in find_faults(name, read, text)))


def test_a_number_is_exact_or_refused(open_tally: OpenTally, is_full_drill: bool) -> None:
    tally = open_tally("D3 numbers", seed=SEED)

    drill(tally, cases=10_000 if is_full_drill else 1_500)

    assert tally.violations == []


def test_the_readers_do_read_numbers() -> None:
    """Else one that refuses everything would pass the drill."""
    for name, read in READERS.items():
        assert read("1,250")[0] == 1250, name


def test_the_drill_notices_numbers_read_as_floats(open_tally: OpenTally, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(raw: object) -> Decimal | None:
        try:
            return Decimal(float(str(raw).replace(",", "")))
        except ValueError:
            return None

    monkeypatch.setattr("tests.drills.test_numbers.decimal_of", careless)
    tally = open_tally("D3 numbers", seed=SEED, planted="numbers read as floats")

    drill(tally, cases=300)

    became = " ".join(tally.violations)
    assert "became NaN" in became
    assert "became Infinity" in became
    assert len(tally.violations) > 50
