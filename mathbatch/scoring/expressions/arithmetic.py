r"""Calculate the value of a number written in LaTeX: `\frac{3\sqrt{2}}{2}`, `40\pi/3`. Other texts have none.

latex2sympy could do so too, but it reads the prose "the answer" as a product of nine letters, raises bare `Exception`s
and takes milliseconds, while a scorer that rounds needs only arithmetic. Nothing is evaluated as code, and each step is
bounded: whole numbers and fractions stay exact, everything else is a float.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from fractions import Fraction

from mathbatch.scoring.expressions.size_guard import MAX_DIGITS, MAX_FACTORIAL, is_safe_expression

Value = Fraction | float

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,3}(?:(?:,|\{,\})\d{3})+(?:\.\d+)?(?!\d)|\d+\.?\d*|\.\d+)|(?P<sign>\\[a-z]+|[-+*/:^!(){}\[\]]))"
)
FUNCTIONS: dict[str, Callable[[float], float]] = {
    r"\sin": math.sin,
    r"\cos": math.cos,
    r"\tan": math.tan,
    r"\arcsin": math.asin,
    r"\arccos": math.acos,
    r"\arctan": math.atan,
}
INVERSES = {r"\sin": r"\arcsin", r"\cos": r"\arccos", r"\tan": r"\arctan"}
CLOSING = {"(": ")", "[": "]", "{": "}"}
TIMES, DIVIDED = ("*", r"\cdot", r"\times"), ("/", ":", r"\div")


def value_of(text: str) -> Value | None:
    r"""Return the value of a text, or None where it is no number, has no value (1/0) or is too large to calculate.

    value_of(r"\frac{1}{2} + 1") == Fraction(3, 2)
    """
    if not is_safe_expression(text):
        return None
    try:
        tokens = _tokens(text)
        parser = _Parser(tokens)
        value = parser.sum()
        finite = _is_whole(value) or math.isfinite(value)
    except (_NotANumberError, ZeroDivisionError, OverflowError):
        return None
    return value if finite and parser.place == len(tokens) else None


class _NotANumberError(ValueError):
    """Raised where the text is none of the forms known here."""


def _tokens(text: str) -> list[str]:
    tokens, place, text = [], 0, text.rstrip()
    while place < len(text):
        found = TOKEN.match(text, place)
        if found is None:
            raise _NotANumberError
        tokens.append(found["number"] or found["sign"])
        place = found.end()
    return tokens


class _Parser:
    """Parser by recursive descent, with one method per level of precedence; `place` is the token to be read next."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.place = 0

    @property
    def next(self) -> str:
        """Return the token to be read next, or an empty text at the end."""
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *tokens: str) -> str:
        """Read the next token where it is one of these; return an empty text otherwise."""
        found = self.next if self.next in tokens else ""
        self.place += bool(found)
        return found

    def expect(self, token: str) -> None:
        """Read a token that must come next."""
        if not self.take(token):
            raise _NotANumberError

    def sum(self) -> Value:
        """Read terms with plus and minus signs between."""
        value = self.product()
        while sign := self.take("+", "-"):
            term = self.product()
            value = value + term if sign == "+" else value - term
        return value

    def product(self) -> Value:
        """Read factors with signs for times and divided by between."""
        value = self.signed()
        while operator := self.take(*TIMES, *DIVIDED):
            factor = self.signed()
            value = value * factor if operator in TIMES else value / factor
        return value

    def signed(self) -> Value:
        """Read a factor with its signs."""
        if sign := self.take("+", "-"):
            return -self.signed() if sign == "-" else self.signed()
        return self.adjacent()

    def adjacent(self) -> Value:
        r"""Read factors without an operator between, which bind closer than `/`: `1/2\pi` is 1 over 2π.

        The mixed number `2\frac{1}{2}` is a sum.
        """
        mixed = self.next.isdigit() and self.tokens[self.place + 1 : self.place + 2] == [r"\frac"]
        value = self.power()
        while self.next and (self.next in "([{" or self.next[0] in "\\0123456789."):
            if self.next in (*TIMES, *DIVIDED):
                break
            factor = self.power()
            value = value + factor if mixed and isinstance(factor, Fraction) else value * factor
            mixed = False
        return value

    def power(self) -> Value:
        """Read a number with its exponents and factorials."""
        value = self.atom()
        while operator := self.take("^", "!"):
            value = _power(value, self.argument()) if operator == "^" else _factorial(value)
        return value

    def argument(self) -> Value:
        """Read the exponent of a power or the argument of a function."""
        return -self.atom() if self.take("-") else self.atom()

    def atom(self) -> Value:
        """Read a number, a bracket or a command."""
        token = self.next
        self.place += 1
        if token and token[0] in "0123456789.":
            return Fraction(token.replace("{,}", "").replace(",", ""))
        if token in CLOSING:
            value = self.sum()
            self.expect(CLOSING[token])
            return value
        if token == r"\frac":
            return self.group() / self.group()
        if token == r"\binom":
            return _binomial(self.group(), self.group())
        if token == r"\sqrt":
            return self.root()
        if token == r"\pi":
            return math.pi
        return self.function(token)

    def group(self) -> Value:
        r"""Read an argument of `\frac`: in braces, or a single digit as in `\frac12` and `\frac{360}7`."""
        if self.next != "{":
            self.split_digit()
        return self.atom()

    def split_digit(self) -> None:
        """Split the first digit off the next token, where that is a number of several."""
        if len(self.next) > 1 and self.next.isdigit():
            self.tokens[self.place : self.place + 1] = [self.next[0], self.next[1:]]

    def root(self) -> Value:
        r"""Read the degree and the content of a `\sqrt`."""
        degree: Value = Fraction(2)
        if self.take("["):
            degree = self.sum()
            self.expect("]")
        return _power(self.group(), 1 / degree)

    def function(self, name: str) -> Value:
        r"""Read the argument of a function such as `\sin`, or of its inverse `\sin^{-1}`."""
        if name not in FUNCTIONS:
            raise _NotANumberError
        if self.tokens[self.place : self.place + 5] == ["^", "{", "-", "1", "}"]:
            self.place += 5
            name = INVERSES.get(name, "")
        try:
            return FUNCTIONS[name](float(self.argument()))
        except (KeyError, ValueError) as error:
            raise _NotANumberError from error


def _is_whole(value: Value) -> bool:
    return isinstance(value, Fraction) and value.denominator == 1


def _power(base: Value, exponent: Value) -> Value:
    if _is_whole(exponent) and -MAX_DIGITS <= float(exponent) <= MAX_DIGITS:
        raised: Value = base ** int(exponent)
        return raised
    if base < 0:
        raise _NotANumberError
    root: float = float(base) ** float(exponent)
    return root


def _factorial(value: Value) -> Value:
    return Fraction(math.factorial(_whole_count(value)))


def _binomial(total: Value, chosen: Value) -> Value:
    return Fraction(math.comb(_whole_count(total), _whole_count(chosen)))


def _whole_count(value: Value) -> int:
    if _is_whole(value) and 0 <= float(value) <= MAX_FACTORIAL:
        return int(value)
    raise _NotANumberError
