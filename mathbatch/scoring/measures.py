r"""The unit behind a value: `split(r"5\text{ m/s}^2")` is "5" and metres over seconds squared.

Units that are known are compared by what they measure and how large they are, so that `5 cm` is not `5 m` but is
`0.05 m` and `5 centimetres`. A word that is no known unit ("10 apples", "square units") says nothing.
"""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import NamedTuple

KINDS = {
    "length": "1/1000 mm millimeter millimetre|1/100 cm centimeter centimetre|1/10 dm decimeter decimetre"
    "|1 m meter metre|1000 km kilometer kilometre|0.0254 in inch inche|0.3048 ft foot feet|0.9144 yd yard"
    "|1609.344 mi mile",
    "mass": "1/1000000 mg milligram|1/1000 g gram gramme|1 kg kilogram kilo|1000 t tonne|0.45359237 lb pound"
    "|0.028349523125 oz ounce",
    "time": "1/1000 ms millisecond|1 s sec second|60 min minute|3600 h hr hour|86400 day|604800 week",
    "long time": "1 month|12 year yr",
    "volume": "1/1000000 mL ml milliliter millilitre|1/100000 cL cl|1/1000 L l liter litre",
    "money": "1/100 cent penny pennie|1 dollar USD",
    "euro": "1 euro EUR",
    "angle": r"1 degree deg",
    "radian": "1 rad radian",
    "force": "1 N newton",
    "energy": "1 J joule|1000 kJ kilojoule",
    "power": "1 W watt|1000 kW kilowatt",
    "voltage": "1 V volt",
    "current": "1 A ampere amp",
    "resistance": "1 ohm",
    "frequency": "1 Hz hertz",
    "pressure": "1 Pa pascal|1000 kPa",
}
"""What is measured, and the names of its units behind their size."""
KNOWN = {
    name: (kind, Fraction(size))
    for kind, units in KINDS.items()
    for size, *names in map(str.split, units.split("|"))
    for name in names
}
"""Kind and size; that of volumes in cubic metres."""
SPEEDS = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h", "kmph": "km/h", "fps": "ft/s", "mps": "m/s"}
NAMES = "|".join(sorted(KNOWN, key=len, reverse=True))
POWER = r"(?:\s?\^\s?(?:\{\s?-?\d\s?\}|-?\d))?"
SIZED = r"(?:(?:square|cubic|sq\.?|cu\.?)\s?)?"
ONE = rf"{SIZED}(?:{NAMES})s?\.?(?![A-Za-z]){POWER}(?:\s(?:squared|cubed))?"
UNIT = rf"(?:{'|'.join(SPEEDS)}|{ONE}(?:\s?(?:/|\\cdot|\*|\bper\b|\s)\s?{ONE}){{0,3}})"
WRAPPED = r"\\(?:text|mathrm|mbox|textrm|operatorname|rm|mathsf)\s?\{"
LONE = r"(?:mm|cm|dm|km|ft|mL|ml|kg|mg|lb|oz|yd|sec|min|hrs?|mph|kph|kmh)\b|[A-Za-z]{3,}|\w{1,3}\s?/|(?:sq|cu)\.?\s"
"""How a unit begins that stands outside `\\text{}`: a letter alone may be a variable."""
GAP = r"(?:\s|~|\\[,;:! ]|\\quad)*"
TAIL = re.compile(
    rf"(?P<value>.*[\d)}}]|.*\\pi)\s?\.?{GAP}(?:{WRAPPED}[\s~]*(?P<inner>[^{{}}]{{1,40}}?)\s*\.?\}}(?P<power>{POWER})"
    rf"|(?P<plain>(?={LONE}){UNIT}|(?<=[\s~]){SIZED}(?!pi\b|or\b|and\b|sqrt\b)[a-z]{{2,14}}\.?{POWER}|/\s?[a-z]{{2,14}}))\.?",
    re.DOTALL,
)
LETTER = re.compile(rf"(?P<value>-?[\d.,]*\d)\s?(?P<unit>[mshgLl]{POWER})\.?")
FACTOR = re.compile(
    rf"(?P<over>/|\bper\b)?\s*(?P<sized>square|cubic|sq|cu)?\.?\s?(?P<name>{NAMES})s?\.?(?![A-Za-z])"
    r"(?:\s?\^\s?\{?\s?(?P<power>-?\d)\s?\}?)?(?:\s(?P<after>squared|cubed))?[\s*~]*(?:\\cdot)?\s*"
)
POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}


MAX_LENGTH = 200
"""Characters of a value with its unit."""


class Measure(NamedTuple):
    """What a unit measures, kinds to their powers, and how many of the base unit it is."""

    kinds: tuple[tuple[str, int], ...]
    size: Fraction


class Split(NamedTuple):
    """`measure` is None where there is no unit, or one that isn't known."""

    value: str
    unit: str
    measure: Measure | None


@functools.lru_cache(4096)
def split(text: str) -> Split:
    """A value and the unit behind it; the text itself where there is none."""
    if len(text) > MAX_LENGTH:
        return Split(text, "", None)
    if letter := LETTER.fullmatch(text.strip()):
        return Split(letter["value"], letter["unit"], measure(letter["unit"]))
    found = TAIL.fullmatch(text.strip())
    if found is None:
        return Split(text, "", None)
    unit = found["plain"] or found["inner"] + (found["power"] or "")
    if not re.search("[A-Za-z]", unit) or re.search(r"\d\s*\Z|\d\s\d", unit.partition("^")[0]):
        return Split(text, "", None)
    return Split(found["value"].strip(), unit.strip(), measure(unit.strip(" ~.")))


def measure(unit: str) -> Measure | None:
    """None where any part of the unit isn't known."""
    unit = SPEEDS.get(unit, unit)
    kinds: dict[str, int] = {}
    size, place = Fraction(1), 0
    while place < len(unit):
        one = FACTOR.match(unit, place)
        if one is None:
            return None
        kind, of = KNOWN[one["name"]]
        power = int(one["power"] or POWERS.get(one["sized"] or one["after"], 1)) * (-1 if one["over"] else 1)
        size *= of**power
        kinds[kind] = kinds.get(kind, 0) + power
        place = one.end()
    litres = kinds.pop("volume", 0)
    if litres:
        kinds["length"] = kinds.get("length", 0) + 3 * litres
    return Measure(tuple(sorted(kinds.items())), size) if kinds else None
