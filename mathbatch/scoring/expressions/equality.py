r"""Tell whether two trees mean the same: numbers, expressions, equations, inequalities, sets, points, matrices, lists.

Both sides of an equation count, up to their order and a factor: `2x = 10` is `x = 5`. A name in front of a value may be
missing on one side, so `x = 5` is 5, but `v = 3t` is not 3. Lists and sets have no order, points have one.
"""

from __future__ import annotations

from mathbatch.scoring.expressions.evaluate import (
    POINTS,
    POSITIVE_POINTS,
    NoValueError,
    closed_value,
    has_collection,
    names_of,
    value_at,
)
from mathbatch.scoring.expressions.precision import NOISE, last_decimal, same_number
from mathbatch.scoring.expressions.real_sets import OPPOSITE, real_set, same_set, variable_of
from mathbatch.scoring.expressions.statements import filled, members_of, named, readings_of
from mathbatch.scoring.expressions.tree import Node

# Members of a list that are compared, each with each.
MAX_MEMBERS = 100
# Kinds that are never equal to an expression.
# Operators whose sides can't change places.
ORDERED = {"setminus", "mod"}
UNIT_VECTORS = ("i", "j", "k")
WHOLES = {"cases", "set", "such", "list", "rel"}


def same_meaning(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether an answer means the same as the gold answer; `rounding` decimals of rounded numbers count."""
    comparison = _Comparison(rounding)
    return any(comparison.is_same(filled(*pair), filled(*pair[::-1])) for pair in readings_of(gold, answer))


class _Comparison:
    """Compares a gold answer with an answer. Its methods take the gold answer's part first."""

    def __init__(self, rounding: int) -> None:
        self.rounding = rounding

    def is_same(self, gold: Node, answer: Node) -> bool:
        """Tell whether two statements are the same."""
        if _are_joined_otherwise(gold, answer):
            return _same_real_sets(gold, answer)
        theirs, ours = members_of(gold), members_of(answer)
        if self.same_members(theirs, ours) or self.same_values(theirs, ours):
            return True
        if len(theirs) == 1 and ours and all(self.same_member(theirs[0], one) for one in ours):  # "0.5, or 50%"
            return True
        return _same_real_sets(gold, answer)

    def same_members(self, gold: list[Node], answer: list[Node]) -> bool:
        """Tell whether two lists have the same members in any order."""
        if len(gold) != len(answer) or len(gold) > MAX_MEMBERS:
            return False
        left = list(answer)
        for one in gold:
            place = next((place for place, other in enumerate(left) if self.same_member(one, other)), None)
            if place is None:
                return False
            del left[place]
        return True

    def same_values(self, gold: list[Node], answer: list[Node]) -> bool:
        """Tell whether one has names for values that the other has without, or both the same name: `x = 5` and 5.

        Values of several names come in their order: `x = 7, y = 8` is `7, 8`.
        """
        gold, answer = _coordinates(gold, answer), _coordinates(answer, gold)
        theirs, ours = [named(one) for one in gold], [named(one) for one in answer]
        if not all(one.forms for one in theirs + ours) or (any(map(_is_chain, gold)) and any(map(_is_chain, answer))):
            return False
        names = [{one.name for one in side if one.name is not None} for side in (theirs, ours)]
        if all(names) and (names[0] != names[1] or len(names[0]) > 1):
            return False
        values = [[one.forms[-1] for one in side] for side in (theirs, ours)]
        if max(map(len, names)) > 1:
            return len(names[0] | names[1]) == len(gold) and self.same_parts(values[0], values[1])
        return self.same_members(values[0], values[1])

    def same_member(self, gold: Node, answer: Node) -> bool:
        """Tell whether two members of a list are the same: both relations, or none of both."""
        if gold.kind == answer.kind == "rel":
            return self.same_relation(gold, answer)
        return "rel" not in (gold.kind, answer.kind) and self.same_tree(gold, answer)

    def same_relation(self, gold: Node, answer: Node) -> bool:
        """Tell whether two relations are the same, in either direction, or two equations but for a factor."""
        for other in (answer, _turned(answer)):
            if other.text != gold.text:
                continue
            if self.same_parts(gold.parts, other.parts):
                return True
            factor = _factor(gold, other) if gold.text in OPPOSITE else None
            if factor and (gold.text in ("=", "neq") or factor > 0):
                return True
        return False

    def same_parts(self, gold: list[Node] | tuple[Node, ...], answer: list[Node] | tuple[Node, ...]) -> bool:
        """Tell whether two rows have the same parts in the same order."""
        return len(gold) == len(answer) and all(map(self.same_tree, gold, answer))

    def same_tree(self, gold: Node, answer: Node) -> bool:
        """Tell whether two members, or parts of them, mean the same."""
        if gold == answer:
            return True
        for kind in ("deg", "percent"):  # 60 stands for 60°, unless one of both is in radians
            if (gold.kind == kind) != (answer.kind == kind) and "pi" not in names_of(gold) | names_of(answer):
                bare = [one.parts[0] if one.kind == kind else one for one in (gold, answer)]
                if self.same_tree(bare[0], bare[1]):
                    return True
        if has_collection(gold) or has_collection(answer):
            return self.same_collection(gold, answer)
        theirs, ours = closed_value(gold), closed_value(answer)
        if theirs is not None and ours is not None:
            return same_number(theirs, ours, max(last_decimal(gold), last_decimal(answer)), self.rounding)
        return _same_function(gold, answer)

    def same_collection(self, gold: Node, answer: Node) -> bool:
        """Tell whether two points, sets, matrices or the like have the same parts."""
        kinds = {gold.kind, answer.kind}
        if kinds == {"group", "matrix"}:
            group, matrix = (gold, answer) if gold.kind == "group" else (answer, gold)
            is_row = matrix.text in ("1", str(len(matrix.parts)))
            return is_row and "{" not in group.text and self.same_parts(gold.parts, answer.parts)
        if len(kinds) > 1:
            gold, answer = _in_unit_vectors(gold, answer), _in_unit_vectors(answer, gold)
            return not kinds & WHOLES and _same_function(gold, answer)
        if gold.kind == "group":
            has_brackets_that_count = len(gold.parts) == 2 or "{" in gold.text + answer.text
            if gold.text != answer.text and has_brackets_that_count:
                return False
            same = self.same_members if "{" in gold.text else self.same_parts
            return same(list(gold.parts), list(answer.parts))
        if gold.kind == "rel":
            return self.same_relation(gold, answer)
        if gold.kind in ("list", "set") and gold.text not in ORDERED:
            is_known = gold.kind == "list" or gold.text == answer.text
            return is_known and self.same_members(_united(gold), _united(answer))
        if gold.kind == "cases":
            return self.same_members(list(gold.parts), list(answer.parts))
        if gold.kind in (*WHOLES, "matrix", "row"):
            return gold.text == answer.text and self.same_parts(gold.parts, answer.parts)
        return _same_function(gold, answer)


def _in_unit_vectors(tree: Node, other: Node) -> Node:
    """Return a point as a sum of unit vectors beside one that is: `(3, -2)` beside `3i - 2j` -> `3i + -2j`."""
    is_vector = tree.kind in ("group", "matrix") and "{" not in tree.text and len(tree.parts) in (2, 3)
    if not is_vector or not {"j"} <= names_of(other) <= {*UNIT_VECTORS}:
        return tree
    terms = (
        Node("mul", parts=(part, Node("name", name))) for part, name in zip(tree.parts, UNIT_VECTORS, strict=False)
    )
    return Node("add", parts=tuple(terms))


def _coordinates(members: list[Node], others: list[Node]) -> list[Node]:
    """Return the coordinates of a single point beside as many equations: `(2, 3)` beside `x = 2, y = 3`."""
    if len(members) != 1 or (members[0].kind, members[0].text) != ("group", "()"):
        return members
    point = list(members[0].parts)
    return point if len(point) == len(others) and all(one.kind == "rel" for one in others) else members


def _are_joined_otherwise(gold: Node, answer: Node) -> bool:
    """Tell whether "and" joins the conditions of one and "or" those of the other; values may be joined by both."""
    conditions = [one for one in gold.parts if not named(one).forms or (one.kind != "rel" and names_of(one))]
    return gold.kind == answer.kind == "list" and {gold.text, answer.text} == {"and", "or"} and bool(conditions)


def _is_chain(tree: Node) -> bool:
    return tree.kind == "rel" and len(tree.parts) > 2


def _turned(relation: Node) -> Node:
    """Return a relation, read from the other end."""
    operators = [OPPOSITE.get(one, f"{one} turned") for one in reversed(relation.text.split())]
    return relation._replace(text=" ".join(operators), parts=relation.parts[::-1])


def _united(tree: Node) -> list[Node]:
    """Return the members of a list, or the sets that a row of unions or of intersections joins."""
    if tree.kind == "list":
        return members_of(tree)
    return [one for part in tree.parts for one in (_united(part) if part[:2] == tree[:2] else [part])]


def _factor(gold: Node, answer: Node) -> float | None:
    """Return by which number one relation is a multiple of the other; None where it is none, or has no name."""
    theirs, ours = _differences(gold), _differences(answer)
    if not theirs or not ours or all(abs(one - theirs[0]) <= NOISE * abs(one) for one in theirs):
        return None
    factors = [one / other for one, other in zip(ours, theirs, strict=True)]
    same = all(abs(one - factors[0]) <= NOISE * abs(factors[0]) for one in factors)
    return factors[0].real if same and abs(factors[0].imag) <= NOISE * abs(factors[0]) else None


def _differences(relation: Node) -> list[complex]:
    """Return the left less the right side at all points; nothing where it is none or 0 at one of them."""
    tree = Node("add", parts=(relation.parts[0], Node("neg", parts=(relation.parts[1],))))
    try:
        values = [complex(value_at(tree, point)) for point in range(POINTS)]
    except (NoValueError, OverflowError):
        return []
    return values if all(values) else []


def _same_function(gold: Node, answer: Node) -> bool:
    """Tell whether two expressions agree at all points; one with a negative name may lie outside of a domain."""
    for point in range(POINTS):
        try:
            theirs, ours = complex(value_at(gold, point)), complex(value_at(answer, point))
        except (NoValueError, OverflowError):
            if point < POSITIVE_POINTS:
                return False
            continue
        is_in_domain = point < POSITIVE_POINTS or not (theirs.imag or ours.imag)
        if is_in_domain and abs(theirs - ours) > NOISE * max(abs(theirs), abs(ours)):
            return False
    return True


def _same_real_sets(gold: Node, answer: Node) -> bool:
    """Tell whether two conditions on a real number, or a condition and a set, describe the same numbers."""
    names = variable_of(gold), variable_of(answer)
    if gold.kind == answer.kind == "group" or (all(names) and names[0] != names[1]):
        return False
    theirs = real_set(gold)
    ours = None if theirs is None else real_set(answer)
    return theirs is not None and ours is not None and same_set(theirs, ours)
