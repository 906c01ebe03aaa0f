"""Tell whether two numbers are the same, within what a decimal number of so many digits can mean."""

from __future__ import annotations

from fractions import Fraction

from mathbatch.scoring.expressions.evaluate import Value, closed_value, magnitude
from mathbatch.scoring.expressions.tree import Node

# Relative difference of one number that is calculated in two ways, each a float.
NOISE = 1e-11
# A number that is written with fewer digits than this, relative to its size, stands for nothing but itself.
LEAST_PRECISION = 1e-4
TEN = Node("num", value=Fraction(10))


def same_number(one: Value, other: Value, unit: Fraction = Fraction(0), rounding: int = 6) -> bool:
    """Tell whether two numbers are equal; `unit` is the last decimal of the one that is written with fewer of them.

    A decimal number stands for all that is rounded or cut off to it, provided that it has `rounding` decimals or
    significant digits, and four of the latter in any case. So 0.333333 is 1/3, and 3e-7 isn't 0. Without decimals
    (unit 0) both are exact.
    """
    if one == other:
        return True
    are_exact = isinstance(one, Fraction) and isinstance(other, Fraction)
    if are_exact and not unit:
        return False
    try:
        apart, size, last = magnitude(one - other), max(magnitude(one), magnitude(other)), float(unit)
    except OverflowError:
        return False
    if not are_exact and apart <= NOISE * size:
        return True
    is_precise = last <= max(LEAST_PRECISION, 10.0**-rounding) * size and last <= max(1, size) * 10.0**-rounding * (
        1 + NOISE
    )
    return is_precise and apart < last * (1 - NOISE)


def last_decimal(tree: Node) -> Fraction:
    r"""Return the last decimal of a number as it is written, 0 for one that is exact: `-2.5 \times 10^3` -> 100."""
    if tree.kind == "num":
        return tree.unit
    if tree.kind == "neg":
        return last_decimal(tree.parts[0])
    if tree.kind == "percent":
        return last_decimal(tree.parts[0]) / 100
    if tree.kind == "mul" and len(tree.parts) == 2 and tree.parts[1].kind == "pow" and tree.parts[1].parts[0] == TEN:
        scale = closed_value(tree.parts[1])
        return last_decimal(tree.parts[0]) * scale if isinstance(scale, Fraction) else Fraction(0)
    return Fraction(0)
