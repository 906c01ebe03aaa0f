"""Refuse expressions that a computer algebra system could choke on, before it sees them.

An answer of seven characters, `9^9^9^9`, keeps sympy busy for longer than anyone waits, inside C code that no alarm
interrupts (huggingface/Math-Verify#65). So the size that an expression could grow to is bounded from its text alone: by
its numbers and exponents, without calculating any. Text that looks like Python is refused as well, since sympy's
`parse_expr` evaluates its input as code.
"""

from __future__ import annotations

import re
from math import ceil

# Characters. The longest gold answers of the shipped benchmarks have about a hundred.
MAX_LENGTH = 1000
# Brackets within brackets. Math-Verify takes seconds for 15 nested fractions, twice as long for one more.
MAX_DEPTH = 12
# LaTeX commands, which nest without brackets as well: `\sqrt\sqrt\sqrt2`.
MAX_COMMANDS = 100
# Signs in a row; each is a level of recursion.
MAX_SIGNS = 10
# Opening braces in a row; each doubles the time of Math-Verify's parser.
MAX_BRACES = 8
# Nested functions in a row. Sympy simplifies `\sin\sin\sin\sin\sin\sin2` for a second, one more for many.
MAX_FUNCTIONS = 4
# Digits of one number as it is written.
MAX_NUMBER = 100
# Digits that all powers and factorials of an expression may have together; MATH-V has a gold answer with 3^1009.
MAX_DIGITS = 2500
MAX_FACTORIAL = 200
# Exponent of a sum with letters or of a function, `(a+b)^20`, `sin^{20}`: expanded, its terms multiply.
MAX_EXPANDED = 20
# Sum of all exponents of that kind in one expression.
MAX_ALL_EXPANDED = 40

PAIRS = {"(": ")", "[": "]", "{": "}"}
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
POWER = re.compile(r"\*\*|\^|\\exp(?![a-z])|\bexp(?=\s*[({])")
FACTORIAL = re.compile(r"(?<!\\)!(?!=)")
FACTORIAL_CALL = re.compile(r"(?:factorial2?|[gG]amma|[bcd]?binom(?:ial)?)\s*(?=[({])")
# The x^2 of e^{x^2}, where no number stands on a number.
SYMBOLIC = re.compile(r"(?<![A-Za-z0-9)}\]])[a-df-z]\^\{?\d\}?(?!\d)")
REFUSED = re.compile(
    r"""
      __ | [`@] | (?<![\w'")}\]])['"] | [\w)\]]\.[A-Za-z_]\w*\s*[(\[]    # names, strings and methods of Python
    | \]\s*\* | \*\s*\[ | ,\s*\)\s*\* | \*\s*\([^()]*,                # a Python list times a number
    | \b(?:lambda|import)\b
    | \b(?:exec|eval|open|compile|[gs]etattr|globals|locals|vars|input|print|range|type)\s*\(
    | \\(?:i*nt|oint|sum|prod|lim)(?![A-Za-z])                         # work to be done, not a value
    | \\[dt]?frac\s*\{\s*(?:d|\\partial)\s?(?:\^\s?[^{}]|\^\s?\{[^{}]*\})?\s*\}\s*\{\s*(?:d|\\partial)\s?[A-Za-z]
    | \b(?:Integral|integrate|Sum|summation|Product|product|[lL]imit|n?solve|diff|series)\s*\(
    | \b(?:fibonacci|lucas|bell|catalan|bernoulli|euler|harmonic|subfactorial|[rf]f|zeta|stirling)\s*\(
    | \b(?:\w*prime\w*|primorial|factorint|divisors|totient|n?partitions?)\s*\(
    | \d[eE][+-]?\d{4}                                                 # 1e9999 as an integer
    | !\s*!
    """,
    re.VERBOSE | re.DOTALL,
)
PROGRAM = re.compile(r"__|`|@|['\"]|\b(?:lambda|import|exec|eval|open|print)\b")
LIST = re.compile(r'\[\s*"')
FUNCTION = r"(?:arc)?(?:sin|cos|tan|cot|sec|csc|log|ln|lg|exp)h?"
FUNCTIONS = re.compile(rf"(?:\\{FUNCTION}\s*[({{]?\s*){{{MAX_FUNCTIONS + 1}}}")
SUBSCRIPTS = re.compile(rf"(?:_\s*\{{?\w\}}?\s*){{{MAX_FUNCTIONS + 1}}}")
EXPANDED = re.compile(rf"[(\[{{].*(?<![A-Za-z\\])[A-Za-z].*|{FUNCTION}", re.DOTALL)
SIGNS = re.compile(rf"(?:[+\-−]\s*){{{MAX_SIGNS + 1}}}")
LONG_NUMBER = re.compile(rf"(?:\d[,\s]?){{{MAX_NUMBER + 1}}}")
RAISED = re.compile(r"(?:\*\*|\^)\s*\Z")
LAST_WORD = re.compile(r"(?:[\d.,]+|[A-Za-z]+|.)\Z", re.DOTALL)


def why_unsafe(text: str) -> str | None:
    """Return why a text is no safe expression, in words that follow "the answer"; None where it is one."""
    if is_safe_expression(text):
        return None
    if LIST.match(text):
        return "is a list of several in JSON, and `math` compares one"
    return "looks like a program" if PROGRAM.search(text) else "is too large an expression to compute"


def is_safe_expression(text: str) -> bool:
    """Tell whether a text, LaTeX or sympy's own notation, is small enough to be parsed and calculated."""
    if len(text) > MAX_LENGTH or text.count("\\") > MAX_COMMANDS or _depth(text) > MAX_DEPTH:
        return False
    if REFUSED.search(text) or SIGNS.search(text) or LONG_NUMBER.search(text):
        return False
    if FUNCTIONS.search(text) or SUBSCRIPTS.search(text) or "{" * (MAX_BRACES + 1) in text:
        return False
    try:
        return _powers(text) + _factorials(text) <= MAX_DIGITS
    except _TooLargeError:
        return False


class _TooLargeError(ValueError):
    """Raised where a power or factorial is beyond its limit, or where its argument can't be told."""


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in PAIRS:
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _powers(text: str) -> int:
    """Return the digits that all powers of a text may have together."""
    total = expanded = 0
    for power in POWER.finditer(text):
        exponent, end = _group_after(text, power.end())
        raised = POWER.search(SYMBOLIC.sub("x", exponent)) or POWER.match(text[end:].lstrip())
        if raised or _has_factorial(exponent):
            raise _TooLargeError  # a tower
        base = "e" if "exp" in power[0] else _group_before(text, power.start())
        size = _bound(exponent)
        if EXPANDED.fullmatch(base):
            expanded += size
            if size > MAX_EXPANDED or expanded > MAX_ALL_EXPANDED:
                raise _TooLargeError
        total += _grown(base) * size
    return total


def _grown(base: str) -> int:
    """Return the digits of a base, with those of its own powers and factorials."""
    digits = max(1, sum(character.isalnum() for character in base))
    for power in POWER.finditer(base):
        digits *= _bound(_group_after(base, power.end())[0])
    return digits * (MAX_FACTORIAL if _has_factorial(base) else 1)


def _has_factorial(text: str) -> bool:
    return bool(FACTORIAL.search(text) or FACTORIAL_CALL.search(text))


def _factorials(text: str) -> int:
    """Return the digits that all factorials of a text may have together."""
    arguments = [_group_before(text, found.start()) for found in FACTORIAL.finditer(text)]
    if "\\choose" in text:  # without brackets of its own: whatever stands there
        arguments += NUMBER.findall(text)
    for call in FACTORIAL_CALL.finditer(text):
        argument, end = _group_after(text, call.end())
        arguments += [argument, _group_after(text, end)[0] if "binom" in call[0] else ""]
    total = 0
    for argument in arguments:
        size = _bound(argument)
        if size > MAX_FACTORIAL or POWER.search(argument) or _has_factorial(argument):
            raise _TooLargeError
        total += 3 * size
    return total


def _bound(text: str) -> int:
    """Return a number that no sum, product or quotient of the numbers in a text exceeds."""
    numbers = [float(number) for number in NUMBER.findall(text)]
    bound = numbers[0] if len(numbers) == 1 and numbers[0] >= 1 else 1.0
    for number in numbers if bound == 1 else ():
        bound *= 1 + max(number, 1 / number if number else 0)
    if bound > MAX_DIGITS:
        raise _TooLargeError
    return ceil(bound)


def _group_after(text: str, start: int) -> tuple[str, int]:
    r"""Return the argument of an operator at `start`, and where it ends.

    `{10}`, `(n+1)`, `\frac{1}{2}`, `-3`, or a word
    """
    found = re.compile(r"\s*[+\-−]?\s*").match(text, start)
    start = found.end() if found else start
    token = re.compile(r"\\[A-Za-z]+|\d[\d.]*|[A-Za-z]+|.", re.DOTALL).match(text, start)
    if token is None:
        return "", start
    if token[0] in PAIRS:
        end = _closing(text, start)
        return text[start + 1 : end], end + 1
    end = token.end()
    while end < len(text) and text[end] in PAIRS:
        end = _closing(text, end) + 1
    return text[start:end], end


def _group_before(text: str, end: int) -> str:
    """Return the text that an operator at `end` may apply to: `12`, `x`, `(a)(b)`, `{1}{2}` of a fraction, `9^{9}`."""
    text = text[:end].rstrip()
    start = _start(text)
    if raised := RAISED.search(text, 0, start):
        base = _group_before(text, raised.start())
        start = raised.start() - len(base)
    return text[max(start, 0) :]


def _start(text: str) -> int:
    """Return where the number, name or row of brackets starts that a text ends with."""
    if not text.endswith((")", "]", "}")):
        return len(text) - len(LAST_WORD.search(text)[0]) if text else 0  # type: ignore[index]  # "." matches
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")]}") - (text[place] in "([{")
        if depth == 0 and text[place - 1 : place] not in (")", "]", "}"):
            return place
    return 0


def _closing(text: str, start: int) -> int:
    """Return where the bracket opened at `start` is closed, or the end of the text where it never is."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        if depth == 0:
            return place
    return len(text)
