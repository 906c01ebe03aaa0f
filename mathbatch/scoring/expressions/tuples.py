r"""Compare numbers, and tuples, intervals and sets of numbers, without a computer algebra system.

Math-Verify takes 50 ms to parse `\left(2,\frac{3}{5}\right)`, this takes a tenth of one. It answers only where there is
no doubt, so that no verdict depends on which of the two gives it: a text with anything that readers of LaTeX may take
differently (`1/2\pi`, `2^10`, `\sqrt12`, `2\frac{1}{2}`, `(1,000)`) has no values here.
"""

from __future__ import annotations

import functools
import math
import re
from typing import NamedTuple

from mathbatch.scoring.expressions.arithmetic import Value, value_of
from mathbatch.scoring.expressions.size_guard import MAX_LENGTH

MAX_CACHED = 4096
# Relative difference of two floats that are calculated in different ways from one number.
SAME_WITHIN = 1e-12
# Relative difference of two that are certainly different numbers; Math-Verify decides about those between.
DIFFERENT_BEYOND = 1e-5
LAYOUT = re.compile(r"\\(?:left|right)(?![A-Za-z])|\\[,!; ]|(?<=\\)[dt](?=frac)|^\s*[A-Za-z]\s*\\in(?![A-Za-z])")
BRACKETS = re.compile(r"(\(|\[|\\\{)(.*)(\)|\]|\\\})", re.DOTALL)
# Brackets that any number of numbers may have.
KNOWN_BRACKETS = ("", "()", "[]", r"\{\}")
HALF_OPEN = ("[)", "(]")
NUMERIC = re.compile(r"(?:\\(?:frac|sqrt)(?=\s*\{)|\\(?:pi|cdot|times)(?![A-Za-z])|[\d.+\-*/^(){}\s])+")
AMBIGUOUS = re.compile(
    r"\d\s+\d|\d\s*\\frac|[}i]\s*\d|\^\s*\d\s*\d|/(?!\s*\d+\s*(?:[+\-),}]|\Z))|\d,\d{3}(?!\d)"
    r"|\)\s*\^|\^.*\^|\d\.(?!\d)|[-+]\s*[-+]",
    re.DOTALL,
)
INFINITY = re.compile(r"([-+]?)\s*\\infty")


class Values(NamedTuple):
    """Numbers of a text, and the brackets around them, such as `[)`, empty where there are none."""

    brackets: str
    numbers: tuple[Value, ...]

    @property
    def is_set(self) -> bool:
        """Tell whether these are several numbers in any order."""
        return len(self.numbers) > 1 and self.brackets in ("", r"\{\}")

    @property
    def is_interval(self) -> bool:
        """Tell whether these are two finite numbers in brackets, which are an interval or a point."""
        return len(self.numbers) == 2 and self.brackets not in ("", r"\{\}") and math.inf not in map(abs, self.numbers)

    @property
    def is_half_open(self) -> bool:
        """Tell whether this is an interval with one of its ends."""
        return self.is_interval and self.brackets in HALF_OPEN


def same_values(gold: str, answer: str, rounding: int) -> bool | None:
    """Tell whether both are the same numbers, to `rounding` decimals; None where there is doubt."""
    theirs = as_values(gold)
    ours = None if theirs is None else as_values(answer)
    if ours is None or theirs is None or len(ours.numbers) != len(theirs.numbers):
        return None
    if ours.is_set and theirs.is_set:
        pairs = zip(sorted(ours.numbers), sorted(theirs.numbers), strict=True)
        return True if all(same_value(one, other, rounding) for one, other in pairs) else None
    if ours.brackets != theirs.brackets:
        return False if theirs.is_half_open and ours.is_interval else None
    found = [same_value(one, other, rounding) for one, other in zip(ours.numbers, theirs.numbers, strict=True)]
    return False if False in found else None if None in found else True


@functools.lru_cache(MAX_CACHED)
def as_values(text: str) -> Values | None:
    r"""Return the numbers that a text consists of: `[2, \frac{1}{2})` -> 2 and 1/2 in `[)`.

    None where it has anything else, or may be read in several ways.
    """
    if len(text) > MAX_LENGTH:
        return None
    text = LAYOUT.sub("", text).strip()
    if AMBIGUOUS.search(text):
        return None
    around = BRACKETS.fullmatch(text)
    members = [_number(one) for one in (around[2] if around else text).split(",")]
    known = tuple(one for one in members if one is not None)
    brackets = around[1] + around[3] if around else ""
    whole = len(known) == len(members) and (brackets in KNOWN_BRACKETS or (brackets in HALF_OPEN and len(known) == 2))
    return Values(brackets, known) if whole else None


def _number(text: str) -> Value | None:
    text = text.strip()
    if found := INFINITY.fullmatch(text):
        return -math.inf if found[1] == "-" else math.inf
    return value_of(text) if NUMERIC.fullmatch(text) else None


def same_value(one: Value, other: Value, rounding: int) -> bool | None:
    """Tell whether two values are equal, to `rounding` decimals; None where they are neither certainly."""
    if one == other:
        return True
    if math.inf in (abs(one), abs(other)):
        return False
    apart, size = abs(float(one) - float(other)), max(abs(float(one)), abs(float(other)))
    if apart > max(2 * 10.0**-rounding, DIFFERENT_BEYOND * size):
        return False
    both_exact = not isinstance(one, float) and not isinstance(other, float)
    return True if apart <= SAME_WITHIN * size and not both_exact else None
