"""Calculate trees at fixed random points, so that expressions can be compared without a computer algebra system.

Two expressions that agree to ten digits at several random points are equal but for a negligible chance (Schwartz 1980,
"Fast probabilistic algorithms for verification of polynomial identities"), and one point at which they differ proves that they
are not. Whole numbers and fractions stay exact. What is no number, such as a matrix, an interval or a series, gets a
value that no other is likely to have and that is linear where the thing is: `2(1,3)` equals `(2,6)`.
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
# Digits of an exact number. Larger ones have no value.
MAX_DIGITS = 6000
MAX_FACTORIAL = 2000
# Relative size of what is left where two floats cancel, which is then nothing.
CANCELLED = 1e-11
SEED = "points"
FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh,
    "cot": lambda x: 1 / cmath.tan(x), "sec": lambda x: 1 / cmath.cos(x), "csc": lambda x: 1 / cmath.sin(x),
    "arcsin": cmath.asin, "arccos": cmath.acos, "arctan": cmath.atan, "arcsinh": cmath.asinh, "arccosh": cmath.acosh,
    "arctanh": cmath.atanh, "ln": cmath.log, "exp": cmath.exp, "lg": cmath.log10,
    "arccot": lambda x: cmath.atan(1 / x), "arcsec": lambda x: cmath.acos(1 / x), "arccsc": lambda x: cmath.asin(1 / x),
}  # fmt: skip
WHOLE = {"lfloor": math.floor, "lceil": math.ceil}
CONSTANTS: dict[str, Value] = {"pi": math.pi, "e": math.e, "i": 1j}


class NoValueError(ValueError):
    """Raised where a tree has no value that can be calculated, such as 1/0 or a tower of powers."""


@lru_cache(65536)
def weight(*key: object) -> float:
    """Return a random number between 0.4 and 2.4 that is always the same for the same key."""
    return 0.4 + 2 * random.Random(f"{SEED}{key}").random()


def value_at(tree: Node, point: int) -> Value:
    """Return the value of a tree at one of the POINTS; raise NoValueError where it has none."""
    try:
        value = _Evaluator(point).value(tree)
        if isinstance(value, Fraction) or cmath.isfinite(value):
            return value
    except (ZeroDivisionError, OverflowError, ValueError, RecursionError) as error:
        raise NoValueError(str(error)) from error
    raise NoValueError("is infinite")


def closed_value(tree: Node) -> Value | None:
    """Return the value of a tree without names, such as `2\\sqrt{3}`; None where it has names or no value."""
    if names_of(tree) - CONSTANTS.keys() or has_collection(tree):
        return None
    try:
        value = value_at(tree, 0)
    except NoValueError:
        return None
    return value.real if isinstance(value, complex) and value.imag == 0 else value


@lru_cache(8192)
def names_of(tree: Node) -> frozenset[str]:
    """Return the names in a tree, those of constants as well."""
    if tree[0] == "name":
        return frozenset((tree[1],))
    return frozenset().union(*(names_of(part) for part in _parts(tree)))


@lru_cache(8192)
def has_collection(tree: Node) -> bool:
    """Tell whether anything in a tree is no number: a relation, a list, brackets of several, a matrix, a series."""
    return tree[0] in ("group", "matrix", "cases", "rel", "list", "set", "such", "sum", "pm", "mp") or any(map(has_collection, _parts(tree)))


def _parts(tree: Node) -> list[Node]:
    """Return the parts of a node that are trees."""
    parts: list[Node] = []
    for part in tree[1:]:
        if isinstance(part, tuple) and part and part[0].__class__ is str and (len(part) > 1 or part[0] in ("cases", "matrix")):
            parts.append(part)
        elif isinstance(part, tuple):
            parts += [one for one in part if isinstance(one, tuple)]
    return parts


class _Evaluator:
    """Calculates a tree at one point, with a method per kind of node."""

    def __init__(self, point: int) -> None:
        self.point = point
        self.bound: dict[str, Value] = {}

    def value(self, tree: Node) -> Value:
        """Return the value of a node; what has no method of its own gets a value from those of its parts."""
        method = getattr(self, f"of_{tree[0]}", None)
        return self.mixed(tree) if method is None else method(*tree[1:])

    def of_num(self, value: Fraction, _unit: Fraction) -> Value:
        """Return a number."""
        return value

    def of_name(self, name: str) -> Value:
        """Return a constant, or the random value of a name."""
        if name in self.bound:
            return self.bound[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        sign = -1 if self.point >= POSITIVE_POINTS and weight("sign", name, self.point) < 1.4 else 1
        return sign * weight("name", name, self.point)

    def of_add(self, one: Node, other: Node) -> Value:
        """Return a sum; what is left where two floats cancel is nothing."""
        first, second = self.value(one), self.value(other)
        total = first + second
        if isinstance(total, Fraction):
            return total
        first, second = complex(first), complex(second)
        size = max(abs(first), abs(second)) * CANCELLED
        if abs(total) <= size:
            return Fraction(0)
        if isinstance(total, complex) and total.imag and abs(total.imag) <= size:
            return total.real
        return total

    def of_neg(self, one: Node) -> Value:
        """Return the opposite of a value."""
        return -self.value(one)

    def of_mul(self, one: Node, other: Node) -> Value:
        """Return a product."""
        return self.value(one) * self.value(other)

    def of_div(self, one: Node, other: Node) -> Value:
        """Return a quotient."""
        return self.value(one) / self.value(other)

    def of_percent(self, one: Node) -> Value:
        """Return hundredths."""
        return self.value(one) / 100

    def of_deg(self, one: Node) -> Value:
        """Return degrees in radians."""
        return self.value(one) * math.pi / 180

    def of_pow(self, base: Node, exponent: Node) -> Value:
        """Return a power."""
        return power(self.value(base), self.value(exponent))

    def of_fact(self, one: Node) -> Value:
        """Return a factorial: a product where the number is whole, else the gamma function's value."""
        value = self.value(one)
        if isinstance(value, Fraction):
            return Fraction(math.factorial(_count(value)))
        if isinstance(value, complex):
            return value * weight("fact")
        return math.gamma(value + 1)

    def of_call(self, name: str, *arguments: Node) -> Value:
        """Return the value of a function."""
        if name == "abs" and arguments[0][0] == "matrix":
            return self.determinant(arguments[0])
        values = [self.value(one) for one in arguments]
        if name == "root":
            return root(values[0], values[1])
        if name == "binom" and all(isinstance(one, Fraction) for one in values):
            return Fraction(math.comb(*(_count(one) for one in values)))
        if name in WHOLE and not isinstance(values[0], complex):
            return Fraction(WHOLE[name](values[0]))
        if name == "abs":
            return abs(values[0])
        if name == "log":
            return _logarithm(values[0], values[1] if len(values) > 1 else Fraction(10))
        if name == "exp":
            return power(math.e, values[0])
        if name in FUNCTIONS and len(values) == 1:
            return _plain(FUNCTIONS[name](complex(values[0])))
        return self.blend(("call", name), values)

    def of_sum(self, operator: str, bound: str, start: Node, end: Node, body: Node) -> Value:
        """Return a value for a series, an integral or a limit: linear in its body, another one for other bounds."""
        before = self.bound.get(bound)
        total: Value = Fraction(0)
        for place in range(3):
            if bound:
                self.bound[bound] = Fraction(round(10 * weight("bound", place)) + place)
            total += self.value(body) * weight("term", operator, place)
        if bound:
            self.bound.pop(bound) if before is None else self.bound.__setitem__(bound, before)
        return total * self.blend(("sum", operator), [self.value(start), self.value(end)])

    def of_matrix(self, columns: int, *entries: Node) -> Value:
        """Return a value that is linear in the entries, so that `2(1,3)` equals `(2,6)`."""
        return self.linear(("matrix", columns, len(entries)), entries)

    def of_group(self, brackets: str, *members: Node) -> Value:
        """Return a value that is linear in the members, and the same for a set in any order."""
        if brackets == "\\{\\}":
            values = [self.blend("member", [self.value(one)]) for one in members]
            return sum(values, Fraction(len(members)))
        return self.linear((brackets, len(members)), members)

    def of_pm(self, one: Node, other: Node) -> Value:
        """Return the value with a plus; `forms.signs_written_out` makes two of one."""
        return self.of_add(one, other)

    def determinant(self, matrix: Node) -> Value:
        """Return the determinant of a matrix by elimination, or a value of its own for one that is not square."""
        width = matrix[1]
        if not width or len(matrix) - 2 != width * width or width > 6:
            return self.blend("determinant", [self.value(matrix)])
        cells = [self.value(one) for one in matrix[2:]]
        rows = [cells[place * width : (place + 1) * width] for place in range(width)]
        result: Value = Fraction(1)
        while rows:
            best = max(range(len(rows)), key=lambda place: abs(rows[place][0]))
            if not rows[best][0]:
                return Fraction(0)
            first = rows.pop(best)
            result *= first[0] * (-1) ** best
            rows = [[cell - row[0] / first[0] * over for cell, over in zip(row[1:], first[1:], strict=True)] for row in rows]
        return result

    def linear(self, key: object, parts: tuple[Node, ...]) -> Value:
        """Return the sum of the parts, each with a random weight."""
        return sum((self.value(one) * weight(key, place) for place, one in enumerate(parts)), Fraction(0))

    def mixed(self, tree: Node) -> Value:
        """Return a value for a relation, a list or the like within an expression."""
        return self.blend(repr([one for one in tree if not isinstance(one, tuple) or one[:1] and one[0] not in KINDS]), [self.value(one) for one in _parts(tree)])

    def blend(self, key: object, values: list[Value]) -> Value:
        """Return one value for several, in their order, which others are not likely to have."""
        mixed = sum((complex(one) * weight(key, place) for place, one in enumerate(values)), complex(weight(key, "all")))
        return mixed / (1.7 + mixed * mixed)


KINDS = {"num", "name", "add", "mul", "div", "pow", "pm", "mp", "neg", "fact", "deg", "percent", "call", "group", "matrix", "cases", "sum", "rel", "list", "set", "such"}


def power(base: Value, exponent: Value) -> Value:
    """Return a power: exact where both are whole or fractions, never beyond MAX_DIGITS."""
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        if not isinstance(base, Fraction):
            return base ** int(exponent)
        if base in (0, 1, -1):
            return base ** int(exponent)
        if abs(exponent) * max(len(str(base.numerator)), len(str(base.denominator))) <= MAX_DIGITS:
            return base ** int(exponent)
        return float(base) ** int(exponent)
    if isinstance(exponent, Fraction) and exponent.denominator < 100:
        return root(base, Fraction(exponent.denominator)) ** exponent.numerator if isinstance(base, Fraction) and base >= 0 else _complex_power(base, exponent)
    return _complex_power(base, exponent)


def root(value: Value, degree: Value) -> Value:
    """Return a root, an exact one where there is; that of an odd degree of a negative number is negative."""
    if isinstance(degree, Fraction) and degree.denominator == 1 and 0 < degree < 100 and not isinstance(value, complex):
        if value < 0 and degree % 2:
            return -root(-value, degree)
        if isinstance(value, Fraction) and value >= 0:
            parts = [round(float(one) ** (1 / int(degree))) for one in (value.numerator, value.denominator)]
            if (parts[0] ** int(degree), parts[1] ** int(degree)) == (value.numerator, value.denominator):
                return Fraction(*parts)
    return _complex_power(value, 1 / degree)


def _complex_power(base: Value, exponent: Value) -> Value:
    if not base:
        return Fraction(0) if complex(exponent).real > 0 else 1 / Fraction(0)
    return _plain(complex(base) ** complex(exponent))


def _logarithm(value: Value, base: Value) -> Value:
    return _plain(cmath.log(value) / cmath.log(base)) if isinstance(value, complex) or value < 0 else math.log(value) / cmath.log(base)


def _plain(value: complex) -> Value:
    """Return a complex value as a float where nothing but noise is imaginary, without noise beside what counts."""
    size = abs(value) * 1e-15
    if abs(value.imag) <= size:
        return value.real
    return complex(0, value.imag) if abs(value.real) <= size else value


def _count(value: Value) -> int:
    if isinstance(value, Fraction) and value.denominator == 1 and 0 <= value <= MAX_FACTORIAL:
        return int(value)
    raise NoValueError("is too large a number to calculate, or no whole one")
