"""Numbers with units in titles: 50 ml, 1.5kW, 300 x 400 mm, 50매입. Each is (dimension, value in the base unit)."""

import re

from integrator.resolve.words import word_set

# Dimension and value in its base unit.
Measure = tuple[str, float]
# Dimension -> values in its base unit.
Measures = dict[str, frozenset[float]]


def _read_units(table: str) -> dict[str, tuple[str, float]]:
    """Lines of a dimension, a factor into its base unit, and the unit's spellings."""
    rows = (line.split() for line in table.strip().splitlines())
    return {unit: (dimension, float(factor)) for dimension, factor, *units in rows for unit in units}


_UNITS = _read_units(
    """
    mass 0.001 mg
    mass 1 g gr gram grams 그램
    mass 1000 kg kgs 킬로
    mass 1e+06 ton 톤
    ounce 1 oz
    mass 453.6 lb lbs
    volume 1 ml cc 밀리리터
    volume 10 cl
    volume 1000 l ltr liter liters litre litres 리터
    length 1 mm
    length 10 cm 센티
    length 1000 m meter meters 미터
    length 25.4 inch in 인치 inches
    length 304.8 ft
    length 914.4 yd
    thickness 1 um ㎛
    power 1 w watt watts 와트
    power 1000 kw
    horsepower 1 hp 마력
    voltage 1 v 볼트
    voltage 1000 kv
    current 1 a
    current 0.001 ma
    charge 1 mah
    charge 1000 ah
    energy 1 wh
    frequency 1 hz
    frequency 1000 khz
    frequency 1e+06 mhz
    frequency 1e+09 ghz
    speed 1 rpm
    pressure 1 bar
    pressure 10 mpa
    psi 1 psi
    memory 1 gb
    memory 1024 tb
    memory 0.0009765625 mb
    light 1 lm
    colour_temperature 1 k
    grammage 1 gsm
    denier 1 d denier
    mesh 1 mesh
    channel 1 channel ch 채널
    port 1 port ports 포트 구
    count 1 pcs pc ea pieces piece sheets sheet packs pack box boxes bags sachets sticks tablets capsules ct pairs pair
    count 1 rolls roll 매 매입 개 개입 입 팩 봉 포 병 정 캡슐 켤레 족 롤
    percent 1 %
    """
)

_UNIT_WORDS = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
# "300 x 400 mm", "10x20": sides of one body, in one unit.
_SIDES = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)((?:\s?[x×*]\s?\d+(?:\.\d+)?)+)\s?(mm|cm|m|inch)(?![a-z])")
_MEASURE = re.compile(rf"(?<![\w.,])(\d{{1,3}}(?:,\d{{3}})+|\d+(?:[.,]\d+)?)\s?-?({_UNIT_WORDS})(?![a-z])")
_TIMES = re.compile(r"(?:(?<=\s)|(?<=[a-z)]))[x×*]\s?(\d+)\b")
# Units that are written with capitals; titles are read in small letters.
_CAPITALS = {unit.lower(): unit for unit in word_set("L W kW V kV A mA mAh Ah Wh Hz kHz MHz GHz MPa GB TB MB K")}
# The unit each dimension is counted in, for values that nobody wrote in words.
_BASE_UNITS = {
    "mass": "g", "volume": "ml", "length": "mm", "power": "W", "voltage": "V", "current": "A", "charge": "mAh",
    "energy": "Wh", "frequency": "Hz", "speed": "rpm", "pressure": "bar", "memory": "GB", "light": "lm",
    "colour_temperature": "K", "grammage": "gsm", "horsepower": "hp", "ounce": "oz", "thickness": "µm", "percent": "%",
}  # fmt: skip


def write_measure(value: float, dimension: str) -> str:
    """A value of a dimension for a person: '50 ml'."""
    return f"{value:g} {_BASE_UNITS.get(dimension, '')}".rstrip()


def _write(number: str, unit: str) -> str:
    """A quantity as the seller wrote it, its unit in the usual letters: '5 kg', '1.5 kW', '50매'."""
    is_close = unit == "%" or unit >= "가"
    return f"{number}{'' if is_close else ' '}{_CAPITALS.get(unit, unit)}"


def _number(text: str) -> float:
    if "," not in text:
        return float(text)
    # A comma before three digits parts thousands, any other is a decimal one.
    return float(text.replace(",", "") if text[-4:-3] == "," else text.replace(",", "."))


def _measure(number: float, unit: str) -> tuple[str, float]:
    dimension, factor = _UNITS[unit]
    return dimension, round(number * factor, 4)


def take_measures(text: str, found: dict[Measure, str]) -> str:
    """Move sides and measures out of the text into `found`, each with the words it was written in."""

    def sides(match: re.Match[str]) -> str:
        numbers = [match[1], *re.findall(r"\d+(?:\.\d+)?", match[2])]
        factor = _UNITS[match[3]][1]
        side = round(sum(factor * float(n) * 31**i for i, n in enumerate(numbers)), 4)
        found.setdefault(("sides", side), match[0])
        return " "

    def measure(match: re.Match[str]) -> str:
        found.setdefault(_measure(_number(match[1]), match[2]), _write(match[1], match[2]))
        return " "

    def times(match: re.Match[str]) -> str:
        found.setdefault(("count", float(match[1])), f"× {match[1]}")
        return " "

    return _TIMES.sub(times, _MEASURE.sub(measure, _SIDES.sub(sides, text)))
