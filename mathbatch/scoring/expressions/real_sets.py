r"""Read conditions on one real number as a set: `x \ge 3`, `-5 < x < 3`, `\{x \mid x > 7\}`, `(2, \infty) \cup \{0\}`.

A set is a sorted tuple of intervals that don't touch.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import NamedTuple

from mathbatch.scoring.expressions.evaluate import POINTS, NoValueError, closed_value, free_names, value_at
from mathbatch.scoring.expressions.tree import Node

OPPOSITE = {"<": ">", ">": "<", "le": "ge", "ge": "le", "neq": "neq", "=": "="}
INFINITY, REALS, EMPTY = Node("name", "infty"), Node("name", "mathbb R"), Node("name", "emptyset")
# Names that no condition is about.
SPECIAL = {"", INFINITY.text, REALS.text, EMPTY.text}
# Relative difference of the same end calculated in two ways.
SAME_WITHIN = 1e-9


class Interval(NamedTuple):
    """Interval by its ends and whether it holds them."""

    low: float
    holds_low: bool
    high: float
    holds_high: bool

    @property
    def is_empty(self) -> bool:
        """Tell whether no number lies in it."""
        return self.low > self.high or (
            self.low == self.high and not (self.holds_low and self.holds_high and math.isfinite(self.low))
        )


RealSet = tuple[Interval, ...]
ALL: RealSet = (Interval(-math.inf, False, math.inf, False),)


def same_set(one: RealSet, other: RealSet) -> bool:
    """Tell whether two sets are the same but for the noise of their calculation."""
    return len(one) == len(other) and all(
        (first.holds_low, first.holds_high) == (second.holds_low, second.holds_high)
        and math.isclose(first.low, second.low, rel_tol=SAME_WITHIN)
        and math.isclose(first.high, second.high, rel_tol=SAME_WITHIN)
        for first, second in zip(one, other, strict=True)
    )


def real_set(tree: Node) -> RealSet | None:
    """Return the set of real numbers that a tree describes; None where it is none, or about several names."""
    return None if len(free_names(tree) - SPECIAL) > 1 else _set(tree)


def variable_of(tree: Node) -> str:
    """Return the name that a condition is about, empty for one that is written as a set."""
    names = free_names(tree) - SPECIAL
    return next(iter(names)) if len(names) == 1 and tree.kind in ("rel", "list") else ""


def _set(tree: Node) -> RealSet | None:
    if tree in (REALS, EMPTY):
        return ALL if tree == REALS else ()
    if tree.kind == "such":
        return _set(tree.parts[1])
    if tree.kind == "rel":
        return _relation(tree.text.split(), tree.parts)
    if tree.kind == "group":
        return _group(tree.text, tree.parts)
    members = {"rel", "list", "group"} if tree.text == "or" else {"rel", "list"}
    if tree.kind != "set" and (tree.kind != "list" or any(one.kind not in members for one in tree.parts)):
        return None
    sets = [_set(one) for one in tree.parts]
    known = [one for one in sets if one is not None]
    if len(known) < len(sets):
        return None
    if tree.kind == "list":
        if tree.text == ",":
            return _common(known) or _union(known)
        return _union(known) if tree.text == "or" else _common(known)
    if tree.text == "cup":
        return _union(known)
    return _common([known[0], known[1] if tree.text == "cap" else _others(known[1])])


def _group(brackets: str, members: tuple[Node, ...]) -> RealSet | None:
    """Return an interval, or a set of numbers in braces."""
    ends = [_end(one) for one in members]
    known = [one for one in ends if one is not None]
    if len(known) < len(ends):
        return None
    if "{" in brackets:
        return _union([(Interval(one, True, one, True),) for one in known])
    if len(known) != 2 or known[0] > known[1]:
        return None
    return (Interval(known[0], brackets[0] == "[", known[1], brackets[1] == "]"),)


def _relation(operators: list[str], members: tuple[Node, ...]) -> RealSet | None:
    """Return the set that a chain of comparisons of one name with numbers describes."""
    if operators == ["in"] and members[0].kind == "name":
        return _set(members[1])
    found: list[RealSet] = []
    for operator, one, other in zip(operators, members, members[1:], strict=False):
        if operator not in OPPOSITE:
            return None
        if not free_names(one) - SPECIAL:
            operator, one, other = OPPOSITE[operator], other, one
        end = _end(other)
        some = None if end is None else _solved(one, _half(operator, end))
        if some is None:
            return None
        found.append(some)
    return _common(found)


def _solved(tree: Node, values: RealSet) -> RealSet | None:
    """Return for which numbers a name, a linear term of it, or the absolute value of one lies in a set."""
    if tree.kind == "call" and tree.text == "abs":
        sizes = _common([values, (Interval(0, True, math.inf, False),)])
        return _solved(tree.parts[0], _union([sizes, _moved(sizes, -1, 0)]))
    names = free_names(tree) - SPECIAL
    line = _line(tree, next(iter(names))) if len(names) == 1 else None
    return None if line is None else _moved(values, 1 / line[0], -line[1] / line[0])


def _line(tree: Node, name: str) -> tuple[float, float] | None:
    """Return slope and intercept of a linear term; None for any other."""
    try:
        inputs, values = (
            [complex(value_at(one, point)).real for point in range(POINTS)] for one in (Node("name", name), tree)
        )
    except (NoValueError, OverflowError):
        return None
    slope = (values[1] - values[0]) / (inputs[1] - inputs[0])
    start = values[0] - slope * inputs[0]
    is_line = all(
        math.isclose(slope * one + start, value, rel_tol=SAME_WITHIN, abs_tol=SAME_WITHIN)
        for one, value in zip(inputs, values, strict=True)
    )
    slope, start = (float(f"{one:.11f}") for one in (slope, start))  # without the noise of the calculation
    return (slope, start) if is_line and slope else None


def _moved(some: RealSet, factor: float, distance: float) -> RealSet:
    """Return a set whose numbers are multiplied, then moved."""
    found: list[RealSet] = []
    for low, holds_low, high, holds_high in some:
        ends = [(factor * low + distance, holds_low), (factor * high + distance, holds_high)]
        found.append((Interval(*ends[0], *ends[1]) if factor > 0 else Interval(*ends[1], *ends[0]),))
    return _union(found)


def _half(operator: str, end: float) -> RealSet:
    """Return the numbers that are, for example, less than an end."""
    if operator in ("=", "neq"):
        point = (Interval(end, True, end, True),)
        return point if operator == "=" else _others(point)
    holds = operator in ("le", "ge")
    return (
        Interval(-math.inf, False, end, holds) if operator in ("<", "le") else Interval(end, holds, math.inf, False),
    )


def _end(tree: Node) -> float | None:
    """Return the number that an end of an interval is, which may be infinite."""
    if tree == INFINITY:
        return math.inf
    if tree == Node("neg", parts=(INFINITY,)):
        return -math.inf
    value = closed_value(tree)
    with suppress(OverflowError):
        return None if value is None or isinstance(value, complex) else float(value)
    return None


def _union(sets: list[RealSet]) -> RealSet:
    """Return the numbers in any of the sets."""
    found: list[Interval] = []
    for one in sorted((one for some in sets for one in some), key=lambda one: (one.low, not one.holds_low)):
        last = found[-1] if found else None
        if last and (one.low < last.high or (one.low == last.high and (one.holds_low or last.holds_high))):
            high = max((last.high, last.holds_high), (one.high, one.holds_high))
            found[-1] = Interval(last.low, last.holds_low, *high)
        else:
            found.append(one)
    return tuple(found)


def _common(sets: list[RealSet]) -> RealSet:
    """Return the numbers in all sets."""
    found = ALL
    for some in sets:
        pairs = [_overlap(one, other) for one in found for other in some]
        found = _union([(pair,) for pair in pairs if not pair.is_empty])
    return found


def _overlap(one: Interval, other: Interval) -> Interval:
    low, high = max(one.low, other.low), min(one.high, other.high)
    holds_low = all(side.holds_low for side in (one, other) if side.low == low)
    return Interval(low, holds_low, high, all(side.holds_high for side in (one, other) if side.high == high))


def _others(one: RealSet) -> RealSet:
    """Return the numbers that are not in a set."""
    found = ALL
    for interval in one:
        below = Interval(-math.inf, False, interval.low, not interval.holds_low)
        above = Interval(interval.high, not interval.holds_high, math.inf, False)
        sides: list[RealSet] = [(side,) for side in (below, above) if not side.is_empty]
        found = _common([found, _union(sides)])
    return found
