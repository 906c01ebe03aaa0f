r"""Split a value from the unit behind it: `5\text{ m/s}^2` -> "5" and metres per second squared.

Known units are compared by what they measure and how large they are, so that `5 cm` is not `5 m` but is `0.05 m` and `5
centimetres`. A word that is no known unit ("10 apples", "square units") says nothing.
"""

from __future__ import annotations

import functools
import re
from fractions import Fraction
from typing import NamedTuple

from mathbatch.scoring.expressions.numbers import SCALE
from mathbatch.scoring.expressions.units import KNOWN_UNITS, SHORTHANDS, MeasureUnit, unit_of

UNIT_NAMES = "|".join(sorted(filter(str.isalpha, KNOWN_UNITS), key=len, reverse=True))
POWER = r"(?:\s?\^\s?(?:\{\s?-?\d\s?\}|-?\d))?"
SIZED = r"(?:(?:square|cubic|sq\.?|cu\.?)\s?)?"
ONE = rf"{SIZED}(?:{UNIT_NAMES})s?\.?(?![A-Za-z]){POWER}(?:\s(?:squared|cubed))?"
UNIT = rf"(?:{'|'.join(SHORTHANDS)}|{ONE}(?:\s?(?:/|\\cdot|\*|\bper\b|\s)\s?{ONE}){{0,3}})"
WRAPPED = r"\\(?:text|mathrm|mbox|textrm|operatorname|rm|mathsf)\s?\{"
# Start of a unit outside of `\text{}`. A letter alone is left out, since it may be a variable.
LONE = (
    r"(?:mm|cm|dm|km|ft|mL|ml|kg|mg|lbs?|oz|yd|sec|mins?|hrs?|yrs?|mph|kph|kmh|k[WJ]|kPa|Hz)\b"
    r"|[A-Za-z]{3,}|\w{1,3}\s?/|(?:sq|cu)\.?\s"
)
GAP = r"(?:\s|~|\\[,;:! ]|\\quad)*"
TAIL = re.compile(
    rf"(?P<value>.*[\d)}}]|.*\\pi)\s?\.?{GAP}"
    rf"(?:(?P<open>\()?{WRAPPED}[\s~]*(?P<inner>[^{{}}]{{1,40}}?)\s*\.?\}}(?P<power>{POWER})(?(open)\))"
    rf"|(?P<plain>(?={LONE}){UNIT}|(?<=[\s~]){SIZED}(?!(?:pi|or|and|sqrt|percent|per|pct|{SCALE})\b)[a-z]{{2,14}}(?:-[a-z]{{2,14}})?\.?{POWER}|/\s?[a-z]{{2,14}}))\.?",
    re.DOTALL,
)
LETTER = re.compile(rf"(?P<value>-?[\d.,]*\d)\s?(?P<unit>[mshgLl]{POWER})\.?")
TEXT = re.compile(r"\\(?:text|mathrm|mbox|textbf|mathbf)\s?\{([^{}]*)\}")
SCALED = re.compile(rf"(\d)\s?\\(?:text|mathrm|mbox)\s?\{{\s?({SCALE}[^{{}}]*)\}}", re.IGNORECASE)
# Stands in front of a number that counts from one to the next: "year 1960", "page 12".
LABEL = re.compile(
    r"(?:\\text\s?\{)?\s?\b(?:year|month|week|day|hour|page|step|stage|room|number|figure)\s?\}?\s?(?=\d+\Z)",
    re.IGNORECASE,
)
# Words in front of a value that is the answer all the same, and currencies.
ABOUT_WORDS = r"(?:there\s(?:is|are)|approximately|about|roughly|exactly|only|\\approx|[€£¥₹]|Rs\.?|US\\?\$)"
# In `\text{}` or without, and only where a value follows: "about 10", `\text{there are } 10`.
ABOUT = re.compile(rf"(?:\\text\s?\{{\s?{ABOUT_WORDS}\s?\}}|{ABOUT_WORDS})\s?(?=[\d\\-])", re.IGNORECASE)
MICRO = re.compile(r"\\mu\s?(\\(?:text|mathrm)\s?\{)\s?")
OHM = re.compile(r"\\Omega(?![A-Za-z])")
DOLLARS = re.compile(r"\\?\$\s?(?P<value>[\d.,]*\d)")
# Value in two units, such as hours and minutes.
COMPOUND = re.compile(
    rf"(?P<first>\d{{1,9}}){GAP}(?P<large>{UNIT_NAMES})\.?(?:{GAP}(?:,|and|\\?&)?{GAP})"
    rf"(?P<second>\d{{1,9}}(?:\.\d{{1,9}})?){GAP}(?P<small>{UNIT_NAMES})\.?"
)
# Characters of a value with its unit.
MAX_LENGTH = 200


class ValueWithUnit(NamedTuple):
    """Value and unit as they are written; `measure` is None where the unit is missing or not known."""

    value: str
    unit: str
    measure: MeasureUnit | None


def without_wording(text: str) -> str:
    r"""Return a value without the words around it.

    `\text{10 apples}` -> `10 apples`, `1.5 \text{ million}` -> `1.5 million`, "year 1960" -> `1960`
    """
    found = TEXT.fullmatch(text.strip())
    text = LABEL.sub("", found[1] if found else SCALED.sub(r"\1 \2", text)).strip()
    return ABOUT.sub("", text, count=1) if ABOUT.match(text) else text


@functools.lru_cache(4096)
def split_unit(text: str) -> ValueWithUnit:
    """Return a value and the unit behind it, or the text itself where it has none: "5 cm" -> "5" and centimetres."""
    if len(text) > MAX_LENGTH:
        return ValueWithUnit(text, "", None)
    if letter := LETTER.fullmatch(text.strip()):
        return ValueWithUnit(letter["value"], letter["unit"], unit_of(letter["unit"]))
    if price := DOLLARS.fullmatch(text.strip()):
        return ValueWithUnit(price["value"], "$", unit_of("$"))
    if compound := _compound(text):
        return compound
    found = TAIL.fullmatch(OHM.sub(r"\\text{ohm}", MICRO.sub(r"\1micro", text)).strip())
    if found is None:
        return ValueWithUnit(text, "", None)
    if found["inner"] and len(found["inner"].strip()) == 1 and found["inner"].strip() not in KNOWN_UNITS:
        return ValueWithUnit(text, "", None)  # an upright letter, such as Euler's number
    unit = found["plain"] or found["inner"] + (found["power"] or "")
    if not re.search("[A-Za-z]", unit) or re.search(r"\d\s*\Z|(?<!\w)\d", unit.partition("^")[0]):
        return ValueWithUnit(text, "", None)
    return ValueWithUnit(found["value"].strip(), unit.strip(), unit_of(unit.strip(" ~.")))


def _compound(text: str) -> ValueWithUnit | None:
    """Return the value in the last unit of one that is given in two: "1 h 30 min" -> "90" and minutes."""
    found = COMPOUND.fullmatch(TEXT.sub(r" \1 ", text).strip())
    large, small = (unit_of(found[name]) for name in ("large", "small")) if found else (None, None)
    if found is None or large is None or small is None or large.powers != small.powers or large.size <= small.size:
        return None
    value = Fraction(found["first"]) * large.size / small.size + Fraction(found["second"])
    shown = str(value.numerator) if value.denominator == 1 else rf"\frac{{{value.numerator}}}{{{value.denominator}}}"
    return ValueWithUnit(shown, found["small"], small)
