r"""Read answers that are equations or inequalities, numbers in a base, or given exactly and rounded.

A = 3 \cdot 4 = 12                        ->  12
x \le -2 \text{ or } x \ge 2              ->  (-\infty, -2] \cup [2, \infty)
2516_8                                    ->  2516 in base 8
16\pi \approx 50.27                       ->  16\pi, and 50.27
"""

from __future__ import annotations

import math
import re

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.measures import split_unit, without_wording
from mathbatch.scoring.expressions.numbers import WORDS, as_number

# A relation other than equality.
RELATION = re.compile(r"[<>]|\\(?:n?eq?|[lg](?:e|eq|t|eqslant)|notin|not)(?![A-Za-z])")
# Relative difference of two numbers between which an equals sign stands for a rounding.
SAME_WITHIN = 0.01
# Equations that may be one answer, each with a right side: "x = 3 or x = 7".
BETWEEN_EQUATIONS = re.compile(r"[,;]|\b(?:and|or)\b|\\(?:land|lor|wedge|vee)(?![A-Za-z])")
SEVERAL_EQUATIONS = re.compile(rf"=[^=]*(?:{BETWEEN_EQUATIONS.pattern})[^=]*=")
# A variable and its value: "x = 3".
SOLVED_VARIABLE = re.compile(r"\s*(?:[A-Za-z]|\\[a-z]{2,7})\s?(?:_\s?\{?\w\}?\s?)?=[^=]+")


def right_side(answer: str) -> str:
    """Return what follows the last equals sign, or the text itself where that is no value of its own.

        "A = 3 * 4 = 12" -> "12", "x^2 = 144, x = 12" -> "12", "x = 3 or x = 7" -> the same

    Several equations have one value only where the last one alone tells what a variable is.
    """
    if "=" not in answer or "\\begin" in answer or RELATION.search(answer):
        return answer
    if SEVERAL_EQUATIONS.search(answer):
        *working, last = BETWEEN_EQUATIONS.split(answer)
        if not SOLVED_VARIABLE.fullmatch(last) or any(
            "=" not in one or SOLVED_VARIABLE.fullmatch(one) for one in working
        ):
            return answer
    values = [one for one in map(_numeric_value, answer.split("=")) if one is not None]
    if any(not math.isclose(one, values[-1], rel_tol=SAME_WITHIN) for one in values):  # 26 = 31
        return answer
    return answer.rpartition("=")[2].strip() or answer


NUMBER_IN_BASE = re.compile(
    r"(?:[A-Za-z]\s?=\s?)?\(?(?P<digits>\d[\dA-F]{0,60})\)?(?:_\s?\{?\s?(?:\\text\s?\{)?(?P<base>[1-9]\d?|[a-z]{3,8})\s?\}{0,2})?"
)


def same_number_in_base(gold: str, answer: str) -> bool | None:
    """Tell whether both are the same number in a base; None where neither has one, as `2516_8` has.

    An answer may leave out the gold answer's base.
    """
    theirs, ours = (NUMBER_IN_BASE.fullmatch(one.strip().strip("$").strip()) for one in (gold, answer))
    if theirs is None or ours is None or not (theirs["base"] or ours["base"]):
        return None
    if theirs["base"] and not ours["base"]:
        return bool(theirs["digits"] == ours["digits"])
    values = [_value_in_base(one["digits"], one["base"] or "10") for one in (theirs, ours)]
    return None not in values and values[0] == values[1]


def _value_in_base(digits: str, base: str) -> int | None:
    """Return the value of a number in a base; None where it has a digit that the base lacks."""
    try:
        return int(digits, int(base) if base.isdigit() else WORDS[base])
    except (ValueError, KeyError):  # no such digit, or no such base
        return None


# Stands between both forms of an answer: `\approx`, "or about", or a bracket around the second.
BETWEEN_FORMS = re.compile(
    r"\\(?:approx|simeq)(?![A-Za-z])"
    r"|,?\s{0,3}(?:\\text\s?\{)?\s{0,3}\bor(?:\s(?:about|approximately|roughly))?\s{0,3}(?:\}|(?=\d))"
    r"|\s\((?=[\d.]{1,20}\s?\\?%?\)$)"
)
VARIABLE = re.compile(r"\\?[A-Za-z]{1,8}(?:_\{?\w{1,5}\}?)?")
SAYS_ROUNDED = re.compile(r"approx|simeq|about|rough")
# Half of 1 and a little more, for the noise of floats.
HALF_A_UNIT = 0.5001
DECIMALS = re.compile(r"\d\.(\d{1,20})")


def exact_and_rounded(answer: str) -> list[str]:
    r"""Return the answer, and both its sides where the one is the other rounded.

    "16\pi \approx 50.27" -> the same, "16\pi", "50.27"; "10 or 12" -> the same; "x \approx 3.1" -> the same, "3.1"
    """
    signs = [*BETWEEN_FORMS.finditer(answer)]
    if len(signs) != 1:
        return [answer]
    first = right_side(answer[: signs[0].start()]).strip()
    second = answer[signs[0].end() :].strip().removesuffix(")")
    if VARIABLE.fullmatch(first) and _numeric_value(first) is None and _numeric_value(second) is not None:
        return [answer, second]
    return (
        [answer, first, second]
        if _is_rounded(first, second, SAYS_ROUNDED.search(signs[0][0]) is not None)
        else [answer]
    )


def _is_rounded(one: str, other: str, said: bool) -> bool:
    """Tell whether both are equal to half of the last decimal of one; to a whole number only where a word says so."""
    values = [_numeric_value(one), _numeric_value(other)]
    if values[0] is None or values[1] is None:
        return False
    apart = abs(values[0] - values[1])
    return any(apart <= room for room in map(_rounding_error, (one, other)) if room < HALF_A_UNIT or said)


def _numeric_value(text: str) -> float | None:
    """Return the value of a text without its unit, per cent as hundredths, or None where it has none as a float."""
    text = split_unit(without_wording(text)).value
    number = as_number(text)
    value = value_of(text) if number is None else number.value / (100 if number.percent else 1)
    try:
        return None if value is None else float(value)
    except OverflowError:
        return None


def _rounding_error(text: str) -> float:
    """Return half of the last decimal of a number, or 0 for what is no decimal, such as a root."""
    if as_number(split_unit(without_wording(text)).value) is None:
        return 0.0
    decimals = DECIMALS.search(text)
    return HALF_A_UNIT * 10.0 ** -((len(decimals[1]) if decimals else 0) + (2 if "%" in text else 0))
