r"""Take apart what an answer states: its members, its names and values, and the signs written out.

x = 3, x = 7      ->  the name x with the values 3 and 7
x = 12/3 = 4      ->  the name x with one value
1 \pm \sqrt{2}    ->  1 + \sqrt{2} and 1 - \sqrt{2}
2k\pi, k \in \mathbb{Z}  ->  2k\pi, where k stands for any whole number
"""

from __future__ import annotations

import re
from itertools import permutations
from typing import NamedTuple

from mathbatch.scoring.expressions.evaluate import CONSTANTS, closed_value, free_names, names_of
from mathbatch.scoring.expressions.precision import same_number
from mathbatch.scoring.expressions.tree import SIGNS, Node

WHOLE_NUMBERS = Node("name", "mathbb Z")
EQUALITY = {"=", "equiv"}
# Letters that beside \pi stand for any whole number.
COUNTS = {"k", "m", "n"}
# Letters of which the capital has another meaning.
GREEK_SMALL = {"gamma", "delta", "theta", "lambda", "xi", "pi", "sigma", "upsilon", "phi", "psi", "omega"}
GREEK = GREEK_SMALL | {one.capitalize() for one in GREEK_SMALL}


# Names of constants of integration: those of a gold answer with several, and those that an answer may have instead.
INDEXED_CONSTANT = re.compile(r"[Cc]_\d")
CONSTANT = re.compile(r"[A-EKa-dk](?:_\d)?")
MAX_CONSTANTS = 3


class Named(NamedTuple):
    """Name of a value, None where it has none, and the value in equal forms; empty where a statement has no value."""

    name: Node | None
    forms: tuple[Node, ...]


def members_of(tree: Node) -> list[Node]:
    r"""Return the members of a list or a set, with both values of a plus-minus sign: `1 \pm 2` has two."""
    members = tree.parts if tree.kind == "list" or (tree.kind == "group" and "{" in tree.text) else (tree,)
    found = []
    for member in members:
        signed = [_signed(member, True), _signed(member, False)] if _has_sign(member) else [member]
        found += [one for some in signed for other in _by_element(some) for one in _by_coordinate(other)]
    return found


def _by_element(tree: Node) -> list[Node]:
    r"""Return a name that is one of a set as an equation for each: `x \in \{1, 2\}` is `x = 1, x = 2`."""
    if (tree.kind, tree.text) != ("rel", "in") or not tree.parts[1].parts or "{" not in tree.parts[1].text:
        return [tree]
    return [Node("rel", "=", (tree.parts[0], one)) for one in tree.parts[1].parts]


def _by_coordinate(tree: Node) -> list[Node]:
    """Return an equation of two points as one for each coordinate: `(x, y) = (2, 3)`."""
    if (tree.kind, tree.text) != ("rel", "=") or {one.kind for one in tree.parts} != {"group"}:
        return [tree]
    left, right = tree.parts
    if len(left.parts) != len(right.parts) or not is_name(left):
        return [tree]
    return [tree._replace(parts=pair) for pair in zip(left.parts, right.parts, strict=True)]


def named(tree: Node) -> Named:
    """Return the name and the value of one member: `x = 3`, `3 = x`, `f(x) = 2x`, or 3 alone.

    A chain such as `x = 12/3 = 4` has a value if all its numbers agree, or if all its forms do.
    """
    if tree.kind != "rel":
        return Named(None, (tree,))
    sides = list(tree.parts)
    place = 0 if is_name(sides[0]) else -1
    if set(tree.text.split()) - EQUALITY or not is_name(sides[place]):
        return Named(None, ())
    name = sides.pop(place)
    numbers = [value for value in map(closed_value, sides) if value is not None]
    if any(not same_number(numbers[0], one) for one in numbers[1:]) or (len(sides) > 1 and not numbers):
        return Named(name, ())
    return Named(name, (sides[-1],))


def is_name(tree: Node) -> bool:
    r"""Tell whether a tree only names something: `x`, `f(x)`, `f(2)`, `(x, y)`, `\frac{dy}{dx}`."""
    if tree.kind == "name":
        return tree.text not in CONSTANTS and tree.text != "infty"
    if tree.kind == "call" and len(tree.text) == 1:
        return True
    if tree.kind == "mul" and is_name(tree.parts[0]):  # f(2) is read as a product
        return all(one.kind == "num" or is_name(one) for one in tree.parts)
    return tree.kind in ("div", "group", "call") and bool(tree.parts) and all(map(is_name, tree.parts))


def filled(tree: Node, model: Node) -> Node:
    r"""Return a relation without its left side with that of another: `\ge 3` beside `x \ge 2` -> `x \ge 3`."""
    if tree.kind == model.kind == "rel" and tree.parts[0] == Node("name"):
        return tree._replace(parts=(model.parts[0], *tree.parts[1:]))
    return tree


def readings_of(gold: Node, answer: Node) -> list[tuple[Node, Node]]:
    """Return both trees with the same names, once for each way in which the constants of a solution may be named."""
    gold, answer = with_names_of(gold, answer)
    missing, extra = sorted(free_names(gold) - free_names(answer)), sorted(free_names(answer) - free_names(gold))
    is_indexed = all(map(INDEXED_CONSTANT.fullmatch, missing))
    if (
        len(missing) != len(extra)
        or len(missing) > MAX_CONSTANTS
        or not (is_indexed or {*missing} <= {"C", "c"} & _terms_of(gold))
        or not all(map(CONSTANT.fullmatch, extra))
        or (is_indexed and any("_" in one and one[1:] != other[1:] for one, other in zip(extra, missing, strict=True)))
    ):
        return [(gold, answer)]
    return [(gold, _renamed(answer, dict(zip(extra, names, strict=True)))) for names in permutations(missing)]


def _terms_of(tree: Node) -> set[str]:
    """Return the names that are terms of a sum."""
    found = {one.text for one in tree.parts if one.kind == "name"} if tree.kind == "add" else set()
    return found.union(*map(_terms_of, tree.parts))


def with_names_of(gold: Node, answer: Node) -> tuple[Node, Node]:
    r"""Return both trees with one name for a constant in another case, and for any whole number: `2k\pi`, `2n\pi`."""
    (gold, theirs), (answer, ours) = _without_whole_numbers(gold), _without_whole_numbers(answer)
    missing, extra = sorted(free_names(gold) - free_names(answer)), sorted(free_names(answer) - free_names(gold))
    if "pi" in names_of(gold):
        counts = [[one for one in names if one in COUNTS] for names in (missing, extra)]
        if len(counts[0]) == len(counts[1]) == 1:
            return gold, _renamed(answer, {counts[1][0]: counts[0][0]})
    is_whole = len(missing) == len(extra) == 1 and bool({*missing} & theirs or {*extra} & ours)
    is_same_in_case = [one.casefold() for one in missing] == [one.casefold() for one in extra]
    if is_whole or (is_same_in_case and not GREEK & {*missing}):
        answer = _renamed(answer, dict(zip(extra, missing, strict=True)))
    return gold, answer


def _without_whole_numbers(tree: Node) -> tuple[Node, set[str]]:
    r"""Return a list without members such as `n \in \mathbb{Z}`, and the names that stand for whole numbers by them."""
    whole = [one for one in tree.parts if (one.kind, one.text) == ("rel", "in") and one.parts[1] == WHOLE_NUMBERS]
    rest = tuple(one for one in tree.parts if one not in whole)
    if tree.kind != "list" or not whole or not rest:
        return tree, set()
    return tree._replace(parts=rest) if len(rest) > 1 else rest[0], {one.parts[0].text for one in whole}


def _renamed(tree: Node, names: dict[str, str]) -> Node:
    if tree.kind == "name":
        return tree._replace(text=names.get(tree.text, tree.text))
    return tree._replace(parts=tuple(_renamed(one, names) for one in tree.parts)) if names else tree


def _has_sign(tree: Node) -> bool:
    return tree.kind in SIGNS or any(map(_has_sign, tree.parts))


def _signed(tree: Node, is_upper: bool) -> Node:
    r"""Return a tree with the upper or the lower sign of each `\pm` and `\mp`."""
    parts = tuple(_signed(one, is_upper) for one in tree.parts)
    if tree.kind not in SIGNS:
        return tree._replace(parts=parts)
    term = parts[1] if is_upper == (tree.kind == "pm") else Node("neg", parts=(parts[1],))
    return Node("add", parts=(parts[0], term))
