r"""Tell whether two trees mean the same: numbers, expressions, equations, inequalities, sets, points, matrices, lists.

Both sides of an equation count, up to their order and a factor: `2x = 10` is `x = 5`. A name in front of a value may be
missing on one side, so `x = 5` is 5 but `v = 3t` is not 3. Lists and sets have no order, points have one.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from mathbatch.scoring.expressions.evaluate import (
    CONSTANTS,
    POINTS,
    POSITIVE_POINTS,
    NoValueError,
    Value,
    closed_value,
    has_collection,
    names_of,
    value_at,
)
from mathbatch.scoring.expressions.real_sets import OPPOSITE, real_set, same_set, variable_of
from mathbatch.scoring.expressions.tree import Node

# Relative difference of an expression that is calculated in two ways.
NOISE = 1e-11
# Relative difference of a number that is calculated in two ways.
EXACT = 1e-12
# A number that is rounded to fewer digits than this, relative to its size, is another number.
LEAST_PRECISION = 1e-4
INTEGERS = ("rel", ("in",))
# Members of a list whose order is tried in full.
MAX_MEMBERS = 200


def same_meaning(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether an answer means the same as the gold answer; decimals count to `rounding` of them."""
    answer = _with_names_of(gold, _filled(gold, answer))
    gold = _filled(answer, gold)
    if _same_members(members_of(gold), members_of(answer), rounding):
        return True
    ours, theirs = named_values(answer), named_values(gold)
    chains = any(map(_is_chain, members_of(gold))) and any(map(_is_chain, members_of(answer)))
    if ours and theirs and not chains and (not ours[0] or not theirs[0] or ours[0] == theirs[0]):
        pairs = [(one, other) for one in theirs[1] for other in ours[1]]
        if any(_same_members(one, other, rounding) for one, other in pairs):
            return True
    if len(theirs_in := members_of(gold)) == 1 and all(_same_member(theirs_in[0], one, rounding) for one in members_of(answer)):
        return True
    return _same_named_in_order(gold, answer, rounding) or _same_sets(gold, answer)


def _same_named_in_order(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether one has values for several names and the other the same values without names: `x=7, y=8` and `7, 8`."""
    sides = [[_named_value(one) for one in members_of(tree)] for tree in (gold, answer)]
    if len(sides[0]) != len(sides[1]) or len(sides[0]) < 2:
        return False
    names = [[name for name, _ in side if name] for side in sides]
    if sorted(map(len, names)) != [0, len(sides[0])] or len(set(names[0] + names[1])) != len(sides[0]):
        return False
    return all(one[1] and two[1] and _same_tree(one[1][-1], two[1][-1], rounding) for one, two in zip(*sides, strict=True))


def same_number(one: Value, other: Value, unit: Fraction | int, rounding: int) -> bool:
    """Tell whether two numbers are equal; `unit` is the last decimal of the one that is written with fewer of them.

    A decimal number stands for what it is rounded from, provided that it has `rounding` decimals or significant digits,
    and four of the latter in any case. So 0.333333 is 1/3, 3e-7 isn't 0, and without decimals (unit 0) both are exact.
    """
    if one == other:
        return True
    if isinstance(one, complex) or isinstance(other, complex):
        return abs(one - other) <= NOISE * max(abs(one), abs(other))
    if not unit and isinstance(one, Fraction) and isinstance(other, Fraction):
        return False
    try:
        last, apart, size = float(unit), float(abs(one - other)), float(max(abs(one), abs(other)))
    except OverflowError:
        return False
    if apart <= EXACT * size and not (isinstance(one, Fraction) and isinstance(other, Fraction)):
        return True
    known = last <= max(LEAST_PRECISION, 10.0**-rounding) * size and last <= max(1.0, size) * 10.0**-rounding * (1 + NOISE)
    return known and apart < last * (1 - NOISE)


def members_of(tree: Node) -> list[Node]:
    """Return the members of a list, with both values of a plus-minus sign: `1 \\pm 2` has two."""
    members = list(tree[2:]) if tree[0] == "list" or tree[:2] == ("group", "\\{\\}") else [tree]
    return [signed for one in members for signed in _signs_written_out(one)]


def named_values(tree: Node) -> tuple[str, list[list[Node]]] | None:
    """Return the name and the values of `x = 3`, `3 = x`, `x = 3 or x = 7`, or of values without a name.

    A chain has several values if all its numbers agree: `x = 12/3 = 4`. So the result is a list of alternatives, each a
    list of values. None where a member is a relation of another kind or of another name.
    """
    members = members_of(tree)
    names, values = set(), []
    for place, one in enumerate(members):
        name, found = _named_value(one)
        if not found or (place and name and name not in names):
            return None
        names.add(name or next(iter(names), ""))
        values.append(found)
    if len(names) > 1:
        return None
    if len(values) == 1:
        return names.pop(), [[one] for one in values[0]]
    return names.pop(), [[one[-1] for one in values]]


def _named_value(tree: Node) -> tuple[str, list[Node]]:
    """Return the name and the equal values of one member; no values where it is another relation."""
    if tree[0] != "rel":
        return "", [tree]
    operators, members = tree[1], list(tree[2:])
    if set(operators) - {"=", "approx", "equiv"} or not _is_name(members[0]) and not _is_name(members[-1]):
        return "", []
    label = members.pop(0 if _is_name(members[0]) else -1)
    numbers = [one for one in members if closed_value(one) is not None]
    if "approx" in operators and len(members) > 1:
        return "", []
    agree = all(same_number(closed_value(numbers[0]), closed_value(one), 0, 6) for one in numbers[1:])  # type: ignore[arg-type]
    if not agree or (len(members) > 1 and not numbers and not all(_same_tree(members[0], one, 6) for one in members)):
        return "", []
    return repr(label), [members[-1]] if len(members) == 1 or numbers else members


def _is_chain(tree: Node) -> bool:
    return tree[0] == "rel" and len(tree[1]) > 1


def _is_name(tree: Node) -> bool:
    """Tell whether a tree only names something: `x`, `f(x)`, `(x, y)`."""
    if tree[0] == "name":
        return tree[1] not in CONSTANTS and tree[1] != "infty"
    return tree[0] in ("mul", "group", "call") and all(_is_name(one) for one in tree[1:] if isinstance(one, tuple))


def _same_members(gold: list[Node], answer: list[Node], rounding: int) -> bool:
    """Tell whether two lists have the same members in any order."""
    if len(gold) != len(answer) or len(gold) > MAX_MEMBERS:
        return False
    left = list(answer)
    for one in gold:
        place = next((place for place, other in enumerate(left) if _same_member(one, other, rounding)), None)
        if place is None:
            return False
        del left[place]
    return True


def _same_member(gold: Node, answer: Node, rounding: int) -> bool:
    if gold[0] == answer[0] == "rel":
        return _same_relation(gold, answer, rounding)
    return gold[0] != "rel" and answer[0] != "rel" and _same_tree(gold, answer, rounding)


def _same_relation(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether two relations are the same, in either direction, or two equations but for a factor."""
    operators, members = gold[1], gold[2:]
    for other, others in ((answer[1], answer[2:]), _turned(answer)):
        if other == operators and all(_same_tree(one, two, rounding) for one, two in zip(members, others, strict=True)):
            return True
        if other == operators and len(operators) == 1 and operators[0] in OPPOSITE:
            factor = _factor(_difference(members), _difference(others))
            if factor and (operators[0] in ("=", "neq") or factor > 0):
                return True
    return False


def _turned(relation: Node) -> tuple[tuple[str, ...], tuple[Node, ...]]:
    """Return the operators and members of a relation, read from the other end."""
    return tuple(OPPOSITE.get(one, f"{one} turned") for one in reversed(relation[1])), tuple(reversed(relation[2:]))


def _difference(members: tuple[Node, ...]) -> Node:
    return ("add", members[0], ("neg", members[1]))


def _factor(gold: Node, answer: Node) -> float | None:
    """Return the number by which one expression is a multiple of the other; None where it is none or both are constant."""
    ours, theirs = _values(answer), _values(gold)
    if ours is None or theirs is None or not all(theirs) or not all(ours):
        return None
    if all(abs(one - theirs[0]) <= NOISE * abs(one) for one in theirs):
        return None
    factors = [one / other for one, other in zip(ours, theirs, strict=True)]
    same = all(abs(one - factors[0]) <= NOISE * abs(factors[0]) for one in factors)
    return factors[0].real if same and abs(factors[0].imag) <= NOISE * abs(factors[0]) else None


def _same_tree(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether two members or parts mean the same."""
    if gold == answer:
        return True
    for kind in ("deg", "percent"):  # 60 stands for 60°, unless one of both is in radians
        if (gold[0] == kind) != (answer[0] == kind) and "pi" not in names_of(gold) | names_of(answer):
            bare = [one[1] if one[0] == kind else one for one in (gold, answer)]
            if _same_tree(bare[0], bare[1], rounding):
                return True
    if has_collection(gold) or has_collection(answer):
        return _same_collection(gold, answer, rounding)
    theirs, ours = closed_value(gold), closed_value(answer)
    if theirs is not None and ours is not None:
        return same_number(theirs, ours, max(written_unit(gold), written_unit(answer)), rounding)
    if (theirs is None) != (ours is None) and not names_of(gold) - CONSTANTS.keys():
        return False
    return _same_function(gold, answer)


def _same_collection(gold: Node, answer: Node, rounding: int) -> bool:
    """Tell whether two points, sets, matrices or the like have the same parts."""
    if gold[0] == answer[0] == "group":
        parts = list(gold[2:]), list(answer[2:])
        if gold[1] != answer[1] and (len(gold) == 4 or "\\{" in gold[1] + answer[1]):
            return False
        if gold[1] == "\\{\\}":
            return _same_members(*parts, rounding)
        return len(parts[0]) == len(parts[1]) and all(map(_same_tree, *parts, [rounding] * len(parts[0])))
    if {gold[0], answer[0]} == {"group", "matrix"}:
        group, matrix = (gold, answer) if gold[0] == "group" else (answer, gold)
        return matrix[1] in (1, len(matrix) - 2) and "\\{" not in group[1] and _same_parts(group[2:], matrix[2:], rounding)
    if gold[0] == answer[0] == "matrix":
        return bool(gold[1] == answer[1]) and _same_parts(gold[2:], answer[2:], rounding)
    if gold[0] == answer[0] == "rel":
        return _same_relation(gold, answer, rounding)
    if gold[0] == answer[0] == "list":
        return _same_members(members_of(gold), members_of(answer), rounding)
    if gold[0] == answer[0] == "set" and gold[1] == answer[1]:
        return _same_members(_united(gold), _united(answer), rounding) if gold[1] != "setminus" else _same_parts(gold[2:], answer[2:], rounding)
    if gold[0] == answer[0] == "such":
        return _same_parts(gold[1:], answer[1:], rounding)
    if gold[0] == answer[0] == "cases":
        rows = [[("cases_row", *row) for row in one[1:]] for one in (gold, answer)]
        return len(rows[0]) == len(rows[1]) and all(
            len(one) == len(other) and _same_parts(one[1:], other[1:], rounding) for one, other in zip(*rows, strict=True)
        )
    if gold[0] in WHOLES or answer[0] in WHOLES:
        return False
    return _same_function(gold, answer)


WHOLES = ("group", "matrix", "cases", "set", "such", "list", "rel")


def _same_parts(gold: Node, answer: Node, rounding: int) -> bool:
    return len(gold) == len(answer) and all(_same_tree(one, other, rounding) for one, other in zip(gold, answer, strict=True))


def _united(tree: Node) -> list[Node]:
    """Return the sets that a row of unions, or of intersections, joins."""
    return [one for part in tree[2:] for one in (_united(part) if part[:2] == tree[:2] else [part])]


def _same_function(gold: Node, answer: Node) -> bool:
    """Tell whether two expressions agree at all points; one with a negative name may lie outside of a domain."""
    known = 0
    for point in range(POINTS):
        try:
            theirs, ours = value_at(gold, point), value_at(answer, point)
        except NoValueError:
            if point < POSITIVE_POINTS:
                return False
            continue
        if abs(theirs - ours) > NOISE * max(abs(theirs), abs(ours)):
            if point < POSITIVE_POINTS or not (isinstance(theirs, complex) or isinstance(ours, complex)):
                return False
            continue
        known += 1
    return known >= POSITIVE_POINTS


@lru_cache(8192)
def _values(tree: Node) -> list[complex] | None:
    """Return the values of a tree at the points where all names are positive; None where it has none at one."""
    try:
        return [complex(value_at(tree, point)) for point in range(POINTS)]
    except NoValueError:
        return None


def written_unit(tree: Node) -> Fraction:
    """Return the last decimal of a number as it is written, 0 for one that is exact: `-2.5` -> 1/10."""
    if tree[0] == "num":
        return Fraction(tree[2])
    if tree[0] == "neg":
        return written_unit(tree[1])
    if tree[0] == "percent":
        return written_unit(tree[1]) / 100
    if tree[0] == "mul" and tree[2][0] == "pow" and tree[2][1] == ("num", Fraction(10), 0):
        scale = closed_value(tree[2])
        return written_unit(tree[1]) * scale if isinstance(scale, Fraction) else Fraction(0)
    return Fraction(0)


def _signs_written_out(tree: Node) -> list[Node]:
    if not _has_sign(tree):
        return [tree]
    return [_with_sign(tree, True), _with_sign(tree, False)]


def _has_sign(tree: Node) -> bool:
    return tree[0] in ("pm", "mp") or any(_has_sign(one) for one in tree if isinstance(one, tuple) and one)


def _with_sign(tree: Node, plus: bool) -> Node:
    parts = tuple(_with_sign(one, plus) if isinstance(one, tuple) and one else one for one in tree)
    if tree[0] in ("pm", "mp"):
        return ("add", parts[1], parts[2] if plus == (tree[0] == "pm") else ("neg", parts[2]))
    return parts


def _same_sets(gold: Node, answer: Node) -> bool:
    """Tell whether two conditions on a real number, or a condition and a set, describe the same numbers."""
    if gold[0] == answer[0] == "group":
        return False
    names = variable_of(gold), variable_of(answer)
    if all(names) and names[0] != names[1]:
        return False
    theirs = real_set(gold)
    ours = None if theirs is None else real_set(answer)
    return theirs is not None and ours is not None and same_set(theirs, ours)


def _filled(model: Node, tree: Node) -> Node:
    """Return a relation without its left side with that of the other: `\\ge 3` beside `x \\ge 2` -> `x \\ge 3`."""
    if tree[0] == model[0] == "rel" and tree[2] == ("name", ""):
        return ("rel", tree[1], model[2], *tree[3:])
    return tree


def _with_names_of(gold: Node, answer: Node) -> Node:
    """Return an answer with the gold answer's names for a constant in another case and for a whole number's name."""
    theirs, ours = names_of(gold) - CONSTANTS.keys(), names_of(answer) - CONSTANTS.keys()
    missing, extra = theirs - ours, ours - theirs
    if missing and len(missing) == len(extra) and {one.casefold() for one in missing} == {one.casefold() for one in extra}:
        return _renamed(answer, {one: next(two for two in missing if two.casefold() == one.casefold()) for one in extra})
    return answer


def without_integer_names(tree: Node) -> tuple[Node, frozenset[str]]:
    r"""Return a list without `n \in \mathbb{Z}`, and the names that stand for whole numbers by it."""
    if tree[0] != "list":
        return tree, frozenset()
    whole = [one for one in tree[2:] if one[:2] == INTEGERS and one[3] == ("name", "mathbb Z") and one[2][0] == "name"]
    rest = [one for one in tree[2:] if one not in whole]
    if not whole or not rest:
        return tree, frozenset()
    return (("list", tree[1], *rest) if len(rest) > 1 else rest[0]), frozenset(one[2][1] for one in whole)


def _renamed(tree: Node, names: dict[str, str]) -> Node:
    if tree[0] == "name":
        return ("name", names.get(tree[1], tree[1]))
    return tuple(_renamed(one, names) if isinstance(one, tuple) and one else one for one in tree)


def with_same_integers(gold: Node, answer: Node) -> tuple[Node, Node]:
    r"""Return both trees without `n \in \mathbb{Z}`; a name for any whole number is the same in both."""
    (gold, theirs), (answer, ours) = without_integer_names(gold), without_integer_names(answer)
    missing, extra = names_of(gold) - names_of(answer), names_of(answer) - names_of(gold)
    if len(missing) == len(extra) == 1 and (missing <= theirs or extra <= ours):
        answer = _renamed(answer, dict(zip(extra, missing, strict=True)))
    return gold, answer
