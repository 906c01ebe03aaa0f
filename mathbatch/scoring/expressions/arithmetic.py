r"""Calculate the value of a number written in LaTeX: `\frac{3\sqrt{2}}{2}`, `40\pi/3`. Other texts have none."""

from __future__ import annotations

from fractions import Fraction

from mathbatch.scoring.expressions.evaluate import closed_value
from mathbatch.scoring.expressions.latex_parser import parse
from mathbatch.scoring.expressions.latex_tokens import UnreadableError
from mathbatch.scoring.expressions.tree import Node

Value = Fraction | float

KINDS = {"num", "add", "mul", "div", "neg", "pow", "fact"}
FUNCTIONS = {"root", "binom", "sin", "cos", "tan", "arcsin", "arccos", "arctan"}


def value_of(text: str) -> Value | None:
    r"""Return the value of a text, or None where it is no number, has no value (1/0) or is too large to calculate.

    Whole numbers and fractions stay exact: value_of(r"\frac{1}{2} + 1") == Fraction(3, 2)
    """
    try:
        tree = parse(text)
    except UnreadableError:
        return None
    value = closed_value(tree) if _is_arithmetic(tree) else None
    return None if isinstance(value, complex) else value


def _is_arithmetic(tree: Node) -> bool:
    """Tell whether a tree has nothing but numbers, pi, roots and functions that every reader takes for the same."""
    if tree.kind == "name":
        return tree.text == "pi"
    if tree.kind == "fact" and tree.parts[0].kind == "pow":  # 2^3! may be 2^(3!)
        return False
    return (tree.kind in KINDS or (tree.kind == "call" and tree.text in FUNCTIONS)) and all(
        map(_is_arithmetic, tree.parts)
    )
