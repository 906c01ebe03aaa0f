r"""An answer that is given twice, exactly and rounded: `16\pi \approx 50.27`, `\frac{2}{3} \text{ or } 66.7\%`."""

from __future__ import annotations

import re

from mathbatch.scoring.expressions.arithmetic import value_of
from mathbatch.scoring.expressions.equations import right_side
from mathbatch.scoring.expressions.measures import split_unit, without_wording
from mathbatch.scoring.expressions.numbers import as_number

BETWEEN_FORMS = re.compile(
    r"\\(?:approx|simeq)(?![A-Za-z])"
    r"|,?\s{0,3}(?:\\text\s?\{)?\s{0,3}\bor(?:\s(?:about|approximately|roughly))?\s{0,3}(?:\}|(?=\d))"
    r"|\s\((?=[\d.]{1,20}\s?\\?%?\)$)"
)
SAYS_ROUNDED = re.compile(r"approx|simeq|about|rough")
HALF_A_UNIT = 0.5001
"""Half of 1, and some noise."""
DECIMALS = re.compile(r"\d\.(\d{1,20})")


def exact_and_rounded(answer: str) -> list[str]:
    """The answer as it is, and both sides of it where the one is the other rounded: "10 or 12" has no sides."""
    signs = [*BETWEEN_FORMS.finditer(answer)]
    if len(signs) != 1:
        return [answer]
    first = right_side(answer[: signs[0].start()]).strip()
    second = answer[signs[0].end() :].strip().removesuffix(")")
    return (
        [answer, first, second]
        if _is_rounded(first, second, SAYS_ROUNDED.search(signs[0][0]) is not None)
        else [answer]
    )


def _is_rounded(one: str, other: str, said: bool) -> bool:
    """Whether they are the same to half of the last decimal of one; to a whole number only where that is said."""
    values = [_numeric_value(one), _numeric_value(other)]
    if values[0] is None or values[1] is None:
        return False
    apart = abs(values[0] - values[1])
    return any(apart <= room for room in map(_rounding_error, (one, other)) if room < HALF_A_UNIT or said)


def _numeric_value(text: str) -> float | None:
    text = split_unit(without_wording(text)).value
    number = as_number(text)
    if number is not None:
        return float(number.value) / (100 if number.percent else 1)
    value = value_of(text)
    return None if value is None else float(value)


def _rounding_error(text: str) -> float:
    """Half of the last decimal of a number; nothing where it is none, such as a root."""
    if as_number(split_unit(without_wording(text)).value) is None:
        return 0.0
    decimals = DECIMALS.search(text)
    return HALF_A_UNIT * 10.0 ** -((len(decimals[1]) if decimals else 0) + (2 if "%" in text else 0))
