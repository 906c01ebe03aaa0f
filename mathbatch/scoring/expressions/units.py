"""Read the units behind a number: `cm`, `km/h`, `metres per second`, `m/s^2`, `square feet`.

A noun ("apples") is no unit: nobody can say whether three apples are three pieces of fruit.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

# Dimension: size in its first unit: names of the units of that size.
UNIT_TABLE: dict[str, dict[str, str]] = {
    "length": {
        "1": "m meter metre",
        "1/1000": "mm millimeter millimetre",
        "1/100": "cm centimeter centimetre",
        "1/10": "dm decimeter decimetre",
        "1000": "km kilometer kilometre",
        "0.0254": "inch inches in",
        "0.3048": "ft foot feet",
        "0.9144": "yd yard",
        "1609.344": "mi mile",
    },
    "mass": {
        "1": "g gram gramme",
        "1/1000": "mg milligram",
        "1000": "kg kilogram",
        "1000000": "tonne",
        "453.59237": "lb lbs",
        "28.349523125": "oz ounce",
    },
    "time": {
        "1": "s sec second",
        "1/1000": "ms millisecond",
        "60": "min mins minute",
        "3600": "h hr hrs hour",
        "86400": "day",
        "604800": "week",
        "2629746": "month",
        "31556952": "year yr yrs",
        "315569520": "decade",
        "3155695200": "century centuries",
    },
    "volume": {
        "1": "l L liter litre",
        "1/100": "cl cL",
        "1/1000": "ml mL milliliter millilitre",
        "3.785411784": "gallon gal",
        "0.946352946": "quart qt",
        "0.473176473": "pint",
        "0.2365882365": "cup",
    },
    "dollar": {"1": "$ USD dollar", "1/100": "cent ¢ penny pennies"},
    "euro": {"1": "€ EUR euro"},
    "degree": {"1": "° degree deg"},
    "Celsius": {"1": "°C celsius"},
    "Fahrenheit": {"1": "°F fahrenheit"},
    "kelvin": {"1": "K kelvin"},
    "radian": {"1": "rad radian"},
    "force": {"1": "N newton"},
    "energy": {"1": "J joule", "1000": "kJ kilojoule"},
    "power": {"1": "W watt", "1000": "kW kilowatt"},
    "voltage": {"1": "V volt"},
    "current": {"1": "A amp ampere"},
    "resistance": {"1": "ohm"},
    "pressure": {"1": "Pa pascal", "1000": "kPa kilopascal"},
    "frequency": {"1": "Hz hertz"},
}
# Dimensions that stand for each other in short: "20 degrees" of a temperature.
INTERCHANGEABLE = ({"degree", "Celsius"}, {"degree", "Fahrenheit"})
SHORTHANDS = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h", "kmph": "km/h"}
MAX_POWER = 9


class MeasureUnit(NamedTuple):
    """Powers of each dimension, sorted, and the size in the first units of those in `UNIT_TABLE`."""

    powers: tuple[tuple[str, int], ...]
    size: Fraction


KNOWN_UNITS = {
    name: (dimension, Fraction(size))
    for dimension, sizes in UNIT_TABLE.items()
    for size, names in sizes.items()
    for short in names.split()
    for name in ((short, f"{short}s") if len(short) > 2 else (short,))
}
LONG, SHORT = (
    "|".join(re.escape(name) for name in sorted(KNOWN_UNITS, key=len, reverse=True) if (len(name) > 3) is long)
    for long in (True, False)
)
# Short names count only as they are written, since `mW` is not `MW`. And "5 in the box" are no inches.
NAME = rf"(?:(?i:{LONG})|(?!in\s+[A-Za-z])(?:{SHORT}))(?![^\W\d_])"
POWER = r"(?:\s?\^\s?\{?\s?-?\d\s?\}?)?"
OF_MANY = r"(?:(?i:square|sq\.?|cubic|cu\.?)\s)?"
ONE = rf"{OF_MANY}{NAME}{POWER}(?:\s(?:squared|cubed)\b)?"
PHRASE = re.compile(rf"\s?(?:(?:{'|'.join(SHORTHANDS)})\b|{ONE}(?:\s?(?:/|per\b|\\cdot|·)\s?\(?{ONE}\)?){{0,3}})(?!\w)")
PART = re.compile(
    rf"(?P<joint>/|per\b|)[\s(]*(?P<many>(?i:square|sq\.?|cubic|cu\.?)|)\s?(?P<name>{NAME})\s?"
    r"(?:\^\s?\{?\s?(?P<power>-?\d)|(?P<word>squared|cubed)|)"
)


def phrase_at(text: str, start: int) -> str:
    """Return the known unit that stands at a place, with the blank in front of it, or an empty text."""
    found = PHRASE.match(text, start)
    return found[0] if found else ""


@lru_cache(1024)
def unit_of(phrase: str) -> MeasureUnit | None:
    """Return the unit that a phrase names, or None: "km/h" -> length over time, 1000/3600.

    Volumes in litres become cubic metres, so that the two can be compared.
    """
    phrase = SHORTHANDS.get(phrase.strip(), phrase.strip())
    if not PHRASE.fullmatch(phrase):
        return None
    powers: Counter[str] = Counter()
    size = Fraction(1)
    for part in PART.finditer(phrase):
        name = part["name"]
        dimension, each = KNOWN_UNITS.get(name) or KNOWN_UNITS[name.lower()]
        power = int(part["power"] or 0) or _power_of(part["word"] or part["many"])
        power *= -1 if part["joint"] else 1
        if abs(power) > MAX_POWER:
            return None
        if dimension == "volume":
            dimension, each, power = "length", each / 1000, 3 * power
            size *= each if power > 0 else 1 / each
        else:
            size *= each**power
        powers[dimension] += power
    return MeasureUnit(tuple(sorted((one, power) for one, power in powers.items() if power)), size)


def have_different_dimensions(one: str, other: str) -> bool:
    """Tell whether both are known units of different dimensions: "m" and "s"."""
    first, second = unit_of(one), unit_of(other)
    return (
        first is not None
        and second is not None
        and first.powers != second.powers
        and not are_interchangeable(first, second)
    )


def are_interchangeable(one: MeasureUnit, other: MeasureUnit) -> bool:
    """Tell whether one unit may stand for the other in short: "degrees" and "°C"."""
    return {name for name, _ in (*one.powers, *other.powers)} in INTERCHANGEABLE


def conversion_factor(one: str, other: str) -> Fraction:
    """Return how many of the other unit one of the first is: "m" and "cm" -> 100. 1 where that is not known."""
    first, second = unit_of(one), unit_of(other)
    if first is None or second is None or first.powers != second.powers:
        return Fraction(1)
    return first.size / second.size


def _power_of(word: str) -> int:
    return {"s": 2, "c": 3}.get(word[:1].lower(), 1)
