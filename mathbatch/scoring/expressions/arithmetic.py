r"""Calculate the value of a number written in LaTeX: `\frac{3\sqrt{2}}{2}`, `40\pi/3`. Other texts have none."""

from __future__ import annotations

from collections.abc import Set
from fractions import Fraction

from mathbatch.scoring.expressions.evaluate import FUNCTIONS as OF_ONE_NUMBER
from mathbatch.scoring.expressions.evaluate import ROUNDINGS, closed_value
from mathbatch.scoring.expressions.latex_parser import parse
from mathbatch.scoring.expressions.latex_tokens import UnreadableError
from mathbatch.scoring.expressions.tree import Node

Value = Fraction | float

# Numbers, pi, roots and functions that every reader takes for the same.
KINDS = {"num", "add", "mul", "div", "neg", "pow", "fact"}
FUNCTIONS = {"root", "binom", "sin", "cos", "tan", "arcsin", "arccos", "arctan"}
NAMES = {"pi"}
# With logarithms, of which not every reader takes the same base for meant, and what is rare in plain arithmetic.
WIDER_KINDS = KINDS | {"percent", "deg"}
WIDER_FUNCTIONS = FUNCTIONS | {"log", "exp", "abs"} | OF_ONE_NUMBER.keys() | ROUNDINGS.keys()
WIDER_NAMES = NAMES | {"e"}


def value_of(text: str) -> Value | None:
    r"""Return the value of a text, or None where it is no number, has no value (1/0) or is too large to calculate.

    Whole numbers and fractions stay exact: value_of(r"\frac{1}{2} + 1") == Fraction(3, 2)
    """
    return _closed(text, KINDS, FUNCTIONS, NAMES)


def value_with_functions(text: str) -> Value | None:
    r"""Return the value of a text as `value_of` does, those of all functions of one number as well: `\log_2 8`, `e^2`.

    Series, integrals and limits have none, and functions that are not known.
    """
    return _closed(text, WIDER_KINDS, WIDER_FUNCTIONS, WIDER_NAMES)


def _closed(text: str, kinds: Set[str], functions: Set[str], names: Set[str]) -> Value | None:
    try:
        tree = parse(text)
    except UnreadableError:
        return None
    value = closed_value(tree) if _is_made_of(tree, kinds, functions, names) else None
    return None if isinstance(value, complex) else value


def _is_made_of(tree: Node, kinds: Set[str], functions: Set[str], names: Set[str]) -> bool:
    """Tell whether a tree has nothing but numbers and what is listed."""
    if tree.kind == "name":
        return tree.text in names
    if tree.kind == "fact" and tree.parts[0].kind == "pow":  # 2^3! may be 2^(3!)
        return False
    is_listed = tree.kind in kinds or (tree.kind == "call" and tree.text in functions)
    return is_listed and all(_is_made_of(part, kinds, functions, names) for part in tree.parts)
