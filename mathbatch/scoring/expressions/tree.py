"""Define the tree in which mathematics is read: an expression, or statements about some."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

# Signs with two values.
SIGNS = {"pm", "mp"}


class Node(NamedTuple):
    r"""Node of a tree, whose kind says what `text` and `parts` are.

    num         has a `value`, and the `unit` of its last decimal, 0 for a whole number
    name        text: the name, with its index
    call        text: the function; parts: its arguments, with the degree of a root and the base of a logarithm
    sum         text: operator and bound name, as of `\sum` and `\int`; parts: start, end and body
    group       text: the brackets; parts: the members of a point, an interval or a set
    list, rel   text: what joins the parts, such as "or" and "= <"
    set         text: the operator, such as "cup"
    matrix      text: the number of columns; parts: the entries, row by row
    such        parts: the element of a set and its condition
    add, mul, div, pow, neg, pm, mp, fact, deg, percent, cases, row     parts only
    """

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()
    value: Fraction = Fraction(0)
    unit: Fraction = Fraction(0)


NOTHING = Node("name", "")
ZERO = Node("num", value=Fraction(0))
ONE, TWO = Node("num", value=Fraction(1)), Node("num", value=Fraction(2))


def joined(kind: str, parts: list[Node]) -> Node:
    """Return a node of several parts, or the only one."""
    return parts[0] if len(parts) == 1 else Node(kind, parts=tuple(parts))


def has_numbers(tree: Node) -> bool:
    """Tell whether all parts are plain numbers."""
    return all(part.kind == "num" for part in tree.parts)


def primed(tree: Node, count: int) -> Node:
    """Return a derivative: that of a name is another name."""
    return Node("name", tree.text + "'" * count) if tree.kind == "name" else Node("call", "'" * count, (tree,))
