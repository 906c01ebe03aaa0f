"""Calculate trees at fixed random points, so that expressions can be compared without a computer algebra system.

Two expressions that agree to ten digits at several random points are equal but for a negligible chance (J. T. Schwartz,
"Fast probabilistic algorithms for verification of polynomial identities", 1980), and one point at which they differ
proves that they are not. Whole numbers and fractions stay exact. What is no number, such as a matrix, an interval or a
series, gets a value that no other is likely to have, linear where the thing is: `2(1,3)` equals `(2,6)`.
"""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from mathbatch.scoring.expressions.tree import Node

Value = Fraction | float | complex

# Values of the names are positive at the first points and have either sign at the others.
POSITIVE_POINTS, POINTS = 3, 6
# Bits of an exact number. Larger ones have no value.
MAX_BITS = 20_000
MAX_FACTORIAL = 2000
# Nodes that are calculated for one value; series within series multiply them.
MAX_STEPS = 20_000
# Rows of a matrix whose determinant is calculated.
MAX_ROWS = 6
# Values of the bound name of a series, an integral or a limit at which its body is calculated.
TERMS = (4, 7, 12)
# Relative size of what is left where two floats cancel, which is then nothing.
CANCELLED = 1e-11
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh,
    "cot": lambda x: 1 / cmath.tan(x), "sec": lambda x: 1 / cmath.cos(x), "csc": lambda x: 1 / cmath.sin(x),
    "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan, "arcsinh": cmath.asinh, "arccosh": cmath.acosh,
    "arctanh": cmath.atanh, "ln": cmath.log, "exp": cmath.exp, "lg": cmath.log10,
    "arccot": lambda x: cmath.atan(1 / x), "arcsec": lambda x: cmath.acos(1 / x), "arccsc": lambda x: cmath.asin(1 / x),
}  # fmt: skip
ROUNDINGS: dict[str, Callable[[Fraction], int]] = {"lfloor": math.floor, "lceil": math.ceil}
CONSTANTS: dict[str, Value] = {"pi": math.pi, "e": math.e, "i": 1j}
# Kinds that are more, or something else, than one number.
COLLECTIONS = {"group", "matrix", "cases", "row", "rel", "list", "set", "such", "sum", "pm", "mp"}


class NoValueError(ValueError):
    """Raised where a tree has no value that can be calculated, such as 1/0 or a tower of powers."""


def value_at(tree: Node, point: int) -> Value:
    """Return the value of a tree at one of the POINTS; raise NoValueError where it has none."""
    try:
        value = _Evaluator(point).value(tree)
        if isinstance(value, Fraction) or cmath.isfinite(value):
            return value
    except (ArithmeticError, ValueError) as error:
        raise NoValueError(str(error)) from error
    raise NoValueError("is infinite")


def closed_value(tree: Node) -> Value | None:
    r"""Return the value of a tree without names, such as `2\sqrt{3}`; None where it has names or no value."""
    if free_names(tree) or has_collection(tree):
        return None
    try:
        return value_at(tree, 0)
    except NoValueError:
        return None


def names_of(tree: Node) -> frozenset[str]:
    """Return the names in a tree, those of constants as well."""
    if tree.kind == "name":
        return frozenset((tree.text,))
    return frozenset[str]().union(*map(names_of, tree.parts))


def free_names(tree: Node) -> frozenset[str]:
    """Return the names in a tree that are no constants."""
    return names_of(tree) - CONSTANTS.keys()


def has_collection(tree: Node) -> bool:
    """Tell whether anything in a tree is no single number, such as a relation, a matrix or a series."""
    return tree.kind in COLLECTIONS or any(map(has_collection, tree.parts))


@lru_cache(65536)
def weight(*key: object) -> float:
    """Return a random number between 0.4 and 2.4 that is always the same for the same key."""
    return 0.4 + 2 * random.Random(repr(key)).random()


class _Evaluator:
    """Calculates a tree at one point."""

    def __init__(self, point: int) -> None:
        self.point, self.steps = point, 0
        self.bound: dict[str, Value] = {}

    def value(self, tree: Node) -> Value:
        """Return the value of a node."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise NoValueError("is too large to calculate")
        if tree.kind == "num":
            return tree.value
        if tree.kind == "name":
            return self.of_name(tree.text)
        if tree.kind == "sum":
            return self.of_series(tree)
        if tree.kind == "call" and tree.text == "abs" and tree.parts[0].kind == "matrix":
            return self.of_determinant(tree.parts[0])
        values = [self.value(part) for part in tree.parts]
        operation = OPERATIONS.get(tree.kind)
        if operation is not None:
            return operation(*values)
        if tree.kind == "call":
            return _called(tree.text, values)
        if tree.kind == "matrix" or (tree.kind == "group" and "{" not in tree.text):
            key = (tree.kind, tree.text, len(values))
            return total(*(one * weight(key, place) for place, one in enumerate(values)))
        if tree.kind == "group":
            return total(*(_blend("member", [one]) for one in values), Fraction(len(values)))
        return _blend((tree.kind, tree.text), values)

    def of_name(self, name: str) -> Value:
        """Return a constant, or the random value of a name."""
        if name in self.bound:
            return self.bound[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        sign = -1 if self.point >= POSITIVE_POINTS and weight("sign", name, self.point) < 1.4 else 1
        return sign * weight("name", name, self.point)

    def of_series(self, tree: Node) -> Value:
        """Return a value for a series, an integral or a limit: linear in its body, another one for other bounds."""
        operator, _, bound = tree.text.partition(" ")
        start, end, body = tree.parts
        before = dict(self.bound)
        terms = []
        for term in TERMS:
            if bound:
                self.bound[bound] = Fraction(term)
            terms.append(self.value(body) * weight(operator, term))
        self.bound = before
        return total(*terms) * _blend(operator, [self.value(start), self.value(end)])

    def of_determinant(self, matrix: Node) -> Value:
        """Return the determinant of a matrix by elimination, or a value of its own for one that is not square."""
        width, cells = int(matrix.text), [self.value(part) for part in matrix.parts]
        if len(cells) != width * width or width > MAX_ROWS:
            return _blend("determinant", cells)
        rows = [cells[start : start + width] for start in range(0, len(cells), width)]
        result: Value = Fraction(1)
        while rows:
            best = max(range(len(rows)), key=lambda place: magnitude(rows[place][0]))
            pivot, *first = rows.pop(best)
            if not pivot:
                return Fraction(0)
            result *= pivot * (-1) ** best
            rows = [
                [total(one, -lead / pivot * above) for one, above in zip(row, first, strict=True)]
                for lead, *row in rows
            ]
        return result


def magnitude(value: Value) -> float:
    """Return the absolute value as a float; raise OverflowError where it is too large for one."""
    return abs(complex(value))


def total(*values: Value) -> Value:
    """Return a sum; what is left where floats cancel is nothing."""
    found = sum(values, Fraction(0))
    if isinstance(found, Fraction):
        return found
    noise = CANCELLED * max(abs(complex(one)) for one in values)
    if abs(found) <= noise:
        return Fraction(0)
    return found.real if isinstance(found, complex) and abs(found.imag) <= noise else found


def power(base: Value, exponent: Value) -> Value:
    """Return a power: exact where the base is a fraction and the exponent whole, and never beyond MAX_BITS."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        count = int(exponent)
        if not isinstance(base, Fraction) or base in (0, 1, -1):
            return base**count
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        return base**count if abs(count) * bits <= MAX_BITS else float(base) ** count
    if isinstance(exponent, Fraction) and isinstance(base, Fraction) and base > 0:
        return power(root(base, Fraction(exponent.denominator)), Fraction(exponent.numerator))
    if not base:
        return Fraction(0) if complex(exponent).real > 0 else 1 / Fraction(0)
    return _plain(complex(base) ** complex(exponent))


def root(value: Value, degree: Value) -> Value:
    """Return a root, an exact one where there is; that of an odd degree of a negative number is negative."""
    if isinstance(degree, Fraction) and degree.denominator == 1 and degree > 0 and not isinstance(value, complex):
        if value < 0 and degree % 2:
            return -root(-value, degree)
        if isinstance(value, Fraction) and value >= 0 and degree < MAX_FACTORIAL:
            found = Fraction(*(round(float(one) ** (1 / int(degree))) for one in (value.numerator, value.denominator)))
            if found ** int(degree) == value:
                return found
    return _plain(complex(value) ** complex(1 / degree)) if value else Fraction(0)


def factorial(value: Value) -> Value:
    """Return a factorial: a product for a whole number, else the value of the gamma function."""
    if isinstance(value, Fraction):
        return Fraction(math.factorial(_count(value)))
    return _blend("factorial", [value]) if isinstance(value, complex) else math.gamma(value + 1)


def product(*values: Value) -> Value:
    """Return a product."""
    found: Value = Fraction(1)
    for one in values:
        found *= one
    return found


OPERATIONS: dict[str, Callable[..., Value]] = {
    "add": total,
    "mul": product,
    "div": lambda one, other: one / other,
    "neg": lambda one: -one,
    "pow": power,
    "fact": factorial,
    "percent": lambda one: one / 100,
    "deg": lambda one: one * math.pi / 180,
}


def _called(name: str, values: list[Value]) -> Value:
    """Return the value of a function; one that is not known gets a value of its own."""
    one = values[0] if values else Fraction(0)
    if name == "root":
        return root(one, values[1])
    if name == "binom" and isinstance(one, Fraction) and isinstance(values[1], Fraction):
        return Fraction(math.comb(_count(one), _count(values[1])))
    if name == "abs":
        return abs(one) if isinstance(one, Fraction) else magnitude(one)
    if name == "exp":
        return power(math.e, one)
    if name == "log" and values:
        return _plain(_logarithm(one) / _logarithm(values[1] if len(values) > 1 else Fraction(10)))
    if name in ROUNDINGS and isinstance(one, Fraction):
        return Fraction(ROUNDINGS[name](one))
    if name in FUNCTIONS and len(values) == 1:
        return _plain(FUNCTIONS[name](complex(one)))
    return _blend(name, values)


def _logarithm(value: Value) -> complex:
    return cmath.log(value) if isinstance(value, complex) or value < 0 else complex(math.log(float(value)))


def _blend(key: object, values: list[Value]) -> Value:
    """Return one value for several, in their order, which others are not likely to have."""
    mixed = sum((complex(one) * weight(key, place) for place, one in enumerate(values)), complex(weight(key, "all")))
    return _plain(mixed / (1.7 + mixed * mixed))


def _plain(value: complex) -> Value:
    """Return a complex value without the noise in its real or imaginary part, as a float where it is real."""
    noise = abs(value) * 1e-15
    if abs(value.imag) <= noise:
        return value.real
    return complex(0, value.imag) if abs(value.real) <= noise else value


def _count(value: Fraction) -> int:
    if value.denominator == 1 and 0 <= value <= MAX_FACTORIAL:
        return int(value)
    raise NoValueError("is too large a number to calculate, or no whole one")
