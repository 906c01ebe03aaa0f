r"""An answer that is given twice, exactly and rounded: `16\pi \approx 50.27`, `\frac{2}{3} \text{ or } 66.7\%`."""

from __future__ import annotations

import re

from mathbatch.scoring.arithmetic import value_of
from mathbatch.scoring.equations import right_side
from mathbatch.scoring.measures import bare, split
from mathbatch.scoring.numbers import as_number

BETWEEN = re.compile(
    r"\\(?:approx|simeq)(?![A-Za-z])"
    r"|,?\s{0,3}(?:\\text\s?\{)?\s{0,3}\bor(?:\s(?:about|approximately|roughly))?\s{0,3}(?:\}|(?=\d))"
    r"|\s\((?=[\d.]{1,20}\s?\\?%?\)$)"
)
DECIMALS = re.compile(r"\d\.(\d{1,20})")


def forms(answer: str) -> list[str]:
    """The answer as it is, and both sides of it where the one is the other rounded: "10 or 12" has no sides."""
    sides = BETWEEN.split(answer)
    if len(sides) != 2:
        return [answer]
    first, second = right_side(sides[0]).strip(), sides[1].strip().removesuffix(")")
    return [answer, first, second] if _is_rounded(first, second) else [answer]


def _is_rounded(one: str, other: str) -> bool:
    first, second = _value(one), _value(other)
    if first is None or second is None:
        return False
    return any(abs(first - second) <= _room(text) for text in (one, other) if as_number(split(bare(text)).value))


def _value(text: str) -> float | None:
    text = split(bare(text)).value
    number = as_number(text)
    if number is not None:
        return float(number.value) / (100 if number.percent else 1)
    value = value_of(text)
    return None if value is None else float(value)


def _room(text: str) -> float:
    """Half of the last decimal."""
    decimals = DECIMALS.search(text)
    return 0.5001 * 10.0 ** -((len(decimals[1]) if decimals else 0) + (2 if "%" in text else 0))
